-- Version 2: versions of artifacts, where each was seen, and their tags. Frozen: a database of this version may exist.
--
-- "type" and "name" are an artifact. Versions and sightings are numbered in the order in which they came to be known, so
-- that a parent always has a smaller number than its child.

ALTER TABLE contents ADD COLUMN at INTEGER;                -- when it was last stored, to a day; for `history gc`
UPDATE contents SET at = unixepoch() * 1000000;

CREATE TABLE versions (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    type      TEXT NOT NULL,
    name      TEXT NOT NULL,
    hash      BLOB NOT NULL CHECK (length(hash) = 32),     -- recorded hash (H1)
    content   INTEGER REFERENCES contents (id),            -- NULL: known by its hash alone
    parent    INTEGER REFERENCES versions (id),
    merged    INTEGER REFERENCES versions (id),            -- a second parent
    origin    TEXT NOT NULL CHECK (origin IN
              ('deployment', 'sync', 'local_modification', 'merge', 'rollback', 'import', 'refresh')),
    at        INTEGER NOT NULL,                            -- when and where it was seen first
    place     TEXT NOT NULL CHECK (place IN ('project', 'collection')),
    root      ANY NOT NULL,                                -- path of the project, id of the collection
    profile   TEXT NOT NULL,                               -- of the project; empty for a collection
    operation INTEGER REFERENCES operations (id),          -- what made it; NULL: it was found there
    seal      BLOB NOT NULL,                               -- over this row but for its content, which proves itself
    UNIQUE (type, name, hash),
    CHECK (parent < id AND merged < id)
) STRICT;

CREATE INDEX versions_artifact ON versions (type, name);         -- with the number, in which they are listed
CREATE INDEX versions_content ON versions (content) WHERE content IS NOT NULL;

-- Each time that a version came to be somewhere, or went.
CREATE TABLE sightings (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    type      TEXT NOT NULL,
    name      TEXT NOT NULL,
    place     TEXT NOT NULL CHECK (place IN ('project', 'collection')),
    root      ANY NOT NULL,
    profile   TEXT NOT NULL,
    version   INTEGER REFERENCES versions (id),            -- NULL: nothing is there any more
    origin    TEXT NOT NULL CHECK (origin IN
              ('deployment', 'sync', 'local_modification', 'merge', 'rollback', 'import', 'refresh')),
    at        INTEGER NOT NULL,
    operation INTEGER REFERENCES operations (id),
    seal      BLOB NOT NULL
) STRICT;

CREATE INDEX sightings_place ON sightings (type, name, place, root, profile);
CREATE INDEX sightings_version ON sightings (version);
CREATE INDEX sightings_operation ON sightings (operation) WHERE operation IS NOT NULL;
CREATE INDEX sightings_found ON sightings (at) WHERE operation IS NULL;

-- Which operations were about an artifact, whether its content changed or not.
CREATE TABLE operation_artifacts (
    type      TEXT NOT NULL,
    name      TEXT NOT NULL,
    operation INTEGER NOT NULL REFERENCES operations (id),
    PRIMARY KEY (type, name, operation)
) STRICT, WITHOUT ROWID;

CREATE INDEX operation_artifacts_operation ON operation_artifacts (operation);

CREATE TABLE version_tags (
    type    TEXT NOT NULL,
    name    TEXT NOT NULL,
    tag     TEXT NOT NULL,
    version INTEGER NOT NULL REFERENCES versions (id),
    at      INTEGER NOT NULL,
    seal    BLOB NOT NULL,
    PRIMARY KEY (type, name, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX version_tags_version ON version_tags (version);

-- What refers to contents and files, so that one that is needed by nobody is found without reading everything.
CREATE INDEX recorded_content ON recorded (content);
CREATE INDEX operation_steps_before ON operation_steps (before) WHERE before IS NOT NULL;
CREATE INDEX operation_steps_after ON operation_steps (after) WHERE after IS NOT NULL;
CREATE INDEX entries_blob ON entries (blob) WHERE blob IS NOT NULL;
