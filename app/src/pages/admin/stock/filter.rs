//! Which items are looked for, as it stands in an address.

use crate::error::AppError;
use domain::problem::Problem;
use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};
use service::stock::{Shortage, StockFilter, StockQuery, StockSort};

/// How many rows a page may have.
pub const SIZES: [i64; 3] = [20, 50, 100];

/// What says that the order is the other way round.
pub const DESCENDING: &str = "DESC";

/// Which items, and in which order. What is empty lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Words of the name.
    pub text: String,
    /// A campus' slug.
    pub campus: String,
    /// `DISH` or `PRODUCT`.
    pub kind: String,
    /// `LOW` or `OUT`.
    pub shortage: String,
    /// The column that they are put in order by; by name where empty.
    pub sort: String,
    /// `DESC`, or from the least to the most.
    pub order: String,
    /// Rows a page; one of [`SIZES`].
    pub size: String,
    /// Which page, from 1.
    pub page: String,
}

impl Filter {
    /// The filter of an address.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let part = |name: &str| query.get(name).unwrap_or_default();
        Self {
            text: part("text"),
            campus: part("campus"),
            kind: part("kind"),
            shortage: part("shortage"),
            sort: part("sort"),
            order: part("order"),
            size: part("size"),
            page: part("page"),
        }
    }

    /// What it asks of items, by name; how they are shown is not among it.
    pub(super) fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        given([
            ("text", &self.text),
            ("campus", &self.campus),
            ("kind", &self.kind),
            ("shortage", &self.shortage),
        ])
    }

    /// Whether every item passes.
    pub(super) fn is_empty(&self) -> bool {
        self.conditions().next().is_none()
    }

    /// An address of this filter in its order, with what is said besides; on its first page, unless
    /// that is said.
    pub(super) fn address(&self, besides: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.conditions());
        query.extend_pairs(given([
            ("sort", &self.sort),
            ("order", &self.order),
            ("size", &self.size),
        ]));
        query.extend_pairs(besides);
        address("/admin/stock", &query.finish())
    }

    /// Where what passes is to be had as a file.
    pub(super) fn file(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.conditions());
        address("/v1/stock/export", &query.finish())
    }

    /// The same with another shortage, or without regard to it.
    pub(super) fn with_shortage(&self, shortage: &str) -> Self {
        Self {
            shortage: shortage.to_owned(),
            ..self.clone()
        }
    }

    /// The same in the order of a column; in that order already, the other way round.
    pub(super) fn sorted_by(&self, sort: StockSort) -> Self {
        let turned = self.sort() == Some(sort) && !self.is_descending();
        let key = |sort: StockSort| {
            if sort == StockSort::default() {
                String::new()
            } else {
                sort.key().to_owned()
            }
        };
        Self {
            sort: key(sort),
            order: if turned { DESCENDING } else { "" }.to_owned(),
            ..self.clone()
        }
    }

    /// The column that they are put in order by; nothing where there is no such column.
    pub(super) fn sort(&self) -> Option<StockSort> {
        match self.sort.as_str() {
            "" => Some(StockSort::default()),
            key => StockSort::from_key(key),
        }
    }

    /// Whether the order is the other way round.
    pub(super) fn is_descending(&self) -> bool {
        self.order == DESCENDING
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

    /// Which page is shown.
    pub(super) fn page(&self) -> i64 {
        self.page.parse().unwrap_or(1).max(1)
    }

    /// The filter and its order as the service takes them.
    ///
    /// # Errors
    /// [`Problem::Malformed`] where a shortage or a column can't be read: to leave it out would show
    /// something else than was meant.
    pub(super) fn query(&self) -> Result<StockQuery, AppError> {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let shortage = match self.shortage.as_str() {
            "" => None,
            key => Some(Shortage::from_key(key).ok_or(Problem::Malformed)?),
        };
        Ok(StockQuery {
            filter: StockFilter {
                text: some(&self.text),
                campus: some(&self.campus),
                kind: some(&self.kind),
                shortage,
            },
            sort: self.sort().ok_or(Problem::Malformed)?,
            descending: self.is_descending(),
            page: self.page(),
            limit: self.rows(),
        })
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
        assert_eq!(Filter::default().address(&[]), "/admin/stock");
        let filter = Filter {
            text: "a&b".to_owned(),
            shortage: "LOW".to_owned(),
            page: "left out".to_owned(),
            ..Filter::default()
        };
        let by_name = "/admin/stock?text=a%26b&shortage=LOW";
        assert_eq!(filter.address(&[]), by_name);
        assert_eq!(
            filter.address(&[("page", "2")]),
            format!("{by_name}&page=2")
        );
        assert_eq!(filter.file(), "/v1/stock/export?text=a%26b&shortage=LOW");

        let by_rest = filter.sorted_by(StockSort::Available);
        assert_eq!(by_rest.address(&[]), format!("{by_name}&sort=AVAILABLE"));
        let turned = by_rest.sorted_by(StockSort::Available);
        assert_eq!(
            turned.address(&[]),
            format!("{by_name}&sort=AVAILABLE&order=DESC")
        );
        assert_eq!(turned.sorted_by(StockSort::Available), by_rest);
        assert_eq!(turned.sorted_by(StockSort::Name).address(&[]), by_name);
        assert_eq!(
            filter.sorted_by(StockSort::Name).address(&[]),
            format!("{by_name}&order=DESC")
        );
    }

    #[test]
    fn what_makes_no_sense_is_not_left_out() {
        let wrong = |change: fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            filter.query().is_err()
        };
        assert!(wrong(|filter| "SOME".clone_into(&mut filter.shortage)));
        assert!(wrong(|filter| "COLOUR".clone_into(&mut filter.sort)));
        assert!(!wrong(|filter| "-3".clone_into(&mut filter.page)));
    }
}
