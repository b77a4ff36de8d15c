-- Version 2: collections, their lock and groups, and which of them artifacts, trees and drift belong to.
--
-- Rows of version 1 that would need a collection and cannot be given one are dropped; the first scan brings them back.

CREATE TABLE collections (
    id            INTEGER PRIMARY KEY,
    uuid          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    path          ANY NOT NULL,
    present       INTEGER NOT NULL CHECK (present IN (0, 1)),
    unreadable    TEXT,
    unnamed_flaws INTEGER NOT NULL CHECK (unnamed_flaws IN (0, 1)),
    tags          TEXT NOT NULL,            -- JSON, as are the next two
    problems      TEXT NOT NULL,
    directories   TEXT NOT NULL
) STRICT;

CREATE TABLE lock_entries (
    collection_id    INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    ordinal          INTEGER NOT NULL,
    type             TEXT NOT NULL CHECK (type IN ('skill', 'command', 'agent', 'hook', 'mcp', 'workflow', 'composite',
                         'project_config', 'spec_file', 'rule_file', 'context_file', 'progress_template')),
    name             TEXT NOT NULL,
    content_hash     BLOB NOT NULL CHECK (length(content_hash) = 32),
    resolved_version TEXT,
    PRIMARY KEY (collection_id, ordinal)
) STRICT, WITHOUT ROWID;

-- "position" is what the manifest says; it need not be unique.
CREATE TABLE groups (
    id            INTEGER PRIMARY KEY,
    collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    ordinal       INTEGER NOT NULL,
    name          TEXT NOT NULL,
    description   TEXT NOT NULL,
    color         TEXT NOT NULL,
    icon          TEXT NOT NULL,
    position      INTEGER NOT NULL
) STRICT;
CREATE INDEX groups_of_collection ON groups (collection_id, ordinal);

CREATE TABLE group_members (
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    ordinal  INTEGER NOT NULL,
    member   TEXT NOT NULL,                 -- type:name, as the manifest says; need not exist
    PRIMARY KEY (group_id, ordinal)
) STRICT, WITHOUT ROWID;

DELETE FROM artifacts;
ALTER TABLE artifacts ADD COLUMN collection_id INTEGER CHECK (collection_id IS NOT NULL)
    REFERENCES collections (id) ON DELETE CASCADE;
CREATE INDEX artifacts_of_collection ON artifacts (collection_id, ordinal);

DELETE FROM trees WHERE project_id IS NULL;
ALTER TABLE trees ADD COLUMN collection_id INTEGER CHECK ((collection_id IS NULL) <> (project_id IS NULL))
    REFERENCES collections (id) ON DELETE CASCADE;
CREATE INDEX trees_of_collection ON trees (collection_id);

ALTER TABLE drift ADD COLUMN collection_id INTEGER REFERENCES collections (id) ON DELETE SET NULL;
CREATE INDEX drift_of_collection ON drift (collection_id);
