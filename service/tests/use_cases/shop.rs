//! A campus with something to sell, and members who order there.

use crate::engines::Engine;
use crate::{NOW, Product};
use domain::dish::DishId;
use domain::menu::{Campus, CampusState, MenuItemKind, Opening, OpeningHours, Options, Sale};
use domain::order::LineDraft;
use domain::payment::GatewayKind;
use domain::stock::MovementKind;
use domain::text::Localized;
use service::order::{Accepted, PlaceOrder};
use service::{Actor, Ctx, Error, payments};
use storage::Tx;
use storage::menu::MenuItemRow;
use storage::stock::{NewMovement, NewStock};
use uuid::Uuid;

pub const CAMPUS: &str = "north";
/// A slot that is two hours after [`NOW`].
pub const SLOT: i64 = NOW + 2 * 3600 * 1_000_000;
/// What the soup costs.
pub const PRICE: i64 = 450;

/// Has a campus take these ways to pay, by somebody who has just looked.
pub async fn takes(ctx: &Ctx, campus: &str, gateways: &[GatewayKind]) -> Result<(), Error> {
    let known = payments::all(ctx).await.unwrap_or_default();
    let known = known.into_iter().find(|one| one.campus.slug == campus);
    let seen = known.map_or_else(Vec::new, |one| one.accepted);
    payments::accept(ctx, campus, &seen, gateways).await
}

/// What is sold.
pub struct Shop {
    pub campus: Uuid,
    pub soup: Uuid,
    pub salad: Uuid,
}

pub fn both(text: &str) -> Localized<String> {
    Localized {
        en: text.to_owned(),
        es: text.to_owned(),
    }
}

fn all_day() -> OpeningHours {
    let day = vec![Opening {
        opens: 0,
        closes: 1440,
    }];
    OpeningHours(std::array::from_fn(|_| day.clone()))
}

impl Shop {
    /// Opens a campus that sells so many portions of two dishes, and so many orders a slot.
    pub async fn open(product: &Product, portions: i64, slot_capacity: i64) -> Self {
        let ctx = product.ctx(Actor::System);
        let shop = Self {
            campus: ctx.service.next_id(),
            soup: ctx.service.next_id(),
            salad: ctx.service.next_id(),
        };
        let mut tx = ctx.institution.db.write().await.unwrap();
        let campus = Campus {
            id: shop.campus,
            slug: CAMPUS.to_owned(),
            name: both("North"),
            currency: "USD".to_owned(),
            state: CampusState::Open,
            hours: all_day(),
            slot_minutes: 15,
            slot_capacity,
            lead_minutes: 15,
        };
        assert!(storage::campus::insert(&mut tx, &campus).await.unwrap());
        for (position, id) in [shop.soup, shop.salad].into_iter().enumerate() {
            shop.sell(&mut tx, &ctx, id, position, portions).await;
        }
        tx.commit().await.unwrap();
        shop
    }

    /// Sells a dish more.
    pub async fn add(&self, product: &Product, id: Uuid, position: usize) {
        let ctx = product.ctx(Actor::System);
        let mut tx = ctx.institution.db.write().await.unwrap();
        self.sell(&mut tx, &ctx, id, position, 100).await;
        tx.commit().await.unwrap();
    }

    /// Puts the catalogue's dish at a position on the menu, with so many portions.
    async fn sell(&self, tx: &mut Tx, ctx: &Ctx, id: Uuid, position: usize, portions: i64) {
        let dishes = &ctx.service.catalogue().dishes;
        let item = MenuItemRow {
            id,
            campus_id: self.campus,
            kind: MenuItemKind::Dish(DishId(dishes[position].id.0.clone())),
            name: both("Dish"),
            price: PRICE,
            options: Options::default(),
            sale: Sale::always(),
            minutes: 10,
            active: true,
            position: position as i64,
            station: Default::default(),
        };
        storage::menu::insert(tx, &[item]).await.unwrap();
        let stock = NewStock {
            item_id: id,
            low_mark: 0,
        };
        storage::stock::open(tx, &[stock]).await.unwrap();
        let received = NewMovement {
            id: ctx.service.next_id(),
            item_id: id,
            kind: MovementKind::Received,
            quantity: portions,
            cause: format!("test:{id}"),
            order_id: None,
            actor_id: None,
            note: String::new(),
            at: NOW,
        };
        storage::stock::record(tx, vec![received]).await.unwrap();
    }

    /// An order of soup.
    pub fn order(&self, key: &str, quantity: i64) -> PlaceOrder {
        PlaceOrder {
            key: key.to_owned(),
            campus: CAMPUS.to_owned(),
            slot_at: SLOT,
            gateway: GatewayKind::Simulated,
            payment_method: None,
            lines: vec![LineDraft {
                item_id: self.soup,
                quantity,
                options: Default::default(),
                unit_price: PRICE,
            }],
        }
    }

    pub async fn place(&self, ctx: &Ctx, key: &str, quantity: i64) -> Result<Accepted, Error> {
        service::order::place(ctx, self.order(key, quantity)).await
    }
}

/// What the gateway's own ledger says was taken and given back, in minor units.
pub async fn charged_and_refunded(engine: &Engine) -> (i64, i64) {
    let ledger = storage::ledger::Ledger::open(&engine.database, &engine.slug)
        .await
        .unwrap();
    let charges = ledger.charges().await.unwrap();
    ledger.db().close().await;
    let made = charges
        .iter()
        .filter(|charge| charge.decision == storage::ledger::Decision::Approved);
    let sum = |charge: &storage::ledger::Charge| charge.amount;
    (
        made.clone().map(sum).sum(),
        made.filter(|charge| charge.refund_key.is_some())
            .map(sum)
            .sum(),
    )
}
