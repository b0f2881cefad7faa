//! Server functions of signing up.

use crate::error::AppError;
use leptos::prelude::*;

/// Makes a member's account, signs the browser in and leads it on to the profile.
#[server(endpoint = "sign-up")]
pub async fn sign_up(
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let member = service::account::Register {
        name,
        email,
        password,
    };
    let session = service::account::register(&ctx, member).await?;
    crate::context::signed_in(&ctx, &session);
    leptos_axum::redirect("/profile");
    Ok(())
}
