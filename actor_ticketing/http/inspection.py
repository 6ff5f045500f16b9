"""SIGUSR1: what the process is doing, for an operator who wonders why somebody waits."""

import asyncio
import faulthandler
import signal
from dataclasses import asdict

import structlog

from actor_ticketing.http.context import Backend, Doors

SHOWN_MAX = 1_000
"""Actors that are shown, the busiest ones: of a hundred thousand idle ones nobody reads."""

log = structlog.get_logger(__name__)


def tell_on_signal(loop: asyncio.AbstractEventLoop, doors: Doors) -> None:
    """Have SIGUSR1 write every thread's stack to standard error, and what all actors are doing into the log.

    The stacks come from outside the event loop, so they come also when it stands still.
    """
    loop.add_signal_handler(signal.SIGUSR1, tell, doors)
    faulthandler.register(signal.SIGUSR1, all_threads=True, chain=True)


def tell(doors: Doors) -> None:
    """Log it, at a level that is rarely switched off: somebody has asked."""
    if doors.backend is None:
        log.warning("doing", ready=False)
        return
    _tell_of(doors.backend, draining=doors.draining)


def _tell_of(backend: Backend, *, draining: bool) -> None:
    vitals, due = backend.vitals, backend.next_due_at()
    doings = vitals.doings()
    log.warning(
        "doing",
        ready=not draining,
        ledger_seq=vitals.seq,
        live_holds=vitals.live_holds,
        next_deadline_in_ms=None if due is None else due - backend.clock.now(),
        undecided=sum(each.mail + each.parked for each in doings),
        uncommitted=vitals.pending,
        sockets=backend.hub.open,
        actors=len(doings),
        busy_actors=sum(each.is_busy for each in doings),
    )
    for each in doings[:SHOWN_MAX]:
        log.warning("actor", **asdict(each))
