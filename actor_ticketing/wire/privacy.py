"""What is known of a person, and what came of forgetting one."""

from typing import Any, Literal

from actor_ticketing.wire.desk import DeskTransaction
from actor_ticketing.wire.reservations import Person
from actor_ticketing.wire.shapes import Count, Instant, Shape
from actor_ticketing.wire.shop import Event


class Forgotten(Shape):
    """How many records lost the person."""

    transactions: Count
    tickets: Count
    answers: Count
    accounts: Count
    contacts: Count
    tickets_of_others: Count
    at: Instant


class KnownAccount(Shape):
    """The person's account."""

    id: str
    email: str
    role: Literal["user", "admin"]
    created_at: Instant


class TypeName(Shape):
    """A ticket type by name."""

    id: str
    name: str


class KnownTicket(Shape):
    """A ticket; the holder is null where it is somebody else."""

    id: str
    code: str
    transaction_id: str
    ticket_type: TypeName
    event: Event
    ticket_holder: Person | None


class KnownReservation(Shape):
    """The reservation that was purchased."""

    id: str
    code: str
    user_id: str | None
    reserved_at: Instant
    expires_at: Instant
    settled_at: Instant | None
    metadata: dict[str, Any] | None


class KnownPurchase(DeskTransaction):
    """A purchase with what it was made of."""

    reservation: KnownReservation
    tickets: list[KnownTicket]


class KnownContact(Shape):
    """A user of an identity provider who has the person's address."""

    user_id: str
    email: str
    seen_at: Instant


class Known(Shape):
    """All that is known of a person, for that person."""

    email: str
    at: Instant
    account: KnownAccount | None
    purchases: list[KnownPurchase]
    contacts: list[KnownContact]
    tickets_from_others: list[KnownTicket]
