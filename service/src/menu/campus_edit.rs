//! Campuses as administrators edit them: what they are called, when they hand out meals, and their slots.

use super::read::of_slug;
use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::account::Role;
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::{Campus, OpeningHours};
use domain::problem::Problem;
use domain::text::Localized;
use serde_json::{Value, json};
use storage::menu_edit;

/// Who may edit menus and campuses.
pub(super) const EDITORS: [Role; 1] = [Role::Admin];
/// Who may see how they are set.
pub(super) const VIEWERS: [Role; 2] = [Role::Admin, Role::Operator];
/// The longest name, in characters.
const NAME_MOST: i64 = 100;
/// The most times a day between which a campus is open.
const OPENINGS_MOST: i64 = 6;
/// The most orders of a slot.
const CAPACITY_MOST: i64 = 100_000;

/// What a campus is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampusDraft {
    /// The version that whoever edits it has seen.
    pub version: i64,
    /// Its name for people.
    pub name: Localized<String>,
    /// When it hands out meals.
    pub hours: OpeningHours,
    /// How long a slot is.
    pub slot_minutes: i64,
    /// How many orders one slot takes.
    pub slot_capacity: i64,
    /// How long before a slot at the least an order must come, in minutes.
    pub lead_minutes: i64,
}

/// A campus with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampusForEdit {
    /// The campus.
    pub campus: Campus,
    /// Grows with each change.
    pub version: i64,
}

/// Whether whoever asks may edit menus and campuses, so that pages show forms only to them.
#[must_use]
pub fn may_edit(ctx: &Ctx) -> bool {
    ctx.allow(&EDITORS).is_ok()
}

/// Lets only those pass who may see how menus and campuses are set, as to a list of what is public anyway.
///
/// # Errors
/// For others than administrators and operators as [`Ctx::allow`].
pub fn check_viewer(ctx: &Ctx) -> Result<()> {
    ctx.allow(&VIEWERS)
}

/// A campus and its version.
///
/// # Errors
/// [`Problem::NotFound`] where there is none of that slug; for others than administrators and operators as
/// [`Ctx::allow`].
pub async fn campus_for_edit(ctx: &Ctx, slug: &str) -> Result<CampusForEdit> {
    ctx.allow(&VIEWERS)?;
    let mut tx = ctx.read().await?;
    let campus = of_slug(&mut tx, slug).await?;
    let version = menu_edit::campus_version(&mut tx, campus.id).await?;
    Ok(CampusForEdit {
        campus,
        version: version.ok_or(Error::Problem(Problem::NotFound))?,
    })
}

/// Refuses a name that is none, in one language or another.
pub(super) fn check_name(fields: &mut Vec<InvalidField>, name: &Localized<String>) {
    for (field, text) in [("name.en", &name.en), ("name.es", &name.es)] {
        let text = text.trim();
        let code = match text.chars().count() as i64 {
            0 => InvalidCode::Required,
            length if length > NAME_MOST => InvalidCode::TooLong { max: NAME_MOST },
            _ if text.chars().any(char::is_control) => InvalidCode::Malformed,
            _ => continue,
        };
        fields.push(InvalidField::new(field, code));
    }
}

pub(super) fn within(
    fields: &mut Vec<InvalidField>,
    field: &str,
    value: i64,
    (min, max): (i64, i64),
) {
    if !(min..=max).contains(&value) {
        fields.push(InvalidField::new(
            field,
            InvalidCode::OutOfRange { min, max },
        ));
    }
}

fn check(draft: &CampusDraft) -> Result<()> {
    let mut fields = Vec::new();
    check_name(&mut fields, &draft.name);
    for (day, openings) in draft.hours.0.iter().enumerate() {
        if openings.len() as i64 > OPENINGS_MOST {
            let code = InvalidCode::TooLong { max: OPENINGS_MOST };
            fields.push(InvalidField::new(format!("hours[{day}]"), code));
        }
    }
    if let Err(fault) = draft.hours.check() {
        let field = format!("hours[{}]", fault.weekday);
        if fields.iter().all(|known| known.field != field) {
            fields.push(InvalidField::new(field, InvalidCode::BadHours));
        }
    }
    within(&mut fields, "slotMinutes", draft.slot_minutes, (1, 240));
    let capacity = (0, CAPACITY_MOST);
    within(&mut fields, "slotCapacity", draft.slot_capacity, capacity);
    within(&mut fields, "leadMinutes", draft.lead_minutes, (0, 1440));
    if fields.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid_fields(fields))
    }
}

fn told(campus: &Campus) -> Value {
    json!({
        "name": campus.name, "hours": campus.hours, "slotMinutes": campus.slot_minutes,
        "slotCapacity": campus.slot_capacity, "leadMinutes": campus.lead_minutes,
    })
}

/// Changes a campus. What was ordered stays ordered, also for slots that are no more; a slot takes no fewer
/// orders than it has.
///
/// # Errors
/// [`Problem::Invalid`] by field; [`Problem::Conflict`] where somebody else has changed it since;
/// [`Problem::NotFound`] where there is none of that slug; for others than administrators as [`Ctx::allow`].
pub async fn edit_campus(ctx: &Ctx, slug: &str, draft: &CampusDraft) -> Result<CampusForEdit> {
    ctx.allow(&EDITORS)?;
    check(draft)?;
    let mut tx = ctx.write().await?;
    let before = of_slug(&mut tx, slug).await?;
    let after = Campus {
        name: Localized {
            en: draft.name.en.trim().to_owned(),
            es: draft.name.es.trim().to_owned(),
        },
        hours: draft.hours.clone(),
        slot_minutes: draft.slot_minutes,
        slot_capacity: draft.slot_capacity,
        lead_minutes: draft.lead_minutes,
        ..before.clone()
    };
    if !menu_edit::update_campus(&mut tx, &after, draft.version).await? {
        return Err(Problem::Conflict.into());
    }
    let change = ("campus.edit", slug);
    ctx.audit_change(&mut tx, change, &told(&before), &told(&after))
        .await?;
    tx.commit().await?;
    Ok(CampusForEdit {
        campus: after,
        version: draft.version + 1,
    })
}
