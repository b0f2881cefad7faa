-- The same counts by the day: a range of months is a row a day instead of twenty-four, and the hours
-- are read at its two ends only. They are folded in together with the hours.
CREATE TABLE job_count_day (
    queue TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    day BIGINT NOT NULL,
    jobs BIGINT NOT NULL,
    PRIMARY KEY (state, kind, queue, day)
);
INSERT INTO job_count_day (queue, kind, state, day, jobs)
SELECT queue, kind, state, hour / 24, SUM(jobs) FROM job_count GROUP BY 1, 2, 3, 4;
ALTER TABLE job_count DROP CONSTRAINT job_count_pkey, ADD PRIMARY KEY (hour, state, kind, queue);
