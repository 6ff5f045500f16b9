"""What may be put around the service's parts when it starts. Nothing asks for it while it runs."""

from collections.abc import Callable
from dataclasses import dataclass

from actor_ticketing.actors.ticket_type import TicketTypeActor
from actor_ticketing.domain.ports import Store
from actor_ticketing.http.middleware import Handler


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What is put around the handler of all requests and around the store; what the ticket types' actors are.

    :ivar close: called when the service has ended.
    """

    around_requests: Callable[[Handler], Handler] = lambda handler: handler
    around_store: Callable[[Store], Store] = lambda store: store
    actor: type[TicketTypeActor] = TicketTypeActor
    close: Callable[[], None] = lambda: None


NO_HOOKS = Hooks()
