//! Everybody's orders, for those who run the place.

pub mod export;
pub mod get;
pub mod list;
pub mod refund;

use crate::http::problem::ApiError;
use crate::v1::time::{self, rfc3339};
use domain::invalid::InvalidCode;
use domain::order::OrderState;
use serde::{Deserialize, Serialize};
use service::Error;
use service::order::{OrderCursor, OrderFilter, OrderSort, Refund};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which orders, and which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Choice {
    /// Called out by this number.
    number: Option<i64>,
    /// Of somebody so called: the beginnings of words of their name, or their e-mail address.
    person: Option<String>,
    /// That stand so.
    status: Option<OrderState>,
    /// Of this campus, by its slug.
    campus: Option<String>,
    /// From this time on, of what they are put in order by.
    since: Option<String>,
    /// Before this time.
    until: Option<String>,
    /// `PLACED` or `SLOT`; by when they were placed where nothing is said.
    sort: Option<String>,
    /// The oldest or soonest first.
    ascending: Option<bool>,
    /// The `nextCursor` of the page before; of no effect on a file.
    cursor: Option<String>,
    /// How many, 1 to 100; 50 where nothing is said. Of no effect on a file.
    limit: Option<i64>,
}

impl Choice {
    fn filter(&self) -> Result<OrderFilter, ApiError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let at = |field, text: &Option<String>| -> Result<Option<i64>, ApiError> {
            given(text)
                .map(|text| time::micros(field, &text))
                .transpose()
        };
        let unknown = || Error::invalid("sort", InvalidCode::UnknownChoice);
        let sort = match given(&self.sort) {
            None => OrderSort::default(),
            Some(key) => OrderSort::from_key(&key).ok_or_else(unknown)?,
        };
        Ok(OrderFilter {
            number: self.number,
            person: given(&self.person),
            state: self.status,
            campus: given(&self.campus),
            since: at("since", &self.since)?,
            until: at("until", &self.until)?,
            sort,
            ascending: self.ascending.unwrap_or_default(),
        })
    }

    fn cursor(&self) -> Result<Option<OrderCursor>, ApiError> {
        let malformed = || Error::invalid("cursor", InvalidCode::Malformed);
        match self.cursor.as_deref() {
            None => Ok(None),
            Some(text) => Ok(Some(OrderCursor::parse(text).ok_or_else(malformed)?)),
        }
    }
}

/// What was given back of a payment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundDocument {
    refund_id: Uuid,
    /// In minor units of the currency.
    amount: i64,
    /// ISO 4217.
    currency: String,
    reason: String,
    /// `REQUESTED`, `DONE`, or `REFUSED` where a cancellation has given back all that was left, or the gateway could
    /// not give it back.
    state: &'static str,
    /// What whoever asked for it is called.
    actor: Option<String>,
    at: String,
    updated_at: String,
}

impl From<Refund> for RefundDocument {
    fn from(refund: Refund) -> Self {
        Self {
            refund_id: refund.id,
            amount: refund.amount,
            currency: refund.currency,
            reason: refund.reason,
            state: refund.state.key(),
            actor: refund.actor,
            at: rfc3339(refund.at),
            updated_at: rfc3339(refund.updated_at),
        }
    }
}
