"""One client: what it is told, and what it asks for."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

import structlog
from aiohttp import WSMsgType, web

from actor_ticketing.domain.errors import NotFound, Refusal, StorageUnavailable, TooManySubscriptions
from actor_ticketing.http.context import address_of
from actor_ticketing.http.live.actions import action_of
from actor_ticketing.http.live.hub import FAILED, INTERNAL_ERROR, Hub
from actor_ticketing.http.live.messages import error, plain
from actor_ticketing.http.live.socket import LiveSocket

log = structlog.get_logger(__name__)

ACTIONS_MAX = 100
ACTIONS_MS = 10_000
"""So many messages may a client send in that time. Nobody who watches a sale needs a tenth of it."""

UNSUPPORTED_DATA, POLICY_VIOLATION, TRY_AGAIN_LATER = 1003, 1008, 1013


class Connection:
    """What the hub says goes straight into the transport while the client keeps up, and into a bounded queue while it
    does not. When that is full the connection ends at once: a client that comes back can ask for what it has missed.

    :param socket: open.
    :param transport: its own.
    """

    def __init__(self, hub: Hub, request: web.Request, socket: LiveSocket, transport: asyncio.Transport) -> None:
        self._hub = hub
        self._socket = socket
        self._transport = transport
        self._address = address_of(request)
        self._protocol = request.protocol
        self._has_room = request.writer.drain
        self._queue: deque[bytes] = deque()
        self._sender: asyncio.Task[None] | None = None
        self._closer: asyncio.Task[bool] | None = None
        self._watched: set[str] = set()
        self._actions = 0
        self._actions_since = 0

    async def serve(self, session_id: str, *, after: int | None) -> None:
        """Serve the client until either side ends it.

        :param after: the ledger position that the client has seen; None: it wants to know only what comes.
        """
        hub = self._hub
        if after is not None:
            # What happens from here on waits in the queue until all that was before has been told.
            missed = hub.histories.since(session_id, self._address, after, hub.board.seq)
            self._sender = asyncio.create_task(self._send_queue(missed))
        try:
            hub.attach(self, session_id)
            await self._listen()
        except ConnectionError:
            pass  # The client has gone, without a word.
        except Exception:
            log.exception("live_failed")
            self.close(INTERNAL_ERROR, FAILED)
        finally:
            hub.detach(self)
            for ticket_type_id in self._watched:
                hub.topics.unsubscribe(ticket_type_id, self)
            self._socket.abort_soon()
            if self._closer is not None:
                await asyncio.wait([self._closer])
            if self._sender is not None:
                self._sender.cancel()

    def send(self, frame: bytes) -> None:
        """Send a frame after all that came before, at the client's own pace."""
        if self.is_ending:
            return
        self._hub.statistics.messages += 1
        if self._sender is None and not self._protocol.writing_paused:
            self._transport.write(frame)
        elif len(self._queue) < self._hub.settings.max_queued_messages:
            self._queue.append(frame)
            if self._sender is None:
                self._sender = asyncio.create_task(self._send_queue())
        else:
            self._hub.statistics.dropped += 1
            self._transport.abort()

    def close(self, code: int, reason: str) -> None:
        """Begin to close: nothing more is sent."""
        if self._closer is None:
            self._closer = asyncio.create_task(self._socket.close(code=code, message=reason.encode()))

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is sent."""
        return self._closer is not None or self._socket.closed or self._transport.is_closing()

    async def _send_queue(self, missed: AsyncGenerator[bytes] | None = None) -> None:
        """Send what has been missed, if anything, then what has gathered meanwhile, as fast as the client reads."""
        try:
            if missed is not None:
                async with aclosing(missed):
                    async for frame in missed:
                        await self._send_next(frame)
            while self._queue:
                await self._send_next(self._queue.popleft())
        except StorageUnavailable:
            self.close(TRY_AGAIN_LATER, "the ledger could not be read, please connect again")
        except ConnectionError:
            pass  # It has ended, or is about to.
        except Exception:
            # What comes next would go out after a gap that the client could not see.
            log.exception("live_failed")
            self.close(INTERNAL_ERROR, FAILED)
        finally:
            self._sender = None

    async def _send_next(self, frame: bytes) -> None:
        await self._has_room()
        if self.is_ending:
            raise ConnectionResetError
        self._transport.write(frame)

    async def _listen(self) -> None:
        """Do what the client asks for, until the connection ends."""
        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.BINARY:
                self.close(UNSUPPORTED_DATA, "messages are text")
            elif message.type is not WSMsgType.TEXT:
                return
            elif self._asks_too_often():
                self.close(POLICY_VIOLATION, "too many messages")
            elif self._closer is None:
                self._perform(message.data)

    def _asks_too_often(self) -> bool:
        now = self._hub.clock.now()
        if now - self._actions_since >= ACTIONS_MS:
            self._actions, self._actions_since = 0, now
        self._actions += 1
        return self._actions > ACTIONS_MAX

    def _perform(self, text: str) -> None:
        try:
            # As many commas as ticket types, in a message that makes sense; nonsense is to be counted, too, and both
            # before anybody parses them.
            self._hub.charge(self._address, 1 + text.count(","))
            action = action_of(text)
            if action.action == "subscribe":
                self._subscribe(action.ticket_type_ids)
            elif action.action == "unsubscribe":
                self._unsubscribe(action.ticket_type_ids)
            else:
                self.send(plain("pong", self._hub.board.seq, self._hub.clock.now()))
        except Refusal as refusal:
            self.send(error(refusal, self._hub.board.seq, self._hub.clock.now()))

    def _subscribe(self, ticket_type_ids: Iterable[str]) -> None:
        known = self._hub.board.ticket_types
        asked = dict.fromkeys(ticket_type_ids)
        found = [each for each in asked if each in known]
        limit = self._hub.settings.max_subscriptions
        new = [each for each in found if each not in self._watched]
        if len(self._watched) + len(new) > limit:
            raise TooManySubscriptions(limit=limit)
        for each in new:
            self._watched.add(each)
            self._hub.topics.subscribe(each, self)
        if len(found) < len(asked):
            unknown = NotFound("ticket_type")
            unknown.details = {"ticketTypeIds": [each for each in asked if each not in known]}
            raise unknown

    def _unsubscribe(self, ticket_type_ids: Iterable[str]) -> None:
        for each in ticket_type_ids:
            self._watched.discard(each)
            self._hub.topics.unsubscribe(each, self)
