"""The composition root: what is made of what, in which order it starts, and the reverse for stopping."""

import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from actor_ticketing.accounts.service import Accounts
from actor_ticketing.actors.analytics import Analytics
from actor_ticketing.actors.answers import KeptAnswers
from actor_ticketing.actors.board import Board
from actor_ticketing.actors.box_office import BoxOffice
from actor_ticketing.actors.committed import Committed
from actor_ticketing.actors.desk import Desk
from actor_ticketing.actors.door import Door
from actor_ticketing.actors.help_desk import HelpDesk
from actor_ticketing.actors.holders import Holders
from actor_ticketing.actors.housekeeping import Housekeeping
from actor_ticketing.actors.journaling import Order, accepted
from actor_ticketing.actors.periodic import Periodic
from actor_ticketing.actors.privacy import DAY_MS, Privacy, Retention
from actor_ticketing.actors.reports import Reports
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.statistics import Statistics
from actor_ticketing.actors.supervisor import Supervisor
from actor_ticketing.actors.sweep import Sweeper
from actor_ticketing.actors.ticket_type import Reschedule
from actor_ticketing.clock import Clock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.ids import Entropy
from actor_ticketing.domain.policies import ExtensionPolicy, HoldPolicy, Policies
from actor_ticketing.domain.ports import CatalogueRecord, CommitFailed, Entry, Queries, Store
from actor_ticketing.domain.telling import told
from actor_ticketing.http.context import Backend
from actor_ticketing.http.live.hub import Hub
from actor_ticketing.persistence.connections import open_readers, open_writer
from actor_ticketing.persistence.journal import GroupCommitJournal
from actor_ticketing.persistence.queries import SqliteQueries
from actor_ticketing.persistence.schema import migrate
from actor_ticketing.persistence.sealed import require_keys
from actor_ticketing.persistence.store import SqliteStore
from actor_ticketing.vault import Vault

log = structlog.get_logger(__name__)

DATABASE = "tickets.db"
EXIT_FATAL = 70
"""EX_SOFTWARE of sysexits.h. A commit's outcome is unknown, say, and only a restart can find out."""


def policies_of(settings: Settings) -> Policies:
    """The rules an operator has set, in ms."""
    return Policies(
        hold=HoldPolicy(
            default_ms=round(settings.holds.default_minutes * 60_000),
            min_ms=round(settings.holds.min_seconds * 1_000),
            max_ms=round(settings.holds.max_minutes * 60_000),
            max_quantity=settings.holds.max_quantity,
        ),
        extension=ExtensionPolicy(
            max_count=settings.extensions.max_count,
            max_total_ms=round(settings.extensions.max_total_minutes * 60_000),
        ),
    )


def end_process(error: BaseException) -> None:
    """End at once, replying to nobody: what the client was told must not depend on what nobody knows."""
    log.critical("cannot_go_on", error=told(error), exit_status=EXIT_FATAL)
    os._exit(EXIT_FATAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The two sides of a store."""

    store: Store
    queries: Queries


@asynccontextmanager
async def open_storage(path: Path, settings: Settings, vault: Vault) -> AsyncIterator[Storage]:
    """Open the SQLite database, brought to the newest schema. What it holds of people is sealed in ``vault``.

    :raises VaultError: when that has other keys.
    """
    log.info("opening_database", path=str(path), sqlite=sqlite3.sqlite_version)
    async with AsyncExitStack() as stack:
        writer = await open_writer(
            path, synchronous=settings.storage.synchronous, busy_timeout_ms=settings.storage.busy_timeout_ms
        )
        stack.push_async_callback(writer.close)
        await writer.run(partial(migrate, vault=vault))
        await writer.run(partial(require_keys, vault=vault))
        readers = await open_readers(
            path, count=settings.storage.readers, busy_timeout_ms=settings.storage.busy_timeout_ms
        )
        stack.push_async_callback(readers.close)
        yield Storage(store=SqliteStore(writer, vault), queries=SqliteQueries(readers, vault))


@asynccontextmanager
async def open_backend(
    storage: Storage,
    settings: Settings,
    clock: Clock,
    *,
    entropy: Entropy = secrets.token_bytes,
    on_fatal: Callable[[BaseException], None] = end_process,
    serving: bool = False,
) -> AsyncIterator[Backend]:
    """Start the service on a store, recover, and stop it in the reverse order.

    :param serving: it is here to stay, so it also does what is done regularly.
    """
    parts = _assemble(storage, await storage.queries.catalogue(), settings, clock, entropy, on_fatal)
    async with AsyncExitStack() as stack:
        parts.journal.start()
        stack.push_async_callback(parts.journal.close)
        stack.push_async_callback(parts.accounts.close)
        stack.push_async_callback(parts.desk.stop)
        stack.push_async_callback(parts.door.stop)
        stack.push_async_callback(parts.roster.stop)
        await _recover(storage.queries, parts.board, parts.roster, clock)
        try:
            await parts.sweeper.sweep("startup")
        except Refusal as refusal:
            # The supervisor tries again, with growing pauses; what cannot be released is no reason to sell nothing.
            log.error("startup_sweep_failed", error=refusal.message)  # noqa: TRY400 - its cause is logged already.
        supervisor = _start_supervisor(parts.roster, parts.sweeper, clock, settings, on_fatal)
        stack.callback(supervisor.stop_now)
        parts.committed.tell_deadlines_to(supervisor.actor_ref)
        stack.callback(parts.committed.forget_supervisor)
        for chore in _chores(parts, settings, clock) if serving else ():
            chore.start()
            stack.push_async_callback(chore.stop)
        yield Backend(
            accounts=parts.accounts,
            box_office=parts.box_office,
            answers=parts.answers,
            desk=parts.desk,
            door=parts.door,
            help_desk=parts.help_desk,
            analytics=parts.analytics,
            reports=parts.reports,
            sweeper=parts.sweeper,
            statistics=parts.statistics,
            privacy=parts.privacy,
            clock=clock,
            hub=parts.hub,
            next_due_at=lambda: supervisor.next_due_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What the service is made of, before anything runs."""

    board: Board
    statistics: Statistics
    committed: Committed
    journal: GroupCommitJournal
    roster: Roster
    desk: Desk
    door: Door
    help_desk: HelpDesk
    analytics: Analytics
    reports: Reports
    sweeper: Sweeper
    accounts: Accounts
    box_office: BoxOffice
    answers: KeptAnswers
    hub: Hub
    privacy: Privacy
    housekeeping: Housekeeping


def _assemble(
    storage: Storage,
    catalogue: CatalogueRecord,
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
    on_fatal: Callable[[BaseException], None],
) -> _Parts:
    queries, policies, statistics = storage.queries, policies_of(settings), Statistics()
    holds = settings.holds
    places = Holders(
        max_per_session=holds.max_active_per_session,
        max_per_user=holds.max_active_per_user,
        max_per_address=holds.max_active_per_address,
    )
    board = Board(places)
    board.recover(catalogue)
    committed = Committed(board, statistics, clock)

    def storage_failed(entries: Sequence[Entry], error: CommitFailed) -> None:
        level = log.critical if error.is_bug else log.error
        level("commit_failed", error=str(error), entries=len(entries), is_bug=error.is_bug)
        roster.rebuild({each for entry in entries for each in entry.ticket_type_ids})
        desk.storage_failed()

    journal = GroupCommitJournal(
        storage.store,
        seq=board.seq,
        on_commit=committed,
        on_failure=storage_failed,
        on_unknown=on_fatal,
        commit_interval_ms=settings.storage.commit_interval_ms,
    )
    limit = settings.actors.mailbox_limit
    roster = Roster(journal=journal, queries=queries, clock=clock, policies=policies, mailbox_limit=limit)
    desk = Desk(board=board, roster=roster, journal=journal, clock=clock, entropy=entropy)
    sweeper = Sweeper(roster=roster, queries=queries, clock=clock, statistics=statistics)
    accounts = Accounts(
        journal=journal,
        queries=queries,
        clock=clock,
        entropy=entropy,
        refresh_ms=round(settings.accounts.refresh_days * 24 * 60 * 60 * 1_000),
        min_password_length=settings.accounts.min_password_length,
    )
    box_office = BoxOffice(
        board=board,
        roster=roster,
        journal=journal,
        queries=queries,
        clock=clock,
        policies=policies,
        entropy=entropy,
    )
    hub = Hub(
        board=board,
        clock=clock,
        queries=queries,
        settings=settings.websocket,
        warn_seconds=holds.warn_seconds,
        limits_frequency=settings.rate_limit.enabled,
    )
    committed.subscribers.append(hub)
    return _Parts(
        board=board,
        statistics=statistics,
        committed=committed,
        journal=journal,
        roster=roster,
        desk=desk,
        door=Door(board=board, journal=journal, queries=queries, clock=clock),
        analytics=Analytics(board=board, queries=queries),
        reports=Reports(queries),
        help_desk=HelpDesk(roster=roster, queries=queries, clock=clock),
        sweeper=sweeper,
        accounts=accounts,
        box_office=box_office,
        answers=KeptAnswers(journal=journal, queries=queries, clock=clock),
        hub=hub,
        privacy=Privacy(journal=journal, queries=queries, clock=clock),
        housekeeping=Housekeeping(journal=journal, queries=queries, clock=clock),
    )


def _chores(parts: _Parts, settings: Settings, clock: Clock) -> Iterator[Periodic]:
    every_ms = round(settings.sweep.interval_seconds * 1_000)
    yield Periodic(parts.housekeeping.tidy, clock, every_ms=every_ms, failure="housekeeping_failed")
    if days := settings.privacy.retention_days:
        retention = Retention(parts.privacy, clock, days=days)
        yield Periodic(retention.forget, clock, every_ms=DAY_MS, failure="retention_failed")


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
