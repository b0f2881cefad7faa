//! Secrets in what is shown of jobs: what stands under the name of one is not for people.

use serde_json::Value;

/// What names of secrets have in them, in lower case.
const NAMES: [&str; 6] = [
    "password",
    "secret",
    "token",
    "authorization",
    "cookie",
    "key",
];
/// What stands there instead.
const MASK: &str = "•••";

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

/// The same with everything masked that stands under the name of a secret.
pub(super) fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let value = if names_a_secret(&name) {
                    MASK.into()
                } else {
                    masked(value)
                };
                (name, value)
            })
            .collect(),
        Value::Array(values) => values.into_iter().map(masked).collect(),
        other => other,
    }
}

/// Whether a text, its letters A to Z in lower case, stands in a text or number that is no secret: who
/// searches must not find out by it what is masked.
pub(super) fn says(value: &Value, text: &str) -> bool {
    match value {
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| !names_a_secret(name) && says(value, text)),
        Value::Array(values) => values.iter().any(|value| says(value, text)),
        Value::String(said) => said.to_ascii_lowercase().contains(text),
        Value::Number(number) => number.to_string().contains(text),
        Value::Bool(_) | Value::Null => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stands_under_the_name_of_a_secret_is_masked() {
        let value = json!({
            "week": "2027-W01",
            "accessToken": "abc",
            "deeper": [{ "PASSWORD": { "old": "one", "new": "two" }, "age": 21 }],
            "apiKeys": ["x"],
        });
        let shown = json!({
            "week": "2027-W01",
            "accessToken": MASK,
            "deeper": [{ "PASSWORD": MASK, "age": 21 }],
            "apiKeys": MASK,
        });
        assert_eq!(masked(value), shown);
    }

    #[test]
    fn a_text_is_found_in_values_only_and_in_no_secret() {
        let value = json!({
            "week": "2027-W01",
            "token": { "inside": "needle" },
            "list": [{ "said": "A Quiet Sentence" }, 1200.5, true],
        });
        for found in ["w01", "quiet s", "1200", "00.5"] {
            assert!(says(&value, found), "{found}");
        }
        for absent in ["needle", "week", "said", "true", "inside"] {
            assert!(!says(&value, absent), "{absent}");
        }
    }
}
