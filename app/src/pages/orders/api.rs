//! The server function of a member's orders, and what it sends.

pub use crate::pages::order::api::StateView;

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A page of orders, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrdersView {
    /// The orders.
    pub items: Vec<OrderCard>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Every state: its name on the wire, and for people.
    pub states: Vec<(String, String)>,
}

/// An order in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCard {
    /// Its id.
    pub id: String,
    /// "Order 42".
    pub title: String,
    /// Where it is collected.
    pub campus: String,
    /// "today, 12:15–12:30".
    pub slot: String,
    /// How it stands.
    pub state: StateView,
    /// "MX$230.00".
    pub total: String,
    /// "ordered on 22 November 2026".
    pub placed: String,
}

/// How many orders a page shows.
const PAGE: i64 = 12;

/// A member's orders, the newest first, in a state where one is named, after the one where the last page
/// ended.
#[server(endpoint = "orders")]
pub async fn get_orders(
    #[server(default)] state: String,
    #[server(default)] after: String,
) -> Result<OrdersView, AppError> {
    use crate::context::number;
    use crate::pages::order::{slot_text, state_view};
    use crate::words::Words;
    use domain::order::OrderState;
    use domain::problem::Problem;
    use locales::Key;

    let ctx = crate::context::ctx()?;
    ctx.account_id()?;
    let words = Words(ctx.language);
    let state = match state.as_str() {
        "" => None,
        state => Some(OrderState::from_key(state).ok_or(Problem::Malformed)?),
    };
    let after = match after.as_str() {
        "" => None,
        after => Some(service::plan::parse_id(after)?),
    };
    let page = service::order::list(&ctx, state, after, PAGE).await?;
    let campuses = service::menu::campuses(&ctx).await?;
    let items = page.items.iter().map(|order| {
        let campus = campuses.iter().find(|campus| campus.id == order.campus);
        let placed = ctx.service.local_time(order.placed_at).date;
        OrderCard {
            id: order.id.to_string(),
            title: words.fill(Key::OrderTitle, &[("number", &number(order.number))]),
            campus: campus.map(|it| words.of(&it.name)).unwrap_or_default(),
            slot: campus
                .map(|campus| slot_text(&ctx, campus, order.slot_at))
                .unwrap_or_default(),
            state: state_view(words, order.state),
            total: words.price(order.total, &order.currency),
            placed: words.fill(Key::OrdersPlaced, &[("date", &words.full_date(placed))]),
        }
    });
    Ok(OrdersView {
        items: items.collect(),
        next: page.next.map(|id| id.to_string()),
        states: OrderState::ALL
            .map(|state| {
                let name = words.name("order_state", state.key());
                (state.key().to_owned(), name)
            })
            .into(),
    })
}
