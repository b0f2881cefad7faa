-- Which ways to pay a campus takes. One without a row takes the usual ones.
CREATE TABLE campus_gateway (
    campus_id UUID NOT NULL REFERENCES campus (id) ON DELETE CASCADE,
    gateway TEXT NOT NULL,
    PRIMARY KEY (campus_id, gateway)
);

-- The gateway's name of the card that is asked, where it needs one. Numbers of cards never come here.
ALTER TABLE orders ADD COLUMN payment_method TEXT;

-- What the gateway of cards is asked for, by the key of the charge. Its intent is written down before it
-- is confirmed, and one intent takes money once: whoever comes first is the one that all go on with.
CREATE TABLE card_payment (
    key TEXT PRIMARY KEY,
    account_id UUID NOT NULL,
    order_id UUID,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    -- Absent where it was called off before there was one.
    intent_id TEXT UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'CHARGED', 'DECLINED', 'VOID', 'REFUNDED')),
    decline_reason TEXT,
    refund_id TEXT,
    at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK ((state = 'DECLINED') = (decline_reason IS NOT NULL)),
    CHECK (intent_id IS NOT NULL OR state = 'VOID')
);

-- What the gateway has told, each once.
CREATE TABLE card_event (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    intent_id TEXT,
    received_at BIGINT NOT NULL
);
CREATE INDEX card_event_age ON card_event (received_at);
