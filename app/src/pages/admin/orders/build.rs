//! The list of orders in words.

use super::api::{Filter, OrderLine, OrdersView};
use crate::context::number;
use crate::error::AppError;
use crate::pages::admin::list::{address, count, moment, rows, some, wire_moment};
use crate::pages::admin::say::Say;
use crate::pages::order::state_view;
use domain::invalid::InvalidCode;
use domain::order::OrderState;
use domain::problem::Problem;
use leptos_router::params::ParamsMap;
use service::Ctx;
use service::order::{self, COUNT_MOST, OrderCursor, OrderFilter, OrderRecord, OrderSort};

/// What says that the oldest or soonest come first.
pub(super) const ASCENDING: &str = "ASC";

impl Filter {
    /// The filter of an address.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let part = |name: &str| query.get(name).unwrap_or_default();
        Self {
            number: part("number"),
            person: part("person"),
            state: part("state"),
            campus: part("campus"),
            since: part("since"),
            until: part("until"),
            sort: part("sort"),
            order: part("order"),
            size: part("size"),
            after: part("after"),
        }
    }

    /// Whether it leaves something out.
    pub(super) fn is_filtered(&self) -> bool {
        let conditions = [
            &self.number,
            &self.person,
            &self.state,
            &self.campus,
            &self.since,
            &self.until,
        ];
        conditions.iter().any(|value| !value.is_empty())
    }

    /// An address of this filter, after an order.
    pub(super) fn address(&self, after: &str) -> String {
        address(
            "/admin/orders",
            &[
                ("number", &self.number),
                ("person", &self.person),
                ("state", &self.state),
                ("campus", &self.campus),
                ("since", &self.since),
                ("until", &self.until),
                ("sort", &self.sort),
                ("order", &self.order),
                ("size", &self.size),
                ("after", after),
            ],
        )
    }

    /// The same in the order of a column; in that order already, the other way round.
    pub(super) fn sorted_by(&self, sort: OrderSort) -> Self {
        let turned = self.sort() == Some(sort) && self.order != ASCENDING;
        Self {
            sort: match sort {
                OrderSort::Placed => String::new(),
                OrderSort::Slot => sort.key().to_owned(),
            },
            order: if turned { ASCENDING } else { "" }.to_owned(),
            ..self.clone()
        }
    }

    /// What they are put in order by; nothing where there is no such order.
    pub(super) fn sort(&self) -> Option<OrderSort> {
        match self.sort.as_str() {
            "" => Some(OrderSort::default()),
            key => OrderSort::from_key(key),
        }
    }
}

pub(super) async fn orders(ctx: &Ctx, filter: &Filter) -> Result<OrdersView, AppError> {
    let say = Say::new(ctx);
    let after = match filter.after.as_str() {
        "" => None,
        text => Some(OrderCursor::parse(text).ok_or(Problem::Malformed)?),
    };
    let state = match filter.state.as_str() {
        "" => None,
        key => Some(OrderState::from_key(key).ok_or(Problem::Malformed)?),
    };
    let called_out = match filter.number.trim().trim_start_matches('#') {
        "" => None,
        typed => Some(typed.parse::<i64>().map_err(|_| {
            AppError::from(service::Error::invalid("number", InvalidCode::Malformed))
        })?),
    };
    let wanted = OrderFilter {
        number: called_out,
        person: some(&filter.person),
        state,
        campus: some(&filter.campus),
        since: moment(ctx, &filter.since)?,
        until: moment(ctx, &filter.until)?,
        sort: filter.sort().ok_or(Problem::Malformed)?,
        ascending: filter.order == ASCENDING,
    };
    let found = order::find(ctx, &wanted, after, rows(&filter.size)).await?;
    let (since, until) = (
        wire_moment(ctx, &filter.since),
        wire_moment(ctx, &filter.until),
    );
    let number_text = called_out.map_or_else(String::new, |number| number.to_string());
    let ascending = if wanted.ascending { "true" } else { "" };
    Ok(OrdersView {
        count: count(say.words, found.count, COUNT_MOST),
        next: found.next.map(OrderCursor::text),
        items: found.items.iter().map(|order| line(&say, order)).collect(),
        file: address(
            "/v1/admin/orders/export",
            &[
                ("number", &number_text),
                ("person", &filter.person),
                ("status", &filter.state),
                ("campus", &filter.campus),
                ("since", &since),
                ("until", &until),
                ("sort", &filter.sort),
                ("ascending", ascending),
            ],
        ),
        campuses: found
            .campuses
            .iter()
            .map(|(slug, name)| (slug.clone(), say.words.of(name)))
            .collect(),
    })
}

fn line(say: &Say<'_>, order: &OrderRecord) -> OrderLine {
    let words = say.words;
    let slot = say.ctx.service.local_time(order.slot_at);
    OrderLine {
        id: order.id.to_string(),
        number: number(order.number),
        member: (order.member.clone(), order.email.clone()),
        state: state_view(words, order.state),
        remark: order.cancel_reason.map_or_else(String::new, |reason| {
            words.name("cancel_reason", reason.key())
        }),
        campus: words.of(&order.campus_name),
        slot: format!("{}, {}", words.date(slot.date), words.clock(slot)),
        total: words.price(order.total, &order.currency),
        gateway: words.name("gateway", order.gateway.key()),
        placed: say.moment(order.placed_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_columns_head_turns_its_order_round() {
        let filter = Filter {
            state: "READY".to_owned(),
            ..Filter::default()
        };
        let by_slot = filter.sorted_by(OrderSort::Slot);
        assert_eq!(by_slot.address(""), "/admin/orders?state=READY&sort=SLOT");
        let turned = by_slot.sorted_by(OrderSort::Slot);
        assert_eq!(
            turned.address(""),
            "/admin/orders?state=READY&sort=SLOT&order=ASC"
        );
        assert_eq!(turned.sorted_by(OrderSort::Slot), by_slot);
        assert_eq!(
            filter.sorted_by(OrderSort::Placed).address(""),
            "/admin/orders?state=READY&order=ASC"
        );
    }
}
