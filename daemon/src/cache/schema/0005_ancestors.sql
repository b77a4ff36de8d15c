-- Version 5: the directories above a collection, and those that links in it lead through. What was stored without them is
-- dropped; the first scan brings it back.

DELETE FROM collections;
ALTER TABLE collections ADD COLUMN ancestors TEXT NOT NULL DEFAULT '[]';  -- JSON
