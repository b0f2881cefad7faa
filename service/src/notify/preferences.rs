//! How members wish to be told, and the browsers that take notifications for them.

use super::settings::origin;
use super::web_push::{AUTH, POINT};
use crate::ctx::{Actor, Ctx};
use crate::difference::phone_hidden;
use crate::{Error, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use domain::invalid::{InvalidCode, InvalidField};
use domain::notification::{Channel, PhoneNumber, Preferences, PreferencesDraft};
use domain::problem::Problem;
use domain::text::Language;
use serde_json::{Value, json};
use storage::contact::{self, Browser};
use storage::{Tx, session};
use uuid::Uuid;

/// The longest address of a browser at its push service, in characters.
const ENDPOINT_MOST: i64 = 1000;
/// What an uncompressed point begins with.
const UNCOMPRESSED: u8 = 4;

/// A browser that takes notifications, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserItem {
    /// Its id.
    pub id: Uuid,
    /// The host of its push service.
    pub service: String,
    /// Since when, in microseconds.
    pub since: i64,
}

/// How a member wishes to be told, and what there is to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreferencesView {
    /// How they wish to be told.
    pub preferences: Preferences,
    /// The channels that are open here.
    pub channels: Vec<Channel>,
    /// The browsers that take notifications for them.
    pub browsers: Vec<BrowserItem>,
    /// Whether a code was sent to their phone, which is not confirmed yet. It may be too old.
    pub code_asked: bool,
    /// Whether codes are shown where messages are kept, as in the demo.
    pub codes_shown: bool,
    /// What a browser is told to know this installation by.
    pub push_key: Option<String>,
}

/// A browser as it names itself: what `PushSubscription` has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBrowser {
    /// Where its push service takes what is for it.
    pub endpoint: String,
    /// Its public key, in base64url.
    pub p256dh: String,
    /// Its secret, in base64url.
    pub auth: String,
}

/// How the member wishes to be told, and what there is to choose from.
///
/// # Errors
/// [`Problem::Unauthenticated`] where nobody has signed in.
pub async fn preferences(ctx: &Ctx) -> Result<PreferencesView> {
    let account = ctx.account_id()?;
    let channels = &ctx.institution.channels;
    let mut tx = ctx.read().await?;
    let preferences = known_or_usual(ctx, &mut tx, account).await?;
    let browsers = contact::browsers(&mut tx, account).await?;
    let code_asked = match &preferences.phone {
        Some(phone) if !preferences.confirmed => {
            super::phone::was_asked(&mut tx, account, phone).await?
        }
        _ => false,
    };
    Ok(PreferencesView {
        preferences,
        code_asked,
        channels: Channel::ALL
            .into_iter()
            .filter(|channel| channels.is_open(*channel))
            .collect(),
        browsers: browsers.into_iter().map(item).collect(),
        codes_shown: super::phone::are_shown(ctx),
        push_key: channels.push_key().map(str::to_owned),
    })
}

fn item(browser: Browser) -> BrowserItem {
    BrowserItem {
        id: browser.id,
        service: service_of(&browser).to_owned(),
        since: browser.created_at,
    }
}

/// The host of a browser's push service. The rest of its address is a secret.
fn service_of(browser: &Browser) -> &str {
    origin(&browser.endpoint).map_or("", |(_, host)| host)
}

/// Writes down how the member wishes to be told. To a number that is new a code is sent, and nothing else
/// before it has come back: [`super::confirm_phone`].
///
/// # Errors
/// [`Problem::RateLimited`] where the member, or the number, got as many codes as there are within an hour;
/// [`Problem::Invalid`] by field: a `phone` that is no number, or that is missing; a `language` that is not
/// spoken here; `channels` that are not open here. [`Problem::Unauthenticated`] where nobody has signed in.
pub async fn set_preferences(ctx: &Ctx, draft: &PreferencesDraft) -> Result<()> {
    let account = ctx.account_id()?;
    let preferences = draft.validate().map_err(Error::invalid_fields)?;
    let channels = &ctx.institution.channels;
    let wanted = [
        (Channel::Email, false),
        (Channel::Sms, preferences.sms),
        (Channel::Push, preferences.push),
    ];
    // That they would like e-mail may be said also where there is none: it is so for everybody.
    if wanted
        .into_iter()
        .any(|(channel, wanted)| wanted && !channels.is_open(channel))
    {
        return Err(Error::invalid("channels", InvalidCode::UnknownChoice));
    }
    let mut tx = ctx.write().await?;
    let before = known_or_usual(ctx, &mut tx, account).await?;
    contact::put(&mut tx, account, &preferences, ctx.now()).await?;
    if let Some(phone) = &preferences.phone
        && preferences.phone != before.phone
        && channels.is_open(Channel::Sms)
    {
        super::phone::ask(ctx, &mut tx, account, phone, preferences.language).await?;
    }
    let subject = format!("account:{account}");
    ctx.audit_masked(
        &mut tx,
        ("contact.update", &subject),
        (&told(&before), &told(&preferences)),
        phone_hidden,
    )
    .await?;
    Ok(tx.commit().await?)
}

/// How a member wishes to be told; as everybody is who never said.
async fn known_or_usual(ctx: &Ctx, tx: &mut Tx, account: Uuid) -> Result<Preferences> {
    let known = contact::get(tx, account).await?;
    Ok(known.unwrap_or_else(|| Preferences {
        language: ctx.language,
        ..Preferences::default()
    }))
}

/// What the audit log tells of how a member wishes to be told.
fn told(preferences: &Preferences) -> Value {
    json!({
        "inbox": preferences.inbox,
        "email": preferences.email,
        "sms": preferences.sms,
        "push": preferences.push,
        "phone": preferences.phone.as_ref().map(PhoneNumber::as_str),
        "language": preferences.language.tag(),
    })
}

/// Notes the language of whoever has just come, where nothing is known of it, in the transaction in which
/// they come.
///
/// # Errors
/// Where the database does.
pub async fn note_language(ctx: &Ctx, tx: &mut Tx, account: Uuid) -> Result<()> {
    Ok(contact::note_language(tx, account, ctx.language, ctx.now()).await?)
}

/// Notes the language that whoever asks has chosen; nothing of somebody who has not signed in.
///
/// # Errors
/// Where the database does.
pub async fn set_language(ctx: &Ctx, language: Language) -> Result<()> {
    let Actor::Account { id, .. } = ctx.actor else {
        return Ok(());
    };
    let mut tx = ctx.write().await?;
    let before = contact::get(&mut tx, id).await?;
    let before = before.map(|preferences| preferences.language);
    if before == Some(language) {
        return Ok(());
    }
    contact::set_language(&mut tx, id, language, ctx.now()).await?;
    let told = |language: Option<Language>| json!({ "language": language.map(Language::tag) });
    let (before, after) = (told(before), told(Some(language)));
    let subject = format!("account:{id}");
    ctx.audit_change(&mut tx, ("contact.language", &subject), &before, &after)
        .await?;
    Ok(tx.commit().await?)
}

/// Has a browser take notifications for the member, and gives its id. They want them by that, too. Where they
/// have signed in by the browser, it takes them no longer than that lasts: whoever sits there next is somebody
/// else.
///
/// # Errors
/// [`Problem::Invalid`] by field: an `endpoint` that is not at a known push service, `p256dh` and `auth` that
/// are no keys. [`Problem::NotFound`] where nothing is sent to browsers here;
/// [`Problem::Unauthenticated`] where nobody has signed in.
pub async fn subscribe(ctx: &Ctx, new: &NewBrowser) -> Result<Uuid> {
    let account = ctx.account_id()?;
    let channels = &ctx.institution.channels;
    if !channels.is_open(Channel::Push) {
        return Err(Problem::NotFound.into());
    }
    let browser = browser(ctx, account, new)?;
    if !channels.services().allow(&browser.endpoint) {
        return Err(Error::invalid("endpoint", InvalidCode::UnknownChoice));
    }
    let now = ctx.now();
    let mut tx = ctx.write().await?;
    let session = ctx.session.as_deref();
    if let Some(session) = session
        && !session::hold(&mut tx, session, account).await?
    {
        // They have just signed out.
        return Err(Problem::Unauthenticated.into());
    }
    let id = contact::subscribe(&mut tx, &browser, session).await?;
    let mut preferences = known_or_usual(ctx, &mut tx, account).await?;
    let before = json!({ "service": null, "push": preferences.push });
    if !preferences.push {
        preferences.push = true;
        contact::put(&mut tx, account, &preferences, now).await?;
    }
    let after = json!({ "service": service_of(&browser), "push": true });
    let subject = format!("browser:{id}");
    ctx.audit_change(&mut tx, ("browser.subscribe", &subject), &before, &after)
        .await?;
    tx.commit().await?;
    Ok(id)
}

/// Reads what a browser says of itself.
fn browser(ctx: &Ctx, account: Uuid, new: &NewBrowser) -> Result<Browser> {
    let mut fields = Vec::new();
    let endpoint = new.endpoint.trim();
    if endpoint.is_empty() {
        fields.push(InvalidField::new("endpoint", InvalidCode::Required));
    } else if endpoint.chars().count() as i64 > ENDPOINT_MOST {
        let max = ENDPOINT_MOST;
        fields.push(InvalidField::new("endpoint", InvalidCode::TooLong { max }));
    }
    let mut bytes = |field: &str, text: &str, length: usize| {
        let bytes = BASE64.decode(text.trim_end_matches('=')).ok();
        let bytes = bytes.filter(|bytes| bytes.len() == length);
        if bytes.is_none() {
            fields.push(InvalidField::new(field, InvalidCode::Malformed));
        }
        bytes.unwrap_or_default()
    };
    let public_key = bytes("p256dh", &new.p256dh, POINT);
    let auth = bytes("auth", &new.auth, AUTH);
    if fields.is_empty() && public_key.first() != Some(&UNCOMPRESSED) {
        fields.push(InvalidField::new("p256dh", InvalidCode::Malformed));
    }
    if !fields.is_empty() {
        return Err(Error::invalid_fields(fields));
    }
    Ok(Browser {
        id: ctx.service.next_id(),
        account_id: account,
        endpoint: endpoint.to_owned(),
        public_key,
        auth,
        created_at: ctx.now(),
    })
}

/// Has a browser take notifications no more.
///
/// # Errors
/// [`Problem::NotFound`], also for another member's browser; [`Problem::Unauthenticated`] where nobody has
/// signed in.
pub async fn unsubscribe(ctx: &Ctx, browser: Uuid) -> Result<()> {
    let account = ctx.account_id()?;
    let mut tx = ctx.write().await?;
    let known = contact::browser(&mut tx, browser, account).await?;
    let known = known.ok_or(Error::Problem(Problem::NotFound))?;
    if !contact::unsubscribe(&mut tx, browser, account).await? {
        return Err(Problem::NotFound.into());
    }
    forgotten(ctx, &mut tx, &[known]).await?;
    Ok(tx.commit().await?)
}

/// Has the browsers that a sign-in has allowed take notifications no more, as it ends.
///
/// # Errors
/// Where the database does.
pub(crate) async fn unsubscribe_session(ctx: &Ctx, tx: &mut Tx, session: &[u8]) -> Result<()> {
    let browsers = contact::unsubscribe_session(tx, session).await?;
    forgotten(ctx, tx, &browsers).await
}

/// Forgets a browser that its push service knows no more.
///
/// # Errors
/// Where the database does.
pub(crate) async fn browser_gone(
    ctx: &Ctx,
    tx: &mut Tx,
    browser: Uuid,
    account: Uuid,
) -> Result<()> {
    let known = contact::browser(tx, browser, account).await?;
    if contact::unsubscribe(tx, browser, account).await? {
        forgotten(ctx, tx, known.as_slice()).await?;
    }
    Ok(())
}

/// Writes into the audit log that browsers take notifications no more.
async fn forgotten(ctx: &Ctx, tx: &mut Tx, browsers: &[Browser]) -> Result<()> {
    let told = browsers.iter().map(|browser| {
        let before = json!({ "service": service_of(browser) });
        (format!("browser:{}", browser.id), before, json!({}))
    });
    let told: Vec<(String, Value, Value)> = told.collect();
    ctx.audit_changes(tx, "browser.unsubscribe", &told).await
}
