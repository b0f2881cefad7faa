//! What is wrong with a value that somebody sent, by field.

use crate::text::Localized;
use serde::{Deserialize, Serialize};

/// Why a field was refused. Each code has a sentence in every language.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "code",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum InvalidCode {
    /// Nothing was given.
    Required,
    /// Not of the expected kind (text where a number belongs).
    Malformed,
    /// A number outside its bounds, both inclusive, in the field's unit.
    OutOfRange {
        /// The least allowed.
        min: i64,
        /// The most allowed.
        max: i64,
    },
    /// Text that is too short, in characters.
    TooShort {
        /// The fewest characters.
        min: i64,
    },
    /// Text or a list that is too long, in characters or entries.
    TooLong {
        /// The most characters or entries.
        max: i64,
    },
    /// A value that is none of the choices.
    UnknownChoice,
    /// A field that does not exist.
    UnknownField,
    /// A week that its year does not have, or not written `2026-W31`.
    NoSuchWeek,
    /// A food or dish that is not in the catalogue.
    NotInCatalogue,
    /// Not an e-mail address.
    NotAnEmail,
    /// Not a phone number with its country code.
    NotAPhoneNumber,
    /// A code that is not the one that was sent.
    WrongCode,
    /// A code that is not taken any more: too old, tried too often, or a newer one was sent.
    CodeExpired,
    /// A password on the list of the most used ones, or the e-mail itself.
    GuessablePassword,
    /// An address that already has an account.
    EmailTaken,
    /// A count that is what was counted already.
    NothingToCorrect,
    /// More portions than nobody has reserved.
    NotInStock {
        /// How many those are.
        free: i64,
    },
    /// A file whose first line lacks a column.
    ColumnMissing,
    /// A file with so many lines that can't be taken that not all are named.
    BadLines {
        /// How many they are.
        count: i64,
    },
    /// An idempotency key that came before, with another request.
    KeyReused,
    /// Fewer options of a group than must be chosen.
    ChooseAtLeast {
        /// At least so many.
        min: i64,
    },
    /// More options of a group than may be chosen.
    ChooseAtMost {
        /// At most so many.
        max: i64,
    },
    /// An option that goes only with another one.
    OptionRequires {
        /// What was chosen.
        option: Localized<String>,
        /// What was not.
        other: Localized<String>,
    },
    /// An option that does not go with another one.
    OptionExcludes {
        /// What was chosen.
        option: Localized<String>,
        /// What was chosen as well.
        other: Localized<String>,
    },
    /// More money than a wallet may hold.
    WalletFull,
    /// A way to pay that is not taken there.
    PaymentNotAccepted,
    /// A way to pay that this installation has not set up.
    PaymentNotSetUp,
    /// More portions of the same than a cart takes.
    CartPortions {
        /// At most so many, with those that are in it.
        max: i64,
    },
    /// More different things than a cart takes.
    CartLines {
        /// At most so many.
        max: i64,
    },
    /// More money than is left of a payment.
    MoreThanPaid {
        /// How much that is, in minor units.
        left: i64,
    },
    /// Of one's own account: others must do it.
    OwnAccount,
    /// A name within an item that is empty, or that another group or option there has.
    KeyNotUnique,
    /// A least number of choices that is below zero or above the most.
    ChoiceRange,
    /// Groups of which no choice has enough together.
    NeverMet {
        /// Which.
        groups: Localized<String>,
    },
    /// An option that no choice that keeps the rules contains.
    NeverChosen {
        /// Which.
        option: Localized<String>,
    },
    /// A rule about an option that the item does not have.
    NoSuchOption,
    /// Rules that are too entangled to be checked.
    TooEntangled,
    /// A dish or product that the campus sells already.
    AlreadyOnMenu,
    /// Times of a day that are none, empty, or not one after the other.
    BadHours,
    /// A time that is over, or further ahead than so many days.
    NotWithinDays {
        /// The most days ahead.
        days: i64,
    },
    /// Pregnancy and lactation go with the female reference values, ages 14 to 50.
    LifeStageNeedsFemale,
    /// Reference values for pregnancy and lactation end at 50.
    LifeStageAge,
    /// The 2023 energy equation is for adults of 19 and more.
    FormulaNeedsAdult,
    /// EFSA's values in the data are for adults over 18, neither pregnant nor lactating.
    ReferenceNeedsAdult,
    /// No weight loss below a body mass index of 18.5.
    LossUnderweight,
    /// No weight loss in pregnancy or lactation.
    LossLifeStage,
    /// No weight loss under 19.
    LossUnder19,
    /// The deficit would take daily energy below the safe minimum, in kcal.
    BelowSafeEnergy {
        /// 1,200 for women, 1,500 for men.
        minimum: i64,
    },
}

/// One refused field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidField {
    /// The field's name on the wire, a path where it lies deeper: `dislikedFoods[2]`.
    pub field: String,
    /// Why.
    #[serde(flatten)]
    pub code: InvalidCode,
}

impl InvalidField {
    /// A refusal of `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, code: InvalidCode) -> Self {
        Self {
            field: field.into(),
            code,
        }
    }
}
