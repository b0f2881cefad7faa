-- A process that runs jobs. It lives as long as others see `beat` grow: no clock is compared, so a
-- clock that jumps takes nothing from anybody.
CREATE TABLE worker (
    id UUID PRIMARY KEY,
    host TEXT NOT NULL,
    process BIGINT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('all', 'worker')),
    beat BIGINT NOT NULL DEFAULT 0,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

-- What an administrator has set of a queue.
CREATE TABLE queue (
    name TEXT PRIMARY KEY,
    paused BOOLEAN NOT NULL DEFAULT FALSE,
    -- How many of its jobs one process runs at once.
    concurrency BIGINT NOT NULL CHECK (concurrency BETWEEN 1 AND 1000),
    -- At most so many jobs in so many microseconds, all processes together; no limit where absent.
    rate_limit BIGINT CHECK (rate_limit > 0),
    rate_period BIGINT CHECK (rate_period > 0),
    -- When the jobs that were claimed would all have been due, had they come evenly.
    rate_due BIGINT NOT NULL DEFAULT 0,
    CHECK ((rate_limit IS NULL) = (rate_period IS NULL))
);

DROP INDEX job_claim, job_lease, job_unique, job_owner;
ALTER TABLE job
    -- What it is about: `plan:<id>`, `account:<id>`.
    ADD COLUMN subject TEXT,
    -- No other job of this kind has the key, until this one is claimed ('waiting'), has ended
    -- ('living'), or for as long as it has not failed ('kept').
    ADD COLUMN unique_scope TEXT CHECK (unique_scope IN ('waiting', 'living', 'kept')),
    -- 'kept' ends then, where it ends by itself.
    ADD COLUMN unique_until BIGINT,
    -- How often its worker died while it ran. That is no failure of the job.
    ADD COLUMN deaths BIGINT NOT NULL DEFAULT 0 CHECK (deaths >= 0),
    -- Who runs it. A parent that waits for its children runs nowhere.
    ADD COLUMN worker_id UUID,
    ADD COLUMN cancelling BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN message TEXT,
    -- The job that caused it, and whether that one ends only after it.
    ADD COLUMN parent_id UUID,
    ADD COLUMN awaited BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN children_left BIGINT NOT NULL DEFAULT 0 CHECK (children_left >= 0),
    DROP COLUMN lease_until;
-- Whatever ran when this was installed runs no more.
UPDATE job SET state = CASE state WHEN 'running' THEN 'ready' ELSE state END, unique_scope = 'kept',
    unique_key = CASE WHEN state NOT IN ('dead', 'cancelled') THEN unique_key END;
ALTER TABLE job
    ADD CHECK (worker_id IS NULL OR state = 'running'),
    ADD CHECK (state <> 'running' OR worker_id IS NOT NULL OR children_left > 0),
    ADD CHECK (unique_key IS NULL OR unique_scope IS NOT NULL),
    ADD CHECK (NOT awaited OR parent_id IS NOT NULL);

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
    hour BIGINT NOT NULL,
    -- Never negative. It cannot be checked here: a change that is folded in is checked by itself first.
    jobs BIGINT NOT NULL,
    PRIMARY KEY (queue, kind, state, hour)
);
-- What has changed since: rows are only added, so that writers never wait for one another, and
-- folded into `job_count` from time to time.
CREATE TABLE job_count_change (
    queue TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    hour BIGINT NOT NULL,
    jobs BIGINT NOT NULL
);
INSERT INTO job_count (queue, kind, state, hour, jobs)
SELECT queue, kind, state, created_at / 3600000000, COUNT(*) FROM job GROUP BY 1, 2, 3, 4;

CREATE FUNCTION count_jobs_inserted() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO job_count_change (queue, kind, state, hour, jobs)
    SELECT queue, kind, state, created_at / 3600000000, COUNT(*) FROM new_job GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;
CREATE FUNCTION count_jobs_updated() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO job_count_change (queue, kind, state, hour, jobs)
    SELECT queue, kind, state, created_at / 3600000000, SUM(jobs)
    FROM (SELECT queue, kind, state, created_at, 1 AS jobs FROM new_job
        UNION ALL SELECT queue, kind, state, created_at, -1 FROM old_job) AS changed
    GROUP BY 1, 2, 3, 4 HAVING SUM(jobs) <> 0;
    RETURN NULL;
END $$;
CREATE FUNCTION count_jobs_deleted() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO job_count_change (queue, kind, state, hour, jobs)
    SELECT queue, kind, state, created_at / 3600000000, -COUNT(*) FROM old_job GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;
CREATE TRIGGER job_counted AFTER INSERT ON job REFERENCING NEW TABLE AS new_job
    FOR EACH STATEMENT EXECUTE FUNCTION count_jobs_inserted();
CREATE TRIGGER job_recounted AFTER UPDATE ON job REFERENCING OLD TABLE AS old_job NEW TABLE AS new_job
    FOR EACH STATEMENT EXECUTE FUNCTION count_jobs_updated();
CREATE TRIGGER job_uncounted AFTER DELETE ON job REFERENCING OLD TABLE AS old_job
    FOR EACH STATEMENT EXECUTE FUNCTION count_jobs_deleted();

-- A parent ends when the last child that it waits for has.
CREATE FUNCTION end_parent_job() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
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
    RETURN NULL;
END $$;
CREATE TRIGGER job_child_ended AFTER UPDATE OF state ON job FOR EACH ROW
    WHEN (NEW.awaited AND OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL)
    EXECUTE FUNCTION end_parent_job();

-- A child that is deleted, as with its account, is not waited for either. When is not known: the time
-- at which the parent began stands for it.
CREATE FUNCTION end_parent_of_deleted_job() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
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
    RETURN NULL;
END $$;
CREATE TRIGGER job_child_deleted AFTER DELETE ON job FOR EACH ROW
    WHEN (OLD.awaited AND OLD.finished_at IS NULL) EXECUTE FUNCTION end_parent_of_deleted_job();

-- The attempts that did not succeed, and why.
CREATE TABLE job_attempt (
    job_id UUID NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    fence BIGINT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('failed', 'died')),
    error JSONB,
    started_at BIGINT,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (job_id, fence)
);

-- What jobs wrote about themselves.
CREATE TABLE job_log (
    id UUID PRIMARY KEY,
    job_id UUID NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX job_log_of ON job_log (job_id, id);

-- When something is to be done again and again; whichever process moves `next_at` on enqueues it.
CREATE TABLE schedule (
    name TEXT PRIMARY KEY,
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    last_at BIGINT,
    last_job_id UUID
);

-- How long jobs waited and ran, in powers of two of a microsecond, and how they ended, by the minute.
CREATE TABLE job_time (
    minute BIGINT NOT NULL,
    queue TEXT NOT NULL,
    measure TEXT NOT NULL CHECK (measure IN ('wait', 'run', 'succeeded', 'failed', 'dead')),
    exponent BIGINT NOT NULL,
    jobs BIGINT NOT NULL,
    PRIMARY KEY (minute, queue, measure, exponent)
);
