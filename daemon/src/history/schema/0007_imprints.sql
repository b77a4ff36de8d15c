-- Version 7: which deployment a following was made for. Frozen: a database of this version may exist.
--
-- A following is kept by the path of its project. What the record of the copy says, when and what was deployed, tells the same
-- deployment at another path. A following without a row here is of a deployment that nothing certain is known of.

CREATE TABLE following_imprints (
    type        TEXT NOT NULL,
    name        TEXT NOT NULL,
    project     ANY NOT NULL,                              -- path
    profile     TEXT NOT NULL,
    deployed_at INTEGER NOT NULL,
    baseline    BLOB NOT NULL CHECK (length(baseline) = 32),  -- recorded hash
    seal        BLOB NOT NULL,
    PRIMARY KEY (type, name, project, profile)
) STRICT, WITHOUT ROWID;
