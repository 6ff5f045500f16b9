"""A real mail server in this process, and a service that sends to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.mail import Mail, MailState
from actor_ticketing.http.context import Backend
from actor_ticketing.notifications.office import Stationery, templates_of
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.tickets.papers import TicketPapers
from actor_ticketing.tickets.signing import SigningKey, TicketSigner
from support.databases import new_database
from support.ports import keep_port, number_of
from support.service import buy, fatal, hold, list_event, list_ticket_type
from support.vaults import VAULT

PATIENCE = 60
"""Seconds; machines are busy."""

SIGNER = TicketSigner([SigningKey("test", b"a seed for these tests, 32 bytes")])


class MailServer:
    """An SMTP server that can die and come back, at the same address, and say no.

    :ivar taken: what it has taken, in order.
    :ivar recipients: to whom.
    :ivar answers: what it says to the next mails instead of taking them; to the next senders and recipients likewise.
    :ivar asked: how many mails it was handed, taken or not.
    :ivar connected: how often somebody has connected.
    """

    def __init__(self, **options: Any) -> None:
        self._kept = keep_port()
        self.port = number_of(self._kept)
        self.options = options
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: list[str] = []
        self.answers_to_senders: list[str] = []
        self.answers_to_recipients: list[str] = []
        self.asked = 0
        self.connected = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.BaseTransport] = set()

    async def start(self) -> None:
        """Listen, always at the same port."""
        loop = asyncio.get_running_loop()
        server, connections = self, self._connections

        class Connection(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                server.connected += 1
                connections.add(transport)
                super().connection_made(transport)

        def connected() -> SMTP:
            return Connection(self, hostname="mail.test", loop=loop, enable_SMTPUTF8=True, **self.options)

        self._server = await loop.create_server(connected, "127.0.0.1", self.port, reuse_port=True)

    async def die(self) -> None:
        """Be gone, and cut whoever is connected off."""
        if self._server is not None:
            self._server.close()
            for transport in self._connections:
                transport.abort()
            self._connections.clear()
            self._server = None
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Be gone for good."""
        await self.die()
        self._kept.close()

    async def handle_MAIL(  # noqa: N802 - its name.
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Let somebody send, or not."""
        del server, session
        if self.answers_to_senders:
            return self.answers_to_senders.pop(0)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - its name.
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Know somebody, or not."""
        del server, session, options
        if self.answers_to_recipients:
            return self.answers_to_recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name.
        """Take a mail, or say what is next to be said."""
        del server, session
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.recipients += envelope.rcpt_tos
        return "250 2.0.0 OK"

    @property
    def ids(self) -> list[str]:
        """The Message-IDs of what it has taken."""
        return [message["Message-ID"] for message in self.taken]


def mail_settings(server: MailServer, **changes: Any) -> dict[str, Any]:
    """The section that sends to a server."""
    return {
        "enabled": True,
        "host": "127.0.0.1",
        "port": server.port,
        "tls": "none",
        "from_address": "City Hall <tickets@hall.test>",
        "public_url": "https://hall.test",
        **changes,
    }


@asynccontextmanager
async def open_shop(
    directory: Path,
    clock: ManualClock,
    mail: dict[str, Any],
    *,
    sends: bool = True,
    around: Callable[[Storage], Storage] = lambda storage: storage,
) -> AsyncIterator[Backend]:
    """Open the service on a database, with mail; again on the same directory is a restart.

    :param sends: False writes the outbox alone.
    :param around: puts something between the service and its store.
    """
    settings = Settings(mail=mail, storage={"synchronous": "NORMAL"})
    papers = TicketPapers()
    try:
        async with open_storage(new_database(directory / DATABASE), settings, VAULT) as storage:
            stationery = None
            if sends:
                templates = templates_of(settings.mail)
                stationery = Stationery(settings=settings.mail, templates=templates, papers=papers, signer=SIGNER)
            async with open_backend(
                around(storage), settings, clock, on_fatal=fatal, serving=True, stationery=stationery
            ) as backend:
                yield backend
    finally:
        await papers.close()


async def waiting(backend: Backend) -> list[Mail]:
    """What waits in the outbox, due or not."""
    return list(await backend.outbox._queries.due_mails(2**60, limit=1_000))


async def purchase(shop: Backend, quantity: int = 1) -> str:
    """Sell to ADA; return the id of the mail about it."""
    if "ev" not in shop.desk.board.events:
        await list_event(shop)
        await list_ticket_type(shop, total=100)
    [bought] = await buy(shop, await hold(shop, quantity))
    return f"{bought.reservation.id}.purchased"


async def state_of(shop: Backend, mail_id: str) -> MailState:
    """What has become of a mail."""
    mail = await shop.outbox._queries.mail(mail_id)
    assert mail is not None
    return mail.state


async def comes_to(shop: Backend, mail_id: str, state: MailState) -> None:
    """Wait until that has become of a mail."""
    async with asyncio.timeout(PATIENCE):
        while await state_of(shop, mail_id) is not state:  # noqa: ASYNC110 - it is in a database.
            await asyncio.sleep(0.01)


async def tried(shop: Backend) -> list[Mail]:
    """What waits in the outbox, as soon as each was tried. Those that are due together go in any order."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await waiting(shop)
            if all(mail.tries for mail in found):
                return found
            await asyncio.sleep(0.01)
