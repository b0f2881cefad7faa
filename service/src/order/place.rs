//! Placing orders: one task an institution, through which every order comes.
//!
//! It takes what has come while its last transaction ran and places all of it in the next one, by a
//! dozen statements however many there are; each caller gets its own answer. When idle nothing waits
//! for company. Prices, availability and slots are those of the database in that transaction.

use super::settle::subject;
use crate::ctx::{Ctx, Service};
use crate::jobs::order_steps;
use crate::{Error, Result, menu, payments};
use domain::allergen::Allergens;
use domain::amount::Amount;
use domain::diet::Diet;
use domain::event::{EventPayload, OrderEvent};
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::{BrokenRule, Campus, ChosenOption, PricedItem, Refusal, Selection, Slot};
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
use storage::menu::MenuItemRow;
use storage::order::{NewItem, NewLine, NewOrder, NewSlot, NumbersWanted, RequestKey, SlotChange};
use storage::outbox::NewEvent;
use storage::{Db, Tx, campus, campus_gateway, job, order, outbox, stock};
use tokio::sync::{mpsc, oneshot};
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
            let mut written = HashSet::new();
            while commands.recv_many(&mut batch, BATCH_MOST).await > 0 {
                place_all(&db, std::mem::take(&mut batch), &mut written).await;
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

async fn place_all(db: &Db, batch: Vec<Command>, written: &mut HashSet<Uuid>) {
    match persist(db, &batch, written).await {
        Ok(answers) => answer(batch, answers),
        // What one of them does to the database must not be the others' harm.
        Err(error) if batch.len() > 1 && !error.is_passing() => {
            for command in batch {
                let one = [command];
                let answers = persist(db, &one, written).await;
                let answers = answers.unwrap_or_else(|error| vec![Err(error)]);
                answer(Vec::from(one), answers);
            }
        }
        Err(error) => {
            let mut error = Some(error);
            let answers = batch
                .iter()
                .map(|_| Err(error.take().unwrap_or(Problem::Unavailable.into())))
                .collect();
            answer(batch, answers);
        }
    }
}

/// Tries again where another process was faster with one of the keys, or locked what this one wanted
/// in another order.
async fn persist(
    db: &Db,
    batch: &[Command],
    written: &mut HashSet<Uuid>,
) -> Result<Vec<Result<Accepted>>> {
    for _ in 1..ATTEMPTS {
        match attempt(db, batch, written).await {
            Err(Error::Problem(Problem::Conflict)) => {}
            Err(Error::Storage(error)) if error.is_clash() => {}
            done => return done,
        }
    }
    attempt(db, batch, written).await
}

fn answer(batch: Vec<Command>, answers: Vec<Result<Accepted>>) {
    for (command, answer) in batch.into_iter().zip(answers) {
        // Whoever asked may have gone; the order stands, and its key leads to it.
        let _ = command.reply.send(answer);
    }
}

/// What the database knows of what a batch asks for.
struct Known {
    campuses: HashMap<String, Campus>,
    accepted: HashMap<Uuid, Vec<GatewayKind>>,
    items: HashMap<Uuid, MenuItemRow>,
    available: HashMap<Uuid, i64>,
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

/// Places what can be placed. `written` has the ids of ordered items that are known to be there.
async fn attempt(
    db: &Db,
    batch: &[Command],
    written: &mut HashSet<Uuid>,
) -> Result<Vec<Result<Accepted>>> {
    let mut tx = db.write().await?;
    let mut answers: Vec<Option<Result<Accepted>>> = batch.iter().map(|_| None).collect();
    let twins = replay(&mut tx, batch, &mut answers).await?;
    let fresh: Vec<usize> = (0..batch.len())
        .filter(|place| answers[*place].is_none() && twins[*place].is_none())
        .collect();
    let mut placed = 0;
    let mut new = Vec::new();
    if let Some(first) = fresh.first() {
        let service = Arc::clone(&batch[*first].ctx.service);
        let known = known(&mut tx, batch, &fresh).await?;
        let now = service.now();
        let mut found = Found::default();
        let mut drafts = Vec::with_capacity(fresh.len());
        for place in fresh {
            match draft(&service, &known, &batch[place], place, now, &mut found) {
                Ok(draft) => drafts.push(draft),
                Err(error) => answers[place] = Some(Err(error)),
            }
        }
        let drafts = seat(&mut tx, drafts, &mut answers).await?;
        placed = drafts.len();
        if !drafts.is_empty() {
            let items: BTreeMap<Uuid, NewItem<'_>> = found
                .priced
                .values()
                .flatten()
                .filter(|offer| !written.contains(&offer.id))
                .map(|offer| {
                    let item = NewItem {
                        id: offer.id,
                        document: &offer.document,
                    };
                    (offer.id, item)
                })
                .collect();
            if !items.is_empty() {
                let items: Vec<NewItem<'_>> = items.into_values().collect();
                order::insert_items(&mut tx, &items).await?;
                new.extend(items.iter().map(|item| item.id));
            }
            write(&mut tx, &service, batch, drafts, now, &mut answers).await?;
        }
    }
    // Whatever was refused has changed nothing, but may have opened a slot.
    tx.commit().await?;
    keep(written, new);
    metrics::counter!("orders_created_total").increment(placed as u64);
    let firsts: Vec<std::result::Result<Accepted, Problem>> = answers
        .iter()
        .map(|answer| match answer {
            Some(Ok(accepted)) => Ok(*accepted),
            Some(Err(Error::Problem(problem))) => Err(problem.clone()),
            Some(Err(_)) | None => Err(Problem::Internal),
        })
        .collect();
    Ok(answers
        .into_iter()
        .zip(twins)
        .map(|(answer, twin)| match (answer, twin) {
            (Some(answer), _) => answer,
            // The same request in the same moment: the same answer.
            (None, Some(twin)) => firsts[twin].clone().map_err(Error::from),
            (None, None) => Err(Problem::Internal.into()),
        })
        .collect())
}

/// Remembers what is written, and forgets it all where it has become much.
fn keep(written: &mut HashSet<Uuid>, new: Vec<Uuid>) {
    if written.len() + new.len() > WRITTEN_MOST {
        written.clear();
    }
    written.extend(new);
}

/// Answers what was placed before; for what comes twice in this batch, which one comes first.
async fn replay(
    tx: &mut Tx,
    batch: &[Command],
    answers: &mut [Option<Result<Accepted>>],
) -> Result<Vec<Option<usize>>> {
    let keys: Vec<RequestKey> = batch.iter().map(Command::request_key).collect();
    let placed: HashMap<RequestKey, (Uuid, String)> = order::placed(tx, &keys)
        .await?
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
    for (place, (command, key)) in batch.iter().zip(&keys).enumerate() {
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
    Ok(twins)
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

async fn known(tx: &mut Tx, batch: &[Command], places: &[usize]) -> Result<Known> {
    let items: HashSet<Uuid> = places
        .iter()
        .flat_map(|place| batch[*place].order.lines.iter())
        .map(|line| line.item_id)
        .collect();
    let items: Vec<Uuid> = items.into_iter().collect();
    let campuses = campus::all(tx).await?;
    Ok(Known {
        campuses: campuses
            .into_iter()
            .map(|campus| (campus.slug.clone(), campus))
            .collect(),
        accepted: campus_gateway::all(tx).await?,
        items: storage::menu::by_ids(tx, &items)
            .await?
            .into_iter()
            .map(|item| (item.id, item))
            .collect(),
        available: stock::available(tx, &items).await?,
    })
}

/// What one of an item is and costs.
struct Offer {
    unit_price: i64,
    id: Uuid,
    document: Value,
}

/// What was found out for one order of a batch and holds for the others: at a break most want the same.
#[derive(Default)]
struct Found {
    /// Offers, by item and by what was chosen.
    priced: HashMap<(Uuid, Selection), std::result::Result<Offer, Vec<BrokenRule>>>,
    /// Slots, by when they begin.
    slots: HashMap<i64, Option<Slot>>,
    /// Whether something can be collected from a campus or of an item, by its id and when that is.
    collectable: HashMap<(Uuid, i64), std::result::Result<(), Refusal>>,
}

/// Checks an order against what is known, and prices it.
fn draft(
    service: &Service,
    known: &Known,
    command: &Command,
    place: usize,
    now: i64,
    found: &mut Found,
) -> Result<Draft> {
    let order = &command.order;
    let campus = known
        .campuses
        .get(&order.campus)
        .ok_or_else(|| Error::invalid("campus", InvalidCode::UnknownChoice))?;
    let slot_at = order.slot_at;
    let slot = *found
        .slots
        .entry(slot_at)
        .or_insert_with(|| menu::slot_at(service, slot_at));
    let mut fields = Vec::new();
    let accepted = known.accepted.get(&campus.id).map(Vec::as_slice);
    let accepted = accepted.unwrap_or(&GatewayKind::USUAL);
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
        let item = known.items.get(&asked.item_id);
        let Some(item) = item.filter(|item| item.campus_id == campus.id) else {
            let field = format!("lines[{line}].itemId");
            fields.push(InvalidField::new(field, InvalidCode::UnknownChoice));
            continue;
        };
        if refusals.is_empty()
            && let Err(refusal) = found
                .collectable
                .entry((item.id, slot_at))
                .or_insert_with(|| menu::available_at(service, campus, item, now, slot_at))
        {
            refusals.push(OrderRefusal::NotCollectable {
                line: Some(line),
                refusal: *refusal,
            });
        }
        let one = found
            .priced
            .entry((item.id, asked.options.clone()))
            .or_insert_with(|| price_of(service, item, &asked.options));
        match one {
            Err(rules) => {
                let rules = rules.clone();
                refusals.push(OrderRefusal::BrokenRules { line, rules });
                continue;
            }
            Ok(offer) => {
                if offer.unit_price != asked.unit_price {
                    refusals.push(OrderRefusal::StalePrice {
                        line,
                        offered: asked.unit_price,
                        price: offer.unit_price,
                    });
                }
                total += offer.unit_price * asked.quantity;
                lines.push((item.id, asked.quantity, offer.unit_price, offer.id));
            }
        }
        let available = known.available.get(&item.id).copied().unwrap_or_default();
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

fn price_of(
    service: &Service,
    item: &MenuItemRow,
    selection: &Selection,
) -> std::result::Result<Offer, Vec<BrokenRule>> {
    let priced = menu::price(service.catalogue(), item, selection)?;
    let unit_price = priced.unit_price;
    // Texts and integers always have a JSON form.
    let document = serde_json::to_value(OrderedItem::from(priced)).unwrap_or_default();
    Ok(Offer {
        unit_price,
        id: id_of(&document),
        document,
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
    let mut known = order::lock_slots(tx, &keys).await?;
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
    drafts: Vec<Draft>,
    now: i64,
    answers: &mut [Option<Result<Accepted>>],
) -> Result<()> {
    let mut days: BTreeMap<(Uuid, String), i64> = BTreeMap::new();
    for draft in &drafts {
        let day = (draft.slot.campus_id, draft.day.clone());
        *days.entry(day).or_default() += 1;
    }
    let wanted: Vec<NumbersWanted> = days
        .iter()
        .map(|((campus_id, day), orders)| NumbersWanted {
            campus_id: *campus_id,
            day: day.clone(),
            orders: *orders,
        })
        .collect();
    let mut numbers: HashMap<(Uuid, String), i64> = order::numbers(tx, &wanted)
        .await?
        .into_iter()
        .map(|(campus, day, last)| {
            let key = (campus, day);
            let count = days.get(&key).copied().unwrap_or_default();
            (key, last - count)
        })
        .collect();
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
