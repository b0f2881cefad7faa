-- What a change made of what it changed: before and after, by the path within it.
ALTER TABLE audit ADD COLUMN difference TEXT CHECK (difference IS NULL OR json_valid(difference));
CREATE INDEX audit_actor ON audit (actor_id, id);
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX audit_actor_action ON audit (actor_id, action, id);
CREATE INDEX audit_subject ON audit (subject, id);

-- Who edits something says which version they saw.
ALTER TABLE menu_item ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0);
-- Taken off the menu: nobody sees it there, and what was ordered of it keeps its line.
ALTER TABLE menu_item ADD COLUMN deleted_at INTEGER CHECK (deleted_at IS NULL OR NOT active);
ALTER TABLE campus ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0);

-- Lists of orders read the newest of each campus and state, and put those in order.
CREATE INDEX orders_listed ON orders (campus_id, state, id);
CREATE INDEX orders_due ON orders (campus_id, state, slot_at, id);
CREATE INDEX orders_number ON orders (number, id);
-- What was sold, without what stands in the lines besides.
CREATE INDEX order_line_sold ON order_line (order_id, item_id, quantity, unit_price);

-- Somebody who was deactivated can't sign in.
ALTER TABLE account ADD COLUMN active INTEGER NOT NULL DEFAULT TRUE CHECK (active IN (FALSE, TRUE));
CREATE INDEX account_listed ON account (role, active, id);
CREATE INDEX account_by_email ON account (role, active, email);

-- The words of names and addresses, without capitals and accents: people are looked for by how these begin.
CREATE TABLE account_word (
    word TEXT NOT NULL,
    account_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (word, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_word_account ON account_word (account_id, word);
INSERT INTO account_word (word, account_id) SELECT email, id FROM account WHERE true ON CONFLICT DO NOTHING;
WITH RECURSIVE
    folded(id, text) AS (SELECT id, replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        replace(replace(replace(replace(lower(name), 'á', 'a'), 'é', 'e'), 'í', 'i'), 'ó', 'o'), 'ú', 'u'), 'ñ', 'n'),
        'ü', 'u'), 'Á', 'a'), 'É', 'e'), 'Í', 'i'), 'Ó', 'o'), 'Ú', 'u'), 'Ñ', 'n'), 'Ü', 'u') FROM account),
    split(id, word, rest) AS (SELECT id, '', text || ' ' FROM folded
        UNION ALL SELECT id, substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1)
        FROM split WHERE rest <> '')
INSERT INTO account_word (word, account_id) SELECT word, id FROM split WHERE word <> '' ON CONFLICT DO NOTHING;

-- How much of a payment is to go back or has gone back besides a cancellation.
ALTER TABLE payment ADD COLUMN refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount);
-- What administrators give back of a payment, whole or in parts.
CREATE TABLE refund (
    id BLOB PRIMARY KEY,
    order_id BLOB NOT NULL REFERENCES payment (order_id) ON DELETE CASCADE,
    -- Under which the gateway is asked.
    key TEXT NOT NULL UNIQUE,
    -- What whoever asked calls the request: the same is the same refund.
    request_key TEXT NOT NULL UNIQUE,
    request TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('REQUESTED', 'DONE', 'REFUSED')),
    reference TEXT,
    actor_id BLOB REFERENCES account (id) ON DELETE SET NULL,
    at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX refund_order ON refund (order_id, id);
-- What a wallet paid and got back for an order.
CREATE INDEX wallet_transfer_order ON wallet_transfer (order_id) WHERE order_id IS NOT NULL;
