"""What the handlers work with, handed to the aiohttp application once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from actor_ticketing.actors.box_office import BoxOffice
from actor_ticketing.actors.desk import Desk
from actor_ticketing.actors.privacy import Privacy
from actor_ticketing.actors.statistics import Statistics
from actor_ticketing.actors.sweep import Sweeper
from actor_ticketing.clock import Clock
from actor_ticketing.domain.errors import Unavailable
from actor_ticketing.http.auth import Authenticator
from actor_ticketing.tickets.qr import QrCodes
from actor_ticketing.tickets.signing import TicketSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The service behind the doors. ``next_due_at`` tells the earliest deadline of all (ms), or None."""

    box_office: BoxOffice
    desk: Desk
    sweeper: Sweeper
    statistics: Statistics
    privacy: Privacy
    clock: Clock
    next_due_at: Callable[[], int | None]


@dataclass(slots=True, kw_only=True)
class Doors:
    """What there is before the service is: how to check credentials, how to draw codes, and whether to let anyone in.

    :ivar backend: None until recovery is done.
    :ivar draining: set when the service is about to stop.
    :ivar reading: deadlines of the bodies that are still arriving.
    """

    authenticator: Authenticator
    signer: TicketSigner
    qr_codes: QrCodes
    purchase_needs_user: bool = True
    backend: Backend | None = None
    draining: bool = False
    reading: set[asyncio.Timeout] = field(default_factory=set)

    def drain(self, *, body_grace_seconds: float) -> None:
        """Let nobody in any more; bodies that are still arriving get this long."""
        self.draining = True
        if self.backend is not None:
            self.backend.box_office.drain()
        deadline = asyncio.get_running_loop().time() + body_grace_seconds
        for timeout in self.reading:
            timeout.reschedule(deadline)

    async def bodies_read(self) -> None:
        """Wait until no body is arriving any more."""
        while self.reading:  # noqa: ASYNC110 - an event would cost every body that arrives in pieces.
            await asyncio.sleep(0.01)


DOORS = web.AppKey("doors", Doors)


def doors_of(request: web.Request) -> Doors:
    """The doors of the application that got this request."""
    return request.app[DOORS]


def backend_of(request: web.Request) -> Backend:
    """The service.

    :raises Unavailable: before recovery is done.
    """
    backend = request.app[DOORS].backend
    if backend is None:
        raise Unavailable("The service is starting. Please try again in a moment.")
    return backend
