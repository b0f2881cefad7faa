//! Campuses in words, and what comes back from their forms.

use super::api::{CampusLine, CampusView};
use crate::context::number;
use crate::error::AppError;
use crate::pages::admin::list::refused;
use crate::pages::admin::menu::clock;
use crate::pages::admin::menu_item::minute;
use crate::words::Words;
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::{Campus, CampusState, Opening, OpeningHours};
use domain::problem::Problem;
use domain::text::Localized;
use service::Ctx;
use service::menu::{self, CampusDraft};

pub(super) async fn campuses(ctx: &Ctx) -> Result<Vec<CampusLine>, AppError> {
    // Whoever may see one may see the list.
    menu::check_viewer(ctx)?;
    let campuses = menu::campuses(ctx).await?;
    Ok(campuses.iter().map(|campus| line(ctx, campus)).collect())
}

fn line(ctx: &Ctx, campus: &Campus) -> CampusLine {
    let words = Words(ctx.language);
    let state = campus.state.at(ctx.now());
    let tone = match state {
        CampusState::Open => "leaf",
        CampusState::Busy { .. } => "saffron",
        CampusState::Paused { .. } => "beet",
    };
    let minutes = |minutes: i64| format!("{}\u{a0}min", number(minutes));
    CampusLine {
        slug: campus.slug.clone(),
        name: words.of(&campus.name),
        state: (tone.to_owned(), words.name("campus_state", state.key())),
        slot: minutes(campus.slot_minutes),
        capacity: number(campus.slot_capacity),
        lead: minutes(campus.lead_minutes),
        currency: campus.currency.clone(),
    }
}

pub(super) async fn campus(ctx: &Ctx, slug: &str) -> Result<CampusView, AppError> {
    let edited = menu::campus_for_edit(ctx, slug).await?;
    let campus = &edited.campus;
    let state = campus.state.at(ctx.now());
    let (minutes, until) = match state {
        CampusState::Open => (String::new(), String::new()),
        CampusState::Busy { minutes } => (minutes.to_string(), String::new()),
        CampusState::Paused { until } => {
            let local = ctx.service.local_time(until);
            let until = format!("{}T{:02}:{:02}", local.date, local.hour, local.minute);
            (String::new(), until)
        }
    };
    Ok(CampusView {
        line: line(ctx, campus),
        version: edited.version,
        name_en: campus.name.en.clone(),
        name_es: campus.name.es.clone(),
        hours: campus.hours.0.iter().map(|day| hours_text(day)).collect(),
        slot_minutes: campus.slot_minutes.to_string(),
        slot_capacity: campus.slot_capacity.to_string(),
        lead_minutes: campus.lead_minutes.to_string(),
        state: state.key().to_owned(),
        minutes,
        until,
        may_edit: menu::may_edit(ctx),
        may_see_log: service::audit::may_read(ctx),
    })
}

/// "07:30-10:00, 12:00-15:00"
fn hours_text(openings: &[Opening]) -> String {
    let times = openings
        .iter()
        .map(|opening| format!("{}-{}", clock(opening.opens), clock(opening.closes)));
    times.collect::<Vec<_>>().join(", ")
}

/// The times of a day, as they are typed; nothing where they are none.
fn openings(typed: &str) -> Option<Vec<Opening>> {
    typed
        .split([',', ';'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (opens, closes) = part.split_once(['-', '–'])?;
            Some(Opening {
                opens: minute(opens)?,
                closes: minute(closes)?,
            })
        })
        .collect()
}

pub(super) async fn save(
    ctx: &Ctx,
    slug: &str,
    version: i64,
    (en, es): (String, String),
    hours: [String; 7],
    numbers: [String; 3],
) -> Result<(), AppError> {
    let mut fields = Vec::new();
    let mut times = OpeningHours::default();
    for (day, (times, typed)) in (1..).zip(times.0.iter_mut().zip(&hours)) {
        match openings(typed) {
            Some(openings) => *times = openings,
            None => {
                let field = format!("hours_{day}");
                fields.push(InvalidField::new(field, InvalidCode::BadHours));
            }
        }
    }
    let names = ["slot_minutes", "slot_capacity", "lead_minutes"];
    let mut read = [0; 3];
    for (value, (name, typed)) in read.iter_mut().zip(names.iter().zip(&numbers)) {
        match typed.trim().parse() {
            Ok(number) => *value = number,
            Err(_) => fields.push(InvalidField::new(*name, InvalidCode::Malformed)),
        }
    }
    if !fields.is_empty() {
        return Err(Problem::Invalid { fields }.into());
    }
    let [slot_minutes, slot_capacity, lead_minutes] = read;
    let draft = CampusDraft {
        version,
        name: Localized { en, es },
        hours: times,
        slot_minutes,
        slot_capacity,
        lead_minutes,
    };
    let edited = menu::edit_campus(ctx, slug, &draft).await;
    edited.map(drop).map_err(at_fields)
}

/// A refusal with its fields named as the form names them.
fn at_fields(error: service::Error) -> AppError {
    match Problem::from(error) {
        Problem::Invalid { fields } => {
            let fields = fields.into_iter().map(|refused| InvalidField {
                field: form_name(&refused.field),
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

/// `hours[3]` is the form's `hours_4`, `name.en` its `name_en`.
fn form_name(field: &str) -> String {
    let day = field
        .strip_prefix("hours[")
        .and_then(|rest| rest.strip_suffix(']'))
        .and_then(|day| day.parse::<i64>().ok());
    match day {
        Some(day) => format!("hours_{}", day + 1),
        None => field.replace('.', "_"),
    }
}

/// How a campus is to take orders.
pub(super) fn state(
    ctx: &Ctx,
    state: &str,
    minutes: &str,
    until: &str,
) -> Result<CampusState, AppError> {
    match state {
        "OPEN" => Ok(CampusState::Open),
        "BUSY" => match minutes.trim() {
            "" => Err(refused("minutes", InvalidCode::Required)),
            typed => typed
                .parse()
                .map(|minutes| CampusState::Busy { minutes })
                .map_err(|_| refused("minutes", InvalidCode::Malformed)),
        },
        "PAUSED" => match until.trim() {
            "" => Err(refused("until", InvalidCode::Required)),
            typed => ctx
                .service
                .moment(typed)
                .map(|until| CampusState::Paused { until })
                .ok_or_else(|| refused("until", InvalidCode::Malformed)),
        },
        _ => Err(refused("state", InvalidCode::UnknownChoice)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_they_are_written() {
        let day = openings("07:30-10:00, 12:00–24:00").expect("times");
        assert_eq!(hours_text(&day), "07:30-10:00, 12:00-24:00");
        assert_eq!(openings(" "), Some(Vec::new()));
        assert_eq!(openings("7 to 10"), None);
        assert_eq!(openings("07:30-25:00"), None);
    }

    #[test]
    fn refusals_find_their_fields() {
        assert_eq!(form_name("hours[3]"), "hours_4");
        assert_eq!(form_name("name.en"), "name_en");
        assert_eq!(form_name("slotMinutes"), "slotMinutes");
    }
}
