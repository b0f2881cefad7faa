//! Server functions of the editor, and what they send.

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An item as its editor shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditorView {
    /// Its id; empty for a new one.
    pub id: String,
    /// What it is called; empty for a new one.
    pub name: String,
    /// The campus: its name in addresses, and for people.
    pub campus: (String, String),
    /// ISO 4217.
    pub currency: String,
    /// The version that is shown.
    pub version: i64,
    /// "54.20".
    pub price: String,
    /// How long it takes to make.
    pub minutes: String,
    /// Its place on the menu.
    pub position: String,
    /// Where in the kitchen it is made, by its name on the wire.
    pub station: String,
    /// Whether it is sold at present.
    pub active: bool,
    /// On which weekdays, 0 is Monday.
    pub days: Vec<String>,
    /// "07:30".
    pub from: String,
    /// "24:00".
    pub until: String,
    /// Its groups of options.
    pub groups: Vec<GroupView>,
    /// The rules between them: the option, the kind, the other option.
    pub rules: Vec<(String, String, String)>,
    /// The options that there are: their keys, and their names with what they usually cost.
    pub options: Vec<(String, String)>,
    /// Dishes and products that can be put on the menu, for a new one: `DISH:chilaquiles` and the name.
    pub choices: Vec<(String, String)>,
    /// In how many orders that have not ended it is.
    pub living: i64,
    /// Whether it was taken off the menu.
    pub deleted: bool,
    /// Whether whoever looks may change it.
    pub may_edit: bool,
    /// Whether whoever looks may see the audit log.
    pub may_see_log: bool,
}

/// A group of options.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GroupView {
    /// Names it within the item.
    pub key: String,
    /// Its English name.
    pub en: String,
    /// Its Spanish name.
    pub es: String,
    /// At least so many.
    pub min: String,
    /// At most so many.
    pub max: String,
    /// The options: their keys and prices.
    pub options: Vec<(String, String)>,
}

/// An item as it is edited.
#[server(endpoint = "admin/menu/item")]
pub async fn get_editor(id: String) -> Result<EditorView, AppError> {
    super::build::editor(&crate::context::ctx()?, &id).await
}

/// What a new item of a campus starts from.
#[server(endpoint = "admin/menu/new")]
pub async fn get_new_item(#[server(default)] campus: String) -> Result<EditorView, AppError> {
    super::build::new_item(&crate::context::ctx()?, &campus).await
}

/// Changes an item, or puts one on a menu where none is named, and leads to it. `options` has what the
/// form's rows say, by their names.
#[server(endpoint = "admin/menu/save")]
#[allow(clippy::too_many_arguments, reason = "one for each field of the form")]
pub async fn save_menu_item(
    #[server(default)] item: String,
    #[server(default)] version: i64,
    #[server(default)] campus: String,
    #[server(default)] currency: String,
    #[server(default)] what: String,
    #[server(default)] low_mark: String,
    #[server(default)] price: String,
    #[server(default)] minutes: String,
    #[server(default)] position: String,
    #[server(default)] station: String,
    #[server(default)] active: String,
    #[server(default)] days: Vec<String>,
    #[server(default)] from: String,
    #[server(default)] until: String,
    #[server(default)] options: BTreeMap<String, String>,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let form = super::build::Typed {
        price,
        minutes,
        position,
        station,
        active,
        days,
        from,
        until,
        options,
    };
    let id = if item.is_empty() {
        super::build::create(&ctx, &campus, &what, &low_mark, &currency, &form).await?
    } else {
        super::build::update(&ctx, &item, version, &currency, &form).await?
    };
    leptos_axum::redirect(&format!("/admin/menu/{id}?saved=1"));
    Ok(())
}

/// Takes an item off its menu, and leads to that.
#[server(endpoint = "admin/menu/delete")]
pub async fn delete_menu_item(
    #[server(default)] item: String,
    #[server(default)] version: i64,
    #[server(default)] campus: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let id = service::plan::parse_id(&item)?;
    service::menu::delete_item(&ctx, id, version).await?;
    let id = id.to_string();
    let back =
        crate::pages::admin::list::address("/admin/menu", &[("campus", &campus), ("deleted", &id)]);
    leptos_axum::redirect(&back);
    Ok(())
}

/// Puts an item back on its menu, and leads to it.
#[server(endpoint = "admin/menu/restore")]
pub async fn restore_menu_item(
    #[server(default)] item: String,
    #[server(default)] version: i64,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let id = service::plan::parse_id(&item)?;
    service::menu::restore_item(&ctx, id, version).await?;
    leptos_axum::redirect(&format!("/admin/menu/{id}?saved=1"));
    Ok(())
}
