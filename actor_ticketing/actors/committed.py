"""What follows a commit: the board, the timers, the statistics, and whoever else subscribes. Nothing earlier."""

from collections.abc import Callable, Sequence

from pykka import ActorRef

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.statistics import Statistics
from actor_ticketing.actors.supervisor import DeadlineMoved, Supervisor
from actor_ticketing.clock import Clock
from actor_ticketing.domain.catalogue import Counters
from actor_ticketing.domain.events import ReservationExpired
from actor_ticketing.domain.ports import Entry

Subscriber = Callable[[Entry], None]


class Committed:
    """The journal's audience. It hears every batch once, in commit order, entries that change nothing included.

    What recovery releases is late by as long as the service was down; the expiry lag counts only what comes after.

    :ivar subscribers: called with each entry, with the board as of that entry. They must not raise, and must return at
        once.
    """

    def __init__(self, board: Board, statistics: Statistics, clock: Clock) -> None:
        self._board = board
        self._statistics = statistics
        self._clock = clock
        self._supervisor: ActorRef[Supervisor] | None = None
        self.subscribers: list[Subscriber] = []

    def tell_deadlines_to(self, supervisor: ActorRef[Supervisor]) -> None:
        """Name who keeps the timers, and tell all deadlines that recovery has put on the board."""
        self._supervisor = supervisor
        for stock in self._board.counters.values():
            if stock.next_deadline is not None:
                supervisor.tell(DeadlineMoved(ticket_type_id=stock.ticket_type_id, deadline=stock.next_deadline))

    def forget_supervisor(self) -> None:
        """Tell deadlines to nobody any more: what is still to be committed comes after the timers' end."""
        self._supervisor = None

    def __call__(self, batch: Sequence[Entry]) -> None:
        """Take over entries that have just become durable together."""
        now = self._clock.now()
        counters, outcomes = self._board.counters, self._statistics.outcomes
        before: dict[str, Counters | None] = {}
        for entry in batch:
            for stock in entry.counters:
                if stock.ticket_type_id not in before:
                    before[stock.ticket_type_id] = counters.get(stock.ticket_type_id)
            self._board.apply(entry)
            for event in entry.events:
                outcomes[event.kind] += 1
            if self._supervisor is not None and entry.events and isinstance(entry.events[0], ReservationExpired):
                self._note_expiries(entry, now)
            for subscriber in self.subscribers:
                subscriber(entry)
        if self._supervisor is not None:
            for ticket_type_id, former in before.items():
                deadline = counters[ticket_type_id].next_deadline
                # One that is due is told again even if it is the same: the timer that stood at it has fired.
                if former is None or deadline != former.next_deadline or (deadline is not None and deadline <= now):
                    self._supervisor.tell(DeadlineMoved(ticket_type_id=ticket_type_id, deadline=deadline))

    def _note_expiries(self, entry: Entry, now: int) -> None:
        for event in entry.events:
            if isinstance(event, ReservationExpired):
                held = event.reservation
                self._statistics.expiry_lag.add(now - held.expires_at, held.ticket_type_id)
