"""Limits on how much one holder may hold, across ticket types."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from actor_ticketing.domain.commands import Reserve
from actor_ticketing.domain.errors import HolderLimitReached
from actor_ticketing.domain.reservation import Reservation

Held = Reservation | Reserve
"""What says who holds it: a reservation, or the command to make some."""


class Holders:
    """How many ACTIVE reservations each session, user and address has, across ticket types. A limit of 0 is none.

    A request claims its places before its first await, and gives them back when it is turned down. Places of
    reservations come free when their end is committed.

    Addresses are not stored, so reservations from before the last start have none, and count for none.

    :ivar are_limited: whether there is any limit to keep.
    """

    def __init__(self, *, max_per_session: int, max_per_user: int, max_per_address: int = 0) -> None:
        self._max_per_session = max_per_session
        self._max_per_user = max_per_user
        self._max_per_address = max_per_address
        self._claimed: Counter[str] = Counter()
        self._committed: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self.are_limited = bool(max_per_session or max_per_user or max_per_address)

    def claim(self, wanted: Held, places: int) -> bool:
        """Take places for new reservations; return False, taking none, when that hangs on others under way.

        :raises HolderLimitReached: when committed reservations alone leave too few places.
        """
        for holder, limit, scope in self._limits(wanted):
            if self._committed[holder] + places > limit:
                raise HolderLimitReached(limit=limit, scope=scope)
        if any(self._claimed[holder] + places > limit for holder, limit, _ in self._limits(wanted)):
            return False
        self._add(self._claimed, wanted, places)
        return True

    def give_back(self, wanted: Held, places: int) -> None:
        """Return places that were claimed for what was not made."""
        self._add(self._claimed, wanted, -places)

    def made(self, hold: Reservation) -> None:
        """A reservation has been committed in a place that was claimed for it."""
        self._add(self._committed, hold, 1)

    def adopted(self, hold: Reservation) -> None:
        """A guest's reservation has become a user's. It takes no new stock, so the user may have too many by it."""
        for counts in (self._committed, self._claimed):
            for holder, _, scope in self._limits(hold):
                if scope == "user":
                    self._count(counts, holder, 1)

    def ended(self, hold: Reservation) -> None:
        """A reservation's end has been committed."""
        self._add(self._committed, hold, -1)
        self._add(self._claimed, hold, -1)

    async def changed(self) -> None:
        """Wait until a request under way has ended, one way or the other."""
        self._changed.clear()
        await self._changed.wait()

    def recover(self, hold: Reservation) -> None:
        """Count a hold that is there already."""
        self._add(self._claimed, hold, 1)
        self.made(hold)

    def _limits(self, held: Held) -> Iterator[tuple[str, int, str]]:
        if self._max_per_session:
            yield f"session:{held.session_id}", self._max_per_session, "session"
        if self._max_per_user and held.user_id is not None:
            yield f"user:{held.user_id}", self._max_per_user, "user"
        if self._max_per_address and held.address is not None:
            yield f"address:{held.address}", self._max_per_address, "address"

    def _add(self, counts: Counter[str], held: Held, places: int) -> None:
        for holder, _, _ in self._limits(held):
            self._count(counts, holder, places)

    def _count(self, counts: Counter[str], holder: str, places: int) -> None:
        counts[holder] += places
        if not counts[holder]:
            del counts[holder]
        self._changed.set()
