//! A week's nutrients in words.

use super::api::{NutrientGroup, NutrientRow, NutrientsView, ReferenceView};
use crate::error::AppError;
use crate::pages::plan::api::{BarView, Tone};
use crate::pages::plan::build::{Week, load};
use crate::pages::plan::numbers::bar;
use crate::words::{Words, wire_name};
use domain::amount::Amount;
use domain::nutrient::{Nutrient, Nutrient as N};
use domain::plan::{Adherence, AdherenceStatus, Plan};
use domain::target::{ReferenceKind, ReferenceValue};
use locales::Key;
use service::Ctx;

/// The nutrients in the order and under the titles in which tables show them.
pub(crate) const GROUPS: [(Key, &[Nutrient]); 3] = [
    (
        Key::NutrientsMain,
        &[
            N::Energy,
            N::Protein,
            N::Carbohydrate,
            N::Fiber,
            N::Sugars,
            N::Fat,
            N::SaturatedFat,
            N::MonounsaturatedFat,
            N::PolyunsaturatedFat,
            N::Cholesterol,
            N::Water,
        ],
    ),
    (
        Key::NutrientsMinerals,
        &[
            N::Calcium,
            N::Iron,
            N::Magnesium,
            N::Phosphorus,
            N::Potassium,
            N::Sodium,
            N::Zinc,
            N::Copper,
            N::Manganese,
            N::Selenium,
        ],
    ),
    (
        Key::NutrientsVitamins,
        &[
            N::VitaminA,
            N::Retinol,
            N::VitaminC,
            N::VitaminD,
            N::VitaminE,
            N::VitaminK,
            N::Thiamin,
            N::Riboflavin,
            N::Niacin,
            N::PantothenicAcid,
            N::VitaminB6,
            N::Folate,
            N::FolicAcid,
            N::VitaminB12,
            N::Choline,
        ],
    ),
];

/// From here on, in thousandths, everything counts as known: below, rounding would say 100 %.
const ALL_KNOWN: i64 = 995;

pub(super) async fn nutrients_view(
    ctx: &Ctx,
    week: &str,
    version: &str,
) -> Result<NutrientsView, AppError> {
    let Week {
        words, head, found, ..
    } = load(ctx, week, version).await?;
    let plan = found.plan.map(|owned| owned.plan);
    let groups = plan.iter().flat_map(|plan| groups(words, plan)).collect();
    let kinds = plan
        .as_ref()
        .map(|plan| kinds(words, plan))
        .unwrap_or_default();
    Ok(NutrientsView {
        head,
        profile: found.profile,
        groups,
        kinds,
    })
}

fn groups(words: Words, plan: &Plan) -> Vec<NutrientGroup> {
    let group = |(title, nutrients): (Key, &[Nutrient])| NutrientGroup {
        title: words.t(title),
        rows: nutrients
            .iter()
            .filter_map(|nutrient| plan.adherence.iter().find(|row| row.nutrient == *nutrient))
            .map(|found| row(words, plan, found))
            .collect(),
    };
    GROUPS.into_iter().map(group).collect()
}

fn row(words: Words, plan: &Plan, found: &Adherence) -> NutrientRow {
    let nutrient = found.nutrient;
    let target = plan
        .targets
        .nutrients
        .iter()
        .find(|target| target.nutrient == nutrient);
    let (least, most) = target.map_or((None, None), |target| {
        (target.at_least.as_ref(), target.at_most.as_ref())
    });
    let amount = words.with_unit(found.mean, nutrient.unit());
    let all_known = found.known_permille >= ALL_KNOWN;
    let say = if all_known {
        Key::NutrientsAbout
    } else {
        Key::NutrientsAtLeast
    };
    let known = if all_known {
        String::new()
    } else {
        words.fill(
            Key::NutrientsKnown,
            &[("percent", &(found.known_permille / 10).to_string())],
        )
    };
    let mut references: Vec<_> = match (least, most) {
        // Two ends of one range are one reference.
        (Some(least), Some(most)) if least.kind == most.kind && least.source == most.source => {
            let both = reference(words, nutrient, most, Key::NutrientsTarget);
            let from = crate::context::amount(least.amount);
            vec![ReferenceView {
                amount: format!("{from}–{}", both.amount),
                ..both
            }]
        }
        _ => [(least, Key::NutrientsTarget), (most, Key::NutrientsUpper)]
            .into_iter()
            .filter_map(|(value, say)| Some(reference(words, nutrient, value?, say)))
            .collect(),
    };
    let mut drawn = (least.is_some() || most.is_some()).then(|| {
        bar(
            found.mean,
            least.map(|it| it.amount),
            most.map(|it| it.amount),
        )
    });
    if nutrient == Nutrient::Energy {
        // Energy's target is the profile's own: no published value.
        let target = Amount::whole(plan.targets.energy);
        let amount = words.fill(
            Key::PlanTargetAbout,
            &[("amount", &words.with_unit(target, nutrient.unit()))],
        );
        references.push(ReferenceView {
            amount,
            kind: String::new(),
            kind_name: String::new(),
            source: String::new(),
        });
        drawn = Some(bar(found.mean, Some(target), None));
    }
    let tone = tone(found.status);
    NutrientRow {
        name: words.name("nutrient", nutrient.key()),
        amount: words.fill(say, &[("amount", &amount)]),
        known,
        references,
        bar: drawn.map(|bar| BarView { tone, ..bar }),
        status: words.name("status", &wire_name(&found.status)),
        tone,
    }
}

fn tone(status: AdherenceStatus) -> Tone {
    match status {
        AdherenceStatus::NoReference => Tone::None,
        AdherenceStatus::Reached => Tone::Leaf,
        AdherenceStatus::Near => Tone::Saffron,
        AdherenceStatus::Short => Tone::Accent,
        AdherenceStatus::AboveLimit => Tone::Beet,
    }
}

fn reference(words: Words, nutrient: Nutrient, value: &ReferenceValue, say: Key) -> ReferenceView {
    let kind = wire_name(&value.kind);
    ReferenceView {
        amount: words.fill(
            say,
            &[("amount", &words.with_unit(value.amount, nutrient.unit()))],
        ),
        kind: words.name("reference", &kind),
        kind_name: words.name("reference_name", &kind),
        source: value.source.clone(),
    }
}

fn kinds(words: Words, plan: &Plan) -> Vec<(String, String)> {
    use ReferenceKind as K;
    let values = plan
        .targets
        .nutrients
        .iter()
        .flat_map(|target| [&target.at_least, &target.at_most]);
    let used: Vec<K> = values.flatten().map(|value| value.kind).collect();
    [
        K::Rda,
        K::Ai,
        K::Pri,
        K::Range,
        K::Ul,
        K::Cdrr,
        K::Guideline,
    ]
    .into_iter()
    .filter(|kind| used.contains(kind))
    .map(|kind| {
        let kind = wire_name(&kind);
        (
            words.name("reference", &kind),
            words.name("reference_name", &kind),
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nutrient_is_in_one_table() {
        let mut shown: Vec<_> = GROUPS
            .iter()
            .flat_map(|(_, nutrients)| nutrients.iter().copied())
            .collect();
        shown.sort();
        assert_eq!(shown, Nutrient::ALL);
    }
}
