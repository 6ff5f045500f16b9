"""What those see who work at the desk and at the door."""

from typing import Annotated, Any, Literal

from pydantic import Field

from actor_ticketing.wire.reservations import Person, Quantity, Status, Transaction
from actor_ticketing.wire.shapes import Count, Currency, Instant, Minor, Shape
from actor_ticketing.wire.shop import Event


class NamedType(Shape):
    """A ticket type by name, with its event."""

    id: str
    name: str
    event: Event


class DeskReservation(Shape):
    """A reservation as an operator sees it: without its session, which would prove ownership."""

    id: str
    code: str
    user_id: str | None
    quantity: Quantity
    unit_price: Minor
    currency: Currency
    status: Status
    is_expired: bool
    reserved_at: Instant
    expires_at: Instant
    remaining_seconds: Count
    settled_at: Instant | None
    extensions: Count
    metadata: dict[str, Any] | None
    ticket_type: NamedType


class DeskTransaction(Transaction):
    """A purchase, and whose account it was made with."""

    user_id: str | None


class DeskTicket(Shape):
    """A ticket, and whether it was used."""

    id: str
    code: str
    ticket_holder: Person | None
    checked_in_at: Instant | None
    checked_in_by: str | None


class DeskRecord(Shape):
    """A reservation with all that came of it."""

    reservation: DeskReservation
    transaction: DeskTransaction | None
    tickets: list[DeskTicket]
    server_time: Instant


class DeskTicketRecord(DeskRecord):
    """A ticket, and the reservation that it came of."""

    ticket: DeskTicket


class AdmittedTicket(Shape):
    """What the door shows of a ticket."""

    id: str
    code: str
    ticket_type: NamedType
    ticket_holder: Person | None


class Admitted(Shape):
    """The yes at the door."""

    admitted: Literal[True]
    ticket: AdmittedTicket
    checked_in_at: Instant
    server_time: Instant


class Swept(Shape):
    """How many holds a sweep released, and how long it took."""

    expired: Count
    duration_ms: Count


class StatusCounts(Shape):
    """How many reservations are in each state."""

    active: Annotated[int, Field(ge=0, alias="ACTIVE")]
    expired: Annotated[int, Field(ge=0, alias="EXPIRED")]
    converted: Annotated[int, Field(ge=0, alias="CONVERTED")]
    cancelled: Annotated[int, Field(ge=0, alias="CANCELLED")]


class Sweeps(Shape):
    """The sweeps of one trigger."""

    runs: Count
    expired: Count
    last_at: Instant | None
    last_duration_ms: Count | None


class AllSweeps(Shape):
    """The sweeps by trigger."""

    timer: Sweeps
    manual: Sweeps
    cron: Sweeps
    startup: Sweeps


class Lag(Shape):
    """From the deadline to the durable release, in ms; null where nothing has expired yet."""

    p50: int | None
    p99: int | None
    max: int | None
    count: Count


class TypeLag(Shape):
    """The longest lag of a ticket type in ms, and of how many releases."""

    max: int
    count: Count


class CleanupStatistics(Shape):
    """How expiry is doing. `overdue` and `foundLate` are 0 in health."""

    counts: StatusCounts
    overdue: Count
    found_late: Count
    sweeps: AllSweeps
    expiry_lag_ms: Lag
    expiry_lag_by_type: dict[str, TypeLag]
    next_due_at: Instant | None
    server_time: Instant
