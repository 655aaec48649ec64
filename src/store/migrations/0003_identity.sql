-- Who is signed in. Several gateways share these tables; nothing here holds a personal identity code or a key.

-- A citizen's browser session; the cookie's value is kept only as its SHA-256.
CREATE TABLE web_session (
  id_hash      bytea PRIMARY KEY,
  patient_id   text        NOT NULL,
  acr          text        NOT NULL,
  locale       text        NOT NULL,
  signed_in_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX web_session_expires ON web_session (expires_at);

-- A sign-in that has left for the identification service and has not come back; taken out once, by its state.
CREATE TABLE pending_sign_in (
  state_hash    bytea PRIMARY KEY,
  browser_hash  bytea       NOT NULL,
  nonce         text        NOT NULL,
  code_verifier text        NOT NULL,
  return_path   text        NOT NULL,
  locale        text        NOT NULL,
  -- When a fresh identification was demanded: an older one of the service's own session is then refused.
  forced_at     timestamptz,
  expires_at    timestamptz NOT NULL
);
CREATE INDEX pending_sign_in_expires ON pending_sign_in (expires_at);

-- What the authorization server remembers: codes, grants, sessions, interactions, used assertion ids.
CREATE TABLE oauth_artifact (
  model       text NOT NULL,
  id          text NOT NULL,
  payload     jsonb NOT NULL,
  grant_id    text,
  uid         text,
  user_code   text,
  consumed_at timestamptz,
  expires_at  timestamptz,
  PRIMARY KEY (model, id)
);
CREATE INDEX oauth_artifact_grant ON oauth_artifact (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX oauth_artifact_uid ON oauth_artifact (model, uid) WHERE uid IS NOT NULL;
CREATE INDEX oauth_artifact_user_code ON oauth_artifact (model, user_code) WHERE user_code IS NOT NULL;
CREATE INDEX oauth_artifact_expires ON oauth_artifact (expires_at) WHERE expires_at IS NOT NULL;
