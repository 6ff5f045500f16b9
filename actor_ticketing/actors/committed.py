"""What follows a commit: the board, the timers, the statistics, and whoever else subscribes. Nothing earlier."""

from collections.abc import Callable

from pykka import ActorRef

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.statistics import Statistics
from actor_ticketing.actors.supervisor import DeadlineMoved, Supervisor
from actor_ticketing.clock import Clock
from actor_ticketing.domain.events import ReservationExpired
from actor_ticketing.domain.ports import Entry

Subscriber = Callable[[Entry], None]


class Committed:
    """The journal's audience. It hears every entry once, in commit order, those that change nothing included.

    What recovery releases is late by as long as the service was down; the expiry lag counts only what comes after.

    :ivar subscribers: called after the board is up to date. They must not raise, and must return at once.
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

    def __call__(self, entry: Entry) -> None:
        """Take over one entry that has just become durable."""
        before = [self._deadline_on_board(stock.ticket_type_id) for stock in entry.counters]
        self._board.apply(entry)
        if self._supervisor is not None:
            self._note_expiries(entry)
            self._move_deadlines(entry, before, self._supervisor)
        for subscriber in self.subscribers:
            subscriber(entry)

    def _deadline_on_board(self, ticket_type_id: str) -> int | None:
        stock = self._board.counters.get(ticket_type_id)
        return None if stock is None else stock.next_deadline

    def _move_deadlines(self, entry: Entry, before: list[int | None], supervisor: ActorRef[Supervisor]) -> None:
        for stock, former in zip(entry.counters, before, strict=True):
            deadline = stock.next_deadline
            # One that is due is told again even if it is the same: the timer that stood at it has fired.
            if deadline != former or (deadline is not None and deadline <= self._clock.now()):
                supervisor.tell(DeadlineMoved(ticket_type_id=stock.ticket_type_id, deadline=deadline))

    def _note_expiries(self, entry: Entry) -> None:
        if entry.events and isinstance(entry.events[0], ReservationExpired):
            now = self._clock.now()
            for event in entry.events:
                if isinstance(event, ReservationExpired):
                    self._statistics.expiry_lag.add(now - event.reservation.expires_at)
