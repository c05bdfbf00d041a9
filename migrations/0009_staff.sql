-- Staff: the events that they see and a webhook is sent, and what finds users for them.
--
-- A row is written in the batch of the change that it tells of. It holds no secret, hash, code, token or address.
CREATE TABLE events (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  at       INTEGER NOT NULL,            -- Unix seconds
  type     TEXT    NOT NULL,            -- "user.registered"
  user_id  INTEGER NOT NULL,            -- user that it happened to, who may be erased by now
  actor_id INTEGER,                     -- user who did it; 0 for the operator; NULL for nobody in particular
  agent    TEXT,                        -- of the actor, as in sessions
  place    TEXT,                        -- likewise
  detail   TEXT,                        -- one word that the type leaves open, as the type of a credential
  nonce    TEXT    NOT NULL DEFAULT (lower(hex(randomblob(4)))), -- of the webhook's id: a restored database gives ids again
  due_at   INTEGER,                     -- Unix seconds; the webhook is sent it then; NULL if it is not, or was
  attempts INTEGER NOT NULL DEFAULT 0,  -- to send it
  failure  TEXT                         -- of the last attempt; NULL if it did not fail
) STRICT;

CREATE INDEX events_by_user ON events (user_id);
CREATE INDEX events_by_type ON events (type);
CREATE INDEX events_by_user_and_type ON events (user_id, type);
CREATE INDEX events_by_due ON events (due_at) WHERE due_at IS NOT NULL;

-- State of the webhook: one row, if there is any.
CREATE TABLE webhook (
  id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  stopped_at INTEGER NOT NULL            -- Unix seconds; its server said that it is gone, and nothing is sent until the operator says so
) STRICT;

-- Few users are in these, so they cost the others nothing.
CREATE INDEX users_of_staff ON users (id) WHERE is_staff OR is_superuser;
CREATE INDEX users_inactive ON users (id) WHERE NOT is_active;

ALTER TABLE outbox ADD COLUMN by_administrator INTEGER NOT NULL DEFAULT 0 CHECK (by_administrator IN (0, 1));
