-- Mail: addresses that are verified, single-use secrets, and the outbox.
--
-- What a secret was issued for is checked against the user's row when it is redeemed. So what ends secrets raises a
-- version there, as what ends sessions raises token_version, and none of them is looked for.
ALTER TABLE users ADD COLUMN email_verified INTEGER NOT NULL DEFAULT 0 CHECK (email_verified IN (0, 1));
ALTER TABLE users ADD COLUMN verified_at INTEGER;      -- Unix seconds of the first verification of any address; never taken back
ALTER TABLE users ADD COLUMN pending_email TEXT COLLATE NOCASE; -- address that waits to be verified, while a verified one is in force
ALTER TABLE users ADD COLUMN reset_version INTEGER NOT NULL DEFAULT 0; -- raised by what ends resets and sign-ins
ALTER TABLE users ADD COLUMN email_version INTEGER NOT NULL DEFAULT 0; -- raised by what ends verifications

-- A request for an address that nobody has leaves a row too, so that limits tell nothing. Rows outlive their secrets for
-- as long as a limit counts them.
CREATE TABLE secrets (
  id              TEXT    NOT NULL PRIMARY KEY, -- known to the browser that asked, and to the mail
  purpose         TEXT    NOT NULL CHECK (purpose IN ('reset', 'verification', 'sign_in')),
  account         TEXT    NOT NULL,             -- keyed hash of the address that was asked for
  network         TEXT    NOT NULL,             -- keyed hash of the client IP: an IPv4 address or a /64
  site            TEXT,                         -- keyed hash of its /48; NULL for IPv4
  user_id         INTEGER,                      -- NULL if nobody active has the address
  email           TEXT COLLATE NOCASE,          -- address that it was mailed to
  token_version   INTEGER,                      -- users.token_version at its issue
  version         INTEGER,                      -- users.email_version of a verification, else users.reset_version
  token_hash      TEXT    NOT NULL,             -- SHA-256 of the link's token
  code_hash       TEXT    NOT NULL,             -- HMAC-SHA-256 of id and code
  tries           INTEGER NOT NULL DEFAULT 0,   -- wrong ones
  created_at      INTEGER NOT NULL,             -- Unix seconds
  code_expires_at INTEGER NOT NULL,             -- Unix seconds
  expires_at      INTEGER NOT NULL,             -- Unix seconds; of the link
  used_at         INTEGER,                      -- Unix seconds; NULL until it is redeemed
  purge_at        INTEGER NOT NULL              -- Unix seconds; no limit counts it by then
) STRICT, WITHOUT ROWID;

CREATE INDEX secrets_by_account ON secrets (account, created_at);
CREATE INDEX secrets_by_network ON secrets (network, created_at);
CREATE INDEX secrets_by_site ON secrets (site, created_at) WHERE site IS NOT NULL;
CREATE INDEX secrets_by_user ON secrets (user_id, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX secrets_by_purge ON secrets (purge_at);

-- Notices that are to be mailed. A row is written with the change that it tells of, is sent after the response, and again by the
-- schedule until the transport takes it. It stays for an hour after that, and gathers what happens meanwhile.
CREATE TABLE outbox (
  key       TEXT    NOT NULL PRIMARY KEY, -- user (0 if the address is not verified), kind and recipient
  kind      TEXT    NOT NULL,
  user_id   INTEGER NOT NULL,
  recipient TEXT    NOT NULL,             -- address
  username  TEXT,                         -- NULL if the address is not verified
  agent     TEXT,                         -- as in sessions; likewise NULL
  place     TEXT,                         -- as in sessions; likewise NULL
  count     INTEGER NOT NULL,             -- how often it happened since it was last sent
  since     INTEGER NOT NULL,             -- Unix seconds of the first of these
  at        INTEGER NOT NULL,             -- Unix seconds of the last
  due_at    INTEGER NOT NULL,             -- Unix seconds; it is sent then, or deleted if the count is 0
  attempts  INTEGER NOT NULL              -- failed ones
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_by_due ON outbox (due_at);
CREATE INDEX outbox_by_first_attempt ON outbox (due_at) WHERE attempts = 0 AND count > 0;
