//! Who asks, where, and with what at hand.

use crate::cart::NewVisitors;
use crate::clock::{Clock, Ids};
use crate::difference::{difference, masked};
use crate::gateways::{GatewaySettings, Gateways, Source};
use crate::jobs::engine::Engine;
use crate::live::Live;
use crate::notify::{Channels, NotifySettings};
use crate::order::Placer;
use crate::password::Passwords;
use crate::token::Tokens;
use crate::{Error, Result};
use domain::account::Role;
use domain::catalogue::Catalogue;
use domain::problem::Problem;
use domain::text::Language;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use storage::{Database, Db, Tx};
use uuid::Uuid;

/// What an installation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To be tried: demo accounts exist, and the sign-in page names them.
    Demo,
    /// To be used.
    Production,
}

/// What an installation is configured with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What it is for.
    pub mode: Mode,
    /// Where it keeps its institutions.
    pub database: Database,
    /// The institutions, by the names of their databases; the first answers where none is named.
    pub institutions: Vec<String>,
    /// Signs access tokens. At least 32 bytes in production.
    pub secret: String,
    /// By whose clocks schedules run: `America/Mexico_City`.
    pub time_zone: String,
    /// The address under which people reach it, `https://…` where the cookie must be secure.
    pub public_url: String,
    /// Which gateways there are, and how the simulated one behaves.
    pub gateway: GatewaySettings,
    /// Who carries messages to members.
    pub notify: NotifySettings,
}

/// An institution and its database.
#[derive(Debug)]
pub struct Institution {
    /// Its name in paths and tokens.
    pub slug: Arc<str>,
    /// Its database.
    pub db: Db,
    /// Its queue's engine.
    pub engine: Engine,
    /// Places its orders.
    pub placer: Placer,
    /// What happens there, for those who follow it.
    pub live: Live,
    /// Who takes payments there.
    pub gateways: Gateways,
    /// The channels by which its members are told.
    pub channels: Channels,
}

/// The running product: what every request shares.
#[derive(Debug)]
pub struct Service {
    pub(crate) settings: Settings,
    pub(crate) institutions: BTreeMap<String, Arc<Institution>>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) passwords: Passwords,
    pub(crate) tokens: Tokens,
    pub(crate) new_visitors: NewVisitors,
    pub(crate) sample: tokio::sync::Mutex<Option<Arc<crate::Sample>>>,
    pub(crate) started: Instant,
    pub(crate) stopping: AtomicBool,
}

/// The secret of demo mode. It is public, so production refuses it.
pub const DEMO_SECRET: &str = "nutriflow-demo-secret-that-everybody-knows";

/// The fewest bytes of a secret that nobody guesses.
const SECRET_LEAST: usize = 32;

impl Settings {
    /// Whether nobody else can sign access tokens.
    ///
    /// # Errors
    /// In production, where the secret is short or public.
    pub fn check_secret(&self) -> Result<()> {
        if self.mode == Mode::Production
            && (self.secret.len() < SECRET_LEAST || self.secret == DEMO_SECRET)
        {
            return Err(Error::Internal(
                "production mode needs a secret of its own: set NUTRIFLOW_SECRET to at least 32 \
                 random characters, for example from `openssl rand -hex 32`"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

impl Service {
    /// Opens every institution's database, brings it up to date, and loads the catalogue.
    ///
    /// # Errors
    /// Where a setting is unsafe or a database can't be opened.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Arc<Self>> {
        settings.check_secret()?;
        if let Some(stripe) = &settings.gateway.stripe {
            stripe.check()?;
        }
        let catalogue = crate::catalogue::load().await?;
        let ids = Arc::<Ids>::default();
        let mut institutions = BTreeMap::new();
        for slug in &settings.institutions {
            let db = Db::open(&settings.database, slug).await?;
            crate::catalogue::import_foods(&db).await?;
            if settings.gateway.stripe.is_none() {
                crate::payments::refuse_stripe(&db, slug).await?;
            }
            let source = Source {
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
            };
            let gateways =
                Gateways::open(&settings.gateway, &settings.database, slug, &db, source).await?;
            let channels = Channels::open(&settings, &db, &clock).await?;
            institutions.insert(
                slug.clone(),
                Arc::new(Institution {
                    slug: slug.as_str().into(),
                    engine: Engine::start(db.clone()),
                    placer: Placer::start(db.clone()),
                    live: Live::start(db.clone()),
                    gateways,
                    channels,
                    db,
                }),
            );
        }
        let service = Arc::new(Self {
            tokens: Tokens::new(&settings.secret),
            passwords: Passwords::new()?,
            new_visitors: NewVisitors::default(),
            settings,
            institutions,
            catalogue,
            clock,
            ids,
            sample: tokio::sync::Mutex::default(),
            started: Instant::now(),
            stopping: AtomicBool::new(false),
        });
        if service.settings.mode == Mode::Demo {
            crate::demo::seed(&service).await?;
        }
        Ok(service)
    }

    /// What is kept of a name, or of no name: the first institution.
    ///
    /// # Errors
    /// [`Problem::NotFound`] where there is no such institution.
    pub fn institution(&self, slug: Option<&str>) -> Result<&Arc<Institution>> {
        let slug = slug.or(self.settings.institutions.first().map(String::as_str));
        slug.and_then(|slug| self.institutions.get(slug))
            .ok_or(Error::Problem(Problem::NotFound))
    }

    /// Every institution.
    pub fn institutions(&self) -> impl Iterator<Item = &Arc<Institution>> {
        self.institutions.values()
    }

    /// The dishes and their foods.
    #[must_use]
    pub const fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Microseconds since 1970 UTC.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// An id that is larger than those before it.
    #[must_use]
    pub fn next_id(&self) -> Uuid {
        self.ids.next(self.now())
    }

    /// Such an id, and the moment that it names.
    pub(crate) fn next_id_at(&self) -> (Uuid, i64) {
        self.ids.next_at(self.now())
    }

    /// What it is for.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.settings.mode
    }

    /// Whether people reach it over HTTPS.
    #[must_use]
    pub fn https(&self) -> bool {
        self.settings.public_url.starts_with("https://")
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Nobody known.
    Anonymous,
    /// Somebody who signed in.
    Account {
        /// Whose account.
        id: Uuid,
        /// What they are here.
        role: Role,
    },
    /// The installation itself, or who sits at its command line.
    System,
}

/// Everything that a use case knows of its caller.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// What every request shares.
    pub service: Arc<Service>,
    /// Where.
    pub institution: Arc<Institution>,
    /// Who.
    pub actor: Actor,
    /// The language to answer in.
    pub language: Language,
    /// What the sign-in of the browser is kept under, where a browser asks that says it has signed in.
    pub session: Option<Arc<[u8]>>,
    /// What names the cart of a browser in which nobody has signed in; its cookie carries it.
    pub visitor: Option<Arc<str>>,
    /// The request that all log lines and jobs name.
    pub request_id: Arc<str>,
    /// The job that runs, where it is one: whatever it enqueues it has caused.
    pub job: Option<Uuid>,
}

impl Ctx {
    /// A context of the installation itself.
    #[must_use]
    pub fn system(
        service: &Arc<Service>,
        institution: &Arc<Institution>,
        request_id: &str,
    ) -> Self {
        Self {
            service: Arc::clone(service),
            institution: institution.clone(),
            actor: Actor::System,
            language: Language::default(),
            session: None,
            visitor: None,
            request_id: request_id.into(),
            job: None,
        }
    }

    /// The account of whoever asks.
    ///
    /// # Errors
    /// [`Problem::Unauthenticated`] where nobody has signed in.
    pub fn account_id(&self) -> Result<Uuid> {
        match self.actor {
            Actor::Account { id, .. } => Ok(id),
            Actor::Anonymous | Actor::System => Err(Problem::Unauthenticated.into()),
        }
    }

    /// Lets only accounts of the given roles pass, and the installation itself.
    ///
    /// # Errors
    /// [`Problem::Unauthenticated`] where nobody has signed in, [`Problem::Forbidden`] for others.
    pub fn allow(&self, roles: &[Role]) -> Result<()> {
        match self.actor {
            Actor::System => Ok(()),
            Actor::Account { role, .. } if roles.contains(&role) => Ok(()),
            Actor::Account { .. } => Err(Problem::Forbidden.into()),
            Actor::Anonymous => Err(Problem::Unauthenticated.into()),
        }
    }

    /// Whether this installation is only to be tried.
    #[must_use]
    pub fn demo(&self) -> bool {
        self.service.mode() == Mode::Demo
    }

    /// Microseconds since 1970 UTC.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.service.now()
    }

    pub(crate) async fn read(&self) -> Result<Tx> {
        Ok(self.institution.db.read().await?)
    }

    pub(crate) async fn write(&self) -> Result<Tx> {
        Ok(self.institution.db.write().await?)
    }

    /// Writes who changes what, and what of it, in the transaction that does it.
    pub(crate) async fn audit_change(
        &self,
        tx: &mut Tx,
        (action, subject): (&str, &str),
        before: &Value,
        after: &Value,
    ) -> Result<()> {
        let difference = difference(before, after);
        self.write_audit(tx, action, subject, difference.as_ref())
            .await
    }

    /// As [`Self::audit_change`], with no more of each value than `mask` leaves of it by its path.
    pub(crate) async fn audit_masked(
        &self,
        tx: &mut Tx,
        (action, subject): (&str, &str),
        (before, after): (&Value, &Value),
        mask: fn(&str, &Value) -> Value,
    ) -> Result<()> {
        let difference = difference(before, after).map(|changed| masked(changed, mask));
        self.write_audit(tx, action, subject, difference.as_ref())
            .await
    }

    /// Writes who changes many things in the same way, each as [`Self::audit_change`] does: what is changed,
    /// what it was, and what it is.
    pub(crate) async fn audit_changes(
        &self,
        tx: &mut Tx,
        action: &str,
        changes: &[(String, Value, Value)],
    ) -> Result<()> {
        let differences: Vec<Option<Value>> = changes
            .iter()
            .map(|(_, before, after)| difference(before, after))
            .collect();
        let entries: Vec<storage::audit::Entry<'_>> = changes
            .iter()
            .zip(&differences)
            .map(|((subject, ..), difference)| self.entry(action, subject, difference.as_ref()))
            .collect();
        Ok(storage::audit::insert_all(tx, &entries).await?)
    }

    async fn write_audit(
        &self,
        tx: &mut Tx,
        action: &str,
        subject: &str,
        difference: Option<&Value>,
    ) -> Result<()> {
        let entry = self.entry(action, subject, difference);
        Ok(storage::audit::insert(tx, &entry).await?)
    }

    fn entry<'a>(
        &'a self,
        action: &'a str,
        subject: &'a str,
        difference: Option<&'a Value>,
    ) -> storage::audit::Entry<'a> {
        storage::audit::Entry {
            id: self.service.next_id(),
            at: self.now(),
            actor_id: self.account_id().ok(),
            action,
            subject,
            request_id: &self.request_id,
            difference,
        }
    }
}
