//! Lists of jobs and how many there are.

use super::VIEWERS;
use super::secrets::says;
use crate::ctx::Ctx;
use crate::jobs::first_id_of;
use crate::{Error, Result};
use domain::account::Email;
use domain::invalid::{InvalidCode, InvalidField};
use domain::job::JobState;
use serde::{Deserialize, Serialize};
use storage::board::{self, About, Among, BoardRow, Found, Part, Range, Search};
use storage::{Tx, account};
use uuid::Uuid;

/// How many jobs a page of a list may hold.
pub const PAGE_MOST: i64 = 100;
/// The longest text of a filter, in characters.
const TEXT_MOST: i64 = 200;
/// How many jobs are looked into at a time, for a text, or for what those about something are: they lie
/// apart, and each is read by its id.
const SEARCHED_MOST: i64 = 500;
/// How many at least, of however many parts they are.
const SEARCHED_LEAST: i64 = 250;
/// How many are read of the index for them: of each part as many as are looked into.
const READ_MOST: i64 = 10_000;
/// How many jobs come back from a search for a closer look.
const FOUND_MOST: i64 = 250;
/// Up to how many jobs about something are counted.
const COUNTED_MOST: i64 = 5000;

const HOUR: i64 = 3_600_000_000;
/// The last hour that an id can name.
const LAST_HOUR: i64 = ((1 << 48) - 1) / 3_600_000;

/// Which jobs. Everything that is absent lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct JobFilter {
    /// Of this queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// In this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    /// Enqueued then or later, in microseconds; cut to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Enqueued before then, in microseconds; cut to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// In the arguments, as a part of any text or number there; A to Z alike in upper and lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What it is about, `plan:…`, `account:…`; or a member: their e-mail address or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

impl JobFilter {
    /// Refuses texts that are too long.
    pub(super) fn check(&self) -> Result<()> {
        let fields: Vec<InvalidField> = [
            ("queue", &self.queue),
            ("kind", &self.kind),
            ("text", &self.text),
            ("subject", &self.subject),
        ]
        .into_iter()
        .filter(|(_, text)| {
            let length = text.as_ref().map_or(0, |text| text.chars().count());
            length > TEXT_MOST as usize
        })
        .map(|(field, _)| InvalidField::new(field, InvalidCode::TooLong { max: TEXT_MOST }))
        .collect();
        if fields.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid_fields(fields))
        }
    }

    /// The filter in one line, as in an address.
    pub(super) fn line(&self) -> String {
        let fields = serde_json::to_value(self).unwrap_or_default();
        let fields = fields.as_object().into_iter().flatten();
        fields
            .map(|(name, value)| match value.as_str() {
                Some(text) => format!("{name}={text}"),
                None => format!("{name}={value}"),
            })
            .collect::<Vec<_>>()
            .join("&")
    }
}

/// How many jobs a filter lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobCount {
    /// Exactly so many.
    Exact(i64),
    /// So many among the newest `searched` that were looked into: a text, and what jobs about something
    /// are, is looked for in at most so many jobs at a time.
    Among {
        /// How many the filter lets through.
        found: i64,
        /// How many were looked at.
        searched: i64,
    },
}

/// A job in a list. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobItem {
    /// Its id.
    pub id: Uuid,
    /// Its queue.
    pub queue: String,
    /// What it is.
    pub kind: String,
    /// How it stands.
    pub state: JobState,
    /// Smaller is more urgent.
    pub priority: i64,
    /// What it is about.
    pub subject: Option<String>,
    /// The e-mail address of whom it is for.
    pub owner: Option<String>,
    /// How often it has failed.
    pub attempts: i64,
    /// How often it may be tried.
    pub max_attempts: i64,
    /// How often its worker died.
    pub deaths: i64,
    /// Percent done.
    pub progress: i64,
    /// What it does just now.
    pub message: Option<String>,
    /// Whether whoever runs it was asked to stop.
    pub cancelling: bool,
    /// When it may run.
    pub run_at: i64,
    /// When it was enqueued.
    pub created_at: i64,
    /// When its latest run began.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
}

pub(super) fn state_of(column: &str) -> Result<JobState> {
    JobState::from_column(column)
        .ok_or_else(|| Error::Internal(format!("no state is called {column}")))
}

impl TryFrom<BoardRow> for JobItem {
    type Error = Error;
    fn try_from(row: BoardRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            queue: row.queue,
            kind: row.kind,
            state: state_of(&row.state)?,
            priority: row.priority,
            subject: row.subject,
            owner: row.owner,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            deaths: row.deaths,
            progress: row.progress,
            message: row.message,
            cancelling: row.cancelling,
            run_at: row.run_at,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}

pub(super) fn items(rows: Vec<BoardRow>) -> Result<Vec<JobItem>> {
    rows.into_iter().map(JobItem::try_from).collect()
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobList {
    /// Newest first.
    pub items: Vec<JobItem>,
    /// Where the next page begins, where there may be one.
    pub next: Option<Uuid>,
    /// How many there are in all; where they are searched for, of those that this page has looked into.
    pub count: JobCount,
}

/// What a filter lets through, in the words of the database.
pub(super) struct Selection {
    parts: Vec<Part>,
    range: Range,
    about: Option<About>,
    /// Whether there are other parts.
    narrowed: bool,
    text: Option<String>,
    /// How many jobs the parts have.
    jobs: i64,
}

/// Jobs that were found one after the other.
pub(super) struct Page {
    pub ids: Vec<Uuid>,
    /// Where to go on.
    pub next: Option<Uuid>,
    /// How many were looked at for them.
    pub looked: i64,
}

impl Page {
    /// The first of them, and how to go on after these.
    fn first(mut self, limit: i64) -> Self {
        if self.ids.len() as i64 > limit {
            self.ids.truncate(limit as usize);
            self.next = self.ids.last().copied();
        }
        self
    }
}

impl Selection {
    /// Looks up what a filter names, in states that `states` lets through.
    pub async fn of(
        tx: &mut Tx,
        filter: &JobFilter,
        states: impl Fn(JobState) -> bool,
    ) -> Result<Self> {
        filter.check()?;
        let hour = |micros: i64| micros.div_euclid(HOUR).clamp(0, LAST_HOUR);
        let since = filter.since.map_or(0, hour);
        let until = filter.until.map_or(LAST_HOUR, hour);
        let is =
            |wanted: &Option<String>, it: &str| wanted.as_deref().is_none_or(|name| name == it);
        let mut parts = Vec::new();
        let (mut jobs, mut narrowed) = (0, false);
        for count in board::counted(tx, since, until).await? {
            let state = state_of(&count.state)?;
            let wanted = filter.state.is_none_or(|wanted| wanted == state) && states(state);
            if wanted && is(&filter.queue, &count.queue) && is(&filter.kind, &count.kind) {
                jobs += count.jobs;
                parts.push(Part {
                    kind: count.kind,
                    state: count.state,
                });
            } else {
                narrowed = true;
            }
        }
        let given = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim).unwrap_or_default();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let about = match given(&filter.subject) {
            Some(subject) => Some(about(tx, subject).await?),
            None => None,
        };
        Ok(Self {
            parts,
            range: Range {
                before: first_id_of(until * HOUR),
                since: first_id_of(since * HOUR),
            },
            about,
            narrowed,
            text: given(&filter.text).map(|text| text.to_ascii_lowercase()),
            jobs,
        })
    }

    fn before(&self, cursor: Option<Uuid>) -> Range {
        let end = self.range.before;
        Range {
            before: cursor.map_or(end, |cursor| cursor.min(end)),
            ..self.range
        }
    }

    /// Whether jobs must be looked into one by one.
    fn searches(&self) -> bool {
        self.text.is_some() || (self.about.is_some() && self.narrowed)
    }

    /// The next jobs before a cursor, `limit` at most.
    pub async fn page(&self, tx: &mut Tx, cursor: Option<Uuid>, limit: i64) -> Result<Page> {
        if self.searches() {
            return Ok(self.found(tx, cursor).await?.first(limit));
        }
        // One more than asked for tells whether there is a next page.
        let range = self.before(cursor);
        let mut ids = match &self.about {
            Some(about) => board::about(tx, about, range, limit + 1).await?,
            None => board::newest(tx, &self.parts, range, limit + 1).await?,
        };
        let more = ids.len() as i64 > limit;
        ids.truncate(limit as usize);
        Ok(Page {
            next: ids.last().copied().filter(|_| more),
            looked: ids.len() as i64,
            ids,
        })
    }

    /// All that are searched for among the next jobs before a cursor.
    async fn found(&self, tx: &mut Tx, cursor: Option<Uuid>) -> Result<Page> {
        let text = self.text.as_deref().unwrap_or_default();
        let quoted = serde_json::to_string(text).map_err(Error::internal)?;
        let (among, window) = match &self.about {
            Some(about) => (Among::About(about, &self.parts), SEARCHED_MOST),
            None if !self.narrowed => (Among::All, SEARCHED_MOST),
            None => {
                let window = READ_MOST / (self.parts.len() as i64).max(1);
                let window = window.clamp(SEARCHED_LEAST, SEARCHED_MOST);
                (Among::Parts(&self.parts), window)
            }
        };
        let search = Search {
            among,
            range: self.before(cursor),
            window,
            // As the database writes it, without the quotes around it.
            text: &quoted[1..quoted.len() - 1],
            limit: FOUND_MOST,
        };
        let found = board::search(tx, &search).await?;
        let last = found.last();
        let looked = last.map_or(0, |last| last.place);
        let more = found.len() as i64 == FOUND_MOST || looked == window;
        let wanted = |one: &&Found| {
            let mut parts = self.parts.iter();
            parts.any(|part| part.kind == one.kind && part.state == one.state)
                && (text.is_empty() || says(&one.arguments, text))
        };
        Ok(Page {
            next: last.map(|last| last.id).filter(|_| more),
            looked,
            ids: found.iter().filter(wanted).map(|one| one.id).collect(),
        })
    }

    /// How many there are; where they are searched for, from the cursor on.
    pub async fn count(&self, tx: &mut Tx, cursor: Option<Uuid>) -> Result<JobCount> {
        if self.searches() {
            let page = self.found(tx, cursor).await?;
            return Ok(count_of(&page, cursor));
        }
        let Some(about) = &self.about else {
            return Ok(JobCount::Exact(self.jobs));
        };
        let found = board::count_about(tx, about, self.range, COUNTED_MOST).await?;
        Ok(if found < COUNTED_MOST {
            JobCount::Exact(found)
        } else {
            JobCount::Among {
                found,
                searched: found,
            }
        })
    }

    /// About how many jobs are looked at until all are found.
    pub async fn most(&self, tx: &mut Tx) -> Result<i64> {
        match &self.about {
            Some(about) => Ok(board::count_about(tx, about, self.range, COUNTED_MOST).await?),
            None => Ok(self.jobs),
        }
    }
}

/// How many there are on a page that was searched for.
fn count_of(page: &Page, cursor: Option<Uuid>) -> JobCount {
    let found = page.ids.len() as i64;
    if page.next.is_none() && cursor.is_none() {
        JobCount::Exact(found)
    } else {
        JobCount::Among {
            found,
            searched: page.looked,
        }
    }
}

/// What jobs are about, as somebody wrote it.
async fn about(tx: &mut Tx, subject: String) -> Result<About> {
    if let Ok(email) = Email::parse(&subject) {
        let account = account::by_email(tx, email.as_str()).await?;
        let owner = account.map(|account| account.id);
        return Ok(About {
            subject: owner.map(|owner| format!("account:{owner}")),
            owner,
        });
    }
    let id = subject.strip_prefix("account:").unwrap_or(&subject);
    if let Ok(owner) = id.parse::<Uuid>() {
        return Ok(About {
            subject: Some(format!("account:{owner}")),
            owner: Some(owner),
        });
    }
    Ok(About {
        subject: Some(subject),
        owner: None,
    })
}

/// The jobs that a filter lets through, newest first, after the one where the last page ended.
///
/// # Errors
/// [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100, [`InvalidCode::TooLong`] for a text of
/// the filter beyond 200 characters; for others than administrators and operators as [`Ctx::allow`].
pub async fn list(
    ctx: &Ctx,
    filter: &JobFilter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<JobList> {
    ctx.allow(&VIEWERS)?;
    crate::error::check_limit(limit, PAGE_MOST)?;
    let mut tx = ctx.read().await?;
    let selection = Selection::of(&mut tx, filter, |_| true).await?;
    let (page, count) = if selection.searches() {
        let page = selection.found(&mut tx, before).await?;
        let count = count_of(&page, before);
        (page.first(limit), count)
    } else {
        (
            selection.page(&mut tx, before, limit).await?,
            selection.count(&mut tx, before).await?,
        )
    };
    Ok(JobList {
        items: items(board::listed(&mut tx, &page.ids).await?)?,
        next: page.next,
        count,
    })
}
