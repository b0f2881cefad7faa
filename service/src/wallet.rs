//! Wallets: what members have here, how it came and went, and topping it up.

use crate::ctx::Ctx;
use crate::jobs::top_up_wallet::{self, TopUpResult, TopUpWallet};
use crate::jobs::{self, Job as _};
use crate::{Error, Result};
use domain::account::Role;
use domain::invalid::{InvalidCode, InvalidField};
use domain::payment::{
    BALANCE_MOST, DeclineReason, GatewayKind, REASON_MOST, TopUpStatus, check_top_up,
};
use domain::problem::Problem;
use domain::text::check_reason;
use serde_json::json;
use std::time::{Duration, Instant};
use storage::card::CardPayment;
use storage::job::{self, JobRow};
use storage::wallet::{self, Balance, House, Moved, NewTransfer, Transfer, TransferKind};
use storage::{Tx, card};
use uuid::Uuid;

pub use storage::wallet::{House as Counterpart, Line, TransferKind as Kind};

/// Who may top up somebody's wallet.
const CASHIERS: [Role; 2] = [Role::Staff, Role::Admin];
/// How many entries a page of a statement may hold.
pub const PAGE_MOST: i64 = 100;
/// How many currencies an institution may sell in.
const CURRENCIES_MOST: i64 = 20;
/// How long a page waits for a card before it shows that it is being asked.
const PATIENCE: Duration = Duration::from_millis(2500);
/// How often it looks for what another process may have done; of this one it is told.
const GLANCE: Duration = Duration::from_millis(100);
/// How long it rests between two looks, however much ends.
const PAUSE: Duration = Duration::from_millis(20);
/// How many top-ups are taken up again at once.
const CHUNK: i64 = 500;

/// What a member has of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Three letters.
    pub currency: String,
    /// How much, in minor units.
    pub balance: i64,
}

/// A page of a member's statement, newest first.
#[derive(Debug)]
pub struct Statement {
    /// Of which currency; nothing where the institution sells in none.
    pub currency: Option<String>,
    /// The entries.
    pub items: Vec<Line>,
    /// Where the next page begins, where there is one.
    pub next: Option<Uuid>,
}

/// A top-up by card that a member asks for.
#[derive(Debug, Clone)]
pub struct TopUp {
    /// The same for the same top-up.
    pub key: String,
    /// By how much, in minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
    /// The gateway's name of the card, where whoever asks cards needs one.
    pub method: Option<String>,
}

/// A top-up by card, as the member sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopUpJob {
    /// Its id.
    pub id: Uuid,
    /// How far it is.
    pub status: TopUpStatus,
    /// Why the card was declined.
    pub declined: Option<DeclineReason>,
    /// By how much, in minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
    /// When it was asked for, in microseconds.
    pub created_at: i64,
}

/// A top-up that staff make, for money that they were handed or as a kindness.
#[derive(Debug, Clone)]
pub struct StaffTopUp {
    /// Whose wallet.
    pub account: Uuid,
    /// The same for the same top-up of whoever makes it.
    pub key: String,
    /// By how much, in minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
    /// Why.
    pub reason: String,
}

/// What a member has, of each currency that a campus sells in.
///
/// # Errors
/// [`Problem::Unauthenticated`] where nobody has signed in.
pub async fn get(ctx: &Ctx) -> Result<Vec<Holding>> {
    let account = ctx.account_id()?;
    let mut tx = ctx.read().await?;
    let balances = wallet::balances(&mut tx, account).await?;
    holdings(&mut tx, balances).await
}

/// Balances, and nothing of each further currency that a campus sells in, by currency.
async fn holdings(tx: &mut Tx, balances: Vec<Balance>) -> Result<Vec<Holding>> {
    let mut holdings: Vec<Holding> = balances
        .into_iter()
        .map(|balance| Holding {
            currency: balance.currency,
            balance: balance.balance,
        })
        .collect();
    for currency in wallet::currencies(tx, CURRENCIES_MOST).await? {
        if !holdings.iter().any(|known| known.currency == currency) {
            holdings.push(Holding {
                currency,
                balance: 0,
            });
        }
    }
    holdings.sort_by(|one, other| one.currency.cmp(&other.currency));
    Ok(holdings)
}

/// How a member's money came and went, newest first, after the entry where the last page ended. Where no
/// currency is named, it is the first that they have any of or could have.
///
/// # Errors
/// [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100, [`InvalidCode::UnknownChoice`] for a
/// currency that the member does not have and no campus sells in.
pub async fn statement(
    ctx: &Ctx,
    currency: Option<&str>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Statement> {
    let account = ctx.account_id()?;
    crate::error::check_limit(limit, PAGE_MOST)?;
    let mut tx = ctx.read().await?;
    let balances = wallet::balances(&mut tx, account).await?;
    let currency = match currency {
        Some(currency) => Some(currency.to_owned()),
        None => match balances.first() {
            Some(first) => Some(first.currency.clone()),
            None => wallet::currencies(&mut tx, 1).await?.pop(),
        },
    };
    let Some(currency) = currency else {
        return Ok(Statement {
            currency: None,
            items: Vec::new(),
            next: None,
        });
    };
    let Some(own) = balances.iter().find(|own| own.currency == currency) else {
        check_currency(&mut tx, &currency).await?;
        return Ok(Statement {
            currency: Some(currency),
            items: Vec::new(),
            next: None,
        });
    };
    // One more than asked for tells whether there is a next page.
    let before = after.unwrap_or(Uuid::max());
    let mut items = wallet::statement(&mut tx, own.id, before, limit + 1).await?;
    let next = (items.len() as i64 > limit).then(|| {
        items.truncate(limit as usize);
        items.last().map(|line| line.id)
    });
    Ok(Statement {
        currency: Some(currency),
        items,
        next: next.flatten(),
    })
}

/// Asks a member's card for money. It is promised when this returns; [`settled`] tells what came of it.
/// The same key and top-up again is the same one.
///
/// # Errors
/// [`Problem::KeyMissing`] without a key; [`InvalidCode::KeyReused`] for a key that came with another
/// top-up; [`Problem::Invalid`] for an amount, currency or card that can't be, and where nobody asks cards.
pub async fn top_up(ctx: &Ctx, top_up: TopUp) -> Result<TopUpJob> {
    let account = ctx.account_id()?;
    crate::order::check_key(&top_up.key)?;
    if let Err(code) = check_top_up(top_up.amount) {
        return Err(Error::invalid("amount", code));
    }
    let mut tx = ctx.write().await?;
    check_currency(&mut tx, &top_up.currency).await?;
    // Its job may have been forgotten since.
    let key = top_up_wallet::key(account, &top_up.key);
    if let Some(before) = wallet::by_key(&mut tx, &key).await? {
        same(&before, account, top_up.amount, &top_up.currency, "")?;
        return Ok(TopUpJob {
            id: before.id,
            status: TopUpStatus::Done,
            declined: None,
            amount: top_up.amount,
            currency: top_up.currency,
            created_at: before.at,
        });
    }
    let card = crate::payments::of_cards(ctx, &mut tx).await?;
    let wanted = TopUpWallet {
        name: top_up.key,
        amount: top_up.amount,
        currency: top_up.currency,
        gateway: card.unwrap_or(GatewayKind::Simulated),
        method: top_up.method,
    };
    // Whoever asks for several at once has them counted one after the other.
    wallet::lock_owner(&mut tx, account).await?;
    let coming = wallet::coming(&mut tx, account, TopUpWallet::KIND, &wanted.currency).await?;
    let new = jobs::new_job(ctx, Some(account), &wanted, ctx.job)?;
    let id = job::enqueue(&mut tx, std::slice::from_ref(&new)).await?[0];
    tx.will_wake().await?;
    let (row, asked) = by_job(&mut tx, account, id).await?;
    // Who asks cards may be another one since.
    if (asked.amount, &asked.currency, &asked.method)
        != (wanted.amount, &wanted.currency, &wanted.method)
    {
        return Err(Error::invalid("idempotencyKey", InvalidCode::KeyReused));
    }
    let known = so_far(row, asked);
    if id == new.id {
        let card = card.ok_or_else(|| Error::invalid("amount", InvalidCode::PaymentNotAccepted))?;
        if let Err(code) = card.check_method(wanted.method.as_deref()) {
            return Err(Error::invalid("paymentMethod", code));
        }
        let balances = wallet::balances(&mut tx, account).await?;
        let own = balances.iter().find(|own| own.currency == wanted.currency);
        if own.map_or(0, |own| own.balance) + coming + wanted.amount > BALANCE_MOST {
            // Not committed: the job is not enqueued.
            return Err(Error::invalid("amount", InvalidCode::WalletFull));
        }
    }
    tx.commit().await?;
    Ok(known)
}

/// A top-up of the member's own.
///
/// # Errors
/// [`Problem::NotFound`], also for another member's.
pub async fn top_up_by_id(ctx: &Ctx, id: Uuid) -> Result<TopUpJob> {
    let account = ctx.account_id()?;
    find(&mut ctx.read().await?, account, id).await
}

/// A top-up once it is over, or as it is after a while: for somebody who waits for it.
///
/// # Errors
/// As [`top_up_by_id`].
pub async fn settled(ctx: &Ctx, id: Uuid) -> Result<TopUpJob> {
    let patience = Instant::now() + PATIENCE;
    let mut ended = ctx.institution.engine.ended();
    loop {
        // After the receiver was made: nothing that ends from here on is missed.
        let top_up = top_up_by_id(ctx, id).await?;
        if top_up.status != TopUpStatus::Pending || Instant::now() >= patience {
            return Ok(top_up);
        }
        // Told, or not told for a while: either is a reason to look, though not at everything that ends.
        tokio::time::sleep(PAUSE).await;
        let _ = tokio::time::timeout(GLANCE, ended.changed()).await;
    }
}

/// What is known of a top-up, by its transfer where it was made, else by its job.
async fn find(tx: &mut Tx, account: Uuid, id: Uuid) -> Result<TopUpJob> {
    if let Some(made) = wallet::of_owner(tx, account, id).await? {
        if made.kind != TransferKind::TopUp {
            return Err(Problem::NotFound.into());
        }
        return Ok(TopUpJob {
            id,
            status: TopUpStatus::Done,
            declined: None,
            amount: made.amount,
            currency: made.currency,
            created_at: made.at,
        });
    }
    let (row, asked) = by_job(tx, account, id).await?;
    // What was given back to the card may have come again after its job had ended.
    let key = top_up_wallet::key(account, &asked.name);
    let made = wallet::by_key(tx, &key).await?;
    let known = so_far(row, asked);
    Ok(match made {
        Some(_) => TopUpJob {
            status: TopUpStatus::Done,
            declined: None,
            ..known
        },
        None => known,
    })
}

/// The job of a member's own top-up, and what was asked for.
async fn by_job(tx: &mut Tx, account: Uuid, id: Uuid) -> Result<(JobRow, TopUpWallet)> {
    let row = job::of_owner(tx, account, id).await?;
    let row = row.filter(|row| row.kind == TopUpWallet::KIND);
    let mut row = row.ok_or(Error::Problem(Problem::NotFound))?;
    let asked = serde_json::from_value(row.arguments.0.take()).map_err(Error::internal)?;
    Ok((row, asked))
}

/// How far a top-up is, as its job tells.
fn so_far(row: JobRow, asked: TopUpWallet) -> TopUpJob {
    let result = row.result.and_then(|result| TopUpResult::of(result.0));
    let (status, declined) = match (row.state.as_str(), result) {
        ("succeeded", Some(TopUpResult::Transfer(_))) => (TopUpStatus::Done, None),
        ("succeeded", Some(TopUpResult::Declined(reason))) => (TopUpStatus::Declined, Some(reason)),
        ("succeeded", _) => (TopUpStatus::Failed, None),
        // Also where its job was given up or cancelled: it is taken up again, to find out whether the
        // card was charged.
        _ => (TopUpStatus::Pending, None),
    };
    TopUpJob {
        id: row.id,
        status,
        declined,
        amount: asked.amount,
        currency: asked.currency,
        created_at: row.created_at,
    }
}

/// Puts money into a member's wallet, for staff and administrators, and gives the transfer. The same key
/// and top-up of the same person again is the same one.
///
/// # Errors
/// [`Problem::Forbidden`] for others, and for a wallet of one's own; [`Problem::NotFound`] where there is no such account;
/// [`Problem::KeyMissing`] without a key; [`InvalidCode::KeyReused`] for a key that came with another
/// top-up; [`Problem::Invalid`] for what is refused.
pub async fn top_up_by_staff(ctx: &Ctx, top_up: StaffTopUp) -> Result<Uuid> {
    ctx.allow(&CASHIERS)?;
    let cashier = ctx.account_id()?;
    crate::order::check_key(&top_up.key)?;
    if top_up.account == cashier {
        return Err(Problem::Forbidden.into());
    }
    let mut fields = Vec::new();
    if let Err(code) = check_top_up(top_up.amount) {
        fields.push(InvalidField::new("amount", code));
    }
    let reason = check_reason(&top_up.reason, REASON_MOST).unwrap_or_else(|code| {
        fields.push(InvalidField::new("reason", code));
        ""
    });
    if !fields.is_empty() {
        return Err(Error::invalid_fields(fields));
    }
    let mut tx = ctx.write().await?;
    let account = storage::account::by_id(&mut tx, top_up.account).await?;
    if account.is_none() {
        return Err(Problem::NotFound.into());
    }
    check_currency(&mut tx, &top_up.currency).await?;
    let new = NewTransfer {
        id: ctx.service.next_id(),
        account_ids: [ctx.service.next_id(), ctx.service.next_id()],
        key: &format!("staff:{cashier}:{}", top_up.key),
        kind: TransferKind::TopUp,
        owner: top_up.account,
        house: House::Staff,
        amount: top_up.amount,
        currency: &top_up.currency,
        balance_most: BALANCE_MOST,
        order_id: None,
        actor_id: Some(cashier),
        note: reason,
        at: ctx.now(),
    };
    match wallet::transfer(&mut tx, &new).await? {
        Moved::Now => {
            let balances = wallet::balances(&mut tx, top_up.account).await?;
            let now = balances.iter().find(|one| one.currency == new.currency);
            let now = now.map_or(0, |one| one.balance);
            let told = |balance: i64, reason: Option<&str>| json!({ "balance": { new.currency: balance }, "reason": reason });
            let (before, after) = (told(now - new.amount, None), told(now, Some(reason)));
            let subject = top_up.account.to_string();
            ctx.audit_change(&mut tx, ("wallet.top_up", &subject), &before, &after)
                .await?;
            tx.commit().await?;
            Ok(new.id)
        }
        Moved::Before(before) => {
            same(&before, top_up.account, new.amount, new.currency, reason)?;
            Ok(before.id)
        }
        Moved::Refused => Err(Error::invalid("amount", InvalidCode::WalletFull)),
    }
}

/// A transfer between a member's wallet and their card, whatever the wallet then holds: so much of a currency
/// into the wallet, or out of it where that is less than nothing.
pub(crate) fn by_card<'a>(
    ctx: &Ctx,
    kind: TransferKind,
    owner: Uuid,
    key: &'a str,
    (amount, currency): (i64, &'a str),
) -> NewTransfer<'a> {
    let next_id = || ctx.service.next_id();
    NewTransfer {
        id: next_id(),
        account_ids: [next_id(), next_id()],
        key,
        kind,
        owner,
        house: House::Card,
        amount,
        currency,
        balance_most: i64::MAX,
        order_id: None,
        actor_id: None,
        note: "",
        at: ctx.now(),
    }
}

/// Puts a top-up into the wallet that it was for, unless it is there: its card was charged, and the money could
/// not go back to it. What of it has gone back otherwise, [`follow_card`] takes out again.
///
/// # Errors
/// Where the database does.
pub(crate) async fn credit_card(ctx: &Ctx, tx: &mut Tx, card: &CardPayment) -> Result<()> {
    card::lock_by_key(tx, &card.key).await?;
    let paid = (card.amount, card.currency.as_str());
    let new = by_card(ctx, TransferKind::TopUp, card.account_id, &card.key, paid);
    match wallet::transfer(tx, &new).await? {
        Moved::Now => {
            let now = wallet::lock_balance(tx, card.account_id, &card.currency).await?;
            let told = |balance: i64, top_up: Option<&str>| json!({ "balance": { new.currency: balance }, "topUp": top_up });
            let (before, after) = (
                told(now - card.amount, None),
                told(now, Some(card.key.as_str())),
            );
            let about = card.account_id.to_string();
            ctx.audit_change(tx, ("wallet.top_up", &about), &before, &after)
                .await
        }
        Moved::Before(_) => Ok(()),
        Moved::Refused => Err(Error::Internal(format!(
            "a wallet took no top-up: {}",
            card.key
        ))),
    }
}

/// Has a member's wallet follow what has gone back to the card that topped it up: takes out what it has of
/// that, and no more, so that it never falls below nothing; what is short is in the audit log. Where money that
/// had gone back has come again, what was taken comes again too. Nothing happens before the top-up is in the
/// wallet: whoever puts it there asks for this. `cause` is another one each time.
///
/// # Errors
/// Where the database does.
pub(crate) async fn follow_card(ctx: &Ctx, tx: &mut Tx, key: &str, cause: &str) -> Result<()> {
    let Some(card) = card::lock_by_key(tx, key).await? else {
        return Ok(());
    };
    let credited = wallet::by_key(tx, key).await?;
    let credited = credited.is_some_and(|transfer| transfer.kind == TransferKind::TopUp);
    let returned = card.returns.returned();
    let due = returned - card.claimed;
    if !credited || due == 0 {
        return Ok(());
    }
    let amount = if due > 0 {
        let balance = wallet::lock_balance(tx, card.account_id, &card.currency).await?;
        -due.min(balance)
    } else {
        (card.taken - returned).max(0)
    };
    if amount != 0 {
        let name = format!("{key}:back:{cause}");
        let moved = (amount, card.currency.as_str());
        let new = by_card(ctx, TransferKind::Refund, card.account_id, &name, moved);
        if wallet::transfer(tx, &new).await? != Moved::Now {
            return Err(Error::Internal(format!(
                "a wallet did not follow its card: {key}"
            )));
        }
    }
    let taken = card.taken - amount;
    card::claimed(tx, key, returned, taken, ctx.now()).await?;
    let before = json!({ "returned": card.claimed, "taken": card.taken,
        "short": card.claimed - card.taken });
    let after = json!({ "returned": returned, "taken": taken, "short": returned - taken,
        "topUp": key });
    let about = card.account_id.to_string();
    ctx.audit_change(tx, ("wallet.returned", &about), &before, &after)
        .await
}

/// Takes up top-ups whose job was given up or cancelled: it charges no more, and finds out what came of
/// what it did. How many.
///
/// # Errors
/// Where the database does.
pub(crate) async fn revive(ctx: &Ctx) -> Result<u64> {
    let mut tx = ctx.write().await?;
    let revived = job::revive(&mut tx, TopUpWallet::KIND, ctx.now(), CHUNK).await?;
    if revived > 0 {
        tx.will_wake().await?;
    }
    tx.commit().await?;
    Ok(revived)
}

/// Whether a transfer of a key is what is asked for under it again.
fn same(before: &Transfer, owner: Uuid, amount: i64, currency: &str, note: &str) -> Result<()> {
    let moved = before
        .member
        .as_ref()
        .is_some_and(|member| *member == (owner, currency.to_owned(), amount));
    if moved && before.kind == TransferKind::TopUp && before.note == note {
        Ok(())
    } else {
        Err(Error::invalid("idempotencyKey", InvalidCode::KeyReused))
    }
}

async fn check_currency(tx: &mut Tx, currency: &str) -> Result<()> {
    let known = wallet::currencies(tx, CURRENCIES_MOST).await?;
    if known.iter().any(|known| known == currency) {
        Ok(())
    } else {
        Err(Error::invalid("currency", InvalidCode::UnknownChoice))
    }
}
