-- Version 6: which copies follow a branch by its name. Frozen: a database of this version may exist.
--
-- A copy without a row here follows what its collection has. A row counts as long as there is a record of the copy that names
-- the collection: nothing but the record says that something is deployed.

CREATE TABLE followings (
    type       TEXT NOT NULL,
    name       TEXT NOT NULL,
    project    ANY NOT NULL,                               -- path
    profile    TEXT NOT NULL,
    collection TEXT NOT NULL,                              -- its id
    branch     TEXT NOT NULL,
    seal       BLOB NOT NULL,
    PRIMARY KEY (type, name, project, profile)
) STRICT, WITHOUT ROWID;

-- What operations changed of it, so that they can be undone.
CREATE TABLE following_changes (
    operation       INTEGER NOT NULL REFERENCES operations (id),
    type            TEXT NOT NULL,
    name            TEXT NOT NULL,
    project         ANY NOT NULL,
    profile         TEXT NOT NULL,
    left_collection TEXT,                                  -- NULL: it followed none
    left_branch     TEXT,
    seal            BLOB NOT NULL,
    PRIMARY KEY (operation, type, name, project, profile),
    CHECK ((left_collection IS NULL) = (left_branch IS NULL))
) STRICT, WITHOUT ROWID;

-- Which operations gave a branch that is not the current one another tip.
CREATE TABLE branch_moves (
    operation  INTEGER NOT NULL REFERENCES operations (id),
    type       TEXT NOT NULL,
    name       TEXT NOT NULL,
    collection TEXT NOT NULL,
    branch     TEXT NOT NULL,
    left_tip   INTEGER NOT NULL REFERENCES versions (id),
    taken_tip  INTEGER NOT NULL REFERENCES versions (id),
    seal       BLOB NOT NULL,
    PRIMARY KEY (operation, type, name, collection, branch)
) STRICT, WITHOUT ROWID;

CREATE INDEX branch_moves_left ON branch_moves (left_tip);
CREATE INDEX branch_moves_taken ON branch_moves (taken_tip);
