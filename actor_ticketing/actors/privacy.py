"""The forgetting of people: when one of them asks, and when their event is long past."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import structlog

from actor_ticketing.actors.journaling import write_entry
from actor_ticketing.actors.periodic import pause
from actor_ticketing.clock import Clock
from actor_ticketing.domain.asking import Asker, request_of
from actor_ticketing.domain.ports import Entry, Journal, PersonRecord, Queries, Traces
from actor_ticketing.domain.records import TracesWiped
from actor_ticketing.domain.values import value

log = structlog.get_logger(__name__)

PAUSE_MS = 100
"""Between two portions of those whom nobody waits to have forgotten."""

DAY_MS = 24 * 60 * 60 * 1_000


@value
class Forgotten:
    """What was forgotten: how many transactions lost their buyer, and so on. ``at`` is ms since the epoch.

    :ivar tickets_of_others: how many tickets of these transactions bear other people's names, which stayed.
    """

    transactions: int
    tickets: int
    answers: int
    accounts: int
    contacts: int
    tickets_of_others: int
    at: int


class Privacy:
    """Finds people in the store and has the one writer forget them, a portion at a time, with sales in between.

    What is forgotten is gone from answers at once. The books stay whole: amounts, tickets, codes and counters remain.
    """

    def __init__(self, *, journal: Journal, queries: Queries, clock: Clock) -> None:
        self._journal = journal
        self._queries = queries
        self._clock = clock

    async def export(self, email: str) -> PersonRecord:
        """All that is known of the person with this address.

        :raises StorageUnavailable: when it cannot be read.
        """
        return await self._queries.person(email)

    async def erase(self, email: str, *, by: str, asked_by: Asker | None = None) -> Forgotten:
        """Forget the person with this address. Doing it again finds nothing, and changes nothing.

        :param by: who asked for it, for the log; as is ``asked_by``, the request.
        :raises Unavailable: when it could not be read or stored. What has been forgotten until then is forgotten.
        """
        forgotten = await self._forget(self._traces_of(email), asked_by=asked_by)
        log.info("person_forgotten", by=by, **_counts(forgotten), **request_of(asked_by))
        return forgotten

    async def forget_before(self, start: int) -> Forgotten:
        """Forget the buyers and holders of events that began before ``start`` (ms since the epoch), in no hurry.

        Kept answers that name them go with them.

        :raises Unavailable: as :meth:`erase`.
        """
        return await self._forget(self._traces_before(start), pause_ms=PAUSE_MS)

    async def _traces_of(self, email: str) -> AsyncIterator[Traces]:
        while (found := await self._queries.traces(email)).forget:
            yield found
        async for found in self._traces_in_answers(email):
            yield found

    async def _traces_before(self, start: int) -> AsyncIterator[Traces]:
        async for found in _portions(partial(self._queries.traces_before, start)):
            yield found
        async for found in self._traces_in_answers(None):
            yield found

    async def _traces_in_answers(self, email: str | None) -> AsyncIterator[Traces]:
        # An answer that was made of the rows as they were may still be on its way.
        await self._journal.settled()
        async for found in _portions(partial(self._queries.traces_in_answers, email)):
            yield found

    async def _forget(
        self, portions: AsyncIterator[Traces], *, pause_ms: int = 0, asked_by: Asker | None = None
    ) -> Forgotten:
        transactions = tickets = answers = accounts = contacts = tickets_of_others = 0
        unreadable: Counter[str] = Counter()
        async for found in portions:
            forget = found.forget
            if forget:
                await write_entry(self._journal, Entry(records=[forget], asked_by=asked_by))
            if pause_ms and found.after is not None:
                await pause(self._clock, pause_ms)
            transactions += len(forget.buyers_of)
            tickets += len(forget.holders_of)
            answers += len(forget.answers)
            accounts += len(forget.accounts)
            contacts += len(forget.contacts)
            tickets_of_others += found.of_others
            unreadable.update(found.unreadable)
        if unreadable:
            log.warning("answers_unreadable", keys=dict(unreadable), **request_of(asked_by))
        # Once for all portions, since every sale waits for it; and with no portion too: a former run may have failed
        # before it came to this.
        await write_entry(self._journal, Entry(records=[TracesWiped()], asked_by=asked_by))
        return Forgotten(
            transactions=transactions,
            tickets=tickets,
            answers=answers,
            accounts=accounts,
            contacts=contacts,
            tickets_of_others=tickets_of_others,
            at=self._clock.now(),
        )


async def _portions(look: Callable[[Any], Awaitable[Traces]]) -> AsyncIterator[Traces]:
    """One portion after the other, each from where the former ended."""
    found = await look(None)
    yield found
    while found.after is not None:
        found = await look(found.after)
        yield found


def _counts(forgotten: Forgotten) -> dict[str, int]:
    return {
        "transactions": forgotten.transactions,
        "tickets": forgotten.tickets,
        "answers": forgotten.answers,
        "accounts": forgotten.accounts,
        "contacts": forgotten.contacts,
    }


class Retention:
    """Forgets whose event began longer ago than people are to be remembered."""

    def __init__(self, privacy: Privacy, clock: Clock, *, days: int) -> None:
        self._privacy = privacy
        self._clock = clock
        self._days = days

    async def forget(self) -> None:
        """Forget all whose time is over now, and log how many.

        :raises Unavailable: as :meth:`Privacy.erase`.
        """
        forgotten = await self._privacy.forget_before(self._clock.now() - self._days * DAY_MS)
        log.info("retention_done", days=self._days, **_counts(forgotten))
