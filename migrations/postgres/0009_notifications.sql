-- How a member wishes to be told, where it is not as for everybody.
CREATE TABLE contact (
    account_id UUID PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    language TEXT NOT NULL CHECK (language IN ('en', 'es')),
    by_inbox BOOLEAN NOT NULL DEFAULT TRUE,
    by_email BOOLEAN NOT NULL DEFAULT TRUE,
    by_sms BOOLEAN NOT NULL DEFAULT FALSE,
    by_push BOOLEAN NOT NULL DEFAULT FALSE,
    -- E.164, as +525512345678.
    phone TEXT CHECK (phone LIKE '+%' AND length(phone) BETWEEN 8 AND 16),
    updated_at BIGINT NOT NULL,
    CHECK (NOT by_sms OR phone IS NOT NULL)
);
CREATE INDEX contact_phone ON contact (phone) WHERE phone IS NOT NULL;

-- A browser that takes notifications, as its push service names it.
CREATE TABLE push_subscription (
    id UUID PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    endpoint TEXT NOT NULL UNIQUE CHECK (length(endpoint) BETWEEN 1 AND 1000),
    -- The browser's public key and its secret (RFC 8291).
    public_key BYTEA NOT NULL CHECK (length(public_key) = 65),
    auth BYTEA NOT NULL CHECK (length(auth) = 16),
    created_at BIGINT NOT NULL
);
CREATE INDEX push_subscription_member ON push_subscription (account_id, id);

-- A message to somebody by one channel, until long after it was sent.
CREATE TABLE delivery (
    id UUID PRIMARY KEY,
    -- What makes it the same as another: event, channel, account, and the browser where it is for one.
    key TEXT NOT NULL UNIQUE,
    event_id UUID NOT NULL,
    account_id UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    channel TEXT NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
    template TEXT NOT NULL CHECK (template IN ('CONFIRMED', 'DECLINED', 'CANCELLED', 'SUBSTITUTE', 'READY')),
    language TEXT NOT NULL CHECK (language IN ('en', 'es')),
    -- An address, a phone number, or the host of a push service.
    recipient TEXT NOT NULL,
    -- The browser. It may be gone before the message is.
    subscription_id UUID,
    -- What the order is called at the counter.
    number BIGINT NOT NULL,
    payload JSONB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('QUEUED', 'SENT', 'FAILED')),
    attempts BIGINT NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- How often sending has begun and nobody has noted what came of it.
    unsettled BIGINT NOT NULL DEFAULT 0 CHECK (unsettled >= 0),
    -- Why it failed last.
    error TEXT,
    -- What whoever carries it calls it.
    reference TEXT,
    -- The job that sends it.
    job_id UUID NOT NULL,
    request_id TEXT NOT NULL,
    -- When it happened what it tells of.
    at BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    sent_at BIGINT,
    CHECK ((channel = 'PUSH') = (subscription_id IS NOT NULL)),
    CHECK (state <> 'SENT' OR sent_at IS NOT NULL),
    CHECK (state <> 'FAILED' OR error IS NOT NULL)
);
-- What the list of deliveries shows: of each kind the newest or the oldest.
CREATE INDEX delivery_part ON delivery (channel, state, template, id);
CREATE INDEX delivery_account ON delivery (account_id, id, channel, state, template);
CREATE INDEX delivery_number ON delivery (number, id, channel, state, template);
CREATE INDEX delivery_queued ON delivery (updated_at) WHERE state = 'QUEUED';
-- People are looked for by the beginning of their address, letter by letter.
CREATE INDEX account_email_start ON account (email COLLATE "C");

-- When the deliveries of an event were made. Nobody expects to be told now what happened long ago.
ALTER TABLE outbox ADD COLUMN notice_at BIGINT;
UPDATE outbox SET notice_at = at;
CREATE INDEX outbox_notice ON outbox (id) WHERE notice_at IS NULL;

-- One consumer more may fail.
ALTER TABLE outbox_failure DROP CONSTRAINT outbox_failure_consumer_check;
ALTER TABLE outbox_failure ADD CONSTRAINT outbox_failure_consumer_check
    CHECK (consumer IN ('LIVE', 'INBOX', 'NOTICE'));
