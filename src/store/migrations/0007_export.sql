-- Bulk Data exports: jobs that any gateway takes up, and the files they make. Rows go when a job expires or is cancelled.

CREATE TABLE export_job (
  id uuid PRIMARY KEY,
  client text NOT NULL,                             -- who asked, and alone may know of it
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
  request json NOT NULL,                            -- what was asked and with which permissions
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts integer NOT NULL DEFAULT 0,
  lease uuid,                                       -- the run that holds a row in state running
  lease_until timestamptz,
  progress text,
  transaction_time timestamptz(3),
  expires_at timestamptz,                           -- of an ended job
  outcome json                                      -- OperationOutcome of a failed job
);
CREATE INDEX export_job_open ON export_job (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX export_job_by_client ON export_job (client) WHERE state IN ('queued', 'running');
CREATE INDEX export_job_expires ON export_job (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE export_file (
  job uuid NOT NULL REFERENCES export_job ON DELETE CASCADE,
  file integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('output', 'deleted', 'error')),
  type text NOT NULL,
  count integer NOT NULL,                           -- lines
  PRIMARY KEY (job, file)
);

-- One gzip stream a file, cut into rows.
CREATE TABLE export_chunk (
  job uuid NOT NULL REFERENCES export_job ON DELETE CASCADE,
  file integer NOT NULL,
  n integer NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (job, file, n)
);
ALTER TABLE export_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
