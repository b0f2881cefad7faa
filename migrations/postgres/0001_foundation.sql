CREATE TABLE account (
    id UUID PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('MEMBER', 'STAFF', 'ADMIN', 'OPERATOR')),
    created_at BIGINT NOT NULL
);

-- A browser's sign-in. The token itself is never stored, only its SHA-256.
CREATE TABLE session (
    token_hash BYTEA PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL CHECK (expires_at > created_at)
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

-- An API client's refresh tokens. Each is used once; all that follow from one sign-in are a family.
CREATE TABLE refresh_token (
    token_hash BYTEA PRIMARY KEY,
    family_id UUID NOT NULL,
    account_id UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL CHECK (expires_at > created_at),
    used_at BIGINT
);
CREATE INDEX refresh_token_family ON refresh_token (family_id);
CREATE INDEX refresh_token_account ON refresh_token (account_id);
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

CREATE TABLE profile (
    account_id UUID PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    document JSONB NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Rows of USDA SR28. A missing nutrient is unknown, never zero.
CREATE TABLE food (
    ndb_no TEXT PRIMARY KEY,
    food_group TEXT NOT NULL,
    description TEXT NOT NULL,
    common_name TEXT NOT NULL,
    scientific_name TEXT NOT NULL,
    refuse_percent BIGINT NOT NULL CHECK (refuse_percent BETWEEN 0 AND 100),
    nutrients JSONB NOT NULL,
    -- Words as SQLite's tokenizer finds them: runs of letters and digits, without accents.
    search TSVECTOR NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', regexp_replace(
        translate(lower(description || ' ' || common_name || ' ' || scientific_name),
            'áàâäãåéèêëíìîïóòôöõúùûüñç', 'aaaaaaeeeeiiiiooooouuuunc'),
        '[^[:alnum:]]+', ' ', 'g'))) STORED
);
CREATE INDEX food_search ON food USING gin (search);

-- What the installation remembers about itself.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE plan (
    id UUID PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    week TEXT NOT NULL CHECK (week LIKE '____-W__'),
    input_hash TEXT NOT NULL,
    document TEXT NOT NULL,
    -- What a list of plans shows: mean kcal a day, US cents a week, penalty points.
    energy BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    score BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- The same input is one plan, however often it was asked for.
    UNIQUE (account_id, input_hash)
);
CREATE INDEX plan_recent ON plan (account_id, id DESC);
CREATE INDEX plan_week ON plan (account_id, week, created_at DESC, id DESC);

CREATE TABLE job (
    id UUID PRIMARY KEY,
    queue TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('scheduled', 'ready', 'running', 'succeeded', 'retrying', 'dead', 'cancelled')),
    -- Smaller is more urgent.
    priority BIGINT NOT NULL,
    arguments JSONB NOT NULL,
    -- Whom it is for; nobody where it is the installation's own.
    owner_id UUID REFERENCES account (id) ON DELETE CASCADE,
    unique_key TEXT,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    max_attempts BIGINT NOT NULL CHECK (max_attempts > 0),
    -- Grows with each claim; an acknowledgement that carries an older one changes nothing.
    fence BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT,
    progress BIGINT NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    result JSONB,
    error JSONB,
    request_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('succeeded', 'dead', 'cancelled')) = (finished_at IS NOT NULL))
);
CREATE INDEX job_claim ON job (queue, priority, run_at, id) WHERE state IN ('scheduled', 'ready', 'retrying');
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX job_unique ON job (kind, unique_key) WHERE state NOT IN ('dead', 'cancelled');
CREATE INDEX job_owner ON job (owner_id);

-- Who did what, for an administrator to read.
CREATE TABLE audit (
    id UUID PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id UUID,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at DESC, id DESC);
