"""Refusals: the expected ways in which a command can be turned down.

A refusal is a value in a reply; it becomes an exception only where a caller chooses to raise it. ``code`` is stable and
part of the HTTP contract, ``kind`` decides the status.
"""

from enum import Enum, auto
from typing import Any

from actor_ticketing.domain.instants import rfc3339


class Kind(Enum):
    """What sort of no it is. The HTTP side maps each kind to one status."""

    INVALID = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    CONFLICT = auto()
    KEY_REUSED = auto()
    TOO_MANY = auto()
    UNAVAILABLE = auto()


class Refusal(Exception):
    """A command was turned down. Nothing has changed.

    :ivar seq: the ledger position as of which it was judged, where that is known.
    """

    kind: Kind
    code: str
    seq: int | None = None

    def __init__(self, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Invalid(Refusal):
    """A value is malformed or out of range. ``details``: a list of ``{"field", "problem"}``."""

    kind = Kind.INVALID
    code = "validation_error"

    @classmethod
    def field(cls, field: str, problem: str) -> "Invalid":
        """Refuse one field, named as the client wrote it (``buyerInfo.email``)."""
        return cls(f"{field}: {problem}", [{"field": field, "problem": problem}])


class InvalidTicket(Refusal):
    """What was scanned is not a ticket that was signed here."""

    kind = Kind.INVALID
    code = "invalid_ticket"

    def __init__(self) -> None:
        super().__init__("This is no ticket of ours.")


class Unauthenticated(Refusal):
    """No credentials, or bad ones, where they are needed."""

    kind = Kind.UNAUTHENTICATED
    code = "unauthenticated"


class InvalidCredentials(Unauthenticated):
    """The address has no account, or the password is another. Which of them it is, is not said."""

    code = "invalid_credentials"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is not right.")


class InvalidRefreshToken(Unauthenticated):
    """It is not known, has ended, or was used before."""

    code = "invalid_refresh_token"

    def __init__(self) -> None:
        super().__init__("This refresh token is not valid. Please sign in again.")


class Forbidden(Refusal):
    """Good credentials without the right, or someone else's reservation."""

    kind = Kind.FORBIDDEN
    code = "forbidden"


class NotFound(Refusal):
    """No such thing."""

    kind = Kind.NOT_FOUND

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what.replace('_', ' ')}.")
        self.code = f"{what}_not_found"


class Conflict(Refusal):
    """The state does not allow it."""

    kind = Kind.CONFLICT


class NotEnoughTickets(Conflict):
    """Fewer tickets are available than were asked for."""

    code = "not_enough_tickets"

    def __init__(self, *, requested: int, available: int, ticket_type_id: str) -> None:
        super().__init__(
            "Not enough tickets are available.",
            {"requested": requested, "available": available, "ticketTypeId": ticket_type_id},
        )
        self.ticket_type_id = ticket_type_id


class ReservationExpired(Conflict):
    """The hold's deadline has passed."""

    code = "reservation_expired"

    def __init__(self) -> None:
        super().__init__("This reservation has expired.")


class ReservationCancelled(Conflict):
    """The hold was released by its buyer."""

    code = "reservation_cancelled"

    def __init__(self) -> None:
        super().__init__("This reservation was cancelled.")


class ReservationConverted(Conflict):
    """The hold has become tickets already."""

    code = "reservation_converted"

    def __init__(self) -> None:
        super().__init__("This reservation has been purchased already.")


class NotPurchased(Conflict):
    """There are no tickets, because the reservation was not purchased. ``details`` says which state it is in."""

    code = "reservation_not_purchased"

    def __init__(self, status: str) -> None:
        super().__init__("This reservation has no tickets: it was not purchased.", {"status": status})


class NotDead(Conflict):
    """The mail was not given up, so nobody needs to have it tried again. ``details`` says which state it is in."""

    code = "mail_not_dead"

    def __init__(self, state: str) -> None:
        super().__init__("Only a mail that was given up can be tried again.", {"state": state})


class ExtensionLimitReached(Conflict):
    """The extension would go past what the policy allows. Nothing was shortened to fit. ``limit``: by which rule."""

    code = "extension_limit_reached"

    def __init__(self, *, extensions_left: int, max_expires_at: int, limit: str) -> None:
        super().__init__(
            "This reservation cannot be extended that far.",
            {"extensionsLeft": extensions_left, "maxExpiresAt": rfc3339(max_expires_at), "extensionLimit": limit},
        )


class SalesNotOpen(Conflict):
    """The on-sale window has not begun."""

    code = "sales_not_open"

    def __init__(self) -> None:
        super().__init__("Sales have not opened yet.")


class SalesClosed(Conflict):
    """The on-sale window is over."""

    code = "sales_closed"

    def __init__(self) -> None:
        super().__init__("Sales have closed.")


class SalesPaused(Conflict):
    """An operator has stopped the sale for a while."""

    code = "sales_paused"

    def __init__(self) -> None:
        super().__init__("Sales are paused at the moment.")


class HolderLimitReached(Conflict):
    """A session or user has as many ACTIVE reservations as it may have."""

    code = "holder_limit_reached"

    def __init__(self, *, limit: int, scope: str) -> None:
        super().__init__(f"This {scope} holds as many reservations as it may.", {"limit": limit, "scope": scope})


class TotalTooLow(Conflict):
    """``total`` would go below what is sold and held."""

    code = "total_too_low"

    def __init__(self, *, sold: int, reserved: int) -> None:
        super().__init__("The total cannot go below what is sold and held.", {"sold": sold, "reserved": reserved})


class TicketAlreadyUsed(Conflict):
    """Somebody was let in with this ticket. ``at``: ms since the epoch; ``by``: who let them in."""

    code = "ticket_already_used"

    def __init__(self, *, at: int, by: str) -> None:
        super().__init__("This ticket was used already.", {"checkedInAt": rfc3339(at), "by": by})


class TicketForAnotherEvent(Conflict):
    """The ticket is good, and not for what is let in here."""

    code = "ticket_for_another_event"

    def __init__(self, *, ticket_type_id: str) -> None:
        super().__init__("This ticket is for something else.", {"ticketTypeId": ticket_type_id})


class EmailTaken(Conflict):
    """The address has an account."""

    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("There is an account with this e-mail address already.")


class TooManySubscriptions(Conflict):
    """A WebSocket would watch more ticket types than it may."""

    code = "too_many_subscriptions"

    def __init__(self, *, limit: int) -> None:
        super().__init__("One connection may not watch so many ticket types.", {"limit": limit})


class AlreadyExists(Conflict):
    """An id that the operator chose is taken."""

    code = "already_exists"

    def __init__(self, what: str) -> None:
        super().__init__(f"The id of this {what} is taken.")


class KeyReused(Refusal):
    """An Idempotency-Key came again with another body or route."""

    kind = Kind.KEY_REUSED
    code = "idempotency_key_reused"


class TooManyRequests(Refusal):
    """Somebody asks more often than the budget allows that ``details`` names.

    :ivar seconds: until trying again can help.
    """

    kind = Kind.TOO_MANY
    code = "rate_limited"

    def __init__(self, *, budget: str, seconds: int) -> None:
        super().__init__("Too many requests. Please wait a moment.", {"budget": budget, "retryAfterSeconds": seconds})
        self.seconds = seconds


class TooManyConnections(Refusal):
    """An address or a session has as many WebSockets open as it may have. ``scope`` says which of the two."""

    kind = Kind.TOO_MANY
    code = "too_many_connections"

    def __init__(self, *, limit: int, scope: str) -> None:
        super().__init__(f"This {scope} has as many connections as it may have.", {"limit": limit, "scope": scope})


class Unavailable(Refusal):
    """Storage is unavailable, the service is overloaded, or it is draining. Trying again later may help."""

    kind = Kind.UNAVAILABLE
    code = "unavailable"


class StorageUnavailable(Unavailable):
    """The write did not happen, for certain; or something could not be read."""

    code = "storage_unavailable"

    def __init__(self, message: str = "The change could not be stored. Nothing was changed; please try again.") -> None:
        super().__init__(message)


class Overloaded(Unavailable):
    """More is waiting than the admission limit lets in."""

    code = "overloaded"

    def __init__(self, message: str = "Too many requests are waiting. Please try again in a moment.") -> None:
        super().__init__(message)


class Draining(Unavailable):
    """The service is shutting down."""

    code = "draining"

    def __init__(self) -> None:
        super().__init__("The service is shutting down. Please try again in a moment.")
