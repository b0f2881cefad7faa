//! From a change in a kitchen to the display that shows it.
//!
//! The real release binary with a SQLite database, demo data, and two hundred orders that a campus has to do
//! today. One client of the staff moves orders on by the API; another one is a display, and does what
//! `follow` and `app/src/components/live.js` do in a browser: it listens at `/v1/events`, and when it hears
//! of an order that it shows, it asks for its page with that order `only`, together with what else has
//! happened while it was asking. Every fifteen seconds it asks for all of the page.
//!
//! Measured is the time from when a change is sent to when the whole answer that shows it has arrived. That
//! a browser then takes the answer apart and draws it is not in it, nor that answers to browsers are
//! compressed: this client takes them as they are.

use crate::board::{milliseconds, percentile};
use crate::orders::{Menu, stock_up, token};
use anyhow::{Context, bail, ensure};
use futures::StreamExt as _;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, header};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The goal: the 99th percentile from the change to the answer that shows it.
const P99_MOST: Duration = Duration::from_millis(100);
/// Who works in the kitchen, and what they sign in with.
const STAFF: (&str, &str) = ("staff@demo.nutriflow.org", "staff-demo");
/// How many members have ordered.
const MEMBERS: usize = 8;
/// How many slots they have ordered for, and how long one is.
const SLOTS: usize = 8;
const SLOT_SECONDS: i64 = 15 * 60;
/// What is done with an order, one after the other.
const ADVANCES: [&str; 3] = ["START", "READY", "COLLECTED"];
/// Where it stands before each of these; after the last it is in no column.
const COLUMNS: [&str; 3] = ["CONFIRMED", "PREPARING", "READY"];
/// So many orders are begun before the first is ready, and are ready before it is collected.
const APART: usize = 10;
/// As in `app/src/pages/kitchen/view.rs`: what a display asks for its page for.
const KINDS: [&str; 6] = [
    "ORDER_STEP",
    "ORDER_PREPARING",
    "ORDER_READY",
    "ORDER_COLLECTED",
    "SUBSTITUTE_OFFERED",
    "SUBSTITUTE_ACCEPTED",
];
/// As in `app/src/components/live.js`: how often all of the page is asked for.
const WHOLE: Duration = Duration::from_secs(15);
/// As there: more orders than these are not asked for one by one.
const CHANGED_MOST: usize = 40;
/// How long the orders may take to be confirmed.
const CONFIRMED_MOST: Duration = Duration::from_secs(120);
/// How long what follows from them may go on before anything is measured.
const CALM: Duration = Duration::from_secs(3);
/// How long a change may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(30);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[derive(clap::Args)]
pub struct Options {
    /// How many orders the campus has to do.
    #[arg(long, default_value_t = 200)]
    orders: usize,
    /// How many changes.
    #[arg(long, default_value_t = 300)]
    changes: usize,
    /// Milliseconds from one change to the next.
    #[arg(long, default_value_t = 100)]
    every: u64,
}

pub async fn run(options: &Options) -> anyhow::Result<()> {
    let binary = crate::plan::binary()?;
    let folder = tempfile::tempdir()?;
    // A page that leads elsewhere is none of the kitchen.
    let client = Client::builder().redirect(Policy::none()).build()?;
    let zone = morning(jiff::Timestamp::now());
    let arguments = [
        "--time-zone",
        &zone,
        "--gateway-delay=false",
        "--gateway-rates=0,0,0",
        "--gateway-fraud-rules=false",
    ];
    let (mut server, base) =
        crate::plan::start(&binary, folder.path(), &client, &arguments).await?;
    let measured = measure(options, folder.path(), &client, &base).await;
    server.kill().await?;
    let mut times = measured?;
    times.sort_unstable();
    println!(
        "from a change to the display that shows it, {} changes among {} orders, release, durable SQLite",
        times.len(),
        options.orders
    );
    for (name, percent) in [("p50", 50), ("p95", 95), ("p99", 99), ("max", 100)] {
        let time = milliseconds(percentile(&times, percent));
        println!("{name:>5} {time:8.1} ms");
    }
    let p99 = percentile(&times, 99);
    ensure!(p99 <= P99_MOST, "p99 is {p99:?}, the goal is {P99_MOST:?}");
    Ok(())
}

/// A time zone in which it is eight in the morning, so that all slots are of today whenever this runs.
fn morning(now: jiff::Timestamp) -> String {
    let hour = now.as_second().div_euclid(3600).rem_euclid(24);
    let ahead = (8 - hour).rem_euclid(24);
    let ahead = if ahead > 12 { ahead - 24 } else { ahead };
    // The names of these have the signs the other way round.
    format!("Etc/GMT{:+}", -ahead)
}

async fn measure(
    options: &Options,
    folder: &std::path::Path,
    client: &Client,
    base: &str,
) -> anyhow::Result<Vec<Duration>> {
    let staff = token(client, base, STAFF.0, STAFF.1).await?;
    let menu = stock_up(folder).await?;
    let orders = place(client, base, &menu, options.orders).await?;
    let display = Display {
        client: client.clone(),
        address: format!("{base}/kitchen/{}", menu.campus),
        cookie: sign_in(client, base).await?,
    };
    let begun = Instant::now();
    let page = loop {
        let page = display.read(&[]).await?;
        let confirmed = orders.iter().filter(|order| place_of(&page, order) == 0);
        let confirmed = confirmed.count();
        if confirmed == orders.len() {
            break page;
        }
        ensure!(
            begun.elapsed() < CONFIRMED_MOST,
            "{confirmed} of {} orders are in the kitchen",
            orders.len()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let (_, campus) = page
        .split_once("data-campus=\"")
        .context("the page says which campus it is of")?;
    let (campus, _) = campus.split_once('"').context("an id")?;
    let socket = listen(base, &display.cookie).await?;
    tokio::time::sleep(CALM).await;
    let (teller, heard) = mpsc::unbounded_channel();
    let listener = tokio::spawn(hear(socket, campus.to_owned(), teller));
    let pending = RefCell::default();
    let changes = changes(orders.len(), options.changes);
    let every = Duration::from_millis(options.every);
    let kitchen = Kitchen {
        client,
        base,
        staff: &staff,
        orders: &orders,
    };
    let ended = tokio::try_join!(
        kitchen.work(&changes, every, &pending),
        show(&display, heard, &pending, changes.len())
    );
    listener.abort();
    let ((), times) = ended?;
    Ok(times)
}

/// Orders so much for the coming slots, and gives the orders' ids.
async fn place(
    client: &Client,
    base: &str,
    menu: &Menu,
    orders: usize,
) -> anyhow::Result<Vec<String>> {
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        let account = json!({
            "name": "Bench", "email": format!("kitchen{number}@example.org"), "password": "a long enough one",
        });
        let registered =
            crate::plan::post(client, base, "/v1/auth/register", None, &account).await?;
        let token = registered["accessToken"].as_str().context("a token")?;
        members.push(token.to_owned());
    }
    let first = menu.slot_at.parse::<jiff::Timestamp>()?.as_second();
    let mut ids = Vec::with_capacity(orders);
    for number in 0..orders {
        let item = |offset: usize| menu.items[(number + offset) % menu.items.len()];
        let ((one, one_price), (two, two_price)) = (item(0), item(1));
        let slot = jiff::Timestamp::from_second(first + (number % SLOTS) as i64 * SLOT_SECONDS)?;
        let order = json!({
            "campus": menu.campus, "slotAt": slot.to_string(), "payment": "SIMULATED",
            "lines": [
                { "itemId": one, "quantity": 1, "unitPrice": one_price },
                { "itemId": two, "quantity": 2, "unitPrice": two_price },
            ],
        });
        let answer = client
            .post(format!("{base}/v1/orders"))
            .bearer_auth(&members[number % MEMBERS])
            .header("idempotency-key", number.to_string())
            .json(&order)
            .send()
            .await?;
        ensure!(
            answer.status() == StatusCode::ACCEPTED,
            "order {number}: {}",
            answer.text().await?
        );
        let answer: Value = answer.json().await?;
        ids.push(answer["orderId"].as_str().context("an order")?.to_owned());
    }
    Ok(ids)
}

/// Signs a browser of the staff in, and gives its cookie.
async fn sign_in(client: &Client, base: &str) -> anyhow::Result<String> {
    let form = [
        ("_action", "/api/sign-in"),
        ("email", STAFF.0),
        ("password", STAFF.1),
    ];
    let answer = client
        .post(format!("{base}/sign-in"))
        .header("sec-fetch-site", "same-origin")
        .header(header::ACCEPT, "text/html")
        .form(&form)
        .send()
        .await?;
    let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
    cookies
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .find(|cookie| cookie.contains("nutriflow_session="))
        .map(str::to_owned)
        .context("nobody is signed in")
}

/// Opens the socket of a display, which is there when this returns.
async fn listen(base: &str, cookie: &str) -> anyhow::Result<Socket> {
    let address = base.replace("http://", "ws://");
    let mut request = format!("{address}/v1/events").into_client_request()?;
    request
        .headers_mut()
        .insert(header::COOKIE, cookie.parse()?);
    let (mut socket, _) = connect_async(request).await?;
    socket.next().await.context("the server hung up")??;
    Ok(socket)
}

/// Passes on which orders of a campus something has happened to that a display shows.
async fn hear(mut socket: Socket, campus: String, teller: mpsc::UnboundedSender<String>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let Ok(event) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        let kind = event["kind"].as_str().unwrap_or_default();
        let here = event["campusId"].as_str().is_none_or(|id| id == campus);
        if let Some(order) = event["orderId"].as_str()
            && here
            && KINDS.contains(&kind)
            && teller.send(order.to_owned()).is_err()
        {
            return;
        }
    }
}

/// A change that no answer has shown so far.
struct Pending {
    order: String,
    /// Where the order stands since.
    place: usize,
    sent: Instant,
}

/// Which orders are moved on, one after the other, and how: as in a kitchen that works on some at a time.
fn changes(orders: usize, most: usize) -> Vec<(usize, usize)> {
    let turns = 0..orders + APART * ADVANCES.len();
    turns
        .flat_map(|turn| {
            (0..ADVANCES.len())
                .filter_map(move |advance| Some((turn.checked_sub(advance * APART)?, advance)))
        })
        .filter(|(order, _)| *order < orders)
        .take(most)
        .collect()
}

/// Whoever works there.
struct Kitchen<'a> {
    client: &'a Client,
    base: &'a str,
    staff: &'a str,
    orders: &'a [String],
}

impl Kitchen<'_> {
    /// Makes the changes, one every so often.
    async fn work(
        &self,
        changes: &[(usize, usize)],
        every: Duration,
        pending: &RefCell<Vec<Pending>>,
    ) -> anyhow::Result<()> {
        let mut clock = tokio::time::interval(every.max(Duration::from_millis(1)));
        for (order, advance) in changes {
            clock.tick().await;
            let order = &self.orders[*order];
            let request = self
                .client
                .post(format!("{}/v1/orders/{order}/advance", self.base))
                .bearer_auth(self.staff)
                .json(&json!({ "advance": ADVANCES[*advance] }));
            pending.borrow_mut().push(Pending {
                order: order.clone(),
                place: advance + 1,
                sent: Instant::now(),
            });
            let answer = request.send().await?;
            ensure!(
                answer.status() == StatusCode::NO_CONTENT,
                "{}: {}",
                ADVANCES[*advance],
                answer.text().await?
            );
        }
        Ok(())
    }
}

/// A browser that shows what a kitchen has to do.
struct Display {
    client: Client,
    address: String,
    cookie: String,
}

impl Display {
    /// Asks for the page; of some orders only, where any are named.
    async fn read(&self, only: &[String]) -> anyhow::Result<String> {
        let address = match only {
            [] => self.address.clone(),
            some => format!("{}?only={}", self.address, some.join(".")),
        };
        let answer = self
            .client
            .get(address)
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, &self.cookie)
            .send()
            .await?;
        ensure!(
            answer.status() == StatusCode::OK,
            "the page of the kitchen: {}",
            answer.status()
        );
        Ok(answer.text().await?)
    }
}

/// In which column of a page an order stands, by its number; behind the last one where it is in none.
fn place_of(page: &str, order: &str) -> usize {
    // What has ended is listed after the columns.
    let columns = page.split("data-key=\"ended\"").next().unwrap_or_default();
    let Some(card) = columns.find(&format!("data-key=\"{order}\"")) else {
        return COLUMNS.len();
    };
    let state = columns[..card].rsplit("data-state=\"").next();
    let state = state.and_then(|text| text.split('"').next());
    COLUMNS
        .iter()
        .position(|column| Some(*column) == state)
        .unwrap_or(COLUMNS.len())
}

/// Shows what is heard of until so many changes have been shown, and gives how long each took.
async fn show(
    display: &Display,
    mut heard: mpsc::UnboundedReceiver<String>,
    pending: &RefCell<Vec<Pending>>,
    changes: usize,
) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(changes);
    let mut due = Instant::now() + WHOLE;
    while times.len() < changes {
        let mut changed = BTreeSet::new();
        match tokio::time::timeout_at(due.into(), heard.recv()).await {
            Ok(Some(order)) => {
                changed.insert(order);
            }
            Ok(None) => bail!("the server hung up"),
            // All of the page is due.
            Err(_) => {}
        }
        while let Ok(order) = heard.try_recv() {
            changed.insert(order);
        }
        let only: Vec<String> = if changed.len() > CHANGED_MOST {
            Vec::new()
        } else {
            changed.into_iter().collect()
        };
        let page = display.read(&only).await?;
        let received = Instant::now();
        if only.is_empty() {
            due = received + WHOLE;
        }
        let mut pending = pending.borrow_mut();
        pending.retain(|change| {
            let asked = only.is_empty() || only.contains(&change.order);
            let shown = asked && place_of(&page, &change.order) >= change.place;
            if shown {
                times.push(received - change.sent);
            }
            !shown
        });
        let late = pending
            .iter()
            .find(|change| received - change.sent > PATIENCE);
        if let Some(change) = late {
            bail!("a change of the order {} is not shown", change.order);
        }
    }
    Ok(times)
}
