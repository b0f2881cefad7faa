-- Where meals are handed out.
CREATE TABLE campus (
    id BLOB PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE CHECK (length(slug) BETWEEN 1 AND 60),
    name TEXT NOT NULL CHECK (json_valid(name)),
    -- ISO 4217; every amount of its menu and orders is in minor units of it.
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'BUSY', 'PAUSED')),
    -- What a busy kitchen needs beside the usual time.
    busy_minutes INTEGER NOT NULL DEFAULT 0 CHECK (busy_minutes BETWEEN 0 AND 240),
    paused_until INTEGER,
    hours TEXT NOT NULL CHECK (json_valid(hours)),
    slot_minutes INTEGER NOT NULL CHECK (slot_minutes BETWEEN 1 AND 240),
    -- How many orders one slot takes.
    slot_capacity INTEGER NOT NULL CHECK (slot_capacity >= 0),
    -- How long before a slot it is closed.
    lead_minutes INTEGER NOT NULL CHECK (lead_minutes BETWEEN 0 AND 1440)
) STRICT;

-- A dish or a product that a campus sells.
CREATE TABLE menu_item (
    id BLOB PRIMARY KEY,
    campus_id BLOB NOT NULL REFERENCES campus (id),
    kind TEXT NOT NULL CHECK (kind IN ('DISH', 'PRODUCT')),
    -- The dish or product in the catalogue.
    reference TEXT NOT NULL,
    name TEXT NOT NULL CHECK (json_valid(name)),
    price INTEGER NOT NULL CHECK (price >= 0),
    options TEXT NOT NULL CHECK (json_valid(options)),
    sale TEXT NOT NULL CHECK (json_valid(sale)),
    minutes INTEGER NOT NULL CHECK (minutes BETWEEN 0 AND 240),
    active INTEGER NOT NULL DEFAULT TRUE CHECK (active IN (FALSE, TRUE)),
    position INTEGER NOT NULL,
    UNIQUE (campus_id, kind, reference)
) STRICT;
CREATE INDEX menu_item_place ON menu_item (campus_id, position, id);

-- Portions there are, and how many of them are promised. The ledger below says how it came to this.
CREATE TABLE stock (
    item_id BLOB PRIMARY KEY REFERENCES menu_item (id),
    on_hand INTEGER NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    low_mark INTEGER NOT NULL DEFAULT 0 CHECK (low_mark >= 0),
    CHECK (reserved <= on_hand)
) STRICT, WITHOUT ROWID;
CREATE TABLE stock_movement (
    id BLOB PRIMARY KEY,
    item_id BLOB NOT NULL REFERENCES stock (item_id),
    kind TEXT NOT NULL CHECK (kind IN
        ('RECEIVED', 'RESERVED', 'RELEASED', 'SOLD', 'RESTORED', 'WASTED', 'CORRECTED')),
    quantity INTEGER NOT NULL CHECK (quantity <> 0),
    on_hand_change INTEGER NOT NULL,
    reserved_change INTEGER NOT NULL,
    -- What made it, once: `order:<id>:reserve:<item>`, or a key of whoever wrote it down.
    cause TEXT NOT NULL UNIQUE,
    order_id BLOB,
    actor_id BLOB REFERENCES account (id) ON DELETE SET NULL,
    note TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX stock_movement_item ON stock_movement (item_id, id);

-- How many living orders a slot has. A slot without a row has none.
CREATE TABLE slot (
    campus_id BLOB NOT NULL REFERENCES campus (id),
    starts_at INTEGER NOT NULL,
    capacity INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    PRIMARY KEY (campus_id, starts_at),
    CHECK (taken BETWEEN 0 AND capacity)
) STRICT, WITHOUT ROWID;

-- The last number that was called out at a campus on a day.
CREATE TABLE pickup_number (
    campus_id BLOB NOT NULL REFERENCES campus (id),
    day TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (campus_id, day)
) STRICT, WITHOUT ROWID;

-- Named in the plural, since the singular is a word of SQL.
CREATE TABLE orders (
    id BLOB PRIMARY KEY,
    -- What is called out at the counter.
    number INTEGER NOT NULL CHECK (number > 0),
    account_id BLOB NOT NULL REFERENCES account (id),
    campus_id BLOB NOT NULL REFERENCES campus (id),
    slot_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('PENDING', 'CONFIRMED', 'PREPARING', 'READY', 'COLLECTED', 'CANCELLED')),
    gateway TEXT NOT NULL,
    total INTEGER NOT NULL CHECK (total >= 0),
    currency TEXT NOT NULL,
    -- The same key and the same request are the same order, and the same answer.
    idempotency_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    cancel_reason TEXT,
    cancel_note TEXT,
    placed_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    preparing_at INTEGER,
    ready_at INTEGER,
    collected_at INTEGER,
    cancelled_at INTEGER,
    request_id TEXT NOT NULL,
    UNIQUE (account_id, idempotency_key),
    CHECK ((state = 'CANCELLED') = (cancelled_at IS NOT NULL)),
    CHECK (state <> 'CANCELLED' OR cancel_reason IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_member ON orders (account_id, id);
CREATE INDEX orders_slot ON orders (campus_id, slot_at, id);

-- An item as it was when it was ordered: name, options, allergens, nutrients of one. Its id follows from
-- what it says, so that what is ordered a thousand times is written once.
CREATE TABLE ordered_item (
    id BLOB PRIMARY KEY,
    document TEXT NOT NULL CHECK (json_valid(document))
) STRICT, WITHOUT ROWID;

CREATE TABLE order_line (
    order_id BLOB NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    item_id BLOB NOT NULL REFERENCES menu_item (id),
    quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 20),
    unit_price INTEGER NOT NULL CHECK (unit_price >= 0),
    ordered_item_id BLOB NOT NULL REFERENCES ordered_item (id),
    PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;

-- Where an order's steps stand.
CREATE TABLE saga (
    order_id BLOB PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
    -- Of the transition function that began it.
    version INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('FORWARD', 'BACK', 'COMPLETED', 'CANCELLED')),
    step TEXT CHECK (step IN
        ('VERIFY_STOCK', 'RESERVE', 'PAY', 'CONFIRM_RESERVATION', 'SEND_CONFIRMATION', 'COMPLETE')),
    -- Back: the last step whose effects may exist.
    reached TEXT,
    -- Why it turned back, or is to turn back.
    reason TEXT,
    -- Until when its portions are kept for it.
    reserved_until INTEGER,
    updated_at INTEGER NOT NULL,
    CHECK ((step IS NULL) = (phase IN ('COMPLETED', 'CANCELLED')))
) STRICT, WITHOUT ROWID;
CREATE INDEX saga_living ON saga (updated_at) WHERE phase IN ('FORWARD', 'BACK');
CREATE INDEX saga_reserved ON saga (reserved_until) WHERE reserved_until IS NOT NULL;

-- What was done and undone, and how it went.
CREATE TABLE saga_step (
    order_id BLOB NOT NULL REFERENCES saga (order_id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('DO', 'UNDO')),
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'DONE', 'REFUSED', 'EXHAUSTED')),
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT CHECK (error IS NULL OR json_valid(error)),
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (order_id, step, direction)
) STRICT, WITHOUT ROWID;

-- The one payment of an order: its keys are there before anything leaves the process.
CREATE TABLE payment (
    order_id BLOB PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
    gateway TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    refund_key TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('REQUESTED', 'CHARGED', 'DECLINED', 'REFUNDING', 'REFUNDED')),
    reference TEXT,
    decline_reason TEXT,
    at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Double entry: what leaves one account arrives at another, so that all balances add up to nothing.
CREATE TABLE wallet_account (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('MEMBER', 'CARD', 'SALES', 'STAFF')),
    owner_id BLOB REFERENCES account (id),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    balance INTEGER NOT NULL DEFAULT 0,
    CHECK ((kind = 'MEMBER') = (owner_id IS NOT NULL)),
    CHECK (kind <> 'MEMBER' OR balance >= 0)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX wallet_account_member ON wallet_account (owner_id, currency) WHERE owner_id IS NOT NULL;
CREATE UNIQUE INDEX wallet_account_own ON wallet_account (kind, currency) WHERE owner_id IS NULL;
CREATE TABLE wallet_transfer (
    id BLOB PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('TOP_UP', 'PAYMENT', 'REFUND')),
    order_id BLOB,
    actor_id BLOB REFERENCES account (id) ON DELETE SET NULL,
    note TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE wallet_entry (
    transfer_id BLOB NOT NULL REFERENCES wallet_transfer (id),
    account_id BLOB NOT NULL REFERENCES wallet_account (id),
    amount INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (transfer_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX wallet_entry_account ON wallet_entry (account_id, transfer_id);

CREATE TABLE breaker (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('CLOSED', 'OPEN', 'HALF_OPEN')),
    failures INTEGER NOT NULL CHECK (failures >= 0),
    -- When the next call is tried, while it is open.
    until INTEGER,
    changed_at INTEGER NOT NULL
) STRICT;

-- What has happened, written in the transaction in which it did.
CREATE TABLE outbox (
    id BLOB PRIMARY KEY,
    -- What it happened to: `order:<id>`. Its events are delivered in the order of their positions.
    aggregate TEXT NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    -- Whom it is for; only those who work there, where absent.
    account_id BLOB REFERENCES account (id) ON DELETE CASCADE,
    campus_id BLOB REFERENCES campus (id),
    request_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- When each consumer had it.
    live_at INTEGER,
    inbox_at INTEGER,
    UNIQUE (aggregate, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_live ON outbox (id) WHERE live_at IS NULL;
CREATE INDEX outbox_inbox ON outbox (id) WHERE inbox_at IS NULL;
CREATE TABLE outbox_failure (
    event_id BLOB NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    consumer TEXT NOT NULL CHECK (consumer IN ('LIVE', 'INBOX')),
    attempts INTEGER NOT NULL CHECK (attempts > 0),
    next_at INTEGER,
    -- Given up; what comes after it in its aggregate goes on.
    dead INTEGER NOT NULL DEFAULT FALSE CHECK (dead IN (FALSE, TRUE)),
    error TEXT NOT NULL,
    failed_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, consumer),
    CHECK (dead = (next_at IS NULL))
) STRICT, WITHOUT ROWID;

-- What open pages follow: numbered without a gap, so that whoever was away knows what was missed.
CREATE TABLE live_event (
    sequence INTEGER PRIMARY KEY,
    event_id BLOB NOT NULL UNIQUE,
    account_id BLOB,
    campus_id BLOB,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX live_event_account ON live_event (account_id, sequence);

CREATE TABLE inbox_message (
    event_id BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    at INTEGER NOT NULL,
    read_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_message_member ON inbox_message (account_id, event_id);
CREATE INDEX inbox_message_unread ON inbox_message (account_id) WHERE read_at IS NULL;

-- A visitor's, by the hash of a cookie's token, until it is a member's.
CREATE TABLE cart (
    id BLOB PRIMARY KEY,
    token_hash BLOB UNIQUE,
    account_id BLOB UNIQUE REFERENCES account (id) ON DELETE CASCADE,
    campus_id BLOB REFERENCES campus (id),
    lines TEXT NOT NULL CHECK (json_valid(lines)),
    updated_at INTEGER NOT NULL,
    CHECK ((token_hash IS NULL) <> (account_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX cart_age ON cart (updated_at) WHERE token_hash IS NOT NULL;
