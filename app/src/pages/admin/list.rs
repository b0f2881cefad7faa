//! What the panel's lists share: the way to the next page, sizes, files, counts, and addresses that hold it
//! all.

use crate::components::{Empty, Icon, filter, icon};
use crate::context::{number, t};
use crate::error::AppError;
use crate::words::{Words, minor_units};
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use leptos::prelude::*;
use locales::Key;
use service::Ctx;

/// How many rows a page may have.
pub(super) const SIZES: [i64; 3] = [20, 50, 100];

/// How many rows are asked for.
pub(super) fn rows(size: &str) -> i64 {
    let asked = size.parse().unwrap_or(SIZES[0]);
    if SIZES.contains(&asked) {
        asked
    } else {
        SIZES[0]
    }
}

/// An address with those of some values that are given.
pub(super) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// What somebody typed, where they typed something.
pub(super) fn some(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A moment on the institution's clocks, in microseconds; nothing where nothing was typed.
///
/// # Errors
/// [`Problem::Malformed`] where it can't be read: to leave it out would show more than was meant.
pub(super) fn moment(ctx: &Ctx, local: &str) -> Result<Option<i64>, AppError> {
    match local {
        "" => Ok(None),
        local => ctx
            .service
            .moment(local)
            .map(Some)
            .ok_or_else(|| AppError::from(Problem::Malformed)),
    }
}

/// The same moment as an API takes it; empty where nothing was typed.
pub(super) fn wire_moment(ctx: &Ctx, local: &str) -> String {
    let micros = ctx.service.moment(local);
    micros.map_or_else(String::new, |micros| {
        wire_time(micros.div_euclid(1_000_000))
    })
}

/// RFC 3339 of seconds since 1970 UTC.
fn wire_time(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let date = domain::week::Date {
        year: 1970,
        month: 1,
        day: 1,
    }
    .plus(days);
    format!(
        "{date}T{:02}:{:02}:{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// "1 234 entries": how many match, counted so far at most.
pub(super) fn count(words: Words, count: i64, most: i64) -> String {
    match count {
        0 => words.t(Key::ListsCountNone),
        1 => words.t(Key::ListsCountOne),
        count if count >= most => words.fill(Key::ListsCountMost, &[("count", &number(most))]),
        count => words.fill(Key::ListsCount, &[("count", &number(count))]),
    }
}

/// An amount that somebody typed in whole units, `54.20`, in minor ones; nothing where they typed nothing.
///
/// # Errors
/// [`InvalidCode::Malformed`] at the field where it is no such amount.
pub(super) fn minor(field: &str, typed: &str, currency: &str) -> Result<Option<i64>, AppError> {
    let typed: String = typed
        .trim()
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| if letter == ',' { '.' } else { letter })
        .collect();
    if typed.is_empty() {
        return Ok(None);
    }
    let malformed = || refused(field, InvalidCode::Malformed);
    let unit = minor_units(currency);
    let places = if unit == 1 { 0 } else { 2 };
    let (whole, part) = typed.split_once('.').unwrap_or((&typed, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 12
        || !digits(whole)
        || !digits(part)
        || part.len() > places
    {
        return Err(malformed());
    }
    let padded = format!("{part:0<places$}");
    let whole: i64 = whole.parse().map_err(|_| malformed())?;
    let part: i64 = if padded.is_empty() {
        0
    } else {
        padded.parse().map_err(|_| malformed())?
    };
    Ok(Some(whole * unit + part))
}

/// An amount in minor units as it is typed: `54.20`.
pub(super) fn major(minor: i64, currency: &str) -> String {
    match minor_units(currency) {
        1 => minor.to_string(),
        unit => format!("{}.{:02}", minor / unit, minor % unit),
    }
}

/// One refused field.
pub(super) fn refused(field: &str, code: InvalidCode) -> AppError {
    AppError::from(Problem::Invalid {
        fields: vec![InvalidField::new(field, code)],
    })
}

/// A field of a filter.
pub(super) fn text_field(id: &'static str, label: Key, value: &str) -> AnyView {
    view! {
        <div class="field">
            <label for=id>{t(label)}</label>
            <input class="input" id=id name=id type="search" maxlength="100" autocomplete="off" value=value.to_owned()/>
        </div>
    }
    .into_any()
}

/// A moment of a filter, on the institution's clocks.
pub(super) fn time_field(id: &'static str, label: Key, value: &str) -> AnyView {
    view! {
        <div class="field">
            <label for=id>{t(label)}</label>
            <input class="input" id=id name=id type="datetime-local" value=value.to_owned()/>
        </div>
    }
    .into_any()
}

/// One of some values, of which the first is the usual one.
pub(super) fn choice_field(
    id: &'static str,
    label: Key,
    options: Vec<(String, String)>,
    chosen: &str,
) -> AnyView {
    let options = options
        .into_iter()
        .map(|(value, label)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{label}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{t(label)}</label>
            <select class="input" id=id name=id>{options}</select>
        </div>
    }
    .into_any()
}

/// One of some values, or any of them.
pub(super) fn any_field(
    id: &'static str,
    label: Key,
    options: Vec<(String, String)>,
    chosen: &str,
) -> AnyView {
    filter::select(id, label, Key::ListsAny, options, chosen)
}

/// How many rows a page has.
pub(super) fn size_field(size: &str) -> AnyView {
    let chosen = rows(size).to_string();
    let sizes = SIZES.map(|size| (size.to_string(), size.to_string()));
    choice_field("size", Key::ListsSize, sizes.into(), &chosen)
}

/// The form of a filter, and the way to forget it.
pub(super) fn filters(
    action: &'static str,
    label: Key,
    fields: AnyView,
    filtered: bool,
) -> AnyView {
    let clear =
        filtered.then(|| view! { <a class="btn btn--quiet" href=action>{t(Key::ListsClear)}</a> });
    view! {
        <form method="get" action=action role="search" aria-label=t(label) class="card job-filters">
            <div class="job-filters__fields">{fields}</div>
            <div class="form-actions">
                <button class="btn btn--primary"><Icon path=icon::SEARCH/>{t(Key::ListsApply)}</button>
                {clear}
            </div>
        </form>
    }
    .into_any()
}

/// How many match, and what matches as a file.
pub(super) fn bar(count: String, file: String) -> AnyView {
    view! {
        <div class="cluster cluster--between job-bar">
            <p class="job-bar__count num">{count}</p>
            <a class="btn btn--s" href=file rel="external" download><Icon path=icon::DOWNLOAD/>{t(Key::ListsFile)}</a>
        </div>
    }
    .into_any()
}

/// The way to the next page, and back to the first.
pub(super) fn pager(next: Option<String>, first: Option<String>) -> AnyView {
    let next =
        next.map(|href| view! { <a class="btn" href=href rel="next">{t(Key::ListsNext)}</a> });
    let first =
        first.map(|href| view! { <a class="btn btn--quiet" href=href>{t(Key::ListsFirst)}</a> });
    view! { <nav class="cluster" aria-label=t(Key::ListsPages)>{first}{next}</nav> }.into_any()
}

/// Nothing matches, or nothing is there yet.
pub(super) fn empty((title, text): (Key, Key), filtered: bool, clear: &'static str) -> AnyView {
    if filtered {
        return view! {
            <Empty title=t(Key::ListsNone) text=t(Key::ListsNoneText) within=true>
                <a class="btn" href=clear>{t(Key::ListsClear)}</a>
            </Empty>
        }
        .into_any();
    }
    view! { <Empty title=t(title) text=t(text) within=true/> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_typed_in_whole_units() {
        let read = |typed: &str, currency: &str| minor("amount", typed, currency).ok().flatten();
        assert_eq!(read("54.20", "USD"), Some(5420));
        assert_eq!(read("54,2", "EUR"), Some(5420));
        assert_eq!(read(" 1 234 ", "MXN"), Some(123_400));
        assert_eq!(read("1500", "CLP"), Some(1500));
        assert_eq!(read("", "USD"), None);
        for wrong in ["-1", "1.234", "a", ".5", "1.5.2", "99999999999999"] {
            assert!(minor("amount", wrong, "USD").is_err(), "{wrong}");
        }
        assert!(minor("amount", "1.5", "CLP").is_err());
        assert_eq!(
            (major(5420, "USD"), major(1500, "CLP")),
            ("54.20".to_owned(), "1500".to_owned())
        );
    }

    #[test]
    fn an_address_holds_what_is_given() {
        assert_eq!(address("/admin/audit", &[("actor", "")]), "/admin/audit");
        assert_eq!(
            address("/admin/audit", &[("actor", "a&b"), ("size", "50")]),
            "/admin/audit?actor=a%26b&size=50"
        );
        assert_eq!(wire_time(1_800_000_000), "2027-01-15T08:00:00Z");
    }
}
