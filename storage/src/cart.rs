//! Carts: of accounts, and of visitors by the hash of what their browser's cookie carries.

use crate::statement::{execute, later, optional, rows, statements};
use crate::{Result, Tx};
use domain::cart::Cart;
use domain::dish::DishId;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    OF_ACCOUNT(1) = "SELECT id, campus_id, lines FROM cart WHERE account_id = $1";
    OF_VISITOR(1) = "SELECT id, campus_id, lines FROM cart WHERE token_hash = $1";
    OPEN_OF_ACCOUNT(4) = "INSERT INTO cart (id, account_id, lines, updated_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id) DO UPDATE SET updated_at = excluded.updated_at
        RETURNING id, campus_id, lines";
    OPEN_OF_VISITOR(4) = "INSERT INTO cart (id, token_hash, lines, updated_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (token_hash) DO UPDATE SET updated_at = excluded.updated_at
        RETURNING id, campus_id, lines";
    HOLD_OF_ACCOUNT(2) = "UPDATE cart SET updated_at = $2 WHERE account_id = $1 RETURNING id, campus_id, lines";
    HOLD_OF_VISITOR(2) = "UPDATE cart SET updated_at = $2 WHERE token_hash = $1 RETURNING id, campus_id, lines";
    PUT(3) = "UPDATE cart SET campus_id = $2, lines = $3 WHERE id = $1";
    TAKE_OF_VISITOR(1) = "DELETE FROM cart WHERE token_hash = $1 RETURNING id, campus_id, lines";
    SOLD(1) = "SELECT campus.id, wanted.value, menu_item.id
        FROM json_each($1) AS wanted CROSS JOIN campus CROSS JOIN menu_item ON menu_item.campus_id = campus.id
            AND menu_item.kind = 'DISH' AND menu_item.reference = wanted.value
        WHERE menu_item.active ORDER BY campus.slug, wanted.value"
      | "SELECT campus.id, wanted.dish, menu_item.id
        FROM jsonb_array_elements_text($1) AS wanted(dish) CROSS JOIN campus JOIN menu_item
            ON menu_item.campus_id = campus.id AND menu_item.kind = 'DISH' AND menu_item.reference = wanted.dish
        WHERE menu_item.active ORDER BY campus.slug, wanted.dish";
    DELETE_EXPIRED(2) = "DELETE FROM cart WHERE id IN (SELECT id FROM cart
        WHERE updated_at < $1 AND token_hash IS NOT NULL ORDER BY updated_at LIMIT $2)";
}

/// Whose a cart is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A member's.
    Account(Uuid),
    /// A visitor's: SHA-256 of the token in their cookie.
    Visitor([u8; 32]),
}

/// A cart as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCart {
    /// Its id.
    pub id: Uuid,
    /// Where it would be ordered; nothing where it is empty.
    pub campus_id: Option<Uuid>,
    /// What is in it.
    pub cart: Cart,
}

type Row = (Uuid, Option<Uuid>, Json<Cart>);

fn stored((id, campus_id, Json(cart)): Row) -> StoredCart {
    StoredCart {
        id,
        campus_id,
        cart,
    }
}

/// Somebody's cart, where they have one.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, owner: &Owner) -> Result<Option<StoredCart>> {
    let row = match owner {
        Owner::Account(id) => optional!(tx, Row, OF_ACCOUNT, id),
        Owner::Visitor(hash) => optional!(tx, Row, OF_VISITOR, hash.as_slice()),
    };
    Ok(row?.map(stored))
}

/// Somebody's cart, an empty one of this id where they had none; nobody else changes it until the
/// transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn open(tx: &mut Tx, owner: &Owner, id: Uuid, now: i64) -> Result<StoredCart> {
    let empty = Cart::default();
    let row = match owner {
        Owner::Account(account) => {
            optional!(tx, Row, OPEN_OF_ACCOUNT, id, account, Json(&empty), now)
        }
        Owner::Visitor(hash) => optional!(
            tx,
            Row,
            OPEN_OF_VISITOR,
            id,
            hash.as_slice(),
            Json(&empty),
            now
        ),
    };
    // The statement always gives a row: the one that was there, or this.
    Ok(row?.map_or(
        StoredCart {
            id,
            campus_id: None,
            cart: empty,
        },
        stored,
    ))
}

/// Somebody's cart, where they have one; nobody else changes it until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn hold(tx: &mut Tx, owner: &Owner, now: i64) -> Result<Option<StoredCart>> {
    let row = match owner {
        Owner::Account(id) => optional!(tx, Row, HOLD_OF_ACCOUNT, id, now),
        Owner::Visitor(hash) => optional!(tx, Row, HOLD_OF_VISITOR, hash.as_slice(), now),
    };
    Ok(row?.map(stored))
}

/// Replaces what is in a cart that this transaction has opened or holds.
///
/// # Errors
/// Where the database does.
pub async fn put(tx: &mut Tx, cart: &StoredCart) -> Result<()> {
    later!(tx, PUT, cart.id, cart.campus_id, Json(&cart.cart))
}

/// Takes a visitor's cart away and gives what was in it.
///
/// # Errors
/// Where the database does.
pub async fn take(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<StoredCart>> {
    Ok(optional!(tx, Row, TAKE_OF_VISITOR, token_hash)?.map(stored))
}

/// Which campuses sell which of the dishes at present, by the campus's slug: the campus, the dish, the
/// item.
///
/// # Errors
/// Where the database does.
pub async fn sold(tx: &mut Tx, dishes: &[DishId]) -> Result<Vec<(Uuid, DishId, Uuid)>> {
    let rows = rows!(tx, (Uuid, String, Uuid), SOLD, Json(dishes))?;
    Ok(rows
        .into_iter()
        .map(|(campus, dish, item)| (campus, DishId(dish), item))
        .collect())
}

/// Forgets up to `limit` visitors' carts that nobody has changed since a moment; gives how many.
///
/// # Errors
/// Where the database does.
pub async fn delete_expired(tx: &mut Tx, before: i64, limit: i64) -> Result<u64> {
    execute!(tx, DELETE_EXPIRED, before, limit)
}
