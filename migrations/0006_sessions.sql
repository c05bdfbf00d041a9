-- Sessions, in place of those that were revoked: users list theirs, and end one.
--
-- A row is written after the response, and again by a request of the session at most once a day. A session without a row
-- is good all the same: the row is written by its next request. What ends it for good is `ended_at`, or the version:
-- a session is active while its version is its user's, or while it is the one that survived the last raise.
CREATE TABLE sessions (
  user_id    INTEGER NOT NULL,
  sid        TEXT    NOT NULL,
  version    INTEGER NOT NULL,            -- users.token_version when it was first recorded
  agent      TEXT,                        -- browser family and system, "Firefox on Linux"; never the header itself
  place      TEXT,                        -- city and country, as Cloudflare tells them; never an IP address
  methods    TEXT    NOT NULL,            -- of the last proof: an array in JSON of names of RFC 8176
  auth_time  INTEGER NOT NULL,            -- Unix seconds of the last proof; 0 for never
  created_at INTEGER NOT NULL,            -- Unix seconds
  seen_at    INTEGER NOT NULL,            -- Unix seconds, exact to a day
  expires_at INTEGER NOT NULL,            -- Unix seconds; by then all its tokens have expired, but those of the last day
  ended_at   INTEGER,                     -- Unix seconds; NULL unless it was ended by itself
  purge_at   INTEGER NOT NULL,            -- Unix seconds; the purge looks at the row then, and moves this on or deletes it
  PRIMARY KEY (user_id, sid)
) STRICT, WITHOUT ROWID;

-- Not by expires_at, which moves with each day of use: an index is written again with its column, and D1 bills that.
CREATE INDEX sessions_by_purge ON sessions (purge_at);

INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, ended_at, purge_at)
SELECT user_id, sid, 0, '[]', 0, unixepoch(), unixepoch(), expires_at, unixepoch(), expires_at FROM revoked_sessions;

DROP TABLE revoked_sessions;
