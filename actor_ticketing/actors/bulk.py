"""All or nothing across ticket types: every actor claims tentatively, then all change in one synchronous step."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from actor_ticketing.actors.claims import Claim
from actor_ticketing.actors.journaling import Keep, Order, accepted
from actor_ticketing.actors.roster import Roster
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.events import LedgerEvent
from actor_ticketing.domain.ports import Entry, Journal


async def claim_all(roster: Roster, commands: Mapping[str, Any], keep: Keep | None) -> list[Claim]:
    """Have each ticket type's actor claim what its command asks; return the claims.

    They are asked in the order of their ids. So two requests that want the same stock meet at the first type they
    share, and the later one waits there with nothing of the rest in its hands.

    :raises Refusal: the first one met; every claim has been let go by then.
    """
    claims: list[Claim] = []
    try:
        for ticket_type_id in sorted(commands):
            # A refusal gets no name here: its traceback leads to this frame.
            order = Order(command=commands[ticket_type_id], keep=keep)
            claims.append(accepted(await roster.ask(ticket_type_id, order)))
    except BaseException:
        for claim in claims:
            claim.let_go()
        raise
    return claims


def confirm_all(
    journal: Journal, claims: Sequence[Claim], outcome_of: Any, *, now: int, keep: Keep | None
) -> asyncio.Future[Any]:
    """Turn all claims into one journal entry, in one synchronous step; return the future of the outcome.

    :param now: ms since the epoch.
    :param outcome_of: makes the outcome from the events of all claims.
    :raises StorageUnavailable: when an actor was rebuilt meanwhile, which voids its claim; all others are let go.
    """
    if not all(claim.is_valid for claim in claims):
        for claim in claims:
            claim.let_go()
        raise StorageUnavailable
    asked_by = None if keep is None else keep.asked_by
    settled: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def settle(outcome: Any, error: Exception | None) -> None:
        for claim in claims:
            claim.settled()
        if not settled.done():
            settled.set_result(outcome if error is None else error)

    try:
        events: list[LedgerEvent] = [event for claim in claims for event in claim.confirm(now)]
        outcome = outcome_of(events)
        entry = Entry(
            events=events,
            counters=[claim.counters() for claim in claims],
            ticket_type_ids=[claim.ticket_type_id for claim in claims],
            answer=None if keep is None else keep(outcome),
            on_settled=partial(settle, outcome),
            asked_by=asked_by,
        )
        journal.append(entry)
        if keep is not None:
            keep.seq = entry.last_seq
    except BaseException as error:
        for claim in claims:
            claim.doubt(error, asked_by)
        raise
    return settled
