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
