"""What clients saw, and the proof that the service can have answered it: a history is checked against the ledger."""
