//! Quantities as a cook says them: quarters, and household measures in the plural.

use crate::amount::Amount;
use crate::food::Measure;
use crate::text::Language;

/// A number of quarters with fraction signs: `¾`, `2½`, `12`.
#[must_use]
pub fn quarters(count: i64) -> String {
    let fraction = ["", "¼", "½", "¾"][count.rem_euclid(4) as usize];
    match count.div_euclid(4) {
        0 if !fraction.is_empty() => fraction.to_owned(),
        whole => format!("{whole}{fraction}"),
    }
}

/// How many quarters of a household measure weigh so much: the nearest, whole ones from ten on;
/// nothing where it is less than an eighth, or where the measure is only a weight.
#[must_use]
pub fn in_quarters(grams: Amount, measure: &Measure) -> i64 {
    if measure.weight.0 <= 0 || unit(measure, Language::En).is_none() {
        return 0;
    }
    let nearest = |step: i64| (grams.0 * step + measure.weight.0 / 2) / measure.weight.0;
    let count = nearest(4);
    if count < 40 { count } else { nearest(1) * 4 }
}

/// So many quarters of a measure in words: `2½ cups, chopped`. `None` where there is none of it.
#[must_use]
pub fn phrase(count: i64, measure: &Measure, language: Language) -> Option<String> {
    let unit = unit(measure, language).filter(|_| count > 0)?;
    let unit = if count > 4 {
        plural(unit, language)
    } else {
        unit.to_owned()
    };
    Some(format!("{} {unit}", quarters(count)))
}

/// What one of a measure is called; `None` for plain weights ("100 g").
fn unit(measure: &Measure, language: Language) -> Option<&str> {
    measure.name.get(language).strip_prefix("1 ")
}

/// The plural of a measure's name. What follows a comma, a parenthesis or "of" stays.
fn plural(unit: &str, language: Language) -> String {
    let (of, plural_of): (&str, fn(&str) -> String) = match language {
        Language::En => (" of ", english),
        Language::Es => (" de ", spanish),
    };
    let end = [",", " (", of]
        .iter()
        .filter_map(|mark| unit.find(mark))
        .min()
        .unwrap_or(unit.len());
    let (head, tail) = unit.split_at(end);
    format!("{}{tail}", plural_of(head))
}

/// "large egg" is "large eggs": the last word changes.
fn english(head: &str) -> String {
    let (before, last) = head
        .rsplit_once(' ')
        .map_or(("", head), |(before, last)| (before, last));
    let last = match last {
        "tbsp" | "tsp" | "oz" | "shrimp" => last.to_owned(),
        "leaf" => "leaves".to_owned(),
        "half" => "halves".to_owned(),
        _ if last.ends_with(['s', 'x']) || last.ends_with("ch") || last.ends_with("sh") => {
            format!("{last}es")
        }
        _ => match last.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
            _ => format!("{last}s"),
        },
    };
    if before.is_empty() {
        last
    } else {
        format!("{before} {last}")
    }
}

/// "huevo grande" is "huevos grandes": every word changes.
fn spanish(head: &str) -> String {
    let word = |word: &str| match word.char_indices().next_back() {
        Some((_, 'a' | 'e' | 'i' | 'o' | 'u' | 'é')) => format!("{word}s"),
        Some((at, 'z')) => format!("{}ces", &word[..at]),
        // The accent of a stressed last syllable is not written any more: "limón", "limones".
        Some((at, 'n')) => match word[..at].char_indices().next_back() {
            Some((stem, 'ó')) => format!("{}ones", &word[..stem]),
            _ => format!("{word}es"),
        },
        _ => format!("{word}es"),
    };
    head.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Localized;

    fn measure(grams: i64, en: &str, es: &str) -> Measure {
        Measure {
            weight: Amount::whole(grams),
            name: Localized {
                en: en.to_owned(),
                es: es.to_owned(),
            },
        }
    }

    #[test]
    fn quarters_are_written_as_fractions() {
        assert_eq!(
            [0, 1, 2, 4, 7, 48].map(quarters),
            ["0", "¼", "½", "1", "1¾", "12"]
        );
    }

    #[test]
    fn measures_are_counted_to_the_nearest_quarter() {
        let cup = measure(128, "1 cup, chopped", "1 taza, en trozos");
        assert_eq!(in_quarters(Amount::whole(10), &cup), 0);
        assert_eq!(in_quarters(Amount::whole(20), &cup), 1);
        assert_eq!(in_quarters(Amount::whole(310), &cup), 10);
        assert_eq!(in_quarters(Amount::whole(1350), &cup), 44);
        assert_eq!(
            in_quarters(Amount::whole(300), &measure(100, "100 g", "100 g")),
            0
        );
    }

    #[test]
    fn measures_are_said_in_the_plural() {
        let say = |en: &str, es: &str| {
            let measure = measure(1, en, es);
            [Language::En, Language::Es]
                .map(|language| phrase(10, &measure, language).unwrap_or_default())
        };
        assert_eq!(
            say("1 cup, chopped", "1 taza, en trozos"),
            ["2½ cups, chopped", "2½ tazas, en trozos"]
        );
        assert_eq!(
            say("1 large egg", "1 huevo grande"),
            ["2½ large eggs", "2½ huevos grandes"]
        );
        assert_eq!(say("1 lemon", "1 limón"), ["2½ lemons", "2½ limones"]);
        assert_eq!(say("1 nut", "1 nuez"), ["2½ nuts", "2½ nueces"]);
        assert_eq!(say("1 anchovy", "1 anchoa"), ["2½ anchovies", "2½ anchoas"]);
        assert_eq!(
            say("1 fifth of a block", "1 quinto de bloque"),
            ["2½ fifths of a block", "2½ quintos de bloque"]
        );
        assert_eq!(
            say("1 container (6 oz)", "1 envase (170 g)"),
            ["2½ containers (6 oz)", "2½ envases (170 g)"]
        );
        let cup = measure(1, "1 cup", "1 taza");
        assert_eq!(phrase(2, &cup, Language::Es).as_deref(), Some("½ taza"));
        assert_eq!(phrase(0, &cup, Language::En), None);
    }
}
