"""``actor-ticketing archive``: the ledger's beginning goes from the database into a file."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actor_ticketing.clock import SystemClock
from actor_ticketing.console import Config, DataDir, fail, problems_as_messages, run, settings_of, with_backend
from actor_ticketing.domain.archives import DAYS_KEPT, LedgerArchived
from actor_ticketing.persistence.connections import DATABASE, connect_to_write, rewrite_file
from actor_ticketing.persistence.lock import DataDirLock

if TYPE_CHECKING:
    from actor_ticketing.http.context import Backend


def archive(
    to: Annotated[Path, typer.Option(help="File to write, such as ledger-2026-09.jsonl.gz; it must not exist.")],
    before: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="What happened before this day, in UTC.")
    ] = None,
    keep_days: Annotated[int | None, typer.Option(min=DAYS_KEPT, help="All but the last so many days.")] = None,
    compact: Annotated[bool, typer.Option("--compact", help="Also write the database anew: it gets smaller.")] = False,  # noqa: FBT002
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Move the beginning of the ledger into a file, and prove that file before anything is dropped.

    The server has to be stopped; a running one does it by itself with `ledger.keep_days`. If it was interrupted, run it
    again. Keep the file: `verify --archive` proves the whole history with it.
    """
    with problems_as_messages():
        end = _end_of(before, keep_days)
        settings = settings_of(config, data_dir)
        database = settings.data_dir / DATABASE
        if not database.is_file():
            fail(f"there is no database at {database}")
        archived = run(with_backend(settings, lambda backend: _archive(backend, end, to)))
        if compact:
            lock = DataDirLock(settings.data_dir)
            with closing(connect_to_write(database)) as connection:
                rewrite_file(connection)
            lock.release()
    if archived is None:
        typer.echo("nothing to archive")
    else:
        typer.echo(f"{to}: ledger entries {archived.first_seq} to {archived.last_seq}, SHA-256 {archived.sha256}")


def _end_of(before: datetime | None, keep_days: int | None) -> int:
    """Until when it is to be archived, ms since the epoch."""
    from actor_ticketing.actors.archiving import day_before

    now = SystemClock().now()
    if (before is None) == (keep_days is None):
        fail("say either --before or --keep-days")
    if before is not None:
        end = round(before.replace(tzinfo=UTC).timestamp() * 1_000)
        if end > day_before(now, DAYS_KEPT):
            fail("--before: the last day of the ledger stays; clients that come back are told from it what they missed")
        return end
    return day_before(now, keep_days or DAYS_KEPT)


async def _archive(backend: "Backend", before: int, to: Path) -> LedgerArchived | None:
    if backend.archiving is None:
        raise TypeError("a backend on a database can archive")
    return await backend.archiving.archive(before, to)
