//! Which of a menu's items somebody looks for.

use super::MenuCard;
use crate::{Error, Result};
use domain::allergen::Allergens;
use domain::diet::Diet;
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::Restrictions;
use domain::text::folded;

/// The longest text of a filter, in characters.
const TEXT_MOST: i64 = 100;
/// The highest price that is asked for, in minor units.
const PRICE_MOST: i64 = 100_000_000;
/// The longest time that is asked for: a week of minutes.
const READY_MOST: i64 = 7 * 24 * 60;
/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;

/// Which items. Everything that is absent lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MenuFilter {
    /// Whose names have each word of this, in any language; neither capitals nor accents matter.
    pub text: String,
    /// That can be had so that they fit this pattern.
    pub diet: Option<Diet>,
    /// That can be had without any of these.
    pub without: Allergens,
    /// That cost at most so much without options, in minor units.
    pub price_most: Option<i64>,
    /// That can be collected in at most so many minutes from now.
    pub ready_within: Option<i64>,
    /// That the member's profile does not forbid.
    pub hide_forbidden: bool,
}

impl MenuFilter {
    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses what no menu could answer.
    pub(super) fn check(&self) -> Result<()> {
        let mut fields = Vec::new();
        if self.text.chars().count() as i64 > TEXT_MOST {
            let code = InvalidCode::TooLong { max: TEXT_MOST };
            fields.push(InvalidField::new("q", code));
        }
        for (field, value, max) in [
            ("maxPrice", self.price_most, PRICE_MOST),
            ("readyWithin", self.ready_within, READY_MOST),
        ] {
            if value.is_some_and(|value| !(0..=max).contains(&value)) {
                let code = InvalidCode::OutOfRange { min: 0, max };
                fields.push(InvalidField::new(field, code));
            }
        }
        if fields.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid_fields(fields))
        }
    }

    /// Whether it lets an item through at a moment; what the profile forbids is not looked at.
    pub(super) fn lets_through(&self, card: &MenuCard, now: i64) -> bool {
        let name = folded(&format!("{} {}", card.item.name.en, card.item.name.es));
        let text = folded(&self.text);
        let wanted = Restrictions {
            diet: self.diet.unwrap_or_default(),
            allergens: self.without.clone(),
            ..Restrictions::default()
        };
        let ready = |minutes: i64| {
            card.first_slot
                .is_some_and(|slot| slot.starts_at <= now + minutes * MINUTE)
        };
        text.split_whitespace().all(|word| name.contains(word))
            && self.price_most.is_none_or(|most| card.item.price <= most)
            && self.ready_within.is_none_or(ready)
            && wanted
                .against(&card.item.kind, &card.contents, &card.item.options)
                .is_empty()
    }
}
