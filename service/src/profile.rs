//! Members' profiles.

use crate::ctx::Ctx;
use crate::difference::hidden;
use crate::{Error, Result};
use domain::dish::DishId;
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use domain::profile::{Profile, ProfileDraft};
use serde_json::{Value, json};
use storage::profile;

/// Checks a draft and stores it as the member's profile.
///
/// # Errors
/// [`Problem::Invalid`] with every field that is refused.
pub async fn put(ctx: &Ctx, draft: &ProfileDraft) -> Result<Profile> {
    let account = ctx.account_id()?;
    let mut fields = draft.validate().err().unwrap_or_default();
    // A field is refused once: what has a wrong form, or is too long, is not looked up as well.
    let dishes_refused = fields
        .iter()
        .any(|refused| refused.field.starts_with("dislikedDishes"));
    for (index, id) in draft
        .disliked_dishes
        .iter()
        .enumerate()
        .filter(|_| !dishes_refused)
    {
        if ctx.service.catalogue.dish(&DishId(id.clone())).is_none() {
            fields.push(InvalidField::new(
                format!("dislikedDishes[{index}]"),
                InvalidCode::NotInCatalogue,
            ));
        }
    }
    if fields.is_empty() && !draft.disliked_foods.is_empty() {
        let numbers: Vec<&str> = draft.disliked_foods.iter().map(String::as_str).collect();
        let known = storage::food::known(&mut ctx.read().await?, &numbers).await?;
        for (index, number) in draft.disliked_foods.iter().enumerate() {
            if !known.contains(number) {
                fields.push(InvalidField::new(
                    format!("dislikedFoods[{index}]"),
                    InvalidCode::NotInCatalogue,
                ));
            }
        }
    }
    if !fields.is_empty() {
        return Err(Error::invalid_fields(fields));
    }
    let valid = draft.validate().map_err(Error::invalid_fields)?;
    let mut tx = ctx.write().await?;
    let before = profile::get(&mut tx, account).await?;
    profile::put(&mut tx, account, &valid, ctx.now()).await?;
    let before = match &before {
        Some(before) => told(before)?,
        None => json!({}),
    };
    let subject = account.to_string();
    // What somebody weighs and may not eat is nobody's business.
    ctx.audit_masked(
        &mut tx,
        ("profile.put", &subject),
        (&before, &told(&valid)?),
        hidden,
    )
    .await?;
    tx.commit().await?;
    Ok(valid)
}

/// A profile by its fields, each as a whole.
fn told(profile: &Profile) -> Result<Value> {
    let fields = serde_json::to_value(profile).map_err(Error::internal)?;
    let whole = |value: &Value| match value {
        Value::Null => Value::Null,
        value => Value::from(value.to_string()),
    };
    Ok(fields
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), whole(value)))
        .collect())
}

/// The member's profile, where they have one.
///
/// # Errors
/// [`Problem::Unauthenticated`] where nobody has signed in.
pub async fn find(ctx: &Ctx) -> Result<Option<Profile>> {
    let account = ctx.account_id()?;
    Ok(profile::get(&mut ctx.read().await?, account).await?)
}

/// The member's profile.
///
/// # Errors
/// [`Problem::NotFound`] where they have none.
pub async fn get(ctx: &Ctx) -> Result<Profile> {
    find(ctx).await?.ok_or(Error::Problem(Problem::NotFound))
}
