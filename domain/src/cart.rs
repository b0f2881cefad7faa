//! A cart: what somebody means to order at one campus.
//!
//! It holds what was chosen and nothing that may change meanwhile: names, prices and stock are read
//! whenever it is shown.

use crate::invalid::{InvalidCode, InvalidField};
use crate::menu::{BrokenRule, Options, Selection};
use crate::order::{LINES_MOST, QUANTITY_MOST};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What somebody means to order: at most as many lines as an order may have, no two of the same choice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cart {
    lines: Vec<CartLine>,
}

/// So many portions of an item, configured in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// Names the line for as long as it is in the cart.
    pub id: Uuid,
    /// The menu item.
    pub item: Uuid,
    /// The options chosen.
    pub options: Selection,
    /// Portions, 1 to [`QUANTITY_MOST`].
    pub quantity: i64,
}

/// What is wrong with a choice, at the field of its group: `options.size`.
#[must_use]
pub fn refusals(options: &Options, broken: Vec<BrokenRule>) -> Vec<InvalidField> {
    let group_of = |key: &str| {
        let group = options
            .groups
            .iter()
            .find(|group| group.options.iter().any(|option| option.key == key));
        group.map_or("options".to_owned(), |group| {
            format!("options.{}", group.key)
        })
    };
    broken
        .into_iter()
        .map(|rule| match rule {
            BrokenRule::UnknownOption { .. } => {
                InvalidField::new("options", InvalidCode::UnknownChoice)
            }
            BrokenRule::TooFew { group, min } => InvalidField::new(
                format!("options.{}", group.key),
                InvalidCode::ChooseAtLeast { min },
            ),
            BrokenRule::TooMany { group, max } => InvalidField::new(
                format!("options.{}", group.key),
                InvalidCode::ChooseAtMost { max },
            ),
            BrokenRule::Requires { option, other } => InvalidField::new(
                group_of(&option.key),
                InvalidCode::OptionRequires {
                    option: option.name,
                    other: other.name,
                },
            ),
            BrokenRule::Excludes { option, other } => InvalidField::new(
                group_of(&option.key),
                InvalidCode::OptionExcludes {
                    option: option.name,
                    other: other.name,
                },
            ),
        })
        .collect()
}

/// Why a cart stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CartFault {
    /// Not 1 to [`QUANTITY_MOST`] portions.
    #[error("not 1 to {QUANTITY_MOST} portions")]
    Quantity,
    /// Together with those that are in it already, more than [`QUANTITY_MOST`] portions.
    #[error("more than {QUANTITY_MOST} portions together")]
    Portions,
    /// More than [`LINES_MOST`] lines.
    #[error("more than {LINES_MOST} lines")]
    Full,
    /// There is no such line.
    #[error("no such line")]
    Unknown,
}

impl Cart {
    /// The lines, in the order in which they were put in.
    #[must_use]
    pub fn lines(&self) -> &[CartLine] {
        &self.lines
    }

    /// How many portions there are in all.
    #[must_use]
    pub fn portions(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Puts a line in. Where the same choice is in it already, that line grows.
    ///
    /// # Errors
    /// [`CartFault::Quantity`], [`CartFault::Portions`] or [`CartFault::Full`]; then it stays as it is.
    pub fn add(&mut self, line: CartLine) -> Result<(), CartFault> {
        if !(1..=QUANTITY_MOST).contains(&line.quantity) {
            return Err(CartFault::Quantity);
        }
        if let Some(same) = self.same(&line) {
            if same.quantity + line.quantity > QUANTITY_MOST {
                return Err(CartFault::Portions);
            }
            same.quantity += line.quantity;
            return Ok(());
        }
        if self.lines.len() as i64 >= LINES_MOST {
            return Err(CartFault::Full);
        }
        self.lines.push(line);
        Ok(())
    }

    /// Sets how many portions a line has.
    ///
    /// # Errors
    /// [`CartFault::Quantity`] or [`CartFault::Unknown`].
    pub fn set_quantity(&mut self, id: Uuid, quantity: i64) -> Result<(), CartFault> {
        if !(1..=QUANTITY_MOST).contains(&quantity) {
            return Err(CartFault::Quantity);
        }
        let line = self.lines.iter_mut().find(|line| line.id == id);
        line.ok_or(CartFault::Unknown)?.quantity = quantity;
        Ok(())
    }

    /// Takes a line out.
    ///
    /// # Errors
    /// [`CartFault::Unknown`] where it is not in.
    pub fn remove(&mut self, id: Uuid) -> Result<(), CartFault> {
        let before = self.lines.len();
        self.lines.retain(|line| line.id != id);
        if self.lines.len() == before {
            return Err(CartFault::Unknown);
        }
        Ok(())
    }

    /// Puts in what is in another cart, as far as there is room: the same choice counts once more up
    /// to the most, and what comes after the last line that fits is left out.
    pub fn merge(&mut self, other: Self) {
        for line in other.lines {
            if let Some(same) = self.same(&line) {
                same.quantity = (same.quantity + line.quantity).min(QUANTITY_MOST);
            } else if (self.lines.len() as i64) < LINES_MOST {
                self.lines.push(line);
            }
        }
    }

    fn same(&mut self, line: &CartLine) -> Option<&mut CartLine> {
        self.lines
            .iter_mut()
            .find(|known| known.item == line.item && known.options == line.options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: u128, item: u128, options: &[&str], quantity: i64) -> CartLine {
        CartLine {
            id: Uuid::from_u128(id),
            item: Uuid::from_u128(item),
            options: options.iter().map(|&key| key.to_owned()).collect(),
            quantity,
        }
    }

    #[test]
    fn the_same_choice_is_one_line() {
        let mut cart = Cart::default();
        cart.add(line(1, 7, &["large", "soy"], 2)).unwrap();
        cart.add(line(2, 7, &["soy", "large"], 3)).unwrap();
        cart.add(line(3, 7, &["large"], 1)).unwrap();
        let lines: Vec<_> = cart.lines().iter().map(|line| line.quantity).collect();
        assert_eq!((lines, cart.portions()), (vec![5, 1], 6));
    }

    #[test]
    fn a_cart_is_bounded() {
        let mut cart = Cart::default();
        for quantity in [0, -1, 21, 1_000_000_000, i64::MIN, i64::MAX] {
            assert_eq!(
                cart.add(line(1, 7, &[], quantity)),
                Err(CartFault::Quantity)
            );
        }
        cart.add(line(1, 0, &[], 15)).unwrap();
        assert_eq!(cart.add(line(2, 0, &[], 6)), Err(CartFault::Portions));
        assert_eq!(cart.portions(), 15);
        for item in 1..30 {
            cart.add(line(100 + item, item, &[], 1)).unwrap();
        }
        assert_eq!(cart.add(line(99, 99, &[], 1)), Err(CartFault::Full));
        // What is in it already has room all the same.
        cart.add(line(98, 0, &[], 5)).unwrap();
    }

    #[test]
    fn lines_are_changed_by_their_ids() {
        let mut cart = Cart::default();
        cart.add(line(1, 7, &[], 1)).unwrap();
        let (known, unknown) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(cart.set_quantity(known, 0), Err(CartFault::Quantity));
        assert_eq!(cart.set_quantity(unknown, 2), Err(CartFault::Unknown));
        cart.set_quantity(known, 20).unwrap();
        assert_eq!(cart.portions(), 20);
        assert_eq!(cart.remove(unknown), Err(CartFault::Unknown));
        cart.remove(known).unwrap();
        assert!(cart.is_empty());
    }

    #[test]
    fn carts_are_merged_as_far_as_there_is_room() {
        let (mut cart, mut other) = (Cart::default(), Cart::default());
        for item in 0..29 {
            cart.add(line(item, item, &[], 12)).unwrap();
        }
        other.add(line(100, 0, &[], 12)).unwrap();
        other.add(line(101, 50, &[], 1)).unwrap();
        other.add(line(102, 51, &[], 1)).unwrap();
        cart.merge(other);
        assert_eq!(cart.lines().len() as i64, LINES_MOST);
        assert_eq!(cart.lines()[0].quantity, QUANTITY_MOST);
        assert_eq!(cart.lines()[29].item, Uuid::from_u128(50));
    }
}
