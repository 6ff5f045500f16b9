"""One request as its client saw it: when it was sent and answered, what it was told, and where that stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

CREATED = "reservation.created"
EXTENDED = "reservation.extended"
CANCELLED = "reservation.cancelled"
CONVERTED = "reservation.converted"
CHANGES = frozenset({CREATED, EXTENDED, CANCELLED, CONVERTED})
"""What only a request brings about. The ledger tells of expiries too, which are nobody's request."""

_RESERVATIONS = "/api/public/reservations"
_PURCHASES = "/api/public/purchases"
_AVAILABILITY = "/api/public/availability/"
_EVENTS = "/api/public/events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was done to one reservation, or asked for. A request that makes one does not know its id yet."""

    kind: str
    reservation_id: str | None
    ticket_type_id: str | None = None
    quantity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The counters of one ticket type, as an answer shows them."""

    ticket_type_id: str
    total: int
    sold: int
    reserved: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """What a refusal says: this many were asked for, and this many were available."""

    ticket_type_id: str
    requested: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One request and its answer. Instants are seconds of one clock that all clients of a history share.

    :ivar name: for messages.
    :ivar end: None if no answer came, or one that does not say what became of it: then it is in doubt.
    :ivar seq: the ledger position that the answer stands for, if it says so.
    :ivar asked: what it would change.
    :ivar done: what it changed, by its answer; nothing if it was refused.
    :ivar key: its Idempotency-Key, if any; one key is one caller's.
    """

    name: str
    start: float
    end: float | None = None
    seq: int | None = None
    asked: tuple[Change, ...] = ()
    done: tuple[Change, ...] = ()
    stocks: tuple[Stock, ...] = ()
    shortage: Shortage | None = None
    key: str | None = None

    @property
    def changes(self) -> bool:
        """Whether it changed something, by its answer."""
        return bool(self.done)


def asked_by(method: str, path: str, body: Any) -> tuple[Change, ...]:
    """What a request would change; nothing for one that only looks, or is not understood."""
    parts = urlsplit(path).path
    of_one = parts.removeprefix(_RESERVATIONS + "/")
    body = body if isinstance(body, Mapping) else {}
    match method:
        case "POST" if parts == _RESERVATIONS:
            lines = body.get("reservations", [body])
            return tuple(_created(line) for line in _list(lines) if isinstance(line, Mapping))
        case "POST" if parts == _PURCHASES:
            return tuple(Change(kind=CONVERTED, reservation_id=each) for each in _list(body.get("reservationIds")))
        case "POST" if parts.endswith("/purchase"):
            return (Change(kind=CONVERTED, reservation_id=of_one.removesuffix("/purchase")),)
        case "PATCH" if of_one != parts:
            return (Change(kind=EXTENDED, reservation_id=of_one),)
        case "DELETE" if of_one != parts:
            return (Change(kind=CANCELLED, reservation_id=of_one),)
        case _:
            return ()


def done_by(asked: tuple[Change, ...], data: Mapping[str, Any]) -> tuple[Change, ...]:
    """What a request changed by the ``data`` of its answer, which shows the reservations as they were left."""
    if not asked:
        return ()
    made = data.get("reservations") or [data["reservation"]]
    return tuple(
        Change(
            kind=asked[0].kind,
            reservation_id=each["id"],
            ticket_type_id=each["ticketTypeId"],
            quantity=each["quantity"],
        )
        for each in made
    )


def stocks_of(method: str, path: str, data: Any) -> tuple[Stock, ...]:
    """The counters in an answer to one who looked at what is on sale."""
    parts = urlsplit(path).path
    if method != "GET":
        return ()
    if parts.startswith(_AVAILABILITY):
        return (_stock(data, data["ticketTypeId"]),)
    if parts == _EVENTS:
        return tuple(_stock(each, each["id"]) for show in data for each in show["ticketTypes"])
    if parts.startswith(_EVENTS + "/"):
        return tuple(_stock(each, each["id"]) for each in data["event"]["ticketTypes"])
    return ()


def shortage_of(error: Mapping[str, Any]) -> Shortage | None:
    """What a refusal says of the stock, if it is about that."""
    if error.get("code") != "not_enough_tickets":
        return None
    details = error["details"]
    return Shortage(
        ticket_type_id=details["ticketTypeId"], requested=details["requested"], available=details["available"]
    )


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _created(line: Mapping[str, Any]) -> Change:
    return Change(
        kind=CREATED, reservation_id=None, ticket_type_id=line.get("ticketTypeId"), quantity=line.get("quantity")
    )


def _stock(shown: Mapping[str, Any], ticket_type_id: str) -> Stock:
    return Stock(
        ticket_type_id=ticket_type_id,
        total=shown["total"],
        sold=shown["sold"],
        reserved=shown["reserved"],
        available=shown["available"],
    )
