"""The way to the mail server: in private, with a password, and whom its refusals are laid to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from actor_ticketing.config.sections import MailSettings
from actor_ticketing.notifications import transport
from actor_ticketing.notifications.letters import Letter
from actor_ticketing.notifications.transport import Carrier, NotTaken, ServerTrouble
from support.mail import MailServer, mail_settings

PASSWORD = "hunter2"
LETTER = Letter(
    sender="tickets@hall.test",
    recipient="ada@example.com",
    content=b"From: tickets@hall.test\r\nMessage-ID: <1@hall.test>\r\n\r\n.hello\r\n",
    needs_utf8=False,
)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself, and its key, in one file."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path / "mail.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return path


@pytest.fixture
async def private(certificate: Path) -> AsyncIterator[MailServer]:
    """A server that takes mail over TLS only, and only of `tickets` with the password `hunter2`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def authenticate(
        _server: Any, _session: Session, _envelope: Envelope, _how: str, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"tickets", PASSWORD.encode()), handled=False)

    server = MailServer(tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate)
    await server.start()
    yield server
    await server.close()


def carrier_to(server: MailServer, **changes: Any) -> Carrier:
    return Carrier(MailSettings.model_validate(mail_settings(server, **changes)))


def signed_in(server: MailServer, password: str = PASSWORD) -> Carrier:
    return carrier_to(server, tls="starttls", username="tickets", password=password)


async def test_a_server_gets_only_so_many_letters_over_one_connection(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LETTERS_PER_CONNECTION", 2)
    carrier = carrier_to(server)
    connected = []
    for _ in range(5):
        await carrier.deliver(LETTER)
        connected.append(server.connected)
    await carrier.close()
    assert connected == [1, 1, 2, 2, 3]


async def test_a_letter_goes_under_tls_with_the_password(
    private: MailServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    carrier = signed_in(private)
    await carrier.deliver(LETTER)
    await carrier.deliver(LETTER)
    await carrier.close()
    assert private.ids == ["<1@hall.test>"] * 2
    assert private.taken[0].get_payload() == ".hello\r\n"


async def test_a_server_whose_certificate_is_not_good_gets_nothing(private: MailServer) -> None:
    with pytest.raises(ServerTrouble):
        await signed_in(private).deliver(LETTER)
    assert private.asked == 0


async def test_a_wrong_password_is_the_servers_trouble_and_no_letters(
    private: MailServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(ServerTrouble, match=r"^AuthenticationError: the server said 535 5\.7\.8$"):
        await signed_in(private, "wrong").deliver(LETTER)


async def test_a_server_that_offers_no_tls_is_not_talked_to_in_the_clear(server: MailServer) -> None:
    with pytest.raises(ServerTrouble):
        await carrier_to(server, tls="starttls").deliver(LETTER)
    assert server.asked == 0


async def test_a_recipient_whom_the_server_does_not_know_is_refused_for_good(server: MailServer) -> None:
    server.answers_to_recipients = ["550 5.1.1 no ada@example.com here"]
    carrier = carrier_to(server)
    with pytest.raises(NotTaken, match=r"^RecipientRefused: the server said 550 5\.1\.1$") as caught:
        await carrier.deliver(LETTER)
    assert caught.value.for_good
    await carrier.deliver(LETTER)
    await carrier.close()
    assert len(server.taken) == 1


async def test_a_recipient_who_is_busy_is_not(server: MailServer) -> None:
    server.answers_to_recipients = ["450 4.2.1 busy"]
    with pytest.raises(NotTaken) as caught:
        await carrier_to(server).deliver(LETTER)
    assert not caught.value.for_good


async def test_a_sender_whom_the_server_refuses_is_trouble_with_all_letters(server: MailServer) -> None:
    server.answers_to_senders = ["550 5.7.1 not you"]
    with pytest.raises(ServerTrouble, match=r"^SenderRefused: the server said 550 5\.7\.1$"):
        await carrier_to(server).deliver(LETTER)


async def test_a_letter_that_is_too_large_is_trouble_with_this_one(server: MailServer) -> None:
    server.answers_to_senders = ["552 5.3.4 too large"]
    with pytest.raises(NotTaken) as caught:
        await carrier_to(server).deliver(LETTER)
    assert caught.value.for_good


async def test_a_server_that_hangs_up_in_the_middle_may_take_it_the_next_time(server: MailServer) -> None:
    carrier = carrier_to(server)
    await carrier.connect()
    await server.die()
    with pytest.raises(NotTaken) as caught:
        await carrier.deliver(LETTER)
    assert not caught.value.for_good
    await server.start()
    await carrier.deliver(LETTER)
    await carrier.close()
    assert len(server.taken) == 1


async def test_a_server_that_is_down_cannot_be_reached_and_nobody_takes_its_place(server: MailServer) -> None:
    await server.die()
    with pytest.raises(ServerTrouble, match="ConnectError"):
        await carrier_to(server).connect()
    with pytest.raises(OSError, match="in use"):
        await asyncio.start_server(lambda *_: None, "127.0.0.1", server.port)


async def test_a_server_that_says_nothing_is_not_waited_for_for_ever(server: MailServer) -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone.append(writer)

    gone: list[asyncio.StreamWriter] = []
    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(ServerTrouble, match="Timeout"):
        await carrier_to(server, port=port, timeout_seconds=0.2).connect()
    for writer in gone:
        writer.close()
    listening.close()


async def test_a_recipient_who_is_not_ascii_needs_a_server_that_takes_such(server: MailServer) -> None:
    letter = Letter(sender="a@hall.test", recipient="ädä@example.com", content=LETTER.content, needs_utf8=True)
    carrier = carrier_to(server)
    await carrier.deliver(letter)
    await carrier.close()
    assert server.recipients == ["ädä@example.com"]


async def test_nothing_of_the_letter_is_in_what_went_wrong(server: MailServer) -> None:
    server.answers = ["554 ada@example.com is a nuisance"]
    with pytest.raises(NotTaken) as caught:
        await carrier_to(server).deliver(LETTER)
    assert str(caught.value) == "DataError: the server said 554"
    assert caught.value.__cause__ is None
    assert "ada" not in repr(LETTER)
