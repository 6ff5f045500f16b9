"""What anyone may see."""

from typing import Annotated, Literal

from pydantic import Field

from actor_ticketing.wire.shapes import Count, Currency, Instant, Minor, Shape


class Event(Shape):
    """An event, without its ticket types."""

    id: Annotated[str, Field(examples=["ev_lecture_night"])]
    title: str
    venue: str
    start_date: Instant


class Stock(Shape):
    """`total = sold + reserved + available`. `nextReleaseAt`: when the next hold may come free."""

    total: Count
    sold: Count
    reserved: Count
    available: Count
    next_release_at: Instant | None


class TicketType(Stock):
    """A ticket type with what is left of it. `onSale`: whether reservations are taken now, stock apart."""

    id: Annotated[str, Field(examples=["tt_seat"])]
    event_id: str
    name: str
    price: Minor
    currency: Currency
    max_per_reservation: Annotated[int, Field(ge=1)] | None
    sales_start: Instant | None
    sales_end: Instant | None
    on_sale: bool
    paused: bool


class EventWithTypes(Event):
    """An event with all that is sold for it."""

    ticket_types: list[TicketType]


class EventData(Shape):
    """One event."""

    event: EventWithTypes


class TicketTypeData(Shape):
    """One ticket type."""

    ticket_type: TicketType


class Availability(Stock):
    """What is left of a ticket type."""

    ticket_type_id: str


class NewSession(Shape):
    """A guest session. Its id is a secret: who knows it owns what it holds."""

    session_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{1,128}$")]


class TicketKey(Shape):
    """A public key as a JWK (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    use: Literal["sig"]
    alg: Literal["EdDSA"]


class TicketKeys(Shape):
    """The keys that tickets are checked with, as a JWK set."""

    keys: list[TicketKey]


class Health(Shape):
    """How the service is."""

    status: Literal["alive", "ready"]
