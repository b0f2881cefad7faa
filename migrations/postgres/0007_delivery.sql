-- When a message was put into its inbox: later than whatever was put into it before, so that "everything
-- that I have seen" means it.
ALTER TABLE inbox_message ADD COLUMN delivered_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX inbox_message_delivered ON inbox_message (account_id, delivered_at);

-- What is to be delivered again, which every pass of the relay asks for, and what was given up.
CREATE INDEX outbox_failure_waiting ON outbox_failure (consumer, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_failure_dead ON outbox_failure (event_id, consumer) WHERE dead;

-- What people wrote down of an item, apart from what orders did to it.
CREATE INDEX stock_movement_by_hand ON stock_movement (item_id, id)
    WHERE kind IN ('RECEIVED', 'WASTED', 'CORRECTED');
