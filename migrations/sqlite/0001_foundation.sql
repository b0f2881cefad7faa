CREATE TABLE account (
    id BLOB PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('MEMBER', 'STAFF', 'ADMIN', 'OPERATOR')),
    created_at INTEGER NOT NULL
) STRICT;

-- A browser's sign-in. The token itself is never stored, only its SHA-256.
CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > created_at)
) STRICT;
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

-- An API client's refresh tokens. Each is used once; all that follow from one sign-in are a family.
CREATE TABLE refresh_token (
    token_hash BLOB PRIMARY KEY,
    family_id BLOB NOT NULL,
    account_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
    used_at INTEGER
) STRICT;
CREATE INDEX refresh_token_family ON refresh_token (family_id);
CREATE INDEX refresh_token_account ON refresh_token (account_id);
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

CREATE TABLE profile (
    account_id BLOB PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    document TEXT NOT NULL CHECK (json_valid(document)),
    updated_at INTEGER NOT NULL
) STRICT;

-- Rows of USDA SR28. A missing nutrient is unknown, never zero.
CREATE TABLE food (
    -- The search index below refers to it: a row number of SQLite's own may change.
    id INTEGER PRIMARY KEY,
    ndb_no TEXT NOT NULL UNIQUE,
    food_group TEXT NOT NULL,
    description TEXT NOT NULL,
    common_name TEXT NOT NULL,
    scientific_name TEXT NOT NULL,
    refuse_percent INTEGER NOT NULL CHECK (refuse_percent BETWEEN 0 AND 100),
    nutrients TEXT NOT NULL CHECK (json_valid(nutrients))
) STRICT;
CREATE VIRTUAL TABLE food_search USING fts5 (
    description, common_name, scientific_name,
    content = 'food', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 2", prefix = '2 3 4'
);

-- What the installation remembers about itself.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE plan (
    id BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    week TEXT NOT NULL CHECK (week LIKE '____-W__'),
    input_hash TEXT NOT NULL,
    document TEXT NOT NULL CHECK (json_valid(document)),
    -- What a list of plans shows: mean kcal a day, US cents a week, penalty points.
    energy INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    score INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- The same input is one plan, however often it was asked for.
    UNIQUE (account_id, input_hash)
) STRICT;
CREATE INDEX plan_recent ON plan (account_id, id DESC);
CREATE INDEX plan_week ON plan (account_id, week, created_at DESC, id DESC);

CREATE TABLE job (
    id BLOB PRIMARY KEY,
    queue TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('scheduled', 'ready', 'running', 'succeeded', 'retrying', 'dead', 'cancelled')),
    -- Smaller is more urgent.
    priority INTEGER NOT NULL,
    arguments TEXT NOT NULL CHECK (json_valid(arguments)),
    -- Whom it is for; nobody where it is the installation's own.
    owner_id BLOB REFERENCES account (id) ON DELETE CASCADE,
    unique_key TEXT,
    run_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
    -- Grows with each claim; an acknowledgement that carries an older one changes nothing.
    fence INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    result TEXT CHECK (result IS NULL OR json_valid(result)),
    error TEXT CHECK (error IS NULL OR json_valid(error)),
    request_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('succeeded', 'dead', 'cancelled')) = (finished_at IS NOT NULL))
) STRICT;
CREATE INDEX job_claim ON job (queue, priority, run_at, id) WHERE state IN ('scheduled', 'ready', 'retrying');
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX job_unique ON job (kind, unique_key) WHERE state NOT IN ('dead', 'cancelled');
CREATE INDEX job_owner ON job (owner_id);

-- Who did what, for an administrator to read.
CREATE TABLE audit (
    id BLOB PRIMARY KEY,
    at INTEGER NOT NULL,
    actor_id BLOB,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    request_id TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at DESC, id DESC);
