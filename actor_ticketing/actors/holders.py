"""Limits on how much one holder may hold, across ticket types."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from actor_ticketing.domain.errors import HolderLimitReached
from actor_ticketing.domain.reservation import Reservation


class Holders:
    """How many ACTIVE reservations each session, user and address has, across ticket types. A limit of 0 is none.

    A request claims its places before its first await, and gives them back when it is turned down. Places of
    reservations come free when their end is committed.

    Addresses are not stored, so reservations from before the last start have none, and count for none.

    :ivar are_limited: whether there is any limit to keep.
    :ivar limit_addresses: whether there is one for addresses.
    """

    def __init__(self, *, max_per_session: int, max_per_user: int, max_per_address: int = 0) -> None:
        self._max_per_session = max_per_session
        self._max_per_user = max_per_user
        self._max_per_address = max_per_address
        self._claimed: Counter[str] = Counter()
        self._committed: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self.are_limited = bool(max_per_session or max_per_user or max_per_address)
        self.limit_addresses = bool(max_per_address)

    def claim(self, session_id: str, user_id: str | None, places: int, address: str | None = None) -> bool:
        """Take places for new reservations; return False, taking none, when that hangs on others under way.

        :raises HolderLimitReached: when committed reservations alone leave too few places.
        """
        for holder, limit, scope in self._limits(session_id, user_id, address):
            if self._committed[holder] + places > limit:
                raise HolderLimitReached(limit=limit, scope=scope)
        if any(
            self._claimed[holder] + places > limit for holder, limit, _ in self._limits(session_id, user_id, address)
        ):
            return False
        self._add(self._claimed, session_id, user_id, places, address)
        return True

    def give_back(self, session_id: str, user_id: str | None, places: int, address: str | None = None) -> None:
        """Return places that were claimed for what was not made."""
        self._add(self._claimed, session_id, user_id, -places, address)

    def made(self, hold: Reservation, address: str | None = None) -> None:
        """A reservation has been committed in a place that was claimed for it."""
        self._add(self._committed, hold.session_id, hold.user_id, 1, address)

    def adopted(self, hold: Reservation) -> None:
        """A guest's reservation has become a user's. It takes no new stock, so the user may have too many by it."""
        for counts in (self._committed, self._claimed):
            self._add(counts, None, hold.user_id, 1)

    def ended(self, hold: Reservation, address: str | None = None) -> None:
        """A reservation's end has been committed."""
        self._add(self._committed, hold.session_id, hold.user_id, -1, address)
        self._add(self._claimed, hold.session_id, hold.user_id, -1, address)

    async def changed(self) -> None:
        """Wait until a request under way has ended, one way or the other."""
        self._changed.clear()
        await self._changed.wait()

    def recover(self, hold: Reservation) -> None:
        """Count a hold that is there already."""
        self._add(self._claimed, hold.session_id, hold.user_id, 1)
        self.made(hold)

    def _limits(
        self, session_id: str | None, user_id: str | None, address: str | None
    ) -> Iterator[tuple[str, int, str]]:
        if self._max_per_session and session_id is not None:
            yield f"session:{session_id}", self._max_per_session, "session"
        if self._max_per_user and user_id is not None:
            yield f"user:{user_id}", self._max_per_user, "user"
        if self._max_per_address and address is not None:
            yield f"address:{address}", self._max_per_address, "address"

    def _add(
        self, counts: Counter[str], session_id: str | None, user_id: str | None, places: int, address: str | None = None
    ) -> None:
        for holder, _, _ in self._limits(session_id, user_id, address):
            counts[holder] += places
            if not counts[holder]:
                del counts[holder]
            self._changed.set()
