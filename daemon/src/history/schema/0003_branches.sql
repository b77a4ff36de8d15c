-- Version 3: branches, the named lines of an artifact in a collection. Frozen: a database of this version may exist.
--
-- An artifact without rows here has one branch, "main", which is the current one.

CREATE TABLE branches (
    type       TEXT NOT NULL,
    name       TEXT NOT NULL,
    collection TEXT NOT NULL,                              -- its id
    branch     TEXT NOT NULL,
    version    INTEGER REFERENCES versions (id),           -- its tip; NULL: the current one, whose tip is what is there
    at         INTEGER NOT NULL,                           -- since when
    seal       BLOB NOT NULL,
    PRIMARY KEY (type, name, collection, branch)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX branches_current ON branches (type, name, collection) WHERE version IS NULL;
CREATE INDEX branches_version ON branches (version) WHERE version IS NOT NULL;

-- Which operations made another branch the current one.
CREATE TABLE branch_switches (
    operation  INTEGER NOT NULL REFERENCES operations (id),
    type       TEXT NOT NULL,
    name       TEXT NOT NULL,
    collection TEXT NOT NULL,
    left_name  TEXT NOT NULL,
    taken_name TEXT NOT NULL,
    seal       BLOB NOT NULL,
    PRIMARY KEY (operation, type, name, collection)
) STRICT, WITHOUT ROWID;
