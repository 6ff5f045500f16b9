"""Availability for those who watch: the last state soon, and not every state."""

import math
from dataclasses import dataclass, field
from functools import partial

from actor_ticketing.actors.board import Board
from actor_ticketing.clock import Clock, Timer
from actor_ticketing.http.live.listener import Listener
from actor_ticketing.http.live.messages import availability

SENDS_PER_SECOND = 5_000
"""How many of these messages all sockets together get in a second. Beyond, each gets fewer, so that many who watch a
sale do not slow it: a message costs the kernel more than anything here. A few sockets never come near it."""

SLICE = 100
"""Sockets that are told in one go. The others follow at the pace above, so that buyers never wait for all of them."""


@dataclass(slots=True)
class _Topic:
    """Who watches a ticket type.

    :ivar has_changed: since the present round began.
    :ivar waiting: who is still to be told in the present round.
    :ivar next_at: when the next round may begin, ms since the epoch.
    :ivar timer: set while there is anything left to tell.
    """

    listeners: set[Listener] = field(default_factory=set)
    has_changed: bool = False
    waiting: list[Listener] = field(default_factory=list)
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
            del self._topics[ticket_type_id]

    def changed(self, ticket_type_id: str) -> None:
        """Note that a ticket type has other counters now."""
        topic = self._topics.get(ticket_type_id)
        if topic is not None:
            topic.has_changed = True
            if topic.timer is None:
                self._go_on(ticket_type_id, topic)

    def _go_on(self, ticket_type_id: str, topic: _Topic) -> None:
        """Tell those whose turn it is. A timer may be early, and others may have used the time up: then none are."""
        topic.timer = None
        now = self._clock.now()
        if self._due(topic) <= now:
            if not topic.waiting:
                topic.waiting, topic.has_changed = list(topic.listeners), False
                topic.next_at = now + self._interval_ms
            self._tell_some(ticket_type_id, topic, now)
        if topic.waiting or topic.has_changed:
            topic.timer = self._clock.call_at(self._due(topic), partial(self._go_on, ticket_type_id, topic))

    def _due(self, topic: _Topic) -> int:
        free_at = int(self._free_at)
        return free_at if topic.waiting else max(topic.next_at, free_at)

    def _tell_some(self, ticket_type_id: str, topic: _Topic, now: int) -> None:
        message = availability(self._board, ticket_type_id, now)
        told, topic.waiting = topic.waiting[:SLICE], topic.waiting[SLICE:]
        for listener in told:
            if listener in topic.listeners:
                listener.send(message)
        self._free_at = max(self._free_at, now) + len(told) * 1000 / SENDS_PER_SECOND
