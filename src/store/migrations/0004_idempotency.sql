-- Answers to writes that carried an Idempotency-Key, in the transaction of their effect; kept for a day.

CREATE TABLE idempotent_answer (
  client text NOT NULL,                             -- who asked: kind, client and person
  key_hash text NOT NULL,
  request_hash text NOT NULL,                       -- of what was asked: another request under the same key is refused
  at timestamptz NOT NULL,
  answer text NOT NULL,                             -- JSON
  PRIMARY KEY (client, key_hash)
);
CREATE INDEX idempotent_answer_by_time ON idempotent_answer (at);
