//! How you are told of your orders outside the product.

pub mod ask_for_code;
pub mod confirm_phone;
pub mod get;
pub mod put;
pub mod subscribe;
pub mod unsubscribe;

use crate::v1::time::rfc3339;
use domain::notification::{Channel, PhoneNumber};
use domain::text::Language;
use serde::Serialize;
use service::notify::PreferencesView;
use utoipa::ToSchema;
use uuid::Uuid;

/// How you wish to be told, and what there is to choose from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationPreferences {
    /// In the inbox here.
    inbox: bool,
    /// By e-mail.
    email: bool,
    /// By short message.
    sms: bool,
    /// In your browsers.
    push: bool,
    /// Where short messages go, as E.164 has it; null where nobody knows.
    phone: Option<String>,
    /// Whether a code that went there came back. Nothing but codes is sent there before.
    phone_confirmed: bool,
    /// The language of messages: `en` or `es`.
    #[schema(value_type = String)]
    language: Language,
    /// The channels that are open here.
    channels: Vec<Channel>,
    /// What a browser takes as `applicationServerKey`; null where nothing is sent to browsers.
    push_key: Option<String>,
    /// The browsers that take notifications for you.
    browsers: Vec<PushBrowser>,
}

/// A browser that takes notifications.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushBrowser {
    browser_id: Uuid,
    /// The host of its push service.
    service: String,
    /// Since when.
    since: String,
}

impl From<PreferencesView> for NotificationPreferences {
    fn from(view: PreferencesView) -> Self {
        let preferences = view.preferences;
        Self {
            inbox: preferences.inbox,
            email: preferences.email,
            sms: preferences.sms,
            push: preferences.push,
            phone: preferences
                .phone
                .as_ref()
                .map(PhoneNumber::as_str)
                .map(str::to_owned),
            phone_confirmed: preferences.confirmed,
            language: preferences.language,
            channels: view.channels,
            push_key: view.push_key,
            browsers: view
                .browsers
                .into_iter()
                .map(|browser| PushBrowser {
                    browser_id: browser.id,
                    service: browser.service,
                    since: rfc3339(browser.since),
                })
                .collect(),
        }
    }
}
