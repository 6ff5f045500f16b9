"""Listening, with a socket and without."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

from support.contract import is_as_promised
from support.web import Api

WS = "/api/public/ws"
Message = dict[str, Any]


def body_of(frame: bytes) -> Message:
    """The document in a frame, whose length it checks."""
    assert frame[0] == 0x81
    head, length = (2, frame[1]) if frame[1] < 126 else (4, int.from_bytes(frame[2:4]))
    assert len(frame) == head + length
    document: Message = json.loads(frame[head:])
    is_as_promised(document)
    return document


class Ear:
    """A listener of the hub that keeps what it hears.

    :ivar closed: the code with which it was closed.
    :ivar is_ending: whether it was cut off, which a test may set.
    """

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed: int | None = None
        self.is_ending = False

    def send(self, frame: bytes) -> None:
        """Keep a frame."""
        self.frames.append(frame)

    def close(self, code: int, reason: str) -> None:
        """Note the end."""
        assert reason
        self.closed = code

    def heard(self, *names: str) -> list[Any]:
        """Everything since the last call: whole messages, or what they have under these names."""
        messages = [body_of(frame) for frame in self.frames]
        self.frames.clear()
        return [tuple(each.get(name) for name in names) for each in messages] if names else messages


@asynccontextmanager
async def listening(api: Api, session: str = "s1", **query: Any) -> AsyncIterator[ClientWebSocketResponse]:
    """A socket of a session."""
    async with api.client.ws_connect(WS, params={"sessionId": session, **query}) as socket:
        yield socket


async def hear(socket: ClientWebSocketResponse, number: int = 1) -> list[Message]:
    """The next messages, which have to come."""
    messages = [await socket.receive_json(timeout=5) for _ in range(number)]
    for message in messages:
        is_as_promised(message)
    return messages


async def hear_all(socket: ClientWebSocketResponse) -> list[Message]:
    """All messages up to the answer to a ping, so that a test can tell that nothing else came."""
    await socket.send_json({"action": "ping"})
    messages = []
    while (message := (await hear(socket))[0])["type"] != "pong":
        messages.append(message)
    return messages


async def watch(socket: ClientWebSocketResponse, *ticket_type_ids: str) -> list[Message]:
    """Subscribe, and return what comes at once."""
    await socket.send_json({"action": "subscribe", "ticketTypeIds": ticket_type_ids})
    return await hear_all(socket)


async def end_of(socket: ClientWebSocketResponse) -> int | None:
    """Read to the end, and return the code with which the server closed."""
    async with asyncio.timeout(30):
        while True:
            message = await socket.receive()
            if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
                return socket.close_code


def types_of(messages: list[Message]) -> list[str]:
    """What kinds of messages they are."""
    return [message["type"] for message in messages]
