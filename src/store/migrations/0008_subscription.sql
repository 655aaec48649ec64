-- Subscriptions that are served. The relay keeps a row for each one that is neither off nor deleted.

CREATE TABLE subscription (
  id text COLLATE "C" PRIMARY KEY,
  client text NOT NULL,
  events bigint NOT NULL DEFAULT 0                  -- notifications made since it was first asked for
);
CREATE INDEX subscription_by_client ON subscription (client);

-- Which notification of its subscription a delivery is.
ALTER TABLE delivery ADD COLUMN event bigint;
