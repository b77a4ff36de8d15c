-- Version 1: projects, what is deployed in them, and artifacts. Frozen: a database of this version may exist.
--
-- Paths are ANY: TEXT where they are Unicode, BLOB with the platform's bytes where they are not.
-- "ordinal" is the place in the list that a row was stored from.

CREATE TABLE cache_metadata (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    id          INTEGER PRIMARY KEY,
    path        ANY NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    present     INTEGER NOT NULL CHECK (present IN (0, 1)),
    polled      TEXT,                       -- why it is polled; NULL when it is watched
    problems    TEXT NOT NULL,              -- JSON, as are the next two
    directories TEXT NOT NULL,
    ancestors   TEXT NOT NULL
) STRICT;

CREATE TABLE profiles (
    project_id  INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    ordinal     INTEGER NOT NULL,
    profile     TEXT NOT NULL,
    root        TEXT NOT NULL,
    has_records INTEGER NOT NULL CHECK (has_records IN (0, 1)),
    PRIMARY KEY (project_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE deployments (
    project_id               INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    ordinal                  INTEGER NOT NULL,
    type                     TEXT NOT NULL CHECK (type IN ('skill', 'command', 'agent', 'hook', 'mcp', 'workflow',
                                 'composite', 'project_config', 'spec_file', 'rule_file', 'context_file',
                                 'progress_template')),
    name                     TEXT NOT NULL,
    profile                  TEXT NOT NULL,
    platform                 TEXT,
    from_collection          TEXT,          -- as the record says; need not exist
    path                     ANY NOT NULL,
    baseline                 BLOB CHECK (length(baseline) = 32),
    deployed_at              INTEGER,       -- microseconds since 1970 UTC, as all times
    modification_detected_at INTEGER,
    version                  TEXT,
    record_schema            TEXT NOT NULL CHECK (record_schema IN ('deployed', 'sync', 'plan')),
    line                     INTEGER NOT NULL,
    flaw                     TEXT,
    PRIMARY KEY (project_id, ordinal)
) STRICT, WITHOUT ROWID;

-- Artifacts in a project that no record names.
CREATE TABLE untracked (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,
    type       TEXT NOT NULL CHECK (type IN ('skill', 'command', 'agent', 'hook', 'mcp', 'workflow', 'composite',
                   'project_config', 'spec_file', 'rule_file', 'context_file', 'progress_template')),
    name       TEXT NOT NULL,
    profile    TEXT NOT NULL,
    path       ANY NOT NULL,
    PRIMARY KEY (project_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
    id               INTEGER PRIMARY KEY,
    ordinal          INTEGER NOT NULL,
    type             TEXT NOT NULL CHECK (type IN ('skill', 'command', 'agent', 'hook', 'mcp', 'workflow', 'composite',
                         'project_config', 'spec_file', 'rule_file', 'context_file', 'progress_template')),
    name             TEXT NOT NULL,
    path             ANY NOT NULL,
    in_manifest      INTEGER NOT NULL CHECK (in_manifest IN (0, 1)),
    origin           TEXT,
    upstream         TEXT,
    resolved_version TEXT,
    uuid             TEXT,
    added            INTEGER,
    flaw             TEXT
) STRICT;

CREATE TABLE artifact_metadata (
    artifact_id INTEGER PRIMARY KEY REFERENCES artifacts (id) ON DELETE CASCADE,
    title       TEXT,
    description TEXT,
    version     TEXT,
    author      TEXT,
    license     TEXT,
    tags        TEXT NOT NULL               -- JSON
) STRICT;

-- What was last read at a path: one artifact of a collection or one deployed copy.
CREATE TABLE trees (
    id                INTEGER PRIMARY KEY,
    path              ANY NOT NULL UNIQUE,
    project_id        INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    state             TEXT NOT NULL CHECK (state IN ('absent', 'present', 'unreadable')),
    message           TEXT CHECK ((message IS NOT NULL) = (state = 'unreadable')),
    kind              TEXT CHECK (kind IN ('file', 'directory')),
    hash              BLOB CHECK (length(hash) = 32),
    hash_with_ignored BLOB CHECK (length(hash_with_ignored) = 32),
    version_hash      BLOB CHECK (length(version_hash) = 32),
    fingerprint       BLOB CHECK (length(fingerprint) = 16),
    racy              INTEGER CHECK (racy IN (0, 1)),
    file_count        INTEGER,
    total_size        INTEGER,
    version           TEXT,
    linked            TEXT                  -- JSON
) STRICT;
CREATE INDEX trees_of_project ON trees (project_id);

CREATE TABLE files (
    tree_id  INTEGER NOT NULL REFERENCES trees (id) ON DELETE CASCADE,
    path     ANY NOT NULL,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode    INTEGER NOT NULL,
    device   INTEGER NOT NULL,
    mode     INTEGER NOT NULL,
    hash     BLOB NOT NULL CHECK (length(hash) = 32),
    ignored  INTEGER NOT NULL CHECK (ignored IN (0, 1)),
    PRIMARY KEY (tree_id, path)
) STRICT, WITHOUT ROWID;

-- The latest known state of each item, and since when. The profile is NULL for an artifact that is not deployed.
CREATE TABLE drift (
    id              INTEGER PRIMARY KEY,
    project_id      INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    profile         TEXT,
    type            TEXT NOT NULL CHECK (type IN ('skill', 'command', 'agent', 'hook', 'mcp', 'workflow', 'composite',
                        'project_config', 'spec_file', 'rule_file', 'context_file', 'progress_template')),
    name            TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('in_sync', 'modified', 'outdated', 'converged', 'conflict', 'deleted',
                        'removed', 'removed_modified', 'added', 'foreign', 'untracked', 'unreadable')),
    since           INTEGER NOT NULL,
    baseline_hash   BLOB CHECK (length(baseline_hash) = 32),
    collection_hash BLOB CHECK (length(collection_hash) = 32),
    project_hash    BLOB CHECK (length(project_hash) = 32)
) STRICT;
CREATE INDEX drift_of_item ON drift (project_id, type, name, profile);
