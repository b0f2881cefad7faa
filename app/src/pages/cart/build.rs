//! A cart in words, and what its forms say in the service's terms.

use super::api::{CartLineView, CartView, PlanAdded, PlanMeals};
use crate::context::{local_path, set_cookie};
use crate::error::AppError;
use crate::pages::menu::{against, allergen_names};
use crate::words::Words;
use domain::allergen::Allergens;
use domain::amount::Amount;
use domain::dish::DishId;
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::Selection;
use domain::nutrient::{Nutrient, Unit};
use domain::problem::Problem;
use locales::Key;
use service::Ctx;
use service::cart::{self, Addition, LineView, Meals, Trouble};
use service::plan::{parse_id, parse_week};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The most dishes of a day that a page speaks of.
const MISSING_MOST: usize = 12;

pub(super) async fn cart(
    ctx: &Ctx,
    meals: PlanMeals,
    added: &str,
    missing: &[String],
) -> Result<CartView, AppError> {
    let words = Words(ctx.language);
    let cart = cart::get(ctx).await?;
    let plan = plan_added(
        ctx,
        cart.campus.as_ref().map(|it| &*it.slug),
        meals,
        added,
        missing,
    )
    .await;
    let Some(campus) = &cart.campus else {
        return Ok(CartView {
            campus: None,
            lines: Vec::new(),
            count: String::new(),
            total: String::new(),
            energy: String::new(),
            allergens: Vec::new(),
            orderable: false,
            plan,
        });
    };
    let mut allergens = Allergens::new();
    for line in &cart.lines {
        allergens.extend(&line.contents.allergens);
    }
    let sum = |nutrient: Nutrient| -> Amount {
        let lines = cart.lines.iter();
        lines
            .map(|line| line.contents.nutrients[nutrient].amount * line.quantity)
            .sum()
    };
    Ok(CartView {
        campus: Some((campus.slug.clone(), words.of(&campus.name))),
        lines: cart
            .lines
            .iter()
            .map(|line| line_view(ctx, &campus.slug, &campus.currency, line))
            .collect(),
        count: portions(words, cart.portions()),
        total: words.price(cart.total(), &campus.currency),
        energy: energy(words, sum(Nutrient::Energy), sum(Nutrient::Protein)),
        allergens: allergens
            .iter()
            .map(|one| words.name("allergen", one.key()))
            .collect(),
        orderable: cart.is_orderable(),
        plan,
    })
}

/// "4 portions".
fn portions(words: Words, count: i64) -> String {
    match count {
        1 => words.t(Key::CartCountOne),
        count => words.fill(Key::CartCount, &[("count", &count.to_string())]),
    }
}

/// "1 230 kcal · 54 g protein".
fn energy(words: Words, energy: Amount, protein: Amount) -> String {
    words.fill(
        Key::MenuEnergy,
        &[
            ("energy", &words.with_unit(energy, Unit::Kilocalorie)),
            ("protein", &words.with_unit(protein, Unit::Gram)),
        ],
    )
}

fn line_view(ctx: &Ctx, campus: &str, currency: &str, line: &LineView) -> CartLineView {
    let words = Words(ctx.language);
    let options: Vec<String> = line
        .options
        .iter()
        .map(|option| words.of(&option.name))
        .collect();
    let contents = &line.contents;
    let amount = |nutrient: Nutrient| contents.nutrients[nutrient].amount;
    CartLineView {
        id: line.id.to_string(),
        href: format!("/menu/{campus}/{}", line.item),
        reference: line.kind.reference().to_owned(),
        groups: contents
            .groups
            .iter()
            .map(|(group, grams)| (*group, *grams))
            .collect(),
        name: words.of(&line.name),
        options: options.join(", "),
        quantity: line.quantity,
        each: words.fill(
            Key::CartEach,
            &[("price", &words.price(line.unit_price, currency))],
        ),
        price: words.price(line.unit_price * line.quantity, currency),
        energy: energy(
            words,
            amount(Nutrient::Energy) * line.quantity,
            amount(Nutrient::Protein) * line.quantity,
        ),
        allergens: allergen_names(words, contents),
        trouble: line
            .trouble
            .map(|trouble| trouble_text(words, trouble))
            .unwrap_or_default(),
        forbidden: against(ctx, &line.forbidden),
    }
}

fn trouble_text(words: Words, trouble: Trouble) -> String {
    match trouble {
        Trouble::NotSold => words.t(Key::CartNotSold),
        Trouble::OptionsChanged => words.t(Key::CartOptionsChanged),
        Trouble::NotEnough { available: 0 } => words.t(Key::CartSoldOut),
        Trouble::NotEnough { available } => {
            words.fill(Key::CartNotEnough, &[("count", &available.to_string())])
        }
    }
}

/// What the address says that a plan has just put into the cart; nothing where it makes no sense.
async fn plan_added(
    ctx: &Ctx,
    campus: Option<&str>,
    meals: PlanMeals,
    added: &str,
    missing: &[String],
) -> Option<PlanAdded> {
    let words = Words(ctx.language);
    let asked = parse_meals(&meals).ok()?;
    let added: i64 = added.parse().ok()?;
    let sold = cart::sold_where(ctx, &asked).await.ok()?;
    let text = match added {
        0 => words.t(Key::CartPlanNone),
        1 => words.t(Key::CartPlanOne),
        count => words.fill(Key::CartPlanSome, &[("count", &count.to_string())]),
    };
    let missing = missing.iter().take(MISSING_MOST).filter_map(|entry| {
        let (dish, why) = entry.split_once(':')?;
        let dish = ctx.service.catalogue().dish(&DishId(dish.to_owned()))?;
        let key = locales::key(&format!("cart_missing.{why}"))?;
        Some(format!("{}: {}", words.of(&dish.name), words.t(key)))
    });
    let others = sold
        .into_iter()
        .filter(|there| there.dishes > 0 && Some(&*there.campus.slug) != campus)
        .map(|there| {
            let name = words.of(&there.campus.name);
            let count = there.dishes.to_string();
            let label = words.fill(
                Key::CartPlanElsewhere,
                &[("campus", &name), ("count", &count)],
            );
            (there.campus.slug, label)
        });
    Some(PlanAdded {
        text,
        missing: missing.collect(),
        others: others.collect(),
        meals,
    })
}

fn parse_meals(meals: &PlanMeals) -> Result<Meals, AppError> {
    let place = |text: &str| text.parse::<usize>().map_err(|_| Problem::NotFound);
    Ok(Meals {
        week: parse_week(&meals.week)?,
        version: Some(meals.plan.clone()).filter(|version| !version.is_empty()),
        day: place(&meals.day)?,
        meal: match meals.meal.as_str() {
            "" => None,
            meal => Some(place(meal)?),
        },
    })
}

/// Puts meals of the plan into the cart; gives the address that tells what came of it.
pub(super) async fn order_plan(
    ctx: &Ctx,
    week: &str,
    plan: &str,
    order: &str,
    campus: &str,
) -> Result<String, AppError> {
    ctx.account_id()?;
    let (day, meal) = order.split_once(':').unwrap_or((order, ""));
    let meals = PlanMeals {
        week: week.to_owned(),
        plan: plan.to_owned(),
        day: day.to_owned(),
        meal: meal.to_owned(),
    };
    let campus = Some(campus).filter(|campus| !campus.is_empty());
    let outcome = cart::add_from_plan(ctx, &parse_meals(&meals)?, campus).await?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("week", &meals.week);
    if !meals.plan.is_empty() {
        query.append_pair("plan", &meals.plan);
    }
    query.append_pair("day", &meals.day);
    if !meals.meal.is_empty() {
        query.append_pair("meal", &meals.meal);
    }
    query.append_pair("added", &outcome.added.len().to_string());
    for (dish, why) in outcome.missing {
        query.append_pair("missing", &format!("{dish}:{}", why.key()));
    }
    Ok(format!("/cart?{}", query.finish()))
}

/// What a form asks to put into the cart. `replace` names the item for which it may be emptied.
pub(super) fn addition(
    item: &str,
    quantity: &str,
    choices: BTreeMap<String, Vec<String>>,
    replace: &str,
) -> Result<Addition, AppError> {
    let named = if replace.is_empty() { item } else { replace };
    let quantity = match quantity.trim() {
        "" => 1,
        typed => typed.parse().map_err(|_| {
            let fields = vec![InvalidField::new("quantity", InvalidCode::Malformed)];
            AppError::from(Problem::Invalid { fields })
        })?,
    };
    let options: Selection = choices
        .into_values()
        .flatten()
        .filter(|option| !option.is_empty())
        .collect();
    Ok(Addition {
        item: parse_id(named)?,
        options,
        quantity,
        replace: !replace.is_empty(),
    })
}

/// Lets a visitor's browser keep its cart from now on.
pub(super) fn keep(ctx: &Ctx, visitor: Option<&str>) {
    if let Some(visitor) = visitor {
        set_cookie(&cart::cookie(ctx, visitor));
    }
}

/// The page that something was put into the cart from, told what it was; else the cart.
pub(super) fn way_back(back: &str, item: Uuid) -> String {
    match local_path(back) {
        Some(path) => {
            let join = if path.contains('?') { '&' } else { '?' };
            format!("{path}{join}added={item}")
        }
        None => "/cart".to_owned(),
    }
}

/// A line and its portions, as `<line>:<portions>`.
pub(super) fn change(set: &str) -> Result<(Uuid, i64), AppError> {
    let (line, quantity) = set.split_once(':').ok_or(Problem::Malformed)?;
    let quantity = quantity.parse().map_err(|_| Problem::Malformed)?;
    Ok((parse_id(line)?, quantity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_is_wanted() {
        let id = "0197a5c4-0000-7000-8000-000000000000";
        let choices = BTreeMap::from([
            ("size".to_owned(), vec!["large".to_owned()]),
            ("sauce".to_owned(), vec![String::new()]),
        ]);
        let plain = addition(id, " 3 ", choices, "").expect("a sound form");
        assert_eq!((plain.quantity, plain.replace), (3, false));
        assert_eq!(plain.options, Selection::from(["large".to_owned()]));
        let replacing = addition("", "", BTreeMap::new(), id).expect("a sound form");
        assert_eq!((replacing.quantity, replacing.replace), (1, true));
        assert!(addition("soup", "", BTreeMap::new(), "").is_err());
        assert!(addition(id, "many", BTreeMap::new(), "").is_err());
    }

    #[test]
    fn the_way_back_stays_on_this_site() {
        let item = Uuid::nil();
        assert_eq!(
            way_back("/menu/north?q=a", item),
            format!("/menu/north?q=a&added={item}")
        );
        assert_eq!(way_back("//elsewhere.example", item), "/cart");
    }

    #[test]
    fn a_change_names_its_line() {
        let id = "0197a5c4-0000-7000-8000-000000000000";
        let (line, quantity) = change(&format!("{id}:0")).expect("a change");
        assert_eq!((line.to_string().as_str(), quantity), (id, 0));
        for wrong in ["", "x", "x:1", &format!("{id}:x")] {
            assert!(change(wrong).is_err(), "{wrong}");
        }
    }
}
