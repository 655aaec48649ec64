-- Acting for another by a mandate: what a session is allowed, and choices that are under way.

ALTER TABLE web_session
  ADD COLUMN acting_for     text,             -- the Patient who is acted for
  ADD COLUMN acting_as      text,             -- the RelatedPerson that writes name as their author
  ADD COLUMN acting_basis   text,             -- guardian, mandate, appointed-guardian
  ADD COLUMN acting_issue   text;             -- the mandate's theme, asked for again at each write

-- A choice of whom to act for that has left for the mandate service; taken out once, by its state.
CREATE TABLE pending_mandate (
  state_hash   bytea PRIMARY KEY,
  session_hash bytea       NOT NULL,          -- the browser session that left
  service_id   text        NOT NULL,          -- the service's own session
  return_path  text        NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX pending_mandate_expires ON pending_mandate (expires_at);
