-- How much of what is to go back or has gone back is no refund of ours: somebody gave it back at the gateway.
ALTER TABLE payment ADD COLUMN elsewhere BIGINT NOT NULL DEFAULT 0 CHECK (elsewhere BETWEEN 0 AND amount);
-- Of orders that are made all the same it was known that all has gone back, and not noted how much.
UPDATE payment SET refunded = amount, elsewhere = amount - COALESCE((SELECT SUM(refund.amount) FROM refund
    WHERE refund.order_id = payment.order_id AND refund.state <> 'REFUSED'), 0)
WHERE state = 'REFUNDED' AND order_id IN (SELECT id FROM orders WHERE state NOT IN ('CANCELLED', 'PENDING'));

-- How much has gone back in all, as the gateway has told: the newest sum, which knows of what failed before it.
ALTER TABLE card_payment ADD COLUMN told BIGINT NOT NULL DEFAULT 0 CHECK (told BETWEEN 0 AND amount);
-- Puts what is told in order: twice the second of that sum. A failure has one more.
ALTER TABLE card_payment ADD COLUMN told_mark BIGINT NOT NULL DEFAULT 0;
-- Refunds that failed, how much each was, and when, as far as that is told: none of them is believed again.
ALTER TABLE card_payment ADD COLUMN failures JSONB NOT NULL DEFAULT '[]';
UPDATE card_payment SET told = amount WHERE state = 'REFUNDED';
-- Of a top-up: how much of that was asked of the wallet, and how much the wallet had.
ALTER TABLE card_payment ADD COLUMN claimed BIGINT NOT NULL DEFAULT 0 CHECK (claimed BETWEEN 0 AND amount);
ALTER TABLE card_payment ADD COLUMN taken BIGINT NOT NULL DEFAULT 0 CHECK (taken BETWEEN 0 AND claimed);
