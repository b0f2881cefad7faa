//! Turns the published reference tables into static tables, so that no number is typed twice and
//! the browser bundle carries integers instead of files and parsers.
//!
//! Every value becomes thousandths of the unit that `Nutrient` counts in. A row or label that this
//! does not know stops the build: a silent gap in a reference table would be a wrong plan.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Names of the tables against variants of `Nutrient`; the rest of the tables has no column in the
/// food data (iodine, single fatty acids) or none that a plan of meals could answer for (water).
const NAMES: [(&str, &str, &str); 28] = [
    ("Protein", "Protein", "Protein"),
    ("Carbohydrates", "", "Carbohydrate"),
    ("Total fiber", "Dietary fibre", "Fiber"),
    ("Calcium", "Calcium", "Calcium"),
    ("Iron", "Iron", "Iron"),
    ("Magnesium", "Magnesium", "Magnesium"),
    ("Phosphorus", "Phosphorus", "Phosphorus"),
    ("Potassium", "Potassium", "Potassium"),
    ("Sodium", "Sodium", "Sodium"),
    ("Zinc", "Zinc", "Zinc"),
    ("Selenium", "Selenium", "Selenium"),
    ("Copper", "Copper", "Copper"),
    ("Manganese", "Manganese", "Manganese"),
    ("Vitamin A", "Vitamin A", "VitaminA"),
    ("Vitamin C", "Vitamin C", "VitaminC"),
    ("Vitamin D", "Vitamin D", "VitaminD"),
    ("Vitamin E", "alpha-Tocopherol", "VitaminE"),
    ("Vitamin K", "Vitamin K", "VitaminK"),
    ("Thiamin", "Thiamin", "Thiamin"),
    ("Riboflavin", "Riboflavin", "Riboflavin"),
    ("Niacin", "Niacin", "Niacin"),
    ("Vitamin B6", "Vitamin B6", "VitaminB6"),
    ("Folate", "Folate", "Folate"),
    ("Vitamin B12", "Cobalamin", "VitaminB12"),
    ("Choline", "Choline", "Choline"),
    ("Pantothenic acid", "Pantothenic acid", "PantothenicAcid"),
    ("", "Total carbohydrates", ""),
    ("", "Total fat", ""),
];

const US_WITHOUT_COLUMN: [&str; 4] = [
    "Linoleic acid",
    "alpha-Linolenic acid",
    "Iodine",
    "Total water",
];

const EFSA_WITHOUT_COLUMN: [&str; 11] = [
    "Saturated fatty acids",
    "Linoleic acid",
    "alpha-linolenic acid",
    "EPA+DHA",
    "DHA",
    "Trans-fatty acids",
    "Water",
    "Fluoride",
    "Iodine",
    "Molybdenum",
    "Biotin",
];

/// EFSA's labels that stand in no nutrient table of ours: no column, or another unit's sum.
const EFSA_ALSO_UNUSED: [&str; 1] = ["Chloride"];

fn main() {
    let data = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../data");
    let read = |name: &str| {
        let path = data.join(name);
        println!("cargo:rerun-if-changed={}", path.display());
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    println!("cargo:rerun-if-changed=build.rs");
    let mut out = String::new();
    us(&read("dri_us.csv"), &mut out);
    efsa(&read("efsa_adult_drv.csv"), &mut out);
    energy(
        &serde_json::from_str(&read("energy.json")).expect("energy.json is JSON"),
        &mut out,
    );
    let target = Path::new(&env::var("OUT_DIR").expect("set by cargo")).join("reference.rs");
    fs::write(target, out).expect("OUT_DIR is writable");
}

/// The cells of each row after the header. The tables quote nothing.
fn rows(csv: &str) -> impl Iterator<Item = Vec<&str>> {
    assert!(!csv.contains('"'), "a quoted cell needs a real parser");
    csv.lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(|line| line.split(',').collect())
}

/// A decimal number in thousandths, exactly.
fn thousandths(text: &str) -> i64 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 3, "{text} is finer than a thousandth");
    let number = |part: &str| -> i64 { part.parse().unwrap_or_else(|_| panic!("{text}?")) };
    sign * (number(whole) * 1000
        + if fraction.is_empty() {
            0
        } else {
            number(&format!("{fraction:0<3}"))
        })
}

/// US values, a band a line: sex, life stage, ages, and by nutrient the target and the limit.
fn us(csv: &str, out: &mut String) {
    let mut bands: Vec<(String, String)> = Vec::new();
    for row in rows(csv) {
        let [
            nutrient,
            unit,
            sex,
            stage,
            from,
            to,
            kind,
            target,
            _,
            upper,
            upper_kind,
            scope,
            source,
        ] = row[..]
        else {
            panic!("dri_us.csv: {row:?}")
        };
        if US_WITHOUT_COLUMN.contains(&nutrient) {
            continue;
        }
        let name = NAMES.iter().find(|names| names.0 == nutrient);
        let variant = name.unwrap_or_else(|| panic!("dri_us.csv: {nutrient}")).2;
        // The food table counts copper in milligrams.
        let divisor = match (variant, unit) {
            ("Copper", "ug") => 1000,
            _ => 1,
        };
        let kind = match kind {
            "RDA" => "Rda",
            "AI" => "Ai",
            _ => panic!("dri_us.csv: kind {kind}"),
        };
        let limited = match (variant, scope) {
            (_, "" | "total intake") => variant,
            ("VitaminA", "preformed (retinol) only") => "Retinol",
            ("Folate", "folic acid (synthetic) only") => "FolicAcid",
            // Supplements and synthetic forms cannot be told apart from the rest of a meal.
            ("Magnesium" | "Niacin" | "VitaminE", _) => "",
            _ => panic!("dri_us.csv: scope {scope}"),
        };
        let limit = match upper_kind {
            "" => "None".to_owned(),
            _ if limited.is_empty() => "None".to_owned(),
            "UL" | "CDRR" => {
                let kind = if upper_kind == "UL" { "Ul" } else { "Cdrr" };
                let amount = thousandths(upper) / divisor;
                format!("Some((Nutrient::{limited}, {amount}, ReferenceKind::{kind}))")
            }
            _ => panic!("dri_us.csv: upper {upper_kind}"),
        };
        let camel = |word: &str| word[..1].to_uppercase() + &word[1..];
        let head = format!(
            "sex: Sex::{}, life_stage: LifeStage::{}, ages: ({from}, {to})",
            camel(sex),
            camel(stage)
        );
        let value = format!(
            "UsValue {{ nutrient: Nutrient::{variant}, target: {}, kind: ReferenceKind::{kind}, \
             limit: {limit}, source: \"{source}\" }}, ",
            thousandths(target) / divisor
        );
        match bands.iter_mut().find(|band| band.0 == head) {
            Some(band) => band.1.push_str(&value),
            None => bands.push((head, value)),
        }
    }
    writeln!(
        out,
        "/// Dietary Reference Intakes, by sex, life stage and age."
    )
    .expect("string");
    writeln!(out, "static US: [UsBand; {}] = [", bands.len()).expect("string");
    for (head, values) in bands {
        writeln!(out, "    UsBand {{ {head}, values: &[{values}] }},").expect("string");
    }
    writeln!(out, "];").expect("string");
}

/// EFSA's adult values: rows that differ by more than sex keep their label.
fn efsa(csv: &str, out: &mut String) {
    let mut lines = Vec::new();
    for row in rows(csv) {
        let [nutrient, unit, kind, sex, ages, value, note] = row[..] else {
            panic!("efsa_adult_drv.csv: {row:?}")
        };
        if EFSA_WITHOUT_COLUMN.contains(&nutrient) || EFSA_ALSO_UNUSED.contains(&nutrient) {
            continue;
        }
        let name = NAMES.iter().find(|names| names.1 == nutrient);
        let variant = name
            .unwrap_or_else(|| panic!("efsa_adult_drv.csv: {nutrient}"))
            .2;
        if variant.is_empty() {
            let constant = nutrient.replace("Total ", "").to_uppercase();
            let (low, high) = note.split_once('-').expect("a range");
            lines.push(format!(
                "/// EFSA's reference intake range, in percent of energy.\n\
                 pub(super) const EFSA_{constant}_RANGE: (i64, i64) = ({low}, {high});"
            ));
            continue;
        }
        let basis = match unit {
            "mg/d" | "ug/d" | "g/d" | "ug DFE/d" => "Day",
            "g/kg/d" => "Kilogram",
            "mg/MJ" | "mg NE/MJ" => "Megajoule",
            _ => panic!("efsa_adult_drv.csv: unit {unit}"),
        };
        let factor = if (variant, unit) == ("Sodium", "g/d") {
            1000
        } else {
            1
        };
        let kind = if kind == "PRI" || kind == "PRI/AI" {
            "Pri"
        } else {
            "Ai"
        };
        let ages = match ages {
            ">18 yr" | "18-59 y" => "(18, 120)",
            "18-24 yr" => "(18, 24)",
            ">25 yr" => "(25, 120)",
            // The same protein per kilogram as below sixty.
            ">60 y" => continue,
            _ => panic!("efsa_adult_drv.csv: ages {ages}"),
        };
        for (label, sex_variant) in [("Males", "Male"), ("Females", "Female")] {
            if sex.split('/').any(|part| part == label) {
                lines.push(format!(
                    "    EfsaValue {{ nutrient: Nutrient::{variant}, sex: Sex::{sex_variant}, \
                     ages: {ages}, amount: {}, basis: Basis::{basis}, kind: ReferenceKind::{kind} }},",
                    thousandths(value) * factor
                ));
            }
        }
    }
    let (values, constants): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.starts_with(' '));
    writeln!(out, "{}", constants.join("\n")).expect("string");
    writeln!(out, "/// EFSA's values in the order of the table.").expect("string");
    writeln!(out, "static EFSA: [EfsaValue; {}] = [", values.len()).expect("string");
    writeln!(out, "{}\n];", values.join("\n")).expect("string");
}

/// `10*kg+6.25*cm-5*age+5` as constant, age, cm and kg, in thousandths of a kilocalorie.
fn linear(formula: &str) -> String {
    let spaced = formula.replace('-', "+-");
    let mut terms = [0; 4];
    for term in spaced.split('+') {
        let (factor, place) = match term.split_once('*') {
            None => (term, 0),
            Some((factor, "age")) => (factor, 1),
            Some((factor, "cm")) => (factor, 2),
            Some((factor, "kg")) => (factor, 3),
            Some(_) => panic!("energy.json: {formula}"),
        };
        terms[place] = thousandths(factor);
    }
    format!("{terms:?}")
}

/// The equations of energy, activity factors, and the ranges in percent of energy.
fn energy(json: &Value, out: &mut String) {
    let sexes = ["female", "male"];
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    // Through its shortest decimal form, which is how the file writes it.
    let number = |value: &Value| thousandths(&value.to_string());
    let mut line = |doc: &str, name: &str, kind: &str, value: String| {
        writeln!(out, "/// {doc}\npub(super) const {name}: {kind} = {value};").expect("string");
    };
    let mifflin = &json["mifflin_st_jeor"];
    line(
        "Mifflin-St Jeor, female and male: constant, age, cm, kg, in thousandths of a kcal.",
        "MIFFLIN",
        "[[i64; 4]; 2]",
        format!(
            "[{}]",
            sexes.map(|sex| linear(&text(&mifflin[sex]))).join(", ")
        ),
    );
    let activities = ["sedentary", "light", "moderate", "active", "very_active"];
    line(
        "Activity factors in thousandths, by `Activity`.",
        "ACTIVITY_FACTORS",
        "[i64; 5]",
        format!(
            "{:?}",
            activities.map(|name| number(&mifflin["activity_factor"][name]))
        ),
    );
    let eer = &json["eer_2023_adult_19plus"];
    let categories = ["inactive", "low_active", "active", "very_active"];
    let row = |value: &Value| {
        let terms: Vec<i64> = value.as_array().expect("four").iter().map(number).collect();
        format!("{terms:?}")
    };
    line(
        "EER 2023, female and male, by category: constant, age, cm, kg, in thousandths of a kcal.",
        "EER",
        "[[[i64; 4]; 4]; 2]",
        format!(
            "[{}]",
            sexes
                .map(|sex| format!(
                    "[{}]",
                    categories.map(|name| row(&eer[sex][name])).join(", ")
                ))
                .join(", ")
        ),
    );
    let bound = |name: &str| number(&eer["pal_bounds_secondary"][name][1]);
    line(
        "Physical activity levels at which each EER category ends, in thousandths.",
        "EER_CATEGORY_ENDS",
        "[i64; 4]",
        format!("{:?}", categories.map(bound)),
    );
    for (name, constant) in [
        ("carbohydrate", "CARBOHYDRATE"),
        ("fat", "FAT"),
        ("protein", "PROTEIN"),
    ] {
        let range = &json["amdr_adult_pct_energy"][name];
        line(
            "Acceptable macronutrient distribution range of adults, in percent of energy.",
            &format!("{constant}_RANGE"),
            "(i64, i64)",
            format!("({}, {})", range[0], range[1]),
        );
    }
    line(
        "Most saturated fat, in percent of energy.",
        "SATURATED_FAT_MOST",
        "i64",
        json["limits_pct_energy"]["saturated_fat_max"].to_string(),
    );
    for sex in sexes {
        line(
            "Least energy that a plan may set, in kcal a day.",
            &format!("{}_ENERGY_LEAST", sex.to_uppercase()),
            "i64",
            json["weight_loss"][format!("{sex}_kcal_range")][0].to_string(),
        );
    }
}
