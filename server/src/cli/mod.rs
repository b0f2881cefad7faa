//! The command line, and the configuration that it shares with the environment.

mod board;
mod notify;

use crate::telemetry::{self, LogFormat};
use crate::{Options, Role, Server, http};
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::account::Role as AccountRole;
use domain::payment::{FraudRules, Rates};
use domain::problem::Problem;
use domain::text::Language;
use service::account::{Register, create_with_role};
use service::doctor::Grade;
use service::gateways::{GatewaySettings, StripeSettings};
use service::{Ctx, Mode, Service, Settings, SystemClock};
use std::io::BufRead as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use storage::Database;

/// From a profile to a plate: diet plans and campus meals.
#[derive(Debug, Parser)]
#[command(name = "nutriflow", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    installation: Installation,
}

#[derive(Debug, Args)]
struct Installation {
    /// Where the data is: `sqlite:FOLDER`, or `postgres://…`.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_DATABASE",
        default_value = "sqlite:var"
    )]
    database: String,
    /// What the installation is for. The demo has accounts that everybody knows.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_MODE",
        default_value = "production"
    )]
    mode: CliMode,
    /// Signs access tokens: at least 32 random characters.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_SECRET",
        hide_env_values = true,
        default_value = ""
    )]
    secret: String,
    /// The address under which people reach it; `https://…` makes cookies secure.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_PUBLIC_URL",
        default_value = "http://127.0.0.1:3000"
    )]
    public_url: String,
    /// The institutions, by short names of lower-case letters, digits and `_`.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_INSTITUTIONS",
        value_delimiter = ',',
        default_value = "demo"
    )]
    institutions: Vec<String>,
    /// By whose clocks schedules run, as `America/Mexico_City`.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_TIME_ZONE",
        default_value = "UTC"
    )]
    time_zone: String,
    #[command(flatten)]
    gateway: Gateway,
    #[command(flatten)]
    notify: notify::Notify,
    /// The form of log lines.
    #[arg(long, global = true, env = "NUTRIFLOW_LOG", default_value = "text")]
    log: LogFormat,
}

/// Which gateways there are, and how the simulated one behaves.
#[derive(Args)]
struct Gateway {
    /// Asks members' cards by Stripe: its secret key, `sk_…` or `rk_…`.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_STRIPE_KEY",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    stripe_key: String,
    /// The secret that Stripe signs its messages to /v1/webhooks/stripe with: `whsec_…`.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_STRIPE_WEBHOOK_SECRET",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    stripe_webhook_secret: String,
    /// Lets pages give a card to Stripe: `pk_…`. A secret key for tests does without.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_STRIPE_PUBLISHABLE_KEY",
        default_value = ""
    )]
    stripe_publishable_key: String,
    /// Where Stripe is.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_STRIPE_URL",
        default_value = service::gateways::stripe::STRIPE
    )]
    stripe_url: String,
    /// Whether the simulated gateway takes orders in production too: for no money.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_ALLOW_SIMULATED_CARDS",
        default_value = "false",
        action = clap::ArgAction::Set
    )]
    allow_simulated_cards: bool,
    /// What the simulated gateway's chance is made from.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_GATEWAY_SEED",
        default_value = "0"
    )]
    gateway_seed: u64,
    /// Whether the simulated gateway takes its 100 to 2,000 milliseconds.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_GATEWAY_DELAY",
        default_value = "true",
        action = clap::ArgAction::Set
    )]
    gateway_delay: bool,
    /// How often the simulated gateway fails for now, declines, and loses its answer: three numbers,
    /// in percent.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_GATEWAY_RATES",
        default_value = "15,5,0",
        value_parser = rates
    )]
    gateway_rates: Rates,
    /// Whether the simulated gateway declines what looks like fraud.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_GATEWAY_FRAUD_RULES",
        default_value = "true",
        action = clap::ArgAction::Set
    )]
    gateway_fraud_rules: bool,
}

/// Secrets are for Stripe alone.
impl std::fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Gateway").finish_non_exhaustive()
    }
}

impl Gateway {
    fn settings(self) -> GatewaySettings {
        // One without the other is refused where it is used, with a sentence that says so.
        let none = self.stripe_key.is_empty() && self.stripe_webhook_secret.is_empty();
        let stripe = (!none).then(|| StripeSettings {
            base: self.stripe_url,
            publishable_key: Some(self.stripe_publishable_key).filter(|key| !key.is_empty()),
            ..StripeSettings::new(self.stripe_key, self.stripe_webhook_secret)
        });
        GatewaySettings {
            simulated_in_production: self.allow_simulated_cards,
            stripe,
            seed: self.gateway_seed,
            delay: self.gateway_delay,
            rates: self.gateway_rates,
            fraud: self.gateway_fraud_rules.then_some(FraudRules::USUAL),
            ..GatewaySettings::default()
        }
    }
}

/// Reads three percentages.
fn rates(text: &str) -> Result<Rates, String> {
    let numbers: Result<Vec<i64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(&[transient, declined, lost]) => Rates::new(transient, declined, lost),
        _ => None,
    }
    .ok_or_else(|| "three percentages, of which the first two make 100 at most".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CliMode {
    Demo,
    Production,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves pages and API, and runs jobs.
    Serve(Serve),
    /// Looks for what would keep it from working, and says what to do. Changes nothing.
    Doctor,
    /// Makes a pair of keys by which push services know an installation, and prints it.
    PushKeys,
    /// Jobs of every queue.
    Jobs(board::Jobs),
    /// Queues.
    Queues(board::Queues),
    /// Administrators.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
}

#[derive(Debug, Args)]
struct Serve {
    /// Where to listen.
    #[arg(long, env = "NUTRIFLOW_LISTEN", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// What this process does. Several processes share a PostgreSQL database; a SQLite file is
    /// served by one that does all.
    #[arg(long, env = "NUTRIFLOW_ROLE", default_value = "all")]
    role: Role,
    /// Shows `/metrics` to whoever sends it as a bearer token.
    #[arg(long, env = "NUTRIFLOW_METRICS_TOKEN", hide_env_values = true)]
    metrics_token: Option<String>,
    /// Shows `/metrics` there, to everybody who can reach it.
    #[arg(long, env = "NUTRIFLOW_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Seconds to go on serving once asked to stop by SIGTERM, so that a load balancer can see it.
    #[arg(long, env = "NUTRIFLOW_STOP_GRACE", default_value = "5")]
    stop_grace: u64,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Makes an administrator's account. The password is read from standard input.
    Create {
        /// The address to sign in with.
        #[arg(long)]
        email: String,
        /// What to call them.
        #[arg(long)]
        name: String,
        /// The institution; the first one where none is named.
        #[arg(long)]
        institution: Option<String>,
    },
}

impl Installation {
    fn settings(self) -> Result<Settings, service::Error> {
        let mode = match self.mode {
            CliMode::Demo => Mode::Demo,
            CliMode::Production => Mode::Production,
        };
        let secret = if self.secret.is_empty() && mode == Mode::Demo {
            service::DEMO_SECRET.to_owned()
        } else {
            self.secret
        };
        Ok(Settings {
            mode,
            database: self.database.parse::<Database>()?,
            institutions: self.institutions,
            secret,
            public_url: self.public_url,
            time_zone: self.time_zone,
            gateway: self.gateway.settings(),
            notify: self.notify.settings()?,
        })
    }
}

/// Does what the command line says.
pub async fn run(cli: Cli) -> ExitCode {
    // Until the process ends, so that the last traces are sent.
    let _telemetry = match telemetry::start(cli.installation.log) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("nutriflow: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = match cli.command {
        Command::Serve(command) => serve(cli.installation, command).await,
        Command::Jobs(command) => board::jobs(cli.installation, command).await,
        Command::Queues(command) => board::queues(cli.installation, command).await,
        Command::Doctor => return doctor(cli.installation).await,
        Command::PushKeys => notify::push_keys(),
        Command::Admin {
            command:
                AdminCommand::Create {
                    email,
                    name,
                    institution,
                },
        } => create_admin(cli.installation, email, name, institution).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            for line in explain(error) {
                eprintln!("nutriflow: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// An error for whoever sits at the command line: they run the installation, so they see causes.
fn explain(error: service::Error) -> Vec<String> {
    match error {
        service::Error::Problem(Problem::Invalid { fields }) => fields
            .iter()
            .map(|field| {
                format!(
                    "{}: {}",
                    field.field,
                    http::problem::explain(&field.code, Language::En)
                )
            })
            .collect(),
        other => vec![other.to_string()],
    }
}

async fn start(installation: Installation) -> Result<Arc<Service>, service::Error> {
    Service::start(installation.settings()?, Arc::new(SystemClock)).await
}

async fn serve(installation: Installation, command: Serve) -> Result<(), service::Error> {
    if command.role != Role::All && installation.database.starts_with("sqlite:") {
        return Err(service::Error::Internal(
            "a SQLite file is served by one process: roles other than `all` need PostgreSQL"
                .to_owned(),
        ));
    }
    let service = start(installation).await?;
    let listen = command.listen;
    let unusable = |error: std::io::Error| service::Error::Internal(format!("{listen}: {error}"));
    let options = Options {
        listen,
        role: command.role,
        // An empty variable is how some supervisors write that there is none.
        metrics_token: command.metrics_token.filter(|token| !token.is_empty()),
        metrics_listen: command.metrics_listen,
    };
    let server = Server::bind(&service, options).await?;
    println!(
        "NutriFlow listens on http://{}",
        server.address().map_err(unusable)?
    );
    if let Some(address) = server.metrics_address().map_err(unusable)? {
        println!("Its metrics are at http://{address}/metrics");
    }
    if service.mode() == Mode::Demo {
        println!("Sign in as");
        for account in service::demo::ACCOUNTS {
            let role = account.role.key().to_lowercase();
            println!("  {role:7} {:27} {}", account.email, account.password);
        }
    }
    let grace = Duration::from_secs(command.stop_grace);
    server.run(stop_signal(grace)).await.map_err(unusable)
}

/// Looks for trouble, prints a line for each thing that it looked at, and fails where one is bad.
async fn doctor(installation: Installation) -> ExitCode {
    let settings = match installation.settings() {
        Ok(settings) => settings,
        Err(error) => {
            println!("{:8} {:12} {error}", "error", "settings");
            return ExitCode::FAILURE;
        }
    };
    let findings = service::doctor::examine(&settings, Arc::new(SystemClock)).await;
    for finding in &findings {
        let grade = match finding.grade {
            Grade::Ok => "ok",
            Grade::Warning => "warning",
            Grade::Error => "error",
        };
        println!("{grade:8} {:12} {}", finding.subject, finding.said);
    }
    if findings.iter().any(|finding| finding.grade == Grade::Error) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Ends when the process is asked to stop, and tells how long to go on serving: not at all for
/// whoever sits at the terminal and waits for it to end.
async fn stop_signal(grace: Duration) -> Duration {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            return tokio::select! {
                _ = interrupted => Duration::ZERO,
                _ = terminated.recv() => grace,
            };
        }
    }
    let _ = interrupted.await;
    Duration::ZERO
}

async fn create_admin(
    installation: Installation,
    email: String,
    name: String,
    institution: Option<String>,
) -> Result<(), service::Error> {
    let service = start(installation).await?;
    let institution = service.institution(institution.as_deref())?;
    eprintln!("Password:");
    let mut password = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut password)
        .map_err(|error| service::Error::Internal(error.to_string()))?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    let ctx = Ctx::system(&service, institution, "command-line");
    let id = create_with_role(
        &ctx,
        Register {
            name,
            email,
            password,
        },
        AccountRole::Admin,
    )
    .await?;
    println!("{id}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_simulated_gateway_is_set_by_percentages() {
        assert_eq!(rates("15,5,0"), Ok(Rates::USUAL));
        assert_eq!(rates("0, 0, 0"), Ok(Rates::KIND));
        for refused in [
            "", "15,5", "15,5,0,0", "60,41,0", "-1,0,0", "0,0,101", "a,b,c",
        ] {
            assert!(rates(refused).is_err(), "{refused}");
        }
        let settings = |arguments: &[&str]| {
            let arguments = ["nutriflow", "doctor"].iter().chain(arguments);
            let cli = Cli::try_parse_from(arguments)?;
            Ok::<_, clap::Error>(cli.installation.gateway.settings())
        };
        let usual = settings(&[]).unwrap();
        assert_eq!((usual.seed, usual.delay), (0, true));
        assert_eq!(
            (usual.rates, usual.fraud),
            (Rates::USUAL, Some(FraudRules::USUAL))
        );
        let told = settings(&[
            "--gateway-seed",
            "7",
            "--gateway-delay",
            "false",
            "--gateway-rates",
            "0,0,100",
            "--gateway-fraud-rules",
            "false",
        ])
        .unwrap();
        assert_eq!((told.seed, told.delay, told.fraud), (7, false, None));
        assert_eq!(Some(told.rates), Rates::new(0, 0, 100));
        assert!(settings(&["--gateway-rates", "many"]).is_err());
    }

    #[test]
    fn cards_are_asked_by_stripe_where_there_is_a_key() {
        let read = |arguments: &[&str]| {
            let arguments = ["nutriflow", "doctor"].iter().chain(arguments);
            Cli::try_parse_from(arguments).unwrap()
        };
        let none = read(&[]).installation.gateway.settings();
        assert!(none.stripe.is_none() && !none.simulated_in_production);
        let half = read(&["--stripe-key", "sk_test_canary"]);
        assert!(!format!("{half:?}").contains("canary"));
        let half = half.installation.gateway.settings();
        assert!(half.stripe.is_some_and(|stripe| stripe.check().is_err()));
        let whole = read(&[
            "--stripe-key",
            "sk_test_canary",
            "--stripe-webhook-secret",
            "whsec_canary",
            "--stripe-url",
            "http://127.0.0.1:4010",
            "--allow-simulated-cards",
            "true",
        ]);
        let whole = whole.installation.gateway.settings();
        assert!(whole.simulated_in_production);
        let stripe = whole.stripe.unwrap();
        assert!(stripe.check().is_ok());
        assert_eq!(stripe.base, "http://127.0.0.1:4010");
    }
}
