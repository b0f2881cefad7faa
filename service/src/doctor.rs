//! Looks for what would keep an installation from working, before it does. It changes nothing.

use crate::Result;
use crate::clock::Clock;
use crate::ctx::{Mode, Settings};
use crate::health::Disk;
use crate::notify::SendError;
use domain::notification::Channel;
use std::path::Path;
use std::sync::Arc;
use storage::{Database, Inspection};

/// 2026-01-01 and 2100-01-01 in UTC, in microseconds since 1970: between them lies the present.
const PRESENT: std::ops::Range<i64> = 1_767_225_600_000_000..4_102_444_800_000_000;
/// How far clocks may be apart, in microseconds, before somebody should look at it.
const APART_SOME: i64 = 1_000_000;
/// How far clocks may be apart, in microseconds, before tokens and jobs suffer.
const APART_MOST: i64 = 30_000_000;
/// How long an event may wait that nothing holds back, in microseconds, before somebody should look at it.
const UNDELIVERED_MOST: i64 = 60_000_000;
/// Free bytes of a disk below which it may be full soon.
const FREE_FEW: u64 = 1 << 30;
/// Free bytes of a disk below which it is as good as full.
const FREE_LEAST: u64 = 100 << 20;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As it should be.
    Ok,
    /// It works, but somebody should look at it.
    Warning,
    /// It will not work.
    Error,
}

/// What was found of one thing, for whoever runs the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub grade: Grade,
    /// What was looked at.
    pub subject: &'static str,
    /// What was seen, and what to do where something should be done.
    pub said: String,
}

impl Finding {
    fn new(grade: Grade, subject: &'static str, said: impl Into<String>) -> Self {
        Self {
            grade,
            subject,
            said: said.into(),
        }
    }
}

/// Looks at everything that the settings name.
pub async fn examine(settings: &Settings, clock: Arc<dyn Clock>) -> Vec<Finding> {
    let mut findings = vec![
        mode(settings),
        secret(settings),
        public_url(settings),
        present(clock.now()),
        cards(settings),
    ];
    findings.extend(simulated(settings));
    if let Database::Sqlite(folder) = &settings.database {
        let (folder, institutions) = (folder.clone(), settings.institutions.clone());
        let looked = tokio::task::spawn_blocking(move || data_folder(&folder, &institutions)).await;
        findings.extend(looked.unwrap_or_default());
    }
    if settings.institutions.is_empty() {
        findings.push(Finding::new(
            Grade::Error,
            "institutions",
            "none is named. Set NUTRIFLOW_INSTITUTIONS to at least one name.",
        ));
    }
    for institution in &settings.institutions {
        match storage::inspect(&settings.database, institution).await {
            Ok(seen) => {
                findings.extend(database(institution, &seen));
                findings.extend(events(institution, seen.undelivered, clock.now()));
                findings.extend(no_key(settings, institution, seen.stripe));
                findings.extend(seen.clock.map(|theirs| clocks(theirs, clock.now())));
            }
            Err(error) => findings.push(Finding::new(
                Grade::Error,
                "database",
                format!(
                    "{institution}: {error}. Check NUTRIFLOW_DATABASE and NUTRIFLOW_INSTITUTIONS, \
                     and that the database runs and lets this user in."
                ),
            )),
        }
    }
    for channel in Channel::ALL {
        let answer = crate::notify::check(&settings.notify, &clock, channel).await;
        findings.push(channel_finding(settings.mode, channel, answer));
    }
    findings
}

/// How a channel answers. What is not configured is a choice.
fn channel_finding(
    mode: Mode,
    channel: Channel,
    answer: Result<Option<std::result::Result<String, SendError>>>,
) -> Finding {
    let (subject, variables) = match channel {
        Channel::Email => ("e-mail", "NUTRIFLOW_SMTP_URL and NUTRIFLOW_MAIL_FROM"),
        Channel::Sms => (
            "sms",
            "NUTRIFLOW_SMS_ACCOUNT, NUTRIFLOW_SMS_TOKEN and NUTRIFLOW_SMS_FROM",
        ),
        Channel::Push => (
            "push",
            "NUTRIFLOW_VAPID_PRIVATE_KEY, NUTRIFLOW_VAPID_PUBLIC_KEY and NUTRIFLOW_VAPID_CONTACT",
        ),
    };
    match answer {
        Err(error) => Finding::new(Grade::Error, subject, error.to_string()),
        Ok(Some(Ok(who))) => Finding::new(Grade::Ok, subject, format!("{who} answers")),
        Ok(Some(Err(error))) => Finding::new(
            Grade::Error,
            subject,
            format!(
                "{error}. Messages wait until it answers. Check {variables}, and that this machine \
                 reaches it."
            ),
        ),
        Ok(None) if mode == Mode::Demo => Finding::new(
            Grade::Ok,
            subject,
            "not configured: the demo shows messages to administrators",
        ),
        Ok(None) => Finding::new(
            Grade::Ok,
            subject,
            format!("not configured, so nobody gets any. {variables} do it."),
        ),
    }
}

fn mode(settings: &Settings) -> Finding {
    match settings.mode {
        Mode::Production => Finding::new(Grade::Ok, "mode", "production"),
        Mode::Demo => Finding::new(
            Grade::Warning,
            "mode",
            "demo: everybody knows its accounts. Set NUTRIFLOW_MODE=production for real use.",
        ),
    }
}

fn secret(settings: &Settings) -> Finding {
    match settings.check_secret() {
        Ok(()) => Finding::new(Grade::Ok, "secret", "fit for this mode"),
        Err(error) => Finding::new(Grade::Error, "secret", error.to_string()),
    }
}

/// Who asks members' cards.
fn cards(settings: &Settings) -> Finding {
    let subject = "cards";
    match &settings.gateway.stripe {
        None if settings.mode == Mode::Demo => {
            Finding::new(Grade::Ok, subject, "the simulated gateway stands for cards")
        }
        None => Finding::new(
            Grade::Ok,
            subject,
            "nobody takes any: members pay from their wallets, which staff top up. Set \
             NUTRIFLOW_STRIPE_KEY and NUTRIFLOW_STRIPE_WEBHOOK_SECRET to take cards.",
        ),
        Some(stripe) => match stripe.check() {
            Err(error) => Finding::new(Grade::Error, subject, error.to_string()),
            Ok(()) if stripe.is_test() && settings.mode == Mode::Production => Finding::new(
                Grade::Warning,
                subject,
                "Stripe's key is one for tests: no money comes. Set NUTRIFLOW_STRIPE_KEY to a live one \
                 for real use.",
            ),
            Ok(()) => Finding::new(Grade::Ok, subject, "Stripe takes them"),
        },
    }
}

/// Whether orders are taken for no money, where an installation is to be used.
fn simulated(settings: &Settings) -> Option<Finding> {
    if settings.mode == Mode::Demo {
        return None;
    }
    let subject = "simulation";
    Some(if settings.gateway.simulated_in_production {
        Finding::new(
            Grade::Warning,
            subject,
            "the simulated card gateway takes orders, and no money. Unset \
             NUTRIFLOW_ALLOW_SIMULATED_CARDS for real use.",
        )
    } else {
        let said = "the simulated card gateway is off, also where a campus takes it";
        Finding::new(Grade::Ok, subject, said)
    })
}

/// That cards are taken and can't be, where that is so.
fn no_key(settings: &Settings, institution: &str, campuses: i64) -> Option<Finding> {
    (settings.gateway.stripe.is_none() && campuses > 0).then(|| {
        Finding::new(
            Grade::Error,
            "cards",
            format!(
                "{institution}: {campuses} campuses take cards by Stripe, but there is no key. Set \
                 NUTRIFLOW_STRIPE_KEY and NUTRIFLOW_STRIPE_WEBHOOK_SECRET."
            ),
        )
    })
}

fn public_url(settings: &Settings) -> Finding {
    let url = &settings.public_url;
    let subject = "public url";
    let (secure, rest) = match url.split_once("://") {
        Some(("https", rest)) => (true, rest),
        Some(("http", rest)) => (false, rest),
        _ => (false, ""),
    };
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() || url.contains(char::is_whitespace) {
        return Finding::new(
            Grade::Error,
            subject,
            format!(
                "{url:?} is no address. Set NUTRIFLOW_PUBLIC_URL to one as https://meals.example.org."
            ),
        );
    }
    if secure || settings.mode == Mode::Demo {
        return Finding::new(Grade::Ok, subject, url);
    }
    Finding::new(
        Grade::Warning,
        subject,
        format!(
            "{url} is not encrypted, so cookies are not marked secure. Set NUTRIFLOW_PUBLIC_URL to \
             the https:// address under which people reach it."
        ),
    )
}

fn present(now: i64) -> Finding {
    if PRESENT.contains(&now) {
        Finding::new(Grade::Ok, "clock", "the year is plausible")
    } else {
        Finding::new(
            Grade::Error,
            "clock",
            "the year is not plausible: sign-ins and jobs would end at once or never. Set the \
             machine's clock.",
        )
    }
}

fn clocks(theirs: i64, ours: i64) -> Finding {
    let apart = theirs.abs_diff(ours);
    let seconds = apart as f64 / 1e6;
    let said = format!("{seconds:.1} s from the database's clock");
    let help = "Let both machines follow the same time server.";
    if apart <= APART_SOME as u64 {
        Finding::new(Grade::Ok, "clock", said)
    } else if apart <= APART_MOST as u64 {
        Finding::new(Grade::Warning, "clock", format!("{said}. {help}"))
    } else {
        Finding::new(Grade::Error, "clock", format!("{said}. {help}"))
    }
}

fn database(institution: &str, seen: &Inspection) -> Vec<Finding> {
    let version = &seen.version;
    let reached = if seen.made {
        format!("{institution}: {version} answers")
    } else {
        format!("{institution}: {version}; not made yet, which the first start does")
    };
    let (grade, said) = if seen.foreign > 0 {
        (
            Grade::Error,
            format!(
                "{institution}: {} migrations are not of this program. A newer version has served \
                 it: run that one, or bring back a backup.",
                seen.foreign
            ),
        )
    } else if seen.pending > 0 && seen.made {
        (
            Grade::Warning,
            format!(
                "{institution}: {} of {} are pending. The next start applies them: back up first.",
                seen.pending,
                seen.pending + seen.applied
            ),
        )
    } else if seen.pending > 0 {
        (
            Grade::Ok,
            format!("{institution}: {} for the first start", seen.pending),
        )
    } else {
        (
            Grade::Ok,
            format!("{institution}: all {} are applied", seen.applied),
        )
    };
    vec![
        Finding::new(Grade::Ok, "database", reached),
        Finding::new(grade, "migrations", said),
    ]
}

/// What is amiss with the delivery of events, where something is.
fn events(institution: &str, undelivered: Option<i64>, now: i64) -> Option<Finding> {
    let waited = now - undelivered?;
    (waited > UNDELIVERED_MOST).then(|| {
        Finding::new(
            Grade::Warning,
            "events",
            format!(
                "{institution}: one was not delivered for {} seconds. Where nutriflow runs, look into \
                 its log for why; where it does not, the next start delivers it.",
                waited / 1_000_000
            ),
        )
    })
}

fn data_folder(folder: &Path, institutions: &[String]) -> Vec<Finding> {
    let shown = folder.display();
    // What is absent is made by the first start, in the nearest folder that is there.
    let there = folder
        .ancestors()
        .map(|ancestor| {
            // What a relative path lies in has no name.
            if ancestor.as_os_str().is_empty() {
                Path::new(".")
            } else {
                ancestor
            }
        })
        .find(|ancestor| ancestor.exists())
        .unwrap_or(folder);
    let mut findings = vec![match writable(there, folder, institutions) {
        Ok(()) => Finding::new(Grade::Ok, "data folder", format!("{shown} can be written")),
        Err(error) => Finding::new(
            Grade::Error,
            "data folder",
            format!(
                "{shown} can't be written: {error}. Give it to the user that runs nutriflow, or \
                 name another in NUTRIFLOW_DATABASE."
            ),
        ),
    }];
    findings.push(match Disk::of(there) {
        Ok(disk) => room(disk),
        Err(error) => Finding::new(
            Grade::Warning,
            "disk",
            format!("how much is free can't be told: {error}"),
        ),
    });
    findings
}

/// Tries to write into a folder, and to open the databases that are in it.
fn writable(there: &Path, folder: &Path, institutions: &[String]) -> std::io::Result<()> {
    let probe = there.join(format!(".nutriflow-doctor-{}", std::process::id()));
    std::fs::File::create_new(&probe)?;
    std::fs::remove_file(&probe)?;
    for institution in institutions {
        let file = folder.join(format!("{institution}.db"));
        if file.exists() {
            std::fs::File::options().append(true).open(file)?;
        }
    }
    Ok(())
}

fn room(disk: Disk) -> Finding {
    let free = disk.free_bytes >> 20;
    if disk.free_bytes < FREE_LEAST {
        let said = format!("only {free} MiB are free: nothing can be stored soon. Make room.");
        Finding::new(Grade::Error, "disk", said)
    } else if disk.free_bytes < FREE_FEW {
        let said = format!("{free} MiB are free. Make room before it is full.");
        Finding::new(Grade::Warning, "disk", said)
    } else {
        Finding::new(Grade::Ok, "disk", format!("{free} MiB are free"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(mode: Mode, public_url: &str) -> Settings {
        Settings {
            mode,
            database: Database::Sqlite("var".into()),
            institutions: vec!["demo".to_owned()],
            secret: "of the tests, and long enough for them".to_owned(),
            public_url: public_url.to_owned(),
            time_zone: "UTC".to_owned(),
            gateway: crate::gateways::GatewaySettings::default(),
            notify: crate::notify::NotifySettings::default(),
        }
    }

    #[test]
    fn addresses_are_graded() {
        for (mode, url, grade) in [
            (Mode::Production, "https://meals.example.org", Grade::Ok),
            (Mode::Production, "http://meals.example.org", Grade::Warning),
            (Mode::Demo, "http://127.0.0.1:3000", Grade::Ok),
            (Mode::Production, "meals.example.org", Grade::Error),
            (Mode::Demo, "https://", Grade::Error),
            (Mode::Demo, "https:///meals", Grade::Error),
            (Mode::Demo, "https://a b", Grade::Error),
            (Mode::Demo, "ftp://meals.example.org", Grade::Error),
        ] {
            assert_eq!(public_url(&settings(mode, url)).grade, grade, "{url}");
        }
    }

    #[test]
    fn cards_are_graded() {
        use crate::gateways::StripeSettings;
        let with = |mode, stripe: Option<StripeSettings>, allowed| {
            let mut settings = settings(mode, "https://meals.example.org");
            settings.gateway.stripe = stripe;
            settings.gateway.simulated_in_production = allowed;
            settings
        };
        let stripe = |key: &str| {
            Some(StripeSettings {
                publishable_key: Some("pk_1".to_owned()),
                ..StripeSettings::new(key, "whsec_1")
            })
        };
        for (mode, stripe, grade) in [
            (Mode::Demo, None, Grade::Ok),
            (Mode::Production, None, Grade::Ok),
            (Mode::Production, stripe("sk_live_1"), Grade::Ok),
            (Mode::Production, stripe("sk_test_1"), Grade::Warning),
            (Mode::Demo, stripe("sk_test_1"), Grade::Ok),
            (Mode::Production, stripe(""), Grade::Error),
        ] {
            let settings = with(mode, stripe, false);
            assert_eq!(cards(&settings).grade, grade, "{settings:?}");
        }
        let grade =
            |mode, allowed| simulated(&with(mode, None, allowed)).map(|finding| finding.grade);
        assert_eq!(grade(Mode::Demo, false), None);
        assert_eq!(grade(Mode::Production, false), Some(Grade::Ok));
        assert_eq!(grade(Mode::Production, true), Some(Grade::Warning));
        let keyless = with(Mode::Production, None, false);
        assert_eq!(no_key(&keyless, "demo", 0), None);
        let told = no_key(&keyless, "demo", 2).map(|finding| finding.grade);
        assert_eq!(told, Some(Grade::Error));
        let keyed = with(Mode::Production, stripe("sk_live_1"), false);
        assert_eq!(no_key(&keyed, "demo", 2), None);
    }

    #[test]
    fn clocks_are_graded() {
        let now = 1_800_000_000_000_000;
        assert_eq!(present(now).grade, Grade::Ok);
        assert_eq!(present(0).grade, Grade::Error);
        assert_eq!(present(PRESENT.start - 1).grade, Grade::Error);
        assert_eq!(present(PRESENT.end).grade, Grade::Error);
        for (apart, grade) in [
            (0, Grade::Ok),
            (APART_SOME, Grade::Ok),
            (APART_SOME + 1, Grade::Warning),
            (APART_MOST + 1, Grade::Error),
        ] {
            assert_eq!(clocks(now + apart, now).grade, grade, "{apart}");
            assert_eq!(clocks(now - apart, now).grade, grade, "-{apart}");
        }
    }

    #[test]
    fn events_that_wait_are_told() {
        let now = 1_800_000_000_000_000;
        let told = |undelivered| events("demo", undelivered, now).map(|finding| finding.grade);
        assert_eq!(told(None), None);
        assert_eq!(told(Some(now - UNDELIVERED_MOST)), None);
        assert_eq!(told(Some(now - UNDELIVERED_MOST - 1)), Some(Grade::Warning));
    }

    #[test]
    fn channels_are_graded() {
        let graded = |mode, channel, answer| channel_finding(mode, channel, answer).grade;
        let (demo, production) = (Mode::Demo, Mode::Production);
        let answers = || Ok(Some(Ok("mail.example.org".to_owned())));
        assert_eq!(graded(production, Channel::Email, answers()), Grade::Ok);
        let fails = || Ok(Some(Err(SendError::TimedOut)));
        assert_eq!(graded(production, Channel::Sms, fails()), Grade::Error);
        let wrong = Err(crate::Error::Internal("no pair of keys".to_owned()));
        assert_eq!(graded(production, Channel::Push, wrong), Grade::Error);
        assert_eq!(graded(demo, Channel::Email, Ok(None)), Grade::Ok);
        assert_eq!(graded(production, Channel::Sms, Ok(None)), Grade::Ok);
    }

    #[test]
    fn room_is_graded() {
        for (free_bytes, grade) in [
            (FREE_FEW, Grade::Ok),
            (FREE_FEW - 1, Grade::Warning),
            (FREE_LEAST - 1, Grade::Error),
        ] {
            let disk = Disk {
                free_bytes,
                total_bytes: u64::MAX,
            };
            assert_eq!(room(disk).grade, grade, "{free_bytes}");
        }
    }

    #[test]
    fn migrations_are_graded() {
        let seen = |made, applied, pending, foreign| {
            let inspection = Inspection {
                made,
                version: "SQLite".to_owned(),
                applied,
                pending,
                foreign,
                clock: None,
                undelivered: None,
                stripe: 0,
            };
            database("demo", &inspection)[1].grade
        };
        assert_eq!(seen(true, 2, 0, 0), Grade::Ok);
        assert_eq!(seen(false, 0, 2, 0), Grade::Ok);
        assert_eq!(seen(true, 1, 1, 0), Grade::Warning);
        assert_eq!(seen(true, 2, 0, 1), Grade::Error);
    }
}
