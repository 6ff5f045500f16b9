"""What is looked at between any two steps: what must always hold of the actors, and which rare states they are in."""

from typing import Any, cast

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.ticket_type import TicketTypeActor
from support.simulation.asks import ToSweep
from support.simulation.life import Life
from support.simulation.stepping import World


class Watch:
    """Looks at one life after each of its steps.

    :ivar claimed: the actors that have given a claim.
    """

    def __init__(self, world: World, life: Life) -> None:
        self._world = world
        self._life = life
        self.claimed: dict[str, TicketTypeActor] = {}
        self._retired: set[str] = set()
        self._running: set[str] = set()
        self._parked: set[str] = set()
        self._waiting: set[str] = set()

    def look(self) -> None:
        """Look once."""
        backend = self._life.backend
        if backend is None:
            return
        claimed = {}
        for each, slot in cast("Any", backend.box_office)._roster._slots.items():
            actor = slot.actor
            if actor is None:
                self._note_absence(each, slot)
                continue
            self._waiting.discard(each)
            self._running.add(each)
            inventory = actor.inventory
            if not 0 <= inventory.tentative <= inventory.available:
                self._world.blame(f"{each} has {inventory.available} available and {inventory.tentative} of it claimed")
            if inventory.tentative or inventory.converting:
                claimed[each] = actor
            self._note_parked(each, bool(actor._parked))
        for actor in self.claimed.values():
            if actor.actor_stopped.is_set() and actor.inventory.tentative:
                self._world.sightings.add("a bulk request was half-way when an actor was rebuilt")
        self.claimed = claimed

    def _note_parked(self, ticket_type_id: str, is_parked: bool) -> None:  # noqa: FBT001 - private.
        if not is_parked:
            self._parked.discard(ticket_type_id)
        elif ticket_type_id not in self._parked:
            self._parked.add(ticket_type_id)
            self._world.sightings.add("a request was parked behind a tentative claim")

    def _note_absence(self, ticket_type_id: str, slot: Any) -> None:
        if slot.waiting is None:
            if ticket_type_id in self._waiting:
                self._waiting.discard(ticket_type_id)
                self._world.sightings.add("an actor could not be built")
            elif ticket_type_id in self._running:
                self._retired.add(ticket_type_id)
            self._running.discard(ticket_type_id)
        elif ticket_type_id not in self._waiting and slot.waiting:
            self._waiting.add(ticket_type_id)
            if ticket_type_id in self._retired:
                self._retired.discard(ticket_type_id)
                self._world.sightings.add("a passivated ticket type got a message")
            elif ticket_type_id in self._running:
                self._world.sightings.add("mail waited for an actor that was being rebuilt")

    def look_at_crash(self) -> None:
        """Look at what the process was doing when it was killed."""
        sightings, life = self._world.sightings, self._life
        if len(life.disk.committing) > 1:
            sightings.add("a crash with a batch of several entries on its way")
        if life.disk.committing and life.disk.is_durable:
            sightings.add("a crash after the commit and before the answer")
        if any(actor.inventory.tentative for actor in life.actors().values()):
            sightings.add("a bulk request was half-way at a crash")
        if life.backend is None:
            sightings.add("a crash during recovery")
        if any(isinstance(ask, ToSweep) for ask in life.attempts.values()):
            sightings.add("a crash while a sweep was under way")

    def look_at_quiet(self) -> None:
        """Look at what must hold when nothing is under way and the disk is well."""
        life, books = self._life, self._life.books
        backend = life.backend
        if backend is None or life.attempts:
            self._world.blame(f"never answered: {[ask.mark for ask in life.attempts.values()]}")
            return
        if life.disk.journal is None or life.disk.journal.pending:
            self._world.blame("the journal never came to rest")
        self._compare_board(backend.box_office.board)
        self._compare_actors()
        now = life.clock.now()
        overdue = [deadline for deadline in books.deadlines() if deadline + 1_000 <= now]
        if overdue:
            self._world.blame(f"{len(overdue)} holds are never released; the first ended {now - min(overdue)} ms ago")

    def _compare_board(self, board: Board) -> None:
        books = self._life.books
        live = {each.id: each for holds in books.active.values() for each in holds.values()}
        if board.live.by_id != live:
            self._world.blame(f"the board has {board.live.by_id} where the books have {live}")
        for each in books.stocks:
            stock, said = books.stock(each), board.counters[each]
            if (said.total, said.sold, said.reserved) != (stock.total, stock.sold, stock.reserved):
                self._world.blame(f"the board has {said} where the books have {stock}")
            if board.ticket_types[each] != stock.terms:
                self._world.blame(f"the board has {board.ticket_types[each]} where the books have {stock.terms}")

    def _compare_actors(self) -> None:
        books = self._life.books
        for each, actor in self._life.actors().items():
            inventory, stock = actor.inventory, books.stock(each)
            state = (inventory.total, inventory.sold, inventory.reserved, inventory.ticket_type)
            if state != (stock.total, stock.sold, stock.reserved, stock.terms) or inventory.holds != books.active[each]:
                self._world.blame(f"the actor of {each} has {state} where the books have {stock}")
            if not inventory.is_settled or actor.uncommitted or actor.waiting:
                self._world.blame(f"the actor of {each} never came to rest")
