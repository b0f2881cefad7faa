//! The stock table.

use super::KEEPERS;
use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::invalid::InvalidCode;
use domain::menu::MenuItemKind;
use domain::problem::Problem;
use domain::stock::Level;
use domain::text::{Language, Localized, folded};
use std::cmp::Ordering;
use storage::stock::{self, StockRow};
use storage::{campus, menu};
use uuid::Uuid;

/// How many items a page of the table may hold.
pub const PAGE_MOST: i64 = 100;
/// How many items are looked at: as many as all menus show.
pub const ITEMS_MOST: i64 = campus::CAMPUSES_MOST * menu::ITEMS_MOST;
/// From how many items on they are searched and sorted apart from what answers others.
const ASIDE: usize = 1000;
/// The longest text that is looked for, in characters.
const TEXT_MOST: i64 = 200;

/// How little is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// So few portions are free that somebody should see to it; none is few too.
    Low,
    /// None is free.
    Out,
}

impl Shortage {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Low, Self::Out];

    /// The name on the wire and in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Out => "OUT",
        }
    }

    /// The shortage of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }
}

/// By what the table is put in order. Items that are alike follow each other by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StockSort {
    /// By what they are called, in the language of whoever asks.
    #[default]
    Name,
    /// By portions there are.
    OnHand,
    /// By portions that are kept for orders.
    Reserved,
    /// By portions that anybody may have.
    Available,
}

impl StockSort {
    /// Every order, as the table's columns stand.
    pub const ALL: [Self; 4] = [Self::Name, Self::OnHand, Self::Reserved, Self::Available];

    /// The name on the wire and in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::OnHand => "ON_HAND",
            Self::Reserved => "RESERVED",
            Self::Available => "AVAILABLE",
        }
    }

    /// The order of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.key() == key)
    }
}

/// Which items. Everything that is absent lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockFilter {
    /// Words of the name, in any language; neither capitals nor accents matter.
    pub text: Option<String>,
    /// Sold at this campus, by its slug.
    pub campus: Option<String>,
    /// `DISH` or `PRODUCT`.
    pub kind: Option<String>,
    /// Of which little is left.
    pub shortage: Option<Shortage>,
}

/// Which part of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockQuery {
    /// Which items.
    pub filter: StockFilter,
    /// In which order.
    pub sort: StockSort,
    /// The other way round.
    pub descending: bool,
    /// Which page, from 1.
    pub page: i64,
    /// How many items a page has.
    pub limit: i64,
}

/// An item of the stock table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockItem {
    /// The menu item.
    pub id: Uuid,
    /// The slug of the campus that sells it.
    pub campus: String,
    /// What that is called.
    pub campus_name: Localized<String>,
    /// What it is of.
    pub kind: MenuItemKind,
    /// What it is called.
    pub name: Localized<String>,
    /// In minor units of the currency.
    pub price: i64,
    /// ISO 4217.
    pub currency: String,
    /// Whether it is sold at all.
    pub active: bool,
    /// How many portions there are.
    pub level: Level,
    /// With so many free, or fewer, it is low.
    pub low_mark: i64,
}

impl StockItem {
    /// Whether little is left.
    #[must_use]
    pub const fn is(&self, shortage: Shortage) -> bool {
        match shortage {
            Shortage::Low => self.level.is_low(self.low_mark),
            Shortage::Out => self.level.available() <= 0,
        }
    }
}

impl TryFrom<StockRow> for StockItem {
    type Error = Error;
    fn try_from(row: StockRow) -> Result<Self> {
        let kind = MenuItemKind::from_key(&row.kind, &row.reference)
            .ok_or_else(|| Error::Internal(format!("no menu item is a {}", row.kind)))?;
        Ok(Self {
            id: row.item_id,
            campus: row.campus,
            campus_name: row.campus_name.0,
            kind,
            name: row.name.0,
            price: row.price,
            currency: row.currency,
            active: row.active,
            // The table refuses what is no level.
            level: Level::new(row.on_hand, row.reserved).unwrap_or_default(),
            low_mark: row.low_mark,
        })
    }
}

/// A page of the stock table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockList {
    /// The page's items.
    pub items: Vec<StockItem>,
    /// How many items match on all pages.
    pub count: i64,
    /// How many pages that makes; one where nothing matches.
    pub pages: i64,
    /// How many would match without regard to how much is left.
    pub any: i64,
    /// How many of those are low.
    pub low: i64,
    /// How many of those are sold out.
    pub out: i64,
    /// Every campus, by its slug, and what it is called.
    pub campuses: Vec<(String, Localized<String>)>,
}

/// A page of the stock table.
///
/// # Errors
/// [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100 or the page not at least the first,
/// [`InvalidCode::TooLong`] for a text beyond 200 characters, [`InvalidCode::UnknownChoice`] where there
/// is no such campus or kind; for others than staff and administrators as [`Ctx::allow`].
pub async fn list(ctx: &Ctx, query: &StockQuery) -> Result<StockList> {
    ctx.allow(&KEEPERS)?;
    let bounds = [
        ("limit", query.limit, PAGE_MOST),
        ("page", query.page, ITEMS_MOST),
    ];
    for (field, value, max) in bounds {
        if !(1..=max).contains(&value) {
            return Err(Error::invalid(
                field,
                InvalidCode::OutOfRange { min: 1, max },
            ));
        }
    }
    let (campuses, matching) = select(ctx, &query.filter).await?;
    let (query, language) = (query.clone(), ctx.language);
    aside(matching.len(), move || {
        page_of(campuses, matching, &query, language)
    })
    .await
}

/// Does something with so many items, of many in a thread where nobody waits for it.
async fn aside<T: Send + 'static>(
    items: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    if items <= ASIDE {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)
}

/// The page that was asked for, of what a filter let through without regard to how much is left.
fn page_of(
    campuses: Vec<(String, Localized<String>)>,
    matching: Vec<StockItem>,
    query: &StockQuery,
    language: Language,
) -> StockList {
    let count_of = |shortage| {
        let items = matching.iter().filter(|item| item.is(shortage));
        items.count() as i64
    };
    let (any, low, out) = (
        matching.len() as i64,
        count_of(Shortage::Low),
        count_of(Shortage::Out),
    );
    let mut items = within(matching, query.filter.shortage);
    let by_name = |item: &StockItem| {
        (
            folded(item.name.get(language)),
            item.campus.clone(),
            item.id,
        )
    };
    items.sort_by_cached_key(by_name);
    let number = |item: &StockItem| match query.sort {
        StockSort::Name => 0,
        StockSort::OnHand => item.level.on_hand(),
        StockSort::Reserved => item.level.reserved(),
        StockSort::Available => item.level.available(),
    };
    // A stable sort: those that are alike stay by name, whichever way round.
    match (query.sort, query.descending) {
        (StockSort::Name, false) => {}
        (StockSort::Name, true) => items.reverse(),
        (_, false) => items.sort_by_key(number),
        (_, true) => items.sort_by(|one, other| reversed(number(one), number(other))),
    }
    let count = items.len() as i64;
    let begin = (query.page - 1).saturating_mul(query.limit);
    StockList {
        items: items
            .into_iter()
            .skip(begin as usize)
            .take(query.limit as usize)
            .collect(),
        count,
        pages: ((count + query.limit - 1) / query.limit).max(1),
        any,
        low,
        out,
        campuses,
    }
}

fn reversed(one: i64, other: i64) -> Ordering {
    other.cmp(&one)
}

/// Those of which little is left, or all.
pub(super) fn within(items: Vec<StockItem>, shortage: Option<Shortage>) -> Vec<StockItem> {
    items
        .into_iter()
        .filter(|item| shortage.is_none_or(|shortage| item.is(shortage)))
        .collect()
}

/// Every campus, and what a filter lets through without regard to how much is left of it, by campus and
/// place on its menu.
pub(super) async fn select(
    ctx: &Ctx,
    filter: &StockFilter,
) -> Result<(Vec<(String, Localized<String>)>, Vec<StockItem>)> {
    let text = filter.text.as_deref().unwrap_or_default();
    if text.chars().count() as i64 > TEXT_MOST {
        return Err(Error::invalid(
            "text",
            InvalidCode::TooLong { max: TEXT_MOST },
        ));
    }
    let mut tx = ctx.read().await?;
    let campuses: Vec<(String, Localized<String>)> = campus::all(&mut tx)
        .await?
        .into_iter()
        .map(|campus| (campus.slug, campus.name))
        .collect();
    let unknown = |field| Err(Error::invalid(field, InvalidCode::UnknownChoice));
    let wanted = filter.campus.as_deref();
    if wanted.is_some_and(|wanted| campuses.iter().all(|(slug, _)| slug != wanted)) {
        return unknown("campus");
    }
    let kind = filter.kind.as_deref();
    if kind.is_some_and(|kind| MenuItemKind::from_key(kind, "").is_none()) {
        return unknown("kind");
    }
    let rows = stock::list(&mut tx, wanted, kind, ITEMS_MOST).await?;
    drop(tx);
    let text = folded(text);
    let items = aside(rows.len(), move || named(rows, &text)).await??;
    Ok((campuses, items))
}

/// Those whose name has all words of a text, which is folded, in one language or another.
fn named(rows: Vec<StockRow>, text: &str) -> Result<Vec<StockItem>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_meant = |row: &StockRow| {
        words.is_empty() || {
            let names = Language::ALL.map(|language| folded(row.name.0.get(language)));
            words
                .iter()
                .all(|word| names.iter().any(|name| name.contains(word)))
        }
    };
    rows.into_iter()
        .filter(is_meant)
        .map(StockItem::try_from)
        .collect()
}

/// An item of the stock table.
///
/// # Errors
/// [`Problem::NotFound`] where there is none, or its portions are not counted; for others than staff and
/// administrators as [`Ctx::allow`].
pub async fn get(ctx: &Ctx, item: Uuid) -> Result<StockItem> {
    ctx.allow(&KEEPERS)?;
    let row = stock::get(&mut ctx.read().await?, item).await?;
    row.ok_or(Error::Problem(Problem::NotFound))?.try_into()
}

/// An item of the stock table with the newest movement that somebody wrote down, or [`Uuid::nil`] where
/// nobody has: what a correction starts from.
///
/// # Errors
/// As [`get`].
pub async fn to_correct(ctx: &Ctx, item: Uuid) -> Result<(StockItem, Uuid)> {
    ctx.allow(&KEEPERS)?;
    let mut tx = ctx.read().await?;
    let row = stock::get(&mut tx, item).await?;
    let last = stock::newest_by_hand(&mut tx, item).await?;
    let row = row.ok_or(Error::Problem(Problem::NotFound))?;
    Ok((row.try_into()?, last.unwrap_or_default()))
}
