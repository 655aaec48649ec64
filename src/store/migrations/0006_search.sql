-- Composite parameters, words, and whose history it is.

-- The values of composite parameters' components, each with the number of the element it is of: two values belong
-- together when both are of one element. The columns of each kind of value are those of its own index table.
CREATE TABLE search_component (
  key bigint NOT NULL,
  param integer NOT NULL,
  element integer NOT NULL,
  system text COLLATE "C",
  code text COLLATE "C",
  low numeric,
  high numeric,
  unit text COLLATE "C",
  since timestamptz,
  until timestamptz,
  value text COLLATE "C",
  exact text COLLATE "C",
  target_type text COLLATE "C",
  target_id text COLLATE "C",
  url text COLLATE "C",
  version text COLLATE "C"
);
CREATE INDEX search_component_by_code ON search_component (param, code, key, element) WHERE code IS NOT NULL;
CREATE INDEX search_component_by_key ON search_component (key, param, element);

-- Words of the narrative and of the whole content, folded; no stop words and no stems, for they differ by language.
CREATE TABLE search_text (
  key bigint NOT NULL,
  param integer NOT NULL,
  words tsvector NOT NULL
);
CREATE INDEX search_text_by_word ON search_text USING gin (words);
CREATE INDEX search_text_by_key ON search_text (key);

-- The history that a caller confined to one patient may see.
CREATE INDEX resource_by_patient ON resource USING gin (patients);
CREATE INDEX resource_history_by_patient ON resource_history USING gin (patients);

-- Replaces the index rows that only some resources have, after `write_resources` has written these in the same order.
CREATE FUNCTION write_rare_index(types text[], ids text[], components json, texts json)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  keys bigint[];
BEGIN
  SELECT array_agg(r.key ORDER BY w.place) INTO keys
    FROM unnest(types, ids) WITH ORDINALITY AS w(type, id, place)
    LEFT JOIN resource r ON r.type = w.type AND r.id = w.id;
  DELETE FROM search_component x WHERE x.key = ANY (keys);
  DELETE FROM search_text x WHERE x.key = ANY (keys);
  INSERT INTO search_component (key, param, element, system, code, low, high, unit, since, until, value, exact,
      target_type, target_id, url, version)
    SELECT keys[c."row"], c.param, c.element, c.system, c.code, c.low, c.high, c.unit, c.since, c.until, c.value, c.exact,
      c.target_type, c.target_id, c.url, c.version
    FROM json_to_recordset(components) AS c("row" integer, param integer, element integer, system text, code text,
      low numeric, high numeric, unit text, since timestamptz, until timestamptz, value text, exact text,
      target_type text, target_id text, url text, version text);
  INSERT INTO search_text (key, param, words)
    SELECT keys[t."row"], t.param, to_tsvector('simple', t.words)
    FROM json_to_recordset(texts) AS t("row" integer, param integer, words text);
END $$;
