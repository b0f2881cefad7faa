//! How a member names a card. Its number never comes here: Stripe's own field in the page takes it, and gives
//! a name for it. Where Stripe is used with a key for tests alone, the cards that it has for them are offered.
//!
//! In a form with ways to pay it shows only while that by Stripe is chosen.

use super::{Choice, Choices};
use crate::components::form::field_error;
use crate::context::{name, t};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use locales::Key;
use serde::{Deserialize, Serialize};
use service::Ctx;

/// Puts Stripe's field into the page, and the card's name into the form before it is sent.
const CARD: &str = include_str!("card_entry.js");

/// Stripe's cards for tests: what each does is their names here.
const TEST_CARDS: [(&str, &str); 4] = [
    ("pm_card_visa", "VISA"),
    ("pm_card_mastercard", "MASTERCARD"),
    ("pm_card_visa_chargeDeclined", "DECLINED"),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", "EMPTY"),
];

/// What a page needs so that a card can be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardEntry {
    /// Stripe's key for pages; where it is absent, the cards for tests are offered.
    pub key: Option<String>,
}

impl CardEntry {
    /// What there is here; nothing where Stripe is not used.
    #[must_use]
    pub fn of(ctx: &Ctx) -> Option<Self> {
        let stripe = ctx.institution.gateways.stripe()?;
        Some(Self {
            key: stripe.publishable_key.clone(),
        })
    }
}

/// The fields of a form that name a card, in `payment_method`.
#[must_use]
pub fn card_fields(entry: CardEntry) -> AnyView {
    let fields = match entry.key {
        Some(key) => stripe_field(key),
        None => test_cards(),
    };
    view! { <div class="card-entry">{fields}</div> }.into_any()
}

fn test_cards() -> AnyView {
    let options = TEST_CARDS
        .into_iter()
        .map(|(value, label)| Choice::new(value, name("test_card", label)))
        .collect();
    view! {
        <Choices
            name="payment_method"
            legend=t(Key::CheckoutCard)
            hint=t(Key::CheckoutCardTest)
            options=options
            selected=vec![TEST_CARDS[0].0.to_owned()]
            class="pills"
        />
    }
    .into_any()
}

fn stripe_field(key: String) -> AnyView {
    let script = format!("({CARD})()");
    view! {
        <fieldset class="field" aria-describedby="payment-method-error card-entry-said">
            <legend>{t(Key::CheckoutCard)}</legend>
            <input type="hidden" name="payment_method" value=""/>
            <div class="input" data-card-key=key hidden></div>
            <p class="field__error" id="card-entry-said" data-card-said=t(Key::CheckoutCardAway) role="alert" hidden></p>
            <noscript><p class="field__hint">{t(Key::CheckoutCardScript)}</p></noscript>
            {field_error("payment_method")}
        </fieldset>
        <script type="module" nonce=use_nonce()>{script}</script>
    }
    .into_any()
}
