-- Access tokens that were taken back before they expired: one token by its id, or all tokens of a grant. Every gateway
-- reads the whole table about once a second, so a row stays only as long as a token that it ends could live.
CREATE TABLE revoked_token (
  key        text PRIMARY KEY,             -- `jti:…` or `grant:…`
  expires_at timestamptz NOT NULL
);
