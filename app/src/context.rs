//! What every page knows: the language, and who asks.

use domain::text::Language;
use leptos::prelude::*;
use locales::Key;

/// The language of the page, the same on the server and after hydration.
#[must_use]
pub fn language() -> Language {
    use_context::<Language>().unwrap_or_default()
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
    use_context::<axum::http::request::Parts>()?.extensions.get::<T>().cloned()
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
        [Self::Auto, Self::Light, Self::Dark].into_iter().find(|theme| theme.key() == key)
    }
}
