"""What a conversion makes: a transaction and its tickets, and the people on them."""

from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.domain.values import value


@value
class Person:
    """A buyer or a ticket holder. A buyer has all five fields; a holder may lack ``email`` and ``whatsapp``."""

    full_name: str
    identity_type: str
    identity_number: str
    email: str | None = None
    whatsapp: str | None = None


@value
class Ticket:
    """One admission. ``code`` is unique over all tickets; ``position`` counts from 0 within the transaction."""

    id: str
    code: str
    transaction_id: str
    ticket_type_id: str
    position: int
    holder: Person


@value
class Transaction:
    """A purchase of one reservation. ``total_price`` is in minor units, ``created_at`` in ms since the epoch."""

    id: str
    reservation_id: str
    user_id: str | None
    quantity: int
    total_price: int
    currency: str
    buyer: Person
    created_at: int


@value
class Purchase:
    """A converted reservation with all that came of it."""

    reservation: Reservation
    transaction: Transaction
    tickets: tuple[Ticket, ...]
