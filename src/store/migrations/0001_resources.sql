-- Resources, their history, the search index, the changes to deliver and the audit.

-- The current version of each resource; a deletion leaves a row without content.
CREATE TABLE resource (
  key bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- what index rows name
  type text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  version_id integer NOT NULL,
  last_updated timestamptz(3) NOT NULL,
  method text NOT NULL CHECK (method IN ('create', 'update', 'delete')),
  content text,                                     -- the JSON text that is served, as it is
  patients text[] NOT NULL,                         -- whose compartments it is in
  sector text NOT NULL CHECK (sector IN ('health', 'social')),
  PRIMARY KEY (type, id)
);
CREATE INDEX resource_by_time ON resource (type, last_updated, key) WHERE content IS NOT NULL;

-- Versions that were superseded. A create writes its content once.
CREATE TABLE resource_history (
  type text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  version_id integer NOT NULL,
  last_updated timestamptz(3) NOT NULL,
  method text NOT NULL,
  content text,
  patients text[] NOT NULL,
  sector text NOT NULL,
  PRIMARY KEY (type, id, version_id)
);

-- Content of a few kilobytes stays in the row as it is: compressing it costs more than it saves.
ALTER TABLE resource SET (toast_tuple_target = 8160, fillfactor = 90);
ALTER TABLE resource_history SET (toast_tuple_target = 8160);

CREATE VIEW resource_version AS
  SELECT type, id, version_id, last_updated, method, content, patients, sector FROM resource
  UNION ALL
  SELECT type, id, version_id, last_updated, method, content, patients, sector FROM resource_history;

-- The search index, of current versions only. `param` is a number made of the resource type and the parameter's code
-- (src/store/index-plan.ts). Each value is found by (param, value); a resource's rows by its key.
CREATE TABLE search_token (
  key bigint NOT NULL,
  param integer NOT NULL,
  system text COLLATE "C",
  code text COLLATE "C" NOT NULL
);
CREATE INDEX search_token_by_code ON search_token (param, code, key, system);
CREATE INDEX search_token_by_key ON search_token (key);

CREATE TABLE search_string (
  key bigint NOT NULL,
  param integer NOT NULL,
  value text COLLATE "C" NOT NULL,                  -- without case and accents
  exact text COLLATE "C" NOT NULL
);
CREATE INDEX search_string_by_value ON search_string (param, left(value, 200), key);
CREATE INDEX search_string_by_key ON search_string (key);

CREATE TABLE search_date (
  key bigint NOT NULL,
  param integer NOT NULL,
  low timestamptz NOT NULL,                         -- first and last instant that the value covers
  high timestamptz NOT NULL
);
CREATE INDEX search_date_by_low ON search_date (param, low, key, high);
CREATE INDEX search_date_by_high ON search_date (param, high, key);
CREATE INDEX search_date_by_key ON search_date (key);

-- References (target_type and target_id), canonicals (url and version), URIs and absolute references (url).
CREATE TABLE search_reference (
  key bigint NOT NULL,
  param integer NOT NULL,
  target_type text COLLATE "C",
  target_id text COLLATE "C",
  url text COLLATE "C",
  version text COLLATE "C"
);
CREATE INDEX search_reference_by_target ON search_reference (param, target_id, target_type, key)
  WHERE target_id IS NOT NULL;
CREATE INDEX search_reference_by_url ON search_reference (param, url, key, version) WHERE url IS NOT NULL;
CREATE INDEX search_reference_by_key ON search_reference (key);

CREATE TABLE search_quantity (
  key bigint NOT NULL,
  param integer NOT NULL,
  low numeric NOT NULL,
  high numeric NOT NULL,
  system text COLLATE "C",
  code text COLLATE "C",
  unit text COLLATE "C"
);
CREATE INDEX search_quantity_by_low ON search_quantity (param, low, key);
CREATE INDEX search_quantity_by_high ON search_quantity (param, high, key);
CREATE INDEX search_quantity_by_key ON search_quantity (key);

-- A value implies its parameter: without this the planner multiplies the two and expects far too few rows.
CREATE STATISTICS search_token_values (dependencies, mcv) ON param, code FROM search_token;
CREATE STATISTICS search_reference_targets (dependencies, mcv) ON param, target_id FROM search_reference;
CREATE STATISTICS search_reference_urls (dependencies, mcv) ON param, url FROM search_reference;

-- What happened, in the transaction that made it happen; the relay takes what is not handled.
CREATE TABLE change (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  type text NOT NULL,
  id text NOT NULL,
  version_id integer NOT NULL,
  method text NOT NULL,
  origin text,                                      -- connected system the change came from
  agent text NOT NULL,
  once text,                                        -- a cause that must have its effect only once
  subject text NOT NULL,                            -- what deliveries are ordered by: the patient, else the resource
  handled_at timestamptz,
  CONSTRAINT change_once UNIQUE (once)
);
CREATE INDEX change_unhandled ON change (seq) WHERE handled_at IS NULL;

-- Who did what. Rows are added and never altered.
CREATE TABLE audit (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  request_id text NOT NULL,
  kind text NOT NULL,                               -- citizen, professional, system, gateway
  who text NOT NULL,
  client_id text,
  action text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('success', 'refused', 'failed')),
  entities text[] NOT NULL,
  detail text
);
CREATE INDEX audit_by_time ON audit USING brin (at);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The audit is append-only.';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- One write: checks the version, keeps the one before, and writes the new one. SQLSTATEs: SI001 the id is taken,
-- SI002 another version than the caller saw, SI003 no such resource. `head` and `tail` are the content around the version id.
CREATE FUNCTION write_version(
  new_kind text, new_type text, new_id text, seen integer, head text, tail text, at timestamptz, new_patients text[],
  new_sector text, place integer,
  OUT written_key bigint, OUT written_version integer, OUT changed boolean)
LANGUAGE plpgsql AS $$
DECLARE
  old_version integer;
  old_method text;
BEGIN
  changed := true;
  LOOP
    IF new_kind IN ('update', 'upsert', 'delete') THEN
      SELECT r.key, r.version_id, r.method INTO written_key, old_version, old_method
        FROM resource r WHERE r.type = new_type AND r.id = new_id FOR UPDATE;
      EXIT WHEN FOUND;
      IF seen IS NOT NULL THEN
        RAISE EXCEPTION 'version' USING ERRCODE = 'SI002', DETAIL = place;
      ELSIF new_kind <> 'upsert' THEN
        RAISE EXCEPTION 'missing' USING ERRCODE = 'SI003', DETAIL = place;
      END IF;
    END IF;
    INSERT INTO resource (type, id, version_id, last_updated, method, content, patients, sector)
      VALUES (new_type, new_id, 1, at, 'create', head || '1' || tail, new_patients, new_sector)
      ON CONFLICT (type, id) DO NOTHING RETURNING key INTO written_key;
    IF FOUND THEN
      written_version := 1;
      RETURN;
    END IF;
    IF new_kind = 'create' THEN
      RAISE EXCEPTION 'taken' USING ERRCODE = 'SI001', DETAIL = place;
    END IF;
  END LOOP;

  IF seen IS NOT NULL AND seen <> old_version THEN
    RAISE EXCEPTION 'version' USING ERRCODE = 'SI002', DETAIL = place;
  END IF;
  IF new_kind = 'delete' AND old_method = 'delete' THEN
    changed := false;
    written_version := old_version;
    RETURN;
  END IF;
  written_version := old_version + 1;
  INSERT INTO resource_history
    SELECT r.type, r.id, r.version_id, r.last_updated, r.method, r.content, r.patients, r.sector
    FROM resource r WHERE r.key = written_key;
  IF new_kind = 'delete' THEN
    UPDATE resource r SET version_id = written_version, last_updated = at, method = 'delete', content = NULL
      WHERE r.key = written_key;
  ELSE
    UPDATE resource r SET version_id = written_version, last_updated = at,
      method = 'update', content = head || written_version || tail, patients = new_patients, sector = new_sector
      WHERE r.key = written_key;
  END IF;
  DELETE FROM search_token t WHERE t.key = written_key;
  DELETE FROM search_string t WHERE t.key = written_key;
  DELETE FROM search_date t WHERE t.key = written_key;
  DELETE FROM search_reference t WHERE t.key = written_key;
  DELETE FROM search_quantity t WHERE t.key = written_key;
END $$;

-- All writes of one request, with their index rows, changes and audit row: one statement, one round trip.
-- `bodies` holds head and tail of each content, separated by U+001F, which no JSON text holds raw. The `*_row` arrays say
-- which write an index row is of. Returns the version of each write, negative when a deletion found nothing left to delete.
CREATE FUNCTION write_resources(
  kinds text[], types text[], ids text[], seen integer[], bodies text, at timestamptz, patients text[], sectors text[],
  token_row integer[], token_param integer[], token_system text[], token_code text[],
  string_row integer[], string_param integer[], string_value text[], string_exact text[],
  date_row integer[], date_param integer[], date_low timestamptz[], date_high timestamptz[],
  reference_row integer[], reference_param integer[], reference_type text[], reference_id text[],
  reference_url text[], reference_version text[],
  quantity_row integer[], quantity_param integer[], quantity_low numeric[], quantity_high numeric[],
  quantity_system text[], quantity_code text[], quantity_unit text[],
  change_origin text, change_agent text, change_once text,
  audit_request text, audit_kind text, audit_client text, audit_action text)
RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
  parts text[] := string_to_array(bodies, E'\x1f');
  keys bigint[] := '{}';
  versions integer[] := '{}';
  compartments text[];
  written record;
  writes integer := cardinality(kinds);
BEGIN
  IF writes > 1 THEN
    -- Locks in one order, so that two transactions over the same resources wait instead of deadlocking.
    PERFORM 1 FROM resource r JOIN unnest(types, ids) AS w(type, id) ON r.type = w.type AND r.id = w.id
      ORDER BY r.type, r.id FOR UPDATE OF r;
  END IF;
  FOR n IN 1..writes LOOP
    compartments := string_to_array(patients[n], ' ');
    SELECT * INTO written FROM write_version(kinds[n], types[n], ids[n], seen[n], parts[2 * n - 1], parts[2 * n], at,
      compartments, sectors[n], n);
    keys := keys || written.written_key;
    versions := versions || CASE WHEN written.changed THEN written.written_version ELSE -written.written_version END;
    IF written.changed THEN
      INSERT INTO change (type, id, version_id, method, origin, agent, once, subject)
        SELECT r.type, r.id, r.version_id, r.method, change_origin, change_agent,
          CASE WHEN n = 1 THEN change_once END, coalesce('Patient/' || r.patients[1], r.type || '/' || r.id)
        FROM resource r WHERE r.key = written.written_key;
    END IF;
  END LOOP;

  IF cardinality(token_row) > 0 THEN
    INSERT INTO search_token (key, param, system, code)
      SELECT keys[w], p, s, c FROM unnest(token_row, token_param, token_system, token_code) AS u(w, p, s, c);
  END IF;
  IF cardinality(string_row) > 0 THEN
    INSERT INTO search_string (key, param, value, exact)
      SELECT keys[w], p, v, e FROM unnest(string_row, string_param, string_value, string_exact) AS u(w, p, v, e);
  END IF;
  IF cardinality(date_row) > 0 THEN
    INSERT INTO search_date (key, param, low, high)
      SELECT keys[w], p, l, h FROM unnest(date_row, date_param, date_low, date_high) AS u(w, p, l, h);
  END IF;
  IF cardinality(reference_row) > 0 THEN
    INSERT INTO search_reference (key, param, target_type, target_id, url, version)
      SELECT keys[w], p, t, i, u, v
      FROM unnest(reference_row, reference_param, reference_type, reference_id, reference_url, reference_version)
        AS u(w, p, t, i, u, v);
  END IF;
  IF cardinality(quantity_row) > 0 THEN
    INSERT INTO search_quantity (key, param, low, high, system, code, unit)
      SELECT keys[w], p, l, h, s, c, u
      FROM unnest(quantity_row, quantity_param, quantity_low, quantity_high, quantity_system, quantity_code, quantity_unit)
        AS u(w, p, l, h, s, c, u);
  END IF;
  INSERT INTO audit (request_id, kind, who, client_id, action, outcome, entities)
    VALUES (audit_request, audit_kind, change_agent, audit_client, audit_action, 'success',
      (SELECT array_agg(t || '/' || i) FROM unnest(types, ids) AS w(t, i)));
  RETURN versions;
END $$;
