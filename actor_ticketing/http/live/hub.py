"""Who listens to what: from a committed entry to the sockets that hear of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.warnings import Warnings
from actor_ticketing.clock import Clock
from actor_ticketing.config.sections import WebSocketSettings
from actor_ticketing.domain.errors import Draining, Overloaded, TooManyConnections
from actor_ticketing.domain.ports import Entry, Queries, ReservationMoment
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from actor_ticketing.http.budgets import Budget
from actor_ticketing.http.live.availability import Topics
from actor_ticketing.http.live.history import Histories
from actor_ticketing.http.live.listener import Listener, LiveStatistics
from actor_ticketing.http.live.messages import expiring, happened

log = structlog.get_logger(__name__)

GOING_AWAY = 1001
INTERNAL_ERROR = 1011

ASKING_PER_ADDRESS = "5000/10 seconds"
"""What all sockets of an address together may ask for: a message costs one, and one more for each ticket type in it. So
an address gets a tenth of all sends about availability at the most; 200 pages that come back at once get along."""
FAILED = "something went wrong, please connect again"


class Hub:
    """All open sockets. It subscribes to what is committed, and never waits for a socket.

    An entry that concerns nobody who listens costs a few look-ups; with no socket open, next to nothing.

    :ivar topics: the ticket types that are watched.
    :ivar histories: what a client that was away has missed.
    :param warn_seconds: how long before its end each hold is warned of.
    :param limits_frequency: whether an address may ask only so often.
    """

    def __init__(
        self,
        *,
        board: Board,
        clock: Clock,
        queries: Queries,
        settings: WebSocketSettings,
        warn_seconds: Iterable[float],
        limits_frequency: bool,
    ) -> None:
        self.board = board
        self.clock = clock
        self.settings = settings
        self.statistics = LiveStatistics()
        self.topics = Topics(board, clock, settings.availability_per_second)
        self.histories = Histories(board, clock, queries)
        self._warnings = Warnings(clock, (round(seconds * 1000) for seconds in warn_seconds), self._warning_due)
        self._listeners: dict[Listener, str] = {}
        self._of_session: dict[str, set[Listener]] = {}
        self._asking = Budget("watch-address", ASKING_PER_ADDRESS) if limits_frequency else None
        self._admitted = 0
        self._by_session: Counter[str] = Counter()
        self._by_address: Counter[str] = Counter()
        self._closing = False

    @property
    def open(self) -> int:
        """How many sockets are open, or about to be."""
        return self._admitted

    @contextmanager
    def admitted(self, session_id: str, address: str) -> Iterator[None]:
        """Count a socket for as long as it is open.

        :raises Draining: when the service is about to stop.
        :raises Overloaded: when there are as many as there may be.
        :raises TooManyConnections: when its session or its address has as many as it may have.
        """
        settings = self.settings
        if self._closing:
            raise Draining
        if self._admitted >= settings.max_connections:
            raise Overloaded("Too many connections are open. Please try again in a moment.")
        counts = ((self._by_session, session_id), (self._by_address, address))
        if self._by_session[session_id] >= settings.max_per_session:
            raise TooManyConnections(limit=settings.max_per_session, scope="session")
        if self._by_address[address] >= settings.max_per_address:
            raise TooManyConnections(limit=settings.max_per_address, scope="address")
        self._admitted += 1
        self.statistics.opened += 1
        for counter, key in counts:
            counter[key] += 1
        try:
            yield
        finally:
            self._admitted -= 1
            for counter, key in counts:
                counter[key] -= 1
                if not counter[key]:
                    del counter[key]

    def charge(self, address: str, units: int) -> None:
        """Count what a client asks for against its address.

        :raises TooManyRequests: when there is not enough left for it.
        """
        if self._asking is not None:
            self._asking.spend(address, self.clock.now() / 1_000, units)

    def attach(self, listener: Listener, session_id: str) -> None:
        """Tell a listener all that happens to a session's reservations from the board's position on.

        Holds that are inside a warning time are warned of at once; when they are very many, in slices.
        """
        if self._closing:
            listener.close(GOING_AWAY, "the service is stopping")
            return
        self._listeners[listener] = session_id
        self._of_session.setdefault(session_id, set()).add(listener)
        now = self.clock.now()
        holds = self.board.live.of(Owner(session_id=session_id), now)
        late = [hold for hold in holds if self._warnings.arm(hold, now)]
        if late:
            self._warnings.owe(self._warn(listener, late))

    def detach(self, listener: Listener) -> None:
        """Tell a listener nothing more; what it watches it has to give up itself."""
        session_id = self._listeners.pop(listener, None)
        if session_id is not None:
            audience = self._of_session[session_id]
            audience.discard(listener)
            if not audience:
                del self._of_session[session_id]

    def close(self) -> None:
        """Let no socket in any more, and begin to close all that are open."""
        self._closing = True
        self._close_all(self._listeners, GOING_AWAY, "the service is stopping")

    def __call__(self, entry: Entry) -> None:
        """Tell of an entry that has just become durable. The board is as of that entry."""
        if not self._listeners:
            return
        try:
            self._tell(entry)
        except Exception:
            # Nothing that goes wrong here may reach the journal. Clients come back and ask for what they have missed.
            log.exception("live_failed")
            self._close_all(self._listeners, INTERNAL_ERROR, FAILED)

    def _tell(self, entry: Entry) -> None:
        concerned: list[Reservation] = []
        for seq, event in enumerate(entry.events, entry.first_seq):
            hold: Reservation | None = getattr(event, "reservation", None)
            if hold is not None and hold.session_id in self._of_session:
                moment = ReservationMoment(seq=seq, at=event.at, kind=event.kind, reservation=hold)
                message = happened(self.board, moment, self.clock.now())
                if message is not None:
                    concerned.append(hold)
                    self._send(hold, message)
        # What bears the position of the whole entry comes after all that bears a position in it: whoever has seen a
        # position has seen everything up to there, and can ask for what came after it.
        for hold in concerned:
            if hold.status is ReservationStatus.ACTIVE:
                self._warn_in_time(hold)
            else:
                self._warnings.disarm(hold.id)
        for stock in entry.counters:
            self.topics.changed(stock.ticket_type_id)

    def _warn(self, listener: Listener, holds: Iterable[Reservation]) -> Iterator[None]:
        for hold in holds:
            if listener.is_ending or listener not in self._listeners:
                return
            now = self.clock.now()
            # One that has changed since was warned of when it did.
            if self.board.live.by_id.get(hold.id) is hold and not hold.is_overdue(now):
                listener.send(expiring(self.board, hold, now))
                yield

    def _warning_due(self, reservation_id: str) -> None:
        hold = self.board.live.by_id.get(reservation_id)
        if hold is None or hold.session_id not in self._of_session:
            return
        try:
            self._warn_in_time(hold)
        except Exception:
            log.exception("live_failed")
            self._close_all(self._of_session[hold.session_id], INTERNAL_ERROR, FAILED)

    def _warn_in_time(self, hold: Reservation) -> None:
        now = self.clock.now()
        if self._warnings.arm(hold, now):
            self._send(hold, expiring(self.board, hold, now))

    def _send(self, hold: Reservation, message: bytes) -> None:
        for listener in self._of_session[hold.session_id]:
            listener.send(message)

    def _close_all(self, listeners: Iterable[Listener], code: int, reason: str) -> None:
        for listener in list(listeners):
            listener.close(code, reason)
