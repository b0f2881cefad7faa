//! A plan's amounts against their targets: rings, bars, tables, and the week in numbers.

use super::api::{BarView, RingView, StatView, Tone, TotalView};
use crate::context::number;
use crate::words::Words;
use domain::amount::Amount;
use domain::nutrient::{Nutrient, Unit};
use domain::plan::{AdherenceStatus, Plan, PlanDay};
use domain::target::{NutrientTarget, Targets};
use locales::Key;

/// What a day has of a macronutrient and where it should be.
struct Macro {
    nutrient: Nutrient,
    label: String,
    amount: Amount,
    least: Amount,
    most: Amount,
}

fn macros(words: Words, day: &PlanDay, targets: &Targets) -> [Macro; 3] {
    let of = |nutrient: Nutrient, (least, most): (Amount, Amount)| Macro {
        nutrient,
        label: words.name("nutrient", nutrient.key()),
        amount: day.totals[nutrient],
        least,
        most,
    };
    let mut carbohydrate = of(Nutrient::Carbohydrate, targets.carbohydrate);
    if carbohydrate.least == Amount::ZERO {
        // A keto pattern limits net carbohydrate.
        carbohydrate.label = words.t(Key::PlanNetCarbohydrate);
        carbohydrate.amount = (carbohydrate.amount - day.totals[Nutrient::Fiber]).max(Amount::ZERO);
    }
    [
        of(Nutrient::Protein, targets.protein),
        carbohydrate,
        of(Nutrient::Fat, targets.fat),
    ]
}

/// Closed within its range, open below it, and begun anew above it.
pub(super) fn rings(words: Words, day: &PlanDay, targets: &Targets) -> Vec<RingView> {
    let energy = day.totals[Nutrient::Energy].rounded();
    let target = number(targets.energy);
    let first = RingView {
        class: "macro-energy".to_owned(),
        label: words.name("nutrient", Nutrient::Energy.key()),
        value: energy as f64 / targets.energy.max(1) as f64,
        text: number(energy),
        caption: words.fill(Key::PlanEnergyOf, &[("target", &target)]),
    };
    let others = macros(words, day, targets).map(|it| RingView {
        class: format!("macro-{}", it.nutrient.key()),
        value: if it.amount < it.least {
            share(it.amount, it.least)
        } else {
            share(it.amount, it.most).max(1.0)
        },
        text: number(it.amount.rounded()),
        caption: "g".to_owned(),
        label: it.label,
    });
    std::iter::once(first).chain(others).collect()
}

fn share(amount: Amount, of: Amount) -> f64 {
    amount.0 as f64 / of.0.max(1) as f64
}

/// The nutrients, beside energy and macronutrients, that a day's table shows.
const ALSO_BY_DAY: [Nutrient; 3] = [Nutrient::Fiber, Nutrient::SaturatedFat, Nutrient::Sodium];

pub(super) fn totals(words: Words, day: &PlanDay, targets: &Targets) -> Vec<TotalView> {
    let energy = day.totals[Nutrient::Energy];
    let target = Amount::whole(targets.energy);
    let near = (energy.0 - target.0).abs() * 20 <= target.0;
    let first = TotalView {
        label: words.name("nutrient", Nutrient::Energy.key()),
        amount: words.with_unit(energy, Unit::Kilocalorie),
        target: words.fill(
            Key::PlanTargetAbout,
            &[("amount", &words.with_unit(target, Unit::Kilocalorie))],
        ),
        bar: BarView {
            tone: if near { Tone::Leaf } else { Tone::Saffron },
            ..bar(energy, Some(target), None)
        },
    };
    let ranges = macros(words, day, targets).map(|it| {
        let most = words.with_unit(it.most, Unit::Gram);
        let target = if it.least == Amount::ZERO {
            words.fill(Key::PlanTargetMost, &[("amount", &most)])
        } else {
            format!("{}–{most}", number(it.least.rounded()))
        };
        let least = Some(it.least).filter(|least| *least > Amount::ZERO);
        TotalView {
            label: it.label,
            amount: words.with_unit(it.amount, Unit::Gram),
            target,
            bar: bar(it.amount, least, Some(it.most)),
        }
    });
    let others = ALSO_BY_DAY.into_iter().filter_map(|nutrient| {
        let target = targets
            .nutrients
            .iter()
            .find(|target| target.nutrient == nutrient)?;
        let NutrientTarget {
            at_least, at_most, ..
        } = target;
        let say = |amount: Amount| words.with_unit(amount, nutrient.unit());
        let text = match (at_least, at_most) {
            (Some(least), _) => words.fill(Key::PlanTargetLeast, &[("amount", &say(least.amount))]),
            (None, Some(most)) => words.fill(Key::PlanTargetMost, &[("amount", &say(most.amount))]),
            (None, None) => return None,
        };
        let amount = day.totals[nutrient];
        Some(TotalView {
            label: words.name("nutrient", nutrient.key()),
            amount: say(amount),
            target: text,
            bar: bar(
                amount,
                at_least.as_ref().map(|it| it.amount),
                at_most.as_ref().map(|it| it.amount),
            ),
        })
    });
    std::iter::once(first).chain(ranges).chain(others).collect()
}

/// A bar whose track leaves room beyond the reference, and up to the limit where that is not far.
pub(crate) fn bar(amount: Amount, least: Option<Amount>, most: Option<Amount>) -> BarView {
    let track = match (least, most) {
        (Some(least), Some(most)) if most.0 <= least.0 * 4 => most.0 * 6 / 5,
        (Some(least), _) => least.0 * 3 / 2,
        (None, Some(most)) => most.0 * 4 / 3,
        (None, None) => amount.0,
    };
    let on_track = |amount: Amount| amount.0 as f64 / track.max(1) as f64;
    let tone = match (least, most) {
        (_, Some(most)) if amount > most => Tone::Beet,
        (Some(least), _) if amount.0 * 10 < least.0 * 9 => Tone::Accent,
        (Some(least), _) if amount < least => Tone::Saffron,
        (None, None) => Tone::None,
        _ => Tone::Leaf,
    };
    BarView {
        value: on_track(amount).min(1.0),
        mark: least.map(on_track),
        limit: most.map(on_track).filter(|limit| *limit <= 1.0),
        tone,
    }
}

/// The week in five numbers.
pub(super) fn stats(words: Words, plan: &Plan) -> Vec<StatView> {
    let mean = |nutrient: Nutrient| {
        let row = plan.adherence.iter().find(|row| row.nutrient == nutrient);
        row.map_or(Amount::ZERO, |row| row.mean)
    };
    let count = |status: AdherenceStatus| {
        plan.adherence
            .iter()
            .filter(|row| row.status == status)
            .count()
    };
    let with_reference = plan.adherence.len() - count(AdherenceStatus::NoReference);
    let (near, short) = (count(AdherenceStatus::Near), count(AdherenceStatus::Short));
    let fiber = plan
        .targets
        .nutrients
        .iter()
        .find(|target| target.nutrient == Nutrient::Fiber);
    let fiber = fiber
        .and_then(|target| target.at_least.as_ref())
        .map(|least| least.amount);
    let grams = |amount: Amount| words.with_unit(amount, Unit::Gram);
    let target = words.with_unit(Amount::whole(plan.targets.energy), Unit::Kilocalorie);
    let mut reached = if (near, short) == (0, 0) {
        words.t(Key::PlanStatReachedAll)
    } else {
        words.fill(
            Key::PlanStatReachedNote,
            &[("near", &near.to_string()), ("short", &short.to_string())],
        )
    };
    let above = count(AdherenceStatus::AboveLimit);
    if above > 0 {
        if (near, short) == (0, 0) {
            reached.clear();
        }
        let join = if reached.is_empty() { "" } else { ", " };
        reached = format!(
            "{reached}{join}{}",
            words.fill(Key::PlanStatAboveNote, &[("above", &above.to_string())])
        );
    }
    let stat = |value: String, label: Key, note: String| StatView {
        value,
        label: words.t(label),
        note,
    };
    let least = |amount: Amount| words.fill(Key::PlanStatLeastNote, &[("target", &grams(amount))]);
    vec![
        stat(
            number(mean(Nutrient::Energy).rounded()),
            Key::PlanStatEnergy,
            words.fill(Key::PlanStatEnergyNote, &[("target", &target)]),
        ),
        stat(
            number(mean(Nutrient::Protein).rounded()),
            Key::PlanStatProtein,
            least(plan.targets.protein.0),
        ),
        stat(
            number(mean(Nutrient::Fiber).rounded()),
            Key::PlanStatFiber,
            fiber.map(least).unwrap_or_default(),
        ),
        stat(
            format!("{}/{with_reference}", count(AdherenceStatus::Reached)),
            Key::PlanStatReached,
            reached,
        ),
        stat(
            words.money(plan.cost),
            Key::PlanStatCost,
            words.t(Key::PlanStatCostNote),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_where_an_amount_stands() {
        let whole = |grams| Some(Amount::whole(grams));
        let range = bar(Amount::whole(60), whole(50), whole(100));
        assert_eq!(
            (range.value, range.limit.is_some(), range.tone),
            (0.5, true, Tone::Leaf)
        );
        assert_eq!(bar(Amount::whole(46), whole(50), None).tone, Tone::Saffron);
        assert_eq!(bar(Amount::whole(40), whole(50), None).tone, Tone::Accent);
        // A limit far beyond the reference is not drawn, but still binds.
        let far = bar(Amount::whole(900), whole(50), whole(800));
        assert_eq!((far.value, far.limit, far.tone), (1.0, None, Tone::Beet));
    }
}
