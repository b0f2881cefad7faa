//! How a campus takes orders: what the kitchen says of itself.

use super::read::of_slug;
use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::account::Role;
use domain::invalid::InvalidCode;
use domain::menu::{Campus, CampusState, PAUSE_DAYS_MOST};

/// Who may say so.
const SETTERS: [Role; 2] = [Role::Staff, Role::Admin];
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Whether whoever asks may set how a campus takes orders, so that pages show buttons only to them.
#[must_use]
pub fn may_set_state(ctx: &Ctx) -> bool {
    ctx.allow(&SETTERS).is_ok()
}

/// Sets how a campus takes orders. What was ordered before stays ordered.
///
/// # Errors
/// [`domain::problem::Problem::NotFound`] where there is no such campus; [`InvalidCode::OutOfRange`] at
/// `minutes` for others than 1 to 240; [`InvalidCode::NotWithinDays`] at `until` for a pause that is
/// over already or longer than a week; for others than staff and administrators as [`Ctx::allow`].
pub async fn set_campus_state(ctx: &Ctx, campus: &str, state: CampusState) -> Result<Campus> {
    ctx.allow(&SETTERS)?;
    let now = ctx.now();
    let action = match state {
        CampusState::Open => "campus.open",
        CampusState::Busy { minutes } => {
            let max = CampusState::BUSY_MINUTES_MOST;
            if !(1..=max).contains(&minutes) {
                let code = InvalidCode::OutOfRange { min: 1, max };
                return Err(Error::invalid("minutes", code));
            }
            "campus.busy"
        }
        CampusState::Paused { until } => {
            if until <= now || until > now + PAUSE_DAYS_MOST * DAY {
                let code = InvalidCode::NotWithinDays {
                    days: PAUSE_DAYS_MOST,
                };
                return Err(Error::invalid("until", code));
            }
            "campus.pause"
        }
    };
    let mut tx = ctx.write().await?;
    let mut campus = of_slug(&mut tx, campus).await?;
    storage::campus::set_state(&mut tx, campus.id, state).await?;
    let [before, after] = [campus.state, state].map(|state| serde_json::json!(state));
    ctx.audit_change(&mut tx, (action, &campus.slug), &before, &after)
        .await?;
    tx.commit().await?;
    campus.state = state;
    Ok(campus)
}
