"""Holds, and what they become."""

from typing import Annotated, Any, Literal

from pydantic import Field

from actor_ticketing.wire.shapes import GROWING, Count, Currency, Instant, Minor, Shape
from actor_ticketing.wire.shop import Event

Status = Literal["ACTIVE", "CONVERTED", "CANCELLED", "EXPIRED"]
ExtensionLimit = Annotated[Literal["count", "total", "not_offered", "stock_is_low", "others_wait"] | None, GROWING]
Quantity = Annotated[int, Field(ge=1)]


class Person(Shape):
    """A buyer or ticket holder; what is not known is absent."""

    full_name: str
    identity_type: str
    identity_number: str
    email: str | None = None
    whatsapp: str | None = None


class SoldAs(Shape):
    """What was reserved, at the price at which it was."""

    id: str
    name: str
    price: Minor
    currency: Currency
    event: Event


class Reservation(Shape):
    """A reservation. `isExpired`: its time is over, whether or not the stock is back already."""

    id: str
    code: Annotated[str, Field(examples=["9NWMNV-H3EPCM-MKFQU7"])]
    session_id: str
    ticket_type_id: str
    quantity: Quantity
    reserved_at: Instant
    expires_at: Instant
    remaining_seconds: Count
    is_expired: bool
    status: Status
    extensions: Count
    metadata: dict[str, Any] | None
    ticket_type: SoldAs


class Transaction(Shape):
    """A purchase. `buyerInfo` is null once the person was forgotten."""

    id: str
    reservation_id: str
    quantity: Quantity
    total_price: Minor
    currency: Currency
    buyer_info: Person | None
    created_at: Instant


class Ticket(Shape):
    """One ticket. `qrPayload` is what its QR code says; `ticketHolder` is null once the person was forgotten."""

    id: str
    code: Annotated[str, Field(examples=["P79X-4V3Y-9DP4-QUQ7"])]
    transaction_id: str
    ticket_type_id: str
    ticket_holder: Person | None
    qr_payload: str
    qr_url: str


class Countdown(Shape):
    """When it ends. Compare with `serverTime`, not with the client's clock."""

    expires_at: Instant
    remaining_seconds: Count
    server_time: Instant


class Held(Countdown):
    """One reservation."""

    reservation: Reservation


class Extended(Held):
    """One reservation, and how far it can still be extended as of now; when it cannot, by which rule."""

    extensions_left: Count
    max_expires_at: Instant
    extension_limit: ExtensionLimit = None


class Bought(Held):
    """A purchased reservation with its tickets, in the order of the ticket holders."""

    transaction: Transaction
    tickets: list[Ticket]


class Shown(Held):
    """One reservation in any state: an active one with its room for extensions, a purchased one with its tickets."""

    extensions_left: Count | None = None
    max_expires_at: Instant | None = None
    extension_limit: ExtensionLimit = None
    transaction: Transaction | None = None
    tickets: list[Ticket] | None = None


class HeldTogether(Countdown):
    """Reservations made together, in the order asked; the countdown is that of the one that ends first."""

    reservations: list[Reservation]


class Claimed(Shape):
    """What a session holds for its user now, and how many holds have just become the user's."""

    reservations: list[Reservation]
    claimed: Count
    server_time: Instant


class BoughtTogether(Shape):
    """Several reservations, each with its transaction, and all their tickets."""

    reservations: list[Reservation]
    transactions: list[Transaction]
    tickets: list[Ticket]
    server_time: Instant
