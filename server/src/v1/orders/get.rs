use super::OrderSummary;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use domain::allergen::Allergen;
use domain::amount::Amount;
use domain::diet::Diet;
use domain::kitchen::OfferState;
use domain::menu::ChosenOption;
use domain::nutrient::Nutrient;
use domain::payment::{DeclineReason, GatewayKind, PaymentState};
use domain::saga::{Direction, Step};
use domain::text::Localized;
use serde::Serialize;
use serde_json::Value;
use service::order::{Offer, OrderLine, OrderPayment, OrderStep, OrderView};
use service::{Ctx, order};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use uuid::Uuid;

/// An order, whole.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderDocument {
    #[serde(flatten)]
    order: OrderSummary,
    /// The campus' name in addresses.
    campus: String,
    lines: Vec<LineDocument>,
    /// What was done and undone so far, in order.
    steps: Vec<StepDocument>,
    /// The step that is done or undone at present.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_step: Option<CurrentStep>,
    /// Whether it is cancelled once the step that runs has ended.
    cancelling: bool,
    /// Its payment, once it has come so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_details: Option<PaymentDocument>,
    /// Whether you may cancel it now.
    can_cancel: bool,
    /// What of it was out of stock, what was offered in its place, and what came of that.
    offers: Vec<OfferDocument>,
    /// What goes into the member's wallet once it is collected, in minor units: something that was taken
    /// instead costs less.
    owed: i64,
}

/// An offer of something in place of what is out of stock.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OfferDocument {
    /// What is out of stock.
    item_id: Uuid,
    name: Localized<String>,
    quantity: i64,
    state: OfferState,
    /// What may be had instead.
    choices: Vec<OfferedItem>,
    /// What was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen: Option<Uuid>,
    /// Until when it can be answered.
    expires_at: String,
}

/// Something that may be had instead.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OfferedItem {
    item_id: Uuid,
    name: Localized<String>,
    options: Vec<ChosenOption>,
    allergens: BTreeSet<Allergen>,
    /// What goes back to whoever takes it, for all portions, in minor units. It never costs more.
    back: i64,
}

impl From<Offer> for OfferDocument {
    fn from(offer: Offer) -> Self {
        let choices = offer.choices.into_iter().map(|choice| OfferedItem {
            item_id: choice.item_id,
            name: choice.item.name,
            options: choice.item.options,
            allergens: choice.item.allergens,
            back: choice.back,
        });
        Self {
            item_id: offer.item_id,
            name: offer.name,
            quantity: offer.quantity,
            state: offer.state,
            choices: choices.collect(),
            chosen: offer.chosen,
            expires_at: rfc3339(offer.expires_at),
        }
    }
}

/// A line of an order, as it was when it was ordered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LineDocument {
    item_id: Uuid,
    name: Localized<String>,
    quantity: i64,
    /// In minor units.
    unit_price: i64,
    options: Vec<ChosenOption>,
    allergens: BTreeSet<Allergen>,
    diets: BTreeSet<Diet>,
    /// What one portion contains at least, of what is known.
    nutrients: BTreeMap<Nutrient, Amount>,
}

/// How a step went.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StepDocument {
    step: Step,
    direction: Direction,
    /// `PENDING`, `DONE`, `REFUSED` or `EXHAUSTED`.
    state: String,
    /// How often it was tried.
    attempts: i64,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

/// The step at which an order is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CurrentStep {
    step: Step,
    direction: Direction,
}

/// An order's payment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PaymentDocument {
    gateway: GatewayKind,
    state: PaymentState,
    /// In minor units.
    amount: i64,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_reason: Option<DeclineReason>,
    updated_at: String,
}

impl From<OrderLine> for LineDocument {
    fn from(line: OrderLine) -> Self {
        Self {
            item_id: line.item_id,
            name: line.item.name,
            quantity: line.quantity,
            unit_price: line.unit_price,
            options: line.item.options,
            allergens: line.item.allergens,
            diets: line.item.diets,
            nutrients: line.item.nutrients,
        }
    }
}

impl From<OrderStep> for StepDocument {
    fn from(step: OrderStep) -> Self {
        Self {
            step: step.step,
            direction: step.direction,
            state: step.state,
            attempts: step.attempts,
            error: step.error,
            started_at: rfc3339(step.started_at),
            ended_at: step.ended_at.map(rfc3339),
        }
    }
}

impl From<OrderPayment> for PaymentDocument {
    fn from(payment: OrderPayment) -> Self {
        Self {
            gateway: payment.gateway,
            state: payment.state,
            amount: payment.amount,
            currency: payment.currency,
            decline_reason: payment.decline_reason,
            updated_at: rfc3339(payment.updated_at),
        }
    }
}

impl From<OrderView> for OrderDocument {
    fn from(view: OrderView) -> Self {
        Self {
            campus: view.campus.slug,
            lines: view.lines.into_iter().map(LineDocument::from).collect(),
            steps: view.steps.into_iter().map(StepDocument::from).collect(),
            current_step: view
                .current
                .map(|(step, direction)| CurrentStep { step, direction }),
            cancelling: view.cancelling,
            payment_details: view.payment.map(PaymentDocument::from),
            can_cancel: view.can_cancel,
            offers: view.offers.into_iter().map(OfferDocument::from).collect(),
            owed: view.owed,
            order: view.order.into(),
        }
    }
}

/// An order of yours with its lines, what was done for it, and its payment.
#[utoipa::path(
    get, path = "/v1/orders/{orderId}", tag = "orders", params(("orderId" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The order", body = OrderDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such order of yours", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<OrderDocument>, ApiError> {
    Ok(Json(order::get(&ctx, id).await?.into()))
}
