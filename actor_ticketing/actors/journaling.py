"""What the actors that decide have in common: they answer after the commit, never before."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from actor_ticketing.actors.runtime import LoopActor, Pending
from actor_ticketing.domain.asking import Asker
from actor_ticketing.domain.catalogue import Counters
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.events import LedgerEvent
from actor_ticketing.domain.ports import Entry, Journal, StoredAnswer
from actor_ticketing.domain.values import value


class Keep:
    """What whoever asks for a change keeps of its commit: where it stands and, for an Idempotency-Key, the answer.

    :ivar seq: the ledger position of its last event; None until it is journaled. It counts once that is committed.
    :ivar asked_by: the request it is asked for by, if it is by one.

    :param render: makes the answer of the outcome. It is called before the commit.
    """

    __slots__ = ("_render", "asked_by", "seq")

    def __init__(self, render: Callable[[Any], StoredAnswer] | None = None, *, asked_by: Asker | None = None) -> None:
        self.seq: int | None = None
        self.asked_by = asked_by
        self._render = render

    def __call__(self, outcome: Any) -> StoredAnswer | None:
        """The answer to store with the change, if one is wanted."""
        return None if self._render is None else self._render(outcome)


@value
class Order:
    """A command on its way to an actor."""

    command: Any
    keep: Keep | None = None

    @property
    def asked_by(self) -> Asker | None:
        """The request behind it."""
        return None if self.keep is None else self.keep.asked_by


def accepted(outcome: Any) -> Any:
    """Return what an actor replied.

    :raises Refusal: when it turned the command down.
    """
    if isinstance(outcome, Refusal):
        try:
            raise outcome.with_traceback(None)
        finally:
            # Its traceback leads to this frame. While the frame leads back, only the garbage collector frees them.
            del outcome
    return outcome


async def write_entry(journal: Journal, entry: Entry) -> None:
    """Journal what no actor has decided, and return when it is durable.

    :raises Unavailable: when nothing of it was stored.
    """
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    entry.on_settled = done.set_result
    journal.append(entry)
    error = await asyncio.shield(done)
    if error is not None:
        raise error


class JournalingActor(LoopActor):
    """Decides in memory and goes on at once; answers when the journal says that it is durable.

    An outcome is the reply, be it an acceptance or a :class:`Refusal`.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal
        self._uncommitted = 0

    @property
    def uncommitted(self) -> int:
        """How many of this actor's decisions are not settled yet."""
        return self._uncommitted

    def commit(
        self,
        events: Sequence[LedgerEvent],
        outcome: Any,
        *,
        keep: Keep | None = None,
        counters: Sequence[Counters] = (),
        ticket_type_ids: Sequence[str] = (),
    ) -> Pending:
        """Journal events that have been applied; the reply is ``outcome`` once they are durable."""
        pending = Pending()
        entry = Entry(
            events=events,
            counters=counters,
            ticket_type_ids=ticket_type_ids,
            answer=None if keep is None else keep(outcome),
            on_settled=partial(self._settle, pending, outcome),
            asked_by=None if keep is None else keep.asked_by,
        )
        self._append(entry)
        if keep is not None:
            keep.seq = entry.last_seq
        return pending

    def after_commits(self, outcome: Any, asked_by: Asker | None = None) -> Any:
        """Reply with an outcome that changes nothing, once all it was based on is durable."""
        if not self._uncommitted:
            return outcome
        pending = Pending()
        self._append(Entry(on_settled=partial(self._settle, pending, outcome), asked_by=asked_by))
        return pending

    def commit_begins(self) -> None:
        """Count an entry that somebody has journaled for this actor."""
        self._uncommitted += 1

    def commit_ends(self) -> None:
        """Take back :meth:`commit_begins`: the journal has settled the entry."""
        self._uncommitted -= 1

    def _append(self, entry: Entry) -> None:
        self._journal.append(entry)
        self._uncommitted += 1

    def _settle(self, pending: Pending, outcome: Any, error: Exception | None) -> None:
        self._uncommitted -= 1
        pending.resolve(outcome if error is None else error)
