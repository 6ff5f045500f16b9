"""Before the box office: who asks for what is gone does not have to queue for the actor to hear it."""

from actor_ticketing.actors.board import Board
from actor_ticketing.domain.catalogue import Counters
from actor_ticketing.domain.errors import NotEnoughTickets
from actor_ticketing.domain.policies import Policies, check_on_sale


def turn_away(board: Board, policies: Policies, ticket_type_id: str, quantity: int, now: int) -> None:
    """Refuse a reserve that falls short by what is committed, with the reason that the actor would give.

    In a sell-out nearly every request ends here. One that might get what an overdue hold still occupies does not: only
    the actor can tell.

    :raises Invalid, SalesNotOpen, SalesClosed, SalesPaused, NotEnoughTickets: in the order in which the actor finds
        them.
    """
    stock = board.counters[ticket_type_id]
    if quantity <= stock.available or (stock.next_deadline is not None and stock.next_deadline <= now):
        return
    terms = board.ticket_type(ticket_type_id)
    policies.hold.check_quantity(terms, quantity)
    check_on_sale(terms, now)
    # Without a name here: its traceback leads to this frame, and only the garbage collector would free them.
    raise _short(stock, quantity, board.seq)


def _short(stock: Counters, quantity: int, seq: int) -> NotEnoughTickets:
    refusal = NotEnoughTickets(requested=quantity, available=stock.available, ticket_type_id=stock.ticket_type_id)
    refusal.seq = seq
    return refusal
