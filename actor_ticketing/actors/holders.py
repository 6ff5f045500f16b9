"""Limits on how much one holder may hold, across ticket types."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from actor_ticketing.domain.errors import HolderLimitReached
from actor_ticketing.domain.reservation import Reservation


class Holders:
    """How many ACTIVE reservations each session and user has, across ticket types. A limit of 0 is none.

    A request claims its places before its first await, and gives them back when it is turned down. Places of
    reservations come free when their end is committed.

    :ivar are_limited: whether there is any limit to keep.
    """

    def __init__(self, *, max_per_session: int, max_per_user: int) -> None:
        self._max_per_session = max_per_session
        self._max_per_user = max_per_user
        self._claimed: Counter[str] = Counter()
        self._committed: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self.are_limited = bool(max_per_session or max_per_user)

    def claim(self, session_id: str, user_id: str | None, places: int) -> bool:
        """Take places for new reservations; return False, taking none, when that hangs on others under way.

        :raises HolderLimitReached: when committed reservations alone leave too few places.
        """
        for holder, limit, scope in self._limits(session_id, user_id):
            if self._committed[holder] + places > limit:
                raise HolderLimitReached(limit=limit, scope=scope)
        if any(self._claimed[holder] + places > limit for holder, limit, _ in self._limits(session_id, user_id)):
            return False
        self._add(self._claimed, session_id, user_id, places)
        return True

    def give_back(self, session_id: str, user_id: str | None, places: int) -> None:
        """Return places that were claimed for what was not made."""
        self._add(self._claimed, session_id, user_id, -places)

    def made(self, hold: Reservation) -> None:
        """A reservation has been committed in a place that was claimed for it."""
        self._add(self._committed, hold.session_id, hold.user_id, 1)

    def adopted(self, hold: Reservation) -> None:
        """A guest's reservation has become a user's. It takes no new stock, so the user may have too many by it."""
        for counts in (self._committed, self._claimed):
            self._add(counts, None, hold.user_id, 1)

    def ended(self, hold: Reservation) -> None:
        """A reservation's end has been committed."""
        self._add(self._committed, hold.session_id, hold.user_id, -1)
        self._add(self._claimed, hold.session_id, hold.user_id, -1)

    async def changed(self) -> None:
        """Wait until a request under way has ended, one way or the other."""
        self._changed.clear()
        await self._changed.wait()

    def recover(self, hold: Reservation) -> None:
        """Count a hold that is there already."""
        self._add(self._claimed, hold.session_id, hold.user_id, 1)
        self.made(hold)

    def _limits(self, session_id: str | None, user_id: str | None) -> Iterator[tuple[str, int, str]]:
        if self._max_per_session and session_id is not None:
            yield f"session:{session_id}", self._max_per_session, "session"
        if self._max_per_user and user_id is not None:
            yield f"user:{user_id}", self._max_per_user, "user"

    def _add(self, counts: Counter[str], session_id: str | None, user_id: str | None, places: int) -> None:
        for holder, _, _ in self._limits(session_id, user_id):
            counts[holder] += places
            if not counts[holder]:
                del counts[holder]
            self._changed.set()
