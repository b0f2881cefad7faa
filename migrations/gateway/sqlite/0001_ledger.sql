-- What the simulated gateway was asked for and decided, each key once. It knows nothing of the
-- institution's database: what it says of a payment is the truth that the other is compared with.
CREATE TABLE charge (
    key TEXT PRIMARY KEY,
    -- What the gateway calls it.
    reference TEXT NOT NULL UNIQUE,
    account_id BLOB NOT NULL,
    order_id BLOB,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    -- One that was called off before it was made is void: it never will be made.
    state TEXT NOT NULL CHECK (state IN ('APPROVED', 'DECLINED', 'VOID')),
    decline_reason TEXT,
    at INTEGER NOT NULL,
    CHECK ((state = 'DECLINED') = (decline_reason IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX charge_account ON charge (account_id, at) WHERE state = 'APPROVED';
CREATE INDEX charge_order ON charge (order_id) WHERE order_id IS NOT NULL;

-- All of a charge goes back, once.
CREATE TABLE refund (
    charge_key TEXT PRIMARY KEY REFERENCES charge (key),
    key TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
