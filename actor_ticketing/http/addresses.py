"""Where a request comes from, as far as that can be believed."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

import structlog
from aiohttp import web
from multidict import istr

from actor_ticketing.http.request_ids import id_of

log = structlog.get_logger(__name__)

FORWARDED_FOR = istr("X-Forwarded-For")
UNKNOWN = "unknown"
_HOPS_MAX = 20

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Addresses:
    """Tells clients' network addresses, through the proxies that are trusted.

    :param trusted: addresses and networks. ``X-Forwarded-For`` counts only when the peer is one of them: each proxy
        adds whom it heard at the right, so the right-most hop that is no trusted proxy is the client. What stands left
        of it can be anybody's invention.
    """

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._trusted = tuple(ipaddress.ip_network(each) for each in trusted)
        self._warned = False
        self._is_trusted = lru_cache(maxsize=1_024)(self._look_up)

    def of(self, request: web.BaseRequest) -> str:
        """The client, as limits know it: an IPv4 address, or an IPv6 network of 64 bits, which one household has."""
        peer = request.remote or UNKNOWN
        if not self._trusted:
            if not self._warned and FORWARDED_FOR in request.headers:
                self._warn(peer, request)
            return client_of(peer)
        if not self._is_trusted(peer):
            return client_of(peer)
        hops = [hop for line in request.headers.getall(FORWARDED_FOR, ()) for hop in line.split(",")]
        client = peer
        for hop in reversed(hops[-_HOPS_MAX:]):
            address = _address(hop)
            if address is None:
                # Whatever the proxy wrote there is no address; the last one that it vouches for counts.
                break
            client = str(address)
            if not self._is_trusted(client):
                break
        return client_of(client)

    def _look_up(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._trusted)

    def _warn(self, peer: str, request: web.BaseRequest) -> None:
        address = _address(peer)
        if address is not None and (address.is_loopback or address.is_private):
            self._warned = True
            log.warning(
                "forwarded_for_ignored",
                peer=peer,
                hint="if this is your proxy, name it in server.trusted_proxies, or all buyers share its limits",
                request_id=id_of(request),
            )


@lru_cache(maxsize=10_000)
def client_of(text: str) -> str:
    """What counts as one client: of IPv6, everybody in one network of 64 bits can have any address of it."""
    address = _address(text)
    if address is None:
        return UNKNOWN
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _address(text: str) -> _Address | None:
    """Read an address, with the port or the brackets that some proxies add."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
