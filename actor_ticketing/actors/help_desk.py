"""The help desk: looks up what a buyer asks about, and cancels a hold for them."""

from actor_ticketing.actors.journaling import Keep, Order, accepted
from actor_ticketing.actors.roster import Roster
from actor_ticketing.clock import Clock
from actor_ticketing.domain.commands import Cancel
from actor_ticketing.domain.errors import NotFound, StorageUnavailable
from actor_ticketing.domain.ports import Queries, ReservationRecord
from actor_ticketing.domain.reservation import Reservation


class HelpDesk:
    """For operators: whose a reservation is, is not asked here."""

    def __init__(self, *, roster: Roster, queries: Queries, clock: Clock) -> None:
        self._roster = roster
        self._queries = queries
        self._clock = clock

    async def reservation(self, reservation_id: str) -> ReservationRecord:
        """One reservation in any state.

        :raises NotFound: when there is none.
        """
        return _found(await self._queries.reservation(reservation_id), "reservation")

    async def reservation_by_code(self, code: str) -> ReservationRecord:
        """The same, by the code that a buyer reads out.

        :raises NotFound: when there is none.
        """
        return _found(await self._queries.reservation_by_code(code), "reservation")

    async def reservation_of_ticket(self, code: str) -> ReservationRecord:
        """The reservation that a ticket came of, with all of its tickets.

        :raises NotFound: when there is no such ticket.
        """
        return _found(await self._queries.reservation_of_ticket(code), "ticket")

    async def cancel(self, reservation_id: str, *, by: str, keep: Keep | None = None) -> Reservation:
        """Give a hold's stock back for its buyer, and return the reservation once that is durable.

        :param by: who does it, for the ledger.
        :raises NotFound, ReservationExpired, ReservationConverted, ReservationCancelled: as it stands.
        :raises Unavailable: when it could not be read or stored.
        """
        ticket_type_id = await self._live(reservation_id)
        order = Order(command=Cancel(reservation_id=reservation_id, by=by), keep=keep)
        try:
            return accepted(await self._roster.ask(ticket_type_id, order))  # type: ignore[no-any-return]
        except NotFound:
            # Nearly always it was settled on the way, and the store says how. If not, the actor has lost it.
            await self._live(reservation_id)
            self._roster.rebuild([ticket_type_id])
            raise StorageUnavailable from None

    async def _live(self, reservation_id: str) -> str:
        reservation = (await self.reservation(reservation_id)).reservation
        reservation.require_active(self._clock.now())
        return reservation.ticket_type_id


def _found(record: ReservationRecord | None, what: str) -> ReservationRecord:
    if record is None:
        raise NotFound(what)
    return record
