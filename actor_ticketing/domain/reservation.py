"""A reservation: its owner, its four states and the transitions between them."""

from collections.abc import Callable
from dataclasses import field, replace
from enum import StrEnum
from hmac import compare_digest
from typing import Any

from actor_ticketing.domain.errors import Conflict, ReservationCancelled, ReservationConverted, ReservationExpired
from actor_ticketing.domain.ids import generate_reservation_code
from actor_ticketing.domain.values import value


class ReservationStatus(StrEnum):
    """ACTIVE holds stock; the other three are terminal."""

    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    CONVERTED = "CONVERTED"
    CANCELLED = "CANCELLED"


# The only place that says where a reservation can go. An extension keeps it ACTIVE.
TRANSITIONS: dict[ReservationStatus, frozenset[ReservationStatus]] = {
    ReservationStatus.ACTIVE: frozenset(ReservationStatus),
    ReservationStatus.EXPIRED: frozenset(),
    ReservationStatus.CONVERTED: frozenset(),
    ReservationStatus.CANCELLED: frozenset(),
}

_TERMINAL: dict[ReservationStatus, Callable[[], Conflict]] = {
    ReservationStatus.EXPIRED: ReservationExpired,
    ReservationStatus.CONVERTED: ReservationConverted,
    ReservationStatus.CANCELLED: ReservationCancelled,
}


@value
class Owner:
    """What a caller proves of itself: a guest session (a secret), a user, or both."""

    session_id: str | None = field(default=None, repr=False)
    user_id: str | None = field(default=None, repr=False)


@value
class Reservation:
    """A claim on stock and its record.

    Instants are ms since the epoch. ``unit_price`` and ``currency`` are those of the moment it was made. ``metadata``
    is the client's JSON object as text. ``settled_at`` is set in the terminal states. ``address`` is the network
    address it was made from, for limits; it is never stored, so after a restart nobody knows it. Its repr does not say
    whose it is, so no log does.
    """

    id: str
    ticket_type_id: str
    session_id: str = field(repr=False)
    user_id: str | None = field(repr=False)
    quantity: int
    unit_price: int
    currency: str
    reserved_at: int
    expires_at: int
    extensions: int = 0
    status: ReservationStatus = ReservationStatus.ACTIVE
    settled_at: int | None = None
    metadata: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False, compare=False)

    @property
    def code(self) -> str:
        """Its name among people."""
        return generate_reservation_code(self.id)

    def belongs_to(self, owner: Owner) -> bool:
        """Whether either proof serves: the session that made it, or the user it was made for."""
        return (owner.session_id is not None and self.is_of_session(owner.session_id)) or (
            owner.user_id is not None and owner.user_id == self.user_id
        )

    def is_of_session(self, session_id: str) -> bool:
        """Whether that session made it. The id is a secret, so the time this takes tells nothing of it."""
        return compare_digest(session_id.encode(), self.session_id.encode())

    def is_overdue(self, now: int) -> bool:
        """Whether the deadline has come. This is the one judgement of it."""
        return self.expires_at <= now

    def require_active(self, now: int) -> None:
        """Raise the refusal of a reservation that can no longer be changed.

        :raises ReservationExpired, ReservationConverted, ReservationCancelled: by its state, or its deadline.
        """
        if self.status is not ReservationStatus.ACTIVE:
            raise _TERMINAL[self.status]()  # noqa: RSE102 - it makes the refusal.
        if self.is_overdue(now):
            raise ReservationExpired

    def settle(self, status: ReservationStatus, now: int) -> "Reservation":
        """Return it in a terminal state.

        :raises ValueError: where :data:`TRANSITIONS` does not allow it; the caller has a bug.
        """
        if status not in TRANSITIONS[self.status] or status is ReservationStatus.ACTIVE:
            raise ValueError(f"{self.status} cannot become {status}")
        return self._with(status=status, settled_at=now)

    def restarted(self, now: int) -> "Reservation":
        """Return it as if it had been made now: same length, so that one from "the future" does not outlive it."""
        return self._with(reserved_at=now, expires_at=now + self.expires_at - self.reserved_at)

    def adopted_by(self, user_id: str) -> "Reservation":
        """Return it as that user's, too.

        :raises ValueError: where it is no longer ACTIVE, or has a user; the caller has a bug.
        """
        if ReservationStatus.ACTIVE not in TRANSITIONS[self.status] or self.user_id is not None:
            raise ValueError(f"a reservation that is {self.status}, or a user's, becomes nobody's")
        return replace(self, user_id=user_id)

    def moved_to(self, expires_at: int, *, extensions: int) -> "Reservation":
        """Return it with another deadline.

        :raises ValueError: where it is no longer ACTIVE; the caller has a bug.
        """
        if ReservationStatus.ACTIVE not in TRANSITIONS[self.status]:
            raise ValueError(f"a reservation that is {self.status} has no deadline to move")
        return self._with(expires_at=expires_at, extensions=extensions)

    def _with(
        self,
        *,
        reserved_at: int | None = None,
        expires_at: int | None = None,
        extensions: int | None = None,
        status: ReservationStatus = ReservationStatus.ACTIVE,
        settled_at: int | None = None,
    ) -> "Reservation":
        # Written out, because dataclasses.replace() takes three times as long, and thousands expire together.
        return Reservation(
            id=self.id,
            ticket_type_id=self.ticket_type_id,
            session_id=self.session_id,
            user_id=self.user_id,
            quantity=self.quantity,
            unit_price=self.unit_price,
            currency=self.currency,
            reserved_at=self.reserved_at if reserved_at is None else reserved_at,
            expires_at=self.expires_at if expires_at is None else expires_at,
            extensions=self.extensions if extensions is None else extensions,
            status=status,
            settled_at=settled_at,
            metadata=self.metadata,
            address=self.address,
        )


def active(  # noqa: PLR0913, PLR0917 - the columns of a row, in their order.
    reservation_id: str,
    ticket_type_id: str,
    session_id: str,
    user_id: str | None,
    quantity: int,
    unit_price: int,
    currency: str,
    reserved_at: int,
    expires_at: int,
    extensions: int = 0,
    metadata: str | None = None,
    address: str | None = None,
) -> Reservation:
    """Return an ACTIVE reservation.

    It does what ``Reservation(...)`` does, in half the time: Python takes long to call a class with keywords, and
    recovery makes a million of them.
    """
    hold: Any = object.__new__(Reservation)
    hold.id = reservation_id
    hold.ticket_type_id = ticket_type_id
    hold.session_id = session_id
    hold.user_id = user_id
    hold.quantity = quantity
    hold.unit_price = unit_price
    hold.currency = currency
    hold.reserved_at = reserved_at
    hold.expires_at = expires_at
    hold.extensions = extensions
    hold.status = ReservationStatus.ACTIVE
    hold.settled_at = None
    hold.metadata = metadata
    hold.address = address
    return hold  # type: ignore[no-any-return]
