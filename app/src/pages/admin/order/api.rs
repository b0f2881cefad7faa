//! Server functions of an order, and what they send.

pub use crate::pages::admin::say::Moment;
pub use crate::pages::order::api::StateView;

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// An order as those who run the place see it, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailView {
    /// Its id.
    pub id: String,
    /// What is called out.
    pub number: String,
    /// How it stands.
    pub state: StateView,
    /// Why it was cancelled; mostly empty.
    pub remark: String,
    /// Who ordered: their account, name and address.
    pub member: (String, String, String),
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// When it was placed.
    pub placed: Moment,
    /// What was ordered: "2 × Chilaquiles", the options, the price.
    pub lines: Vec<(String, String, String)>,
    /// What it costs.
    pub total: String,
    /// What was done and undone.
    pub steps: Vec<StepLine>,
    /// What was given back.
    pub refunds: Vec<RefundLine>,
    /// How much went back that nobody here asked for, in words.
    pub elsewhere: Option<String>,
    /// What happened.
    pub events: Vec<EventLine>,
    /// Whether whoever looks may see people and the audit log.
    pub administers: bool,
    /// Whether whoever looks may cancel it now.
    pub can_cancel: bool,
    /// How much may be given back: "54.20" and "MX$54.20"; nothing where whoever looks may not.
    pub refundable: Option<(String, String)>,
    /// ISO 4217.
    pub currency: String,
    /// Under which a refund is made once.
    pub key: String,
}

/// A step of its saga.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepLine {
    /// "Payment made".
    pub title: String,
    /// The tone of its state, and the state in words.
    pub state: (String, String),
    /// How often it was tried.
    pub attempts: String,
    /// What went wrong, as JSON; mostly empty.
    pub error: String,
    /// When it began.
    pub began: Moment,
    /// How long it took; empty while it lasts.
    pub took: String,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    /// Its id.
    pub id: String,
    /// "MX$54.20".
    pub amount: String,
    /// Why.
    pub reason: String,
    /// The tone of its state, and the state in words.
    pub state: (String, String),
    /// Who asked for it.
    pub actor: String,
    /// When.
    pub when: Moment,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    /// What, in words.
    pub title: String,
    /// What it tells besides: an amount, and the rest as JSON; often empty.
    pub payload: String,
    /// When.
    pub when: Moment,
}

/// An order whole.
#[server(endpoint = "admin/order")]
pub async fn get_detail(id: String) -> Result<DetailView, AppError> {
    super::build::detail(&crate::context::ctx()?, &id).await
}

/// Gives back what was paid, or a part of it, and leads back.
#[server(endpoint = "admin/order/refund")]
pub async fn refund_order(
    #[server(default)] order: String,
    #[server(default)] amount: String,
    #[server(default)] currency: String,
    #[server(default)] reason: String,
    #[server(default)] key: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let id = service::plan::parse_id(&order)?;
    let draft = service::order::RefundDraft {
        key,
        amount: crate::pages::admin::list::minor("amount", &amount, &currency)?,
        reason,
    };
    service::order::refund(&ctx, id, &draft).await?;
    leptos_axum::redirect(&format!("/admin/orders/{id}?refunded=1"));
    Ok(())
}
