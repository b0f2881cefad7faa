//! From POST to READY: how long a person waits for a plan on an idle server.
//!
//! The real release binary, over HTTP on the loopback interface, with a durable SQLite database in a
//! temporary folder. Each request asks for another week, so none is answered from an earlier one.

use anyhow::{Context, ensure};
use domain::week::IsoWeek;
use reqwest::Client;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// The goal: the 99th percentile from POST to READY.
const P99_MOST: Duration = Duration::from_millis(250);
/// How often the job is asked for while it is not ready; part of what is measured.
const POLL: Duration = Duration::from_millis(2);
/// How long the server may take to start, the import of the food table included.
const START: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub struct Options {
    /// How many plans.
    #[arg(long, default_value_t = 300)]
    plans: i64,
}

/// Profiles that are as different as members are: the engine's work depends on them.
const PROFILES: [&str; 5] = [
    r#"{"sex":"FEMALE","age":21,"heightCm":165,"weightKg":62,"activity":"MODERATE","mealsPerDay":4}"#,
    r#"{"sex":"MALE","age":34,"heightCm":180,"weightKg":82,"activity":"ACTIVE","mealsPerDay":5,"direction":"LOSE","paceKcal":500}"#,
    r#"{"sex":"FEMALE","age":45,"heightCm":158,"weightKg":70,"activity":"LIGHT","mealsPerDay":3,"diet":"VEGETARIAN","allergens":["TREE_NUTS"]}"#,
    r#"{"sex":"MALE","age":19,"heightCm":175,"weightKg":68,"activity":"VERY_ACTIVE","mealsPerDay":6,"direction":"GAIN","paceKcal":250}"#,
    r#"{"sex":"FEMALE","age":68,"heightCm":160,"weightKg":64,"activity":"SEDENTARY","mealsPerDay":4,"diet":"PESCATARIAN","allergens":["GLUTEN"]}"#,
];

pub async fn run(options: &Options) -> anyhow::Result<()> {
    let binary = binary()?;
    let folder = tempfile::tempdir()?;
    let client = Client::new();
    let (mut server, base) = start(&binary, folder.path(), &client, &[]).await?;
    let measured = measure(&client, &base, options.plans).await;
    server.kill().await?;
    let mut times = measured?;
    times.sort();
    let percentile = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
    println!(
        "from POST to READY, {} plans, one at a time, release, durable SQLite",
        times.len()
    );
    for (name, percent) in [("p50", 50), ("p95", 95), ("p99", 99), ("max", 100)] {
        println!(
            "{name:>5} {:8.1} ms",
            percentile(percent).as_secs_f64() * 1000.0
        );
    }
    let p99 = percentile(99);
    ensure!(p99 <= P99_MOST, "p99 is {p99:?}, the goal is {P99_MOST:?}");
    Ok(())
}

/// The server's binary, which is built beside this one.
pub(crate) fn binary() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().context("an executable is in a folder")?;
    Ok(folder.join("nutriflow"))
}

pub(crate) async fn start(
    binary: &Path,
    folder: &Path,
    client: &Client,
    arguments: &[&str],
) -> anyhow::Result<(Child, String)> {
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let server = Command::new(binary)
        .args(["serve", "--mode", "demo", "--listen", &address.to_string()])
        .args(["--database", &format!("sqlite:{}", folder.display())])
        .args(arguments)
        .env("RUST_LOG", "warn")
        .kill_on_drop(true)
        .spawn()?;
    let base = format!("http://{address}");
    let begun = Instant::now();
    while client.get(format!("{base}/readyz")).send().await.is_err() {
        ensure!(begun.elapsed() < START, "the server does not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok((server, base))
}

async fn measure(client: &Client, base: &str, plans: i64) -> anyhow::Result<Vec<Duration>> {
    let mut tokens = Vec::new();
    for (number, profile) in PROFILES.iter().enumerate() {
        let registered = post(client, base, "/v1/auth/register", None, &json!({
            "name": "Bench", "email": format!("bench{number}@example.org"), "password": "a long enough one",
        }))
        .await?;
        let token = registered["accessToken"]
            .as_str()
            .context("a token")?
            .to_owned();
        let put = client
            .put(format!("{base}/v1/profile"))
            .bearer_auth(&token)
            .json(&serde_json::from_str::<Value>(profile)?)
            .send()
            .await?;
        ensure!(
            put.status().is_success(),
            "profile {number}: {}",
            put.text().await?
        );
        tokens.push(token);
    }
    let first = IsoWeek::new(2026, 1)?;
    let mut times = Vec::new();
    for number in 0..plans {
        let token = &tokens[number as usize % tokens.len()];
        let week = first.plus(number / tokens.len() as i64);
        let begun = Instant::now();
        let body = json!({ "week": week.to_string() });
        let accepted = post(client, base, "/v1/diet/plans", Some(token), &body).await?;
        let job = accepted["jobId"].as_str().context("a job")?.to_owned();
        loop {
            let answer = client
                .get(format!("{base}/v1/diet/jobs/{job}"))
                .bearer_auth(token)
                .send()
                .await?;
            let answer: Value = answer.json().await?;
            match answer["status"].as_str() {
                Some("READY") => break,
                Some("PENDING" | "RUNNING") => tokio::time::sleep(POLL).await,
                _ => anyhow::bail!("{week}: {answer}"),
            }
        }
        times.push(begun.elapsed());
    }
    Ok(times)
}

pub(crate) async fn post(
    client: &Client,
    base: &str,
    path: &str,
    token: Option<&String>,
    body: &Value,
) -> anyhow::Result<Value> {
    let mut request = client.post(format!("{base}{path}")).json(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await?;
    ensure!(
        response.status().is_success(),
        "{path}: {}",
        response.text().await?
    );
    Ok(response.json().await?)
}
