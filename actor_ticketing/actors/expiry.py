"""Working off what is overdue on one ticket type."""

from collections import Counter

from actor_ticketing.actors.journaling import Keep, Order, accepted
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.ticket_type import Expired
from actor_ticketing.domain.commands import ExpireDue

SWEEP_SLICE = 500
"""Holds that a sweep releases in one step. At start-up, where there may be many, nobody is waiting yet."""


def due(*, by: str | None = None, seen: Keep | None = None) -> Order:
    """What is asked of the actors of all that is overdue.

    :param by: who has asked for it, if anybody has.
    :param seen: learns where the last release stands.
    """
    return Order(command=ExpireDue(limit=SWEEP_SLICE, by=by), keep=seen)


async def expire_all_due(roster: Roster, ticket_type_id: str, tally: Counter[str], order: Order) -> int | None:
    """Expire slice by slice until nothing is overdue; return the actor's next deadline (ms), or None.

    One that has passed is that of a hold which a purchase has claimed.

    :param tally: ``expired`` grows by how many holds went, all of them durably, also when a later slice fails.
    :param order: as :func:`due` makes it.
    :raises Unavailable: when a release could not be stored.
    """
    while True:
        outcome: Expired = accepted(await roster.ask(ticket_type_id, order))
        tally["expired"] += outcome.count
        if not outcome.count:
            return outcome.waits_for
