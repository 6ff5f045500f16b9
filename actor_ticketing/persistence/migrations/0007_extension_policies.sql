-- By which rule holds of a type may be extended. NULL follows the service's.
ALTER TABLE ticket_types ADD COLUMN extension_policy TEXT
    CHECK (extension_policy IN ('standard', 'accessible', 'strict', 'demand_aware'));
