-- Since when a phone number is known to be the member's; nothing but codes goes to it before. Nobody was asked
-- so far.
ALTER TABLE contact ADD COLUMN phone_confirmed_at INTEGER;

-- Codes that were sent to phone numbers, for as long as they count.
CREATE TABLE phone_code (
    id BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    -- E.164.
    phone TEXT NOT NULL CHECK (phone LIKE '+%' AND length(phone) BETWEEN 8 AND 16),
    -- Of the code, with the installation's secret: the code itself stands nowhere.
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    -- How often somebody has typed one.
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX phone_code_account ON phone_code (account_id, created_at);
CREATE INDEX phone_code_phone ON phone_code (phone, created_at);
CREATE INDEX phone_code_created ON phone_code (created_at);

-- A code is a message as well.
CREATE TABLE delivery_next (
    id BLOB PRIMARY KEY,
    -- What makes it the same as another: event, or code, channel, account, and the browser where it is for one.
    key TEXT NOT NULL UNIQUE,
    -- What it tells of: an event, or a code.
    event_id BLOB NOT NULL,
    account_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    channel TEXT NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
    template TEXT NOT NULL
        CHECK (template IN ('CONFIRMED', 'DECLINED', 'CANCELLED', 'SUBSTITUTE', 'READY', 'CODE')),
    language TEXT NOT NULL CHECK (language IN ('en', 'es')),
    -- An address, a phone number, or the host of a push service.
    recipient TEXT NOT NULL,
    -- The browser. It may be gone before the message is.
    subscription_id BLOB,
    -- What the order is called at the counter; zero where it is about none.
    number INTEGER NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    state TEXT NOT NULL CHECK (state IN ('QUEUED', 'SENT', 'FAILED')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- How often sending has begun and nobody has noted what came of it.
    unsettled INTEGER NOT NULL DEFAULT 0 CHECK (unsettled >= 0),
    -- Why it failed last.
    error TEXT,
    -- What whoever carries it calls it.
    reference TEXT,
    -- The job that sends it.
    job_id BLOB NOT NULL,
    request_id TEXT NOT NULL,
    -- When it happened what it tells of.
    at INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    sent_at INTEGER,
    CHECK ((channel = 'PUSH') = (subscription_id IS NOT NULL)),
    CHECK (state <> 'SENT' OR sent_at IS NOT NULL),
    CHECK (state <> 'FAILED' OR error IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO delivery_next (id, key, event_id, account_id, channel, template, language, recipient, subscription_id, number, payload,
    state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at, sent_at)
SELECT id, key, event_id, account_id, channel, template, language, recipient, subscription_id, number, payload,
    state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at, sent_at
FROM delivery;
DROP TABLE delivery;
ALTER TABLE delivery_next RENAME TO delivery;
-- What the list of deliveries shows: of each kind the newest or the oldest.
CREATE INDEX delivery_part ON delivery (channel, state, template, id);
CREATE INDEX delivery_account ON delivery (account_id, id, channel, state, template);
CREATE INDEX delivery_number ON delivery (number, id, channel, state, template);
CREATE INDEX delivery_queued ON delivery (updated_at) WHERE state = 'QUEUED';
