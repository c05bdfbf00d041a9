-- Users. The columns are those of the original's user table that a login needs, and the profile.
--
-- AUTOINCREMENT: an id is never given away twice, since a token names an id for as long as it lives.
-- NOCASE: two emails, or two usernames, that differ only in the case of ASCII letters are the same;
-- the UNIQUE constraints decide, and their indexes serve the look-ups.
CREATE TABLE users (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  username     TEXT    NOT NULL COLLATE NOCASE UNIQUE,
  email        TEXT    NOT NULL COLLATE NOCASE UNIQUE,  -- the domain in lower case, the local part as typed
  password     TEXT    NOT NULL,                        -- algorithm$iterations$salt$hash, as Django writes it
  is_active    INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  is_staff     INTEGER NOT NULL DEFAULT 0 CHECK (is_staff IN (0, 1)),
  is_superuser INTEGER NOT NULL DEFAULT 0 CHECK (is_superuser IN (0, 1)),
  bio          TEXT,
  image        TEXT,
  created_at   INTEGER NOT NULL,                        -- Unix seconds
  updated_at   INTEGER NOT NULL                         -- Unix seconds
) STRICT;
