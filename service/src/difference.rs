//! What a change changed: each value that is another one now, by its path, with what it was and is.

use serde_json::{Map, Value, json};

/// How deep values are looked into; what lies deeper is told as a whole.
const DEPTH_MOST: usize = 6;
/// How many values of one change are told; a whole that has more is told as a whole.
const VALUES_MOST: usize = 200;

/// What is not the same in two values, by path: `{"price": {"before": 450, "after": 500}}`. Nothing where
/// they are the same.
pub(crate) fn difference(before: &Value, after: &Value) -> Option<Value> {
    let mut changed = Map::new();
    compare(String::new(), before, after, 0, &mut changed);
    if changed.len() > VALUES_MOST {
        changed = Map::new();
        changed.insert(String::new(), both(before, after));
    }
    (!changed.is_empty()).then_some(Value::Object(changed))
}

/// What stands for a value that nobody reads.
const HIDDEN: &str = "•••";
/// How many digits of a number are told.
const DIGITS_TOLD: usize = 4;

/// Of a value no more than whether there is one: what has changed may be known, and not what it was and is.
pub(crate) fn hidden(_path: &str, value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        _ => Value::from(HIDDEN),
    }
}

/// A telephone number by its last digits; other values as they are.
pub(crate) fn phone_hidden(path: &str, value: &Value) -> Value {
    match value {
        Value::String(number) if path == "phone" => {
            let begin = number.len().saturating_sub(DIGITS_TOLD);
            Value::from(format!("{HIDDEN}{}", number.get(begin..).unwrap_or("")))
        }
        other => other.clone(),
    }
}

/// A difference with what `mask` leaves of its values.
pub(crate) fn masked(mut changed: Value, mask: fn(&str, &Value) -> Value) -> Value {
    for (path, change) in changed.as_object_mut().into_iter().flatten() {
        for (_, value) in change.as_object_mut().into_iter().flatten() {
            *value = mask(path, value);
        }
    }
    changed
}

fn both(before: &Value, after: &Value) -> Value {
    json!({ "before": before, "after": after })
}

fn compare(
    path: String,
    before: &Value,
    after: &Value,
    depth: usize,
    changed: &mut Map<String, Value>,
) {
    if before == after {
        return;
    }
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match (before, after) {
        (Value::Object(old), Value::Object(new)) if depth < DEPTH_MOST => {
            let gone = old.keys().filter(|name| !new.contains_key(*name));
            for name in new.keys().chain(gone) {
                let (old, new) = (
                    old.get(name).unwrap_or(&Value::Null),
                    new.get(name).unwrap_or(&Value::Null),
                );
                compare(below(name), old, new, depth + 1, changed);
            }
        }
        (Value::Array(old), Value::Array(new)) if depth < DEPTH_MOST && old.len() == new.len() => {
            for (place, (old, new)) in old.iter().zip(new).enumerate() {
                compare(format!("{path}[{place}]"), old, new, depth + 1, changed);
            }
        }
        _ => {
            changed.insert(path, both(before, after));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_told_by_its_path() {
        let before = json!({ "price": 450, "name": { "en": "Soup", "es": "Sopa" }, "days": [0, 1], "gone": 1 });
        let after = json!({ "price": 500, "name": { "en": "Soup", "es": "Caldo" }, "days": [0, 1], "new": true });
        assert_eq!(
            difference(&before, &after),
            Some(json!({
                "price": { "before": 450, "after": 500 },
                "name.es": { "before": "Sopa", "after": "Caldo" },
                "gone": { "before": 1, "after": null },
                "new": { "before": null, "after": true },
            }))
        );
        assert_eq!(difference(&before, &before), None);
    }

    #[test]
    fn lists_are_compared_place_by_place_unless_they_grew() {
        let told = |before: Value, after: Value| difference(&before, &after);
        assert_eq!(
            told(
                json!({ "hours": [[1], [2]] }),
                json!({ "hours": [[1], [3]] })
            ),
            Some(json!({ "hours[1][0]": { "before": 2, "after": 3 } }))
        );
        assert_eq!(
            told(json!({ "days": [1] }), json!({ "days": [1, 2] })),
            Some(json!({ "days": { "before": [1], "after": [1, 2] } }))
        );
    }

    #[test]
    fn what_is_hidden_is_told_to_have_changed() {
        let told = |before: Value, after: Value, mask: fn(&str, &Value) -> Value| {
            difference(&before, &after).map(|changed| masked(changed, mask))
        };
        assert_eq!(
            told(
                json!({ "weightKg": 70, "diet": "VEGAN", "weeklyBudget": null }),
                json!({ "weightKg": 71, "diet": "VEGAN", "weeklyBudget": 4000 }),
                hidden
            ),
            Some(json!({
                "weightKg": { "before": "•••", "after": "•••" },
                "weeklyBudget": { "before": null, "after": "•••" },
            }))
        );
        // Two numbers that end alike are two.
        assert_eq!(
            told(
                json!({ "phone": "+525512345678", "sms": false }),
                json!({ "phone": "+525587655678", "sms": true }),
                phone_hidden
            ),
            Some(json!({
                "phone": { "before": "•••5678", "after": "•••5678" },
                "sms": { "before": false, "after": true },
            }))
        );
        assert_eq!(phone_hidden("phone", &Value::Null), Value::Null);
    }

    #[test]
    fn a_change_of_very_much_is_told_as_one() {
        let many = |value: i64| {
            let pairs = (0..300).map(|number| (number.to_string(), json!(value)));
            Value::Object(pairs.collect())
        };
        let told = difference(&many(1), &many(2)).expect("a difference");
        assert_eq!(told.as_object().map(Map::len), Some(1));
        assert_eq!(told[""]["after"]["7"], 2);
    }
}
