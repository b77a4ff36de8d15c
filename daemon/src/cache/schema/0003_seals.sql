-- Version 3: a checksum over what each row means, because SQLite notices damage to its structure but none to a value.
--
-- What an earlier version stored cannot be told from damage and is dropped; the first scan brings it back. The seal of a
-- project and of a collection covers its lists too: profiles, deployments, untracked; artifacts, lock, groups.

DELETE FROM projects;
DELETE FROM collections;

ALTER TABLE projects ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE collections ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trees ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE drift ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
