-- What has a deadline is sent before all that waits, so it is looked for before every mail, however many wait.
CREATE INDEX mails_with_deadline ON mails (deadline, due_at) WHERE state = 'waiting' AND deadline IS NOT NULL;
