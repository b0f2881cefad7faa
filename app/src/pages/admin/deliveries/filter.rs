//! Which deliveries are looked for, as it stands in an address.

use crate::error::AppError;
use domain::notification::{Channel, DeliveryState, Template};
use domain::problem::Problem;
use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};
use service::notify::{DeliveryFilter, DeliveryQuery};

/// How many rows a page may have.
pub const SIZES: [i64; 3] = [20, 50, 100];

/// What says that the oldest come first.
pub const OLDEST: &str = "OLDEST";

/// Which deliveries, and in which order. What is empty lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// The beginning of an e-mail address, a phone number, or an order's number.
    pub text: String,
    /// `EMAIL`, `SMS` or `PUSH`.
    pub channel: String,
    /// `QUEUED`, `SENT` or `FAILED`.
    pub state: String,
    /// `CONFIRMED`, `DECLINED`, `CANCELLED`, `SUBSTITUTE`, `READY` or `CODE`.
    pub template: String,
    /// `OLDEST`, or the newest first.
    pub sort: String,
    /// Rows a page; one of [`SIZES`].
    pub size: String,
    /// Where the page before ended.
    pub after: String,
}

impl Filter {
    /// The filter of an address.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let part = |name: &str| query.get(name).unwrap_or_default();
        Self {
            text: part("text"),
            channel: part("channel"),
            state: part("state"),
            template: part("template"),
            sort: part("sort"),
            size: part("size"),
            after: part("after"),
        }
    }

    /// What it asks of deliveries, by name; how they are shown is not among it.
    fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        given([
            ("text", &self.text),
            ("channel", &self.channel),
            ("state", &self.state),
            ("template", &self.template),
        ])
    }

    /// Whether every delivery passes.
    pub(super) fn is_empty(&self) -> bool {
        self.conditions().next().is_none()
    }

    /// An address of this filter in its order, with what is said besides; on its first page, unless that is
    /// said.
    pub(super) fn address(&self, besides: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.conditions());
        query.extend_pairs(given([("sort", &self.sort), ("size", &self.size)]));
        query.extend_pairs(besides);
        address("/admin/deliveries", &query.finish())
    }

    /// Where what passes is to be had as a file.
    pub(super) fn file(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.conditions());
        if self.is_oldest() {
            query.append_pair("oldest", "true");
        }
        address("/v1/admin/deliveries/export", &query.finish())
    }

    /// The same in another state, or in any.
    pub(super) fn with_state(&self, state: &str) -> Self {
        Self {
            state: state.to_owned(),
            ..self.clone()
        }
    }

    /// Whether the oldest come first.
    pub(super) fn is_oldest(&self) -> bool {
        self.sort == OLDEST
    }

    /// How many rows a page has.
    pub(super) fn rows(&self) -> i64 {
        let asked = self.size.parse().unwrap_or(SIZES[0]);
        if SIZES.contains(&asked) {
            asked
        } else {
            SIZES[0]
        }
    }

    /// The filter and its order as the service takes them.
    ///
    /// # Errors
    /// [`Problem::Malformed`] where a part can't be read: to leave it out would show something else than was
    /// meant.
    pub(super) fn query(&self) -> Result<DeliveryQuery, AppError> {
        let after = match self.after.as_str() {
            "" => None,
            id => Some(service::plan::parse_id(id)?),
        };
        Ok(DeliveryQuery {
            filter: DeliveryFilter {
                text: Some(self.text.trim().to_owned()).filter(|text| !text.is_empty()),
                channel: choice(&self.channel, Channel::from_key)?,
                state: choice(&self.state, DeliveryState::from_key)?,
                template: choice(&self.template, Template::from_key)?,
            },
            oldest: self.is_oldest(),
            after,
            limit: self.rows(),
        })
    }
}

fn choice<T>(key: &str, of: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Problem> {
    match key {
        "" => Ok(None),
        key => of(key).map(Some).ok_or(Problem::Malformed),
    }
}

fn given<'a, const N: usize>(
    parts: [(&'static str, &'a String); N],
) -> impl Iterator<Item = (&'static str, &'a str)> {
    parts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.as_str()))
}

fn address(path: &str, query: &str) -> String {
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_the_filter_and_its_order() {
        assert_eq!(Filter::default().address(&[]), "/admin/deliveries");
        let filter = Filter {
            text: "a&b".to_owned(),
            state: "FAILED".to_owned(),
            sort: OLDEST.to_owned(),
            after: "left out".to_owned(),
            ..Filter::default()
        };
        let address = "/admin/deliveries?text=a%26b&state=FAILED&sort=OLDEST";
        assert_eq!(filter.address(&[]), address);
        assert_eq!(
            filter.address(&[("after", "7")]),
            format!("{address}&after=7")
        );
        assert_eq!(
            filter.file(),
            "/v1/admin/deliveries/export?text=a%26b&state=FAILED&oldest=true"
        );
        let any = filter.with_state("").address(&[]);
        assert_eq!(any, "/admin/deliveries?text=a%26b&sort=OLDEST");
    }

    #[test]
    fn what_makes_no_sense_is_not_left_out() {
        let wrong = |change: fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            filter.query().is_err()
        };
        assert!(wrong(|filter| "PIGEON".clone_into(&mut filter.channel)));
        assert!(wrong(|filter| "LOST".clone_into(&mut filter.state)));
        assert!(wrong(|filter| "here".clone_into(&mut filter.after)));
        assert!(!wrong(|filter| "-3".clone_into(&mut filter.size)));
    }
}
