//! Menus as administrators edit them: what is sold, for how much, when, and with which options.

use super::campus_edit::{EDITORS, VIEWERS, within};
use super::read::of_slug;
use crate::catalogue;
use crate::ctx::Ctx;
use crate::sheet::sheet;
use crate::{Error, Result};
use domain::invalid::{InvalidCode, InvalidField};
use domain::kitchen::Station;
use domain::menu::{Campus, MenuItemKind, Options, OptionsDraft, Sale, fault_fields};
use domain::problem::Problem;
use domain::text::{Language, Localized, folded};
use serde_json::{Value, json};
use storage::menu::{ITEMS_MOST, MenuItemRow};
use storage::menu_edit::{self, EditedItem};
use storage::stock::{self, NewStock};
use storage::{Tx, campus, menu};
use uuid::Uuid;

/// The highest price, in minor units.
const PRICE_MOST: i64 = 100_000_000;
/// The longest text that is looked for, in characters.
const TEXT_MOST: i64 = 100;
/// How many items a page of the list may hold.
const PAGE_MOST: i64 = 100;
/// How far the orders are counted that an item is in.
const LIVING_MOST: i64 = 1000;
/// The longest name of a group, in characters.
const GROUP_NAME_MOST: usize = 100;

/// Which standing an item of a menu has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Sold at present.
    Active,
    /// On the menu, and not sold at present.
    Inactive,
    /// Taken off the menu.
    Deleted,
}

/// By what the list is put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MenuSort {
    /// As on the menu.
    #[default]
    Place,
    /// By what they are called.
    Name,
    /// By what they cost.
    Price,
}

impl MenuSort {
    /// Every order.
    pub const ALL: [Self; 3] = [Self::Place, Self::Name, Self::Price];

    /// The name on the wire and in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Place => "PLACE",
            Self::Name => "NAME",
            Self::Price => "PRICE",
        }
    }

    /// The order of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.key() == key)
    }
}

/// Which items of a campus' menu, and which part of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFilter {
    /// The campus' slug; the first campus where absent.
    pub campus: Option<String>,
    /// Words of the name, in any language.
    pub text: Option<String>,
    /// `DISH` or `PRODUCT`.
    pub kind: Option<String>,
    /// `ACTIVE`, `INACTIVE` or `DELETED`; those that are on the menu where absent.
    pub standing: Option<String>,
    /// In which order.
    pub sort: MenuSort,
    /// The other way round.
    pub descending: bool,
    /// Which page, from 1.
    pub page: i64,
    /// How many items a page has.
    pub limit: i64,
}

impl Default for RecordFilter {
    fn default() -> Self {
        Self {
            campus: None,
            text: None,
            kind: None,
            standing: None,
            sort: MenuSort::default(),
            descending: false,
            page: 1,
            limit: PAGE_MOST,
        }
    }
}

/// An item in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRecord {
    /// The item.
    pub item: EditedItem,
    /// Portions that anybody may have.
    pub left: i64,
}

impl ItemRecord {
    /// Its standing.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match (self.item.deleted_at, self.item.active) {
            (Some(_), _) => Standing::Deleted,
            (None, true) => Standing::Active,
            (None, false) => Standing::Inactive,
        }
    }
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 3] = [Self::Active, Self::Inactive, Self::Deleted];

    /// The name on the wire and in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Deleted => "DELETED",
        }
    }

    /// The standing of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }
}

/// A page of a campus' items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuRecords {
    /// The campus; nothing where there is none.
    pub campus: Option<Campus>,
    /// The page's items.
    pub items: Vec<ItemRecord>,
    /// How many match on all pages.
    pub count: i64,
    /// How many pages that makes; one where nothing matches.
    pub pages: i64,
    /// Every campus, by its slug, and what it is called.
    pub campuses: Vec<(String, Localized<String>)>,
}

/// What an item is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemDraft {
    /// The price of one without options, in minor units of the campus's currency.
    pub price: i64,
    /// How long it takes to make, in minutes.
    pub minutes: i64,
    /// Whether it is sold at present.
    pub active: bool,
    /// Its place on the menu.
    pub position: i64,
    /// Where in the kitchen it is made.
    pub station: Station,
    /// When it is sold.
    pub sale: Sale,
    /// What may be chosen of it.
    pub options: OptionsDraft,
}

/// A dish or product to be put on a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// The campus' slug.
    pub campus: String,
    /// `DISH` or `PRODUCT`.
    pub kind: String,
    /// The dish or product in the catalogue.
    pub reference: String,
    /// With so many free portions, or fewer, somebody should see to it.
    pub low_mark: i64,
    /// What it is to be; its place is the last one where that is 0.
    pub draft: ItemDraft,
}

/// An item as its editor needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemForEdit {
    /// The item.
    pub item: EditedItem,
    /// Where it is sold.
    pub campus: Campus,
    /// In how many orders that have not ended it is; of very many not all are counted.
    pub living: i64,
}

/// A dish or product that a campus does not sell yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueChoice {
    /// `DISH` or `PRODUCT`.
    pub kind: &'static str,
    /// Its name in the catalogue.
    pub reference: String,
    /// Its name for people.
    pub name: Localized<String>,
}

/// An option that an item may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionChoice {
    /// Names it.
    pub key: String,
    /// Its name for people.
    pub name: Localized<String>,
    /// What it usually costs, in minor units.
    pub price: i64,
}

/// A page of a campus' items. A menu has at most 500, by one index.
///
/// # Errors
/// [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100 or the page not at least the first,
/// [`InvalidCode::UnknownChoice`] where there is no such campus, kind or standing; for others than
/// administrators and operators as [`Ctx::allow`].
pub async fn records(ctx: &Ctx, filter: &RecordFilter) -> Result<MenuRecords> {
    ctx.allow(&VIEWERS)?;
    let mut fields = Vec::new();
    within(&mut fields, "limit", filter.limit, (1, PAGE_MOST));
    within(&mut fields, "page", filter.page, (1, ITEMS_MOST));
    if !fields.is_empty() {
        return Err(Error::invalid_fields(fields));
    }
    let (campus, campuses, matching) = select(ctx, filter).await?;
    let count = matching.len() as i64;
    let begin = (filter.page - 1).saturating_mul(filter.limit);
    let items = matching
        .into_iter()
        .skip(begin as usize)
        .take(filter.limit as usize)
        .collect();
    Ok(MenuRecords {
        campus,
        items,
        count,
        pages: ((count + filter.limit - 1) / filter.limit).max(1),
        campuses,
    })
}

type Selected = (
    Option<Campus>,
    Vec<(String, Localized<String>)>,
    Vec<ItemRecord>,
);

/// The campus that is asked for, every campus, and the items that a filter lets through in their order.
async fn select(ctx: &Ctx, filter: &RecordFilter) -> Result<Selected> {
    let text = filter.text.as_deref().unwrap_or_default();
    if text.chars().count() as i64 > TEXT_MOST {
        return Err(Error::invalid(
            "text",
            InvalidCode::TooLong { max: TEXT_MOST },
        ));
    }
    let unknown = |field| Error::invalid(field, InvalidCode::UnknownChoice);
    let kind = filter.kind.as_deref();
    if kind.is_some_and(|kind| MenuItemKind::from_key(kind, "").is_none()) {
        return Err(unknown("kind"));
    }
    let standing = match filter.standing.as_deref() {
        None => None,
        Some(key) => Some(Standing::from_key(key).ok_or_else(|| unknown("standing"))?),
    };
    let mut tx = ctx.read().await?;
    let all = campus::all(&mut tx).await?;
    let campuses = all
        .iter()
        .map(|campus| (campus.slug.clone(), campus.name.clone()))
        .collect();
    let wanted = match filter.campus.as_deref() {
        None => all.into_iter().next(),
        Some(slug) => {
            let found = all.into_iter().find(|campus| campus.slug == slug);
            Some(found.ok_or_else(|| unknown("campus"))?)
        }
    };
    let Some(campus) = wanted else {
        return Ok((None, campuses, Vec::new()));
    };
    let items = menu_edit::list(&mut tx, campus.id, ITEMS_MOST).await?;
    let ids: Vec<Uuid> = items.iter().map(|item| item.id).collect();
    let left = stock::available(&mut tx, &ids).await?;
    drop(tx);
    let words = folded(text);
    let words: Vec<&str> = words.split_whitespace().collect();
    let is_meant = |item: &EditedItem| {
        let names = Language::ALL.map(|language| folded(item.name.get(language)));
        words
            .iter()
            .all(|word| names.iter().any(|name| name.contains(word)))
            && kind.is_none_or(|kind| item.kind.key() == kind)
    };
    let mut records: Vec<ItemRecord> = items
        .into_iter()
        .filter(is_meant)
        .map(|item| ItemRecord {
            left: left.get(&item.id).copied().unwrap_or_default(),
            item,
        })
        .filter(|record| match standing {
            Some(standing) => record.standing() == standing,
            None => record.standing() != Standing::Deleted,
        })
        .collect();
    match filter.sort {
        MenuSort::Place => {}
        MenuSort::Name => {
            records.sort_by_cached_key(|record| folded(record.item.name.get(ctx.language)));
        }
        MenuSort::Price => records.sort_by_key(|record| record.item.price),
    }
    if filter.descending {
        records.reverse();
    }
    Ok((Some(campus), campuses, records))
}

/// The items that a filter lets through as a file for a spreadsheet.
///
/// # Errors
/// As [`records`].
pub async fn export_csv(ctx: &Ctx, filter: &RecordFilter) -> Result<Vec<u8>> {
    ctx.allow(&VIEWERS)?;
    let (campus, _, records) = select(ctx, filter).await?;
    let (slug, currency) =
        campus.map_or_else(Default::default, |campus| (campus.slug, campus.currency));
    let rows = records.into_iter().map(|record| {
        let standing = record.standing().key().to_owned();
        let item = record.item;
        [
            item.id.to_string(),
            slug.clone(),
            item.kind.key().to_owned(),
            item.kind.reference().to_owned(),
            item.name.get(ctx.language).clone(),
            item.price.to_string(),
            currency.clone(),
            item.minutes.to_string(),
            standing,
            record.left.to_string(),
        ]
    });
    let columns = [
        "item",
        "campus",
        "kind",
        "reference",
        "name",
        "price_minor",
        "currency",
        "minutes",
        "standing",
        "free",
    ];
    sheet(columns, rows)
}

/// What a campus could put on its menu: the dishes and products that it does not sell yet, by name.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such campus; for others than administrators as [`Ctx::allow`].
pub async fn choices(ctx: &Ctx, campus: &str) -> Result<(Campus, Vec<CatalogueChoice>)> {
    ctx.allow(&EDITORS)?;
    let mut tx = ctx.read().await?;
    let campus = of_slug(&mut tx, campus).await?;
    let sold = menu_edit::list(&mut tx, campus.id, ITEMS_MOST).await?;
    let catalogue = ctx.service.catalogue();
    let dishes = catalogue.dishes.iter().map(|dish| {
        let kind = MenuItemKind::Dish(dish.id.clone());
        (kind, &dish.name)
    });
    let products = catalogue
        .products
        .iter()
        .map(|product| (product.kind(), &product.name));
    let mut choices: Vec<CatalogueChoice> = dishes
        .chain(products)
        .filter(|(kind, _)| {
            let known = sold.iter().find(|item| item.kind == *kind);
            known.is_none_or(|item| item.deleted_at.is_some())
        })
        .map(|(kind, name)| CatalogueChoice {
            kind: kind.key(),
            reference: kind.reference().to_owned(),
            name: name.clone(),
        })
        .collect();
    choices.sort_by_cached_key(|choice| (choice.kind, folded(choice.name.get(ctx.language))));
    Ok((campus, choices))
}

/// The options that items may have, in the order of the catalogue.
///
/// # Errors
/// For others than administrators and operators as [`Ctx::allow`].
pub async fn option_choices(ctx: &Ctx) -> Result<Vec<OptionChoice>> {
    ctx.allow(&VIEWERS)?;
    let library = catalogue::options().await?;
    Ok(library
        .choices()
        .map(|(key, name, price)| OptionChoice {
            key: key.to_owned(),
            name: name.clone(),
            price,
        })
        .collect())
}

/// An item with its campus and how many orders wait for it, also one that was taken off its menu.
///
/// # Errors
/// [`Problem::NotFound`] where there is none; for others than administrators and operators as [`Ctx::allow`].
pub async fn item_for_edit(ctx: &Ctx, id: Uuid) -> Result<ItemForEdit> {
    ctx.allow(&VIEWERS)?;
    for_edit(&mut ctx.read().await?, id).await
}

async fn for_edit(tx: &mut Tx, id: Uuid) -> Result<ItemForEdit> {
    let item = menu_edit::get(tx, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let campus = campus::by_id(tx, item.campus_id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let living = menu_edit::living_orders(tx, id, LIVING_MOST).await?;
    Ok(ItemForEdit {
        item,
        campus,
        living,
    })
}

/// In how many orders that have not ended an item is: what whoever takes it off a menu should know.
///
/// # Errors
/// As [`item_for_edit`].
pub async fn living_orders(ctx: &Ctx, id: Uuid) -> Result<i64> {
    ctx.allow(&VIEWERS)?;
    Ok(menu_edit::living_orders(&mut ctx.read().await?, id, LIVING_MOST).await?)
}

/// The options of a draft, checked: each is one that there is, and the rules can be kept.
async fn options_of(
    ctx: &Ctx,
    kind: &MenuItemKind,
    draft: &ItemDraft,
    had: &Options,
) -> Result<Options> {
    let mut fields = Vec::new();
    within(&mut fields, "price", draft.price, (0, PRICE_MOST));
    within(&mut fields, "minutes", draft.minutes, (0, 240));
    within(&mut fields, "position", draft.position, (0, 1_000_000));
    if draft.sale.days.is_empty() {
        fields.push(InvalidField::new("sale.days", InvalidCode::Required));
    } else if !draft.sale.is_sound() {
        fields.push(InvalidField::new("sale.from", InvalidCode::BadHours));
    }
    let groups = &draft.options.groups;
    let options = groups.iter().map(|group| group.options.len());
    if groups.len() > Options::GROUPS_MOST || options.sum::<usize>() > Options::OPTIONS_MOST {
        let code = InvalidCode::TooLong {
            max: Options::OPTIONS_MOST as i64,
        };
        fields.push(InvalidField::new("options.groups", code));
    }
    if draft.options.rules.len() > Options::RULES_MOST {
        let code = InvalidCode::TooLong {
            max: Options::RULES_MOST as i64,
        };
        fields.push(InvalidField::new("options.rules", code));
    }
    for (place, group) in groups.iter().enumerate() {
        for (language, name) in [("en", &group.name.en), ("es", &group.name.es)] {
            let field = format!("options.groups[{place}].name.{language}");
            if name.trim().is_empty() {
                fields.push(InvalidField::new(field, InvalidCode::Required));
            } else if name.chars().count() > GROUP_NAME_MOST {
                let max = GROUP_NAME_MOST as i64;
                fields.push(InvalidField::new(field, InvalidCode::TooLong { max }));
            }
        }
    }
    if !fields.is_empty() {
        return Err(Error::invalid_fields(fields));
    }
    let library = catalogue::options().await?;
    let catalogue = ctx.service.catalogue();
    let options = library.compose(catalogue, kind, &draft.options, had);
    let options = options.map_err(Error::invalid_fields)?;
    if let Err(faults) = options.check() {
        return Err(Error::invalid_fields(fault_fields(&options, faults)));
    }
    Ok(options)
}

/// What the audit log tells of an item.
fn told(item: &EditedItem) -> Value {
    json!({
        "price": item.price, "minutes": item.minutes, "active": item.active, "position": item.position,
        "station": item.station, "sale": item.sale, "options": OptionsDraft::from(&item.options),
        "deleted": item.deleted_at.is_some(),
    })
}

/// Puts a dish or product on a campus' menu. One that was taken off comes back as it is asked for.
///
/// # Errors
/// [`Problem::Invalid`] by field: what contradicts itself in the options is named, and
/// [`InvalidCode::AlreadyOnMenu`] is at `reference`; for others than administrators as [`Ctx::allow`].
pub async fn create_item(ctx: &Ctx, new: &NewItem) -> Result<ItemForEdit> {
    ctx.allow(&EDITORS)?;
    let kind = MenuItemKind::from_key(&new.kind, &new.reference)
        .ok_or_else(|| Error::invalid("kind", InvalidCode::UnknownChoice))?;
    let catalogue = ctx.service.catalogue();
    let name = match &kind {
        MenuItemKind::Dish(id) => catalogue.dish(id).map(|dish| &dish.name),
        MenuItemKind::Product(id) => catalogue.product(id).map(|product| &product.name),
    };
    let name = name.ok_or_else(|| Error::invalid("reference", InvalidCode::NotInCatalogue))?;
    if !(0..=1_000_000).contains(&new.low_mark) {
        let code = InvalidCode::OutOfRange {
            min: 0,
            max: 1_000_000,
        };
        return Err(Error::invalid("lowMark", code));
    }
    let options = options_of(ctx, &kind, &new.draft, &Options::default()).await?;
    let mut tx = ctx.write().await?;
    let unknown = Error::invalid("campus", InvalidCode::UnknownChoice);
    let campus = campus::by_slug(&mut tx, &new.campus)
        .await?
        .ok_or(unknown)?;
    let before = menu_edit::of_reference(&mut tx, campus.id, &kind).await?;
    let (items, last) = menu_edit::last_place(&mut tx, campus.id).await?;
    let position = match new.draft.position {
        0 => last + 1,
        position => position,
    };
    let id = match before {
        Some(item) if item.deleted_at.is_none() => {
            return Err(Error::invalid("reference", InvalidCode::AlreadyOnMenu));
        }
        Some(item) => {
            menu_edit::restore(&mut tx, item.id, item.version).await?;
            let after = EditedItem {
                price: new.draft.price,
                options,
                sale: new.draft.sale.clone(),
                minutes: new.draft.minutes,
                active: new.draft.active,
                position,
                station: new.draft.station,
                version: item.version + 1,
                deleted_at: None,
                ..item.clone()
            };
            if !menu_edit::update(&mut tx, &after).await? {
                return Err(Problem::Conflict.into());
            }
            let subject = item.id.to_string();
            let change = ("menu.restore", subject.as_str());
            ctx.audit_change(&mut tx, change, &told(&item), &told(&after))
                .await?;
            item.id
        }
        None => {
            if items >= ITEMS_MOST {
                let code = InvalidCode::TooLong { max: ITEMS_MOST };
                return Err(Error::invalid("campus", code));
            }
            let id = ctx.service.next_id();
            let row = MenuItemRow {
                id,
                campus_id: campus.id,
                kind: kind.clone(),
                name: name.clone(),
                price: new.draft.price,
                options,
                sale: new.draft.sale.clone(),
                minutes: new.draft.minutes,
                active: new.draft.active,
                position,
                station: new.draft.station,
            };
            match menu::insert(&mut tx, &[row]).await {
                Ok(()) => {}
                Err(storage::Error::Duplicate(_)) => {
                    return Err(Error::invalid("reference", InvalidCode::AlreadyOnMenu));
                }
                Err(error) => return Err(error.into()),
            }
            let counted = NewStock {
                item_id: id,
                low_mark: new.low_mark,
            };
            stock::open(&mut tx, &[counted]).await?;
            let after = json!({
                "campus": campus.slug, "kind": kind.key(), "reference": kind.reference(),
                "price": new.draft.price, "active": new.draft.active,
            });
            let subject = id.to_string();
            let change = ("menu.create", subject.as_str());
            ctx.audit_change(&mut tx, change, &Value::Null, &after)
                .await?;
            id
        }
    };
    let made = for_edit(&mut tx, id).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes an item that somebody has seen in a version.
///
/// # Errors
/// [`Problem::Invalid`] by field: what contradicts itself in the options is named; [`Problem::Conflict`]
/// where somebody else has changed it since, or it was taken off the menu; [`Problem::NotFound`] where there
/// is none; for others than administrators as [`Ctx::allow`].
pub async fn update_item(
    ctx: &Ctx,
    id: Uuid,
    version: i64,
    draft: &ItemDraft,
) -> Result<ItemForEdit> {
    ctx.allow(&EDITORS)?;
    let seen = menu_edit::get(&mut ctx.read().await?, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let options = options_of(ctx, &seen.kind, draft, &seen.options).await?;
    let mut tx = ctx.write().await?;
    let before = menu_edit::get(&mut tx, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let after = EditedItem {
        price: draft.price,
        options,
        sale: draft.sale.clone(),
        minutes: draft.minutes,
        active: draft.active,
        position: draft.position,
        station: draft.station,
        version,
        ..before.clone()
    };
    if !menu_edit::update(&mut tx, &after).await? {
        return Err(Problem::Conflict.into());
    }
    let subject = id.to_string();
    let change = ("menu.edit", subject.as_str());
    ctx.audit_change(&mut tx, change, &told(&before), &told(&after))
        .await?;
    let edited = for_edit(&mut tx, id).await?;
    tx.commit().await?;
    Ok(edited)
}

/// Takes an item off its menu: it is sold no more, and what was ordered of it keeps its line and is cooked.
///
/// # Errors
/// [`Problem::Conflict`] where somebody else has changed it since, or it is off already;
/// [`Problem::NotFound`] where there is none; for others than administrators as [`Ctx::allow`].
pub async fn delete_item(ctx: &Ctx, id: Uuid, version: i64) -> Result<()> {
    ctx.allow(&EDITORS)?;
    let mut tx = ctx.write().await?;
    let before = menu_edit::get(&mut tx, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    if !menu_edit::delete(&mut tx, id, version, ctx.now()).await? {
        return Err(Problem::Conflict.into());
    }
    let after = EditedItem {
        active: false,
        deleted_at: Some(ctx.now()),
        ..before.clone()
    };
    let subject = id.to_string();
    let change = ("menu.delete", subject.as_str());
    ctx.audit_change(&mut tx, change, &told(&before), &told(&after))
        .await?;
    Ok(tx.commit().await?)
}

/// Puts an item back on its menu, not sold at present.
///
/// # Errors
/// As [`delete_item`]; [`Problem::Conflict`] where it is on the menu.
pub async fn restore_item(ctx: &Ctx, id: Uuid, version: i64) -> Result<()> {
    ctx.allow(&EDITORS)?;
    let mut tx = ctx.write().await?;
    let before = menu_edit::get(&mut tx, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    if !menu_edit::restore(&mut tx, id, version).await? {
        return Err(Problem::Conflict.into());
    }
    let after = EditedItem {
        deleted_at: None,
        ..before.clone()
    };
    let subject = id.to_string();
    let change = ("menu.restore", subject.as_str());
    ctx.audit_change(&mut tx, change, &told(&before), &told(&after))
        .await?;
    Ok(tx.commit().await?)
}
