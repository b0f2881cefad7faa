//! Orders a second: accepted over HTTP, durably, and then worked off as whole sagas.
//!
//! The real release binary with a SQLite database that tells nobody of an order before the disk has it, and the
//! load generator beside it on the same cores. First the order queues stand still and orders are accepted; then
//! they run, with a gateway that answers at once and always says yes, until every saga has ended.

use anyhow::{Context, bail, ensure};
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Row, SqliteConnection};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Orders a second that are to be accepted.
const ACCEPTED_LEAST: f64 = 8000.0;
/// How long an order may take, the 99th percentile.
const P99_MOST: Duration = Duration::from_millis(40);
/// Whole sagas a second that are to be done.
const COMPLETED_LEAST: f64 = 1000.0;
/// The queues that an order goes through.
const QUEUES: [&str; 4] = [
    "order-processing",
    "inventory-processing",
    "payment-processing",
    "notification-sending",
];
/// How long the sagas may take in all before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(clap::Args)]
pub struct Options {
    /// How many orders.
    #[arg(long, default_value_t = 40_000)]
    orders: u64,
    /// From how many connections, each a member of its own.
    #[arg(long, default_value_t = 64)]
    connections: u64,
}

pub async fn run(options: &Options) -> anyhow::Result<()> {
    let binary = crate::plan::binary()?;
    let folder = tempfile::tempdir()?;
    let client = Client::new();
    let arguments = [
        "--gateway-delay=false",
        "--gateway-rates=0,0,0",
        "--gateway-fraud-rules=false",
    ];
    let (mut server, base) =
        crate::plan::start(&binary, folder.path(), &client, &arguments).await?;
    let measured = measure(options, folder.path(), &client, &base).await;
    server.kill().await?;
    measured
}

async fn measure(
    options: &Options,
    folder: &Path,
    client: &Client,
    base: &str,
) -> anyhow::Result<()> {
    let admin = token(client, base, "admin@demo.nutriflow.org", "admin-demo").await?;
    set_queues(client, base, &admin, true).await?;
    let menu = stock_up(folder).await?;
    let mut members = Vec::new();
    for number in 0..options.connections {
        let account = json!({
            "name": "Bench", "email": format!("orders{number}@example.org"), "password": "a long enough one",
        });
        let registered =
            crate::plan::post(client, base, "/v1/auth/register", None, &account).await?;
        let token = registered["accessToken"].as_str().context("a token")?;
        members.push(token.to_owned());
    }
    let address: SocketAddr = base.trim_start_matches("http://").parse()?;
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut connections = JoinSet::new();
    for token in members {
        let (next, menu, orders) = (Arc::clone(&next), menu.clone(), options.orders);
        connections.spawn(async move { connection(address, &token, &menu, &next, orders).await });
    }
    let mut times = Vec::with_capacity(usize::try_from(options.orders)?);
    while let Some(ended) = connections.join_next().await {
        times.extend(ended??);
    }
    let elapsed = begun.elapsed();
    times.sort_unstable();
    let percentile = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
    let accepted = times.len() as f64 / elapsed.as_secs_f64();
    println!(
        "accepted {} orders of two lines from {} connections: {accepted:.0} a second, p50 {:.1} ms, p99 {:.1} ms",
        times.len(),
        options.connections,
        percentile(50).as_secs_f64() * 1000.0,
        percentile(99).as_secs_f64() * 1000.0,
    );
    let begun = Instant::now();
    set_queues(client, base, &admin, false).await?;
    let mut database = open(folder).await?;
    loop {
        // One is enough to know: to count them all each time would take a good part of a core.
        let living: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM saga WHERE phase IN ('FORWARD', 'BACK'))",
        )
        .fetch_one(&mut database)
        .await?;
        if !living {
            break;
        }
        ensure!(begun.elapsed() < PATIENCE, "sagas have not ended");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let completed = times.len() as f64 / begun.elapsed().as_secs_f64();
    println!("completed their sagas: {completed:.0} a second");
    check(&mut database, times.len() as i64).await?;
    let mut missed = Vec::new();
    if accepted < ACCEPTED_LEAST {
        missed.push(format!(
            "{accepted:.0} accepted a second of {ACCEPTED_LEAST}"
        ));
    }
    if percentile(99) > P99_MOST {
        missed.push(format!("p99 is {:?}", percentile(99)));
    }
    if completed < COMPLETED_LEAST {
        missed.push(format!(
            "{completed:.0} sagas a second of {COMPLETED_LEAST}"
        ));
    }
    ensure!(missed.is_empty(), "missed: {}", missed.join("; "));
    Ok(())
}

pub(crate) async fn token(
    client: &Client,
    base: &str,
    email: &str,
    password: &str,
) -> anyhow::Result<String> {
    let credentials = json!({ "email": email, "password": password });
    let tokens = crate::plan::post(client, base, "/v1/auth/token", None, &credentials).await?;
    Ok(tokens["accessToken"]
        .as_str()
        .context("a token")?
        .to_owned())
}

async fn set_queues(client: &Client, base: &str, token: &str, paused: bool) -> anyhow::Result<()> {
    for queue in QUEUES {
        let answer = client
            .patch(format!("{base}/v1/admin/queues/{queue}"))
            .bearer_auth(token)
            .json(&json!({ "paused": paused }))
            .send()
            .await?;
        ensure!(
            answer.status().is_success(),
            "{queue}: {}",
            answer.text().await?
        );
    }
    Ok(())
}

async fn open(folder: &Path) -> anyhow::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("demo.db"))
        .busy_timeout(Duration::from_secs(10));
    Ok(SqliteConnection::connect_with(&options).await?)
}

/// What can be ordered: a campus, a slot, and items without options with their prices.
#[derive(Clone)]
pub(crate) struct Menu {
    pub(crate) campus: String,
    pub(crate) slot_at: String,
    pub(crate) items: Arc<Vec<(Uuid, i64)>>,
}

/// Makes the demo's first campus one that is always open, has room for all, and runs out of nothing.
pub(crate) async fn stock_up(folder: &Path) -> anyhow::Result<Menu> {
    let mut database = open(folder).await?;
    let hours = serde_json::to_string(&vec![json!([{ "opens": 0, "closes": 1440 }]); 7])?;
    let sale = json!({ "days": [0, 1, 2, 3, 4, 5, 6], "from": 0, "until": 1440 }).to_string();
    let (id, slug): (Vec<u8>, String) =
        sqlx::query_as("SELECT id, slug FROM campus ORDER BY slug LIMIT 1")
            .fetch_one(&mut database)
            .await?;
    sqlx::query(
        "UPDATE campus SET hours = $2, slot_minutes = 15, slot_capacity = 100000000, state = 'OPEN' WHERE id = $1",
    )
    .bind(&id)
    .bind(hours)
    .execute(&mut database)
    .await?;
    sqlx::query("UPDATE menu_item SET sale = $2 WHERE campus_id = $1")
        .bind(&id)
        .bind(sale)
        .execute(&mut database)
        .await?;
    // By the ledger, which has to add up in the end.
    sqlx::query(
        "INSERT INTO stock_movement (id, item_id, kind, quantity, on_hand_change, reserved_change, cause, at)
        SELECT randomblob(16), item_id, 'RECEIVED', 100000000, 100000000, 0, 'bench:' || hex(item_id), 0 FROM stock",
    )
    .execute(&mut database)
    .await?;
    sqlx::query("UPDATE stock SET on_hand = on_hand + 100000000")
        .execute(&mut database)
        .await?;
    let rows = sqlx::query(
        "SELECT id, price FROM menu_item WHERE campus_id = $1 AND active
            AND json_array_length(options, '$.groups') = 0 ORDER BY id LIMIT 20",
    )
    .bind(&id)
    .fetch_all(&mut database)
    .await?;
    let items: Vec<(Uuid, i64)> = rows
        .iter()
        .map(|row| (row.get::<Uuid, _>(0), row.get::<i64, _>(1)))
        .collect();
    ensure!(
        items.len() >= 2,
        "the demo sells too little without options"
    );
    database.close().await?;
    let later = jiff::Timestamp::now().as_second() + 3 * 3600;
    let slot = jiff::Timestamp::from_second(later.div_euclid(900) * 900)?;
    Ok(Menu {
        campus: slug,
        slot_at: slot.to_string(),
        items: Arc::new(items),
    })
}

/// Orders one after the other over one connection, until enough were placed by all.
async fn connection(
    address: SocketAddr,
    token: &str,
    menu: &Menu,
    next: &AtomicU64,
    orders: u64,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::new();
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= orders {
            return Ok(times);
        }
        let item = |offset: u64| menu.items[((number + offset) % menu.items.len() as u64) as usize];
        let ((one, one_price), (two, two_price)) = (item(0), item(1));
        let body = format!(
            r#"{{"campus":"{}","slotAt":"{}","payment":"SIMULATED","lines":[{{"itemId":"{one}","quantity":1,"unitPrice":{one_price}}},{{"itemId":"{two}","quantity":2,"unitPrice":{two_price}}}]}}"#,
            menu.campus, menu.slot_at
        );
        let request = format!(
            "POST /v1/orders HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             idempotency-key: {number}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let begun = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let status = answer(&mut stream, &mut buffer).await?;
        times.push(begun.elapsed());
        if status != 202 {
            bail!("{status}: {}", String::from_utf8_lossy(&buffer));
        }
    }
}

/// Reads one answer into the buffer and gives its status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<u16> {
    buffer.clear();
    let mut whole = None;
    loop {
        if whole.is_some_and(|whole| buffer.len() >= whole) {
            break;
        }
        ensure!(stream.read_buf(buffer).await? > 0, "the server hung up");
        if whole.is_none()
            && let Some(end) = buffer.windows(4).position(|part| part == b"\r\n\r\n")
        {
            let head = std::str::from_utf8(&buffer[..end])?.to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .context("an answer without a length")?;
            whole = Some(end + 4 + length.trim().parse::<usize>()?);
        }
    }
    let status = buffer.get(9..12).context("a status")?;
    Ok(std::str::from_utf8(status)?.parse()?)
}

/// What must be so once everything has ended.
async fn check(database: &mut SqliteConnection, orders: i64) -> anyhow::Result<()> {
    let value: Value = sqlx::query_scalar::<_, String>(
        "SELECT json_object(
            'confirmed', (SELECT COUNT(*) FROM orders WHERE state = 'CONFIRMED'),
            'charged', (SELECT COUNT(*) FROM payment WHERE state = 'CHARGED'),
            'reserved', (SELECT SUM(reserved) FROM stock),
            'off', (SELECT COUNT(*) FROM stock WHERE on_hand <>
                (SELECT COALESCE(SUM(on_hand_change), 0) FROM stock_movement WHERE stock_movement.item_id = stock.item_id)))",
    )
    .fetch_one(&mut *database)
    .await
    .map(|text| serde_json::from_str(&text))??;
    let expected = json!({ "confirmed": orders, "charged": orders, "reserved": 0, "off": 0 });
    ensure!(value == expected, "in the end there are {value}");
    Ok(())
}
