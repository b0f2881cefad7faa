//! What is looked for on a menu, as it stands in an address.

use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};

/// What is looked for. Everything empty is everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Words of a name or an ingredient.
    pub text: String,
    /// A diet's wire name.
    pub diet: String,
    /// Wire names of allergens to be absent.
    pub without: Vec<String>,
    /// The highest price, in whole units of the campus's currency, as typed.
    pub price: String,
    /// In how many minutes it is to be ready.
    pub ready: String,
    /// Anything hides what the profile forbids.
    pub hide: String,
}

impl Filter {
    /// The filter of an address.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let part = |name: &str| query.get(name).unwrap_or_default();
        Self {
            text: part("q"),
            diet: part("diet"),
            without: query.get_all("without").unwrap_or_default(),
            price: part("price"),
            ready: part("ready"),
            hide: part("hide"),
        }
    }

    /// Whether everything passes.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The address of a campus's menu with this filter.
    pub(super) fn address(&self, campus: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let parts = [
            ("q", &self.text),
            ("diet", &self.diet),
            ("price", &self.price),
            ("ready", &self.ready),
            ("hide", &self.hide),
        ];
        query.extend_pairs(parts.into_iter().filter(|(_, value)| !value.is_empty()));
        query.extend_pairs(self.without.iter().map(|allergen| ("without", allergen)));
        let query = query.finish();
        if query.is_empty() {
            format!("/menu/{campus}")
        } else {
            format!("/menu/{campus}?{query}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_the_filter_and_only_that() {
        assert_eq!(Filter::default().address("north"), "/menu/north");
        let filter = Filter {
            text: "a&b ñ".to_owned(),
            without: vec!["EGG".to_owned(), "MILK".to_owned()],
            ready: "15".to_owned(),
            ..Filter::default()
        };
        assert_eq!(
            filter.address("north"),
            "/menu/north?q=a%26b+%C3%B1&ready=15&without=EGG&without=MILK"
        );
    }
}
