-- Deliveries to connected systems, effects of rules, and messages taken in. The rows here are the truth; a queue beside
-- them only carries ids.

CREATE TABLE delivery (
  id uuid PRIMARY KEY,                     -- also the idempotency key towards the system
  seq bigint GENERATED ALWAYS AS IDENTITY,
  change_seq bigint NOT NULL,
  system text NOT NULL,
  route text NOT NULL,
  type text NOT NULL,
  resource_id text NOT NULL,
  version_id integer NOT NULL,
  subject text NOT NULL,                   -- what the order is kept by: the patient, else the resource itself
  priority smallint NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent', 'dead', 'paused')),
  attempts integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tried_since timestamptz NOT NULL DEFAULT clock_timestamp(), -- the longest time to keep trying counts from here
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  offer_at timestamptz NOT NULL,           -- when the sweep hands the id to the dispatcher again
  lease uuid,                              -- the attempt that holds a row in state sending
  lease_until timestamptz,
  settled_at timestamptz,
  remote_id text,
  map text,                                -- canonical of the map that made the last payload
  outcome json,                            -- OperationOutcome of the last attempt that failed
  UNIQUE (change_seq, system, route)
);
CREATE INDEX delivery_order ON delivery (system, subject, change_seq, seq) WHERE state IN ('waiting', 'sending', 'paused');
CREATE INDEX delivery_offer ON delivery (system, offer_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX delivery_by_state ON delivery (state, seq);
CREATE INDEX delivery_by_system ON delivery (system, seq);
CREATE INDEX delivery_by_resource ON delivery (type, resource_id);
-- A delivery waits for earlier changes of its subject that are not routed yet.
CREATE INDEX change_unhandled_by_subject ON change (subject, seq) WHERE handled_at IS NULL;

-- What a rule did because of one change. The key makes the effect happen once, whoever tries and however often.
CREATE TABLE delivery_effect (
  once text PRIMARY KEY,
  change_seq bigint NOT NULL,
  reaction text NOT NULL,
  rule text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX delivery_effect_by_change ON delivery_effect (change_seq);

-- A reaction that failed: tried again when due, dead after too many attempts, retried by hand.
CREATE TABLE delivery_failed_reaction (
  change_seq bigint NOT NULL,
  reaction text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'dead')),
  attempts integer NOT NULL,
  due_at timestamptz NOT NULL,
  outcome json NOT NULL,
  PRIMARY KEY (change_seq, reaction)
);
CREATE INDEX delivery_failed_reaction_due ON delivery_failed_reaction (due_at) WHERE state = 'waiting';

CREATE TABLE inbound_message (
  id uuid PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  system text NOT NULL,
  message text NOT NULL,
  message_id text NOT NULL,
  state text NOT NULL CHECK (state IN ('done', 'dead')),
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts integer NOT NULL DEFAULT 1,
  raw bytea,                               -- AES-256-GCM: nonce, tag, ciphertext; null once its time is over
  reference text,                          -- version that was written, e.g. Task/1/_history/3
  outcome json NOT NULL,                   -- what the sender was answered, to be answered again as it is
  UNIQUE (system, message, message_id)
);
CREATE INDEX inbound_message_by_state ON inbound_message (state, seq);
CREATE INDEX inbound_message_raw ON inbound_message (received_at) WHERE raw IS NOT NULL;
