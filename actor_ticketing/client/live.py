"""The WebSocket: lost and taken up again, as often as need be."""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from datetime import UTC, datetime

import aiohttp
from pydantic import ValidationError

from actor_ticketing.client.errors import Unavailable, Unreachable, Unreadable
from actor_ticketing.client.transport import LATER, Transport, refusal_of
from actor_ticketing.wire.live import MESSAGES, LiveMessage, ReloadMessage

_PATH = "/api/public/ws"
_HEARTBEAT_SECONDS = 20.0
_REASON_TIMEOUT = aiohttp.ClientTimeout(total=5)


async def listen(
    transport: Transport, query: Mapping[str, str], ticket_type_ids: Collection[str], after: int | None
) -> AsyncGenerator[LiveMessage]:
    """Yield messages, without end.

    A connection that broke before there was any message may have missed some: what stands in its place begins with the
    ``reload`` that the service sends when it cannot tell what was missed.

    :raises Refused, Unreadable: when the service will not have this client; when it is no ticket service.
    """
    failed = 0
    is_first = True
    while True:
        if not is_first and after is None:
            yield ReloadMessage(type="reload", seq=0, at=datetime.now(UTC))
        seconds = None
        try:
            async with aclosing(_connection(transport, query, ticket_type_ids, after)) as messages:
                async for message in messages:
                    failed = 0
                    is_anew = isinstance(message, ReloadMessage)
                    after = message.seq if after is None or is_anew else max(after, message.seq)
                    yield message
        except Unavailable as refused:
            seconds = refused.seconds
        except Unreachable:
            pass
        is_first = False
        failed += 1
        pause = transport.retries.pause_asked(min(failed, transport.retries.attempts), seconds)
        await transport.retries.sleep(transport.retries.longest_seconds if pause is None else pause)


async def _connection(
    transport: Transport, query: Mapping[str, str], ticket_type_ids: Collection[str], after: int | None
) -> AsyncGenerator[LiveMessage]:
    """The messages of one connection, until it ends.

    :raises Refused, Unavailable, Unreachable, Unreadable: when there is none.
    """
    params = dict(query) if after is None else {**query, "after": str(after)}
    try:
        async with transport.http.ws_connect(
            transport.url + _PATH, params=params, heartbeat=_HEARTBEAT_SECONDS
        ) as socket:
            if ticket_type_ids:
                await socket.send_json({"action": "subscribe", "ticketTypeIds": list(ticket_type_ids)})
            async for frame in socket:
                message = _read(frame.data) if frame.type is aiohttp.WSMsgType.TEXT else None
                if message is not None:
                    yield message
    except aiohttp.WSServerHandshakeError as error:
        text = await _reason(transport, params, error.status)
        raise refusal_of(error.status, error.headers or {}, text) from error
    except aiohttp.ClientResponseError as error:
        raise Unreadable("what answered is no ticket service") from error
    except (aiohttp.ClientConnectionError, TimeoutError) as error:
        raise Unreachable(str(error)) from error


async def _reason(transport: Transport, params: Mapping[str, str], status: int) -> bytes:
    """What the service says of a handshake that it refuses for good; nothing if it cannot be found out.

    aiohttp does not hand out the body. The service judges what was asked before it looks for a handshake, so that it
    answers the same to a plain GET.
    """
    if not 400 <= status < 500 or status in LATER:
        return b""
    try:
        async with transport.http.get(transport.url + _PATH, params=params, timeout=_REASON_TIMEOUT) as response:
            return await response.read() if response.status == status else b""
    except (aiohttp.ClientError, TimeoutError):
        return b""


def _read(text: str) -> LiveMessage | None:
    """A message; None for one of a type that is newer than this client."""
    try:
        return MESSAGES.validate_json(text)
    except ValidationError as error:
        if error.errors()[0]["type"] == "union_tag_invalid":
            return None
        raise Unreadable("what answered is no ticket service") from error
