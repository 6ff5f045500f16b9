"""A WebSocket whose end is never waited for."""

import asyncio
import socket

from aiohttp import web

CLOSE_SECONDS = 1.0
"""How long a client may take to agree to the end."""

HEARTBEAT_SECONDS = 30.0
"""How often a silent client is asked whether it is still there; it has half that time to answer."""

MESSAGE_BYTES_MAX = 16 * 1024
"""What a client may say in one message."""

# The kernel would otherwise keep megabytes for a client that does not read before anybody noticed.
_SEND_BUFFER_BYTES = 64 * 1024


class LiveSocket(web.WebSocketResponse):
    """aiohttp's, which on its own waits without end for a client that reads nothing to read its end.

    It does not compress: messages are framed once and shared, and a compressor takes memory for each socket.
    """

    def __init__(self) -> None:
        super().__init__(heartbeat=HEARTBEAT_SECONDS, compress=False, max_msg_size=MESSAGE_BYTES_MAX + 1)
        self._transport: asyncio.Transport | None = None

    async def open(self, request: web.Request) -> asyncio.Transport:
        """Accept the handshake, and return what frames are written to.

        :raises ConnectionError: when the client has gone.
        """
        await self.prepare(request)
        transport = self._transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client has gone")
        plug = transport.get_extra_info("socket")
        if plug is not None:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        return transport

    async def close(self, *, code: int = 1000, message: bytes = b"", drain: bool = True) -> bool:
        """Close, with a client that agrees or without."""
        if not self.closed:
            self.abort_soon()
        return await super().close(code=code, message=message, drain=drain)

    def abort_soon(self) -> None:
        """Give the client a moment to read what was sent: a transport that is closed would wait for that for ever."""
        if self._transport is not None:
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)
