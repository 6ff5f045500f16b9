-- Digests lie in random order, so each row of a purchase dirtied pages of its own in these. Only an export and an erasure
-- look for a person, who are in no hurry.
DROP INDEX transactions_by_buyer;
DROP INDEX tickets_by_holder;
