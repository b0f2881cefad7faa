//! Signing up, in and out, in browsers and for the API.

use crate::ctx::{Actor, Ctx};
use crate::token;
use crate::{Error, Result};
use domain::account::{Email, Role, check_password};
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use serde_json::json;
use std::sync::Arc;
use storage::account::{Account, NewAccount};
use storage::session::Family;
use storage::{Tx, account, session};

/// How long a browser stays signed in, in seconds.
const SESSION_SECONDS: i64 = 30 * 24 * 3600;
/// How long an API client may stay away before it must sign in again, in seconds.
const REFRESH_SECONDS: i64 = 30 * 24 * 3600;
const MICROS: i64 = 1_000_000;

/// A new member.
#[derive(Clone)]
pub struct Register {
    /// What to call them.
    pub name: String,
    /// Their address, as typed.
    pub email: String,
    /// Their password, as typed.
    pub password: String,
}

/// An address and a password that should belong together.
#[derive(Clone)]
pub struct SignIn {
    /// The address, as typed.
    pub email: String,
    /// The password, as typed.
    pub password: String,
}

/// A browser's sign-in.
#[derive(Debug)]
pub struct Session {
    /// The secret that the cookie carries.
    pub token: String,
    /// How long it is good, in seconds.
    pub max_age_seconds: i64,
}

/// An API client's sign-in.
pub struct TokenPair {
    /// Good for a quarter of an hour.
    pub access_token: String,
    /// Seconds that it is good.
    pub expires_in: i64,
    /// Good once, for the next pair.
    pub refresh_token: String,
}

/// Whoever has signed in.
#[derive(Debug, Clone)]
pub struct Me {
    /// The account.
    pub id: uuid::Uuid,
    /// What to call them.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they are here.
    pub role: Role,
}

fn check(register: &Register) -> Result<(String, Email)> {
    let name = register.name.trim().to_owned();
    let mut fields = Vec::new();
    match name.chars().count() {
        0 => fields.push(InvalidField::new("name", InvalidCode::Required)),
        101.. => fields.push(InvalidField::new("name", InvalidCode::TooLong { max: 100 })),
        _ if name.chars().any(char::is_control) => {
            fields.push(InvalidField::new("name", InvalidCode::Malformed));
        }
        _ => {}
    }
    let email = Email::parse(&register.email)
        .map_err(|code| fields.push(InvalidField::new("email", code)))
        .ok();
    if let Err(code) = check_password(&register.password, &register.email) {
        fields.push(InvalidField::new("password", code));
    }
    match email {
        Some(email) if fields.is_empty() => Ok((name, email)),
        _ => Err(Error::invalid_fields(fields)),
    }
}

async fn create(ctx: &Ctx, register: Register, role: Role) -> Result<(Tx, uuid::Uuid)> {
    let (name, email) = check(&register)?;
    let password_hash = ctx.service.passwords.hash(register.password).await?;
    let id = ctx.service.next_id();
    let mut tx = ctx.write().await?;
    let account = NewAccount {
        id,
        email: email.as_str(),
        name: &name,
        password_hash: &password_hash,
        role,
        created_at: ctx.now(),
    };
    if !account::insert(&mut tx, &account).await? {
        return Err(Error::invalid("email", InvalidCode::EmailTaken));
    }
    // Who it is stands with the account, and goes with it; the log is kept.
    let made = json!({ "role": role.key() });
    let subject = id.to_string();
    ctx.audit_change(&mut tx, ("account.create", &subject), &json!({}), &made)
        .await?;
    Ok((tx, id))
}

/// Makes a member's account and signs them in; what their browser has in its cart is theirs.
///
/// # Errors
/// [`Problem::Invalid`] by field; an address that has an account is one of them.
pub async fn register(ctx: &Ctx, register: Register) -> Result<Session> {
    let (mut tx, id) = create(ctx, register, Role::Member).await?;
    let session = open_session(ctx, &mut tx, id).await?;
    crate::notify::note_language(ctx, &mut tx, id).await?;
    crate::cart::adopt(ctx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(session)
}

/// Makes a member's account and signs an API client in.
///
/// # Errors
/// As [`register`].
pub async fn register_client(ctx: &Ctx, register: Register) -> Result<TokenPair> {
    let (mut tx, id) = create(ctx, register, Role::Member).await?;
    let pair = open_family(ctx, &mut tx, id, Role::Member).await?;
    crate::notify::note_language(ctx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(pair)
}

/// Makes an account of any role. Only the installation itself may.
///
/// # Errors
/// [`Problem::Invalid`] by field.
pub async fn create_with_role(ctx: &Ctx, register: Register, role: Role) -> Result<uuid::Uuid> {
    if ctx.actor != Actor::System {
        return Err(Problem::Forbidden.into());
    }
    let (tx, id) = create(ctx, register, role).await?;
    tx.commit().await?;
    Ok(id)
}

/// Whose credentials these are. An unknown address takes the same time as a wrong password.
async fn authenticate(ctx: &Ctx, sign_in: SignIn) -> Result<Account> {
    let email = Email::parse(&sign_in.email).ok();
    let account = match &email {
        Some(email) => account::by_email(&mut ctx.read().await?, email.as_str()).await?,
        None => None,
    };
    let hash = account
        .as_ref()
        .map(|account| account.password_hash.clone());
    // A password longer than any account's is not worth hashing, but takes its time all the same.
    let password: String = sign_in
        .password
        .chars()
        .take(domain::account::PASSWORD_MAX as usize + 1)
        .collect();
    let belongs = ctx.service.passwords.verify(password, hash).await?;
    // Whoever was deactivated is told no more than a stranger.
    account
        .filter(|account| belongs && account.active)
        .ok_or(Error::Problem(Problem::WrongCredentials))
}

/// Signs a browser in; what it has in its cart is the account's.
///
/// # Errors
/// [`Problem::WrongCredentials`], the same for an unknown address and a wrong password.
pub async fn sign_in(ctx: &Ctx, sign_in: SignIn) -> Result<Session> {
    let account = authenticate(ctx, sign_in).await?;
    let mut tx = ctx.write().await?;
    let session = open_session(ctx, &mut tx, account.id).await?;
    crate::notify::note_language(ctx, &mut tx, account.id).await?;
    crate::cart::adopt(ctx, &mut tx, account.id).await?;
    tx.commit().await?;
    Ok(session)
}

/// Signs a browser out; it takes notifications no more. Without a sign-in it does nothing.
///
/// # Errors
/// Where the database does.
pub async fn sign_out(ctx: &Ctx, token: &str) -> Result<()> {
    let mut tx = ctx.write().await?;
    end_session(ctx, &mut tx, &token::hash(token)).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends a sign-in; the browser takes nobody's notifications from then on.
async fn end_session(ctx: &Ctx, tx: &mut Tx, session: &[u8]) -> Result<()> {
    // A browser that is being subscribed in it has the session first as well.
    session::lock(tx, session).await?;
    crate::notify::unsubscribe_session(ctx, tx, session).await?;
    Ok(session::delete(tx, session).await?)
}

/// What a browser's sign-in is kept under.
#[must_use]
pub fn session_key(token: &str) -> Arc<[u8]> {
    Arc::new(token::hash(token))
}

/// Who a browser's token belongs to.
///
/// # Errors
/// Where the database does.
pub async fn actor_of_session(ctx: &Ctx, token: &str) -> Result<Actor> {
    let mut tx = ctx.read().await?;
    let account = session::account(&mut tx, &token::hash(token), ctx.now()).await?;
    Ok(account.map_or(Actor::Anonymous, |account| Actor::Account {
        id: account.id,
        role: account.role(),
    }))
}

/// Who an access token belongs to, where it is good. That somebody may do more than members is believed
/// only as long as it is so: a token outlives what is taken from its owner.
///
/// # Errors
/// Where the database does.
pub async fn actor_of_access_token(ctx: &Ctx, access_token: &str) -> Result<Option<Actor>> {
    let tokens = &ctx.service.tokens;
    let Some(claims) = tokens.verify(access_token, &ctx.institution.slug, ctx.now()) else {
        return Ok(None);
    };
    let id = claims.sub;
    if claims.role == Role::Member {
        let role = claims.role;
        return Ok(Some(Actor::Account { id, role }));
    }
    let known = async {
        let mut tx = ctx.read().await?;
        Ok::<_, Error>(account::by_id(&mut tx, id).await?)
    };
    match known.await {
        Ok(account) => {
            let account = account.filter(|account| account.active);
            Ok(account.map(|account| Actor::Account {
                id,
                role: account.role(),
            }))
        }
        // Who looks after an installation may see what ails it also while its database is away, where
        // nobody can do anything else.
        Err(error) if error.is_passing() => {
            let role = claims.role;
            Ok(Some(Actor::Account { id, role }))
        }
        Err(error) => Err(error),
    }
}

/// Signs an API client in.
///
/// # Errors
/// As [`sign_in`].
pub async fn issue_tokens(ctx: &Ctx, sign_in: SignIn) -> Result<TokenPair> {
    let account = authenticate(ctx, sign_in).await?;
    let mut tx = ctx.write().await?;
    let pair = open_family(ctx, &mut tx, account.id, account.role()).await?;
    tx.commit().await?;
    Ok(pair)
}

/// Exchanges a refresh token for the next pair. One that was used before ends its whole family:
/// either its holder or somebody else has a copy.
///
/// # Errors
/// [`Problem::WrongCredentials`] where the token is unknown, expired or used.
pub async fn refresh_tokens(ctx: &Ctx, refresh_token: &str) -> Result<TokenPair> {
    let hash = token::hash(refresh_token);
    let mut tx = ctx.write().await?;
    let Some(family) = session::use_refresh(&mut tx, &hash, ctx.now()).await? else {
        if let Some(family) = session::family(&mut tx, &hash).await? {
            session::delete_family(&mut tx, family.family_id).await?;
            let told = |ended: bool| json!({ "signInEnded": ended });
            let subject = family.account_id.to_string();
            let change = ("account.refresh_reused", subject.as_str());
            ctx.audit_change(&mut tx, change, &told(false), &told(true))
                .await?;
            tx.commit().await?;
        }
        return Err(Problem::WrongCredentials.into());
    };
    let account = account::by_id(&mut tx, family.account_id)
        .await?
        .filter(|account| account.active)
        .ok_or(Error::Problem(Problem::WrongCredentials))?;
    let pair = extend_family(ctx, &mut tx, family, account.role()).await?;
    tx.commit().await?;
    Ok(pair)
}

/// Whoever has signed in, if anybody has.
///
/// # Errors
/// Where the database does.
pub async fn me(ctx: &Ctx) -> Result<Option<Me>> {
    let Actor::Account { id, .. } = ctx.actor else {
        return Ok(None);
    };
    let account = account::by_id(&mut ctx.read().await?, id).await?;
    Ok(account.map(|account| Me {
        id: account.id,
        role: account.role(),
        name: account.name,
        email: account.email,
    }))
}

async fn open_session(ctx: &Ctx, tx: &mut Tx, account: uuid::Uuid) -> Result<Session> {
    if let Some(before) = &ctx.session {
        // The cookie that names it is about to be another one.
        end_session(ctx, tx, before).await?;
    }
    let token = token::random();
    let now = ctx.now();
    // Each sign-in sweeps, so the table never holds more than a month of them.
    session::delete_expired(tx, now).await?;
    session::insert(
        tx,
        &token::hash(&token),
        account,
        now,
        now + SESSION_SECONDS * MICROS,
    )
    .await?;
    Ok(Session {
        token,
        max_age_seconds: SESSION_SECONDS,
    })
}

async fn open_family(
    ctx: &Ctx,
    tx: &mut Tx,
    account_id: uuid::Uuid,
    role: Role,
) -> Result<TokenPair> {
    session::delete_expired(tx, ctx.now()).await?;
    let family = Family {
        family_id: ctx.service.next_id(),
        account_id,
    };
    extend_family(ctx, tx, family, role).await
}

async fn extend_family(ctx: &Ctx, tx: &mut Tx, family: Family, role: Role) -> Result<TokenPair> {
    let refresh_token = token::random();
    let now = ctx.now();
    let hash = token::hash(&refresh_token);
    session::insert_refresh(tx, &hash, family, now, now + REFRESH_SECONDS * MICROS).await?;
    let slug = &ctx.institution.slug;
    Ok(TokenPair {
        access_token: ctx
            .service
            .tokens
            .sign(family.account_id, role, slug, now)?,
        expires_in: token::ACCESS_SECONDS,
        refresh_token,
    })
}

/// The name of the session's cookie: with the `__Host-` prefix where HTTPS allows it, so that no
/// other host of the domain can set it.
#[must_use]
pub fn session_cookie_name(ctx: &Ctx) -> &'static str {
    if ctx.service.https() {
        "__Host-nutriflow_session"
    } else {
        "nutriflow_session"
    }
}

/// The `Set-Cookie` value that signs a browser in.
#[must_use]
pub fn session_cookie(ctx: &Ctx, session: &Session) -> String {
    cookie(ctx, &session.token, session.max_age_seconds)
}

/// The `Set-Cookie` value that signs a browser out.
#[must_use]
pub fn clear_session_cookie(ctx: &Ctx) -> String {
    cookie(ctx, "", 0)
}

fn cookie(ctx: &Ctx, value: &str, max_age: i64) -> String {
    let name = session_cookie_name(ctx);
    let secure = if ctx.service.https() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}")
}
