-- Version 5: what happened and leaves no other trace: conflicts that were found, snapshots that were given up. Frozen: a database
-- of this version may exist.
--
-- Rows are only ever added. They refer to nothing, so that they keep nothing. A conflict that was found before this version comes
-- in when it is stored again.

CREATE TABLE conflicts_found (
    id         INTEGER PRIMARY KEY,                        -- its number in "conflicts", where another may have taken its place
    type       TEXT NOT NULL,
    name       TEXT NOT NULL,
    project    ANY NOT NULL,                               -- path
    profile    TEXT NOT NULL,
    collection TEXT NOT NULL,                              -- id
    at         INTEGER NOT NULL,
    baseline   BLOB CHECK (length(baseline) = 32),         -- recorded hashes of the three
    our_hash   BLOB NOT NULL CHECK (length(our_hash) = 32),
    their_hash BLOB NOT NULL CHECK (length(their_hash) = 32),
    files      INTEGER NOT NULL,                           -- that were to be decided about
    seal       BLOB NOT NULL
) STRICT;

CREATE INDEX conflicts_found_at ON conflicts_found (at);

CREATE TABLE snapshots_gone (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    at             INTEGER NOT NULL,
    shelf          TEXT NOT NULL,                          -- the name of the collection, when it was taken
    snapshot       TEXT NOT NULL,                          -- its id
    taken          INTEGER NOT NULL,
    message        TEXT NOT NULL,
    artifact_count INTEGER,
    cause          TEXT NOT NULL CHECK (cause IN ('asked', 'retention')),
    seal           BLOB NOT NULL
) STRICT;

CREATE INDEX snapshots_gone_at ON snapshots_gone (at);
