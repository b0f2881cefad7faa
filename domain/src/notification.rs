//! Notifications: what members are told of their orders outside the product, by which channels, and how
//! a delivery stands.

use crate::event::OrderEvent;
use crate::invalid::{InvalidCode, InvalidField};
use crate::kitchen::OFFER_LASTS;
use crate::order::CancelReason;
use crate::text::Language;
use serde::{Deserialize, Serialize};

/// A way to somebody outside the product.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    /// A message to the account's e-mail address.
    Email,
    /// A short message to a phone.
    Sms,
    /// A notification of a browser.
    Push,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::Email, Self::Sms, Self::Push];

    /// The stable name, SCREAMING_SNAKE_CASE.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Sms => "SMS",
            Self::Push => "PUSH",
        }
    }

    /// How many messages a member is sent by it within a day at most; as many as there are where nothing is
    /// said. Somebody who orders for every meal and changes their mind about each gets a dozen: what is more
    /// comes from a fault, or from somebody who has the product write to a phone. Each short message costs
    /// money, and a mailbox takes a sender that floods it for a nuisance; browsers have a newer message take
    /// the place of the one before.
    #[must_use]
    pub const fn day_most(self) -> Option<i64> {
        match self {
            Self::Email => Some(200),
            Self::Sms => Some(20),
            Self::Push => None,
        }
    }

    /// The channel of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }
}

/// What a message says.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Template {
    /// An order is paid, and when and where it is collected.
    Confirmed,
    /// An order came to nothing, since its payment was declined.
    Declined,
    /// An order came to nothing for another reason.
    Cancelled,
    /// Something of an order is out of stock, and its member is asked what they want in its place.
    Substitute,
    /// A meal waits at the counter.
    Ready,
    /// The code that shows that a phone number is theirs.
    Code,
}

impl Template {
    /// Every template, in the order in which they come about.
    pub const ALL: [Self; 6] = [
        Self::Confirmed,
        Self::Declined,
        Self::Cancelled,
        Self::Substitute,
        Self::Ready,
        Self::Code,
    ];

    /// The stable name, SCREAMING_SNAKE_CASE.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Confirmed => "CONFIRMED",
            Self::Declined => "DECLINED",
            Self::Cancelled => "CANCELLED",
            Self::Substitute => "SUBSTITUTE",
            Self::Ready => "READY",
            Self::Code => "CODE",
        }
    }

    /// The template of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }

    /// What is said of an event, whose payload may have a reason; nothing of most. A declined payment is
    /// told with the cancellation that follows from it, so that one misfortune is one message.
    #[must_use]
    pub fn of(kind: OrderEvent, reason: Option<&str>) -> Option<Self> {
        match kind {
            OrderEvent::OrderConfirmed => Some(Self::Confirmed),
            OrderEvent::OrderReady => Some(Self::Ready),
            OrderEvent::SubstituteOffered => Some(Self::Substitute),
            OrderEvent::OrderCancelled => {
                Some(if reason == Some(CancelReason::PaymentDeclined.key()) {
                    Self::Declined
                } else {
                    Self::Cancelled
                })
            }
            _ => None,
        }
    }

    /// For how long it is worth sending, in microseconds: that a meal waits helps nobody the next day, and a
    /// question nobody who can't answer it any more, and a code nobody once it is not taken any more.
    #[must_use]
    pub const fn good_for(self) -> i64 {
        const HOUR: i64 = 3_600_000_000;
        match self {
            Self::Substitute => OFFER_LASTS,
            Self::Code => CODE_LASTS,
            Self::Ready => 4 * HOUR,
            Self::Confirmed | Self::Declined | Self::Cancelled => 72 * HOUR,
        }
    }
}

/// How a delivery stands.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryState {
    /// To be sent, now or when its channel is well again.
    Queued,
    /// Handed over to whoever carries it.
    Sent,
    /// Given up.
    Failed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Queued, Self::Sent, Self::Failed];

    /// The stable name, SCREAMING_SNAKE_CASE.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Sent => "SENT",
            Self::Failed => "FAILED",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }
}

/// How often a delivery may have been begun without anybody knowing what came of it, as where its process
/// died meanwhile. It is not begun once more by itself.
pub const UNSETTLED_MOST: i64 = 2;

/// How many digits the code has that goes to a phone number.
pub const CODE_DIGITS: usize = 6;
/// For how long it is taken, in microseconds.
pub const CODE_LASTS: i64 = 10 * 60_000_000;
/// How often somebody may type it. Whoever does not see the phone, and asks for every code that there is, is
/// right once in seven years or so.
pub const CODE_TRIES: i64 = 5;
/// How many codes an account is sent within [`CODES_WITHIN`], and a number.
pub const CODES_MOST: i64 = 3;
/// Within how long, in microseconds.
pub const CODES_WITHIN: i64 = 3_600_000_000;

/// A phone number of the whole world's plan (E.164): `+525512345678`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// The fewest digits; no country's numbers are shorter with their country code.
    pub const DIGITS_LEAST: usize = 7;
    /// The most digits (E.164, 6.2.1).
    pub const DIGITS_MOST: usize = 15;
    /// The longest that somebody may type, in characters: digits with something between.
    const TYPED_MOST: i64 = 40;

    /// Reads a number as a person typed it, with its country code: `+52 (55) 1234-5678`.
    ///
    /// # Errors
    /// The code of what is wrong.
    pub fn parse(typed: &str) -> Result<Self, InvalidCode> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(InvalidCode::Required);
        }
        if typed.chars().count() as i64 > Self::TYPED_MOST {
            return Err(InvalidCode::TooLong {
                max: Self::TYPED_MOST,
            });
        }
        let between = |letter: char| letter.is_whitespace() || "-().".contains(letter);
        let plain: String = typed.chars().filter(|letter| !between(*letter)).collect();
        let digits = plain
            .strip_prefix('+')
            .ok_or(InvalidCode::NotAPhoneNumber)?;
        let sound = (Self::DIGITS_LEAST..=Self::DIGITS_MOST).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            // No country code begins with it.
            && !digits.starts_with('0');
        if sound {
            Ok(Self(plain))
        } else {
            Err(InvalidCode::NotAPhoneNumber)
        }
    }

    /// The number, with its plus and without anything between.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// By which ways a member hears of their orders, as they are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// In the inbox here.
    pub inbox: bool,
    /// By e-mail.
    pub email: bool,
    /// By short message, to the phone.
    pub sms: bool,
    /// In the browsers that they have allowed it to.
    pub push: bool,
    /// Where short messages go, once it is confirmed.
    pub phone: Option<PhoneNumber>,
    /// Whether a code that went to the phone came back. Nothing but codes goes there before.
    pub confirmed: bool,
    /// The language of messages.
    pub language: Language,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            inbox: true,
            email: true,
            sms: false,
            push: false,
            phone: None,
            confirmed: false,
            language: Language::default(),
        }
    }
}

/// The same as somebody typed it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PreferencesDraft {
    /// In the inbox here.
    pub inbox: bool,
    /// By e-mail.
    pub email: bool,
    /// By short message.
    pub sms: bool,
    /// In browsers.
    pub push: bool,
    /// A phone number, or nothing.
    pub phone: String,
    /// A BCP 47 tag.
    pub language: String,
}

impl PreferencesDraft {
    /// Reads it. Whether the number is confirmed does not stand in it.
    ///
    /// # Errors
    /// By field: a `phone` that is no number or that is missing though short messages are wanted, a
    /// `language` that is not spoken here.
    pub fn validate(&self) -> Result<Preferences, Vec<InvalidField>> {
        let mut fields = Vec::new();
        let phone = match PhoneNumber::parse(&self.phone) {
            Ok(phone) => Some(phone),
            Err(InvalidCode::Required) if !self.sms => None,
            Err(code) => {
                fields.push(InvalidField::new("phone", code));
                None
            }
        };
        let language = Language::ALL
            .into_iter()
            .find(|language| language.tag() == self.language);
        match language {
            Some(language) if fields.is_empty() => Ok(Preferences {
                inbox: self.inbox,
                email: self.email,
                sms: self.sms,
                push: self.push,
                phone,
                confirmed: false,
                language,
            }),
            Some(_) => Err(fields),
            None => {
                fields.push(InvalidField::new("language", InvalidCode::UnknownChoice));
                Err(fields)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_lead_back_to_what_they_name() {
        for channel in Channel::ALL {
            assert_eq!(Channel::from_key(channel.key()), Some(channel));
            assert_eq!(serde_json::to_value(channel).unwrap(), channel.key());
        }
        for template in Template::ALL {
            assert_eq!(Template::from_key(template.key()), Some(template));
            assert_eq!(serde_json::to_value(template).unwrap(), template.key());
        }
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::from_key(state.key()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.key());
        }
        assert_eq!(Channel::from_key("PIGEON"), None);
    }

    #[test]
    fn an_event_that_is_told_has_a_template_and_others_have_none() {
        for kind in OrderEvent::ALL {
            let told = Template::of(kind, None).is_some();
            assert_eq!(told, kind.reaches_channels(), "{kind:?}");
        }
        let cancelled = |reason| Template::of(OrderEvent::OrderCancelled, reason);
        assert_eq!(
            cancelled(Some("PAYMENT_DECLINED")),
            Some(Template::Declined)
        );
        assert_eq!(cancelled(Some("OUT_OF_STOCK")), Some(Template::Cancelled));
        assert_eq!(cancelled(None), Some(Template::Cancelled));
    }

    #[test]
    fn phone_numbers_are_read_as_people_write_them() {
        for (typed, number) in [
            ("+525512345678", "+525512345678"),
            (" +52 (55) 1234-5678 ", "+525512345678"),
            ("+1.202.555.0143", "+12025550143"),
            ("+6835551", "+6835551"),
        ] {
            let parsed = PhoneNumber::parse(typed).unwrap();
            assert_eq!(parsed.as_str(), number, "{typed}");
        }
        assert_eq!(PhoneNumber::parse("  "), Err(InvalidCode::Required));
        for refused in [
            "5512345678",
            "+052123456789",
            "+123456",
            "+1234567890123456",
            "+52 55 CALL ME",
            "++525512345678",
            "+52+5512345678",
            "+٥٢٥٥١٢٣٤٥٦",
        ] {
            assert_eq!(
                PhoneNumber::parse(refused),
                Err(InvalidCode::NotAPhoneNumber),
                "{refused}"
            );
        }
        let long = "+1".to_owned() + &" ".repeat(60) + "2";
        assert!(matches!(
            PhoneNumber::parse(&long),
            Err(InvalidCode::TooLong { .. })
        ));
    }

    #[test]
    fn short_messages_need_a_phone() {
        let draft = PreferencesDraft {
            inbox: true,
            sms: true,
            language: "es".to_owned(),
            ..PreferencesDraft::default()
        };
        let required = vec![InvalidField::new("phone", InvalidCode::Required)];
        assert_eq!(draft.validate(), Err(required));
        let with_phone = PreferencesDraft {
            phone: "+52 55 1234 5678".to_owned(),
            ..draft.clone()
        };
        let preferences = with_phone.validate().unwrap();
        assert_eq!(preferences.phone.unwrap().as_str(), "+525512345678");
        assert_eq!(preferences.language, Language::Es);
        // A number that is wrong is refused also where nothing is sent to it.
        let wrong = PreferencesDraft {
            sms: false,
            phone: "55".to_owned(),
            language: "fr".to_owned(),
            ..draft
        };
        let fields = vec![
            InvalidField::new("phone", InvalidCode::NotAPhoneNumber),
            InvalidField::new("language", InvalidCode::UnknownChoice),
        ];
        assert_eq!(wrong.validate(), Err(fields));
    }

    proptest! {
        /// Whatever is taken is a number that any network would take, and is taken again as it is.
        #[test]
        fn what_is_taken_is_a_number(typed in "[+0-9 ().a-z-]{0,24}") {
            if let Ok(number) = PhoneNumber::parse(&typed) {
                let digits = number.as_str().strip_prefix('+').unwrap();
                prop_assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert!((7..=15).contains(&digits.len()));
                prop_assert_eq!(PhoneNumber::parse(number.as_str()), Ok(number.clone()));
            }
        }
    }
}
