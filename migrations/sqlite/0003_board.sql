-- Every list of jobs, newest first, by what they are and how they stand: the board's, the sweep's and
-- what a worker runs.
DROP INDEX job_running;
DROP INDEX job_succeeded;
DROP INDEX job_given_up;
DROP INDEX job_later;
CREATE INDEX job_state ON job (state, kind, id);

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
