//! The lists of those who run the place over full tables: how long a page with its count takes, whatever is
//! asked, at the beginning of a list and far behind it.
//!
//! Jobs have a benchmark of their own. Besides the lists, what an item's ledger sums up, and the overview, which
//! reads every order of its days.

use crate::board::{POSTGRES_URL, execute, milliseconds, percentile, settings};
use anyhow::{Context, ensure};
use domain::account::Role;
use domain::notification::{Channel, DeliveryState, Template};
use domain::order::OrderState;
use domain::text::folded;
use service::audit::AuditFilter;
use service::menu::{MenuSort, RecordFilter, Standing};
use service::notify::{DeliveryFilter, DeliveryQuery};
use service::order::{OrderCursor, OrderFilter, OrderSort};
use service::outbox::DeadEventId;
use service::people::{PeopleFilter, PeopleSort};
use service::stock::{Shortage, StockFilter, StockQuery, StockSort};
use service::{Ctx, Service, SystemClock};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::Database;
use uuid::Uuid;

/// What the institution is called that has the lists.
const INSTITUTION: &str = "lists";
/// The time to keep below, of each filter; the 99th percentile.
const GOAL: Duration = Duration::from_millis(100);
/// The time to keep below for the overview of ninety days, in which all orders are.
const OVERVIEW_GOAL: Duration = Duration::from_secs(3);
/// How often each filter is asked for its first page, and for its late one.
const REPETITIONS: usize = 50;
/// How many pages are gone through to the late one, where there are so many.
const LATE: usize = 40;
/// How many entries a page shows.
const PAGE: i64 = 50;
/// Over how many days everything happened.
const DAYS: i64 = 90;
const HOUR: i64 = 3_600_000_000;
/// How many of the newest orders have not ended.
const LIVING: i64 = 300;
/// How many orders there are for one that is called out by the same number.
const NUMBERS: i64 = 1111;
/// How many other entries there are for one event that was given up.
const DEAD_EVERY: i64 = 100;
/// What people are called, whose words have accents or none.
const FIRST: [&str; 12] = [
    "María", "José", "Ana", "Luis", "Sofía", "Iván", "Elena", "Óscar", "Nadia", "Marco", "Mariana",
    "Lucía",
];
const LAST: [&str; 10] = [
    "García",
    "Núñez",
    "Ortega",
    "Vega",
    "Ríos",
    "Marín",
    "Torres",
    "Ibáñez",
    "Cruz",
    "Maldonado",
];

#[derive(clap::Args)]
pub struct Options {
    /// How many orders, people, audit entries, deliveries and movements of stock there are, each.
    #[arg(long, default_value_t = 100_000)]
    rows: i64,
    /// Only this engine: `sqlite` or `postgres`.
    #[arg(long)]
    engine: Option<String>,
}

pub async fn run(options: &Options) -> anyhow::Result<()> {
    let mut missed = Vec::new();
    for engine in ["sqlite", "postgres"] {
        if options.engine.as_deref().is_some_and(|only| only != engine) {
            continue;
        }
        let folder = tempfile::tempdir()?;
        let address = match engine {
            "sqlite" => format!("sqlite:{}", folder.path().display()),
            _ => std::env::var(POSTGRES_URL).context(POSTGRES_URL)?,
        };
        missed.extend(measure(engine, &address, options.rows.max(1)).await?);
    }
    ensure!(missed.is_empty(), "{}", missed.join("; "));
    Ok(())
}

/// Prints how long each list takes, and gives what misses the goal.
async fn measure(engine: &str, address: &str, rows: i64) -> anyhow::Result<Vec<String>> {
    let settings = settings(address, INSTITUTION)?;
    let service = Service::start(settings.clone(), Arc::new(SystemClock)).await?;
    let ctx = Ctx::system(&service, service.institution(None)?, "bench");
    let begun = Instant::now();
    service::menu::seed(&ctx).await?;
    let stock = stock(&ctx).await?;
    let now = service.now();
    let filling = Filling {
        database: &settings.database,
        rows,
        items: stock.len() as i64,
        begin: now - DAYS * 24 * HOUR,
        step: DAYS * 24 * HOUR / rows,
    };
    filling.all().await?;
    println!(
        "{engine:>9}: {rows} of each were made in {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    let campuses = service::menu::campuses(&ctx).await?;
    let campus = campuses.first().context("a campus")?.slug.clone();
    // Half of all movements are of the first one.
    let item = stock.iter().min().copied().context("an item")?;
    let lists = [
        ("orders", orders(now, &campus)),
        ("people", people()),
        ("audit", audit(now)),
        ("deliveries", deliveries()),
        ("stock", stocks(&campus)),
        (
            "movements",
            vec![Question::Movements(item), Question::History(item)],
        ),
        ("menu", menus(&campus)),
        ("dead events", vec![Question::DeadEvents]),
        ("overview", overviews(&campus)),
    ];
    let mut missed = Vec::new();
    for (list, questions) in lists {
        let mut all = Vec::new();
        let mut slowest = (Duration::ZERO, Duration::ZERO, String::new());
        for question in questions {
            let times = times(&ctx, &question)
                .await
                .with_context(|| format!("{question:?}"))?;
            let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
            if p99 > slowest.0 {
                slowest = (p99, p50, format!("{question:?}"));
            }
            all.extend(times);
        }
        all.sort_unstable();
        let (p99, p50, question) = slowest;
        println!(
            "{engine:>9}: {list}: p50 {:.1} ms, p99 {:.1} ms of {} in all",
            milliseconds(percentile(&all, 50)),
            milliseconds(percentile(&all, 99)),
            all.len()
        );
        println!(
            "{engine:>9}: {list}: the slowest: p50 {:.1} ms, p99 {:.1} ms, {question}",
            milliseconds(p50),
            milliseconds(p99)
        );
        let goal = match list {
            "overview" => OVERVIEW_GOAL,
            _ => GOAL,
        };
        if p99 > goal {
            missed.push(format!(
                "{engine}: {list} take {p99:?}, the goal is {goal:?}: {question}"
            ));
        }
    }
    Ok(missed)
}

/// Every item that is counted.
async fn stock(ctx: &Ctx) -> anyhow::Result<Vec<Uuid>> {
    let mut items = Vec::new();
    let mut query = stock_query();
    loop {
        let list = service::stock::list(ctx, &query).await?;
        items.extend(list.items.iter().map(|item| item.id));
        if query.page >= list.pages {
            return Ok(items);
        }
        query.page += 1;
    }
}

/// How long each page took, from the shortest to the longest: the first one many times, those after it, and
/// the last of these many times.
async fn times(ctx: &Ctx, question: &Question) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(2 * REPETITIONS + LATE);
    let mut place = None;
    for _ in 0..REPETITIONS {
        let begun = Instant::now();
        question.ask(ctx, place).await?;
        times.push(begun.elapsed());
    }
    for _ in 0..LATE {
        let begun = Instant::now();
        let next = question.ask(ctx, place).await?;
        times.push(begun.elapsed());
        if next.is_none() {
            break;
        }
        place = next;
    }
    for _ in 0..REPETITIONS {
        let begun = Instant::now();
        question.ask(ctx, place).await?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

/// Where a page begins.
#[derive(Clone, Copy)]
enum Place {
    Order(OrderCursor),
    Row(Uuid),
    Dead(DeadEventId),
    Page(i64),
}

/// What is asked for.
#[derive(Debug)]
enum Question {
    Orders(OrderFilter),
    People(PeopleFilter),
    Audit(AuditFilter),
    Deliveries(DeliveryQuery),
    Stock(StockQuery),
    Movements(Uuid),
    History(Uuid),
    Menu(RecordFilter),
    DeadEvents,
    Overview(i64, Option<String>),
}

impl Question {
    /// Asks for the page at a place, and gives the place of the next one.
    async fn ask(&self, ctx: &Ctx, place: Option<Place>) -> anyhow::Result<Option<Place>> {
        let row = match place {
            Some(Place::Row(id)) => Some(id),
            _ => None,
        };
        let number = match place {
            Some(Place::Page(page)) => page,
            _ => 1,
        };
        Ok(match self {
            Self::Orders(filter) => {
                let after = match place {
                    Some(Place::Order(order)) => Some(order),
                    _ => None,
                };
                let found = service::order::find(ctx, filter, after, PAGE).await?;
                found.next.map(Place::Order)
            }
            Self::People(filter) => {
                let page = service::people::list(ctx, filter, row, PAGE).await?;
                page.next.map(Place::Row)
            }
            Self::Audit(filter) => {
                let page = service::audit::list(ctx, filter, row, PAGE).await?;
                page.next.map(Place::Row)
            }
            Self::Deliveries(query) => {
                let query = DeliveryQuery {
                    after: row,
                    ..query.clone()
                };
                let list = service::notify::list(ctx, &query).await?;
                list.next.map(Place::Row)
            }
            Self::Stock(query) => {
                let query = StockQuery {
                    page: number,
                    ..query.clone()
                };
                let list = service::stock::list(ctx, &query).await?;
                (number < list.pages).then_some(Place::Page(number + 1))
            }
            Self::Movements(item) => {
                let list = service::stock::movements(ctx, *item, row, PAGE).await?;
                list.next.map(Place::Row)
            }
            Self::History(item) => {
                service::stock::history(ctx, *item).await?;
                None
            }
            Self::Menu(filter) => {
                let filter = RecordFilter {
                    page: number,
                    ..filter.clone()
                };
                let records = service::menu::records(ctx, &filter).await?;
                (number < records.pages).then_some(Place::Page(number + 1))
            }
            Self::DeadEvents => {
                let after = match place {
                    Some(Place::Dead(event)) => Some(event),
                    _ => None,
                };
                let page = service::outbox::dead(ctx, after, PAGE).await?;
                page.next.map(Place::Dead)
            }
            Self::Overview(days, campus) => {
                service::overview::overview(ctx, *days, campus.as_deref()).await?;
                None
            }
        })
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Times of which some let much through and some little: since, until.
fn spans(now: i64) -> [(Option<i64>, Option<i64>); 5] {
    [
        (Some(now - 24 * HOUR), None),
        (None, Some(now - 24 * HOUR * 45)),
        (Some(now - HOUR * 24 * 45), Some(now - HOUR * 24 * 44)),
        (Some(now - HOUR * 24 * 80), Some(now - HOUR * 24 * 10)),
        // Nothing has happened then.
        (Some(now + 48 * HOUR), None),
    ]
}

/// Each filter alone and some together, in each order.
fn orders(now: i64, campus: &str) -> Vec<Question> {
    let none = OrderFilter::default();
    let mut filters = vec![none.clone()];
    for state in OrderState::ALL {
        let state = Some(state);
        filters.push(OrderFilter {
            state,
            ..none.clone()
        });
        filters.push(OrderFilter {
            state,
            campus: text(campus),
            ..none.clone()
        });
    }
    filters.push(OrderFilter {
        campus: text(campus),
        ..none.clone()
    });
    for number in [42, 9_999_999] {
        filters.push(OrderFilter {
            number: Some(number),
            ..none.clone()
        });
    }
    for person in [
        "maria",
        "maria garcia",
        "m",
        "member777@example.org",
        "example",
        "nobody",
    ] {
        filters.push(OrderFilter {
            person: text(person),
            ..none.clone()
        });
        filters.push(OrderFilter {
            person: text(person),
            state: Some(OrderState::Cancelled),
            campus: text(campus),
            number: Some(42),
            ..none.clone()
        });
    }
    for (since, until) in spans(now) {
        for state in [None, Some(OrderState::Cancelled), Some(OrderState::Ready)] {
            filters.push(OrderFilter {
                since,
                until,
                state,
                ..none.clone()
            });
        }
        filters.push(OrderFilter {
            since,
            until,
            person: text("lucia torres"),
            ..none.clone()
        });
    }
    let mut questions = Vec::new();
    for filter in filters {
        for sort in OrderSort::ALL {
            for ascending in [false, true] {
                questions.push(Question::Orders(OrderFilter {
                    sort,
                    ascending,
                    ..filter.clone()
                }));
            }
        }
    }
    questions
}

fn people() -> Vec<Question> {
    let texts = [
        text("maria"),
        text("María García"),
        text("m"),
        text("member777@example.org"),
        text("example"),
        text("org example maldonado"),
        text("nobody"),
    ];
    let mut filters = Vec::new();
    for role in std::iter::once(None).chain(Role::ALL.map(Some)) {
        for active in [None, Some(true), Some(false)] {
            filters.push((None, role, active));
        }
    }
    for text in texts {
        filters.push((text.clone(), None, None));
        filters.push((text.clone(), Some(Role::Member), Some(false)));
        filters.push((text, Some(Role::Admin), None));
    }
    let mut questions = Vec::new();
    for (text, role, active) in filters {
        for sort in PeopleSort::ALL {
            questions.push(Question::People(PeopleFilter {
                text: text.clone(),
                role,
                active,
                sort,
            }));
        }
    }
    questions
}

fn audit(now: i64) -> Vec<Question> {
    let none = AuditFilter::default();
    let mut filters = vec![none.clone()];
    // Somebody who does a great deal, somebody who does little, and nobody.
    let actors = [
        "member2@example.org",
        "member7919@example.org",
        "nobody@example.org",
    ];
    let subjects = ["menu", "order:77", "nothing"];
    let rare = "nothing.of_this";
    let actions = service::audit::ACTIONS.iter().copied();
    for action in actions.chain([rare]) {
        filters.push(AuditFilter {
            action: text(action),
            ..none.clone()
        });
    }
    for actor in actors {
        filters.push(AuditFilter {
            actor: text(actor),
            ..none.clone()
        });
        for action in ["menu.edit", rare] {
            filters.push(AuditFilter {
                actor: text(actor),
                action: text(action),
                ..none.clone()
            });
        }
    }
    for subject in subjects {
        for actor in std::iter::once(None).chain(actors.map(text)) {
            for action in [None, text("menu.edit"), text(rare)] {
                filters.push(AuditFilter {
                    subject: text(subject),
                    actor: actor.clone(),
                    action,
                    ..none.clone()
                });
            }
        }
    }
    let timed = [
        none.clone(),
        AuditFilter {
            actor: text(actors[0]),
            ..none.clone()
        },
        AuditFilter {
            action: text("menu.edit"),
            ..none.clone()
        },
        AuditFilter {
            subject: text("menu"),
            ..none
        },
    ];
    for filter in timed {
        for (since, until) in spans(now) {
            filters.push(AuditFilter {
                since,
                until,
                ..filter.clone()
            });
        }
    }
    filters.into_iter().map(Question::Audit).collect()
}

fn deliveries() -> Vec<Question> {
    let none = DeliveryFilter::default();
    let mut filters = vec![none.clone()];
    let channels: Vec<_> = std::iter::once(None)
        .chain(Channel::ALL.map(Some))
        .collect();
    let states: Vec<_> = std::iter::once(None)
        .chain(DeliveryState::ALL.map(Some))
        .collect();
    for channel in &channels {
        for state in &states {
            for template in std::iter::once(None).chain(Template::ALL.map(Some)) {
                filters.push(DeliveryFilter {
                    text: None,
                    channel: *channel,
                    state: *state,
                    template,
                });
            }
        }
    }
    for sought in [
        "m",
        "member77",
        "member777@example.org",
        "+525500000777",
        "42",
        "#1000",
        "nobody",
    ] {
        filters.push(DeliveryFilter {
            text: text(sought),
            ..none.clone()
        });
        filters.push(DeliveryFilter {
            text: text(sought),
            channel: Some(Channel::Sms),
            state: Some(DeliveryState::Failed),
            ..none.clone()
        });
    }
    let mut questions = Vec::new();
    for filter in filters {
        for oldest in [false, true] {
            questions.push(Question::Deliveries(DeliveryQuery {
                filter: filter.clone(),
                oldest,
                after: None,
                limit: PAGE,
            }));
        }
    }
    questions
}

fn stock_query() -> StockQuery {
    StockQuery {
        filter: StockFilter::default(),
        sort: StockSort::default(),
        descending: false,
        page: 1,
        limit: PAGE,
    }
}

fn stocks(campus: &str) -> Vec<Question> {
    let none = StockFilter::default();
    let mut filters = vec![none.clone()];
    for words in ["a", "nothing has this"] {
        filters.push(StockFilter {
            text: text(words),
            ..none.clone()
        });
    }
    filters.push(StockFilter {
        campus: text(campus),
        ..none.clone()
    });
    for kind in ["DISH", "PRODUCT"] {
        filters.push(StockFilter {
            kind: text(kind),
            ..none.clone()
        });
    }
    for shortage in Shortage::ALL {
        filters.push(StockFilter {
            shortage: Some(shortage),
            ..none.clone()
        });
    }
    let mut questions = Vec::new();
    for filter in filters {
        for sort in StockSort::ALL {
            for descending in [false, true] {
                questions.push(Question::Stock(StockQuery {
                    filter: filter.clone(),
                    sort,
                    descending,
                    ..stock_query()
                }));
            }
        }
    }
    questions
}

fn menus(campus: &str) -> Vec<Question> {
    let none = RecordFilter {
        limit: PAGE,
        ..RecordFilter::default()
    };
    let mut filters = vec![none.clone()];
    filters.push(RecordFilter {
        campus: text(campus),
        ..none.clone()
    });
    filters.push(RecordFilter {
        text: text("a"),
        ..none.clone()
    });
    for kind in ["DISH", "PRODUCT"] {
        filters.push(RecordFilter {
            kind: text(kind),
            ..none.clone()
        });
    }
    for standing in Standing::ALL {
        filters.push(RecordFilter {
            standing: text(standing.key()),
            ..none.clone()
        });
    }
    let mut questions = Vec::new();
    for filter in filters {
        for sort in MenuSort::ALL {
            for descending in [false, true] {
                questions.push(Question::Menu(RecordFilter {
                    sort,
                    descending,
                    ..filter.clone()
                }));
            }
        }
    }
    questions
}

fn overviews(campus: &str) -> Vec<Question> {
    service::overview::DAYS
        .into_iter()
        .flat_map(|days| {
            [
                Question::Overview(days, None),
                Question::Overview(days, text(campus)),
            ]
        })
        .collect()
}

/// What the tables are filled with, by statements of its own: as members order and staff cook it would take
/// many times as long, and none of that is measured here. Rows are numbered, and made one each so often.
struct Filling<'a> {
    database: &'a Database,
    /// How many of each.
    rows: i64,
    /// How many items there are on all menus.
    items: i64,
    /// When the first row was made, and how long after each the next one.
    begin: i64,
    step: i64,
}

/// Every item, by its place among all, with another one of its campus.
const ITEMS: &str = "items AS (SELECT row_number() OVER (ORDER BY campus_id, id) - 1 AS place, id, campus_id, price,
    COALESCE(LEAD(id) OVER of_campus, FIRST_VALUE(id) OVER of_campus) AS other_id,
    COALESCE(LEAD(price) OVER of_campus, FIRST_VALUE(price) OVER of_campus) AS other_price
    FROM menu_item WINDOW of_campus AS (PARTITION BY campus_id ORDER BY id))";

impl Filling<'_> {
    async fn all(&self) -> anyhow::Result<()> {
        let mut statements = vec![self.people()];
        statements.extend(self.words());
        statements.push(self.contacts());
        statements.extend(self.orders());
        statements.extend([self.movements(), self.audit(), self.deliveries()]);
        statements.extend(self.dead_events());
        // What PostgreSQL does by itself after a while. A SQLite file is used as it is.
        if matches!(self.database, Database::Postgres(_)) {
            for table in [
                "account",
                "account_word",
                "contact",
                "orders",
                "order_line",
                "saga",
                "payment",
                "stock_movement",
                "audit",
                "delivery",
                "outbox",
                "outbox_failure",
            ] {
                statements.push(format!("ANALYZE {table}"));
            }
        }
        for statement in statements {
            execute(self.database, INSTITUTION, &statement)
                .await
                .with_context(|| statement.clone())?;
        }
        Ok(())
    }

    const fn sqlite(&self) -> bool {
        matches!(self.database, Database::Sqlite(_))
    }

    /// The numbers of so many rows, and when each was made.
    fn numbers(&self, rows: i64) -> String {
        let last = rows.max(1) - 1;
        let numbers = if self.sqlite() {
            format!(
                "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
            )
        } else {
            format!(
                "WITH numbers AS (SELECT n FROM generate_series(0::BIGINT, {last}::BIGINT) AS n)"
            )
        };
        format!(
            "{numbers}, moments AS (SELECT n, {} + n * {} AS at FROM numbers)",
            self.begin, self.step
        )
    }

    /// The id of the row of a number, which grows with time as the product's do.
    fn id(&self, number: &str) -> String {
        let millis = format!("({} + ({number}) * {}) / 1000", self.begin, self.step);
        if self.sqlite() {
            format!("unhex(printf('%012x%020x', {millis}, {number}))")
        } else {
            format!(
                "CAST(lpad(to_hex({millis}), 12, '0') || lpad(to_hex({number}), 20, '0') AS UUID)"
            )
        }
    }

    /// The number of a member, of whom each row is of another one.
    fn member(&self) -> String {
        format!("n * 7919 % {}", self.rows)
    }

    /// One of the administrators.
    fn admin(&self) -> String {
        format!("(n % 20 * 1000 + 2) % {}", self.rows)
    }

    fn json(&self, text: &str) -> String {
        if self.sqlite() {
            text.to_owned()
        } else {
            format!("CAST({text} AS JSONB)")
        }
    }

    fn people(&self) -> String {
        format!(
            "{} INSERT INTO account (id, email, name, password_hash, role, created_at, active)
            SELECT {}, 'member' || n || '@example.org', {} || ' ' || {}, '$argon2id$',
                CASE n % 1000 WHEN 1 THEN 'STAFF' WHEN 2 THEN 'ADMIN' WHEN 3 THEN 'OPERATOR' ELSE 'MEMBER' END,
                at, n % 50 <> 7
            FROM moments",
            self.numbers(self.rows),
            self.id("n"),
            one_of("n", &FIRST),
            one_of("n / 12", &LAST),
        )
    }

    /// What people are looked for by, as the product writes it: words of their names, their address and
    /// its parts.
    fn words(&self) -> Vec<String> {
        let (first, last) = (FIRST.map(folded), LAST.map(folded));
        [
            one_of("n", &first),
            one_of("n / 12", &last),
            "'member' || n || '@example.org'".to_owned(),
            "'member' || n".to_owned(),
            "'example'".to_owned(),
            "'org'".to_owned(),
        ]
        .map(|word| {
            format!(
                "{} INSERT INTO account_word (word, account_id) SELECT {word}, {} FROM moments",
                self.numbers(self.rows),
                self.id("n"),
            )
        })
        .into()
    }

    /// Every third member has a phone.
    fn contacts(&self) -> String {
        format!(
            "{} INSERT INTO contact (account_id, language, by_sms, phone, updated_at)
            SELECT {}, 'es', n % 2 = 0, '+52' || (5500000000 + n), at FROM moments WHERE n % 3 = 0",
            self.numbers(self.rows),
            self.id("n"),
        )
    }

    /// Orders of two lines with their sagas and payments: the newest are at every point of their way, of the
    /// others some were cancelled.
    fn orders(&self) -> Vec<String> {
        let (numbers, items) = (self.numbers(self.rows), self.items);
        let (order, account) = (self.id("n"), self.id(&self.member()));
        let living = self.rows - LIVING;
        let place = format!("items.place = n * 31 % {items}");
        let nothing = self.json("'{}'");
        vec![
            format!("INSERT INTO ordered_item (id, document) SELECT id, {nothing} FROM menu_item"),
            format!(
                "{numbers}, {ITEMS} INSERT INTO orders (id, number, account_id, campus_id, slot_at, state, gateway,
                    total, currency, idempotency_key, request_hash, cancel_reason, placed_at, confirmed_at,
                    preparing_at, ready_at, collected_at, cancelled_at, request_id)
                SELECT {order}, 1 + n % {NUMBERS}, {account}, campus_id, slot_at, state,
                    CASE n % 2 WHEN 0 THEN 'SIMULATED' ELSE 'WALLET' END, total, currency, 'bench:' || n, 'bench',
                    CASE WHEN state = 'CANCELLED'
                        THEN CASE n % 3 WHEN 0 THEN 'MEMBER' WHEN 1 THEN 'STAFF' ELSE 'OUT_OF_STOCK' END END,
                    at, CASE WHEN state NOT IN ('PENDING', 'CANCELLED') THEN at + 5000000 END,
                    CASE WHEN state IN ('PREPARING', 'READY', 'COLLECTED') THEN slot_at - 1200000000 END,
                    CASE WHEN state IN ('READY', 'COLLECTED') THEN slot_at + (n % 900 - 300) * 1000000 END,
                    CASE WHEN state = 'COLLECTED' THEN slot_at + 1800000000 END,
                    CASE WHEN state = 'CANCELLED' THEN at + 60000000 END, 'bench'
                FROM (SELECT n, at, items.campus_id, campus.currency,
                        items.price * (1 + n % 3) + items.other_price AS total,
                        (at + 7200000000) / 900000000 * 900000000 AS slot_at,
                        CASE WHEN n >= {living} THEN CASE n % 4 WHEN 0 THEN 'PENDING' WHEN 1 THEN 'CONFIRMED'
                                WHEN 2 THEN 'PREPARING' ELSE 'READY' END
                            WHEN n % 20 = 7 THEN 'CANCELLED' ELSE 'COLLECTED' END AS state
                    FROM moments JOIN items ON {place} JOIN campus ON campus.id = items.campus_id) AS numbered"
            ),
            format!(
                "{numbers}, {ITEMS} INSERT INTO order_line (order_id, position, item_id, quantity, unit_price,
                    ordered_item_id)
                SELECT {order}, 1, items.id, 1 + n % 3, items.price, items.id FROM moments JOIN items ON {place}"
            ),
            format!(
                "{numbers}, {ITEMS} INSERT INTO order_line (order_id, position, item_id, quantity, unit_price,
                    ordered_item_id)
                SELECT {order}, 2, items.other_id, 1, items.other_price, items.other_id
                FROM moments JOIN items ON {place}"
            ),
            "INSERT INTO saga (order_id, version, phase, step, updated_at)
            SELECT id, 1, CASE state WHEN 'PENDING' THEN 'FORWARD' WHEN 'CANCELLED' THEN 'CANCELLED'
                ELSE 'COMPLETED' END, CASE state WHEN 'PENDING' THEN 'PAY' END, placed_at
            FROM orders"
                .to_owned(),
            "INSERT INTO payment (order_id, gateway, key, refund_key, amount, currency, state, at, updated_at)
            SELECT id, gateway, 'pay:' || idempotency_key, 'refund:' || idempotency_key, total, currency,
                CASE state WHEN 'CANCELLED' THEN 'REFUNDED' ELSE 'CHARGED' END, placed_at, placed_at
            FROM orders WHERE state <> 'PENDING'"
                .to_owned(),
        ]
    }

    /// Half of them of one item. Of every eight they add up to nothing.
    fn movements(&self) -> String {
        format!(
            "{}, counted AS (SELECT row_number() OVER (ORDER BY item_id) - 1 AS place, item_id FROM stock)
            INSERT INTO stock_movement (id, item_id, kind, quantity, on_hand_change, reserved_change, cause,
                order_id, actor_id, note, at)
            SELECT {}, item_id,
                CASE n / 2 % 4 WHEN 0 THEN 'RECEIVED' WHEN 1 THEN 'RESERVED' WHEN 2 THEN 'SOLD' ELSE 'WASTED' END,
                CASE n / 2 % 4 WHEN 0 THEN 2 ELSE 1 END,
                CASE n / 2 % 4 WHEN 0 THEN 2 WHEN 1 THEN 0 ELSE -1 END,
                CASE n / 2 % 4 WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END, 'bench:' || n,
                CASE WHEN n / 2 % 4 IN (1, 2) THEN {} END, CASE WHEN n / 2 % 4 IN (0, 3) THEN {} END, '', at
            FROM moments JOIN counted ON counted.place = n % 2 * (n / 8 % {})",
            self.numbers(self.rows),
            self.id("n"),
            self.id("n"),
            self.id(&self.admin()),
            self.items,
        )
    }

    /// Most of what is written down an administrator did, much of it to one thing.
    fn audit(&self) -> String {
        format!(
            "{} INSERT INTO audit (id, at, actor_id, action, subject, request_id, difference)
            SELECT {}, at, CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN {} ELSE {} END, {},
                CASE n % 5 WHEN 0 THEN 'menu' ELSE 'order:' || n / 3 END, 'bench',
                CASE n % 2 WHEN 0 THEN {} END
            FROM moments",
            self.numbers(self.rows),
            self.id("n"),
            self.id(&self.member()),
            self.id(&self.admin()),
            one_of("n / 7", service::audit::ACTIONS),
            self.json("'{\"price\":{\"before\":450,\"after\":500}}'"),
        )
    }

    fn deliveries(&self) -> String {
        let id = self.id("n");
        format!(
            "{} INSERT INTO delivery (id, key, event_id, account_id, channel, template, language, recipient,
                subscription_id, number, payload, state, attempts, error, job_id, request_id, at, queued_at,
                updated_at, sent_at)
            SELECT {id}, 'bench:' || n, {id}, {}, channel, {}, 'es',
                CASE channel WHEN 'EMAIL' THEN 'member' || {} || '@example.org'
                    WHEN 'SMS' THEN '+52' || (5500000000 + n) ELSE 'push.example.org' END,
                CASE channel WHEN 'PUSH' THEN {id} END, 1 + n % {NUMBERS}, {}, state, 1,
                CASE state WHEN 'FAILED' THEN 'REFUSED' END, {id}, 'bench', at, at, at,
                CASE state WHEN 'SENT' THEN at END
            FROM (SELECT n, at, {} AS channel,
                CASE WHEN n % 100 < 2 THEN 'QUEUED' WHEN n % 100 < 5 THEN 'FAILED' ELSE 'SENT' END AS state
                FROM moments) AS described",
            self.numbers(self.rows),
            self.id(&self.member()),
            one_of("n / 3", &Template::ALL.map(Template::key)),
            self.member(),
            self.json("'{}'"),
            one_of("n", &Channel::ALL.map(Channel::key)),
        )
    }

    /// Events that were given up.
    fn dead_events(&self) -> [String; 2] {
        [
            format!(
                "{} INSERT INTO outbox (id, aggregate, position, kind, payload, account_id, request_id, at,
                    live_at, inbox_at, notice_at)
                SELECT {}, 'order:' || n, 1, 'ORDER_READY', {}, {}, 'bench', at, at, at, at FROM moments",
                self.numbers(self.rows / DEAD_EVERY),
                self.id("n"),
                self.json("'{}'"),
                self.id(&self.member()),
            ),
            "INSERT INTO outbox_failure (event_id, consumer, attempts, dead, error, failed_at)
            SELECT id, 'INBOX', 20, TRUE, '\"INTERNAL\"', at FROM outbox"
                .to_owned(),
        ]
    }
}

/// One of some words, by a number.
fn one_of(number: &str, words: &[impl AsRef<str>]) -> String {
    let cases: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(place, word)| format!("WHEN {place} THEN '{}'", word.as_ref()))
        .collect();
    format!("CASE ({number}) % {} {} END", words.len(), cases.join(" "))
}
