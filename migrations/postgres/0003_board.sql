-- Every list of jobs, newest first, by what they are and how they stand: the board's, the sweep's and
-- what a worker runs.
DROP INDEX job_running, job_succeeded, job_given_up, job_later;
CREATE INDEX job_state ON job (state, kind, id);

-- With the id, so that those of one member or parent come in order. SQLite's have it as they are.
DROP INDEX job_owner, job_children;
CREATE INDEX job_owner ON job (owner_id, id) WHERE owner_id IS NOT NULL;
CREATE INDEX job_children ON job (parent_id, id) WHERE parent_id IS NOT NULL;

-- What administrators have changed of jobs, and how those stood before: what is undone from. A change
-- of many has the id of the job that makes it.
CREATE TABLE job_change (
    id UUID PRIMARY KEY,
    at BIGINT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('RETRY', 'CANCEL', 'RUN_NOW', 'SET_PRIORITY')),
    -- The priority that was set.
    priority BIGINT
);
CREATE TABLE changed_job (
    change_id UUID NOT NULL REFERENCES job_change (id) ON DELETE CASCADE,
    job_id UUID NOT NULL,
    state TEXT NOT NULL,
    priority BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    deaths BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    progress BIGINT NOT NULL,
    message TEXT,
    error JSONB,
    finished_at BIGINT,
    PRIMARY KEY (change_id, job_id)
);

-- How each process was, by the minute: its requests, its memory, its connections.
CREATE TABLE process_time (
    minute BIGINT NOT NULL,
    process_id UUID NOT NULL,
    measure TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (minute, process_id, measure)
);
