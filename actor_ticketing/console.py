"""What every command has in common: its options, its settings and secrets, and how it says what went wrong.

What only some commands need is imported when they need it, here and in the commands: it takes half a second.
"""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from actor_ticketing.clock import SystemClock
from actor_ticketing.config import Settings, load_settings
from actor_ticketing.credentials import Credentials, load_credentials
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.problems import Problem
from actor_ticketing.logs import configure_logs
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.lock import DataDirLock
from actor_ticketing.vault import Vault

if TYPE_CHECKING:
    from actor_ticketing.http.context import Backend

T = TypeVar("T")

_UNUSABLE = "the database cannot be used: {}"

Config = Annotated[
    Path | None, typer.Option(help="Configuration file. Without it, config.toml of this directory if there is one.")
]
DataDir = Annotated[Path | None, typer.Option(help="Directory of the database and secrets; overrides the file.")]


@contextmanager
def problems_as_messages() -> Iterator[None]:
    """What an operator can mend is a sentence on standard error and exit status 1, never a traceback."""
    try:
        yield
    except Problem as problem:
        fail(str(problem))
    except Refusal as refusal:
        # What is said to buyers about a read that failed is of no use to an operator.
        fail(_UNUSABLE.format(refusal.__cause__) if isinstance(refusal.__cause__, sqlite3.Error) else refusal.message)
    except sqlite3.Error as error:
        fail(_UNUSABLE.format(error))
    except OSError as error:
        fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")


def fail(message: str) -> NoReturn:
    """End with exit status 1 and a sentence on standard error.

    :raises typer.Exit: always.
    """
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {message}", style="red", markup=False)
    raise typer.Exit(1)


def checked_email(text: str) -> str:
    """The address that ``--email`` names.

    :raises typer.Exit: when it is none.
    """
    from actor_ticketing.http.fields import Email

    try:
        address: str = TypeAdapter(Email).validate_python(text)
    except ValidationError:
        fail("--email: must be an e-mail address")
    return address


def settings_of(config: Path | None, data_dir: Path | None, **overrides: object) -> Settings:
    """The settings as the command was given them; what it logs is set up by them.

    :raises ConfigurationError: naming each mistake.
    """
    # Once without the options: what they replace must be right all the same, or it goes wrong on another day.
    load_settings(config, os.environ)
    settings = load_settings(config, os.environ, data_dir=data_dir, **overrides)
    configure_logs(settings.log.level, settings.log.format)
    return settings


def run(main_work: Coroutine[Any, Any, Any]) -> Any:
    """Run on uvloop where it is installed."""
    try:
        import uvloop  # An extra.
    except ImportError:
        loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    else:
        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main_work)


def credentials_of(settings: Settings) -> Credentials:
    """The service's secrets. What is missing is made, and standard error says where it was stored.

    :raises CredentialsError: when the file cannot be used.
    """
    credentials = load_credentials(settings.auth, settings.data_dir)
    if credentials.generated:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"made new secrets ({', '.join(credentials.generated)}) and stored them in {credentials.path}", markup=False
        )
    return credentials


async def with_backend(settings: Settings, work: "Callable[[Backend], Awaitable[T]]") -> T:
    """Do something with the service, which nobody else can reach meanwhile.

    :raises DataDirInUse: when a server works on the data directory.
    """
    from actor_ticketing.app import open_backend, open_storage

    lock = DataDirLock(settings.data_dir)
    try:
        vault = Vault(credentials_of(settings).data_keys)
        async with (
            open_storage(settings.data_dir / DATABASE, settings, vault) as storage,
            open_backend(storage, settings, SystemClock()) as backend,
        ):
            return await work(backend)
    finally:
        lock.release()


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error, for whoever watches a large file go in."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(what, total=total)
        yield lambda: shown.advance(task)
