//! Server functions of the account.

use crate::context::Me;
use crate::error::AppError;
use domain::notification::PreferencesDraft;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The inbox among the ways to be told; the others are channels.
pub(super) const INBOX: &str = "INBOX";

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

/// How a member wishes to be told, and what there is to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationsView {
    /// The ways that are open here: `INBOX`, and channels.
    pub ways: Vec<String>,
    /// Those of them that are wanted.
    pub wanted: Vec<String>,
    /// Whether short messages are among them.
    pub sms: bool,
    /// Where short messages go; may be empty.
    pub phone: String,
    /// Whether that is known to be theirs.
    pub confirmed: bool,
    /// Whether it waits to be confirmed.
    pub waiting: bool,
    /// Whether a code went there.
    pub code_asked: bool,
    /// Whether codes stay here, as in the demo.
    pub codes_shown: bool,
    /// The tag of the language of messages.
    pub language: String,
    /// What a browser is told to know this installation by.
    pub push_key: Option<String>,
    /// The browsers that take notifications.
    pub browsers: Vec<BrowserLine>,
}

/// A browser that takes notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserLine {
    /// Its id.
    pub id: String,
    /// The host of its push service.
    pub service: String,
    /// "22 November 2026".
    pub since: String,
}

/// How whoever asks wishes to be told.
#[server(endpoint = "account/notifications")]
pub async fn get_notifications() -> Result<NotificationsView, AppError> {
    super::build::notifications(&crate::context::ctx()?).await
}

/// Keeps how whoever asks wishes to be told, and leads back to the account.
#[server(endpoint = "account/notifications/save")]
pub async fn save_notifications(
    #[server(default)] channels: Vec<String>,
    #[server(default)] phone: String,
    #[server(default)] language: String,
) -> Result<(), AppError> {
    use domain::notification::Channel;
    let ctx = crate::context::ctx()?;
    let wants = |way: &str| channels.iter().any(|wanted| wanted == way);
    let draft = PreferencesDraft {
        inbox: wants(INBOX),
        email: wants(Channel::Email.key()),
        sms: wants(Channel::Sms.key()),
        push: wants(Channel::Push.key()),
        phone,
        language,
    };
    service::notify::set_preferences(&ctx, &draft).await?;
    leptos_axum::redirect("/account?saved=notifications#notifications");
    Ok(())
}

/// Confirms a phone number by the code that went there, and leads back to the account.
#[server(endpoint = "account/phone/confirm")]
pub async fn confirm_phone(#[server(default)] code: String) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    service::notify::confirm_phone(&ctx, &code).await?;
    leptos_axum::redirect("/account?saved=phone#notifications");
    Ok(())
}

/// Has another code sent to a phone number, and leads back to the account.
#[server(endpoint = "account/phone/code")]
pub async fn ask_for_code() -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    service::notify::ask_for_code(&ctx).await?;
    leptos_axum::redirect("/account?saved=code#notifications");
    Ok(())
}

/// Has a browser take notifications no more, and leads back to the account.
#[server(endpoint = "account/browsers/remove")]
pub async fn remove_browser(#[server(default)] id: String) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    service::notify::unsubscribe(&ctx, service::plan::parse_id(&id)?).await?;
    leptos_axum::redirect("/account?saved=browser-removed#notifications");
    Ok(())
}
