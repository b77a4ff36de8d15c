-- Version 1: contents, their files, and the journal of operations. Frozen: a database of this version may exist.
--
-- Paths are ANY: TEXT where they are Unicode, BLOB with the platform's bytes where they are not.
-- "ordinal" is the place in the list that a row was stored from. Nothing is ever deleted.

CREATE TABLE blobs (
    id   INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),   -- SHA-256 of all its bytes
    size INTEGER NOT NULL CHECK (size >= 0)                -- bytes
) STRICT;

CREATE TABLE chunks (
    blob    INTEGER NOT NULL REFERENCES blobs (id),
    ordinal INTEGER NOT NULL,
    size    INTEGER NOT NULL CHECK (size > 0),             -- bytes, before packing
    packing TEXT NOT NULL CHECK (packing IN ('none', 'zstd')),
    data    BLOB NOT NULL,
    PRIMARY KEY (blob, ordinal)
) STRICT;

CREATE TABLE contents (
    id   INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),   -- over kind and entries; proves both
    kind TEXT NOT NULL CHECK (kind IN ('file', 'directory'))
) STRICT;

CREATE TABLE entries (
    content INTEGER NOT NULL REFERENCES contents (id),
    ordinal INTEGER NOT NULL,
    path    ANY NOT NULL,                                  -- below the content; empty for itself
    kind    TEXT NOT NULL CHECK (kind IN ('file', 'symlink', 'empty_directory')),
    blob    INTEGER REFERENCES blobs (id),
    mode    INTEGER CHECK (mode BETWEEN 0 AND 511),
    target  ANY,
    PRIMARY KEY (content, ordinal),
    CHECK ((kind = 'file') = (blob IS NOT NULL)),
    CHECK ((kind = 'symlink') = (target IS NOT NULL)),
    CHECK ((kind = 'symlink') = (mode IS NULL))
) STRICT, WITHOUT ROWID;

-- Which contents were seen with which recorded hash (H1). Later rows were seen later.
CREATE TABLE recorded (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    content INTEGER NOT NULL REFERENCES contents (id),
    seal    BLOB NOT NULL,
    UNIQUE (hash, content)
) STRICT;

CREATE TABLE operations (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    verb    TEXT NOT NULL,
    at      INTEGER NOT NULL,                              -- microseconds since 1970 UTC
    state   TEXT NOT NULL CHECK (state IN ('prepared', 'applying', 'swapped', 'done', 'rolled_back', 'undone')),
    undoes  INTEGER REFERENCES operations (id),
    summary TEXT,
    request TEXT NOT NULL,                                 -- JSON
    staging TEXT NOT NULL,                                 -- JSON list of paths
    seal    BLOB NOT NULL                                  -- over this row, its roots and its steps
) STRICT;

CREATE INDEX operations_unfinished ON operations (state) WHERE state IN ('prepared', 'applying', 'swapped');

CREATE TABLE operation_roots (
    operation INTEGER NOT NULL REFERENCES operations (id),
    ordinal   INTEGER NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('project', 'collection', 'home')),
    path      ANY NOT NULL,
    PRIMARY KEY (operation, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX operation_roots_path ON operation_roots (path, operation);

CREATE TABLE operation_steps (
    operation        INTEGER NOT NULL REFERENCES operations (id),
    ordinal          INTEGER NOT NULL,
    target           ANY NOT NULL,
    staged           ANY,
    before           INTEGER REFERENCES contents (id),
    after            INTEGER REFERENCES contents (id),
    made_directories TEXT NOT NULL,                        -- JSON list of paths
    PRIMARY KEY (operation, ordinal)
) STRICT, WITHOUT ROWID;
