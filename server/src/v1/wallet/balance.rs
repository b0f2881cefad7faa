use crate::http::problem::{ApiError, ProblemDocument};
use axum::{Extension, Json};
use serde::Serialize;
use service::{Ctx, wallet};
use utoipa::ToSchema;

/// A wallet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WalletResponse {
    /// One for each currency that a campus sells in.
    balances: Vec<BalanceItem>,
}

/// What there is of a currency.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BalanceItem {
    /// ISO 4217.
    currency: String,
    /// In minor units.
    balance: i64,
}

/// Your wallet.
#[utoipa::path(
    get, path = "/v1/wallet", tag = "wallet",
    responses(
        (status = 200, description = "What you have", body = WalletResponse),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn balance(
    Extension(ctx): Extension<Ctx>,
) -> Result<Json<WalletResponse>, ApiError> {
    let balances = wallet::get(&ctx).await?;
    let balances = balances
        .into_iter()
        .map(|held| BalanceItem {
            currency: held.currency,
            balance: held.balance,
        })
        .collect();
    Ok(Json(WalletResponse { balances }))
}
