//! The people of an institution: found, given other roles, deactivated. Administrators do that.

use crate::ctx::Ctx;
use crate::sheet::{ROWS_MOST, sheet, time_cell};
use crate::{Error, Result};
use domain::account::Role;
use domain::invalid::InvalidCode;
use domain::problem::Problem;
use domain::text::folded;
use serde_json::json;
use std::collections::HashMap;
use storage::people::{self, Part};
use storage::{Tx, session};
use uuid::Uuid;

pub use storage::people::Person;

/// Who may see and change people.
const KEEPERS: [Role; 1] = [Role::Admin];
/// How many people a page of the list may hold.
pub const PAGE_MOST: i64 = 100;
/// How far people are counted.
pub const COUNT_MOST: i64 = 1000;
/// How many people a search finds; whoever looks for another types more.
pub const FOUND_MOST: i64 = 200;
/// Among how many whom the longest word finds the others are looked for.
const AMONG_MOST: i64 = 5000;
/// The longest text that is looked for, in characters.
const TEXT_MOST: i64 = 100;
/// How many words of it count.
const WORDS_MOST: usize = 8;

/// By what people are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PeopleSort {
    /// Those who came last first.
    #[default]
    Newest,
    /// By their address.
    Email,
}

impl PeopleSort {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Newest, Self::Email];

    /// The name on the wire and in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Newest => "NEWEST",
            Self::Email => "EMAIL",
        }
    }

    /// The order of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.key() == key)
    }
}

/// Which people. What is absent lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleFilter {
    /// Beginnings of words of the name or address; neither capitals nor accents matter.
    pub text: Option<String>,
    /// Of this role.
    pub role: Option<Role>,
    /// Who may sign in, or may not.
    pub active: Option<bool>,
    /// In which order.
    pub sort: PeopleSort,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeoplePage {
    /// In their order.
    pub items: Vec<Person>,
    /// Where the next page begins, where there is one: the last one's id.
    pub next: Option<Uuid>,
    /// How many match, counted no further than [`COUNT_MOST`], and of a search than [`FOUND_MOST`].
    pub count: i64,
}

/// Whether whoever asks may see people, so that pages show the way only to them.
#[must_use]
pub fn may_keep(ctx: &Ctx) -> bool {
    ctx.allow(&KEEPERS).is_ok()
}

/// The accounts that a text stands for, at most so many.
pub(crate) async fn called(tx: &mut Tx, text: &str, most: i64) -> Result<Vec<Uuid>> {
    let text = folded(text);
    // PostgreSQL takes no NUL in a text.
    let mut words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter == '\0')
        .filter(|word| !word.is_empty())
        .take(WORDS_MOST)
        .collect();
    // The longest finds the fewest.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    match words.split_first() {
        Some((first, others)) => Ok(people::called(tx, first, others, most, AMONG_MOST).await?),
        None => Ok(Vec::new()),
    }
}

impl PeopleFilter {
    fn parts(&self) -> Vec<Part> {
        let roles = Role::ALL
            .into_iter()
            .filter(|role| self.role.is_none_or(|wanted| wanted == *role));
        let standings = [true, false]
            .into_iter()
            .filter(|active| self.active.is_none_or(|wanted| wanted == *active));
        let standings: Vec<bool> = standings.collect();
        roles
            .flat_map(|role| {
                standings.iter().map(move |active| Part {
                    role: role.key(),
                    active: *active,
                })
            })
            .collect()
    }

    fn lets_through(&self, person: &Person) -> bool {
        self.role.is_none_or(|role| role == person.role)
            && self.active.is_none_or(|active| active == person.active)
    }

    fn check(&self) -> Result<()> {
        let text = self.text.as_deref().unwrap_or_default();
        if text.chars().count() as i64 > TEXT_MOST {
            return Err(Error::invalid(
                "text",
                InvalidCode::TooLong { max: TEXT_MOST },
            ));
        }
        Ok(())
    }

    /// A part of the list, and how many match in all.
    async fn page(
        &self,
        tx: &mut Tx,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<(Vec<Person>, i64)> {
        let text = self.text.as_deref().map(str::trim).unwrap_or_default();
        if !text.is_empty() {
            let ids = called(tx, text, FOUND_MOST).await?;
            let mut found = people::listed(tx, &ids).await?;
            found.retain(|person| self.lets_through(person));
            let count = found.len() as i64;
            // The last one of the page before may be among them no more: someone may have changed them.
            match self.sort {
                PeopleSort::Newest => {
                    found.retain(|person| after.is_none_or(|last| person.id < last));
                    found.sort_by_key(|person| std::cmp::Reverse(person.id));
                }
                PeopleSort::Email => {
                    let last = email_of(tx, after).await?;
                    found.retain(|person| person.email > last);
                    found.sort_by(|one, other| one.email.cmp(&other.email));
                }
            }
            found.truncate(limit as usize);
            return Ok((found, count));
        }
        let parts = self.parts();
        let ids = match self.sort {
            PeopleSort::Newest => {
                let before = after.unwrap_or(Uuid::max());
                people::newest(tx, &parts, before, limit).await?
            }
            PeopleSort::Email => {
                let email = email_of(tx, after).await?;
                people::by_email(tx, &parts, &email, limit).await?
            }
        };
        let rows = people::listed(tx, &ids).await?;
        let mut known: HashMap<Uuid, Person> =
            rows.into_iter().map(|person| (person.id, person)).collect();
        let count = people::count(tx, &parts, COUNT_MOST).await?;
        let page = ids.iter().filter_map(|id| known.remove(id)).collect();
        Ok((page, count.min(COUNT_MOST)))
    }
}

/// The address after which a list goes on; the smallest where it begins.
async fn email_of(tx: &mut Tx, last: Option<Uuid>) -> Result<String> {
    let Some(last) = last else {
        return Ok(String::new());
    };
    let known = people::listed(tx, &[last]).await?.pop();
    let known = known.ok_or_else(|| Error::invalid("cursor", InvalidCode::UnknownChoice))?;
    Ok(known.email)
}

/// A page of people, after the one where the last page ended.
///
/// # Errors
/// [`InvalidCode::UnknownChoice`] at `cursor` for nobody's id, where people are put in order by their
/// addresses; [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100, [`InvalidCode::TooLong`] for a text
/// beyond a hundred characters; for others than administrators as [`Ctx::allow`].
pub async fn list(
    ctx: &Ctx,
    filter: &PeopleFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<PeoplePage> {
    ctx.allow(&KEEPERS)?;
    filter.check()?;
    crate::error::check_limit(limit, PAGE_MOST)?;
    let mut tx = ctx.read().await?;
    // One more than asked for tells whether there is a next page.
    let (mut items, count) = filter.page(&mut tx, after, limit + 1).await?;
    let more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    Ok(PeoplePage {
        next: items.last().map(|person| person.id).filter(|_| more),
        items,
        count,
    })
}

/// The people that a filter lets through as a file for a spreadsheet, the first 10,000 in their order.
///
/// # Errors
/// As [`list`].
pub async fn export_csv(ctx: &Ctx, filter: &PeopleFilter) -> Result<Vec<u8>> {
    ctx.allow(&KEEPERS)?;
    filter.check()?;
    let (people, _) = filter.page(&mut ctx.read().await?, None, ROWS_MOST).await?;
    let rows = people.into_iter().map(|person| {
        [
            person.id.to_string(),
            person.name,
            person.email,
            person.role.key().to_owned(),
            person.active.to_string(),
            time_cell(person.created_at),
        ]
    });
    sheet(
        ["person", "name", "email", "role", "active", "since_utc"],
        rows,
    )
}

/// Somebody.
///
/// # Errors
/// [`Problem::NotFound`] where there is nobody of that id; for others than administrators as [`Ctx::allow`].
pub async fn get(ctx: &Ctx, id: Uuid) -> Result<Person> {
    ctx.allow(&KEEPERS)?;
    let mut tx = ctx.read().await?;
    let found = people::listed(&mut tx, &[id]).await?.pop();
    found.ok_or(Error::Problem(Problem::NotFound))
}

/// What somebody is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonEdit {
    /// What they were when whoever changes it looked.
    pub seen: (Role, bool),
    /// What they are here.
    pub role: Role,
    /// Whether they may sign in.
    pub active: bool,
}

/// Gives somebody another role, lets them sign in or not. Who may not is signed out everywhere; what an API
/// client was given before opens from now on what the new role may, or nothing, and only a member's token
/// is good for up to a quarter of an hour more.
///
/// # Errors
/// [`InvalidCode::OwnAccount`] for one's own account, so that there always is an administrator;
/// [`Problem::Conflict`] where they are something else by now; [`Problem::NotFound`] where there is nobody
/// of that id; [`Problem::Forbidden`] for who is an administrator no more by now; for others than
/// administrators as [`Ctx::allow`].
pub async fn edit(ctx: &Ctx, id: Uuid, edit: PersonEdit) -> Result<Person> {
    ctx.allow(&KEEPERS)?;
    if ctx.account_id().is_ok_and(|own| own == id) {
        return Err(Error::invalid("role", InvalidCode::OwnAccount));
    }
    let mut tx = ctx.write().await?;
    if let Ok(own) = ctx.account_id() {
        // Of two administrators who take the panel from each other at this moment, one is too late.
        let standing = people::lock(&mut tx, &[own, id]).await?;
        let administrates = |(one, role, active): &(Uuid, String, bool)| {
            *one == own && *active && *role == Role::Admin.key()
        };
        if !standing.iter().any(administrates) {
            return Err(Problem::Forbidden.into());
        }
    }
    let before = people::listed(&mut tx, &[id]).await?.pop();
    let before = before.ok_or(Error::Problem(Problem::NotFound))?;
    let wanted = (edit.role, edit.active);
    if !people::set(&mut tx, id, edit.seen, wanted).await? {
        return Err(Problem::Conflict.into());
    }
    if !edit.active || edit.role != before.role {
        // What a session or token says of the role would be another one.
        session::delete_all_of(&mut tx, id).await?;
    }
    let told = |role: Role, active: bool| json!({ "role": role.key(), "active": active });
    let subject = id.to_string();
    ctx.audit_change(
        &mut tx,
        ("person.edit", &subject),
        &told(before.role, before.active),
        &told(edit.role, edit.active),
    )
    .await?;
    tx.commit().await?;
    Ok(Person {
        role: edit.role,
        active: edit.active,
        ..before
    })
}
