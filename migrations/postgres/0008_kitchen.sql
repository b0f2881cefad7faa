-- Where an item is made: the kitchen's display can be read for one station alone.
ALTER TABLE menu_item ADD COLUMN station TEXT NOT NULL DEFAULT 'HOT' CHECK (station IN ('HOT', 'COLD', 'DRINKS'));
UPDATE menu_item SET station = 'COLD' WHERE kind = 'PRODUCT';
UPDATE menu_item SET station = 'DRINKS' WHERE kind = 'PRODUCT' AND reference IN
    ('still-water', 'hibiscus-water', 'orange-juice', 'coffee', 'green-tea', 'milk', 'soy-drink');

-- What is to be cooked and handed out, however many orders there have been.
CREATE INDEX orders_kitchen ON orders (campus_id, slot_at, id) WHERE state IN ('CONFIRMED', 'PREPARING', 'READY');

-- What of an order is out of stock, what its member was offered in its place, and what came of that.
CREATE TABLE substitution (
    id UUID PRIMARY KEY,
    order_id UUID NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    item_id UUID NOT NULL REFERENCES menu_item (id),
    -- How many portions, and what they were called when they were ordered.
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    name JSONB NOT NULL,
    -- What may be had instead, as it was and what it cost when it was offered.
    choices JSONB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('OFFERED', 'ACCEPTED', 'DECLINED', 'EXPIRED', 'WITHDRAWN', 'UNMET')),
    chosen_id UUID REFERENCES menu_item (id),
    -- What goes back to the member once the order is collected, in minor units.
    difference BIGINT NOT NULL DEFAULT 0 CHECK (difference >= 0),
    actor_id UUID REFERENCES account (id) ON DELETE SET NULL,
    offered_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    UNIQUE (order_id, item_id),
    CHECK ((state = 'OFFERED') = (ended_at IS NULL)),
    CHECK ((state = 'ACCEPTED') = (chosen_id IS NOT NULL))
);
-- One question at a time.
CREATE UNIQUE INDEX substitution_open ON substitution (order_id) WHERE state = 'OFFERED';
CREATE INDEX substitution_due ON substitution (expires_at, order_id) WHERE state = 'OFFERED';
