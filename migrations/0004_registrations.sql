-- Registrations of each day by network, so that none can fill the database.
CREATE TABLE registrations (
  day     INTEGER NOT NULL,          -- days since the Unix epoch, in UTC
  network TEXT    NOT NULL,          -- a keyed hash of an address, or of a larger network
  count   INTEGER NOT NULL,
  PRIMARY KEY (day, network)
) STRICT, WITHOUT ROWID;
