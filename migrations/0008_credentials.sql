-- Credentials beside the password: authenticator apps (TOTP), recovery codes and passkeys.
CREATE TABLE credentials (
  id                 INTEGER NOT NULL PRIMARY KEY, -- random, since a seed is sealed under it before it is inserted
  user_id            INTEGER NOT NULL,
  type               TEXT    NOT NULL CHECK (type IN ('totp', 'recovery', 'passkey')),
  key                TEXT    NOT NULL,             -- unique in a type; of a TOTP the user's id, and ' waiting' until it is confirmed;
                                                   -- of a recovery code its SHA-256; of a passkey its id
  name               TEXT,                         -- of a passkey
  secret             TEXT,                         -- of a TOTP the sealed seed; of a passkey the public key (SubjectPublicKeyInfo)
  algorithm          INTEGER,                      -- of a passkey, by its number in COSE
  counter            INTEGER NOT NULL DEFAULT 0,   -- of a TOTP the last time step that was used; of a passkey its signature counter
  user_handle        TEXT,                         -- of a passkey
  is_backup_eligible INTEGER,                      -- of a passkey
  transports         TEXT,                         -- of a passkey, an array in JSON
  token_version      INTEGER,                      -- of a TOTP that waits: users.token_version when it was added
  created_at         INTEGER NOT NULL,             -- Unix seconds
  used_at            INTEGER,                      -- Unix seconds; a recovery code with one is spent
  UNIQUE (type, key)
) STRICT;

CREATE INDEX credentials_by_user ON credentials (user_id, type);

-- Second steps that are open: the first proof was right, and a second factor is asked for. Its end deletes the row.
CREATE TABLE second_steps (
  id            TEXT    NOT NULL PRIMARY KEY,
  user_id       INTEGER NOT NULL,
  token_hash    TEXT    NOT NULL,           -- SHA-256 of the secret's token
  sid           TEXT,                       -- session whose proof is renewed; NULL for a login
  methods       TEXT    NOT NULL,           -- of the first proof, as in sessions
  token_version INTEGER NOT NULL,           -- users.token_version and users.reset_version at the first proof
  reset_version INTEGER NOT NULL,
  tries         INTEGER NOT NULL DEFAULT 0,
  expires_at    INTEGER NOT NULL            -- Unix seconds
) STRICT, WITHOUT ROWID;

CREATE INDEX second_steps_by_expiry ON second_steps (expires_at);

-- Challenges that a passkey has answered, until they are too old to be answered again.
CREATE TABLE used_challenges (
  nonce      TEXT    NOT NULL PRIMARY KEY,
  expires_at INTEGER NOT NULL               -- Unix seconds
) STRICT, WITHOUT ROWID;

CREATE INDEX used_challenges_by_expiry ON used_challenges (expires_at);
