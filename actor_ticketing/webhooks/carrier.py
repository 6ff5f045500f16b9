"""The way out: one message to one URL, and never into our own network unless that is allowed."""

import socket
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

import aiohttp
from aiohttp.connector import AddrInfoType

from actor_ticketing.domain.destinations import is_public, problem_of_url
from actor_ticketing.domain.instants import from_datetime
from actor_ticketing.domain.values import value
from actor_ticketing.webhooks.names import Names


@value
class Delivery:
    """What came of sending one message.

    :ivar failure: None when it was taken; else ``status_…`` with the status, ``timeout``, ``tls``, ``unreachable``,
        ``address_refused`` for a way into our own network, or ``broken`` for what is no HTTP.
    :ivar retry_after_ms: how long the receiver wants to be left alone, if it said so.
    """

    failure: str | None
    status: int | None = None
    retry_after_ms: int = 0

    @property
    def outcome(self) -> str:
        """Its sort, of which there are few."""
        if self.failure is None:
            return "delivered"
        return self.failure if self.status is None else f"status_{self.status // 100}xx"


class AddressRefused(OSError):
    """A name stands for an address that is not the Internet's. Its text is always the same, so that several are one."""

    def __init__(self) -> None:
        super().__init__("not a public address")


def _public_only(info: AddrInfoType) -> socket.socket:
    """Make the socket for a connection, if it may be made.

    Here the address is what will be connected to, whatever the URL was spelled like and its name stood for before.
    """
    family, kind, protocol, _, address = info
    if not is_public(ip_address(str(address[0]))):
        raise AddressRefused
    return socket.socket(family, kind, protocol)


class Carrier:
    """Sends. Redirects are not followed, answers are not read, proxies of the environment are not asked.

    :param timeout_seconds: for one message, from looking the name up to the head of the answer.
    """

    def __init__(self, *, timeout_seconds: float, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._session = aiohttp.ClientSession(
            # One task sends to each endpoint, so that there are no more connections than endpoints.
            connector=aiohttp.TCPConnector(
                limit=0, resolver=Names(), socket_factory=None if allow_private else _public_only
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            # What is not read need not be unpacked: an answer that claims a packing which it has not is a yes, too.
            auto_decompress=False,
            headers={"User-Agent": "actor-ticketing"},
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            trust_env=False,
        )

    async def close(self) -> None:
        """Let go of all connections."""
        await self._session.close()

    async def post(self, url: str, headers: dict[str, str], body: str, *, now: int) -> Delivery:
        """Send one message, and say what came of it. It is taken when the status is of 200 to 299.

        :param now: by the system's clock, for a ``Retry-After`` that names a time.
        """
        if problem_of_url(url, allow_private=self._allow_private) is not None:  # It may have been allowed before.
            return Delivery(failure="address_refused")
        try:
            async with self._session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as response:
                # What it says is not read. A connection on which more comes is closed at the end of this block.
                status, retry_after = response.status, response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Delivery(failure=_failure_of(error))
        if 200 <= status <= 299:
            return Delivery(failure=None, status=status)
        return Delivery(failure=f"status_{status}", status=status, retry_after_ms=_milliseconds(retry_after, now))


def _failure_of(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientSSLError():
            return "tls"
        # What is no URL is an address that is not spelled as addresses are.
        case aiohttp.InvalidURL() | aiohttp.ClientConnectorError(os_error=AddressRefused()):
            return "address_refused"
        case aiohttp.ClientConnectorError():
            return "unreachable"
        case _:
            return "broken"


def _milliseconds(retry_after: str, now: int) -> int:
    """How long that is; 0 for what cannot be read (RFC 9110, 10.2.3)."""
    if retry_after.isascii() and retry_after.isdigit():
        # Nine digits are thirty years; a number may be longer than Python reads.
        return int(retry_after[:9]) * 1_000
    try:
        return max(0, from_datetime(parsedate_to_datetime(retry_after)) - now)
    except (ValueError, OverflowError):
        return 0
