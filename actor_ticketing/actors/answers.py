"""The answers that are kept for Idempotency-Keys."""

from actor_ticketing.actors.journaling import write_entry
from actor_ticketing.clock import Clock
from actor_ticketing.domain.asking import Asker
from actor_ticketing.domain.ports import ANSWERS_KEPT_MS, Entry, Journal, Queries, StoredAnswer


class KeptAnswers:
    """What has been answered under a key, for as long as that counts."""

    def __init__(self, *, journal: Journal, queries: Queries, clock: Clock) -> None:
        self._journal = journal
        self._queries = queries
        self._clock = clock

    async def find(self, caller: bytes, key: str) -> StoredAnswer | None:
        """The answer kept for a key, unless its day is over."""
        answer = await self._queries.answer(caller, key)
        return answer if answer is not None and answer.created_at > self._clock.now() - ANSWERS_KEPT_MS else None

    async def keep(self, answer: StoredAnswer, *, asked_by: Asker | None = None) -> None:
        """Keep an answer that no actor's decision stands behind.

        :raises StorageUnavailable: when it could not be kept.
        """
        await write_entry(self._journal, Entry(answer=answer, asked_by=asked_by))

    async def settled(self) -> None:
        """Wait until every answer that is on its way is kept, or is known not to be."""
        await self._journal.settled()
