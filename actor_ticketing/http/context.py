"""What the handlers work with, handed to the aiohttp application once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from actor_ticketing.accounts.service import Accounts
from actor_ticketing.actors.analytics import Analytics
from actor_ticketing.actors.answers import KeptAnswers
from actor_ticketing.actors.archiving import Archiving
from actor_ticketing.actors.box_office import BoxOffice
from actor_ticketing.actors.desk import Desk
from actor_ticketing.actors.door import Door
from actor_ticketing.actors.help_desk import HelpDesk
from actor_ticketing.actors.privacy import Privacy
from actor_ticketing.actors.reports import Reports
from actor_ticketing.actors.statistics import Statistics
from actor_ticketing.actors.sweep import Sweeper
from actor_ticketing.actors.vitals import Vitals
from actor_ticketing.clock import Clock
from actor_ticketing.domain.errors import Unavailable
from actor_ticketing.http.addresses import Addresses
from actor_ticketing.http.auth import Authenticator
from actor_ticketing.http.cors import Cors
from actor_ticketing.http.limits import RateLimits
from actor_ticketing.http.live.hub import Hub
from actor_ticketing.http.request import known
from actor_ticketing.http.tokens import TokenMinter
from actor_ticketing.http.traffic import Traffic
from actor_ticketing.notifications.outbox import Outbox
from actor_ticketing.tickets.papers import TicketPapers
from actor_ticketing.tickets.qr import QrCodes
from actor_ticketing.tickets.signing import TicketSigner
from actor_ticketing.webhooks.service import Webhooks

if TYPE_CHECKING:
    from actor_ticketing.notifications.office import PostOffice


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The service behind the doors. ``next_due_at`` tells the earliest deadline of all (ms), or None.

    :ivar archiving: what archives the ledger; None when the store cannot.
    :ivar post: what sends mails; None when mail is off.
    """

    accounts: Accounts
    archiving: Archiving | None
    box_office: BoxOffice
    answers: KeptAnswers
    desk: Desk
    door: Door
    help_desk: HelpDesk
    analytics: Analytics
    reports: Reports
    sweeper: Sweeper
    statistics: Statistics
    privacy: Privacy
    vitals: Vitals
    clock: Clock
    hub: Hub
    outbox: Outbox
    webhooks: Webhooks
    post: "PostOffice | None"
    next_due_at: Callable[[], int | None]


@dataclass(slots=True, kw_only=True)
class Doors:
    """What there is before the service is: how to check credentials, how to draw tickets, and whether to let anyone in.

    :ivar minter: makes the access tokens of our own accounts, if the service has any.
    :ivar limits: None when limits on frequency are switched off.
    :ivar cors: None when no page of another origin may call.
    :ivar body_seconds: how long a body may take to arrive.
    :ivar traffic: what was answered.
    :ivar backend: None until recovery is done.
    :ivar draining: set when the service is about to stop.
    :ivar reading: deadlines of the bodies that are still arriving.
    """

    authenticator: Authenticator
    minter: TokenMinter
    signer: TicketSigner
    qr_codes: QrCodes
    papers: TicketPapers
    addresses: Addresses
    limits: RateLimits | None
    cors: Cors | None
    body_seconds: float
    purchase_needs_user: bool = True
    has_accounts: bool = True
    backend: Backend | None = None
    draining: bool = False
    reading: set[asyncio.Timeout] = field(default_factory=set)
    traffic: Traffic = field(default_factory=Traffic)

    def open(self, backend: Backend) -> None:
        """Let requests through to the service."""
        self.backend = backend
        if self.limits is not None:
            backend.box_office.board.on_abandoned = self.limits.abandoned

    def drain(self, *, body_grace_seconds: float) -> None:
        """Let nobody in any more, and close the WebSockets; bodies that are still arriving get this long."""
        self.draining = True
        if self.backend is not None:
            self.backend.box_office.drain()
            self.backend.hub.close()
            self.backend.webhooks.drain()
            if self.backend.post is not None:
                self.backend.post.drain()
        deadline = asyncio.get_running_loop().time() + body_grace_seconds
        for timeout in self.reading:
            timeout.reschedule(min(deadline, timeout.when() or deadline))

    async def close(self) -> None:
        """End what runs beside the requests."""
        await self.authenticator.close()
        await self.qr_codes.close()
        await self.papers.close()

    async def bodies_read(self) -> None:
        """Wait until no body is arriving any more."""
        while self.reading:  # noqa: ASYNC110 - an event would cost every body that arrives in pieces.
            await asyncio.sleep(0.01)


DOORS = web.AppKey("doors", Doors)


def doors_of(request: web.Request) -> Doors:
    """The doors of the application that got this request."""
    return known(request).doors


def address_of(request: web.Request) -> str:
    """The client's network address, as limits know it. Every limited door has noted it."""
    return known(request).address


def backend_of(request: web.Request) -> Backend:
    """The service.

    :raises Unavailable: before recovery is done.
    """
    backend = known(request).doors.backend
    if backend is None:
        raise Unavailable("The service is starting. Please try again in a moment.")
    return backend
