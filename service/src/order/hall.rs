//! What a screen in the hall shows to everybody: numbers, and nothing about whose they are.

use super::kitchen::{ORDERS_MOST, period};
use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::menu::Campus;
use domain::order::OrderState;
use domain::problem::Problem;
use storage::campus;

/// The numbers that are called out at a campus.
#[derive(Debug, Clone)]
pub struct Called {
    /// Where.
    pub campus: Campus,
    /// What is being cooked.
    pub cooking: Vec<i64>,
    /// What can be collected.
    pub ready: Vec<i64>,
}

/// The numbers that are called out at a campus today, for everybody, whoever they are: neither names nor
/// times nor what is in an order.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such campus.
pub async fn called(ctx: &Ctx, campus: &str) -> Result<Called> {
    let (since, until) = period(ctx)?;
    let mut tx = ctx.read().await?;
    let campus = campus::by_slug(&mut tx, campus)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let rows = storage::order::called(&mut tx, campus.id, since, until, ORDERS_MOST).await?;
    drop(tx);
    let of = |state: OrderState| {
        let mut numbers: Vec<i64> = rows
            .iter()
            .filter(|(_, key)| key == state.key())
            .map(|(number, _)| *number)
            .collect();
        // By number, so that people find theirs.
        numbers.sort_unstable();
        numbers
    };
    Ok(Called {
        cooking: of(OrderState::Preparing),
        ready: of(OrderState::Ready),
        campus,
    })
}
