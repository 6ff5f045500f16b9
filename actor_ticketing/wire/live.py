"""What goes over the WebSocket: each message is a JSON object in a text frame."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from actor_ticketing.wire.reservations import Reservation
from actor_ticketing.wire.shapes import Count, Instant, Shape
from actor_ticketing.wire.shop import Availability


class Message(Shape):
    """Base of all that the service says. `seq` is the position in its ledger, which never goes back."""

    seq: Count
    at: Instant


class ReservationMessage(Message):
    """Something happened to a reservation of the session, which is shown as that left it."""

    type: Literal[
        "reservation.created",
        "reservation.extended",
        "reservation.expired",
        "reservation.cancelled",
        "reservation.converted",
    ]
    server_time: Instant
    reservation: Reservation


class ExpiringMessage(Message):
    """A hold is about to end. It bears the last `seq`, and is not replayed."""

    type: Literal["reservation.expiring"]
    server_time: Instant
    seconds_left: Count
    reservation: Reservation


class AvailabilityMessage(Availability, Message):
    """What is left of a ticket type that the client watches."""

    type: Literal["availability"]


class ErrorMessage(Message):
    """What the client asked for cannot be done. The connection goes on."""

    type: Literal["error"]
    code: str
    message: str
    details: Any = None


class PongMessage(Message):
    """The answer to a ping."""

    type: Literal["pong"]


class ReloadMessage(Message):
    """Not everything that was missed can be told: load the present state with GET."""

    type: Literal["reload"]


LiveMessage = ReservationMessage | ExpiringMessage | AvailabilityMessage | ErrorMessage | PongMessage | ReloadMessage
MESSAGES: TypeAdapter[LiveMessage] = TypeAdapter(Annotated[LiveMessage, Field(discriminator="type")])
