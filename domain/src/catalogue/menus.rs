//! Reading menus: which campus sells what, when and with which options, and computing all that follows
//! from what options are made of.

use super::load::{Composed, Foods, WrittenPortion, portions};
use super::{Catalogue, DataError};
use crate::allergen::Allergens;
use crate::amount::Amount;
use crate::diet::{Composition, Diet};
use crate::dish::{DishId, Portion};
use crate::food::NdbNo;
use crate::invalid::{InvalidCode, InvalidField};
use crate::kitchen::Station;
use crate::menu::{
    Campus, CampusState, MenuItemKind, MenuOption, Opening, OpeningHours, OptionGroup, OptionRule,
    Options, OptionsDraft, ProductId, RuleKind, Sale,
};
use crate::nutrient::Nutrient;
use crate::text::Localized;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A campus with what it sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampusMenu {
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: Localized<String>,
    /// ISO 4217.
    pub currency: String,
    /// When it hands out meals.
    pub hours: OpeningHours,
    /// How long a slot is.
    pub slot_minutes: i64,
    /// How many orders one slot takes.
    pub slot_capacity: i64,
    /// How long before a slot at the least an order must come, in minutes.
    pub lead_minutes: i64,
    /// What it sells, in the order of its menu.
    pub items: Vec<OfferedItem>,
}

impl CampusMenu {
    /// The campus, open, under an id.
    #[must_use]
    pub fn campus(&self, id: Uuid) -> Campus {
        Campus {
            id,
            slug: self.slug.clone(),
            name: self.name.clone(),
            currency: self.currency.clone(),
            state: CampusState::Open,
            hours: self.hours.clone(),
            slot_minutes: self.slot_minutes,
            slot_capacity: self.slot_capacity,
            lead_minutes: self.lead_minutes,
        }
    }
}

/// A dish or product that a campus sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedItem {
    /// What it is of.
    pub kind: MenuItemKind,
    /// Its name for people.
    pub name: Localized<String>,
    /// The price of one without options, in minor units.
    pub price: i64,
    /// How long it takes to make, in minutes.
    pub minutes: i64,
    /// When it is sold.
    pub sale: Sale,
    /// What may be chosen of it.
    pub options: Options,
    /// How many portions there are to begin with.
    pub stock: i64,
    /// With so many left, or fewer, somebody should see to it.
    pub low_mark: i64,
    /// Where it is made.
    pub station: Station,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MenuFile {
    sale: BTreeMap<String, WrittenSale>,
    option: Vec<WrittenOption>,
    group: Vec<WrittenGroup>,
    rule: Vec<WrittenRule>,
    campus: Vec<WrittenCampus>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSale {
    days: BTreeSet<i64>,
    from: String,
    until: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOption {
    key: String,
    name: Localized<String>,
    #[serde(default)]
    price: i64,
    #[serde(default)]
    foods: Vec<WrittenPortion>,
    /// Percent of the item's own foods that it adds.
    #[serde(default)]
    more_percent: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGroup {
    key: String,
    name: Localized<String>,
    min: i64,
    max: i64,
    options: Vec<String>,
}

/// A rule of every item that has both options.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    option: String,
    requires: Option<String>,
    excludes: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCampus {
    slug: String,
    name: Localized<String>,
    currency: String,
    /// Monday first: `07:30-10:00`.
    hours: Vec<Vec<String>>,
    slot_minutes: i64,
    slot_capacity: i64,
    lead_minutes: i64,
    items: Vec<WrittenItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenItem {
    dish: Option<String>,
    product: Option<String>,
    price: i64,
    minutes: i64,
    #[serde(default)]
    sale: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    stock: i64,
    #[serde(default)]
    station: Station,
}

fn wrong(part: &str, problem: impl ToString) -> DataError {
    DataError::Menu {
        part: part.to_owned(),
        problem: problem.to_string(),
    }
}

/// A time of day in minutes: `07:30`, `24:00`.
fn minute(part: &str, text: &str) -> Result<i64, DataError> {
    let parsed = text.split_once(':').and_then(|(hour, minute)| {
        let hour: i64 = hour.parse().ok().filter(|hour| (0..=24).contains(hour))?;
        let minute: i64 = minute
            .parse()
            .ok()
            .filter(|minute| (0..60).contains(minute))?;
        Some(hour * 60 + minute).filter(|minutes| *minutes <= 24 * 60)
    });
    parsed.ok_or_else(|| wrong(part, format!("{text} is no time of day")))
}

/// The menus of a file, checked: each option can be chosen, each item is in the catalogue.
///
/// # Errors
/// [`DataError`] names what is wrong, and why.
pub fn menus(
    foods_csv: &str,
    facts_csv: &str,
    menu_file: &str,
    catalogue: &Catalogue,
) -> Result<Vec<CampusMenu>, DataError> {
    let foods = Foods::read(foods_csv, facts_csv)?;
    let file: MenuFile = toml::from_str(menu_file)?;
    let library = Library {
        foods: &foods,
        file: &file,
        catalogue,
    };
    file.campus
        .iter()
        .map(|campus| library.campus(campus))
        .collect()
}

/// Every option that a menu item may have: what each is made of is known, so that its nutrients, allergens
/// and the diets that it ends can be computed on any item.
pub struct OptionLibrary {
    foods: Foods,
    file: MenuFile,
}

impl std::fmt::Debug for OptionLibrary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("OptionLibrary")
            .field("options", &self.file.option.len())
            .finish_non_exhaustive()
    }
}

impl OptionLibrary {
    /// The options of a menu file.
    ///
    /// # Errors
    /// [`DataError`] names what is wrong, and why.
    pub fn read(foods_csv: &str, facts_csv: &str, menu_file: &str) -> Result<Self, DataError> {
        Ok(Self {
            foods: Foods::read(foods_csv, facts_csv)?,
            file: toml::from_str(menu_file)?,
        })
    }

    /// The options there are: their keys, names and usual prices in minor units.
    pub fn choices(&self) -> impl Iterator<Item = (&str, &Localized<String>, i64)> {
        let options = self.file.option.iter();
        options.map(|option| (option.key.as_str(), &option.name, option.price))
    }

    /// The options of an item as somebody has put them together. An option that is not among those that
    /// there are is taken from what the item has had, where it has had it.
    ///
    /// # Errors
    /// The fields that name no option, group, dish or product; whether the rules contradict each other is
    /// not looked at.
    pub fn compose(
        &self,
        catalogue: &Catalogue,
        kind: &MenuItemKind,
        draft: &OptionsDraft,
        had: &Options,
    ) -> Result<Options, Vec<InvalidField>> {
        let library = Library {
            foods: &self.foods,
            file: &self.file,
            catalogue,
        };
        let not_there = |field: &str| vec![InvalidField::new(field, InvalidCode::NotInCatalogue)];
        let (_, foods) = library
            .made_of(kind)
            .ok_or_else(|| not_there("reference"))?;
        let mut fields = Vec::new();
        let mut chosen = Vec::new();
        let mut kept = Vec::new();
        for (place, group) in draft.groups.iter().enumerate() {
            let mut of_group = Vec::new();
            for (index, option) in group.options.iter().enumerate() {
                let written = self.file.option.iter().find(|one| one.key == option.key);
                match (written, had.option(&option.key)) {
                    (Some(written), _) => of_group.push((written, option.price)),
                    (None, Some(before)) => {
                        let before = MenuOption {
                            price: option.price,
                            ..before.clone()
                        };
                        kept.push((place, index, before));
                    }
                    (None, None) => fields.push(InvalidField::new(
                        format!("options.groups[{place}].options[{index}].key"),
                        InvalidCode::NotInCatalogue,
                    )),
                }
            }
            let group = OptionGroup {
                key: group.key.clone(),
                name: group.name.clone(),
                min: group.min,
                max: group.max,
                options: Vec::new(),
            };
            chosen.push((group, of_group));
        }
        if !fields.is_empty() {
            return Err(fields);
        }
        let mut options = library
            .assemble(kind.reference(), foods, chosen)
            .map_err(|_| not_there("options"))?;
        for (place, index, option) in kept {
            let group = &mut options.groups[place].options;
            group.insert(index.min(group.len()), option);
        }
        options.rules.clone_from(&draft.rules);
        Ok(options)
    }
}

/// What menus are put together from.
struct Library<'a> {
    foods: &'a Foods,
    file: &'a MenuFile,
    catalogue: &'a Catalogue,
}

impl Library<'_> {
    fn campus(&self, written: &WrittenCampus) -> Result<CampusMenu, DataError> {
        let part = written.slug.as_str();
        if written.hours.len() != 7 {
            return Err(wrong(part, "a week has seven days"));
        }
        let mut hours = OpeningHours::default();
        for (day, openings) in hours.0.iter_mut().zip(&written.hours) {
            for opening in openings {
                let (opens, closes) = opening
                    .split_once('-')
                    .ok_or_else(|| wrong(part, format!("{opening} is no time between two")))?;
                day.push(Opening {
                    opens: minute(part, opens)?,
                    closes: minute(part, closes)?,
                });
            }
        }
        hours.check().map_err(|fault| wrong(part, fault))?;
        let positive = [written.slot_minutes, written.slot_capacity];
        if positive.iter().any(|number| *number <= 0) || written.lead_minutes < 0 {
            return Err(wrong(part, "slots without length or room, or no lead"));
        }
        let items = written
            .items
            .iter()
            .map(|item| self.item(part, item))
            .collect::<Result<_, _>>()?;
        Ok(CampusMenu {
            slug: written.slug.clone(),
            name: written.name.clone(),
            currency: written.currency.clone(),
            hours,
            slot_minutes: written.slot_minutes,
            slot_capacity: written.slot_capacity,
            lead_minutes: written.lead_minutes,
            items,
        })
    }

    fn item(&self, campus: &str, written: &WrittenItem) -> Result<OfferedItem, DataError> {
        let kind = match (&written.dish, &written.product) {
            (Some(dish), None) => MenuItemKind::Dish(DishId(dish.clone())),
            (None, Some(product)) => MenuItemKind::Product(ProductId(product.clone())),
            _ => return Err(wrong(campus, "an item is one dish or one product")),
        };
        let part = format!("{campus}, {kind}");
        let (name, foods) = self
            .made_of(&kind)
            .ok_or_else(|| wrong(&part, "not in the catalogue"))?;
        if written.price < 0 || written.stock < 0 || !(0..=240).contains(&written.minutes) {
            return Err(wrong(&part, "price, stock or minutes are out of range"));
        }
        let options = self.options(&part, foods, &written.groups)?;
        options.check().map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            wrong(&part, faults.join("; "))
        })?;
        Ok(OfferedItem {
            name: name.clone(),
            price: written.price,
            minutes: written.minutes,
            sale: self.sale(&part, written.sale.as_deref())?,
            options,
            stock: written.stock,
            // Enough for those who are on their way.
            low_mark: written.stock / 8,
            station: written.station,
            kind,
        })
    }

    /// What a dish or product is called, and what it is made of.
    fn made_of(&self, kind: &MenuItemKind) -> Option<(&Localized<String>, &[Portion])> {
        match kind {
            MenuItemKind::Dish(id) => {
                let dish = self.catalogue.dish(id)?;
                Some((&dish.name, dish.foods.as_slice()))
            }
            MenuItemKind::Product(id) => {
                let product = self.catalogue.product(id)?;
                Some((&product.name, product.foods.as_slice()))
            }
        }
    }

    fn sale(&self, part: &str, name: Option<&str>) -> Result<Sale, DataError> {
        let Some(name) = name else {
            return Ok(Sale::always());
        };
        let written = self
            .file
            .sale
            .get(name)
            .ok_or_else(|| wrong(part, format!("no sale {name}")))?;
        let sale = Sale {
            days: written.days.clone(),
            from: minute(name, &written.from)?,
            until: minute(name, &written.until)?,
        };
        if !sale.is_sound() {
            return Err(wrong(name, "no times of weekdays"));
        }
        Ok(sale)
    }

    /// The options of an item that is made of some foods.
    fn options(
        &self,
        part: &str,
        foods: &[Portion],
        groups: &[String],
    ) -> Result<Options, DataError> {
        let mut chosen = Vec::new();
        for key in groups {
            let group = self.file.group.iter().find(|group| group.key == *key);
            let group = group.ok_or_else(|| wrong(part, format!("no group {key}")))?;
            let mut of_group = Vec::new();
            for key in &group.options {
                let written = self.file.option.iter().find(|option| option.key == *key);
                let written = written.ok_or_else(|| wrong(part, format!("no option {key}")))?;
                of_group.push((written, written.price));
            }
            let group = OptionGroup {
                key: group.key.clone(),
                name: group.name.clone(),
                min: group.min,
                max: group.max,
                options: Vec::new(),
            };
            chosen.push((group, of_group));
        }
        let mut options = self.assemble(part, foods, chosen)?;
        options.rules = self.rules(part, &options)?;
        Ok(options)
    }

    /// The options of groups that have none yet, each at a price, with what follows from what they are made
    /// of; without rules.
    fn assemble(
        &self,
        part: &str,
        foods: &[Portion],
        groups: Vec<(OptionGroup, Vec<(&WrittenOption, i64)>)>,
    ) -> Result<Options, DataError> {
        let mut options = Options::default();
        let mut added = Vec::new();
        for (number, (mut group, chosen)) in groups.into_iter().enumerate() {
            for (written, price) in chosen {
                let (option, composed) = self.option(written, foods)?;
                group.options.push(MenuOption { price, ..option });
                added.push(Added {
                    alone: composed,
                    // Of those only one is ever chosen.
                    either: (group.max == 1).then_some(number),
                });
            }
            options.groups.push(group);
        }
        let base = self.foods.compose(part, foods.to_vec())?;
        let mut excluded = Vec::new();
        for option in &added {
            excluded.push(self.excluded(part, &base, option, &added)?);
        }
        let all = options
            .groups
            .iter_mut()
            .flat_map(|group| &mut group.options);
        for (option, excluded) in all.zip(excluded) {
            option.excluded_diets = excluded;
        }
        Ok(options)
    }

    /// An option as it stands on an item, but for the diets.
    fn option(
        &self,
        written: &WrittenOption,
        item: &[Portion],
    ) -> Result<(MenuOption, Option<Composed>), DataError> {
        let id = written.key.as_str();
        let mut foods = match written.foods.as_slice() {
            [] => Vec::new(),
            foods => portions(id, foods)?,
        };
        foods.extend(
            item.iter()
                .filter(|_| written.more_percent > 0)
                .map(|portion| Portion {
                    ndb_no: portion.ndb_no.clone(),
                    grams: Amount(portion.grams.0 * written.more_percent / 100),
                }),
        );
        let composed = if foods.is_empty() {
            None
        } else {
            Some(self.foods.compose(id, foods)?)
        };
        let mut option = MenuOption {
            key: written.key.clone(),
            name: written.name.clone(),
            price: written.price,
            grams: Amount::ZERO,
            nutrients: BTreeMap::new(),
            allergens: Allergens::new(),
            excluded_diets: BTreeSet::new(),
            foods: BTreeSet::new(),
        };
        if let Some(composed) = &composed {
            let numbers = composed.portions.iter();
            let numbers: BTreeSet<NdbNo> = numbers.map(|portion| portion.ndb_no.clone()).collect();
            option.grams = composed.portions.iter().map(|portion| portion.grams).sum();
            option.nutrients = Nutrient::ALL
                .into_iter()
                .map(|nutrient| (nutrient, composed.nutrients[nutrient]))
                .filter(|(_, content)| content.known_permille == 1000)
                .map(|(nutrient, content)| (nutrient, content.amount))
                .collect();
            option.allergens = composed.allergens.clone();
            option.foods = numbers;
        }
        Ok((option, composed))
    }

    /// The rules between the options of an item.
    fn rules(&self, part: &str, options: &Options) -> Result<Vec<OptionRule>, DataError> {
        let mut rules = Vec::new();
        for written in &self.file.rule {
            let (kind, other) = match (&written.requires, &written.excludes) {
                (Some(other), None) => (RuleKind::Requires, other),
                (None, Some(other)) => (RuleKind::Excludes, other),
                _ => return Err(wrong(&written.option, "a rule requires or excludes one")),
            };
            let has = |key: &str| options.option(key).is_some();
            match (has(&written.option), has(other), kind) {
                (true, true, _) => rules.push(OptionRule {
                    kind,
                    option: written.option.clone(),
                    other: other.clone(),
                }),
                (true, false, RuleKind::Requires) => {
                    let problem = format!("{} requires {other}", written.option);
                    return Err(wrong(part, problem));
                }
                _ => {}
            }
        }
        Ok(rules)
    }

    /// The patterns that the item fits, and not any more with an option: because of what that is made
    /// of, or of what it is made of together with another option that may be chosen as well.
    fn excluded(
        &self,
        part: &str,
        base: &Composed,
        option: &Added,
        others: &[Added],
    ) -> Result<BTreeSet<Diet>, DataError> {
        let Some(alone) = &option.alone else {
            return Ok(BTreeSet::new());
        };
        let mut foods = base.portions.clone();
        foods.extend(alone.portions.iter().cloned());
        let with = self.foods.compose(part, foods)?;
        let excludes = |diet: Diet| {
            !diet.allows(&with.composition, &with.nutrients)
                || others.iter().any(|other| {
                    let Some(second) = &other.alone else {
                        return false;
                    };
                    let never = other.either.is_some() && other.either == option.either;
                    if never || std::ptr::eq(other, option) {
                        return false;
                    }
                    // By composition alone: contents are summed once all is chosen.
                    let fits = |parts: &[&Composition]| diet.allows(&union(parts), &base.nutrients);
                    let (item, one, two) =
                        (&base.composition, &alone.composition, &second.composition);
                    fits(&[item, two]) && !fits(&[item, one, two])
                })
        };
        Ok(base
            .diets()
            .into_iter()
            .filter(|diet| excludes(*diet))
            .collect())
    }
}

/// An option of an item.
struct Added {
    /// What it is made of by itself; nothing where it adds no food.
    alone: Option<Composed>,
    /// The group of which only one is chosen, where it is of such a group.
    either: Option<usize>,
}

fn union(parts: &[&Composition]) -> Composition {
    let mut all = Composition::default();
    for part in parts {
        all.traits.extend(&part.traits);
        all.red_meat += part.red_meat;
    }
    all
}
