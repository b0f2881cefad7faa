-- A process that runs jobs. It lives as long as others see `beat` grow: no clock is compared, so a
-- clock that jumps takes nothing from anybody.
CREATE TABLE worker (
    id BLOB PRIMARY KEY,
    host TEXT NOT NULL,
    process INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('all', 'worker')),
    beat INTEGER NOT NULL DEFAULT 0,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;

-- What an administrator has set of a queue.
CREATE TABLE queue (
    name TEXT PRIMARY KEY,
    paused INTEGER NOT NULL DEFAULT FALSE CHECK (paused IN (FALSE, TRUE)),
    -- How many of its jobs one process runs at once.
    concurrency INTEGER NOT NULL CHECK (concurrency BETWEEN 1 AND 1000),
    -- At most so many jobs in so many microseconds, all processes together; no limit where absent.
    rate_limit INTEGER CHECK (rate_limit > 0),
    rate_period INTEGER CHECK (rate_period > 0),
    -- When the jobs that were claimed would all have been due, had they come evenly.
    rate_due INTEGER NOT NULL DEFAULT 0,
    CHECK ((rate_limit IS NULL) = (rate_period IS NULL))
) STRICT;

CREATE TABLE job_next (
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
    -- What it is about: `plan:<id>`, `account:<id>`.
    subject TEXT,
    -- No other job of this kind has it, until this one is claimed ('waiting'), has ended ('living'),
    -- or for as long as it has not failed ('kept').
    unique_key TEXT,
    unique_scope TEXT CHECK (unique_scope IN ('waiting', 'living', 'kept')),
    -- 'kept' ends then, where it ends by itself.
    unique_until INTEGER,
    run_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
    -- How often its worker died while it ran. That is no failure of the job.
    deaths INTEGER NOT NULL DEFAULT 0 CHECK (deaths >= 0),
    -- Grows with each claim; an acknowledgement that carries an older one changes nothing.
    fence INTEGER NOT NULL DEFAULT 0,
    -- Who runs it. A parent that waits for its children runs nowhere.
    worker_id BLOB,
    cancelling INTEGER NOT NULL DEFAULT FALSE CHECK (cancelling IN (FALSE, TRUE)),
    progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    message TEXT,
    result TEXT CHECK (result IS NULL OR json_valid(result)),
    error TEXT CHECK (error IS NULL OR json_valid(error)),
    request_id TEXT NOT NULL,
    -- The job that caused it, and whether that one ends only after it.
    parent_id BLOB,
    awaited INTEGER NOT NULL DEFAULT FALSE CHECK (awaited IN (FALSE, TRUE)),
    children_left INTEGER NOT NULL DEFAULT 0 CHECK (children_left >= 0),
    created_at INTEGER NOT NULL,
    -- Of the latest attempt.
    started_at INTEGER,
    finished_at INTEGER,
    CHECK (worker_id IS NULL OR state = 'running'),
    CHECK (state <> 'running' OR worker_id IS NOT NULL OR children_left > 0),
    CHECK ((state IN ('succeeded', 'dead', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((unique_key IS NULL) OR (unique_scope IS NOT NULL)),
    CHECK (NOT awaited OR parent_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
-- Whatever ran when this was installed runs no more.
INSERT INTO job_next (id, queue, kind, state, priority, arguments, owner_id, unique_key, unique_scope,
    run_at, attempts, max_attempts, fence, progress, result, error, request_id, created_at, started_at,
    finished_at)
SELECT id, queue, kind, CASE state WHEN 'running' THEN 'ready' ELSE state END, priority, arguments,
    owner_id, CASE WHEN state NOT IN ('dead', 'cancelled') THEN unique_key END,
    'kept', run_at, attempts, max_attempts, fence, progress, result, error, request_id, created_at,
    started_at, finished_at
FROM job;
DROP TABLE job;
ALTER TABLE job_next RENAME TO job;

CREATE INDEX job_claim ON job (queue, priority, run_at, id) WHERE state = 'ready';
CREATE INDEX job_due ON job (run_at) WHERE state IN ('scheduled', 'retrying');
CREATE INDEX job_running ON job (worker_id) WHERE state = 'running';
CREATE UNIQUE INDEX job_unique ON job (kind, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX job_owner ON job (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX job_subject ON job (subject, id) WHERE subject IS NOT NULL;
CREATE INDEX job_children ON job (parent_id) WHERE parent_id IS NOT NULL;
-- What the board lists, newest first. Those that are ready need none of their own: few of them are
-- found by `job_claim`, and where they are many they are among the newest.
CREATE INDEX job_succeeded ON job (kind, id) WHERE state = 'succeeded';
CREATE INDEX job_given_up ON job (kind, state, id) WHERE state IN ('dead', 'cancelled');
CREATE INDEX job_later ON job (kind, state, id) WHERE state IN ('scheduled', 'retrying');

-- How many jobs there are, by the hour in which they were enqueued: nothing ever counts the table.
CREATE TABLE job_count (
    queue TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    hour INTEGER NOT NULL,
    jobs INTEGER NOT NULL CHECK (jobs >= 0),
    PRIMARY KEY (queue, kind, state, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO job_count (queue, kind, state, hour, jobs)
SELECT queue, kind, state, created_at / 3600000000, COUNT(*) FROM job GROUP BY 1, 2, 3, 4;
CREATE TRIGGER job_counted AFTER INSERT ON job BEGIN
    INSERT INTO job_count (queue, kind, state, hour, jobs)
    VALUES (NEW.queue, NEW.kind, NEW.state, NEW.created_at / 3600000000, 1)
    ON CONFLICT (queue, kind, state, hour) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_recounted AFTER UPDATE OF state ON job WHEN NEW.state <> OLD.state BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE queue = OLD.queue AND kind = OLD.kind
        AND state = OLD.state AND hour = OLD.created_at / 3600000000;
    INSERT INTO job_count (queue, kind, state, hour, jobs)
    VALUES (NEW.queue, NEW.kind, NEW.state, NEW.created_at / 3600000000, 1)
    ON CONFLICT (queue, kind, state, hour) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_uncounted AFTER DELETE ON job BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE queue = OLD.queue AND kind = OLD.kind
        AND state = OLD.state AND hour = OLD.created_at / 3600000000;
END;

-- A parent ends when the last child that it waits for has.
CREATE TRIGGER job_child_ended AFTER UPDATE OF state ON job
WHEN NEW.awaited AND OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL BEGIN
    UPDATE job SET children_left = children_left - 1,
        state = CASE WHEN state = 'running' AND worker_id IS NULL AND children_left = 1
            THEN 'succeeded' ELSE state END,
        progress = CASE WHEN state = 'running' AND worker_id IS NULL AND children_left = 1
            THEN 100 ELSE progress END,
        finished_at = CASE WHEN state = 'running' AND worker_id IS NULL AND children_left = 1
            THEN NEW.finished_at ELSE finished_at END,
        unique_key = CASE WHEN state = 'running' AND worker_id IS NULL AND children_left = 1
            AND unique_scope = 'living' THEN NULL ELSE unique_key END
    WHERE id = NEW.parent_id AND children_left > 0;
END;

-- A child that is deleted, as with its account, is not waited for either. When is not known: the time
-- at which the parent began stands for it.
CREATE TRIGGER job_child_deleted AFTER DELETE ON job
WHEN OLD.awaited AND OLD.finished_at IS NULL BEGIN
    UPDATE job SET children_left = children_left - 1,
        state = CASE WHEN state = 'running' AND worker_id IS NULL AND children_left = 1
            THEN 'succeeded' ELSE state END,
        progress = CASE WHEN state = 'running' AND worker_id IS NULL AND children_left = 1
            THEN 100 ELSE progress END,
        finished_at = CASE WHEN state = 'running' AND worker_id IS NULL AND children_left = 1
            THEN started_at ELSE finished_at END,
        unique_key = CASE WHEN state = 'running' AND worker_id IS NULL AND children_left = 1
            AND unique_scope = 'living' THEN NULL ELSE unique_key END
    WHERE id = OLD.parent_id AND children_left > 0;
END;

-- The attempts that did not succeed, and why.
CREATE TABLE job_attempt (
    job_id BLOB NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    fence INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('failed', 'died')),
    error TEXT CHECK (error IS NULL OR json_valid(error)),
    started_at INTEGER,
    ended_at INTEGER NOT NULL,
    PRIMARY KEY (job_id, fence)
) STRICT, WITHOUT ROWID;

-- What jobs wrote about themselves.
CREATE TABLE job_log (
    id BLOB PRIMARY KEY,
    job_id BLOB NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    message TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX job_log_of ON job_log (job_id, id);

-- When something is to be done again and again; whichever process moves `next_at` on enqueues it.
CREATE TABLE schedule (
    name TEXT PRIMARY KEY,
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    next_at INTEGER NOT NULL,
    last_at INTEGER,
    last_job_id BLOB
) STRICT;

-- How long jobs waited and ran, in powers of two of a microsecond, and how they ended, by the minute.
CREATE TABLE job_time (
    minute INTEGER NOT NULL,
    queue TEXT NOT NULL,
    measure TEXT NOT NULL CHECK (measure IN ('wait', 'run', 'succeeded', 'failed', 'dead')),
    exponent INTEGER NOT NULL,
    jobs INTEGER NOT NULL,
    PRIMARY KEY (minute, queue, measure, exponent)
) STRICT, WITHOUT ROWID;
