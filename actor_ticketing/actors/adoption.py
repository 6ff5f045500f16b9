"""A guest signs in: the holds of the session become the user's."""

import asyncio

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.journaling import Keep, Order, accepted
from actor_ticketing.actors.roster import Roster
from actor_ticketing.domain.commands import Adopt
from actor_ticketing.domain.reservation import Owner

SLICE = 200
"""Holds that an actor takes over in one step."""


async def adopt_all(
    roster: Roster, board: Board, session_id: str, user_id: str, *, now: int, seen: Keep | None = None
) -> int:
    """Have every ticket type's actor give the session's holds that are nobody's to the user; return how many went.

    Each type goes by itself. When one fails the others are done all the same, and asking again does the rest.

    :raises Unavailable: when a change could not be stored, or too much is waiting.
    """
    by_type: dict[str, list[str]] = {}
    for hold in board.live.of(Owner(session_id=session_id), now):
        if hold.user_id is None:
            by_type.setdefault(hold.ticket_type_id, []).append(hold.id)
    for ticket_type_id in by_type:
        roster.admit(ticket_type_id)
    answers = [
        roster.ask(
            ticket_type_id,
            Order(
                command=Adopt(reservation_ids=tuple(ids[at : at + SLICE]), session_id=session_id, user_id=user_id),
                keep=seen,
            ),
        )
        for ticket_type_id, ids in by_type.items()
        for at in range(0, len(ids), SLICE)
    ]
    return sum([accepted(outcome) for outcome in await asyncio.gather(*answers)])
