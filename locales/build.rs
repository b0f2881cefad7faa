//! Turns `en.toml` and `es.toml` into an enum of keys and a table of texts for each language,
//! so that a missing translation or a misspelt key doesn't compile.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Tables that no island says: pages are rendered on the server, and the browser need not load them.
const SERVER_ONLY: [&str; 116] = [
    "account",
    "admin",
    "advance",
    "age",
    "audit",
    "audit_action",
    "breaker",
    "campus_state",
    "campuses",
    "cancel_reason",
    "cart",
    "cart_missing",
    "change",
    "change_all",
    "change_effect",
    "change_one",
    "change_page",
    "changed",
    "channel",
    "channel_note",
    "chart",
    "checkout",
    "cuisine",
    "date",
    "dead_events",
    "decline",
    "deliveries",
    "delivery",
    "delivery_error",
    "delivery_state",
    "dish",
    "dishes",
    "error_page",
    "event",
    "event_consumer",
    "follow",
    "frame",
    "gateway",
    "hall",
    "inbox",
    "job",
    "job_state",
    "jobs",
    "kind",
    "kitchen",
    "kitchen_state",
    "landing",
    "language_name",
    "lists",
    "live",
    "mail",
    "mail_short",
    "mail_subject",
    "mail_template",
    "mail_text",
    "menu",
    "menu_editor",
    "menu_item",
    "menu_sort",
    "message",
    "message_reason",
    "message_text",
    "month",
    "movement",
    "movement_note",
    "nav",
    "not_found",
    "notify",
    "nutrients",
    "offer",
    "offer_state",
    "order",
    "order_sort",
    "order_state",
    "order_step",
    "order_text",
    "order_undo",
    "orders",
    "overview",
    "palette",
    "panel_order",
    "panel_orders",
    "payment_state",
    "people",
    "people_sort",
    "plans",
    "queue",
    "queue_name",
    "queues",
    "reference",
    "reference_name",
    "refund_state",
    "role",
    "role_name",
    "role_note",
    "rule_kind",
    "saga_step_state",
    "shopping",
    "shortage",
    "sign_in",
    "sign_up",
    "standing",
    "station",
    "status",
    "step_state",
    "stock",
    "stock_import",
    "stock_item",
    "stock_kind",
    "stock_sort",
    "system",
    "test_card",
    "time",
    "wallet",
    "warning",
    "weekday",
];

fn main() {
    let browser = std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm");
    let directory = std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo");
    let [english, spanish] = ["en.toml", "es.toml"].map(|file| {
        println!("cargo::rerun-if-changed={file}");
        let text = std::fs::read_to_string(Path::new(&directory).join(file))
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let table: toml::Table = text
            .parse()
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut texts = BTreeMap::new();
        flatten(&table, "", file, &mut texts);
        if browser {
            texts.retain(|key: &String, _| {
                let table = key.split('.').next().unwrap_or_default();
                !SERVER_ONLY.contains(&table)
            });
        }
        texts
    });
    for key in english.keys() {
        assert!(spanish.contains_key(key), "es.toml lacks {key}");
    }
    for (key, text) in &spanish {
        let original = english
            .get(key)
            .unwrap_or_else(|| panic!("en.toml lacks {key}"));
        assert_eq!(
            arguments(original),
            arguments(text),
            "{key}: other {{arguments}} in es.toml"
        );
    }

    let mut code = String::from(
        "/// A sentence or label.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\n#[repr(u16)]\npub enum Key {\n",
    );
    for (key, text) in &english {
        let doc = text.lines().next().unwrap_or_default();
        writeln!(code, "    #[doc = {doc:?}]\n    {},", variant(key)).expect("writes to memory");
    }
    code.push_str("}\n");
    for (name, texts) in [("ENGLISH", &english), ("SPANISH", &spanish)] {
        writeln!(code, "static {name}: [&str; {}] = [", texts.len()).expect("writes to memory");
        for text in texts.values() {
            writeln!(code, "    {text:?},").expect("writes to memory");
        }
        code.push_str("];\n");
    }
    writeln!(code, "static KEYS: [(&str, Key); {}] = [", english.len()).expect("writes to memory");
    for key in english.keys() {
        writeln!(code, "    ({key:?}, Key::{}),", variant(key)).expect("writes to memory");
    }
    code.push_str("];\n");
    let out = std::env::var("OUT_DIR").expect("set by cargo");
    std::fs::write(Path::new(&out).join("texts.rs"), code).expect("OUT_DIR is writable");
}

fn flatten(table: &toml::Table, prefix: &str, file: &str, texts: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            toml::Value::String(text) => {
                texts.insert(key, text.clone());
            }
            toml::Value::Table(inner) => flatten(inner, &key, file, texts),
            _ => panic!("{file}: {key} is not a text"),
        }
    }
}

/// `plan.week_of` becomes `PlanWeekOf`.
fn variant(key: &str) -> String {
    key.split(['.', '_', '-'])
        .flat_map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(letters)
        })
        .collect()
}

fn arguments(text: &str) -> Vec<String> {
    let mut names: Vec<String> = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}
