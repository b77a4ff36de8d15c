-- Version 7: digests of the stamps of all that decided a look at a project, so that a start need not parse and list what is
-- as it was. Without one a project is looked at.

ALTER TABLE projects ADD COLUMN stamps BLOB;  -- scan/unchanged.rs; NULL where stamps do not say it
