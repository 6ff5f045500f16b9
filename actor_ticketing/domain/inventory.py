"""The stock of one ticket type and every decision about it.

The deciding methods change nothing: they return the events that would happen, or raise a :class:`Refusal`.
:meth:`Inventory.apply` is the only way its state changes, but for the tentative claims of bulk requests, which are
never written down: they last until every ticket type involved has agreed, or one has not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from actor_ticketing.domain.catalogue import Counters, TicketType
from actor_ticketing.domain.commands import (
    Adopt,
    Cancel,
    ChangeTicketType,
    Convert,
    Extend,
    Release,
    Reserve,
    SetPaused,
)
from actor_ticketing.domain.deadlines import DeadlineQueue
from actor_ticketing.domain.errors import Forbidden, Invalid, NotEnoughTickets, NotFound, TotalTooLow
from actor_ticketing.domain.events import (
    LedgerEvent,
    ReservationAdopted,
    ReservationCancelled,
    ReservationConverted,
    ReservationCreated,
    ReservationExpired,
    ReservationExtended,
    ReservationRescheduled,
    TicketTypeChanged,
    TicketTypePaused,
    TicketTypeResumed,
)
from actor_ticketing.domain.extensions import Demand
from actor_ticketing.domain.outcomes import converted, created
from actor_ticketing.domain.policies import Policies, check_on_sale
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus


class Contended(Exception):
    """The answer hangs on a tentative claim; ask again when it has settled."""


class Inventory:
    """One ticket type: ``total``, ``sold``, ``reserved`` and the live holds.

    :ivar tentative: stock claimed by bulk requests that are not decided yet; part of neither ``sold`` nor ``reserved``.
    :ivar converting: ids of holds that a purchase of several has claimed.
    """

    __slots__ = (
        "_deadlines",
        "converting",
        "holds",
        "policies",
        "reserved",
        "sold",
        "tentative",
        "ticket_type",
        "total",
    )

    def __init__(
        self,
        ticket_type: TicketType,
        policies: Policies,
        *,
        total: int,
        sold: int = 0,
        holds: Iterable[Reservation] = (),
    ) -> None:
        self.ticket_type = ticket_type
        self.policies = policies
        self.total = total
        self.sold = sold
        self.holds = {hold.id: hold for hold in holds}
        self.reserved = sum(hold.quantity for hold in self.holds.values())
        self.tentative = 0
        self.converting: frozenset[str] = frozenset()
        self._deadlines = DeadlineQueue(self.holds)

    @property
    def available(self) -> int:
        """What the books say is free. Tentative claims are not in the books."""
        return self.total - self.sold - self.reserved

    @property
    def is_settled(self) -> bool:
        """Whether no bulk request has a claim here."""
        return not self.tentative and not self.converting

    def counters(self) -> Counters:
        """The stock as it stands."""
        return Counters(
            ticket_type_id=self.ticket_type.id,
            total=self.total,
            sold=self.sold,
            reserved=self.reserved,
            next_deadline=self.next_deadline(),
        )

    def next_deadline(self) -> int | None:
        """When the next hold ends, ms since the epoch; None when nothing is held."""
        first = self._deadlines.first()
        return None if first is None else first[0]

    # Deciding

    def reserve(self, command: Reserve, now: int) -> list[LedgerEvent]:
        """Hold stock for every line.

        :raises Invalid, SalesNotOpen, SalesClosed, SalesPaused, NotEnoughTickets: as its rules say.
        :raises Contended: when it falls short only because of tentative claims.
        """
        self._check_reserve(command, now)
        return created(self.ticket_type, command, now)

    def _check_reserve(self, command: Reserve, now: int) -> None:
        quantity = command.quantity
        self.policies.hold.check_quantity(self.ticket_type, quantity)
        check_on_sale(self.ticket_type, now)
        available = self.available
        if quantity <= available - self.tentative:
            return
        if quantity > available + self._overdue_but_claimed(now):
            raise NotEnoughTickets(requested=quantity, available=available, ticket_type_id=self.ticket_type.id)
        raise Contended

    def _overdue_but_claimed(self, now: int) -> int:
        """Stock of overdue holds that comes free if the purchases that have claimed them fail."""
        claimed = (self.holds[reservation_id] for reservation_id in self.converting)
        return sum(hold.quantity for hold in claimed if hold.is_overdue(now))

    def extend(self, command: Extend, now: int) -> list[LedgerEvent]:
        """Move a deadline.

        :raises NotFound, Forbidden, ReservationExpired, ExtensionLimitReached: as its rules say.
        :raises Contended: while a purchase of several has claimed it.
        """
        hold = self._live(command.reservation_id, command.owner, now)
        demand = Demand(total=self.total, available=self.available, turned_away_at=command.turned_away_at, now=now)
        bounds = self.policies.extension.bounds(self.ticket_type.extension_policy, demand)
        return [ReservationExtended(at=now, reservation=bounds.extend(hold, command.additional_ms))]

    def release(self, command: Release, now: int) -> list[LedgerEvent]:
        """Give stock back. Raises as :meth:`extend`, but for the limits."""
        hold = self._live(command.reservation_id, command.owner, now)
        return [ReservationCancelled(at=now, reservation=hold.settle(ReservationStatus.CANCELLED, now))]

    def cancel(self, command: Cancel, now: int) -> list[LedgerEvent]:
        """Give stock back for the buyer. Raises as :meth:`release`, but that it need not be the operator's."""
        hold = self._open(self._held(command.reservation_id), now)
        cancelled = hold.settle(ReservationStatus.CANCELLED, now)
        return [ReservationCancelled(at=now, reservation=cancelled, by=command.by)]

    def adopt(self, command: Adopt, now: int) -> list[LedgerEvent]:
        """Make a session's holds a user's. What has ended meanwhile, or is somebody's, is passed over.

        :raises Contended: while a purchase of several has claimed one of them.
        """
        found = [self.holds[each] for each in command.reservation_ids if each in self.holds]
        free = [
            hold
            for hold in found
            if hold.is_of_session(command.session_id) and hold.user_id is None and not hold.is_overdue(now)
        ]
        if not self.converting.isdisjoint(hold.id for hold in free):
            raise Contended
        return [ReservationAdopted(at=now, reservation=hold.adopted_by(command.user_id)) for hold in free]

    def convert(self, command: Convert, now: int) -> list[LedgerEvent]:
        """Turn a hold into a transaction and its tickets. Raises as :meth:`extend`.

        :raises Invalid: unless there is one ticket for each unit of the quantity.
        """
        return [converted(self.check_convert(command, now), command, now)]

    def check_convert(self, command: Convert, now: int) -> Reservation:
        """Return the hold that ``command`` may convert; raises as :meth:`convert`."""
        hold = self._live(command.reservation_id, command.owner, now)
        if len(command.tickets) != hold.quantity:
            raise Invalid.field("ticketHolders", f"exactly {hold.quantity} holders are needed, one for each ticket")
        return hold

    def expire_due(
        self, now: int, *, limit: int, freeing: int | None = None, by: str | None = None
    ) -> list[LedgerEvent]:
        """Expire overdue holds, earliest deadline first: at most ``limit``, or until ``freeing`` tickets are free.

        A hold that a purchase has claimed is left to that purchase, which was in time.
        """
        expired: list[LedgerEvent] = []
        freed = 0
        # A hold that was moved away from a deadline and back to it has two entries for it.
        seen: dict[str, tuple[int, str]] = {}
        while len(expired) < limit and (freeing is None or freed < freeing):
            entry = self._deadlines.first()
            if entry is None or entry[0] > now:
                break
            self._deadlines.take_first()
            hold = self.holds[entry[1]]
            if hold.id in seen:
                continue
            seen[hold.id] = entry
            if hold.id in self.converting:
                continue
            freed += hold.quantity
            expired.append(ReservationExpired(at=now, reservation=hold.settle(ReservationStatus.EXPIRED, now), by=by))
        self._deadlines.put_back(seen.values())
        return expired

    def reschedule_from_future(self, now: int) -> list[LedgerEvent]:
        """Start each hold that was made "after" ``now`` anew, so that none outlives its own length.

        Only recovery needs this: within one run the clock never goes back.
        """
        return [
            ReservationRescheduled(at=now, reservation=hold.restarted(now))
            for hold in self.holds.values()
            if hold.reserved_at > now
        ]

    def change(self, command: ChangeTicketType, now: int) -> list[LedgerEvent]:
        """Take new terms and another total.

        :raises Invalid: when the on-sale window would end before it starts.
        :raises TotalTooLow: below ``sold + reserved``.
        :raises Contended: when it falls short only because of tentative claims.
        """
        terms = command.terms(self.ticket_type)
        total = self.total if command.total is None else command.total
        if total < self.sold + self.reserved:
            raise TotalTooLow(sold=self.sold, reserved=self.reserved)
        if total < self.sold + self.reserved + self.tentative:
            raise Contended
        return [TicketTypeChanged(at=now, ticket_type=terms, total=total, by=command.by)]

    def set_paused(self, command: SetPaused, now: int) -> list[LedgerEvent]:
        """Stop the sale or let it go on; nothing happens where it is so already.

        A bulk request that has claimed its stock was in time.
        """
        if self.ticket_type.paused == command.paused:
            return []
        terms = replace(self.ticket_type, paused=command.paused)
        kind = TicketTypePaused if command.paused else TicketTypeResumed
        return [kind(at=now, ticket_type=terms, by=command.by)]

    # Tentative claims

    def claim_stock(self, command: Reserve, now: int) -> int:
        """Claim the stock of all lines, outside the books; return how much. Raises as :meth:`reserve`."""
        self._check_reserve(command, now)
        self.tentative += command.quantity
        return command.quantity

    def let_go_stock(self, quantity: int) -> None:
        """End a claim on stock, whether or not it became reservations."""
        self.tentative -= quantity

    def claim_holds(self, commands: Sequence[Convert], now: int) -> list[Reservation]:
        """Claim holds for conversion; return them. Raises as :meth:`convert`."""
        holds = [self.check_convert(command, now) for command in commands]
        self.converting = self.converting.union(hold.id for hold in holds)
        return holds

    def let_go_holds(self, holds: Iterable[Reservation]) -> None:
        """End a claim on holds, whether or not they were converted."""
        self.converting = self.converting.difference(hold.id for hold in holds)

    # Changing

    def apply(self, event: LedgerEvent) -> None:
        """Let an event have its effect. The same code replays a ledger."""
        match event:
            case ReservationCreated(reservation=hold):
                self.holds[hold.id] = hold
                self.reserved += hold.quantity
                self._deadlines.add(hold)
            case ReservationExtended(reservation=hold) | ReservationRescheduled(reservation=hold):
                self.holds[hold.id] = hold
                self._deadlines.add(hold)
            case ReservationAdopted(reservation=hold):
                self.holds[hold.id] = hold
            case ReservationExpired(reservation=hold) | ReservationCancelled(reservation=hold):
                del self.holds[hold.id]
                self.reserved -= hold.quantity
            case ReservationConverted(purchase=purchase):
                hold = purchase.reservation
                del self.holds[hold.id]
                self.reserved -= hold.quantity
                self.sold += hold.quantity
            case TicketTypeChanged(ticket_type=terms, total=total):
                self.ticket_type = terms
                self.total = total
            case TicketTypePaused(ticket_type=terms) | TicketTypeResumed(ticket_type=terms):
                self.ticket_type = terms
            case _:
                raise ValueError(f"{event.kind} does not concern an inventory")
        self._deadlines.compact()

    def _live(self, reservation_id: str, owner: Owner, now: int) -> Reservation:
        hold = self._held(reservation_id)
        if not hold.belongs_to(owner):
            raise Forbidden("This reservation belongs to someone else.")
        return self._open(hold, now)

    def _held(self, reservation_id: str) -> Reservation:
        hold = self.holds.get(reservation_id)
        if hold is None:
            raise NotFound("reservation")
        return hold

    def _open(self, hold: Reservation, now: int) -> Reservation:
        # A purchase that has claimed it was in time, so this is not yet the moment to say that it is too late.
        if hold.id in self.converting:
            raise Contended
        hold.require_active(now)
        return hold
