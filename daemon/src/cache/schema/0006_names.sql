-- Version 6: the names in the directories of an artifact, each directory with its own stamp, so that a start need not list
-- them again. The seal of a tree covers them, so those of earlier versions are dropped; the first scan brings them back.

DELETE FROM trees;
ALTER TABLE trees ADD COLUMN names BLOB;  -- scan/names.rs; NULL where they are not to be believed
