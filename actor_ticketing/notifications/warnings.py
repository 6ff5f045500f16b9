"""Mails that a hold is about to end. No event tells of that, so a timer does."""

from collections.abc import Iterable, Iterator

import structlog

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.warnings import Warnings
from actor_ticketing.clock import Clock
from actor_ticketing.domain.errors import Draining
from actor_ticketing.domain.ports import Entry, Journal
from actor_ticketing.domain.reservation import Reservation, ReservationStatus
from actor_ticketing.notifications.notices import Notices

log = structlog.get_logger(__name__)


class ExpiryWarnings:
    """Queues a mail at each warning time of each hold whose user can be written to.

    :param lead_times: how long before its end a hold is warned of, ms. A hold that does not last that long is not.
    """

    def __init__(
        self, *, board: Board, journal: Journal, clock: Clock, notices: Notices, lead_times: Iterable[int]
    ) -> None:
        self._board = board
        self._journal = journal
        self._clock = clock
        self._notices = notices
        self._lead_times = sorted(set(lead_times))
        self._warnings = Warnings(clock, self._lead_times, self._due)

    def start(self) -> None:
        """Arm the holds that there are. Of one that is inside a warning time already nobody may have been told: it is
        queued again, which changes nothing if it was before.
        """
        now = self._clock.now()
        live = self._board.live.by_id.values()
        late = [hold for hold in live if hold.user_id is not None and self._warnings.arm(hold, now)]
        self._warnings.owe(self._warn_each(late))

    def stop(self) -> None:
        """Warn of nothing more."""
        self._warnings.stop()

    def __call__(self, entry: Entry) -> None:
        """Take note of an entry that has just become durable."""
        now = self._clock.now()
        for event in entry.events:
            hold: Reservation | None = getattr(event, "reservation", None)
            if hold is None or hold.user_id is None:
                continue
            if hold.status is ReservationStatus.ACTIVE:
                self._warnings.arm(hold, now)
            else:
                self._warnings.disarm(hold.id)

    def _warn_each(self, holds: Iterable[Reservation]) -> Iterator[None]:
        for hold in holds:
            if self._board.live.by_id.get(hold.id) is hold:
                self._warn(hold, self._clock.now())
            yield

    def _due(self, reservation_id: str) -> None:
        hold, now = self._board.live.by_id.get(reservation_id), self._clock.now()
        if hold is not None:
            self._warnings.arm(hold, now)
            self._warn(hold, now)

    def _warn(self, hold: Reservation, now: int) -> None:
        left = hold.expires_at - now
        lead = next((lead for lead in self._lead_times if left <= lead), None)
        if lead is None or left <= 0 or not self._notices.warns_of(hold):
            return
        try:
            self._journal.append(Entry(records=[self._notices.warning(hold, lead, now=now)]))
        except Draining:
            log.info("warning_not_queued", reason="the service is stopping")
