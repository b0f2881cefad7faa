//! What a choice of options makes of a menu item, while somebody chooses: a module of its own, so that
//! only pages with something to choose load it.
//!
//! The rules are those of [`domain::menu::configure`], by which the server decides. The page's script,
//! `app/src/pages/menu_item/choose.js`, is the other half.

use domain::allergen::Allergens;
use domain::amount::Amount;
use domain::cart::refusals;
use domain::invalid::InvalidField;
use domain::menu::{Options, configure};
use domain::nutrient::Nutrient;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// A menu item, as far as choosing goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Item {
    /// What one costs without options, in minor units.
    pub price: i64,
    /// kcal of one without options.
    pub energy: Amount,
    /// Grams of protein in one without options.
    pub protein: Amount,
    /// What it contains or may contain without options.
    pub allergens: Allergens,
    /// What may be chosen. Of nutrients it has energy and protein.
    pub options: Options,
}

/// What a choice makes of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Chosen {
    /// What one costs; with the rest it is that of the item alone while a rule is broken.
    price: i64,
    /// kcal of one, rounded.
    energy: i64,
    /// Grams of protein in one.
    protein: Amount,
    /// What it contains or may contain.
    allergens: Allergens,
    /// The rules that are broken, at their groups: `options.size`.
    fields: Vec<InvalidField>,
}

impl Item {
    fn choose(&self, selection: Vec<String>) -> Chosen {
        let mut chosen = Chosen {
            price: self.price,
            energy: self.energy.rounded(),
            protein: self.protein,
            allergens: self.allergens.clone(),
            fields: Vec::new(),
        };
        match configure(&self.options, &selection.into_iter().collect()) {
            Ok(configured) => {
                let added = |nutrient: Nutrient| configured.nutrients[nutrient].amount;
                chosen.price += configured.price;
                chosen.energy = (self.energy + added(Nutrient::Energy)).rounded();
                chosen.protein += added(Nutrient::Protein);
                chosen.allergens.extend(configured.allergens);
            }
            Err(broken) => chosen.fields = refusals(&self.options, broken),
        }
        chosen
    }
}

/// An item of which something is chosen.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Chooser {
    item: Item,
}

#[wasm_bindgen]
impl Chooser {
    /// Reads an item's JSON.
    ///
    /// # Errors
    /// When it is not an item.
    #[wasm_bindgen(constructor)]
    pub fn new(item: &str) -> Result<Self, JsError> {
        Ok(Self {
            item: serde_json::from_str(item)?,
        })
    }

    /// What a choice, the keys of options, makes of the item, as JSON.
    ///
    /// # Errors
    /// None that a choice could cause.
    pub fn choose(&self, selection: Vec<String>) -> Result<String, JsError> {
        Ok(serde_json::to_string(&self.item.choose(selection))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r#"{"price":500,"energy":400.4,"protein":20,"allergens":["MILK"],"options":{"groups":[
        {"key":"size","name":{"en":"Size","es":"Tamaño"},"min":1,"max":1,"options":[
            {"key":"large","name":{"en":"Large","es":"Grande"},"price":150,"grams":100,
             "nutrients":{"energy":99.6,"protein":5.5},"allergens":["EGG"],"excludedDiets":[],"foods":[]}]}],
        "rules":[]}}"#;

    #[test]
    fn a_sound_choice_is_added_and_a_broken_rule_told_at_its_group() {
        let item: Item = serde_json::from_str(ITEM).unwrap();
        let large = item.choose(vec!["large".to_owned()]);
        assert_eq!((large.price, large.energy), (650, 500));
        assert_eq!(large.protein, Amount(25_500));
        assert_eq!(large.allergens.len(), 2);
        assert!(large.fields.is_empty());

        let nothing = item.choose(Vec::new());
        assert_eq!(nothing.price, 500);
        let fields: Vec<&str> = nothing.fields.iter().map(|one| &*one.field).collect();
        assert_eq!(fields, ["options.size"]);
    }
}
