-- Version 3: conflicts, with their three sides, and what was decided of each of their files. Frozen: a database of this version
-- may exist.
--
-- A conflict is of one artifact at one place of a project. It stays until another takes its place or it is dropped: whether it is
-- still one is told from what the files are.

CREATE TABLE conflicts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    type        TEXT NOT NULL,
    name        TEXT NOT NULL,
    project     ANY NOT NULL,                              -- path
    profile     TEXT NOT NULL,
    collection  TEXT NOT NULL,                             -- id
    at          INTEGER NOT NULL,                          -- when it was found
    baseline    BLOB CHECK (length(baseline) = 32),        -- recorded hashes of the three
    our_hash    BLOB NOT NULL CHECK (length(our_hash) = 32),
    their_hash  BLOB NOT NULL CHECK (length(their_hash) = 32),
    base        INTEGER REFERENCES contents (id),          -- NULL: not known
    ours        INTEGER NOT NULL REFERENCES contents (id), -- the project's
    theirs      INTEGER NOT NULL REFERENCES contents (id), -- the collection's
    marked      INTEGER REFERENCES contents (id),          -- what the project was given, with markers in it
    marked_hash BLOB CHECK (length(marked_hash) = 32),
    seal        BLOB NOT NULL,                             -- over this row and its files
    UNIQUE (type, name, project, profile),
    CHECK ((marked IS NULL) = (marked_hash IS NULL))
) STRICT;

CREATE TABLE conflict_files (
    conflict INTEGER NOT NULL REFERENCES conflicts (id),
    ordinal  INTEGER NOT NULL,
    path     ANY NOT NULL,                                 -- below the artifact; empty for all of it
    kind     TEXT NOT NULL CHECK (kind IN ('both_modified', 'add_add', 'deletion')),
    reason   TEXT NOT NULL CHECK (reason IN ('lines', 'broken', 'gone', 'binary', 'large', 'link', 'no_base', 'clash')),
    mode     INTEGER NOT NULL,                             -- of a file that takes the place of both
    base     INTEGER REFERENCES contents (id),             -- NULL: it is not there
    ours     INTEGER REFERENCES contents (id),
    theirs   INTEGER REFERENCES contents (id),
    choice   TEXT CHECK (choice IN ('ours', 'theirs', 'base', 'both', 'content')), -- NULL: not decided
    result   INTEGER REFERENCES contents (id),             -- what is there then; NULL: nothing
    PRIMARY KEY (conflict, ordinal),
    CHECK (choice IS NOT NULL OR result IS NULL)
) STRICT, WITHOUT ROWID;

-- What refers to contents, so that one that is needed by nobody is found without reading everything.
CREATE INDEX conflicts_base ON conflicts (base) WHERE base IS NOT NULL;
CREATE INDEX conflicts_ours ON conflicts (ours);
CREATE INDEX conflicts_theirs ON conflicts (theirs);
CREATE INDEX conflicts_marked ON conflicts (marked) WHERE marked IS NOT NULL;
CREATE INDEX conflict_files_base ON conflict_files (base) WHERE base IS NOT NULL;
CREATE INDEX conflict_files_ours ON conflict_files (ours) WHERE ours IS NOT NULL;
CREATE INDEX conflict_files_theirs ON conflict_files (theirs) WHERE theirs IS NOT NULL;
CREATE INDEX conflict_files_result ON conflict_files (result) WHERE result IS NOT NULL;
