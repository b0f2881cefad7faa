//! What every page knows: the language, and who asks.

use domain::account::Role;
use domain::amount::Amount;
use domain::text::Language;
use leptos::prelude::*;
use locales::Key;
use serde::{Deserialize, Serialize};

/// The language of the page, the same on the server and after hydration.
#[must_use]
pub fn language() -> Language {
    use_context().unwrap_or_else(detect_language)
}

/// The text of a key in the page's language.
#[must_use]
pub fn t(key: Key) -> &'static str {
    locales::text(language(), key)
}

/// The text of a key in the page's language, with its arguments filled in.
#[must_use]
pub fn fill(key: Key, arguments: &[(&str, &str)]) -> String {
    locales::fill(language(), key, arguments)
}

/// The text of a name that is built from data: `name("nutrient", "vitaminC")`.
///
/// A name without a text shows itself, so that a gap is seen.
#[must_use]
pub fn name(table: &str, name: &str) -> String {
    locales::key(&format!("{table}.{name}"))
        .map_or_else(|| name.to_owned(), |key| t(key).to_owned())
}

/// A whole number with its thousands apart: `12 345`, with narrow spaces that don't break.
#[must_use]
pub fn number(value: i64) -> String {
    locales::number(value)
}

/// An amount as precise as people read it: `1 234`, `56`, `7.8`, `0.45`.
#[must_use]
pub fn amount(value: Amount) -> String {
    let magnitude = value.0.abs();
    let (places, step) = match magnitude {
        10_000.. => return number(value.rounded()),
        1_000.. => (1, 100),
        _ => (2, 10),
    };
    let rounded = (magnitude + step / 2) / step * step;
    let text = format!("{}.{:03}", rounded / 1000, rounded % 1000);
    let text = text[..text.len() - (3 - places)]
        .trim_end_matches('0')
        .trim_end_matches('.');
    if value.0 < 0 && rounded > 0 {
        format!("−{text}")
    } else {
        text.to_owned()
    }
}

/// Who is signed in, as the pages need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they are here.
    pub role: Role,
    /// How many messages they have not read; of very many not all are counted.
    pub unread: i64,
    /// Whether they wait for an order.
    pub waits: bool,
    /// The number of the last event that was told before the page was read.
    pub heard: i64,
}

/// Who is signed in. It is asked once a document, in the root.
#[derive(Clone, Copy)]
pub(crate) struct MeResource(pub Resource<Option<Me>>);

/// Who is signed in: `me().await` within a `Suspense`.
#[must_use]
pub fn me() -> Resource<Option<Me>> {
    expect_context::<MeResource>().0
}

/// The request's context, for server functions.
#[cfg(feature = "ssr")]
pub(crate) fn ctx() -> Result<service::Ctx, crate::error::AppError> {
    request_extension().ok_or_else(|| domain::problem::Problem::Internal.into())
}

/// Adds a `Set-Cookie` header to the response.
#[cfg(feature = "ssr")]
pub(crate) fn set_cookie(cookie: &str) {
    use axum::http::{HeaderValue, header};
    if let (Some(options), Ok(value)) = (
        use_context::<leptos_axum::ResponseOptions>(),
        HeaderValue::from_str(cookie),
    ) {
        options.append_header(header::SET_COOKIE, value);
    }
}

/// Keeps a sign-in in the browser, whose cart is the account's from now on.
#[cfg(feature = "ssr")]
pub(crate) fn signed_in(ctx: &service::Ctx, session: &service::account::Session) {
    set_cookie(&service::account::session_cookie(ctx, session));
    if ctx.visitor.is_some() {
        set_cookie(&service::cart::clear_cookie(ctx));
    }
}

/// The path, if it leads to a page of this very site: `/plan`, not `//elsewhere.example`.
#[must_use]
pub fn local_path(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    let plain =
        !rest.starts_with(['/', '\\']) && !path.contains(|c: char| c.is_control() || c == '\\');
    plain.then_some(path)
}

/// Answers the page that is rendering with a status. In the browser there is none.
pub fn answer_with_status(status: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(options), Ok(status)) = (
        use_context::<leptos_axum::ResponseOptions>(),
        axum::http::StatusCode::from_u16(status),
    ) {
        options.set_status(status);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}

/// Finds the language: in the browser the server's choice stands at `<html lang>`.
#[cfg(not(feature = "ssr"))]
pub(crate) fn detect_language() -> Language {
    document()
        .document_element()
        .and_then(|html| html.get_attribute("lang"))
        .and_then(|tag| Language::from_tag(&tag))
        .unwrap_or_default()
}

/// Finds the language: the request's middleware has chosen it.
#[cfg(feature = "ssr")]
pub(crate) fn detect_language() -> Language {
    request_extension::<Language>().unwrap_or_default()
}

/// Something that a middleware left in the request.
#[cfg(feature = "ssr")]
pub(crate) fn request_extension<T: Clone + Send + Sync + 'static>() -> Option<T> {
    use_context::<axum::http::request::Parts>()?
        .extensions
        .get::<T>()
        .cloned()
}

/// Light or dark, or as the device says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the device says.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The name in the cookie and at `<html data-theme>`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Auto, Self::Light, Self::Dark]
            .into_iter()
            .find(|theme| theme.key() == key)
    }
}

/// The theme of the page.
#[must_use]
pub fn theme() -> Theme {
    use_context::<Theme>().unwrap_or_default()
}

/// Finds the theme: the request's middleware has read the cookie.
#[cfg(feature = "ssr")]
pub(crate) fn detect_theme() -> Theme {
    request_extension().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_as_precise_as_people_read_them() {
        let texts = [0, 4, 450, 996, 7_840, 9_960, 56_400, 1_234_500].map(|it| amount(Amount(it)));
        assert_eq!(
            texts,
            ["0", "0", "0.45", "1", "7.8", "10", "56", "1\u{202f}235"]
        );
        assert_eq!(number(-12_345_678), "−12\u{202f}345\u{202f}678");
    }

    #[test]
    fn only_paths_of_this_site_are_followed() {
        assert_eq!(local_path("/plan?week=1"), Some("/plan?week=1"));
        for elsewhere in [
            "",
            "plan",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
        ] {
            assert_eq!(local_path(elsewhere), None, "{elsewhere}");
        }
    }
}
