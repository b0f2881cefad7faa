-- Every list of jobs, newest first, by what they are and how they stand: the board's, the sweep's and
-- what a worker runs.
DROP INDEX job_running;
DROP INDEX job_succeeded;
DROP INDEX job_given_up;
DROP INDEX job_later;
CREATE INDEX job_state ON job (state, kind, id);

-- Running jobs are few and come and go: they are counted where they stand, and kept counts are touched
-- once in a job's life instead of three times.
DROP TRIGGER job_counted;
DROP TRIGGER job_recounted;
DROP TRIGGER job_uncounted;
-- By state first: how many are ready is asked every second.
CREATE TABLE job_count_next (
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    queue TEXT NOT NULL,
    hour INTEGER NOT NULL,
    jobs INTEGER NOT NULL CHECK (jobs >= 0),
    PRIMARY KEY (state, kind, queue, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO job_count_next (state, kind, queue, hour, jobs)
SELECT state, kind, queue, hour, jobs FROM job_count WHERE state <> 'running' AND jobs > 0;
DROP TABLE job_count;
ALTER TABLE job_count_next RENAME TO job_count;
CREATE TRIGGER job_counted AFTER INSERT ON job WHEN NEW.state <> 'running' BEGIN
    INSERT INTO job_count (queue, kind, state, hour, jobs)
    VALUES (NEW.queue, NEW.kind, NEW.state, NEW.created_at / 3600000000, 1)
    ON CONFLICT (queue, kind, state, hour) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_left_state AFTER UPDATE OF state ON job
WHEN NEW.state <> OLD.state AND OLD.state <> 'running' BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE queue = OLD.queue AND kind = OLD.kind
        AND state = OLD.state AND hour = OLD.created_at / 3600000000;
END;
CREATE TRIGGER job_came_to_state AFTER UPDATE OF state ON job
WHEN NEW.state <> OLD.state AND NEW.state <> 'running' BEGIN
    INSERT INTO job_count (queue, kind, state, hour, jobs)
    VALUES (NEW.queue, NEW.kind, NEW.state, NEW.created_at / 3600000000, 1)
    ON CONFLICT (queue, kind, state, hour) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_uncounted AFTER DELETE ON job WHEN OLD.state <> 'running' BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE queue = OLD.queue AND kind = OLD.kind
        AND state = OLD.state AND hour = OLD.created_at / 3600000000;
END;

-- What administrators have changed of jobs, and how those stood before: what is undone from. A change
-- of many has the id of the job that makes it.
CREATE TABLE job_change (
    id BLOB PRIMARY KEY,
    at INTEGER NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('RETRY', 'CANCEL', 'RUN_NOW', 'SET_PRIORITY')),
    -- The priority that was set.
    priority INTEGER
) STRICT;
CREATE TABLE changed_job (
    change_id BLOB NOT NULL REFERENCES job_change (id) ON DELETE CASCADE,
    job_id BLOB NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    deaths INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    progress INTEGER NOT NULL,
    message TEXT,
    error TEXT CHECK (error IS NULL OR json_valid(error)),
    finished_at INTEGER,
    PRIMARY KEY (change_id, job_id)
) STRICT, WITHOUT ROWID;

-- How each process was, by the minute: its requests, its memory, its connections.
CREATE TABLE process_time (
    minute INTEGER NOT NULL,
    process_id BLOB NOT NULL,
    measure TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (minute, process_id, measure)
) STRICT, WITHOUT ROWID;
