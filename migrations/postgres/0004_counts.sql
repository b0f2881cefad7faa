-- Running jobs are few and come and go: they are counted where they stand, and kept counts are touched
-- once in a job's life instead of three times.
DELETE FROM job_count WHERE state = 'running';
DELETE FROM job_count_change WHERE state = 'running';
-- By state first: how many are ready is asked every second.
ALTER TABLE job_count DROP CONSTRAINT job_count_pkey, ADD PRIMARY KEY (state, kind, queue, hour);
CREATE OR REPLACE FUNCTION count_jobs_inserted() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO job_count_change (queue, kind, state, hour, jobs)
    SELECT queue, kind, state, created_at / 3600000000, COUNT(*) FROM new_job WHERE state <> 'running'
    GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION count_jobs_updated() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO job_count_change (queue, kind, state, hour, jobs)
    SELECT queue, kind, state, created_at / 3600000000, SUM(jobs)
    FROM (SELECT queue, kind, state, created_at, 1 AS jobs FROM new_job
        UNION ALL SELECT queue, kind, state, created_at, -1 FROM old_job) AS changed
    WHERE state <> 'running' GROUP BY 1, 2, 3, 4 HAVING SUM(jobs) <> 0;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION count_jobs_deleted() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO job_count_change (queue, kind, state, hour, jobs)
    SELECT queue, kind, state, created_at / 3600000000, -COUNT(*) FROM old_job WHERE state <> 'running'
    GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;
