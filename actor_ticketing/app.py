"""The composition root: what is made of what, in which order it starts, and the reverse for stopping."""

import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from actor_ticketing.actors.archiving import PAUSE_MS, Archiving, LedgerRetention, told_until
from actor_ticketing.actors.board import Board
from actor_ticketing.actors.journaling import Order, accepted
from actor_ticketing.actors.periodic import Periodic, pause
from actor_ticketing.actors.privacy import DAY_MS, Retention
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.supervisor import Supervisor
from actor_ticketing.actors.sweep import Sweeper
from actor_ticketing.actors.ticket_type import Reschedule
from actor_ticketing.actors.vitals import Vitals
from actor_ticketing.assembly import Heart, Parts, Storage, heart_of, parts_of
from actor_ticketing.clock import Clock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.ids import Entropy
from actor_ticketing.domain.ports import Queries
from actor_ticketing.domain.telling import told
from actor_ticketing.hooks import NO_HOOKS, Hooks
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.archives import SqliteArchives
from actor_ticketing.persistence.connections import open_writer
from actor_ticketing.persistence.queries import SqliteQueries
from actor_ticketing.persistence.readers import open_readers
from actor_ticketing.persistence.sealed import require_keys
from actor_ticketing.persistence.store import SqliteStore
from actor_ticketing.persistence.upgrade import upgrade
from actor_ticketing.persistence.watchdog import DatabaseGone, Watchdog
from actor_ticketing.vault import Vault

if TYPE_CHECKING:
    from actor_ticketing.notifications.office import PostOffice, Stationery

log = structlog.get_logger(__name__)

EXIT_FATAL = 70
"""EX_SOFTWARE of sysexits.h. A commit's outcome is unknown, say, and only a restart can find out."""

EXIT_GONE = 72
"""EX_OSFILE of sysexits.h. The database is gone; a restart would sell from whatever is in its place."""

WATCH_MS = 500


def end_process(error: BaseException, *, status: int = EXIT_FATAL) -> None:
    """End at once, replying to nobody: what the client was told must not depend on what nobody knows."""
    log.critical("cannot_go_on", error=told(error), exit_status=status)
    os._exit(status)


@asynccontextmanager
async def open_storage(path: Path, settings: Settings, vault: Vault) -> AsyncIterator[Storage]:
    """Open the SQLite database, brought to the newest schema. What it holds of people is sealed in ``vault``.

    :raises SchemaError: when it cannot be brought there.
    :raises VaultError: when that has other keys.
    """
    log.info("opening_database", path=str(path), sqlite=sqlite3.sqlite_version)
    async with AsyncExitStack() as stack:
        writer = await open_writer(
            path,
            synchronous=settings.storage.synchronous,
            busy_timeout_ms=settings.storage.busy_timeout_ms,
            checkpoints=not settings.storage.replicated,
        )
        stack.push_async_callback(writer.close)
        await writer.run(partial(upgrade, path, vault=vault))
        await writer.run(partial(require_keys, vault=vault))
        readers = await open_readers(
            path, count=settings.storage.readers, busy_timeout_ms=settings.storage.busy_timeout_ms
        )
        stack.push_async_callback(readers.close)
        yield Storage(
            store=SqliteStore(writer, vault), queries=SqliteQueries(readers, vault), archives=SqliteArchives(readers)
        )


@asynccontextmanager
async def watched(
    path: Path,
    clock: Clock,
    *,
    on_gone: Callable[[BaseException], None] = partial(end_process, status=EXIT_GONE),  # noqa: B008 - it keeps nothing.
) -> AsyncIterator[None]:
    """Look regularly whether an open database is still where it was opened.

    :param on_gone: called when it is not; it must end the process.
    """
    watchdog = Watchdog(path)

    async def look() -> None:
        try:
            watchdog.look()
        except DatabaseGone as gone:
            on_gone(gone)

    chore = Periodic(look, clock, every_ms=WATCH_MS, failure="watch_failed")
    chore.start()
    try:
        yield
    finally:
        await chore.stop()


@asynccontextmanager
async def open_backend(
    storage: Storage,
    settings: Settings,
    clock: Clock,
    *,
    entropy: Entropy = os.urandom,
    on_fatal: Callable[[BaseException], None] = end_process,
    serving: bool = False,
    stationery: "Stationery | None" = None,
    hooks: Hooks = NO_HOOKS,
) -> AsyncIterator[Backend]:
    """Start the service on a store, recover, and stop it in the reverse order.

    :param serving: it is here to stay, so it also does what is done regularly.
    :param hooks: what is put around its parts.
    :param stationery: what mails are made of, where they are to be sent too. Without it they wait for a start with it.
    """
    heart = heart_of(storage, await storage.queries.catalogue(), settings, clock, entropy, on_fatal, hooks)
    parts = parts_of(heart, storage.queries, settings, clock, entropy)
    if heart.notices is not None:
        heart.known_contacts.recover(await storage.queries.contacts_seen())
    async with AsyncExitStack() as stack:
        await _begin(stack, heart, parts, storage.queries, clock)
        supervisor = _start_supervisor(heart.roster, parts.sweeper, clock, settings, on_fatal)
        stack.callback(supervisor.stop_now)
        heart.committed.tell_deadlines_to(supervisor.actor_ref)
        stack.callback(heart.committed.forget_supervisor)
        archiving = _archiving(storage, heart, settings, clock, pause_ms=PAUSE_MS if serving else 0)
        if serving:
            stack.push_async_callback(parts.webhooks.stop)
            await parts.webhooks.start()
        for chore in _chores(parts, archiving, settings, clock) if serving else ():
            chore.start()
            stack.push_async_callback(chore.stop)
        post = None
        if stationery is not None:
            post = _post_office(heart, parts, storage.queries, clock, entropy, stationery)
            stack.push_async_callback(post.stop)
            post.start()
        yield Backend(
            accounts=parts.accounts,
            box_office=parts.box_office,
            answers=parts.answers,
            archiving=archiving,
            desk=heart.desk,
            door=parts.door,
            help_desk=parts.help_desk,
            analytics=parts.analytics,
            reports=parts.reports,
            sweeper=parts.sweeper,
            statistics=heart.statistics,
            privacy=parts.privacy,
            vitals=Vitals(heart.board, heart.roster, heart.journal),
            clock=clock,
            hub=parts.hub,
            outbox=parts.outbox,
            webhooks=parts.webhooks,
            post=post,
            next_due_at=lambda: supervisor.next_due_at,
        )


async def _begin(stack: AsyncExitStack, heart: Heart, parts: Parts, queries: Queries, clock: Clock) -> None:
    """Start what decides and writes, on what the store has, and release what fell due meanwhile."""
    heart.journal.start()
    stack.push_async_callback(heart.journal.close)
    stack.push_async_callback(parts.accounts.close)
    stack.push_async_callback(heart.desk.stop)
    stack.push_async_callback(parts.door.stop)
    stack.push_async_callback(heart.roster.stop)
    await _recover(queries, heart.board, heart.roster, clock)
    try:
        await parts.sweeper.sweep("startup")
    except Refusal as refusal:
        # The supervisor tries again, with growing pauses; what cannot be released is no reason to sell nothing.
        log.error("startup_sweep_failed", error=refusal.message)  # noqa: TRY400 - its cause is logged already.


def _archiving(storage: Storage, heart: Heart, settings: Settings, clock: Clock, *, pause_ms: int) -> Archiving | None:
    if storage.archives is None:
        return None
    return Archiving(
        archives=storage.archives,
        journal=heart.journal,
        queries=storage.queries,
        clock=clock,
        told_until=partial(told_until, storage.queries, settings.webhooks),
        breathe=partial(pause, clock, pause_ms),
    )


def _chores(parts: Parts, archiving: Archiving | None, settings: Settings, clock: Clock) -> Iterator[Periodic]:
    every_ms = round(settings.sweep.interval_seconds * 1_000)
    yield Periodic(parts.housekeeping.tidy, clock, every_ms=every_ms, failure="housekeeping_failed")
    if days := settings.privacy.retention_days:
        retention = Retention(parts.privacy, clock, days=days)
        yield Periodic(retention.forget, clock, every_ms=DAY_MS, failure="retention_failed")
    if archiving is not None and (days := settings.ledger.keep_days):
        directory = Path(settings.ledger.archive_dir or settings.data_dir / "archives")
        ledger = LedgerRetention(archiving, clock, days=days, directory=directory)
        yield Periodic(ledger.archive, clock, every_ms=DAY_MS, failure="ledger_retention_failed")


def _post_office(
    heart: Heart,
    parts: Parts,
    queries: Queries,
    clock: Clock,
    entropy: Entropy,
    stationery: "Stationery",
) -> "PostOffice":
    # Imported when it is needed: it takes 0.2 s, and mail is off by default.
    from actor_ticketing.notifications.office import PostOffice  # noqa: PLC0415

    assert heart.notices is not None  # noqa: S101 - whoever has stationery has mail switched on.
    post = PostOffice(
        board=heart.board,
        journal=heart.journal,
        queries=queries,
        clock=clock,
        entropy=entropy,
        outbox=parts.outbox,
        notices=heart.notices,
        stationery=stationery,
    )
    heart.committed.subscribers.append(post)
    return post


async def _recover(queries: Queries, board: Board, roster: Roster, clock: Clock) -> None:
    """Give every live hold its actor back. Those that are overdue are released by the start-up sweep."""
    for stock in await queries.live_stock():
        inventory = roster.install(stock)
        board.recover_stock(inventory.counters(), inventory.holds)
        if inventory.reschedule_from_future(clock.now()):
            log.warning("clock_went_back", ticket_type_id=stock.ticket_type.id)
            accepted(await roster.ask(stock.ticket_type.id, Order(command=Reschedule())))


def _start_supervisor(
    roster: Roster, sweeper: Sweeper, clock: Clock, settings: Settings, on_broken: Callable[[BaseException], None]
) -> Supervisor:
    return Supervisor.launch(
        roster=roster,
        sweeper=sweeper,
        clock=clock,
        sweep_interval_ms=round(settings.sweep.interval_seconds * 1_000),
        passivate_after_ms=round(settings.actors.passivate_after_seconds * 1_000),
        on_broken=on_broken,
    )
