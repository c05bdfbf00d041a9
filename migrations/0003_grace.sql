-- Which tokens of the session that outlived the last raise of token_version (kept_sid) are good.
--
-- Those from surviving_version on: after a new password none but new ones, after `scope=others` those that were good
-- before it. And, until grace_until, the one token that a new password was set with: it has the version grace_version
-- and the issue time grace_iat (NULL if it names none).
ALTER TABLE users ADD COLUMN surviving_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN grace_version     INTEGER;
ALTER TABLE users ADD COLUMN grace_iat         INTEGER;            -- Unix seconds
ALTER TABLE users ADD COLUMN grace_until       INTEGER NOT NULL DEFAULT 0;  -- Unix seconds

-- Whether a session outlived the last raise by a new password is not known any more; so none of its older tokens stays.
UPDATE users SET surviving_version = token_version WHERE kept_sid IS NOT NULL;
