//! Server functions of signing in.

use crate::error::AppError;
use domain::account::Role;
#[cfg(feature = "ssr")]
use domain::problem::Problem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Signs a browser in and leads it on to `next`, or to the plan.
#[server(endpoint = "sign-in")]
pub async fn sign_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let session =
        service::account::sign_in(&ctx, service::account::SignIn { email, password }).await?;
    crate::context::signed_in(&ctx, &session);
    leptos_axum::redirect(crate::context::local_path(&next).unwrap_or("/plan"));
    Ok(())
}

/// An account to try the demo with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoAccount {
    /// Its name.
    pub name: String,
    /// Its address.
    pub email: String,
    /// What it is here.
    pub role: Role,
}

/// The accounts to try the demo with; none where this is no demo.
#[server(endpoint = "demo-accounts")]
pub async fn demo_accounts() -> Result<Vec<DemoAccount>, AppError> {
    let ctx = crate::context::ctx()?;
    let accounts = ctx
        .demo()
        .then_some(service::demo::ACCOUNTS)
        .into_iter()
        .flatten();
    Ok(accounts
        .map(|it| DemoAccount {
            name: it.name.to_owned(),
            email: it.email.to_owned(),
            role: it.role,
        })
        .collect())
}

/// Signs a visitor of the demo in.
#[server(endpoint = "demo-sign-in")]
pub async fn demo_sign_in(#[server(default)] email: String) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let account = service::demo::ACCOUNTS
        .iter()
        .find(|account| ctx.demo() && account.email == email);
    let account = account.ok_or(Problem::NotFound)?;
    sign_in(
        account.email.to_owned(),
        account.password.to_owned(),
        String::new(),
    )
    .await
}
