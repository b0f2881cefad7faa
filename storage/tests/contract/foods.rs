//! The food table and its search.

use crate::engines::{Engine, on_both_engines};
use serde_json::{Value, json};
use storage::Db;
use storage::food::{self, NewFood};

on_both_engines!(
    words_are_found_by_their_beginnings_in_any_order,
    accents_and_punctuation_do_not_matter,
    a_search_is_never_an_operator,
    a_search_gives_no_more_than_its_limit,
    importing_again_replaces_everything,
    numbers_are_looked_up,
);

const FOODS: [(&str, &str, &str); 7] = [
    ("01001", "Butter, salted", "mantequilla"),
    (
        "01012",
        "Cheese, cottage, lowfat/creamed, 3.25% milkfat",
        "",
    ),
    ("11124", "Carrots, raw", ""),
    ("11125", "Carrots, cooked, with butter", ""),
    ("11979", "Peppers, jalapeno, raw", ""),
    ("01230", "Crème fraîche, cultured", ""),
    ("21202", "McDONALD'S, Big Mac", ""),
];

async fn import(db: &Db, foods: &[(&str, &str, &str)]) {
    let foods: Vec<NewFood<'_, Value>> = foods
        .iter()
        .map(|(ndb_no, description, common_name)| NewFood {
            ndb_no,
            food_group: "0100",
            description,
            common_name,
            scientific_name: "",
            refuse_percent: 0,
            nutrients: json!({ "energy": 100, "iron": null }),
        })
        .collect();
    let mut tx = db.write().await.unwrap();
    food::replace_all(&mut tx, &foods).await.unwrap();
    tx.commit().await.unwrap();
}

/// The numbers of what is found, sorted.
async fn found(db: &Db, text: &str) -> Vec<String> {
    let mut tx = db.read().await.unwrap();
    let found = food::search(&mut tx, text, 50).await;
    let found = found.unwrap_or_else(|error| panic!("{text:?}: {error}"));
    let mut numbers: Vec<String> = found.into_iter().map(|food| food.ndb_no).collect();
    numbers.sort();
    numbers
}

async fn words_are_found_by_their_beginnings_in_any_order(engine: &Engine) {
    let db = engine.open().await;
    import(&db, &FOODS).await;
    for (text, numbers) in [
        ("carrots", &["11124", "11125"][..]),
        ("CARR", &["11124", "11125"]),
        ("raw carr", &["11124"]),
        ("butter", &["01001", "11125"]),
        ("mantequ", &["01001"]),
        ("arrots", &[]),
        ("carrots chocolate", &[]),
        ("", &[]),
        ("  ", &[]),
    ] {
        assert_eq!(found(&db, text).await, numbers, "{text:?}");
    }
}

async fn accents_and_punctuation_do_not_matter(engine: &Engine) {
    let db = engine.open().await;
    import(&db, &FOODS).await;
    for (text, number) in [
        ("jalapeño", "11979"),
        ("JALAPEÑO", "11979"),
        ("creme fraiche", "01230"),
        ("crème", "01230"),
        ("creamed", "01012"),
        ("3.25%", "01012"),
        ("25", "01012"),
        ("mcdonald's", "21202"),
        ("big-mac", "21202"),
    ] {
        assert_eq!(found(&db, text).await, [number], "{text:?}");
    }
}

async fn a_search_is_never_an_operator(engine: &Engine) {
    let db = engine.open().await;
    import(&db, &FOODS).await;
    for text in [
        "\"; DROP TABLE food; --",
        "* OR",
        "' OR '1'='1",
        "\"",
        "'",
        "*",
        "()",
        "-raw",
        "description:",
        "NEAR(raw, carrots)",
        "a & | !",
        "raw:*",
        "\\",
        "\0",
        "%",
        "_",
        "<->",
        "🥕",
        "carrots NOT raw",
    ] {
        // Finding nothing, or what has these words, is fine; what matters is that it is no error
        // and that nothing is found for an operator's sake.
        let numbers = found(&db, text).await;
        assert!(numbers.len() <= 2, "{text:?}: {numbers:?}");
    }
    assert_eq!(
        found(&db, "carrots OR butter").await,
        [""; 0],
        "`or` is a word"
    );
    assert_eq!(found(&db, "carr").await.len(), 2);
}

async fn a_search_gives_no_more_than_its_limit(engine: &Engine) {
    let db = engine.open().await;
    import(&db, &FOODS).await;
    let mut tx = db.read().await.unwrap();
    let best = food::search(&mut tx, "carrots", 1).await.unwrap();
    assert_eq!(best.len(), 1);
    assert_eq!(
        best[0].description, "Carrots, raw",
        "the shorter name comes first"
    );
}

async fn importing_again_replaces_everything(engine: &Engine) {
    let db = engine.open().await;
    import(&db, &FOODS).await;
    let many: Vec<(String, String)> = (0..2500)
        .map(|number| (format!("{number:05}"), format!("Turnip {number}")))
        .collect();
    let rows: Vec<_> = many
        .iter()
        .map(|(number, name)| (number.as_str(), name.as_str(), ""))
        .collect();
    import(&db, &rows).await;
    let mut tx = db.read().await.unwrap();
    assert_eq!(food::count(&mut tx).await.unwrap(), 2500);
    drop(tx);
    assert_eq!(found(&db, "carrots").await, [""; 0]);
    assert_eq!(found(&db, "turnip 2499").await, ["02499"]);
    assert_eq!(found(&db, "turnip").await.len(), 50);
}

async fn numbers_are_looked_up(engine: &Engine) {
    let db = engine.open().await;
    import(&db, &FOODS).await;
    let mut tx = db.read().await.unwrap();
    let mut known = food::known(&mut tx, &["11124", "99999", "01001", "' OR 1=1"])
        .await
        .unwrap();
    known.sort();
    assert_eq!(known, ["01001", "11124"]);
    let names: Vec<String> = food::by_numbers(&mut tx, &["11124", "99999", "01001"])
        .await
        .unwrap()
        .into_iter()
        .map(|food| food.description)
        .collect();
    assert_eq!(names, ["Butter, salted", "Carrots, raw"]);
}
