//! Placing orders: one task an institution, through which every order comes.
//!
//! It takes what has come while its last transaction ran and places all of it in the next one, by a
//! dozen statements however many there are; each caller gets its own answer. When idle nothing waits
//! for company. Prices, availability and slots are those of the database in that transaction. While the
//! disk writes one batch the next one is placed; who is in it is answered once it is durable.

use super::known::{Known, Menu, Prices};
use super::settle::subject;
use crate::ctx::{Ctx, Service};
use crate::jobs::order_steps;
use crate::{Error, Result, menu, payments};
use domain::allergen::Allergens;
use domain::amount::Amount;
use domain::diet::Diet;
use domain::event::{EventPayload, OrderEvent};
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::{ChosenOption, PricedItem, Refusal, Slot};
use domain::nutrient::Nutrient;
use domain::order::{LineDraft, OrderRefusal, check_lines};
use domain::payment::GatewayKind;
use domain::problem::Problem;
use domain::saga::{self, Direction, Step};
use domain::text::Localized;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use storage::order::{
    NewItem, NewLine, NewOrder, NewSlot, NumbersWanted, Placed as PlacedOrder, RequestKey,
    SlotChange, SlotRow, SlotWanted,
};
use storage::outbox::NewEvent;
use storage::{Db, Tx, Written, campus, job, order, outbox, stock};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Of so many ordered items it is remembered that they are written.
const WRITTEN_MOST: usize = 10_000;
/// The most orders that one transaction places: a bound to how long the others wait for it.
const BATCH_MOST: usize = 512;
/// How many may wait; whoever comes then waits to be let in.
const COMMANDS: usize = 4096;
/// How often a batch is tried while other processes use its keys.
const ATTEMPTS: usize = 3;
/// What is kept of an ordered item's nutrients: what an order shows.
const NUTRIENTS: [Nutrient; 6] = [
    Nutrient::Energy,
    Nutrient::Protein,
    Nutrient::Carbohydrate,
    Nutrient::Fat,
    Nutrient::Fiber,
    Nutrient::Sodium,
];

/// An order as it is asked for.
#[derive(Debug, Clone, Serialize)]
pub struct PlaceOrder {
    /// The caller's name for this request: the same again is the same order.
    #[serde(skip)]
    pub key: String,
    /// The campus, by its name in addresses.
    pub campus: String,
    /// The slot, in microseconds.
    pub slot_at: i64,
    /// How it is paid.
    pub gateway: GatewayKind,
    /// The gateway's name of the card, where it needs one. Absent, it leaves no trace in the hash of what
    /// was asked for before there were such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
    /// What is wanted.
    pub lines: Vec<LineDraft>,
}

/// An order that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its id.
    pub order_id: Uuid,
}

/// What an order keeps of an item as it was when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderedItem {
    /// Its name.
    pub name: Localized<String>,
    /// What was chosen.
    pub options: Vec<ChosenOption>,
    /// Allergens that it contains or may contain.
    pub allergens: Allergens,
    /// The patterns that it fits.
    pub diets: BTreeSet<Diet>,
    /// What one contains at least, of what is known.
    pub nutrients: BTreeMap<Nutrient, Amount>,
}

impl From<PricedItem> for OrderedItem {
    fn from(item: PricedItem) -> Self {
        Self {
            nutrients: NUTRIENTS
                .into_iter()
                .map(|nutrient| (nutrient, item.nutrients[nutrient].amount))
                .collect(),
            name: item.name,
            options: item.options,
            allergens: item.allergens,
            diets: item.diets,
        }
    }
}

struct Command {
    ctx: Ctx,
    account: Uuid,
    order: Arc<PlaceOrder>,
    hash: String,
    reply: oneshot::Sender<Result<Accepted>>,
}

/// The way to the task that places an institution's orders.
#[derive(Debug, Clone)]
pub struct Placer(mpsc::Sender<Command>);

impl std::fmt::Debug for Command {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Command").finish_non_exhaustive()
    }
}

impl Placer {
    /// Starts the task. It ends when nobody holds it any more.
    pub(crate) fn start(db: Db) -> Self {
        let (sender, mut commands) = mpsc::channel(COMMANDS);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH_MOST);
            let mut memory = Memory::default();
            let mut before: Option<JoinHandle<()>> = None;
            while commands.recv_many(&mut batch, BATCH_MOST).await > 0 {
                let answering = place_all(&db, std::mem::take(&mut batch), &mut memory).await;
                // A disk that stalls is not given ever more to write.
                if let Some(before) = before.take() {
                    let _ = before.await;
                }
                before = answering;
            }
        });
        Self(sender)
    }
}

/// Places an order: it is durable when this returns, and everything after runs in the background. The
/// same key and order again is the same order, also at the same moment.
///
/// # Errors
/// [`Problem::KeyMissing`] without a key; [`InvalidCode::KeyReused`] for a key that came with another
/// order; [`Problem::Invalid`] for what can't be an order, [`InvalidCode::PaymentNotAccepted`] among it for
/// a way to pay that the campus does not take; [`Problem::OrderRefused`] for what can't be had as it is
/// asked for: nothing is changed then.
pub async fn place(ctx: &Ctx, order: PlaceOrder) -> Result<Accepted> {
    let account = ctx.account_id()?;
    super::check_key(&order.key)?;
    let mut fields = check_lines(&order.lines);
    if let Err(code) = order.gateway.check_method(order.payment_method.as_deref()) {
        fields.push(InvalidField::new("paymentMethod", code));
    }
    if !fields.is_empty() {
        return Err(Error::invalid_fields(fields));
    }
    let canonical = serde_json::to_vec(&order).map_err(Error::internal)?;
    let (reply, answer) = oneshot::channel();
    let command = Command {
        ctx: ctx.clone(),
        account,
        order: Arc::new(order),
        hash: domain::engine::hexadecimal(&Sha256::digest(canonical)),
        reply,
    };
    let placer = &ctx.institution.placer;
    placer
        .0
        .send(command)
        .await
        .map_err(|_| Error::Problem(Problem::Unavailable))?;
    answer.await.unwrap_or(Err(Problem::Unavailable.into()))
}

/// Places a batch, and gives the task that answers it; none where it was answered at once.
async fn place_all(db: &Db, batch: Vec<Command>, memory: &mut Memory) -> Option<JoinHandle<()>> {
    match persist(db, &batch, memory).await {
        Ok(placed) => return Some(tokio::spawn(answer_durably(batch, placed))),
        // What one of them does to the database must not be the others' harm.
        Err(error) if batch.len() > 1 && !error.is_passing() => {
            for command in batch {
                let one = vec![command];
                match persist(db, &one, memory).await {
                    Ok(placed) => answer_durably(one, placed).await,
                    Err(error) => refuse(one, error),
                }
            }
        }
        Err(error) => refuse(batch, error),
    }
    None
}

/// Tries again where another process was faster with one of the keys, or locked what this one wanted
/// in another order.
async fn persist(db: &Db, batch: &[Command], memory: &mut Memory) -> Result<Placed> {
    for _ in 1..ATTEMPTS {
        match attempt(db, batch, memory).await {
            Err(Error::Problem(Problem::Conflict)) => {}
            Err(Error::Storage(error)) if error.is_clash() => {}
            done => return done,
        }
    }
    attempt(db, batch, memory).await
}

/// A batch that is committed: what each is answered once it lasts.
struct Placed {
    answers: Vec<Result<Accepted>>,
    written: Written,
}

async fn answer_durably(batch: Vec<Command>, placed: Placed) {
    match placed.written.durable().await {
        Ok(()) => answer(batch, placed.answers),
        Err(error) => refuse(batch, error.into()),
    }
}

/// Tells everybody that it can't be done now; the first one why.
fn refuse(batch: Vec<Command>, error: Error) {
    let mut error = Some(error);
    let answers = batch
        .iter()
        .map(|_| Err(error.take().unwrap_or(Problem::Unavailable.into())))
        .collect();
    answer(batch, answers);
}

fn answer(batch: Vec<Command>, answers: Vec<Result<Accepted>>) {
    for (command, answer) in batch.into_iter().zip(answers) {
        // Whoever asked may have gone; the order stands, and its key leads to it.
        let _ = command.reply.send(answer);
    }
}

/// What the task remembers from one batch to the next.
#[derive(Default)]
struct Memory {
    known: Known,
    /// Ids of ordered items that are known to be written.
    written: HashSet<Uuid>,
}

/// What a batch asks of the database.
struct Wants {
    keys: Vec<RequestKey>,
    items: Vec<Uuid>,
    slots: Vec<SlotWanted>,
    /// Slots, by when they begin; nothing where none does.
    by_time: HashMap<i64, Option<Slot>>,
}

impl Wants {
    fn of(service: &Service, batch: &[Command]) -> Self {
        let lines = batch.iter().flat_map(|command| command.order.lines.iter());
        let items: HashSet<Uuid> = lines.map(|line| line.item_id).collect();
        let mut by_time = HashMap::new();
        let mut slots = HashSet::new();
        for order in batch.iter().map(|command| &command.order) {
            let slot = *by_time
                .entry(order.slot_at)
                .or_insert_with(|| menu::slot_at(service, order.slot_at));
            if let Some(slot) = slot.filter(|_| campus::can_be_slug(&order.campus)) {
                slots.insert(SlotWanted {
                    campus: order.campus.clone(),
                    starts_at: slot.starts_at,
                    day: slot.date.to_string(),
                });
            }
        }
        Self {
            keys: batch.iter().map(Command::request_key).collect(),
            items: items.into_iter().collect(),
            slots: slots.into_iter().collect(),
            by_time,
        }
    }
}

/// An order that can be placed, as far as it goes without the others.
struct Draft {
    place: usize,
    slot: NewSlot,
    day: String,
    currency: String,
    total: i64,
    lines: Vec<(Uuid, i64, i64, Uuid)>,
}

/// Places what can be placed, and remembers what holds for the next batch as well.
async fn attempt(db: &Db, batch: &[Command], memory: &mut Memory) -> Result<Placed> {
    let Some(first) = batch.first() else {
        return Err(Problem::Internal.into());
    };
    let service = Arc::clone(&first.ctx.service);
    let Memory { known, written } = memory;
    let wants = Wants::of(&service, batch);
    let mut tx = db.write().await?;
    let placed = order::ask_placed(&mut tx, &wants.keys).await?;
    let version = storage::menu::ask_version(&mut tx).await?;
    let available = stock::ask_available(&mut tx, &wants.items).await?;
    let slots = order::ask_slots(&mut tx, &wants.slots).await?;
    let numbers = order::ask_numbers(&mut tx, &wants.slots).await?;
    let placed = placed.answer(&mut tx).await?;
    let version = version.answer(&mut tx).await?;
    let available = available.answer(&mut tx).await?;
    let slots = slots.answer(&mut tx).await?;
    let numbers = numbers.answer(&mut tx).await?;
    let mut answers: Vec<Option<Result<Accepted>>> = batch.iter().map(|_| None).collect();
    let twins = replay(placed, &wants.keys, batch, &mut answers);
    let fresh: Vec<usize> = (0..batch.len())
        .filter(|place| answers[*place].is_none() && twins[*place].is_none())
        .collect();
    let mut count = 0;
    let mut new = Vec::new();
    if !fresh.is_empty() {
        known.refresh(&mut tx, version, &wants.items).await?;
        let now = service.now();
        let mut found = Found {
            available,
            slots: wants.by_time,
            collectable: HashMap::new(),
            written,
            documents: BTreeMap::new(),
        };
        let mut drafts = Vec::with_capacity(fresh.len());
        for place in fresh {
            let command = &batch[place];
            let (menu, prices) = (&known.menu, &mut known.prices);
            match draft(&service, (menu, prices), command, place, now, &mut found) {
                Ok(draft) => drafts.push(draft),
                Err(error) => answers[place] = Some(Err(error)),
            }
        }
        let drafts = seat(&mut tx, slots, drafts, &mut answers).await?;
        count = drafts.len();
        if !drafts.is_empty() {
            let items: Vec<NewItem<'_>> = found
                .documents
                .iter()
                .map(|(id, document)| NewItem { id: *id, document })
                .collect();
            if !items.is_empty() {
                order::insert_items(&mut tx, &items).await?;
                new.extend(items.iter().map(|item| item.id));
            }
            write(
                &mut tx,
                &service,
                batch,
                (drafts, numbers),
                now,
                &mut answers,
            )
            .await?;
        }
    }
    tx.once_committed(move || {
        metrics::counter!("orders_created_total").increment(count as u64);
    });
    // Whatever was refused has changed nothing, but may have opened a slot.
    let committed = tx.write_out().await?;
    keep(written, new);
    let firsts: Vec<std::result::Result<Accepted, Problem>> = answers
        .iter()
        .map(|answer| match answer {
            Some(Ok(accepted)) => Ok(*accepted),
            Some(Err(Error::Problem(problem))) => Err(problem.clone()),
            Some(Err(_)) | None => Err(Problem::Internal),
        })
        .collect();
    let answers = answers
        .into_iter()
        .zip(twins)
        .map(|(answer, twin)| match (answer, twin) {
            (Some(answer), _) => answer,
            // The same request in the same moment: the same answer.
            (None, Some(twin)) => firsts[twin].clone().map_err(Error::from),
            (None, None) => Err(Problem::Internal.into()),
        })
        .collect();
    Ok(Placed {
        answers,
        written: committed,
    })
}

/// Remembers what is written, and forgets it all where it has become much.
fn keep(written: &mut HashSet<Uuid>, new: Vec<Uuid>) {
    if written.len() + new.len() > WRITTEN_MOST {
        written.clear();
    }
    written.extend(new);
}

/// Answers what was placed before; for what comes twice in this batch, which one comes first.
fn replay(
    placed: Vec<PlacedOrder>,
    keys: &[RequestKey],
    batch: &[Command],
    answers: &mut [Option<Result<Accepted>>],
) -> Vec<Option<usize>> {
    let placed: HashMap<RequestKey, (Uuid, String)> = placed
        .into_iter()
        .map(|row| {
            let key = RequestKey {
                account_id: row.account_id,
                key: row.idempotency_key,
            };
            (key, (row.id, row.request_hash))
        })
        .collect();
    let mut firsts: HashMap<&RequestKey, usize> = HashMap::new();
    let mut twins = vec![None; batch.len()];
    for (place, (command, key)) in batch.iter().zip(keys).enumerate() {
        if let Some((order_id, hash)) = placed.get(key) {
            answers[place] = Some(if *hash == command.hash {
                Ok(Accepted {
                    order_id: *order_id,
                })
            } else {
                Err(reused())
            });
        } else if let Some(first) = firsts.get(key) {
            if batch[*first].hash == command.hash {
                twins[place] = Some(*first);
            } else {
                answers[place] = Some(Err(reused()));
            }
        } else {
            firsts.insert(key, place);
        }
    }
    twins
}

fn reused() -> Error {
    Error::invalid("idempotencyKey", InvalidCode::KeyReused)
}

impl Command {
    fn request_key(&self) -> RequestKey {
        RequestKey {
            account_id: self.account,
            key: self.order.key.clone(),
        }
    }
}

/// What was found out for a batch.
struct Found<'a> {
    /// Portions that anybody may have just now, by item.
    available: HashMap<Uuid, i64>,
    /// Slots, by when they begin.
    slots: HashMap<i64, Option<Slot>>,
    /// Whether something can be collected from a campus or of an item, by its id and when that is: at a break most
    /// want the same.
    collectable: HashMap<(Uuid, i64), std::result::Result<(), Refusal>>,
    /// Ordered items that are known to be written.
    written: &'a HashSet<Uuid>,
    /// The others, by their ids.
    documents: BTreeMap<Uuid, Value>,
}

/// Checks an order against what is known, and prices it.
fn draft(
    service: &Service,
    (menu, prices): (&Menu, &mut Prices),
    command: &Command,
    place: usize,
    now: i64,
    found: &mut Found<'_>,
) -> Result<Draft> {
    let order = &command.order;
    let campus = menu
        .campus(&order.campus)
        .ok_or_else(|| Error::invalid("campus", InvalidCode::UnknownChoice))?;
    let slot_at = order.slot_at;
    let slot = found.slots.get(&slot_at).copied().flatten();
    let mut fields = Vec::new();
    let accepted = menu.accepted(campus.id);
    if !accepted.contains(&order.gateway) || !payments::is_set_up(&command.ctx, order.gateway) {
        let code = InvalidCode::PaymentNotAccepted;
        fields.push(InvalidField::new("payment", code));
    }
    let mut refusals = Vec::new();
    let mut wanted: HashMap<Uuid, i64> = HashMap::new();
    let mut lines = Vec::with_capacity(order.lines.len());
    let mut total: i64 = 0;
    let taken = found.collectable.entry((campus.id, slot_at));
    if let Err(refusal) = taken.or_insert_with(|| campus.takes(now, 0, slot)) {
        refusals.push(OrderRefusal::NotCollectable {
            line: None,
            refusal: *refusal,
        });
    }
    for (number, asked) in order.lines.iter().enumerate() {
        let line = number as i64;
        let Some(item) = menu.item(campus.id, asked.item_id) else {
            let field = format!("lines[{line}].itemId");
            fields.push(InvalidField::new(field, InvalidCode::UnknownChoice));
            continue;
        };
        if refusals.is_empty()
            && let Err(refusal) = found
                .collectable
                .entry((item.id, slot_at))
                .or_insert_with(|| crate::menu::available_at(service, campus, item, now, slot_at))
        {
            refusals.push(OrderRefusal::NotCollectable {
                line: Some(line),
                refusal: *refusal,
            });
        }
        match prices.of(service, item, &asked.options) {
            Err(rules) => {
                refusals.push(OrderRefusal::BrokenRules { line, rules });
                continue;
            }
            Ok(priced) => {
                if priced.unit_price != asked.unit_price {
                    refusals.push(OrderRefusal::StalePrice {
                        line,
                        offered: asked.unit_price,
                        price: priced.unit_price,
                    });
                }
                total += priced.unit_price * asked.quantity;
                lines.push((item.id, asked.quantity, priced.unit_price, priced.id));
                if !found.written.contains(&priced.id) {
                    let document = found.documents.entry(priced.id);
                    document.or_insert_with(|| priced.document.clone());
                }
            }
        }
        let available = found.available.get(&item.id).copied().unwrap_or_default();
        let portions = wanted.entry(item.id).or_default();
        *portions += asked.quantity;
        if *portions > available {
            refusals.push(OrderRefusal::SoldOut { line, available });
        }
    }
    if !fields.is_empty() {
        return Err(Error::invalid_fields(fields));
    }
    let Some(slot) = slot.filter(|_| refusals.is_empty()) else {
        return Err(Problem::OrderRefused { refusals }.into());
    };
    Ok(Draft {
        place,
        slot: NewSlot {
            campus_id: campus.id,
            starts_at: slot.starts_at,
            capacity: campus.slot_capacity,
        },
        day: slot.date.to_string(),
        currency: campus.currency.clone(),
        total,
        lines,
    })
}

/// The id of an ordered item: the same for the same.
pub(super) fn id_of(document: &Value) -> Uuid {
    let digest = Sha256::digest(document.to_string());
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(id).into_uuid()
}

/// Gives each order a place in its slot; first come, first served.
async fn seat(
    tx: &mut Tx,
    mut known: Vec<SlotRow>,
    drafts: Vec<Draft>,
    answers: &mut [Option<Result<Accepted>>],
) -> Result<Vec<Draft>> {
    let mut slots: BTreeMap<(Uuid, i64), NewSlot> = BTreeMap::new();
    for draft in &drafts {
        let key = (draft.slot.campus_id, draft.slot.starts_at);
        slots.entry(key).or_insert_with(|| draft.slot.clone());
    }
    if slots.is_empty() {
        return Ok(drafts);
    }
    let keys: Vec<(Uuid, i64)> = slots.keys().copied().collect();
    let slots: Vec<NewSlot> = slots.into_values().collect();
    let as_wanted = |slot: &NewSlot| {
        known.iter().any(|known| {
            (known.campus_id, known.starts_at) == (slot.campus_id, slot.starts_at)
                && known.capacity == slot.capacity.max(known.taken)
        })
    };
    if !slots.iter().all(as_wanted) {
        order::open_slots(tx, &slots).await?;
        known = order::lock_slots(tx, &keys).await?;
    }
    let mut left: HashMap<(Uuid, i64), i64> = known
        .into_iter()
        .map(|slot| ((slot.campus_id, slot.starts_at), slot.capacity - slot.taken))
        .collect();
    let mut seated = Vec::with_capacity(drafts.len());
    let mut taken: BTreeMap<(Uuid, i64), i64> = BTreeMap::new();
    for draft in drafts {
        let key = (draft.slot.campus_id, draft.slot.starts_at);
        match left.get_mut(&key) {
            Some(left) if *left > 0 => {
                *left -= 1;
                *taken.entry(key).or_default() += 1;
                seated.push(draft);
            }
            _ => {
                let refusals = vec![OrderRefusal::SlotFull];
                answers[draft.place] = Some(Err(Problem::OrderRefused { refusals }.into()));
            }
        }
    }
    let changes: Vec<SlotChange> = taken
        .into_iter()
        .map(|((campus_id, starts_at), orders)| SlotChange {
            campus_id,
            starts_at,
            orders,
        })
        .collect();
    if !changes.is_empty() {
        order::take_slots(tx, &changes).await?;
    }
    Ok(seated)
}

async fn write(
    tx: &mut Tx,
    service: &Service,
    batch: &[Command],
    (drafts, last): (Vec<Draft>, Vec<(Uuid, String, i64)>),
    now: i64,
    answers: &mut [Option<Result<Accepted>>],
) -> Result<()> {
    let mut days: BTreeMap<(Uuid, String), i64> = BTreeMap::new();
    for draft in &drafts {
        let day = (draft.slot.campus_id, draft.day.clone());
        *days.entry(day).or_default() += 1;
    }
    let mut numbers: HashMap<(Uuid, String), i64> = last
        .into_iter()
        .map(|(campus, day, last)| ((campus, day), last))
        .collect();
    let wanted: Vec<NumbersWanted> = days
        .into_iter()
        .map(|((campus_id, day), orders)| {
            let after = numbers.get(&(campus_id, day.clone())).copied();
            NumbersWanted {
                campus_id,
                day,
                orders,
                after: after.unwrap_or_default(),
            }
        })
        .collect();
    if !order::take_numbers(tx, &wanted).await? {
        // Another process has given the day's first ones at this very moment: the next try sees them.
        return Err(Problem::Conflict.into());
    }
    let mut orders = Vec::with_capacity(drafts.len());
    let mut lines = Vec::new();
    let mut events = Vec::with_capacity(drafts.len());
    let mut jobs = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let command = &batch[draft.place];
        let id = service.next_id();
        let number = numbers
            .entry((draft.slot.campus_id, draft.day))
            .or_default();
        *number += 1;
        for (position, (item_id, quantity, unit_price, ordered_item_id)) in
            draft.lines.into_iter().enumerate()
        {
            lines.push(NewLine {
                order_id: id,
                position: position as i64,
                item_id,
                quantity,
                unit_price,
                ordered_item_id,
            });
        }
        let request_id = command.ctx.request_id.to_string();
        events.push(NewEvent {
            id: service.next_id(),
            aggregate: subject(id),
            kind: OrderEvent::OrderCreated,
            payload: EventPayload {
                order_id: Some(id),
                number: Some(*number),
                slot_at: Some(draft.slot.starts_at),
                ..EventPayload::default()
            },
            account_id: Some(command.account),
            campus_id: Some(draft.slot.campus_id),
            request_id: request_id.clone(),
            at: now,
        });
        jobs.push(order_steps::job(
            &command.ctx,
            command.account,
            id,
            Step::VerifyStock,
            Direction::Do,
        )?);
        orders.push(NewOrder {
            id,
            number: *number,
            account_id: command.account,
            campus_id: draft.slot.campus_id,
            slot_at: draft.slot.starts_at,
            gateway: command.order.gateway.key(),
            payment_method: command.order.payment_method.clone(),
            total: draft.total,
            currency: draft.currency,
            key: command.order.key.clone(),
            request_hash: command.hash.clone(),
            placed_at: now,
            request_id,
        });
        answers[draft.place] = Some(Ok(Accepted { order_id: id }));
    }
    if !order::insert(tx, &orders).await? {
        // Another process has used one of the keys at this very moment: the next try finds it.
        return Err(Problem::Conflict.into());
    }
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id).collect();
    order::insert_lines(tx, &lines).await?;
    storage::saga::begin(tx, &ids, saga::VERSION, Step::VerifyStock.key(), now).await?;
    outbox::append(tx, &events).await?;
    job::enqueue(tx, &jobs).await?;
    tx.will_wake().await?;
    Ok(())
}
