//! Server functions of campuses, and what they send.

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A campus in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampusLine {
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// The tone of its state, and the state in words.
    pub state: (String, String),
    /// "15 min".
    pub slot: String,
    /// How many orders a slot takes.
    pub capacity: String,
    /// "20 min".
    pub lead: String,
    /// ISO 4217.
    pub currency: String,
}

/// A campus as its editor shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampusView {
    /// What a list shows of it.
    pub line: CampusLine,
    /// The version that is shown.
    pub version: i64,
    /// Its English name.
    pub name_en: String,
    /// Its Spanish name.
    pub name_es: String,
    /// The times of each weekday: "07:30-10:00, 12:00-15:00".
    pub hours: Vec<String>,
    /// How long a slot is, in minutes.
    pub slot_minutes: String,
    /// How many orders a slot takes.
    pub slot_capacity: String,
    /// How long before a slot an order must come, in minutes.
    pub lead_minutes: String,
    /// `OPEN`, `BUSY` or `PAUSED`.
    pub state: String,
    /// What a busy kitchen needs besides, in minutes.
    pub minutes: String,
    /// Until when it is paused, on the institution's clocks.
    pub until: String,
    /// Whether whoever looks may change it.
    pub may_edit: bool,
    /// Whether whoever looks may see the audit log.
    pub may_see_log: bool,
}

/// Every campus.
#[server(endpoint = "admin/campuses")]
pub async fn get_campuses() -> Result<Vec<CampusLine>, AppError> {
    super::build::campuses(&crate::context::ctx()?).await
}

/// A campus as it is edited.
#[server(endpoint = "admin/campus")]
pub async fn get_campus_editor(slug: String) -> Result<CampusView, AppError> {
    super::build::campus(&crate::context::ctx()?, &slug).await
}

/// Changes a campus, and leads back to it. The times are those of Monday to Sunday.
#[server(endpoint = "admin/campus/save")]
#[allow(clippy::too_many_arguments, reason = "one for each field of the form")]
pub async fn save_campus(
    #[server(default)] campus: String,
    #[server(default)] version: i64,
    #[server(default)] name_en: String,
    #[server(default)] name_es: String,
    #[server(default)] hours_1: String,
    #[server(default)] hours_2: String,
    #[server(default)] hours_3: String,
    #[server(default)] hours_4: String,
    #[server(default)] hours_5: String,
    #[server(default)] hours_6: String,
    #[server(default)] hours_7: String,
    #[server(default)] slot_minutes: String,
    #[server(default)] slot_capacity: String,
    #[server(default)] lead_minutes: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let hours = [
        hours_1, hours_2, hours_3, hours_4, hours_5, hours_6, hours_7,
    ];
    let numbers = [slot_minutes, slot_capacity, lead_minutes];
    super::build::save(&ctx, &campus, version, (name_en, name_es), hours, numbers).await?;
    leptos_axum::redirect(&format!("/admin/campuses/{campus}?saved=1"));
    Ok(())
}

/// Sets how a campus takes orders, and leads back to it.
#[server(endpoint = "admin/campus/state")]
pub async fn set_state(
    #[server(default)] campus: String,
    #[server(default)] state: String,
    #[server(default)] minutes: String,
    #[server(default)] until: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let state = super::build::state(&ctx, &state, &minutes, &until)?;
    service::menu::set_campus_state(&ctx, &campus, state).await?;
    leptos_axum::redirect(&format!("/admin/campuses/{campus}?saved=1"));
    Ok(())
}
