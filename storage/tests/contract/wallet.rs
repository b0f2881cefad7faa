//! Wallets: double entry, whoever moves money at the same time.

use crate::engines::{Engine, on_both_engines};
use crate::payments::campus;
use crate::work::in_tx;
use crate::{NOW, id, member};
use storage::Db;
use storage::wallet::{
    self, House, Line, Moved, NewTransfer, OwnTransfer, Transfer, TransferKind, Uneven,
};
use uuid::Uuid;

on_both_engines!(
    money_that_leaves_one_account_arrives_at_another,
    the_same_key_moves_money_once,
    nobody_has_less_than_nothing_or_more_than_they_may,
    a_payment_that_was_called_off_is_never_made,
    a_statement_is_read_page_by_page,
    currencies_are_kept_apart,
    a_transfer_is_its_members_own,
    what_does_not_add_up_is_found,
    many_who_pay_at_once_never_spend_more_than_there_is,
);

const MOST: i64 = 200_000;

/// A transfer of member 1, by its number.
fn new<'a>(number: u128, key: &'a str, kind: TransferKind, amount: i64) -> NewTransfer<'a> {
    NewTransfer {
        id: id(number),
        account_ids: [id(1_000_000 + number), id(2_000_000 + number)],
        key,
        kind,
        owner: id(1),
        house: match kind {
            TransferKind::TopUp => House::Card,
            TransferKind::Payment | TransferKind::Refund => House::Sales,
        },
        amount,
        currency: "MXN",
        balance_most: MOST,
        order_id: None,
        actor_id: None,
        note: "",
        at: NOW,
    }
}

/// Makes a transfer, and keeps what was written unless it was refused.
async fn make(db: &Db, new: &NewTransfer<'_>) -> Moved {
    let mut tx = db.write().await.unwrap();
    let moved = wallet::transfer(&mut tx, new).await.unwrap();
    if moved != Moved::Refused {
        tx.commit().await.unwrap();
    }
    moved
}

async fn balance(db: &Db, owner: u128) -> i64 {
    let mut tx = db.read().await.unwrap();
    let balances = wallet::balances(&mut tx, id(owner)).await.unwrap();
    balances.first().map_or(0, |balance| balance.balance)
}

async fn lines(db: &Db, before: Uuid, limit: i64) -> Vec<Line> {
    let mut tx = db.read().await.unwrap();
    let account = wallet::balances(&mut tx, id(1)).await.unwrap().remove(0).id;
    wallet::statement(&mut tx, account, before, limit)
        .await
        .unwrap()
}

async fn adds_up(db: &Db) {
    let mut tx = db.read().await.unwrap();
    assert_eq!(wallet::uneven(&mut tx).await.unwrap(), Uneven::default());
}

async fn money_that_leaves_one_account_arrives_at_another(engine: &Engine) {
    let db = engine.open().await;
    member(&db, 1).await;
    let top_up = new(1, "a", TransferKind::TopUp, 1000);
    let payment = NewTransfer {
        order_id: Some(id(77)),
        ..new(2, "b", TransferKind::Payment, -300)
    };
    let refund = NewTransfer {
        note: "cold",
        ..new(3, "c", TransferKind::Refund, 300)
    };
    for transfer in [&top_up, &payment, &refund] {
        assert_eq!(make(&db, transfer).await, Moved::Now);
        adds_up(&db).await;
    }
    assert_eq!(balance(&db, 1).await, 1000);
    let houses =
        "SELECT kind || ' ' || balance FROM wallet_account WHERE owner_id IS NULL ORDER BY kind";
    assert_eq!(engine.raw(houses).await, ["CARD -1000", "SALES 0"]);
    assert_eq!(in_tx!(db, wallet::moved, id(77), "b"), -300);
    assert_eq!(in_tx!(db, wallet::moved, id(77), "c"), 0, "another key");
    let line = |number, kind, other, amount, order_id, note: &str| Line {
        id: id(number),
        kind,
        other,
        amount,
        order_id,
        note: note.to_owned(),
        at: NOW,
    };
    assert_eq!(
        lines(&db, Uuid::max(), 10).await,
        [
            line(3, TransferKind::Refund, House::Sales, 300, None, "cold"),
            line(
                2,
                TransferKind::Payment,
                House::Sales,
                -300,
                Some(id(77)),
                ""
            ),
            line(1, TransferKind::TopUp, House::Card, 1000, None, ""),
        ]
    );
}

async fn the_same_key_moves_money_once(engine: &Engine) {
    let db = engine.open().await;
    member(&db, 1).await;
    let first = new(1, "a", TransferKind::TopUp, 1000);
    assert_eq!(make(&db, &first).await, Moved::Now);
    let before = Transfer {
        id: id(1),
        kind: TransferKind::TopUp,
        member: Some((id(1), "MXN".to_owned(), 1000)),
        order_id: None,
        note: String::new(),
        at: NOW,
    };
    // Whatever comes under it.
    for amount in [1000, 500, -500] {
        let again = new(2, "a", TransferKind::Payment, amount);
        assert_eq!(make(&db, &again).await, Moved::Before(before.clone()));
    }
    assert_eq!(balance(&db, 1).await, 1000);

    let callers: Vec<_> = (0..40)
        .map(|caller| {
            let db = db.clone();
            tokio::spawn(async move {
                let payment = new(100 + caller, "b", TransferKind::Payment, -100);
                make(&db, &payment).await
            })
        })
        .collect();
    let mut made = 0;
    for caller in callers {
        match caller.await.unwrap() {
            Moved::Now => made += 1,
            Moved::Before(_) => {}
            Moved::Refused => panic!("there was enough"),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(balance(&db, 1).await, 900);
    adds_up(&db).await;
}

async fn nobody_has_less_than_nothing_or_more_than_they_may(engine: &Engine) {
    let db = engine.open().await;
    member(&db, 1).await;
    // Who never had a wallet has nothing.
    let payment = new(1, "a", TransferKind::Payment, -1);
    assert_eq!(make(&db, &payment).await, Moved::Refused);
    let too_much = new(2, "b", TransferKind::TopUp, MOST + 1);
    assert_eq!(make(&db, &too_much).await, Moved::Refused);
    let all = new(3, "c", TransferKind::TopUp, MOST);
    assert_eq!(make(&db, &all).await, Moved::Now);
    let more = new(4, "d", TransferKind::TopUp, 1);
    assert_eq!(make(&db, &more).await, Moved::Refused);
    let too_dear = new(5, "e", TransferKind::Payment, -MOST - 1);
    assert_eq!(make(&db, &too_dear).await, Moved::Refused);
    let dear = new(6, "e", TransferKind::Payment, -MOST);
    assert_eq!(make(&db, &dear).await, Moved::Now);
    assert_eq!(balance(&db, 1).await, 0);
    adds_up(&db).await;
}

async fn a_payment_that_was_called_off_is_never_made(engine: &Engine) {
    let db = engine.open().await;
    member(&db, 1).await;
    make(&db, &new(1, "a", TransferKind::TopUp, 1000)).await;
    let void = new(2, "b", TransferKind::Refund, 0);
    for _ in 0..2 {
        assert!(in_tx!(db, wallet::void, &void));
    }
    let late = new(3, "b", TransferKind::Payment, -300);
    let Moved::Before(called_off) = make(&db, &late).await else {
        panic!("it was made");
    };
    assert_eq!(called_off.kind, TransferKind::Refund);
    assert_eq!(called_off.member, None);
    assert_eq!(balance(&db, 1).await, 1000);

    make(&db, &new(4, "c", TransferKind::Payment, -300)).await;
    let late = new(5, "c", TransferKind::Refund, 0);
    assert!(!in_tx!(db, wallet::void, &late), "it had been made");
    adds_up(&db).await;
}

async fn a_statement_is_read_page_by_page(engine: &Engine) {
    let db = engine.open().await;
    member(&db, 1).await;
    member(&db, 2).await;
    for number in 1..=7 {
        let key = number.to_string();
        make(&db, &new(number, &key, TransferKind::TopUp, 100)).await;
        let key = format!("other {number}");
        let other = NewTransfer {
            owner: id(2),
            ..new(100 + number, &key, TransferKind::TopUp, 100)
        };
        make(&db, &other).await;
    }
    let mut seen = Vec::new();
    let mut before = Uuid::max();
    loop {
        let page = lines(&db, before, 3).await;
        let Some(last) = page.last() else { break };
        before = last.id;
        seen.extend(page.iter().map(|line| line.id));
    }
    let all: Vec<Uuid> = (1..=7).rev().map(id).collect();
    assert_eq!(seen, all);
}

async fn currencies_are_kept_apart(engine: &Engine) {
    let db = engine.open().await;
    member(&db, 1).await;
    for (number, currency) in [(1, "MXN"), (2, "EUR"), (3, "MXN")] {
        campus(engine, number, currency).await;
    }
    let mut tx = db.read().await.unwrap();
    assert_eq!(
        wallet::currencies(&mut tx, 9).await.unwrap(),
        ["EUR", "MXN"]
    );
    assert_eq!(wallet::currencies(&mut tx, 1).await.unwrap(), ["EUR"]);
    drop(tx);
    make(&db, &new(1, "a", TransferKind::TopUp, 1000)).await;
    let euros = |number, key, amount| NewTransfer {
        currency: "EUR",
        ..new(number, key, TransferKind::TopUp, amount)
    };
    make(&db, &euros(2, "b", 20)).await;
    let mut payment = euros(3, "c", -21);
    payment.kind = TransferKind::Payment;
    assert_eq!(make(&db, &payment).await, Moved::Refused);
    let mut tx = db.read().await.unwrap();
    let balances = wallet::balances(&mut tx, id(1)).await.unwrap();
    let told: Vec<(&str, i64)> = balances
        .iter()
        .map(|own| (own.currency.as_str(), own.balance))
        .collect();
    assert_eq!(told, [("EUR", 20), ("MXN", 1000)]);
    drop(tx);
    adds_up(&db).await;
}

async fn a_transfer_is_its_members_own(engine: &Engine) {
    let db = engine.open().await;
    member(&db, 1).await;
    member(&db, 2).await;
    make(&db, &new(1, "a", TransferKind::TopUp, 1000)).await;
    let mut tx = db.read().await.unwrap();
    let own = wallet::of_owner(&mut tx, id(1), id(1)).await.unwrap();
    let expected = OwnTransfer {
        id: id(1),
        kind: TransferKind::TopUp,
        currency: "MXN".to_owned(),
        amount: 1000,
        at: NOW,
    };
    assert_eq!(own, Some(expected));
    assert_eq!(wallet::of_owner(&mut tx, id(2), id(1)).await.unwrap(), None);
}

async fn what_does_not_add_up_is_found(engine: &Engine) {
    let db = engine.open().await;
    member(&db, 1).await;
    make(&db, &new(1, "a", TransferKind::TopUp, 1000)).await;
    adds_up(&db).await;
    let found = async || {
        let mut tx = db.read().await.unwrap();
        wallet::uneven(&mut tx).await.unwrap()
    };
    engine
        .raw("UPDATE wallet_account SET balance = balance + 5 WHERE owner_id IS NOT NULL")
        .await;
    let uneven = found().await;
    assert_eq!(
        (uneven.balances, uneven.accounts, uneven.transfers),
        (5, 1, 0)
    );
    engine
        .raw("UPDATE wallet_entry SET amount = amount + 5 WHERE amount > 0")
        .await;
    let uneven = found().await;
    assert_eq!(
        (uneven.balances, uneven.accounts, uneven.transfers),
        (5, 0, 1)
    );
}

async fn many_who_pay_at_once_never_spend_more_than_there_is(engine: &Engine) {
    const BUYERS: u128 = 60;
    let db = engine.open().await;
    member(&db, 1).await;
    make(&db, &new(1, "a", TransferKind::TopUp, 1000)).await;
    let callers: Vec<_> = (0..BUYERS)
        .map(|caller| {
            let db = db.clone();
            tokio::spawn(async move {
                let key = format!("pay {caller}");
                let paid = make(&db, &new(100 + caller, &key, TransferKind::Payment, -90)).await;
                // Every third one wants its money back.
                if paid == Moved::Now && caller % 3 == 0 {
                    let key = format!("back {caller}");
                    let back = new(500 + caller, &key, TransferKind::Refund, 90);
                    assert_eq!(make(&db, &back).await, Moved::Now);
                    return 0;
                }
                i64::from(paid == Moved::Now)
            })
        })
        .collect();
    let mut kept = 0;
    for caller in callers {
        kept += caller.await.unwrap();
    }
    assert_eq!(balance(&db, 1).await, 1000 - 90 * kept);
    assert!(kept <= 11, "{kept} of eleven were sold");
    adds_up(&db).await;
}
