//! Campuses and their menus in words.

use super::api::{CampusView, Filter, ItemCard, MenuView, StockView};
use crate::error::AppError;
use crate::words::{Words, minor_units};
use domain::allergen::Allergen;
use domain::diet::Diet;
use domain::menu::{Campus, CampusState, Contents, Forbidden, Slot};
use domain::nutrient::{Nutrient, Unit};
use domain::week::Date;
use locales::Key;
use service::Ctx;
use service::menu::{FreeSlot, MenuCard, MenuFilter};

/// With so many portions or fewer it is said how many.
const FEW: i64 = 5;

pub(super) async fn campuses(ctx: &Ctx) -> Result<Vec<CampusView>, AppError> {
    let campuses = service::menu::campuses(ctx).await?;
    let views = campuses.iter().map(|campus| {
        let slots = service::menu::free_slots(&ctx.service, campus, ctx.now(), &[]);
        campus_view(ctx, campus, &slots)
    });
    Ok(views.collect())
}

pub(super) async fn menu(
    ctx: &Ctx,
    campus: &str,
    filter: &Filter,
    added: &str,
) -> Result<MenuView, AppError> {
    let words = Words(ctx.language);
    let all = service::menu::campuses(ctx).await?;
    let currency = all
        .iter()
        .find(|one| one.slug == campus)
        .map(|one| one.currency.clone())
        .unwrap_or_default();
    let menu = service::menu::menu(ctx, campus, &command(filter, &currency)).await?;
    let others = all
        .iter()
        .filter(|other| other.id != menu.campus.id)
        .map(|other| (other.slug.clone(), words.of(&other.name)))
        .collect();
    let today = ctx.service.local_time(ctx.now()).date;
    let items: Vec<ItemCard> = menu
        .items
        .iter()
        .map(|item| card(ctx, &menu.campus, item, today))
        .collect();
    let restricted = menu.hidden > 0
        || !filter.hide.is_empty()
        || items.iter().any(|item| !item.forbidden.is_empty());
    let count = match items.len() {
        1 => words.t(Key::MenuCountOne),
        count => words.fill(Key::MenuCount, &[("count", &count.to_string())]),
    };
    let hidden = match menu.hidden {
        0 => String::new(),
        1 => words.t(Key::MenuHiddenOne),
        hidden => words.fill(Key::MenuHidden, &[("count", &hidden.to_string())]),
    };
    // What was just put into the cart is on the menu, unless the filter hides it; then nothing is said.
    let added = items
        .iter()
        .find(|item| item.id == added)
        .map(|item| item.name.clone());
    Ok(MenuView {
        campus: campus_view(ctx, &menu.campus, &menu.slots),
        others,
        items,
        count,
        currency: menu.campus.currency,
        restricted,
        hidden,
        added,
    })
}

/// The filter as the service takes it. What an address names wrongly does not filter.
fn command(filter: &Filter, currency: &str) -> MenuFilter {
    let price: Option<f64> = filter.price.trim().replace(',', ".").parse().ok();
    let price = price.filter(|price| (0.0..1e6).contains(price));
    let without = filter
        .without
        .iter()
        .filter_map(|key| Allergen::from_key(key));
    MenuFilter {
        text: filter.text.trim().to_owned(),
        diet: Diet::from_key(&filter.diet),
        without: without.collect(),
        price_most: price.map(|price| (price * minor_units(currency) as f64).round() as i64),
        ready_within: filter
            .ready
            .parse()
            .ok()
            .filter(|minutes| (1..=24 * 60).contains(minutes)),
        hide_forbidden: !filter.hide.is_empty(),
    }
}

/// A campus at a glance; `slots` are those that it takes orders for.
fn campus_view(ctx: &Ctx, campus: &Campus, slots: &[FreeSlot]) -> CampusView {
    let words = Words(ctx.language);
    let now = ctx.now();
    let local = ctx.service.local_time(now);
    let weekday = local.date.weekday();
    let open = campus
        .hours
        .open_at(weekday, local.hour * 60 + local.minute);
    let (tone, state) = match campus.state.at(now) {
        CampusState::Paused { until } => {
            let until = words.clock(ctx.service.local_time(until));
            ("beet", words.fill(Key::MenuPaused, &[("time", &until)]))
        }
        CampusState::Busy { minutes } => (
            "saffron",
            words.fill(Key::MenuBusy, &[("minutes", &minutes.to_string())]),
        ),
        CampusState::Open if open => ("leaf", words.t(Key::MenuOpen)),
        CampusState::Open => ("none", words.t(Key::MenuClosed)),
    };
    let hours: Vec<String> = campus
        .hours
        .on(weekday)
        .iter()
        .map(|opening| format!("{}–{}", clock(opening.opens), clock(opening.closes)))
        .collect();
    let hours = if hours.is_empty() {
        words.t(Key::MenuClosedToday)
    } else {
        words.fill(Key::MenuHours, &[("hours", &hours.join(", "))])
    };
    let next = slots
        .iter()
        .find(|free| free.left > 0)
        .map(|free| {
            words.fill(
                Key::MenuNext,
                &[("when", &when(words, free.slot, local.date))],
            )
        })
        .unwrap_or_default();
    CampusView {
        slug: campus.slug.clone(),
        name: words.of(&campus.name),
        tone: tone.to_owned(),
        state,
        hours,
        next,
    }
}

/// A minute of the day: "07:30"; the day's end is "24:00".
fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// A slot as people speak of it: "today, 12:15".
pub(crate) fn when(words: Words, slot: Slot, today: Date) -> String {
    format!(
        "{}, {}",
        words.near_day(slot.date, today),
        clock(slot.minute)
    )
}

/// An item of a menu.
pub(crate) fn card(ctx: &Ctx, campus: &Campus, card: &MenuCard, today: Date) -> ItemCard {
    let words = Words(ctx.language);
    let from = match card.first_slot {
        Some(slot) if slot.date == today => {
            words.fill(Key::MenuFrom, &[("time", &clock(slot.minute))])
        }
        Some(slot) => words.fill(Key::MenuFrom, &[("time", &when(words, slot, today))]),
        None => words.t(Key::MenuNotSoon),
    };
    let contents = &card.contents;
    ItemCard {
        id: card.item.id.to_string(),
        reference: card.item.kind.reference().to_owned(),
        name: words.of(&card.item.name),
        groups: contents
            .groups
            .iter()
            .map(|(group, grams)| (*group, *grams))
            .collect(),
        price: words.price(card.item.price, &campus.currency),
        meta: format!("{} · {from}", energy(words, contents)),
        allergens: allergens(words, contents),
        diets: diets(words, contents),
        stock: stock_view(words, card.left),
        forbidden: against(ctx, &card.forbidden),
        simple: card.item.options.is_empty(),
    }
}

/// "430 kcal · 24 g protein".
fn energy(words: Words, contents: &Contents) -> String {
    let amount = |nutrient: Nutrient| contents.nutrients[nutrient].amount;
    words.fill(
        Key::MenuEnergy,
        &[
            (
                "energy",
                &words.with_unit(amount(Nutrient::Energy), Unit::Kilocalorie),
            ),
            (
                "protein",
                &words.with_unit(amount(Nutrient::Protein), Unit::Gram),
            ),
        ],
    )
}

/// Names of the allergens that something contains or may contain.
pub(crate) fn allergens(words: Words, contents: &Contents) -> Vec<String> {
    let allergens = contents.allergens.iter();
    allergens
        .map(|one| words.name("allergen", one.key()))
        .collect()
}

/// Names of the diets that something fits; the one without restrictions goes without saying.
fn diets(words: Words, contents: &Contents) -> Vec<String> {
    Diet::ALL
        .into_iter()
        .filter(|diet| *diet != Diet::Omnivore && contents.diets.contains(diet))
        .map(|diet| words.name("diet", diet.key()))
        .collect()
}

/// How much of an item there is.
fn stock_view(words: Words, left: i64) -> StockView {
    let (tone, text) = match left {
        ..=0 => ("beet", words.t(Key::MenuSoldOut)),
        1..=FEW => (
            "saffron",
            words.fill(Key::MenuLeft, &[("count", &left.to_string())]),
        ),
        _ => ("leaf", words.t(Key::MenuAvailable)),
    };
    StockView {
        tone: tone.to_owned(),
        text,
        any: left > 0,
    }
}

/// Why the profile of whoever asks forbids something.
pub(crate) fn against(ctx: &Ctx, reasons: &[Forbidden]) -> Vec<String> {
    let words = Words(ctx.language);
    let reasons = reasons.iter();
    reasons
        .map(|reason| match reason {
            Forbidden::Allergen { allergen } => {
                let name = words.name("allergen", allergen.key());
                words.fill(Key::ForbiddenAllergen, &[("allergen", &name)])
            }
            Forbidden::Diet { diet } => {
                let name = words.name("diet", diet.key());
                words.fill(Key::ForbiddenDiet, &[("diet", &name)])
            }
            // A food that only an option is made of is not among the catalogue's.
            Forbidden::Food { food } => match ctx.service.catalogue().food(food) {
                Some(food) => words.fill(Key::ForbiddenFood, &[("food", &words.of(&food.name))]),
                None => words.t(Key::ForbiddenFoodUnnamed),
            },
            Forbidden::Dish => words.t(Key::ForbiddenDish),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_names_wrongly_does_not_filter() {
        let wrong = Filter {
            diet: "HUNGRY".to_owned(),
            without: vec!["KRYPTONITE".to_owned()],
            price: "cheap".to_owned(),
            ready: "-5".to_owned(),
            ..Filter::default()
        };
        assert!(command(&wrong, "MXN").is_empty());
    }

    #[test]
    fn prices_are_typed_in_whole_units() {
        let of = |price: &str, currency| {
            let filter = Filter {
                price: price.to_owned(),
                ..Filter::default()
            };
            command(&filter, currency).price_most
        };
        assert_eq!(of("45", "MXN"), Some(4500));
        assert_eq!(of("45,5", "MXN"), Some(4550));
        assert_eq!(of("1500", "CLP"), Some(1500));
        assert_eq!(of("-1", "MXN"), None);
    }
}
