//! Languages, and text that exists in each of them.

use crate::invalid::InvalidCode;
use serde::{Deserialize, Serialize};

/// A language the product speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

impl Language {
    /// Every language, in the order in which a menu shows them.
    pub const ALL: [Self; 2] = [Self::En, Self::Es];

    /// The BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The language of a BCP 47 tag, by its primary subtag: `es-MX` is Spanish.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The first language of an `Accept-Language` header that the product speaks.
    ///
    /// Entries are taken in the order they are written, as every current browser sends them.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Option<Self> {
        header
            .split(',')
            .filter_map(|entry| entry.split(';').next())
            .find_map(|tag| Self::from_tag(tag.trim()))
    }
}

/// A value in each language.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Localized<T> {
    /// English.
    pub en: T,
    /// Spanish.
    pub es: T,
}

impl<T> Localized<T> {
    /// The value in one language.
    #[must_use]
    pub const fn get(&self, language: Language) -> &T {
        match language {
            Language::En => &self.en,
            Language::Es => &self.es,
        }
    }
}

/// The text as people search: neither capitals nor accents matter.
#[must_use]
pub fn folded(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| match letter {
            'á' | 'à' | 'â' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'ö' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ñ' => 'n',
            'ç' => 'c',
            other => other,
        })
        .collect()
}

/// What somebody gives as their reason, without the space around it.
///
/// # Errors
/// [`InvalidCode::Required`] where there is none, [`InvalidCode::TooLong`] for more than `most`
/// characters, [`InvalidCode::Malformed`] for control characters, which are no text.
pub fn check_reason(reason: &str, most: i64) -> Result<&str, InvalidCode> {
    let reason = reason.trim();
    if reason.is_empty() {
        Err(InvalidCode::Required)
    } else if reason.chars().count() as i64 > most {
        Err(InvalidCode::TooLong { max: most })
    } else if reason.chars().any(char::is_control) {
        Err(InvalidCode::Malformed)
    } else {
        Ok(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_accents_do_not_matter() {
        assert_eq!(folded("Jalapeño ÁCIDO"), "jalapeno acido");
    }

    #[test]
    fn accept_language_takes_the_first_spoken() {
        assert_eq!(
            Language::from_accept_language("fr-FR, es-MX;q=0.8, en;q=0.5"),
            Some(Language::Es)
        );
        assert_eq!(Language::from_accept_language("de"), None);
    }
}
