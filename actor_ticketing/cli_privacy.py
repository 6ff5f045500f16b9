"""``actor-ticketing privacy``: what an operator does about people's data."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actor_ticketing.clock import SystemClock
from actor_ticketing.config import Settings
from actor_ticketing.console import (
    Config,
    DataDir,
    checked_email,
    credentials_of,
    fail,
    problems_as_messages,
    run,
    settings_of,
)
from actor_ticketing.credentials import FILE_NAME, read_data_keys
from actor_ticketing.persistence.connections import DATABASE, connect_read_only, connect_to_write, rewrite_file
from actor_ticketing.persistence.lock import DataDirLock
from actor_ticketing.vault import Vault

if TYPE_CHECKING:
    from actor_ticketing.actors.privacy import Forgotten

app = typer.Typer(
    name="privacy",
    help="Personal data: tell what is known of a person, forget it, change the key.",
    no_args_is_help=True,
)

_Email = Annotated[str, typer.Option(help="The person's e-mail address, in upper or lower case.")]


@app.command()
def export(email: _Email, config: Config = None, data_dir: DataDir = None) -> None:
    """Print as JSON what is known of a person. Works beside a running server, and changes nothing."""
    from actor_ticketing.http.present_people import known_of
    from actor_ticketing.persistence.people import person
    from actor_ticketing.persistence.schema import require_newest

    with problems_as_messages():
        address = checked_email(email)
        settings = settings_of(config, data_dir)
        database = _database_of(settings)
        keys = read_data_keys(settings.data_dir / FILE_NAME)
        if not keys:
            fail(f"there is no data key in {settings.data_dir / FILE_NAME}, and nothing can be read without")
        with closing(connect_read_only(database)) as connection:
            require_newest(connection)
            known = person(connection, Vault(keys), address)
    document = known_of(address, known, SystemClock().now())
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


@app.command()
def erase(
    email: _Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether this is meant.")] = False,  # noqa: FBT002
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Forget a person: names, addresses, numbers, kept answers, the account. The books stay whole.

    The server has to be stopped; a running one does it by POST /api/admin/privacy/erase.
    """
    with problems_as_messages():
        address = checked_email(email)
        settings = settings_of(config, data_dir)
        with _alone_with_database(settings) as database:
            if not yes:
                typer.confirm(f"Forget {address} for ever?", abort=True)
            vault = Vault(credentials_of(settings).data_keys)
            forgotten = run(_erase(database, settings, vault, address))
            with closing(connect_to_write(database)) as connection:
                rewrite_file(connection)
    for name in ("transactions", "tickets", "answers", "accounts", "contacts", "tickets_of_others"):
        kept = " (kept)" if name == "tickets_of_others" else ""
        typer.echo(f"{name.replace('_', ' ')}{kept}: {getattr(forgotten, name)}")


async def _erase(database: Path, settings: Settings, vault: Vault, address: str) -> "Forgotten":
    from actor_ticketing.app import open_backend, open_storage

    async with (
        open_storage(database, settings, vault) as storage,
        open_backend(storage, settings, SystemClock()) as backend,
    ):
        return await backend.privacy.erase(address, by="command line")


@app.command("rotate-key")
def rotate_key(config: Config = None, data_dir: DataDir = None) -> None:
    """Seal all personal data with a new key, and drop the old one. If it was interrupted, run it again.

    The server has to be stopped. Backups made before need the secrets file of their time.
    """
    from actor_ticketing.persistence.rotation import rotate_data_key

    with problems_as_messages():
        settings = settings_of(config, data_dir)
        with _alone_with_database(settings) as database:
            secrets = credentials_of(settings).path
            kid = rotate_data_key(database, secrets, _tell_progress)
    typer.echo(f"everything is sealed with the data key {kid}, and {secrets} has no other")


def _tell_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\rsealed anew: {done} of {total}", nl=done >= total, err=True)


def _database_of(settings: Settings) -> Path:
    database = settings.data_dir / DATABASE
    if not database.is_file():
        fail(f"there is no database at {database}")
    return database


@contextmanager
def _alone_with_database(settings: Settings) -> Iterator[Path]:
    database = _database_of(settings)
    lock = DataDirLock(settings.data_dir)
    try:
        yield database
    finally:
        lock.release()
