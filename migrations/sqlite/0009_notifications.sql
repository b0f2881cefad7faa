-- How a member wishes to be told, where it is not as for everybody.
CREATE TABLE contact (
    account_id BLOB PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    language TEXT NOT NULL CHECK (language IN ('en', 'es')),
    by_inbox INTEGER NOT NULL DEFAULT TRUE CHECK (by_inbox IN (FALSE, TRUE)),
    by_email INTEGER NOT NULL DEFAULT TRUE CHECK (by_email IN (FALSE, TRUE)),
    by_sms INTEGER NOT NULL DEFAULT FALSE CHECK (by_sms IN (FALSE, TRUE)),
    by_push INTEGER NOT NULL DEFAULT FALSE CHECK (by_push IN (FALSE, TRUE)),
    -- E.164, as +525512345678.
    phone TEXT CHECK (phone LIKE '+%' AND length(phone) BETWEEN 8 AND 16),
    updated_at INTEGER NOT NULL,
    CHECK (NOT by_sms OR phone IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_phone ON contact (phone) WHERE phone IS NOT NULL;

-- A browser that takes notifications, as its push service names it.
CREATE TABLE push_subscription (
    id BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    endpoint TEXT NOT NULL UNIQUE CHECK (length(endpoint) BETWEEN 1 AND 1000),
    -- The browser's public key and its secret (RFC 8291).
    public_key BLOB NOT NULL CHECK (length(public_key) = 65),
    auth BLOB NOT NULL CHECK (length(auth) = 16),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX push_subscription_member ON push_subscription (account_id, id);

-- A message to somebody by one channel, until long after it was sent.
CREATE TABLE delivery (
    id BLOB PRIMARY KEY,
    -- What makes it the same as another: event, channel, account, and the browser where it is for one.
    key TEXT NOT NULL UNIQUE,
    event_id BLOB NOT NULL,
    account_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    channel TEXT NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
    template TEXT NOT NULL CHECK (template IN ('CONFIRMED', 'DECLINED', 'CANCELLED', 'SUBSTITUTE', 'READY')),
    language TEXT NOT NULL CHECK (language IN ('en', 'es')),
    -- An address, a phone number, or the host of a push service.
    recipient TEXT NOT NULL,
    -- The browser. It may be gone before the message is.
    subscription_id BLOB,
    -- What the order is called at the counter.
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
-- What the list of deliveries shows: of each kind the newest or the oldest.
CREATE INDEX delivery_part ON delivery (channel, state, template, id);
CREATE INDEX delivery_account ON delivery (account_id, id, channel, state, template);
CREATE INDEX delivery_number ON delivery (number, id, channel, state, template);
CREATE INDEX delivery_queued ON delivery (updated_at) WHERE state = 'QUEUED';

-- When the deliveries of an event were made. Nobody expects to be told now what happened long ago.
ALTER TABLE outbox ADD COLUMN notice_at INTEGER;
UPDATE outbox SET notice_at = at;
CREATE INDEX outbox_notice ON outbox (id) WHERE notice_at IS NULL;

-- One consumer more may fail.
CREATE TABLE outbox_failure_next (
    event_id BLOB NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    consumer TEXT NOT NULL CHECK (consumer IN ('LIVE', 'INBOX', 'NOTICE')),
    attempts INTEGER NOT NULL CHECK (attempts > 0),
    next_at INTEGER,
    -- Given up; what comes after it in its aggregate goes on.
    dead INTEGER NOT NULL DEFAULT FALSE CHECK (dead IN (FALSE, TRUE)),
    error TEXT NOT NULL,
    failed_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, consumer),
    CHECK (dead = (next_at IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO outbox_failure_next (event_id, consumer, attempts, next_at, dead, error, failed_at)
SELECT event_id, consumer, attempts, next_at, dead, error, failed_at FROM outbox_failure;
DROP TABLE outbox_failure;
ALTER TABLE outbox_failure_next RENAME TO outbox_failure;
CREATE INDEX outbox_failure_waiting ON outbox_failure (consumer, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_failure_dead ON outbox_failure (event_id, consumer) WHERE dead;
