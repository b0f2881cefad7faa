//! How a member wishes to be told, in words.

use super::api::{BrowserLine, INBOX, NotificationsView};
use crate::error::AppError;
use crate::words::Words;
use domain::notification::{Channel, PhoneNumber};
use service::Ctx;
use service::notify;

pub(super) async fn notifications(ctx: &Ctx) -> Result<NotificationsView, AppError> {
    let words = Words(ctx.language);
    let view = notify::preferences(ctx).await?;
    let preferences = &view.preferences;
    let wants = |channel| match channel {
        Channel::Email => preferences.email,
        Channel::Sms => preferences.sms,
        Channel::Push => preferences.push,
    };
    let inbox = preferences.inbox.then(|| INBOX.to_owned());
    let channels = view.channels.iter();
    let sms = view.channels.contains(&Channel::Sms);
    Ok(NotificationsView {
        ways: std::iter::once(INBOX.to_owned())
            .chain(channels.clone().map(|channel| channel.key().to_owned()))
            .collect(),
        wanted: inbox
            .into_iter()
            .chain(
                channels
                    .filter(|channel| wants(**channel))
                    .map(|channel| channel.key().to_owned()),
            )
            .collect(),
        sms,
        confirmed: preferences.confirmed,
        waiting: sms && preferences.phone.is_some() && !preferences.confirmed,
        code_asked: view.code_asked,
        codes_shown: view.codes_shown,
        phone: preferences
            .phone
            .as_ref()
            .map(PhoneNumber::as_str)
            .unwrap_or_default()
            .to_owned(),
        language: preferences.language.tag().to_owned(),
        push_key: view.push_key,
        browsers: view
            .browsers
            .into_iter()
            .map(|browser| BrowserLine {
                id: browser.id.to_string(),
                service: browser.service,
                since: words.full_date(ctx.service.local_time(browser.since).date),
            })
            .collect(),
    })
}
