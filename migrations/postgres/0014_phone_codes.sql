-- Since when a phone number is known to be the member's; nothing but codes goes to it before. Nobody was asked
-- so far.
ALTER TABLE contact ADD COLUMN phone_confirmed_at BIGINT;

-- Codes that were sent to phone numbers, for as long as they count.
CREATE TABLE phone_code (
    id UUID PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    -- E.164.
    phone TEXT NOT NULL CHECK (phone LIKE '+%' AND length(phone) BETWEEN 8 AND 16),
    -- Of the code, with the installation's secret: the code itself stands nowhere.
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    -- How often somebody has typed one.
    tries BIGINT NOT NULL DEFAULT 0 CHECK (tries >= 0),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX phone_code_account ON phone_code (account_id, created_at);
CREATE INDEX phone_code_phone ON phone_code (phone, created_at);
CREATE INDEX phone_code_created ON phone_code (created_at);

-- A code is a message as well.
ALTER TABLE delivery DROP CONSTRAINT delivery_template_check;
ALTER TABLE delivery ADD CONSTRAINT delivery_template_check
    CHECK (template IN ('CONFIRMED', 'DECLINED', 'CANCELLED', 'SUBSTITUTE', 'READY', 'CODE'));
