"""Availability for those who watch: the last state soon, and not every state."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from actor_ticketing.actors.board import Board
from actor_ticketing.clock import Clock, Timer
from actor_ticketing.http.live.listener import Listener
from actor_ticketing.http.live.messages import availability

SENDS_PER_SECOND = 5_000
"""How many of these messages all sockets together get in a second. Beyond, each gets fewer, so that many who watch a
sale do not slow it: a message costs the kernel more than anything here. A few sockets never come near it."""

FIRSTS_PER_SECOND = 2_500
FIRSTS_AHEAD_MS = 200
"""First states go out at once as long as no more than so many in a second do, 500 of them beforehand; they count among
all sends, and leave half of those to what changes. Beyond, they wait for their turn. A page watches a few types."""

SLICE = 100
"""Sockets that are told in one go. The others follow at the pace above, so that buyers never wait for all of them."""


@dataclass(slots=True)
class _Topic:
    """Who watches a ticket type.

    :ivar has_changed: since the present round began.
    :ivar waiting: who is still to be told in the present round, or for the first time.
    :ivar next_at: when the next round may begin, ms since the epoch.
    :ivar is_queued: while there is anything left to tell.
    """

    ticket_type_id: str
    listeners: set[Listener] = field(default_factory=set)
    has_changed: bool = False
    waiting: list[Listener] = field(default_factory=list)
    next_at: int = 0
    is_queued: bool = False


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
        # What is to be told next and when, in the order in which it came up; and one timer for all of it.
        self._queue: list[tuple[int, int, _Topic]] = []
        self._order = count()
        self._timer: Timer | None = None
        self._timer_at = 0
        self._free_at = 0.0
        self._firsts_at = 0.0

    def subscribe(self, ticket_type_id: str, listener: Listener) -> None:
        """Tell a listener the present state of a ticket type that there is, and what becomes of it."""
        topic = self._topics.setdefault(ticket_type_id, _Topic(ticket_type_id))
        topic.listeners.add(listener)
        now = self._clock.now()
        if self._firsts_at < now + FIRSTS_AHEAD_MS:
            self._firsts_at = max(self._firsts_at, now) + 1000 / FIRSTS_PER_SECOND
            self._send(topic, [listener], now)
        else:
            topic.waiting.append(listener)
            self._enqueue(topic, now)
            self._set_timer()

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
            self._enqueue(topic, topic.next_at)
            self._go_on()

    def _enqueue(self, topic: _Topic, at: int) -> None:
        if not topic.is_queued:
            topic.is_queued = True
            heappush(self._queue, (at, next(self._order), topic))

    def _go_on(self) -> None:
        """Tell those whose turn it is, as many as there is time for."""
        now = self._clock.now()
        try:
            while self._queue and self._due() <= now:
                _, _, topic = heappop(self._queue)
                topic.is_queued = False
                if topic.listeners:
                    self._tell_some(topic, now)
        finally:
            self._set_timer()

    def _due(self) -> int:
        return max(self._queue[0][0], int(self._free_at))

    def _set_timer(self) -> None:
        if not self._queue or (self._timer is not None and self._timer_at <= self._due()):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._due()
        self._timer = self._clock.call_at(self._timer_at, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._go_on()

    def _tell_some(self, topic: _Topic, now: int) -> None:
        if not topic.waiting:
            topic.waiting, topic.has_changed = list(topic.listeners), False
            topic.next_at = now + self._interval_ms
        told, topic.waiting = topic.waiting[:SLICE], topic.waiting[SLICE:]
        self._send(topic, [each for each in told if each in topic.listeners], now)
        if topic.waiting:
            self._enqueue(topic, now)
        elif topic.has_changed:
            self._enqueue(topic, topic.next_at)

    def _send(self, topic: _Topic, listeners: Sequence[Listener], now: int) -> None:
        message = availability(self._board, topic.ticket_type_id, now)
        for listener in listeners:
            listener.send(message)
        self._free_at = max(self._free_at, now) + len(listeners) * 1000 / SENDS_PER_SECOND
