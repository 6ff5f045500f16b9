"""What an actor is doing, for an operator who wonders."""

from actor_ticketing.domain.values import value


@value
class Doing:
    """What one ticket type's actor is doing.

    :ivar is_being_built: it is loaded from the store, and its mail waits.
    :ivar mail: messages that wait to be decided.
    :ivar parked: messages that hang on somebody's tentative claim.
    :ivar uncommitted: decisions that are not durable yet.
    :ivar holds: reservations that it holds stock for.
    :ivar idle_ms: how long ago it decided last.
    """

    ticket_type_id: str
    is_being_built: bool = False
    mail: int
    parked: int = 0
    uncommitted: int = 0
    holds: int = 0
    idle_ms: int = 0

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for it."""
        return bool(self.mail or self.parked or self.uncommitted)
