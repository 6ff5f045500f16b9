import pytest
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from actor_ticketing.http.addresses import Addresses, client_of


class Transport:
    """Says where a connection comes from."""

    def __init__(self, peer: str) -> None:
        self.peer = peer

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self.peer, 50_000) if name == "peername" else default


def client(peer: str, *forwarded: str, trusted: tuple[str, ...] = ()) -> str:
    headers = [("X-Request-ID", "r-1"), *(("X-Forwarded-For", each) for each in forwarded)]
    request = make_mocked_request("GET", "/", headers=headers, transport=Transport(peer))  # type: ignore[arg-type]
    return Addresses(trusted).of(request)


def test_without_a_proxy_it_is_the_peer() -> None:
    assert client("203.0.113.7") == "203.0.113.7"


def test_nobody_is_believed_who_is_no_trusted_proxy() -> None:
    assert client("203.0.113.7", "198.51.100.1") == "203.0.113.7"
    assert client("203.0.113.7", "198.51.100.1", trusted=("10.0.0.0/8",)) == "203.0.113.7"


def test_a_trusted_proxy_names_the_client() -> None:
    assert client("10.0.0.1", "198.51.100.1", trusted=("10.0.0.0/8",)) == "198.51.100.1"


def test_what_a_client_wrote_itself_stands_left_and_is_not_believed() -> None:
    assert client("10.0.0.1", "192.0.2.66, 198.51.100.1", trusted=("10.0.0.0/8",)) == "198.51.100.1"
    assert client("10.0.0.1", "192.0.2.66", "198.51.100.1", trusted=("10.0.0.0/8",)) == "198.51.100.1"


def test_trusted_proxies_behind_one_another_are_passed_over() -> None:
    assert client("10.0.0.1", "198.51.100.1, 10.0.0.9, 10.0.0.2", trusted=("10.0.0.0/8",)) == "198.51.100.1"


def test_when_all_hops_are_trusted_it_is_the_first_of_them() -> None:
    assert client("10.0.0.1", "10.0.0.3, 10.0.0.2", trusted=("10.0.0.0/8",)) == "10.0.0.3"


def test_a_proxy_that_names_nobody_is_the_client_itself() -> None:
    assert client("10.0.0.1", trusted=("10.0.0.0/8",)) == "10.0.0.1"
    assert client("10.0.0.1", "unknown", trusted=("10.0.0.0/8",)) == "10.0.0.1"
    assert client("10.0.0.1", "", trusted=("10.0.0.0/8",)) == "10.0.0.1"


@pytest.mark.parametrize(
    "hop", ["198.51.100.1:4711", " 198.51.100.1 ", "::ffff:198.51.100.1", "[::ffff:198.51.100.1]:1"]
)
def test_ports_blanks_and_mapped_addresses_make_no_other_client(hop: str) -> None:
    assert client("10.0.0.1", hop, trusted=("10.0.0.1/32",)) == "198.51.100.1"


def test_an_ipv6_client_is_its_network_of_64_bits() -> None:
    assert client("2001:db8:0:1:1::1") == client("2001:db8:0:1:ffff::2") == "2001:db8:0:1::/64"
    assert client("2001:db8:0:2::1") != client("2001:db8:0:1::1")
    assert client("::1", "[2001:db8::5]:443", trusted=("::1/128",)) == "2001:db8::/64"


@pytest.mark.parametrize("text", ["", "unknown", "999.1.1.1", "1.2.3", "x" * 10_000])
def test_what_is_no_address_is_one_unknown_client(text: str) -> None:
    assert client_of(text) == "unknown"


def test_a_very_long_list_of_hops_is_not_walked_to_its_end() -> None:
    hops = ", ".join(["198.51.100.1", *["10.0.0.2"] * 5_000])
    assert client("10.0.0.1", hops, trusted=("10.0.0.0/8",)) == "10.0.0.2"


def test_a_proxy_next_door_that_is_not_trusted_is_pointed_out_once() -> None:
    addresses = Addresses()
    headers = {"X-Forwarded-For": "198.51.100.1", "X-Request-ID": "r-1"}
    with capture_logs() as lines:
        for _ in range(3):
            addresses.of(make_mocked_request("GET", "/", headers=headers, transport=Transport("127.0.0.1")))  # type: ignore[arg-type]
    assert [line["event"] for line in lines] == ["forwarded_for_ignored"]


def test_what_a_stranger_says_is_not_worth_a_line() -> None:
    with capture_logs() as lines:
        client("8.8.8.8", "198.51.100.1")
    assert lines == []
