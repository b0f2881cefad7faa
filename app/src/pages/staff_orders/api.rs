//! The server function of a campus's orders of today, and what it sends.

pub use crate::pages::order::api::StateView;

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What a campus hands out today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffView {
    /// The campus's name in addresses; empty where there is none.
    pub campus: String,
    /// Its id, as events name it; empty where there is none.
    pub campus_id: String,
    /// Every campus: its name in addresses, and for people, and how many orders it has to do today.
    pub campuses: Vec<(String, String, i64)>,
    /// "12 to do, 3 done".
    pub count: String,
    /// What is still to be done, by slot.
    pub living: Vec<StaffCard>,
    /// What was collected or cancelled.
    pub ended: Vec<StaffCard>,
}

/// An order as staff work with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffCard {
    /// Its id.
    pub id: String,
    /// What is called out.
    pub number: String,
    /// Who ordered.
    pub member: String,
    /// "12:15"; "tomorrow, 12:15" where it is of another day.
    pub slot: String,
    /// How it stands.
    pub state: StateView,
    /// What is in it, and the options.
    pub lines: Vec<(String, String)>,
    /// What comes next, by its name on the wire.
    pub next: Option<String>,
    /// Whether it can be cancelled.
    pub can_cancel: bool,
}

/// What a campus hands out today; without a name the first one that has something to do.
#[server(endpoint = "staff/orders")]
pub async fn get_staff_orders(#[server(default)] campus: String) -> Result<StaffView, AppError> {
    use crate::context::number;
    use crate::pages::order::{line_text, state_view};
    use crate::words::Words;
    use locales::Key;

    let ctx = crate::context::ctx()?;
    let words = Words(ctx.language);
    let campuses = service::menu::campuses(&ctx).await?;
    let to_do = service::order::to_do(&ctx).await?;
    let left = |campus: &domain::menu::Campus| to_do.get(&campus.id).copied().unwrap_or_default();
    let campus = match campus.as_str() {
        // Where there is something to do; else the first.
        "" => campuses
            .iter()
            .find(|one| left(one) > 0)
            .or(campuses.first())
            .map(|campus| campus.slug.clone())
            .unwrap_or_default(),
        _ => campus,
    };
    let orders = service::order::today(&ctx, &campus).await?;
    let (living, ended): (Vec<_>, Vec<_>) =
        orders.iter().partition(|one| one.order.state.is_living());
    let local = |micros: i64| ctx.service.local_time(micros);
    let today = local(ctx.now()).date;
    let slot = |slot_at: i64| {
        let slot = local(slot_at);
        let clock = words.clock(slot);
        if slot.date == today {
            clock
        } else {
            format!("{}, {clock}", words.near_day(slot.date, today))
        }
    };
    let card = |one: &&service::order::StaffOrder| StaffCard {
        id: one.order.id.to_string(),
        number: number(one.order.number),
        member: one.member.clone(),
        slot: slot(one.order.slot_at),
        state: state_view(words, one.order.state),
        lines: one
            .lines
            .iter()
            .map(|line| line_text(words, line))
            .collect(),
        next: one.next.map(|next| next.key().to_owned()),
        can_cancel: one.order.state.staff_may_cancel(),
    };
    let count = words.fill(
        Key::StaffCount,
        &[
            ("living", &living.len().to_string()),
            ("ended", &ended.len().to_string()),
        ],
    );
    let shown = campuses.iter().find(|known| known.slug == campus);
    Ok(StaffView {
        campus_id: shown.map_or_else(String::new, |campus| campus.id.to_string()),
        campus,
        campuses: campuses
            .iter()
            .map(|campus| (campus.slug.clone(), words.of(&campus.name), left(campus)))
            .collect(),
        count,
        living: living.iter().map(card).collect(),
        ended: ended.iter().map(card).collect(),
    })
}
