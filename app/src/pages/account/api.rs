//! Server functions of the account.

use crate::context::Me;
use crate::error::AppError;
use leptos::prelude::*;

/// Who is signed in.
#[server(endpoint = "me")]
pub async fn get_me() -> Result<Option<Me>, AppError> {
    let ctx = crate::context::ctx()?;
    // Before the rest of the page is read: what comes after this number is asked for once it is open.
    let heard = service::live::newest(&ctx).await?;
    let Some(me) = service::account::me(&ctx).await? else {
        return Ok(None);
    };
    Ok(Some(Me {
        name: me.name,
        email: me.email,
        role: me.role,
        unread: service::inbox::unread(&ctx).await?,
        waits: service::live::waits(&ctx).await?,
        heard,
    }))
}
