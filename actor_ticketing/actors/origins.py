"""Where live holds were made from, for as long as anybody wants to know. Nothing of it is stored."""

from collections.abc import Callable, Iterable

import structlog

from actor_ticketing.domain.reservation import Reservation

log = structlog.get_logger(__name__)

OnAbandoned = Callable[[Reservation, str | None], None]


class Origins:
    """Network addresses by reservation.

    :ivar are_wanted: whether anybody counts by address; without, none is noted.
    :ivar on_abandoned: told of each hold that its buyer lets go or lets expire, with its origin if that is known.
    """

    def __init__(self, *, are_wanted: bool) -> None:
        self.are_wanted = are_wanted
        self.on_abandoned: OnAbandoned | None = None
        self._of: dict[str, str] = {}

    def note(self, reservation_ids: Iterable[str], address: str | None) -> None:
        """Note where reservations come from that are about to be made."""
        if self.are_wanted and address is not None:
            self._of.update(dict.fromkeys(reservation_ids, address))

    def of(self, reservation_id: str) -> str | None:
        """Where a reservation was made from."""
        return self._of.get(reservation_id)

    def forget(self, reservation_ids: Iterable[str]) -> None:
        """Those that were noted were not made."""
        for reservation_id in reservation_ids:
            self._of.pop(reservation_id, None)

    def ended(self, hold: Reservation, *, was_abandoned: bool) -> str | None:
        """A hold has ended; return its origin, which is forgotten."""
        origin = self._of.pop(hold.id, None)
        if was_abandoned and self.on_abandoned is not None:
            try:
                self.on_abandoned(hold, origin)
            except Exception:
                # This is said in the middle of a commit's settlement, which must not hang on who counts what.
                log.exception("abandoned_not_counted")
        return origin

    def __len__(self) -> int:
        return len(self._of)
