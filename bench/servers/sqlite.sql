CREATE TABLE events (
    id text PRIMARY KEY,
    title text NOT NULL,
    venue text NOT NULL,
    start_date text NOT NULL
);

CREATE TABLE ticket_types (
    id text PRIMARY KEY,
    event_id text NOT NULL REFERENCES events,
    name text NOT NULL,
    price integer NOT NULL,
    currency text NOT NULL,
    total integer NOT NULL,
    sold integer NOT NULL DEFAULT 0,
    reserved integer NOT NULL DEFAULT 0,
    CHECK (sold >= 0 AND reserved >= 0 AND sold + reserved <= total)
);

CREATE TABLE reservations (
    id text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    session_id text NOT NULL,
    ticket_type_id text NOT NULL REFERENCES ticket_types,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price integer NOT NULL,
    currency text NOT NULL,
    status text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'EXPIRED', 'CONVERTED', 'CANCELLED')),
    extensions integer NOT NULL DEFAULT 0,
    reserved_at integer NOT NULL,
    expires_at integer NOT NULL
);
CREATE INDEX reservations_of_session ON reservations (session_id);
CREATE INDEX reservations_due ON reservations (expires_at) WHERE status = 'ACTIVE';

