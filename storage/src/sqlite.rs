//! SQLite's connections, and transactions on them that go to their threads as seldom as they can.
//!
//! A connection works in a thread of its own. To hand it something and to be woken by its answer takes longer
//! than most statements do, above all where every core is busy. So a transaction begins with its first
//! statement, what nobody waits for ([`Transaction::later`]) goes along with the next one, and the last of it with
//! the commit: a transaction that only writes goes there once. Of several questions whose answers are wanted
//! ([`Transaction::ask`]) all go together as well.

use crate::log::{Log, Written};
use crate::{Error, Result, Statement};
use futures::StreamExt as _;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Either};
use sqlx::{Encode, Executor as _, FromRow, SqlSafeStr as _, SqlStr, Type};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

static BEGIN: Statement = command("BEGIN");
static BEGIN_IMMEDIATE: Statement = command("BEGIN IMMEDIATE");
static COMMIT: Statement = command("COMMIT");
static ROLLBACK: Statement = command("ROLLBACK");

/// What SQLite says where there is nothing to roll back.
const NOTHING_OPEN: &str = "no transaction is active";
/// How many statements wait at most: a loop over many rows is not to make a text for each number of them.
const TOGETHER_MOST: usize = 16;
/// How many texts of several statements are kept at most.
const TEXTS_MOST: usize = 2000;

const fn command(text: &'static str) -> Statement {
    Statement {
        name: text,
        parameters: 0,
        sqlite: text,
        postgres: text,
    }
}

/// Connections to one file, so many at most. Unlike a pool that serves any engine it asks a connection nothing
/// before it lends it nor after it is back: whatever is wrong with one is seen where it is used.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Home>);

#[derive(Debug)]
struct Home {
    options: SqliteConnectOptions,
    most: u32,
    /// How long to wait for one.
    patience: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Home {
    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    pub fn new(options: SqliteConnectOptions, most: u32, patience: Duration) -> Self {
        Self(Arc::new(Home {
            options,
            most,
            patience,
            permits: Arc::new(Semaphore::new(most as usize)),
            idle: Mutex::default(),
        }))
    }

    /// A connection, once one is free; whoever came first has it first.
    pub async fn lend(&self) -> Result<Lent> {
        let home = &self.0;
        let lent = async {
            let permit = Arc::clone(&home.permits).acquire_owned().await;
            let permit = permit.map_err(|_| sqlx::Error::PoolClosed)?;
            let idle = home.idle().pop();
            let connection = match idle {
                Some(connection) => connection,
                None => home.options.connect().await?,
            };
            Ok(Lent {
                connection: Some(connection),
                clean: false,
                home: Arc::clone(home),
                _permit: permit,
            })
        };
        let lent = tokio::time::timeout(home.patience, lent).await;
        lent.unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(Error::from)
    }

    /// How many are lent, and how many wait for somebody.
    pub fn used_and_idle(&self) -> (usize, usize) {
        let used = (self.0.most as usize).saturating_sub(self.0.permits.available_permits());
        (used, self.0.idle().len())
    }

    /// Lends no more, and closes each once it is back.
    pub async fn close(&self) {
        // It fails where they are closed already.
        let all = self.0.permits.acquire_many(self.0.most).await;
        self.0.permits.close();
        drop(all);
        let idle = mem::take(&mut *self.0.idle());
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a database was not closed as it should be");
            }
        }
    }
}

/// A connection that is lent. When this is dropped it goes back where it is known to be sound and without a
/// transaction; otherwise it is closed, which undoes what is open on it.
#[derive(Debug)]
pub struct Lent {
    connection: Option<SqliteConnection>,
    clean: bool,
    home: Arc<Home>,
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    /// Gives it back: it has answered, and nothing is open on it.
    pub fn give_back(mut self) {
        self.clean = true;
    }

    /// Undoes what is open on it, and gives it back.
    async fn roll_back(mut self) -> Result<()> {
        match sqlx::query(ROLLBACK.sqlite).execute(&mut *self).await {
            // Where the disk was full, or it had ended already as its caller went away.
            Err(sqlx::Error::Database(error)) if error.message().contains(NOTHING_OPEN) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        self.give_back();
        Ok(())
    }
}

impl Deref for Lent {
    type Target = SqliteConnection;
    #[expect(clippy::unwrap_used, reason = "it is taken by `drop` alone")]
    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().unwrap()
    }
}

impl DerefMut for Lent {
    #[expect(clippy::unwrap_used, reason = "it is taken by `drop` alone")]
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().unwrap()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let connection = self.connection.take().filter(|_| self.clean);
        self.home.idle().extend(connection);
    }
}

/// A statement that is to be done before or with the next one.
struct Waiting {
    statement: &'static Statement,
    /// The question that its rows answer.
    question: Option<usize>,
}

impl From<&'static Statement> for Waiting {
    fn from(statement: &'static Statement) -> Self {
        Self {
            statement,
            question: None,
        }
    }
}

/// A transaction on SQLite.
pub struct Transaction {
    /// None once it is over.
    lent: Option<Lent>,
    /// Whether anything was asked of the connection.
    begun: bool,
    /// Whether something has failed or was broken off: nothing but to undo it can follow, since what waited is
    /// lost, or the transaction itself.
    failed: bool,
    /// What is to be done before or with the next statement.
    waiting: Vec<Waiting>,
    /// What was asked for, by the number of the question; none where it waits, or was taken.
    answers: Vec<Option<Vec<SqliteRow>>>,
    /// What their parameters are, and those of the next one, one after the other.
    arguments: SqliteArguments,
    /// Where what it writes goes, unless it only reads.
    log: Option<Log>,
    /// Whether it has written anything.
    wrote: bool,
}

impl Transaction {
    /// A transaction that only reads.
    pub fn reading(lent: Lent) -> Self {
        Self::beginning(lent, &BEGIN, None)
    }

    /// A transaction that writes. Nobody else does from its first statement on.
    pub fn writing(lent: Lent, log: Log) -> Self {
        Self::beginning(lent, &BEGIN_IMMEDIATE, Some(log))
    }

    fn beginning(lent: Lent, begin: &'static Statement, log: Option<Log>) -> Self {
        Self {
            lent: Some(lent),
            begun: false,
            failed: false,
            waiting: vec![begin.into()],
            answers: Vec::new(),
            arguments: SqliteArguments::default(),
            log,
            wrote: false,
        }
    }

    /// Gives the next statement its next parameter.
    pub fn bind<'t, T>(&mut self, value: T) -> Result<()>
    where
        T: Encode<'t, Sqlite> + Type<Sqlite>,
    {
        let bound = self.arguments.add(value);
        self.failed |= bound.is_err();
        bound.map_err(|error| Error::from(sqlx::Error::Encode(error)))
    }

    /// Has a statement that gives no rows, whose parameters were bound, done before the next one. Where it fails,
    /// that one does, or the commit.
    pub async fn later(&mut self, statement: &'static Statement) -> Result<()> {
        if self.waiting.len() < TOGETHER_MOST {
            self.waiting.push(statement.into());
            return Ok(());
        }
        self.execute(statement).await.map(drop)
    }

    /// Has a statement, whose parameters were bound, done with others, and gives the number by which its rows are had
    /// from [`Self::answer`].
    pub async fn ask(&mut self, statement: &'static Statement) -> Result<usize> {
        let question = self.answers.len();
        self.answers.push(None);
        if self.waiting.len() < TOGETHER_MOST {
            self.waiting.push(Waiting {
                statement,
                question: Some(question),
            });
        } else {
            self.answers[question] = Some(self.collect(statement).await?);
        }
        Ok(question)
    }

    /// Every row of what was asked for. Whatever waits is done with it, unless it was.
    pub async fn answer(&mut self, question: usize) -> Result<Vec<SqliteRow>> {
        if self.answers[question].is_none()
            && let Some(last) = self.waiting.pop()
        {
            let rows = self.collect(last.statement).await?;
            if let Some(question) = last.question {
                self.answers[question] = Some(rows);
            }
        }
        Ok(self.answers[question].take().unwrap_or_default())
    }

    async fn collect(&mut self, statement: &'static Statement) -> Result<Vec<SqliteRow>> {
        let mut rows = Vec::new();
        let each = |row| {
            rows.push(row);
            Ok(())
        };
        self.send(statement, usize::MAX, each).await?;
        Ok(rows)
    }

    /// Every row of a statement, whose parameters were bound.
    pub async fn rows<R>(&mut self, statement: &'static Statement) -> Result<Vec<R>>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send,
    {
        let mut rows = Vec::new();
        let each = |row: SqliteRow| {
            rows.push(R::from_row(&row)?);
            Ok(())
        };
        self.send(statement, usize::MAX, each).await?;
        Ok(rows)
    }

    /// The first row of a statement, whose parameters were bound.
    pub async fn first<R>(&mut self, statement: &'static Statement) -> Result<Option<R>>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send,
    {
        let mut first = None;
        let each = |row: SqliteRow| {
            first = Some(R::from_row(&row)?);
            Ok(())
        };
        self.send(statement, 1, each).await?;
        Ok(first)
    }

    /// How many rows a statement changes, whose parameters were bound.
    pub async fn execute(&mut self, statement: &'static Statement) -> Result<u64> {
        self.send(statement, usize::MAX, |_| Ok(())).await
    }

    /// Commits what was done, for others to go on from; nothing is asked of the database where nothing was. Gives
    /// what has to be on the disk before anybody is told: what was read may not be there either.
    pub async fn commit(mut self) -> Result<Option<Written>> {
        let mut written = None;
        // What waits besides is to begin.
        if self.failed || self.begun || self.waiting.len() > 1 {
            if let Some(log) = &self.log {
                log.check()?;
            }
            self.execute(&COMMIT).await?;
            written = self.log.as_ref().map(|log| match self.wrote {
                true => log.wrote(),
                false => log.written_before(),
            });
        }
        if let Some(lent) = self.lent.take() {
            lent.give_back();
        }
        Ok(written)
    }

    /// Undoes what was done, before it returns.
    pub async fn rollback(mut self) -> Result<()> {
        match self.lent.take() {
            Some(lent) if self.begun => lent.roll_back().await,
            lent => {
                lent.into_iter().for_each(Lent::give_back);
                Ok(())
            }
        }
    }

    /// Does what waits and then a statement, and hands on the statement's rows, so many at most. Gives how many
    /// rows it has changed, where all of its rows were wanted.
    async fn send(
        &mut self,
        statement: &'static Statement,
        most: usize,
        mut each: impl FnMut(SqliteRow) -> std::result::Result<(), sqlx::Error> + Send,
    ) -> Result<u64> {
        let lent = self.lent.as_mut().filter(|_| !self.failed);
        let lent =
            lent.ok_or_else(|| sqlx::Error::Protocol("the transaction has failed".into()))?;
        self.failed = true;
        self.waiting.push(statement.into());
        let before = self.waiting.len() - 1;
        let text = text_of(&self.waiting);
        let begins = !mem::replace(&mut self.begun, true);
        let sent = mem::take(&mut self.waiting);
        for question in sent.iter().filter_map(|sent| sent.question) {
            self.answers[question] = Some(Vec::new());
        }
        let query = sqlx::query_with(text, mem::take(&mut self.arguments));
        let mut answers = lent.fetch_many(query);
        let (mut ended, mut rows, mut changed) = (0_usize, 0, 0);
        while rows < most
            && let Some(answer) = answers.next().await
        {
            match answer {
                Ok(Either::Left(done)) => {
                    changed = done.rows_affected();
                    // A statement that does not write says how many rows the last one did that does.
                    self.wrote |= changed > 0 && sent[ended].statement.writes();
                    ended += 1;
                }
                Ok(Either::Right(row)) if ended == before => {
                    rows += 1;
                    each(row)?;
                }
                Ok(Either::Right(row)) => {
                    // Nobody waits for the others.
                    if let Some(question) = sent[ended].question
                        && let Some(rows) = &mut self.answers[question]
                    {
                        rows.push(row);
                    }
                }
                Err(error) => {
                    // Where it was refused to begin there is nothing to undo.
                    let refused = matches!(error, sqlx::Error::Database(_));
                    self.begun = !(begins && refused && ended == 0);
                    return Err(error.into());
                }
            }
        }
        if rows < most && ended <= before {
            // Its thread is gone, and whether all was done is not known.
            return Err(sqlx::Error::WorkerCrashed.into());
        }
        // What was broken off after its first row has changed that one.
        self.wrote |= rows >= most && statement.writes();
        self.failed = false;
        Ok(changed)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(lent) = self.lent.take() else {
            return;
        };
        if !self.begun {
            lent.give_back();
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = lent.roll_back().await {
                    tracing::debug!(%error, "a connection is closed instead of rolled back");
                }
            });
        }
        // Without a runtime the connection is closed, which undoes it as well.
    }
}

/// Texts of several statements, by the statements: as many as the code has ways to put them together.
static TOGETHER: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);

/// Texts by the addresses of the statements that they have.
type Texts = HashMap<Box<[usize]>, Arc<str>>;

/// One text for statements that are done one after the other, whose parameters are counted through.
fn text_of(statements: &[Waiting]) -> SqlStr {
    if let [one] = statements {
        return one.statement.sqlite.into_sql_str();
    }
    let key: Box<[usize]> = statements
        .iter()
        .map(|one| std::ptr::from_ref::<Statement>(one.statement).addr())
        .collect();
    let mut together = TOGETHER.lock().unwrap_or_else(PoisonError::into_inner);
    if together.len() >= TEXTS_MOST {
        together.clear();
    }
    let text = together.entry(key).or_insert_with(|| {
        let mut text = String::new();
        let mut before = 0;
        for Waiting { statement, .. } in statements {
            if !text.is_empty() {
                text.push(';');
            }
            count_on(statement.sqlite, before, &mut text);
            before += statement.parameters;
        }
        text.into()
    });
    // Every part of it is a statement of the code.
    AssertSqlSafe(Arc::clone(text)).into_sql_str()
}

/// Adds a statement's text whose parameters follow so many others.
fn count_on(statement: &str, before: usize, text: &mut String) {
    let mut rest = statement;
    while let Some(at) = rest.find('$') {
        let (head, tail) = rest.split_at(at + 1);
        text.push_str(head);
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = tail.split_at(digits);
        if let Ok(number) = number.parse::<usize>() {
            // Writing to a text does not fail.
            let _ = write!(text, "{}", before + number);
        }
        rest = tail;
    }
    text.push_str(rest);
}
