"""The box office: takes a buyer's request, finds the actors for it, and returns what has become durable."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from actor_ticketing.actors.adoption import adopt_all
from actor_ticketing.actors.board import Board
from actor_ticketing.actors.bulk import claim_all, confirm_all
from actor_ticketing.actors.claims import ClaimHolds, ClaimStock
from actor_ticketing.actors.journaling import Keep, Order, accepted
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.turnstile import turn_away
from actor_ticketing.clock import Clock
from actor_ticketing.domain.commands import Convert, Extend, Line, NewTicket, Release, Reserve
from actor_ticketing.domain.errors import Draining, Forbidden, Invalid, NotEnoughTickets, NotFound, StorageUnavailable
from actor_ticketing.domain.extensions import Demand, Room
from actor_ticketing.domain.ids import (
    Entropy,
    generate_session_id,
    generate_unique_code,
    new_id,
)
from actor_ticketing.domain.policies import Policies
from actor_ticketing.domain.ports import Journal, Queries, ReservationRecord, SoldTicket
from actor_ticketing.domain.purchase import Person, Purchase, Ticket
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from actor_ticketing.turns import Unbroken


class BoxOffice:
    """Every method that changes something returns after its commit, and raises a :class:`Refusal` when turned down.

    ``keep`` learns where the change stands, and renders the answer to store for an Idempotency-Key with it.
    """

    def __init__(
        self,
        *,
        board: Board,
        roster: Roster,
        journal: Journal,
        queries: Queries,
        clock: Clock,
        policies: Policies,
        entropy: Entropy,
    ) -> None:
        self.board = board
        self.policies = policies
        self._roster = roster
        self._journal = journal
        self._queries = queries
        self._clock = clock
        self._entropy = entropy
        self._draining = False
        self._unbroken = Unbroken()
        # When somebody was last refused for lack of stock, by ticket type: one instant each, however many they are.
        self._turned_away: dict[str, int] = {}

    def drain(self) -> None:
        """Turn every new change away; what is under way goes on."""
        self._draining = True

    def new_session_id(self) -> str:
        """Make a guest session id. Nothing is stored: it is its own proof."""
        return generate_session_id(self._entropy)

    async def reserve(
        self,
        lines: Sequence[tuple[str, int]],
        *,
        session_id: str,
        user_id: str | None,
        duration_ms: int | None = None,
        metadata: str | None = None,
        address: str | None = None,
        keep: Keep | None = None,
    ) -> list[Reservation]:
        """Hold stock: one reservation for each line (ticket type id, quantity), all or none, in the order asked.

        :param address: the network address that asks, for limits. It is not stored.
        """
        self._admit([ticket_type_id for ticket_type_id, _ in lines])
        now = self._clock.now()
        try:
            duration = self.policies.hold.duration(duration_ms)
            by_type: dict[str, list[Line]] = {}
            ids: list[str] = []
            for ticket_type_id, quantity in lines:
                if ticket_type_id not in by_type:
                    self.board.ticket_type(ticket_type_id)
                    if len(lines) == 1:
                        turn_away(self.board, self.policies, ticket_type_id, quantity, now)
                    by_type[ticket_type_id] = []
                line = Line(reservation_id=new_id(now, self._entropy), quantity=quantity)
                ids.append(line.reservation_id)
                by_type[ticket_type_id].append(line)
            commands = {
                ticket_type_id: Reserve(
                    lines=tuple(of_type),
                    session_id=session_id,
                    user_id=user_id,
                    duration_ms=duration,
                    metadata=metadata,
                    address=address,
                )
                for ticket_type_id, of_type in by_type.items()
            }
            if not self.board.holders.are_limited:
                return await self._reserve(commands, ids, keep)
            # In a task of its own: a caller who is cancelled does not know whether the places are taken.
            return await self._unbroken.run(self._reserve_in_places(commands, ids, keep))
        except NotEnoughTickets as refusal:
            self._turned_away[refusal.ticket_type_id] = self._clock.now()
            raise

    async def _reserve_in_places(
        self, commands: Mapping[str, Reserve], ids: Sequence[str], keep: Keep | None
    ) -> list[Reservation]:
        holders, any_of_them = self.board.holders, next(iter(commands.values()))
        while not holders.claim(any_of_them, len(ids)):
            # It hangs on reservations of the same holder that are under way. They end soon, one way or the other.
            await holders.changed()
        try:
            return await self._reserve(commands, ids, keep)
        except BaseException:
            holders.give_back(any_of_them, len(ids))
            raise

    async def _reserve(
        self, commands: Mapping[str, Reserve], ids: Sequence[str], keep: Keep | None
    ) -> list[Reservation]:
        if len(commands) == 1:
            [(ticket_type_id, command)] = commands.items()
            made: list[Reservation] = await self._perform(ticket_type_id, command, keep)
            return made

        def in_order(events: Sequence[Any]) -> list[Reservation]:
            by_id = {event.reservation.id: event.reservation for event in events}
            return [by_id[reservation_id] for reservation_id in ids]

        claims = {ticket_type_id: ClaimStock(reserve=command) for ticket_type_id, command in commands.items()}
        return await self._all_or_nothing(claims, in_order, keep)  # type: ignore[no-any-return]

    async def extend(
        self, reservation_id: str, owner: Owner, additional_ms: int, *, keep: Keep | None = None
    ) -> Reservation:
        """Move a hold's deadline."""
        turned_away_at = self._turned_away.get(await self._find(reservation_id, owner))
        command = Extend(
            reservation_id=reservation_id, owner=owner, additional_ms=additional_ms, turned_away_at=turned_away_at
        )
        return await self._on_hold(reservation_id, owner, command, keep)  # type: ignore[no-any-return]

    def room(self, hold: Reservation) -> Room:
        """How far a live hold can still be extended, by what is committed."""
        terms, stock = self.board.ticket_type(hold.ticket_type_id), self.board.counters[hold.ticket_type_id]
        turned_away_at, now = self._turned_away.get(terms.id), self._clock.now()
        demand = Demand(total=stock.total, available=stock.available, turned_away_at=turned_away_at, now=now)
        return self.policies.extension.bounds(terms.extension_policy, demand).room(hold)

    async def release(self, reservation_id: str, owner: Owner, *, keep: Keep | None = None) -> Reservation:
        """Give a hold's stock back."""
        command = Release(reservation_id=reservation_id, owner=owner)
        return await self._on_hold(reservation_id, owner, command, keep)  # type: ignore[no-any-return]

    async def adopt(self, session_id: str, user_id: str, *, seen: Keep | None = None) -> int:
        """Make a session's live holds that are no user's this user's; return how many there were.

        :param seen: learns where the last of these changes stands; it stores no answer.
        """
        self._admit(())
        return await adopt_all(self._roster, self.board, session_id, user_id, now=self._clock.now(), seen=seen)

    async def purchase(
        self,
        orders: Sequence[tuple[str, Sequence[Person]]],
        owner: Owner,
        buyer: Person,
        *,
        keep: Keep | None = None,
    ) -> list[Purchase]:
        """Turn holds into tickets: for each (reservation id, its ticket holders) a purchase, all or none, in order."""
        self._admit(())
        if len({reservation_id for reservation_id, _ in orders}) < len(orders):
            raise Invalid.field("reservationIds", "names a reservation twice")
        commands = [self._convert(reservation_id, owner, buyer, holders) for reservation_id, holders in orders]
        if len(commands) == 1:
            return await self._on_hold(commands[0].reservation_id, owner, commands[0], keep)  # type: ignore[no-any-return]
        by_type: dict[str, list[Convert]] = {}
        for command in commands:
            ticket_type_id = await self._find(command.reservation_id, owner)
            by_type.setdefault(ticket_type_id, []).append(command)

        def in_order(events: Sequence[Any]) -> list[Purchase]:
            by_id = {event.reservation.id: event.purchase for event in events}
            return [by_id[command.reservation_id] for command in commands]

        self._admit(by_type)
        claims = {ticket_type_id: ClaimHolds(conversions=of_type) for ticket_type_id, of_type in by_type.items()}
        try:
            return await self._all_or_nothing(claims, in_order, keep)  # type: ignore[no-any-return]
        except NotFound:
            return await self._explain_missing([command.reservation_id for command in commands], owner)

    async def reservation(self, reservation_id: str, owner: Owner) -> ReservationRecord:
        """Look one reservation up, in any state. Who bought it sees it too, from whatever session it was bought.

        :raises NotFound, Forbidden: when there is none, or it is someone else's.
        """
        record = await self._queries.reservation(reservation_id)
        if record is None:
            raise NotFound("reservation")
        bought_by = None if record.transaction is None else record.transaction.user_id
        is_buyer = bought_by is not None and bought_by == owner.user_id
        if not record.reservation.belongs_to(owner) and not is_buyer:
            raise Forbidden("This reservation belongs to someone else.")
        return record

    def active(self, owner: Owner, *, offset: int, limit: int) -> tuple[Sequence[Reservation], int]:
        """The owner's live holds, oldest first: one page of them, and how many there are in all."""
        holds = self.board.live.of(owner, self._clock.now())
        return holds[offset : offset + limit], len(holds)

    def _convert(self, reservation_id: str, owner: Owner, buyer: Person, holders: Sequence[Person]) -> Convert:
        now = self._clock.now()
        return Convert(
            reservation_id=reservation_id,
            owner=owner,
            transaction_id=new_id(now, self._entropy),
            buyer=buyer,
            tickets=tuple(
                NewTicket(id=new_id(now, self._entropy), code=generate_unique_code(self._entropy), holder=holder)
                for holder in holders
            ),
        )

    def _admit(self, ticket_type_ids: Any) -> None:
        if self._draining:
            raise Draining
        for ticket_type_id in ticket_type_ids:
            self._roster.admit(ticket_type_id)

    async def _perform(self, ticket_type_id: str, command: Any, keep: Keep | None) -> Any:
        return accepted(await self._roster.ask(ticket_type_id, Order(command=command, keep=keep)))

    async def _on_hold(self, reservation_id: str, owner: Owner, command: Any, keep: Keep | None) -> Any:
        ticket_type_id = await self._find(reservation_id, owner)
        self._admit([ticket_type_id])
        try:
            return await self._perform(ticket_type_id, command, keep)
        except NotFound:
            return await self._explain_missing([reservation_id], owner)

    async def _find(self, reservation_id: str, owner: Owner) -> str:
        """Return the ticket type of a live hold; settled ones are refused here, from the store.

        :raises NotFound, Forbidden, ReservationExpired, ReservationConverted, ReservationCancelled: as it stands.
        """
        hold = self.board.live.by_id.get(reservation_id)
        if hold is not None:
            return hold.ticket_type_id
        reservation = (await self.reservation(reservation_id, owner)).reservation
        if reservation.status is not ReservationStatus.ACTIVE:
            reservation.require_active(self._clock.now())
        return reservation.ticket_type_id

    async def _explain_missing(self, reservation_ids: Sequence[str], owner: Owner) -> NoReturn:
        """Say why an actor does not know a hold that it was asked for.

        Nearly always it was settled while the command was on its way. The actor's refusal came after that commit, so
        the store knows. If all are live in the store, the actor has lost one, and is rebuilt.
        """
        ticket_type_ids = [await self._find(reservation_id, owner) for reservation_id in reservation_ids]
        self._roster.rebuild(ticket_type_ids)
        raise StorageUnavailable

    async def _all_or_nothing(
        self, commands: Mapping[str, Any], outcome_of: Callable[[Sequence[Any]], Any], keep: Keep | None
    ) -> Any:
        # In a task of its own, so that a caller who is cancelled cannot leave a claim behind.
        return await self._unbroken.run(self._claim_and_confirm(commands, outcome_of, keep))

    async def _claim_and_confirm(
        self, commands: Mapping[str, Any], outcome_of: Callable[[Sequence[Any]], Any], keep: Keep | None
    ) -> Any:
        claims = await claim_all(self._roster, commands, keep)
        return accepted(await confirm_all(self._journal, claims, outcome_of, now=self._clock.now(), keep=keep))

    async def ticket(self, code: str) -> Ticket:
        """Look one ticket up by its code.

        :raises NotFound: when there is none.
        """
        ticket = await self._queries.ticket(code)
        if ticket is None:
            raise NotFound("ticket")
        return ticket

    async def sold_ticket(self, code: str) -> SoldTicket:
        """Look one ticket up by its code, with its purchase.

        :raises NotFound: when there is none.
        """
        sold = await self._queries.sold_ticket(code)
        if sold is None:
            raise NotFound("ticket")
        return sold
