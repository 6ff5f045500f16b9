"""Where a webhook may go: what its URL has to be, and which network addresses are anybody's and not ours."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

URL_LENGTH_MAX = 2_000
HTTPS = 443

_URL = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?][!$-;=?-\[\]_a-z~]*)?")
# What ends in such a label is a number to resolvers (https://url.spec.whatwg.org/#ends-in-a-number-checker).
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_NAT64 = IPv6Network("64:ff9b::/96")


def problem_of_url(url: str, *, allow_private: bool) -> str | None:
    """What is wrong with an endpoint's URL, for the sentence "url …"; None when nothing is.

    What its name stands for is not known here: that is looked at each time a connection is made.

    :param allow_private: it may lead into our own network, and needs no TLS there.
    """
    parts = _parts_of(url)
    if parts is None:
        return "must be an https:// URL in ASCII, with neither a password nor a fragment"
    if allow_private:
        return None
    scheme, host, port = parts
    if scheme != "https":
        return "must begin with https://"
    # Below 1024 other services listen than those that take webhooks.
    if port != HTTPS and port < 1024:
        return "must have port 443, or one above 1023"
    return "must not lead into a private network" if _is_private_host(host) else None


def _parts_of(url: str) -> tuple[str, str, int] | None:
    if len(url) > URL_LENGTH_MAX or not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        port = HTTPS if parts.port is None else parts.port
    except ValueError:  # A port above 65535, or brackets around what is no address.
        return None
    return (parts.scheme, parts.hostname, port) if port and parts.hostname else None


def _is_private_host(host: str) -> bool:
    name = host.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    if ":" not in name and not _NUMERIC.fullmatch(name.rpartition(".")[2]):
        return False
    try:
        return not is_public(ip_address(name))
    except ValueError:  # 127.1, 0x7f000001, 017700000001 and 2130706433 are all 127.0.0.1.
        return True


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the Internet's: not ours, not a neighbour's, not many at once.

    An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) is judged as what it is.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
