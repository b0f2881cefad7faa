//! What the editor shows, and what comes back from it.

use super::api::{EditorView, GroupView};
use super::options::{Rows, draft_of};
use crate::error::AppError;
use crate::pages::admin::list::{major, minor, refused};
use crate::pages::admin::menu::clock;
use crate::words::Words;
use domain::invalid::{InvalidCode, InvalidField};
use domain::kitchen::Station;
use domain::menu::Sale;
use domain::problem::Problem;
use service::menu::{self, ItemDraft, ItemForEdit, NewItem};
use service::{Ctx, Error};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What somebody typed into the editor.
pub(super) struct Typed {
    pub price: String,
    pub minutes: String,
    pub position: String,
    pub station: String,
    pub active: String,
    pub days: Vec<String>,
    pub from: String,
    pub until: String,
    pub options: BTreeMap<String, String>,
}

pub(super) async fn editor(ctx: &Ctx, id: &str) -> Result<EditorView, AppError> {
    let edited = menu::item_for_edit(ctx, service::plan::parse_id(id)?).await?;
    let words = Words(ctx.language);
    let ItemForEdit {
        item,
        campus,
        living,
    } = edited;
    let currency = campus.currency.clone();
    Ok(EditorView {
        id: item.id.to_string(),
        name: words.of(&item.name),
        campus: (campus.slug.clone(), words.of(&campus.name)),
        version: item.version,
        price: major(item.price, &currency),
        minutes: item.minutes.to_string(),
        position: item.position.to_string(),
        station: item.station.key().to_owned(),
        active: item.active,
        days: item.sale.days.iter().map(ToString::to_string).collect(),
        from: clock(item.sale.from),
        until: clock(item.sale.until),
        groups: item
            .options
            .groups
            .iter()
            .map(|group| GroupView {
                key: group.key.clone(),
                en: group.name.en.clone(),
                es: group.name.es.clone(),
                min: group.min.to_string(),
                max: group.max.to_string(),
                options: group
                    .options
                    .iter()
                    .map(|option| (option.key.clone(), major(option.price, &currency)))
                    .collect(),
            })
            .collect(),
        rules: item
            .options
            .rules
            .iter()
            .map(|rule| {
                let kind = crate::words::wire_name(&rule.kind);
                (rule.option.clone(), kind, rule.other.clone())
            })
            .collect(),
        options: options(ctx, words, &currency, &item.options).await?,
        choices: Vec::new(),
        living,
        deleted: item.deleted_at.is_some(),
        may_edit: menu::may_edit(ctx),
        may_see_log: service::audit::may_read(ctx),
        currency,
    })
}

/// The options that there are, and those that the item has had besides.
async fn options(
    ctx: &Ctx,
    words: Words,
    currency: &str,
    had: &domain::menu::Options,
) -> Result<Vec<(String, String)>, AppError> {
    let mut options: Vec<(String, String)> = menu::option_choices(ctx)
        .await?
        .into_iter()
        .map(|option| {
            let price = words.price(option.price, currency);
            (option.key, format!("{} ({price})", words.of(&option.name)))
        })
        .collect();
    for option in had.all() {
        if options.iter().all(|(key, _)| *key != option.key) {
            options.push((option.key.clone(), words.of(&option.name)));
        }
    }
    Ok(options)
}

pub(super) async fn new_item(ctx: &Ctx, campus: &str) -> Result<EditorView, AppError> {
    let words = Words(ctx.language);
    let (campus, choices) = menu::choices(ctx, campus).await?;
    let currency = campus.currency.clone();
    Ok(EditorView {
        id: String::new(),
        name: String::new(),
        campus: (campus.slug.clone(), words.of(&campus.name)),
        version: 0,
        price: String::new(),
        minutes: "10".to_owned(),
        position: String::new(),
        station: Station::default().key().to_owned(),
        active: true,
        days: (0..7).map(|day: i64| day.to_string()).collect(),
        from: clock(0),
        until: clock(1440),
        groups: Vec::new(),
        rules: Vec::new(),
        options: options(ctx, words, &currency, &domain::menu::Options::default()).await?,
        choices: choices
            .into_iter()
            .map(|choice| {
                let kind = words.name("stock_kind", choice.kind);
                (
                    format!("{}:{}", choice.kind, choice.reference),
                    format!("{} · {kind}", words.of(&choice.name)),
                )
            })
            .collect(),
        living: 0,
        deleted: false,
        may_edit: true,
        may_see_log: false,
        currency,
    })
}

/// A time of day in minutes: `07:30`, `24:00`.
pub(in crate::pages::admin) fn minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':')?;
    let hour: i64 = hour.parse().ok().filter(|hour| (0..=24).contains(hour))?;
    let minute: i64 = minute
        .parse()
        .ok()
        .filter(|minute| (0..60).contains(minute))?;
    Some(hour * 60 + minute).filter(|minutes| *minutes <= 1440)
}

/// What an item is to be, with the rows of the form that its options come from.
fn draft(form: &Typed, currency: &str) -> Result<(ItemDraft, Rows), AppError> {
    let mut fields = Vec::new();
    let mut whole = |field: &str, typed: &str, empty: Option<i64>| {
        let typed = typed.trim();
        match (typed, empty) {
            ("", Some(value)) => value,
            ("", None) => {
                fields.push(InvalidField::new(field, InvalidCode::Required));
                0
            }
            _ => typed.parse().unwrap_or_else(|_| {
                fields.push(InvalidField::new(field, InvalidCode::Malformed));
                0
            }),
        }
    };
    let minutes = whole("minutes", &form.minutes, None);
    let position = whole("position", &form.position, Some(0));
    let mut time = |field: &str, typed: &str| {
        minute(typed).unwrap_or_else(|| {
            fields.push(InvalidField::new(field, InvalidCode::Malformed));
            0
        })
    };
    let (from, until) = (time("from", &form.from), time("until", &form.until));
    let price = match minor("price", &form.price, currency) {
        Ok(Some(price)) => price,
        Ok(None) => {
            fields.push(InvalidField::new("price", InvalidCode::Required));
            0
        }
        Err(AppError(Problem::Invalid { fields: wrong })) => {
            fields.extend(wrong);
            0
        }
        Err(error) => return Err(error),
    };
    let station = Station::from_key(&form.station).unwrap_or_else(|| {
        fields.push(InvalidField::new("station", InvalidCode::UnknownChoice));
        Station::default()
    });
    let (options, rows) = draft_of(&form.options, currency, &mut fields);
    if !fields.is_empty() {
        return Err(Problem::Invalid { fields }.into());
    }
    let days = form.days.iter().filter_map(|day| day.parse().ok());
    let draft = ItemDraft {
        price,
        minutes,
        active: form.active == "true",
        position,
        station,
        sale: Sale {
            days: days.collect(),
            from,
            until,
        },
        options,
    };
    Ok((draft, rows))
}

/// A refusal with its fields named as the form names them.
fn at_rows(error: Error, rows: &Rows) -> AppError {
    match Problem::from(error) {
        Problem::Invalid { fields } => {
            let fields = fields.into_iter().map(|refused| InvalidField {
                field: rows.name_of(&refused.field),
                code: refused.code,
            });
            Problem::Invalid {
                fields: fields.collect(),
            }
            .into()
        }
        other => other.into(),
    }
}

pub(super) async fn create(
    ctx: &Ctx,
    campus: &str,
    what: &str,
    low_mark: &str,
    currency: &str,
    form: &Typed,
) -> Result<Uuid, AppError> {
    let (kind, reference) = what
        .split_once(':')
        .ok_or_else(|| refused("what", InvalidCode::Required))?;
    let low_mark = match low_mark.trim() {
        "" => 0,
        typed => typed
            .parse()
            .map_err(|_| refused("low_mark", InvalidCode::Malformed))?,
    };
    let (draft, rows) = draft(form, currency)?;
    let new = NewItem {
        campus: campus.to_owned(),
        kind: kind.to_owned(),
        reference: reference.to_owned(),
        low_mark,
        draft,
    };
    // What it is of stands in one field.
    let made = menu::create_item(ctx, &new).await;
    let made = made.map_err(|error| match at_rows(error, &rows) {
        AppError(Problem::Invalid { fields }) => {
            let fields = fields.into_iter().map(|refused| InvalidField {
                field: match refused.field.as_str() {
                    "kind" | "reference" => "what".to_owned(),
                    _ => refused.field,
                },
                code: refused.code,
            });
            AppError(Problem::Invalid {
                fields: fields.collect(),
            })
        }
        other => other,
    })?;
    Ok(made.item.id)
}

pub(super) async fn update(
    ctx: &Ctx,
    id: &str,
    version: i64,
    currency: &str,
    form: &Typed,
) -> Result<Uuid, AppError> {
    let id = service::plan::parse_id(id)?;
    let (draft, rows) = draft(form, currency)?;
    menu::update_item(ctx, id, version, &draft)
        .await
        .map_err(|error| at_rows(error, &rows))?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(price: &str, from: &str) -> Typed {
        Typed {
            price: price.to_owned(),
            minutes: "10".to_owned(),
            position: String::new(),
            station: "COLD".to_owned(),
            active: "true".to_owned(),
            days: vec!["0".to_owned(), "4".to_owned()],
            from: from.to_owned(),
            until: "24:00".to_owned(),
            options: BTreeMap::new(),
        }
    }

    #[test]
    fn what_was_typed_becomes_a_draft() {
        let (draft, _) = draft(&typed("54.20", "07:30"), "USD").expect("a draft");
        assert_eq!(
            (draft.price, draft.sale.from, draft.sale.until),
            (5420, 450, 1440)
        );
        assert_eq!(draft.sale.days, [0, 4].into());
        assert!(draft.active);
        assert_eq!(draft.station, Station::Cold);
    }

    #[test]
    fn every_field_that_can_not_be_read_is_named() {
        let Err(AppError(Problem::Invalid { fields })) = draft(&typed("a", "25:00"), "USD") else {
            panic!("it was read");
        };
        let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(names, ["from", "price"]);
    }

    #[test]
    fn times_of_day_are_read() {
        assert_eq!(minute("07:30"), Some(450));
        assert_eq!(minute("24:00"), Some(1440));
        for wrong in ["", "7", "24:01", "12:60", "-1:00"] {
            assert_eq!(minute(wrong), None, "{wrong}");
        }
    }
}
