use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use domain::order::OrderState;
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::search::{self, Hit};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Question {
    /// An order's number, words of a dish or person, an id.
    q: String,
}

/// Something that was found.
#[derive(Serialize, ToSchema)]
#[serde(
    tag = "kind",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub(crate) enum HitDocument {
    /// An order.
    Order {
        order_id: Uuid,
        number: i64,
        status: OrderState,
        member: String,
        slot_at: String,
    },
    /// A dish of the catalogue.
    Dish {
        dish_id: String,
        /// Its name in your language.
        name: String,
    },
    /// Somebody.
    Person {
        account_id: Uuid,
        name: String,
        email: String,
    },
    /// A job.
    Job {
        job_id: Uuid,
        job_kind: String,
        state: &'static str,
        subject: Option<String>,
    },
}

impl HitDocument {
    fn new(ctx: &Ctx, hit: Hit) -> Self {
        match hit {
            Hit::Order {
                id,
                number,
                state,
                member,
                slot_at,
            } => Self::Order {
                order_id: id,
                number,
                status: state,
                member,
                slot_at: rfc3339(slot_at),
            },
            Hit::Dish { id, name } => Self::Dish {
                dish_id: id,
                name: name.get(ctx.language).clone(),
            },
            Hit::Person { id, name, email } => Self::Person {
                account_id: id,
                name,
                email,
            },
            Hit::Job {
                id,
                kind,
                state,
                subject,
            } => Self::Job {
                job_id: id,
                job_kind: kind,
                state,
                subject,
            },
        }
    }
}

/// What was found, at most six of each kind.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hits {
    items: Vec<HitDocument>,
}

/// Finds orders by number, dishes, people and jobs, each only for those who may see them. For staff,
/// administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/search", tag = "admin", params(Question),
    responses(
        (status = 200, description = "What was found", body = Hits),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor administrator nor operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "The text is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    Parameters(question): Parameters<Question>,
) -> Result<Json<Hits>, ApiError> {
    let hits = search::search(&ctx, &question.q).await?.into_iter();
    Ok(Json(Hits {
        items: hits.map(|hit| HitDocument::new(&ctx, hit)).collect(),
    }))
}
