-- Standard terms, before the first release: a session is revoked, one survives, and clients are counted by IP.
ALTER TABLE users RENAME COLUMN kept_sid TO surviving_sid;
ALTER TABLE ended_sessions RENAME TO revoked_sessions;
ALTER TABLE login_failures RENAME COLUMN address TO client_ip;
DROP INDEX ended_sessions_by_expiry;
CREATE INDEX revoked_sessions_by_expiry ON revoked_sessions (expires_at);
