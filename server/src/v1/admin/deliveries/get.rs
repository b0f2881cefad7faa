use super::DeliveryItem;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use axum::{Extension, Json};
use serde::Serialize;
use service::{Ctx, notify};
use utoipa::ToSchema;

/// A delivery with what it says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryWhole {
    #[serde(flatten)]
    delivery: DeliveryItem,
    /// What the member is called.
    member: String,
    /// Its subject.
    subject: String,
    /// As plain text.
    text: String,
    /// As HTML.
    html: String,
    /// As a short message.
    short: String,
}

/// A delivery with what it says; a code to a phone is hidden, but where the demo keeps it. For administrators.
#[utoipa::path(
    get, path = "/v1/admin/deliveries/{deliveryId}", tag = "admin", params(("deliveryId" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The delivery", body = DeliveryWhole),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such delivery", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<DeliveryWhole>, ApiError> {
    let view = notify::get(&ctx, id).await?;
    Ok(Json(DeliveryWhole {
        delivery: view.delivery.into(),
        member: view.member,
        subject: view.content.subject,
        text: view.content.text,
        html: view.content.html,
        short: view.content.short,
    }))
}
