"""Availability for those who watch: the last state soon, and not every state."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from actor_ticketing.actors.board import Board
from actor_ticketing.clock import Clock, Timer
from actor_ticketing.http.live.listener import Listener
from actor_ticketing.http.live.messages import availability

SENDS_PER_SECOND = 10_000
"""How many of these messages all sockets together get in a second. Beyond, each gets fewer, so that many who watch a
sale do not slow it. A few sockets never come near it."""


@dataclass(slots=True)
class _Topic:
    """Who watches a ticket type.

    :ivar next_at: when the next message may go out, ms since the epoch.
    :ivar timer: set while something has changed that is still to be told.
    """

    listeners: set[Listener] = field(default_factory=set)
    next_at: int = 0
    timer: Timer | None = None


class Topics:
    """The ticket types that are watched.

    A change goes out at once, unless one has just gone out: then the state at the end of the interval does. A message
    tells the state, and bears the ledger position, of the moment at which it is sent: so it never goes behind what a
    socket was told of its reservations meanwhile.

    :param per_second: messages a second about one ticket type, at the most.
    """

    def __init__(self, board: Board, clock: Clock, per_second: float) -> None:
        self._board = board
        self._clock = clock
        self._interval_ms = math.ceil(1000 / per_second)
        self._topics: dict[str, _Topic] = {}
        self._free_at = 0.0

    def subscribe(self, ticket_type_id: str, listener: Listener) -> None:
        """Tell a listener the present state of a ticket type that there is, and what becomes of it."""
        self._topics.setdefault(ticket_type_id, _Topic()).listeners.add(listener)
        listener.send(availability(self._board, ticket_type_id, self._clock.now()))

    def unsubscribe(self, ticket_type_id: str, listener: Listener) -> None:
        """Tell a listener no more of a ticket type."""
        topic = self._topics.get(ticket_type_id)
        if topic is None:
            return
        topic.listeners.discard(listener)
        if not topic.listeners:
            if topic.timer is not None:
                topic.timer.cancel()
            del self._topics[ticket_type_id]

    def changed(self, ticket_type_id: str) -> None:
        """Note that a ticket type has other counters now."""
        topic = self._topics.get(ticket_type_id)
        if topic is None or topic.timer is not None:
            return
        now = self._clock.now()
        due = max(topic.next_at, int(self._free_at))
        if due <= now:
            self._tell(ticket_type_id, topic, now)
        else:
            topic.timer = self._clock.call_at(due, self._wake(ticket_type_id, topic))

    def _wake(self, ticket_type_id: str, topic: _Topic) -> Callable[[], None]:
        def wake() -> None:
            topic.timer = None
            # It may be early, or others may have used the time up: then it waits once more.
            self.changed(ticket_type_id)

        return wake

    def _tell(self, ticket_type_id: str, topic: _Topic, now: int) -> None:
        message = availability(self._board, ticket_type_id, now)
        for listener in topic.listeners:
            listener.send(message)
        topic.next_at = now + self._interval_ms
        self._free_at = max(self._free_at, now) + len(topic.listeners) * 1000 / SENDS_PER_SECOND
