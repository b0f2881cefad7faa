//! The demo's campuses, and what they sell.

use crate::ctx::Ctx;
use crate::{Result, catalogue};
use domain::stock::MovementKind;
use serde_json::json;
use storage::menu::MenuItemRow;
use storage::stock::{self, NewMovement, NewStock};
use storage::{campus, menu};

/// Makes the demo's campuses with their menus and the first portions of each item, where the
/// institution has no campus yet. For the installation itself.
///
/// # Errors
/// For others as [`Ctx::allow`].
pub async fn seed(ctx: &Ctx) -> Result<()> {
    ctx.allow(&[])?;
    if !campus::all(&mut ctx.read().await?).await?.is_empty() {
        return Ok(());
    }
    let menus = catalogue::menus(ctx.service.catalogue()).await?;
    let at = ctx.now();
    let mut tx = ctx.write().await?;
    let (mut items, mut counted, mut received) = (Vec::new(), Vec::new(), Vec::new());
    for written in menus.iter() {
        let campus = written.campus(ctx.service.next_id());
        if !campus::insert(&mut tx, &campus).await? {
            // Another process of the same database was faster.
            return Ok(());
        }
        for (position, offered) in (1..).zip(&written.items) {
            let item = MenuItemRow {
                id: ctx.service.next_id(),
                campus_id: campus.id,
                kind: offered.kind.clone(),
                name: offered.name.clone(),
                price: offered.price,
                options: offered.options.clone(),
                sale: offered.sale.clone(),
                minutes: offered.minutes,
                active: true,
                position,
                station: offered.station,
            };
            counted.push(NewStock {
                item_id: item.id,
                low_mark: offered.low_mark,
            });
            if offered.stock > 0 {
                received.push(NewMovement {
                    id: ctx.service.next_id(),
                    item_id: item.id,
                    kind: MovementKind::Received,
                    quantity: offered.stock,
                    cause: format!("demo:{}", item.id),
                    order_id: None,
                    actor_id: None,
                    note: String::new(),
                    at,
                });
            }
            items.push(item);
        }
    }
    menu::insert(&mut tx, &items).await?;
    stock::open(&mut tx, &counted).await?;
    stock::record(&mut tx, received).await?;
    let made = json!({ "campuses": menus.len(), "items": items.len() });
    ctx.audit_change(&mut tx, ("menu.seed", "demo"), &json!({}), &made)
        .await?;
    tx.commit().await?;
    tracing::info!(items = items.len(), "made the demo's menus");
    Ok(())
}
