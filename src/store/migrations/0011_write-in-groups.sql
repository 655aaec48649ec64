-- The writes of several requests in one statement. What one statement costs (its start, its commit, its way over the
-- wire) is shared by all requests that wait at the same time; see docs/adr/0013-writes-in-groups.md.

DROP FUNCTION write_resources;
DROP FUNCTION write_version;
DROP FUNCTION write_rare_index;

-- The writes of one or several requests with their index rows, changes and audit rows: all of them or none.
--
-- `bodies` holds head and tail of each content around its version id, separated by U+001F, which no JSON text holds
-- raw. `request_of` says which request a write is of, and the `*_row` arrays which write an index row is of; both count
-- from 1. No resource may be written twice. SQLSTATEs, with the place of the write as DETAIL: SI001 the id is taken,
-- SI002 another version than the caller saw, SI003 no such resource. Several requests do not wait long for a row that
-- someone else has locked (55P03): who needs that row is to wait alone.
--
-- `components` and `texts` are rows that only some resources have, as objects; null without any.
-- Returns the version of each write, negative when a deletion found nothing left to delete.
CREATE FUNCTION write_requests(
  kinds text[], types text[], ids text[], seen integer[], bodies text, at timestamptz, compartments text[], sectors text[],
  request_of integer[],
  token_row integer[], token_param integer[], token_system text[], token_code text[],
  string_row integer[], string_param integer[], string_value text[], string_exact text[],
  date_row integer[], date_param integer[], date_low timestamptz[], date_high timestamptz[],
  reference_row integer[], reference_param integer[], reference_type text[], reference_id text[],
  reference_url text[], reference_version text[],
  quantity_row integer[], quantity_param integer[], quantity_low numeric[], quantity_high numeric[],
  quantity_system text[], quantity_code text[], quantity_unit text[],
  components json, texts json,
  request_ids text[], origins text[], agents text[], onces text[], agent_kinds text[], clients text[], actions text[])
RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
  parts text[] := string_to_array(bodies, E'\x1f');
  writes integer := cardinality(kinds);
  keys bigint[] := array_fill(NULL::bigint, ARRAY[writes]);
  olds integer[] := array_fill(0, ARRAY[writes]);           -- the version there was; 0 for none
  versions integer[] := array_fill(1, ARRAY[writes]);       -- the version that is written
  subjects text[] := array_fill(NULL::text, ARRAY[writes]); -- the first patient of what is deleted
  deleted boolean[] := array_fill(false, ARRAY[writes]);    -- whether it is a deletion already
  replaced bigint[] := '{}';
  creating integer;
  current record;
BEGIN
  IF cardinality(request_ids) > 1 THEN
    PERFORM set_config('lock_timeout', '100ms', true);
  END IF;
  LOOP
    -- Locks in one order, so that two transactions over the same resources wait instead of deadlocking.
    IF NOT 'create' = ALL (kinds) THEN
      FOR current IN
        SELECT w.n, r.key, r.version_id, r.method, r.patients[1] AS patient
        FROM unnest(kinds, types, ids) WITH ORDINALITY AS w(kind, type, id, n)
        JOIN resource r ON r.type = w.type AND r.id = w.id
        WHERE w.kind <> 'create' AND keys[w.n] IS NULL ORDER BY r.type, r.id FOR UPDATE OF r
      LOOP
        keys[current.n] := current.key;
        olds[current.n] := current.version_id;
        versions[current.n] := current.version_id + 1;
        subjects[current.n] := current.patient;
        deleted[current.n] := current.method = 'delete';
      END LOOP;
    END IF;
    creating := 0;
    FOR n IN 1..writes LOOP
      CONTINUE WHEN keys[n] IS NOT NULL;
      creating := creating + 1;
      CONTINUE WHEN kinds[n] = 'create';
      IF seen[n] IS NOT NULL THEN
        RAISE EXCEPTION 'version' USING ERRCODE = 'SI002', DETAIL = n;
      ELSIF kinds[n] <> 'upsert' THEN
        RAISE EXCEPTION 'missing' USING ERRCODE = 'SI003', DETAIL = n;
      END IF;
    END LOOP;
    EXIT WHEN creating = 0;
    FOR current IN
      WITH inserted AS (
        INSERT INTO resource (type, id, version_id, last_updated, method, content, patients, sector)
          SELECT w.type, w.id, 1, at, 'create', parts[2 * w.n - 1] || '1' || parts[2 * w.n],
            string_to_array(w.patients, ' '), w.sector
          FROM unnest(types, ids, compartments, sectors) WITH ORDINALITY AS w(type, id, patients, sector, n)
          WHERE keys[w.n] IS NULL
          ON CONFLICT (type, id) DO NOTHING RETURNING key, type, id)
      SELECT w.n, i.key FROM inserted i
        JOIN unnest(types, ids) WITH ORDINALITY AS w(type, id, n) ON i.type = w.type AND i.id = w.id
    LOOP
      keys[current.n] := current.key;
      creating := creating - 1;
    END LOOP;
    EXIT WHEN creating = 0;
    FOR n IN 1..writes LOOP
      IF keys[n] IS NULL AND kinds[n] = 'create' THEN
        RAISE EXCEPTION 'taken' USING ERRCODE = 'SI001', DETAIL = n;
      END IF;
    END LOOP;
  END LOOP;

  FOR n IN 1..writes LOOP
    CONTINUE WHEN olds[n] = 0;
    IF seen[n] <> olds[n] THEN
      RAISE EXCEPTION 'version' USING ERRCODE = 'SI002', DETAIL = n;
    ELSIF kinds[n] = 'delete' AND deleted[n] THEN
      versions[n] := -olds[n];
    ELSE
      replaced := replaced || keys[n];
    END IF;
  END LOOP;
  IF cardinality(replaced) > 0 THEN
    INSERT INTO resource_history
      SELECT r.type, r.id, r.version_id, r.last_updated, r.method, r.content, r.patients, r.sector
      FROM resource r WHERE r.key = ANY (replaced);
    -- A deletion keeps the patients and the sector of what it deletes.
    UPDATE resource r SET version_id = w.version, last_updated = at,
        method = CASE w.kind WHEN 'delete' THEN 'delete' ELSE 'update' END,
        content = CASE w.kind WHEN 'delete' THEN NULL ELSE parts[2 * w.n - 1] || w.version || parts[2 * w.n] END,
        patients = CASE w.kind WHEN 'delete' THEN r.patients ELSE string_to_array(w.patients, ' ') END,
        sector = CASE w.kind WHEN 'delete' THEN r.sector ELSE w.sector END
      FROM unnest(keys, kinds, versions, olds, compartments, sectors)
        WITH ORDINALITY AS w(key, kind, version, old, patients, sector, n)
      WHERE r.key = w.key AND w.old > 0 AND w.version > 0;
    DELETE FROM search_token t WHERE t.key = ANY (replaced);
    DELETE FROM search_string t WHERE t.key = ANY (replaced);
    DELETE FROM search_date t WHERE t.key = ANY (replaced);
    DELETE FROM search_reference t WHERE t.key = ANY (replaced);
    DELETE FROM search_quantity t WHERE t.key = ANY (replaced);
    DELETE FROM search_component t WHERE t.key = ANY (replaced);
    DELETE FROM search_text t WHERE t.key = ANY (replaced);
  END IF;

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
  IF components IS NOT NULL THEN
    INSERT INTO search_component (key, param, element, system, code, low, high, unit, since, until, value, exact,
        target_type, target_id, url, version)
      SELECT keys[c."row"], c.param, c.element, c.system, c.code, c.low, c.high, c.unit, c.since, c.until, c.value,
        c.exact, c.target_type, c.target_id, c.url, c.version
      FROM json_to_recordset(components) AS c("row" integer, param integer, element integer, system text, code text,
        low numeric, high numeric, unit text, since timestamptz, until timestamptz, value text, exact text,
        target_type text, target_id text, url text, version text);
  END IF;
  IF texts IS NOT NULL THEN
    INSERT INTO search_text (key, param, words)
      SELECT keys[t."row"], t.param, to_tsvector('simple', t.words)
      FROM json_to_recordset(texts) AS t("row" integer, param integer, words text);
  END IF;

  INSERT INTO change (type, id, version_id, method, origin, agent, once, subject)
    SELECT w.type, w.id, w.version,
      CASE WHEN w.kind = 'delete' THEN 'delete' WHEN w.old = 0 THEN 'create' ELSE 'update' END,
      origins[w.request], agents[w.request],
      CASE WHEN w.n = 1 OR request_of[w.n - 1] <> w.request THEN onces[w.request] END,
      coalesce('Patient/' || CASE WHEN w.kind = 'delete' THEN w.subject ELSE nullif(split_part(w.patients, ' ', 1), '') END,
        w.type || '/' || w.id)
    FROM unnest(types, ids, kinds, versions, olds, subjects, compartments, request_of)
      WITH ORDINALITY AS w(type, id, kind, version, old, subject, patients, request, n)
    WHERE w.version > 0 ORDER BY w.n;
  INSERT INTO audit (request_id, kind, who, client_id, action, outcome, entities)
    SELECT request_ids[w.request], agent_kinds[w.request], agents[w.request], clients[w.request], actions[w.request],
      'success', array_agg(w.type || '/' || w.id ORDER BY w.n)
    FROM unnest(types, ids, request_of) WITH ORDINALITY AS w(type, id, request, n) GROUP BY w.request;
  RETURN versions;
END $$;
