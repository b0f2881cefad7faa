use crate::http::problem::{ApiError, ProblemDocument};
use axum::{Extension, Json};
use domain::text::Localized;
use serde::Serialize;
use service::{Ctx, menu};
use utoipa::ToSchema;

/// An option that items may have.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OptionChoiceDocument {
    key: String,
    name: Localized<String>,
    /// What it usually costs, in minor units.
    price: i64,
}

/// The options that items may have.
#[derive(Serialize, ToSchema)]
pub(crate) struct OptionChoices {
    items: Vec<OptionChoiceDocument>,
}

/// The options that items may have: what each is made of is known. For administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/menu-options", tag = "admin",
    responses(
        (status = 200, description = "The options", body = OptionChoices),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither an administrator nor an operator", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn options(
    Extension(ctx): Extension<Ctx>,
) -> Result<Json<OptionChoices>, ApiError> {
    let items = menu::option_choices(&ctx).await?.into_iter();
    Ok(Json(OptionChoices {
        items: items
            .map(|option| OptionChoiceDocument {
                key: option.key,
                name: option.name,
                price: option.price,
            })
            .collect(),
    }))
}
