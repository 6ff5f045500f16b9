-- Room is left in each page for new versions of a row, so that the busy rows stay where they are.
CREATE TABLE events (
    id text PRIMARY KEY,
    title text NOT NULL,
    venue text NOT NULL,
    start_date timestamptz NOT NULL
);

CREATE TABLE ticket_types (
    id text PRIMARY KEY,
    event_id text NOT NULL REFERENCES events,
    name text NOT NULL,
    price bigint NOT NULL,
    currency text NOT NULL,
    total integer NOT NULL,
    sold integer NOT NULL DEFAULT 0,
    reserved integer NOT NULL DEFAULT 0,
    CHECK (sold >= 0 AND reserved >= 0 AND sold + reserved <= total)
) WITH (fillfactor = 20);

CREATE TABLE reservations (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE,
    session_id text NOT NULL,
    ticket_type_id text NOT NULL REFERENCES ticket_types,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price bigint NOT NULL,
    currency text NOT NULL,
    status text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'EXPIRED', 'CONVERTED', 'CANCELLED')),
    extensions integer NOT NULL DEFAULT 0,
    reserved_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX ON reservations (session_id);
CREATE INDEX ON reservations (expires_at) WHERE status = 'ACTIVE';

CREATE TABLE transactions (
    id uuid PRIMARY KEY,
    reservation_id uuid NOT NULL UNIQUE REFERENCES reservations,
    quantity integer NOT NULL,
    total_price bigint NOT NULL,
    currency text NOT NULL,
    buyer jsonb NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE tickets (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE,
    transaction_id uuid NOT NULL REFERENCES transactions,
    ticket_type_id text NOT NULL REFERENCES ticket_types,
    holder jsonb NOT NULL
);
CREATE INDEX ON tickets (transaction_id);
