"""How the heart is doing, as far as that can be told without asking any actor."""

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.doing import Doing
from actor_ticketing.actors.roster import Roster
from actor_ticketing.domain.measures import Commits
from actor_ticketing.domain.ports import Journal
from actor_ticketing.domain.values import value


@value
class Stock:
    """Tickets over all ticket types, as committed."""

    total: int
    sold: int
    reserved: int


class Vitals:
    """Reads what is there anyway, so watching costs the work nothing."""

    def __init__(self, board: Board, roster: Roster, journal: Journal) -> None:
        self._board = board
        self._roster = roster
        self._journal = journal

    @property
    def commits(self) -> Commits:
        """What the transactions were like."""
        return self._journal.commits

    @property
    def pending(self) -> int:
        """Decisions that are not durable yet."""
        return self._journal.pending

    @property
    def actors(self) -> int:
        """Ticket types with a running actor."""
        return self._roster.running

    @property
    def live_holds(self) -> int:
        """ACTIVE reservations, as committed."""
        return len(self._board.live.by_id)

    @property
    def seq(self) -> int:
        """The ledger position of the last commit."""
        return self._board.seq

    def mailboxes(self) -> tuple[int, int]:
        """Messages that wait for actors: in all mailboxes, and in the fullest."""
        waiting = self._roster.waiting()
        return sum(waiting), max(waiting, default=0)

    def doings(self) -> list[Doing]:
        """What each actor is doing, the one with the most before it first."""
        return sorted(
            self._roster.doings(), key=lambda each: (-each.mail - each.parked - each.uncommitted, each.idle_ms)
        )

    def stock(self) -> Stock:
        """All tickets that there are, sold and reserved."""
        total = sold = reserved = 0
        for counters in self._board.counters.values():
            total += counters.total
            sold += counters.sold
            reserved += counters.reserved
        return Stock(total=total, sold=sold, reserved=reserved)
