//! Which jobs are looked for, as it stands in an address.

use crate::error::AppError;
use domain::job::JobState;
use domain::problem::Problem;
use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::board::JobFilter;

/// How many rows a page may have.
pub const SIZES: [i64; 3] = [20, 50, 100];

/// Which jobs. What is empty lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// A queue's name.
    pub queue: String,
    /// A kind's name.
    pub kind: String,
    /// A state's name on the wire.
    pub state: String,
    /// On the institution's clocks: `2026-11-22T14:00`.
    pub since: String,
    /// On the institution's clocks: `2026-11-22T15:00`.
    pub until: String,
    /// Part of the arguments.
    pub text: String,
    /// What it is about, or whom it is for.
    pub subject: String,
    /// Rows a page; one of [`SIZES`].
    pub size: String,
    /// The last job of the page before.
    pub before: String,
}

impl Filter {
    /// The filter of an address.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let part = |name: &str| query.get(name).unwrap_or_default();
        Self {
            queue: part("queue"),
            kind: part("kind"),
            state: part("state"),
            since: part("since"),
            until: part("until"),
            text: part("text"),
            subject: part("subject"),
            size: part("size"),
            before: part("before"),
        }
    }

    /// What it asks of jobs, by name; how they are shown is not among it.
    pub(super) fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("queue", &self.queue),
            ("kind", &self.kind),
            ("state", &self.state),
            ("since", &self.since),
            ("until", &self.until),
            ("text", &self.text),
            ("subject", &self.subject),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.as_str()))
    }

    /// Whether every job passes.
    pub(super) fn is_empty(&self) -> bool {
        self.conditions().next().is_none()
    }

    /// An address of this filter, with what is said besides.
    pub(in crate::pages::admin) fn address(&self, path: &str, besides: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.conditions());
        if !self.size.is_empty() {
            query.append_pair("size", &self.size);
        }
        query.extend_pairs(besides);
        let query = query.finish();
        if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        }
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

    /// The filter as the service takes it.
    ///
    /// # Errors
    /// [`Problem::Malformed`] where a state or a time can't be read: to leave it out would let more
    /// jobs through than were meant.
    pub(super) fn command(&self, ctx: &Ctx) -> Result<JobFilter, AppError> {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let state = match self.state.as_str() {
            "" => None,
            state => Some(JobState::from_key(state).ok_or(Problem::Malformed)?),
        };
        let moment = |local: &str| match local {
            "" => Ok(None),
            local => ctx
                .service
                .moment(local)
                .map(Some)
                .ok_or(AppError::from(Problem::Malformed)),
        };
        Ok(JobFilter {
            queue: some(&self.queue),
            kind: some(&self.kind),
            state,
            since: moment(&self.since)?,
            until: moment(&self.until)?,
            text: some(&self.text),
            subject: some(&self.subject),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_the_filter_and_only_that() {
        assert_eq!(Filter::default().address("/admin/jobs", &[]), "/admin/jobs");
        let filter = Filter {
            state: "DEAD".to_owned(),
            text: "a&b c".to_owned(),
            size: "50".to_owned(),
            before: "left out".to_owned(),
            ..Filter::default()
        };
        let address = filter.address("/admin/jobs", &[("before", "1")]);
        assert_eq!(
            address,
            "/admin/jobs?state=DEAD&text=a%26b+c&size=50&before=1"
        );
        assert_eq!(filter.rows(), 50);
    }
}
