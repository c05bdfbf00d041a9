-- What ends a session before its tokens expire.
--
-- A token carries the version that its user had when it was signed, and the name of its session (sid).
-- It is good while the versions agree, or while its session is the one that outlived the last raise;
-- and while its session has not been ended by itself.
ALTER TABLE users ADD COLUMN token_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN kept_sid      TEXT;

CREATE TABLE ended_sessions (
  user_id    INTEGER NOT NULL,
  sid        TEXT    NOT NULL,
  expires_at INTEGER NOT NULL,            -- Unix seconds; by then all tokens of the session have expired
  PRIMARY KEY (user_id, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_sessions_by_expiry ON ended_sessions (expires_at);

-- Failed logins: for each account one row over all addresses, and one for each address that tried.
CREATE TABLE login_failures (
  account       TEXT    NOT NULL,         -- a keyed hash of the email, whether anyone has it or not
  address       TEXT    NOT NULL,         -- a keyed hash of the email and the client's address; '' for all addresses
  count         INTEGER NOT NULL,
  blocked_until INTEGER NOT NULL,         -- Unix seconds; 0 while the limit is not reached
  expires_at    INTEGER NOT NULL,         -- Unix seconds; by then the failures are forgotten
  PRIMARY KEY (account, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX login_failures_by_expiry ON login_failures (expires_at);
