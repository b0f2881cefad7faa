-- Every list of jobs, newest first, by what they are and how they stand: the board's, the sweep's and
-- what a worker runs.
DROP INDEX job_running, job_succeeded, job_given_up, job_later;
CREATE INDEX job_state ON job (state, kind, id);

-- What administrators have changed of jobs, and how those stood before: what is undone from.
CREATE TABLE job_change (
    -- Of the change, which may concern many jobs.
    change_id UUID NOT NULL,
    job_id UUID NOT NULL,
    state TEXT NOT NULL,
    priority BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
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
