//! Whose a phone number is: a code goes there, and comes back.
//!
//! A code follows from its id and the installation's secret. So it stands nowhere, neither in the database,
//! which has a hash of it that takes the secret too, nor in a job or a log, and yet the message can be made
//! whenever it is sent.

use crate::ctx::Ctx;
use crate::difference::phone_hidden;
use crate::jobs::{self, send_notification::SendNotification};
use crate::{Error, Result};
use domain::event::EventPayload;
use domain::invalid::InvalidCode;
use domain::notification::{
    CODE_DIGITS, CODE_LASTS, CODE_TRIES, CODES_MOST, CODES_WITHIN, Channel, PhoneNumber, Template,
};
use domain::problem::Problem;
use domain::text::Language;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use storage::delivery::{self, Delivery, NewDelivery};
use storage::phone_code::{self, NewCode};
use storage::{Tx, contact, job};
use uuid::Uuid;

/// What is shown in place of a code.
pub(super) const HIDDEN: &str = "••••••";

/// Something that follows from the secret, an id and a text. No access token is signed with it: none has a
/// zero byte.
fn mac(ctx: &Ctx, purpose: &str, id: Uuid, text: &str) -> Result<Hmac<Sha256>> {
    let secret = ctx.service.settings.secret.as_bytes();
    let mac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
    Ok(mac
        .chain_update(purpose)
        .chain_update([0_u8])
        .chain_update(id.as_bytes())
        .chain_update(text))
}

/// The code of an id.
pub(super) fn code_of(ctx: &Ctx, id: Uuid) -> Result<String> {
    let bytes = mac(ctx, "phone code", id, "")?.finalize().into_bytes();
    let number = bytes
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let range = 10_u64.pow(CODE_DIGITS as u32);
    Ok(format!("{:0CODE_DIGITS$}", number % range))
}

/// What is kept of a code, before it is finished.
fn kept_of(ctx: &Ctx, id: Uuid, code: &str) -> Result<Hmac<Sha256>> {
    mac(ctx, "phone code kept", id, code)
}

/// Has a code sent to a number that an account names as its own, in the transaction in which it does.
///
/// # Errors
/// [`Problem::RateLimited`] where the account, or the number, got [`CODES_MOST`] within an hour.
pub(super) async fn ask(
    ctx: &Ctx,
    tx: &mut Tx,
    account: Uuid,
    phone: &PhoneNumber,
    language: Language,
) -> Result<()> {
    let now = ctx.now();
    phone_code::lock(tx, account, phone).await?;
    let since = now - CODES_WITHIN;
    for asked in [
        phone_code::of_account(tx, account, since, CODES_MOST).await?,
        phone_code::of_phone(tx, phone, since, CODES_MOST).await?,
    ] {
        if let Some(oldest) = asked.last()
            && asked.len() as i64 >= CODES_MOST
        {
            let wait = oldest + CODES_WITHIN - now;
            let after = (wait + 999_999) / 1_000_000;
            return Err(Problem::RateLimited { after }.into());
        }
    }
    let id = ctx.service.next_id();
    let code = code_of(ctx, id)?;
    let hash = kept_of(ctx, id, &code)?.finalize().into_bytes();
    let new = NewCode {
        id,
        account_id: account,
        phone: phone.clone(),
        hash: hash.into(),
        created_at: now,
        expires_at: now + CODE_LASTS,
    };
    phone_code::insert(tx, &new).await?;
    let channel = Channel::Sms;
    let delivery = ctx.service.next_id();
    let job = jobs::new_job(ctx, Some(account), &SendNotification { delivery }, None)?;
    let new = NewDelivery {
        id: delivery,
        key: format!("{id}:{}:{account}", channel.key()),
        event_id: id,
        account_id: account,
        channel,
        template: Template::Code,
        language,
        recipient: phone.as_str().to_owned(),
        subscription_id: None,
        number: 0,
        payload: EventPayload::default(),
        job_id: job.id,
        request_id: ctx.request_id.to_string(),
        at: now,
        now,
    };
    delivery::insert(tx, std::slice::from_ref(&new)).await?;
    job::enqueue(tx, std::slice::from_ref(&job)).await?;
    tx.will_wake().await?;
    let subject = format!("account:{account}");
    let (before, after) = (json!({ "phone": null }), json!({ "phone": phone.as_str() }));
    ctx.audit_masked(tx, ("phone.ask", &subject), (&before, &after), phone_hidden)
        .await
}

/// The number of an account that waits to be confirmed.
async fn waiting(tx: &mut Tx, account: Uuid) -> Result<(PhoneNumber, Language)> {
    let known = contact::get(tx, account).await?;
    known
        .filter(|known| !known.confirmed)
        .and_then(|known| Some((known.phone?, known.language)))
        .ok_or_else(|| Problem::Conflict.into())
}

/// Has another code sent to the member's number. The one before is not taken any more.
///
/// # Errors
/// [`Problem::Conflict`] where no number of theirs waits to be confirmed; [`Problem::RateLimited`] where they,
/// or the number, got [`CODES_MOST`] within an hour; [`Problem::NotFound`] where no short messages are sent
/// here; [`Problem::Unauthenticated`] where nobody has signed in.
pub async fn ask_for_code(ctx: &Ctx) -> Result<()> {
    let account = ctx.account_id()?;
    if !ctx.institution.channels.is_open(Channel::Sms) {
        return Err(Problem::NotFound.into());
    }
    let mut tx = ctx.write().await?;
    let (phone, language) = waiting(&mut tx, account).await?;
    ask(ctx, &mut tx, account, &phone, language).await?;
    Ok(tx.commit().await?)
}

/// Confirms that the member's number is theirs, by the code that went there.
///
/// # Errors
/// [`Problem::Invalid`] for a `code` that is missing, that is another one, or that is not taken any more since
/// it is too old or was tried [`CODE_TRIES`] times; [`Problem::Conflict`] where no number of theirs waits to be
/// confirmed; [`Problem::Unauthenticated`] where nobody has signed in.
pub async fn confirm_phone(ctx: &Ctx, typed: &str) -> Result<()> {
    let account = ctx.account_id()?;
    let refuse = |code| Err(Error::invalid("code", code));
    let mut typed = typed.split_whitespace().collect::<String>();
    if typed.is_empty() {
        return refuse(InvalidCode::Required);
    }
    // Nothing of it is read that can't be a code.
    if typed.len() != CODE_DIGITS || !typed.bytes().all(|byte| byte.is_ascii_digit()) {
        typed.clear();
    }
    let now = ctx.now();
    let mut tx = ctx.write().await?;
    let (phone, _) = waiting(&mut tx, account).await?;
    let latest = phone_code::latest(&mut tx, account).await?;
    let Some(latest) = latest.filter(|code| code.phone == phone.as_str()) else {
        return refuse(InvalidCode::CodeExpired);
    };
    let Some(kept) = phone_code::attempt(&mut tx, latest.id, CODE_TRIES, now).await? else {
        return refuse(InvalidCode::CodeExpired);
    };
    if kept_of(ctx, latest.id, &typed)?
        .verify_slice(&kept)
        .is_err()
    {
        // That it was tried stays.
        tx.commit().await?;
        return refuse(InvalidCode::WrongCode);
    }
    phone_code::spend(&mut tx, latest.id, now).await?;
    if !contact::confirm(&mut tx, account, &phone, now).await? {
        return Err(Problem::Conflict.into());
    }
    let subject = format!("account:{account}");
    let confirmed = |confirmed: bool| json!({ "confirmed": confirmed });
    ctx.audit_change(
        &mut tx,
        ("phone.confirm", &subject),
        &confirmed(false),
        &confirmed(true),
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Whether a code was sent to a number that an account has.
pub(super) async fn was_asked(tx: &mut Tx, account: Uuid, phone: &PhoneNumber) -> Result<bool> {
    let latest = phone_code::latest(tx, account).await?;
    Ok(latest.is_some_and(|code| code.phone == phone.as_str()))
}

/// Whether codes are shown where messages are kept: in the demo, while nobody carries short messages, there is
/// no phone that they could be read on.
pub(super) fn are_shown(ctx: &Ctx) -> bool {
    ctx.demo() && ctx.service.settings.notify.sms.is_none()
}

/// Whether the code of a delivery is still the one that counts, for the number that it goes to.
pub(super) async fn counts(ctx: &Ctx, tx: &mut Tx, delivery: &Delivery) -> Result<bool> {
    let account = delivery.account_id;
    let latest = phone_code::latest(tx, account).await?;
    let known = contact::get(tx, account).await?;
    Ok(latest.is_some_and(|code| {
        code.id == delivery.event_id
            && code.expires_at > ctx.now()
            && code.phone == delivery.recipient
            && known.is_some_and(|known| {
                !known.confirmed
                    && known
                        .phone
                        .is_some_and(|phone| phone.as_str() == delivery.recipient)
            })
    }))
}

/// Whether a number is known to be an account's.
pub(super) async fn is_confirmed(tx: &mut Tx, account: Uuid, phone: &str) -> Result<bool> {
    let known = contact::get(tx, account).await?;
    Ok(known.is_some_and(|known| {
        known.confirmed && known.phone.is_some_and(|own| own.as_str() == phone)
    }))
}
