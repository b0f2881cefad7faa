//! Server functions of an order, and what they send.

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// An order, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// Its id.
    pub id: String,
    /// What is called out: "42".
    pub number: String,
    /// Where it is collected.
    pub campus: String,
    /// How it stands.
    pub state: StateView,
    /// What that means, in a sentence.
    pub headline: String,
    /// What else there is to say: why it was cancelled; mostly empty.
    pub remark: String,
    /// "today, 12:15–12:30".
    pub slot: String,
    /// Until then, while something is still to come.
    pub countdown: Option<CountdownView>,
    /// What was done, is done and is to come.
    pub steps: Vec<StepView>,
    /// What was ordered.
    pub lines: Vec<OrderLineView>,
    /// "MX$230.00".
    pub total: String,
    /// "Card · paid".
    pub payment: String,
    /// "1 230 kcal · 54 g protein".
    pub energy: String,
    /// Names of all allergens in it.
    pub allergens: Vec<String>,
    /// Who ordered, for those who work with it.
    pub member: Option<String>,
    /// Whether whoever looks may cancel it now.
    pub can_cancel: bool,
    /// Whether they must say why.
    pub must_say_why: bool,
    /// What whoever looks may do next with it, by its name on the wire.
    pub next: Option<String>,
    /// Whether something is still to come.
    pub living: bool,
    /// What of it was out of stock, and what was or may be had instead.
    pub offers: Vec<OfferView>,
    /// What goes into the member's wallet once it is collected; mostly empty.
    pub owed: String,
}

/// Something that is out of stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferView {
    /// Names it among the offers.
    pub id: String,
    /// "2 × Chilaquiles".
    pub item: String,
    /// What came of it; what is asked while that is open.
    pub text: String,
    /// What may be had instead, for whoever may answer: ids of items, and names.
    pub choices: Vec<OfferChoiceView>,
    /// Whether whoever looks may answer now.
    pub open: bool,
}

/// Something that may be had instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferChoiceView {
    /// The item's id.
    pub item: String,
    /// What it is called.
    pub name: String,
    /// "Contains milk. MX$20.00 goes back to you."
    pub note: String,
}

/// How an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateView {
    /// Its name on the wire.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// What colour says it.
    pub tone: String,
}

/// The time until a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountdownView {
    /// The moment, in milliseconds since 1970 UTC.
    pub at: String,
    /// When this was written, the same.
    pub now: String,
    /// "in 25 min 03 s".
    pub text: String,
}

/// A step of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// Names it among the steps.
    pub key: String,
    /// "Paid".
    pub title: String,
    /// `done`, `current`, `waiting` or `failed`.
    pub state: String,
    /// How that state is said: "done".
    pub spoken: String,
    /// When: for machines and for people; empty where it has not been.
    pub time: (String, String),
    /// What else there is to say: "after 3 attempts"; mostly empty.
    pub note: String,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLineView {
    /// "2 × Chilaquiles".
    pub title: String,
    /// "Large, oat milk"; may be empty.
    pub options: String,
    /// "MX$108.40".
    pub price: String,
}

/// An order of one's own, or any for those who work with them.
#[server(endpoint = "order")]
pub async fn get_order(id: String) -> Result<OrderView, AppError> {
    super::build::order(&crate::context::ctx()?, &id).await
}

/// Cancels an order and leads back, or to it. Staff say why.
#[server(endpoint = "order/cancel")]
pub async fn cancel_order(
    #[server(default)] order: String,
    #[server(default)] reason: String,
    #[server(default)] back: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let id = service::plan::parse_id(&order)?;
    service::order::cancel(&ctx, id, Some(&reason)).await?;
    let here = format!("/orders/{id}");
    leptos_axum::redirect(crate::context::local_path(&back).unwrap_or(&here));
    Ok(())
}

/// Moves an order on in the kitchen and leads back: `advance` is `<order>:START`, `<order>:READY` or
/// `<order>:COLLECTED`.
#[server(endpoint = "order/advance")]
pub async fn advance_order(
    #[server(default)] advance: String,
    #[server(default)] back: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let (id, advance) = super::build::advance(&advance)?;
    service::order::advance(&ctx, id, advance).await?;
    let here = format!("/orders/{id}");
    leptos_axum::redirect(crate::context::local_path(&back).unwrap_or(&here));
    Ok(())
}

/// Answers what the kitchen asks about an order, and leads to it: `answer` is `ACCEPT:<item>` or
/// `DECLINE`.
#[server(endpoint = "order/answer")]
pub async fn answer_offer(
    #[server(default)] order: String,
    #[server(default)] answer: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let id = service::plan::parse_id(&order)?;
    let answer = super::build::offer_answer(&answer)?;
    service::order::answer(&ctx, id, answer).await?;
    leptos_axum::redirect(&format!("/orders/{id}"));
    Ok(())
}
