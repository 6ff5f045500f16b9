"""The way out: what it does not reach, follow or believe."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from actor_ticketing.webhooks import carrier as module
from actor_ticketing.webhooks.carrier import Carrier, Delivery
from support.ports import keep_port, number_of

ENOUGH = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class Host:
    """A server that answers every request with given bytes.

    :ivar connections: how many were made.
    :ivar requests: their heads.
    """

    def __init__(self) -> None:
        self.answer = ENOUGH
        self.hangs_up = True
        self.connections = 0
        self.requests: list[bytes] = []
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head)
                await reader.readexactly(2)
                writer.write(self.answer)
                await writer.drain()
                if self.hangs_up:
                    break
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(host: Host, certificate: ssl.SSLContext | None = None) -> AsyncIterator[Host]:
    server = await asyncio.start_server(host.talk, "127.0.0.1", 0, ssl=certificate)
    host.port = server.sockets[0].getsockname()[1]
    yield host
    server.close()


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving(Host()) as made:
        yield made


async def post(url: str, *, allow_private: bool = True, timeout: float = 30) -> Delivery:  # noqa: ASYNC109 - a setting.
    carrier = Carrier(timeout_seconds=timeout, allow_private=allow_private)
    try:
        return await carrier.post(url, {"X": "1"}, "{}", now=0)
    finally:
        await carrier.close()


def resolve(monkeypatch: pytest.MonkeyPatch, address_of: Callable[[], list[str]]) -> None:
    """Have every name stand for these addresses."""

    def found(_: str, port: int, *__: Any, **___: Any) -> Any:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (each, port, 0, 0))
            if ":" in each
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in address_of()
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_a_status_of_200_to_299_is_a_yes(host: Host, status: int) -> None:
    host.answer = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
    delivery = await post(f"http://127.0.0.1:{host.port}/")
    assert (delivery.failure, delivery.outcome) == (None, "delivered")


@pytest.mark.parametrize("status", [301, 303, 307, 308])
async def test_redirects_are_not_followed(host: Host, status: int) -> None:
    async with serving(Host()) as elsewhere:
        host.answer = (
            f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"
        ).encode()
        delivery = await post(f"http://127.0.0.1:{host.port}/")
        assert (delivery.failure, delivery.outcome) == (f"status_{status}", "status_3xx")
        assert elsewhere.connections == 0


async def test_a_body_without_end_is_not_waited_for(host: Host) -> None:
    host.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100_000
    host.hangs_up = False
    assert (await post(f"http://127.0.0.1:{host.port}/")).failure is None


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
async def test_what_an_answer_is_packed_with_does_not_matter(host: Host, encoding: str) -> None:
    host.answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 4\r\n\r\nnone".encode()
    assert (await post(f"http://127.0.0.1:{host.port}/")).failure is None


@pytest.mark.parametrize(
    ("asked", "milliseconds"),
    [
        ("120", 120_000),
        ("9" * 20, 999_999_999_000),
        ("Thu, 01 Jan 1970 00:00:30 GMT", 30_000),
        ("Wed, 21 Oct 1969 07:28:00 GMT", 0),
        ("-1", 0),
        ("1e9", 0),
        ("\u00b2", 0),
        ("soon", 0),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", 0),
        ("Jan +9999999999999 1 00:00:00 31 GMT", 0),
    ],
)
async def test_a_wish_to_be_left_alone_is_taken_for_what_it_says_or_for_nothing(
    host: Host, asked: str, milliseconds: int
) -> None:
    host.answer = f"HTTP/1.1 503 X\r\nRetry-After: {asked}\r\nContent-Length: 0\r\n\r\n".encode()
    assert await post(f"http://127.0.0.1:{host.port}/") == Delivery(
        failure="status_503", status=503, retry_after_ms=milliseconds
    )


async def test_a_connection_is_used_again_and_no_cookie_is_sent_back(host: Host) -> None:
    host.answer = b"HTTP/1.1 204 X\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    host.hangs_up = False
    carrier = Carrier(timeout_seconds=30, allow_private=True)
    for _ in range(3):
        assert (await carrier.post(f"http://127.0.0.1:{host.port}/", {}, "{}", now=0)).failure is None
    await carrier.close()
    assert host.connections == 1
    assert not any(b"cookie" in each.lower() for each in host.requests)


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 70_000]
)
async def test_what_is_no_http_is_broken(host: Host, answer: bytes) -> None:
    host.answer = answer
    assert (await post(f"http://127.0.0.1:{host.port}/")).failure == "broken"


async def test_who_says_nothing_times_out(host: Host) -> None:
    host.answer, host.hangs_up = b"", False
    assert (await post(f"http://127.0.0.1:{host.port}/", timeout=0.2)).failure == "timeout"


async def test_where_nobody_listens_it_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with keep_port() as silent:
        assert (await post(f"http://127.0.0.1:{number_of(silent)}/")).failure == "unreachable"

    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert (await post("https://nowhere.example/", allow_private=False)).failure == "unreachable"


def self_signed(directory: Path) -> ssl.SSLContext:
    """A certificate that nobody vouches for."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .sign(key, SHA256())
    )
    pem = directory / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    async with serving(Host(), self_signed(tmp_path)) as host:
        assert (await post(f"https://127.0.0.1:{host.port}/")).failure == "tls"
        assert host.requests == []


async def test_a_proxy_of_the_environment_is_not_asked(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(Host()) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await post(f"http://127.0.0.1:{host.port}/")).failure is None
        assert proxy.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], ["::1", "fd00::1"]],
)
async def test_a_name_that_stands_for_our_own_network_leads_nowhere(
    host: Host, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    resolve(monkeypatch, lambda: addresses)
    delivery = await post(f"https://inside.example:{host.port}/", allow_private=False)
    assert (delivery.failure, delivery.outcome) == ("address_refused", "address_refused")
    assert host.connections == 0


async def test_a_name_that_changes_what_it_stands_for_leads_nowhere_either(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def rebound() -> list[str]:
        # Public for whoever looks first, ours for whoever connects.
        asked.append(["127.0.0.1"] if asked else ["192.0.9.9"])
        return asked[-1]

    resolve(monkeypatch, rebound)
    socket.getaddrinfo("rebound.example", 443)
    assert (await post(f"https://rebound.example:{host.port}/", allow_private=False)).failure == "address_refused"
    assert (len(asked), host.connections) == (2, 0)


@pytest.mark.parametrize(
    "spelled", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::ffff:7f00:1]"]
)
async def test_a_spelling_that_was_let_through_leads_nowhere_all_the_same(
    host: Host, monkeypatch: pytest.MonkeyPatch, spelled: str
) -> None:
    monkeypatch.setattr(module, "problem_of_url", lambda *_, **__: None)
    assert (await post(f"http://{spelled}:{host.port}/", allow_private=False)).failure == "address_refused"
    assert host.connections == 0
    assert (await post(f"http://127.0.0.1:{host.port}/", allow_private=True)).failure is None


async def test_what_was_allowed_before_is_not_reached_once_it_is_not(host: Host) -> None:
    assert (await post(f"http://127.0.0.1:{host.port}/", allow_private=False)).failure == "address_refused"
    assert (await post("http://hooks.example/", allow_private=False)).failure == "address_refused"
    assert host.connections == 0
