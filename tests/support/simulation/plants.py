"""Bugs that somebody might make one day, each to be planted by hand: what the simulation would not find, it has missed.

Each is the code as it is, but for what its name says.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from actor_ticketing.actors import box_office, roster
from actor_ticketing.actors.claims import Claim, HoldsClaim
from actor_ticketing.actors.committed import Committed
from actor_ticketing.actors.holders import Holders
from actor_ticketing.actors.journaling import JournalingActor, Order, accepted
from actor_ticketing.actors.runtime import LoopActor, Pending
from actor_ticketing.actors.supervisor import Supervisor
from actor_ticketing.actors.ticket_type import Expired
from actor_ticketing.domain.commands import Reserve
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.outcomes import converted
from actor_ticketing.domain.ports import CommitFailed, CommitUnknown, Entry
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.http import idempotency
from actor_ticketing.persistence.journal import GroupCommitJournal
from actor_ticketing.turns import Turns
from support.simulation.disk import Disk

Plant = Callable[[], AbstractContextManager[Any]]


def _replaced(owner: Any, name: str, by: Any) -> Plant:
    return lambda: patch.object(owner, name, by)


_commit = JournalingActor.commit
_disk_commit = Disk.commit


def _reply_at_once(self: JournalingActor, events: Any, outcome: Any, **more: Any) -> Any:
    _commit(self, events, outcome, **more)
    return outcome


def _keep_nothing(self: JournalingActor, events: Any, outcome: Any, **more: Any) -> Pending:
    return _commit(self, events, outcome, **{**more, "keep": None})


def _go_on_deciding(self: LoopActor) -> Any:
    mail = list(self.actor_inbox.envelopes)
    self.actor_inbox.envelopes.clear()
    return mail


async def _load_at_once(self: roster.Roster, ticket_type_id: str, slot: Any) -> None:
    stock = await self._queries.stock(ticket_type_id)
    assert stock is not None
    self._start(slot, stock)


def _fail_the_batch_alone(self: GroupCommitJournal, batch: Sequence[Entry], error: CommitFailed) -> None:
    rest, self._queue = self._queue, type(self._queue)()
    _fail(self, batch, error)
    for entry in rest:
        self.append(entry)


_fail = GroupCommitJournal._fail


async def _unknown_is_failed(self: Disk, batch: Sequence[Entry]) -> None:
    try:
        await _disk_commit(self, batch)
    except CommitUnknown as error:
        raise CommitFailed(error) from error


async def _claim_and_forget(ticket_types: Any, commands: Any) -> Any:
    return [accepted(await ticket_types.ask(each, Order(command=commands[each]))) for each in sorted(commands)]


def _never_again(self: Supervisor, ticket_type_id: str, outcome: Any) -> None:
    if isinstance(outcome, Expired):
        _take_answer(self, ticket_type_id, outcome)


_take_answer = Supervisor._take_answer


def _as_of_now(self: HoldsClaim, now: int) -> Any:
    return [converted(hold, command, now) for hold, command in zip(self._holds, self._conversions, strict=True)]


async def _nobody_waits(self: Turns, key: str, work: Any) -> Any:
    del self, key
    return await asyncio.ensure_future(work)


class _Forgetful(dict[Any, Any]):
    """Keys under way, which nobody finds."""

    def get(self, key: Any, default: Any = None) -> Any:
        del key
        return default


def _forgetful_app(app: Any) -> None:
    app[idempotency._CLAIMS] = _Forgetful()


def _take_from_purchases(self: Inventory, now: int, **bounds: Any) -> Any:
    claimed, self.converting = self.converting, frozenset()
    try:
        return _expire_due(self, now, **bounds)
    finally:
        self.converting = claimed


_expire_due = Inventory.expire_due

PLANTS: dict[str, Plant] = {
    "replies before the commit": _replaced(JournalingActor, "commit", _reply_at_once),
    "refuses before what it is based on is committed": _replaced(
        JournalingActor, "after_commits", lambda _, outcome: outcome
    ),
    "keeps the answer of a key in a commit of its own": _replaced(JournalingActor, "commit", _keep_nothing),
    "does not see a key that is under way": _replaced(idempotency, "install", _forgetful_app),
    "lets decisions stand whose ground has failed": _replaced(GroupCommitJournal, "_fail", _fail_the_batch_alone),
    "takes an unknown commit for a failed one": _replaced(Disk, "commit", _unknown_is_failed),
    "does not fence the old generation of an actor": _replaced(LoopActor, "fence", _go_on_deciding),
    "builds an actor before all is settled": _replaced(roster.Roster, "_load", _load_at_once),
    "loses the timers at recovery": _replaced(
        Committed, "tell_deadlines_to", lambda self, supervisor: setattr(self, "_supervisor", supervisor)
    ),
    "does not try a failed expiry again": _replaced(Supervisor, "_take_answer", _never_again),
    "expires 2 ms early": _replaced(
        Inventory, "expire_due", lambda self, now, **more: _expire_due(self, now + 2, **more)
    ),
    "refuses 2 ms early": _replaced(Reservation, "is_overdue", lambda self, now: self.expires_at - 2 <= now),
    "sells at the instant of the deadline": _replaced(
        Reservation, "is_overdue", lambda self, now: self.expires_at < now
    ),
    "expires what a purchase has claimed": _replaced(Inventory, "expire_due", _take_from_purchases),
    "dates a purchase of several when it is confirmed": _replaced(HoldsClaim, "_events", _as_of_now),
    "counts only the first of several lines": _replaced(
        Reserve, "quantity", property(lambda self: self.lines[0].quantity)
    ),
    "keeps the claims of a bulk request that is turned down": _replaced(box_office, "claim_all", _claim_and_forget),
    "confirms claims of an actor that was rebuilt": _replaced(Claim, "is_valid", property(lambda _: True)),
    "asks nobody whose reservation it is": _replaced(Reservation, "belongs_to", lambda _self, _owner: True),
    "gives no place back to its holder": _replaced(Holders, "give_back", lambda *_: None),
    "lets two in with one ticket": _replaced(Turns, "take", _nobody_waits),
}
