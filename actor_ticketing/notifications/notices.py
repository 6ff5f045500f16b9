"""What of all that happens is told by mail."""

from collections.abc import Callable, Collection, Sequence

from actor_ticketing.domain.events import (
    LedgerEvent,
    ReservationCancelled,
    ReservationConverted,
    ReservationExpired,
    ReservationExtended,
)
from actor_ticketing.domain.mail import Mail, MailKind, MailQueued
from actor_ticketing.domain.reservation import Reservation


class Notices:
    """Turns events into mails. It is asked as an entry is journaled, so it does no I/O.

    :param kinds: what is told at all.
    :param has_address: whether a user can be written to. Nobody else who holds something can: a guest has typed no
        address yet.
    """

    def __init__(self, kinds: Collection[MailKind], has_address: Callable[[str], bool]) -> None:
        self._kinds = frozenset(kinds)
        self._has_address = has_address

    def __call__(self, events: Sequence[LedgerEvent]) -> list[MailQueued]:
        """The mails that an entry's events lead to."""
        return [notice for event in events if (notice := self._of(event)) is not None]

    def warns_of(self, hold: Reservation) -> bool:
        """Whether there will be a mail before this hold ends."""
        return MailKind.EXPIRING in self._kinds and self._reaches(hold)

    def warning(self, hold: Reservation, lead_ms: int, *, now: int) -> MailQueued:
        """The mail that a hold ends soon: one for each deadline that it has had, and time of warning."""
        told = f"{lead_ms // 1000}-{hold.extensions}"
        return _queued(MailKind.EXPIRING, hold, now, told=f"-{told}", deadline=hold.expires_at)

    def _of(self, event: LedgerEvent) -> MailQueued | None:
        match event:
            case ReservationConverted(purchase=bought):
                buyer = bought.transaction.buyer
                if buyer is not None and buyer.email is not None and MailKind.PURCHASED in self._kinds:
                    return _queued(MailKind.PURCHASED, bought.reservation, event.at)
            case ReservationExpired(reservation=hold):
                return self._to_user(MailKind.EXPIRED, hold, event.at)
            case ReservationCancelled(reservation=hold):
                return self._to_user(MailKind.CANCELLED, hold, event.at)
            case ReservationExtended(reservation=hold):
                told = f"-{hold.extensions}"
                return self._to_user(MailKind.EXTENDED, hold, event.at, told=told, deadline=hold.expires_at)
        return None

    def _to_user(
        self, kind: MailKind, hold: Reservation, at: int, *, told: str = "", deadline: int | None = None
    ) -> MailQueued | None:
        if kind not in self._kinds or not self._reaches(hold):
            return None
        return _queued(kind, hold, at, told=told, deadline=deadline)

    def _reaches(self, hold: Reservation) -> bool:
        return hold.user_id is not None and self._has_address(hold.user_id)


def _queued(kind: MailKind, hold: Reservation, at: int, *, told: str = "", deadline: int | None = None) -> MailQueued:
    # Ids of reservations sort by time, so that these do.
    mail_id = f"{hold.id}.{kind}{told}"
    mail = Mail(id=mail_id, kind=kind, reservation_id=hold.id, deadline=deadline, created_at=at, since=at, due_at=at)
    return MailQueued(mail=mail)
