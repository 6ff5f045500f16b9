-- Where in the ledger the change stands that an answer tells of. NULL: it tells of none, or is from before this was noted.
ALTER TABLE idempotency ADD COLUMN seq INTEGER;
