"""Working off what is overdue on one ticket type."""

from actor_ticketing.actors.journaling import Order, accepted
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.ticket_type import EXPIRE_SLICE, Expired
from actor_ticketing.domain.commands import ExpireDue

EXPIRE_ORDER = Order(command=ExpireDue(limit=EXPIRE_SLICE))


async def expire_all_due(roster: Roster, ticket_type_id: str) -> Expired:
    """Expire slice by slice until nothing is overdue; return how many holds went, all of them durably.

    ``waits_for`` of the outcome is the actor's next deadline. One that has passed is that of a hold which a purchase
    has claimed.

    :raises Unavailable: when the releases could not be stored.
    """
    total = 0
    while True:
        outcome: Expired = accepted(await roster.ask(ticket_type_id, EXPIRE_ORDER))
        total += outcome.count
        if not outcome.count:
            return Expired(count=total, waits_for=outcome.waits_for)
