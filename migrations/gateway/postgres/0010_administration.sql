-- How much of a charge has gone back, in parts or whole.
ALTER TABLE charge ADD COLUMN refunded BIGINT NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount);
UPDATE charge SET refunded = amount WHERE key IN (SELECT charge_key FROM refund);
-- A part of a charge that went back, each key once.
CREATE TABLE part_refund (
    key TEXT PRIMARY KEY,
    charge_key TEXT NOT NULL REFERENCES charge (key),
    reference TEXT NOT NULL UNIQUE,
    amount BIGINT NOT NULL CHECK (amount > 0),
    at BIGINT NOT NULL
);
CREATE INDEX part_refund_charge ON part_refund (charge_key);
