"""The ``actor-ticketing`` command."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import aiohttp
import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from actor_ticketing.app import DATABASE, open_backend, open_storage
from actor_ticketing.catalogue.file import CatalogueFileError, read_catalogue
from actor_ticketing.catalogue.importer import DeskTarget, HttpTarget, ImportFailed, Outcome, import_catalogue
from actor_ticketing.clock import SystemClock
from actor_ticketing.config import ConfigurationError, Settings, load_settings
from actor_ticketing.credentials import FILE_NAME, Credentials, CredentialsError, load_credentials
from actor_ticketing.domain.accounts import Role
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.http.context import Backend
from actor_ticketing.http.fields import Email
from actor_ticketing.logs import configure_logs
from actor_ticketing.persistence.backup import BackupError
from actor_ticketing.persistence.backup import backup as back_up
from actor_ticketing.persistence.lock import DataDirInUse, DataDirLock
from actor_ticketing.persistence.schema import SchemaError
from actor_ticketing.persistence.verify import VerifyError
from actor_ticketing.persistence.verify import verify as verify_books
from actor_ticketing.server import minter_of
from actor_ticketing.server import serve as serve_forever
from actor_ticketing.vault import Vault, VaultError

_PROBLEMS = (
    ConfigurationError,
    CredentialsError,
    CatalogueFileError,
    ImportFailed,
    BackupError,
    VerifyError,
    SchemaError,
    DataDirInUse,
    VaultError,
)

app = typer.Typer(
    name="actor-ticketing",
    help="A ticket-hold engine. `serve` runs the service; the other commands look after its data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
account_app = typer.Typer(help="Look after the accounts that buyers have made.", no_args_is_help=True)
app.add_typer(account_app, name="account")

T = TypeVar("T")

Config = Annotated[
    Path | None, typer.Option(help="Configuration file. Without it, config.toml of this directory if there is one.")
]
DataDir = Annotated[Path | None, typer.Option(help="Directory of the database and secrets; overrides the file.")]


def main() -> None:
    """Run the command line."""
    # The database holds personal data: nobody else on the machine has business with it.
    os.umask(0o077)
    app()


@contextmanager
def _problems_as_messages() -> Iterator[None]:
    """What an operator can mend is a sentence on standard error and exit status 1, never a traceback."""
    try:
        yield
    except _PROBLEMS as problem:
        _fail(str(problem))
    except Refusal as refusal:
        _fail(refusal.message)
    except sqlite3.Error as error:
        _fail(f"the database cannot be used: {error}")
    except OSError as error:
        _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")


def _fail(message: str) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {message}", style="red", markup=False)
    raise typer.Exit(1)


def _settings(config: Path | None, data_dir: Path | None, **overrides: object) -> Settings:
    # Once without the options: what they replace must be right all the same, or it goes wrong on another day.
    load_settings(config, os.environ)
    settings = load_settings(config, os.environ, data_dir=data_dir, **overrides)
    configure_logs(settings.log.level, settings.log.format)
    return settings


def _run(main_work: Coroutine[Any, Any, Any]) -> Any:
    """Run on uvloop where it is installed."""
    try:
        import uvloop  # noqa: PLC0415 - an extra.
    except ImportError:
        loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    else:
        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main_work)


def _credentials(settings: Settings) -> Credentials:
    credentials = load_credentials(settings.auth, settings.data_dir)
    if credentials.generated:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"made new secrets ({', '.join(credentials.generated)}) and stored them in {credentials.path}", markup=False
        )
    return credentials


@app.command()
def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    data_dir: DataDir = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load the demonstration catalogue if there is none.")] = False,  # noqa: FBT002
) -> None:
    """Run the service until SIGTERM or Ctrl-C. Prints one line when it is ready."""
    with _problems_as_messages():
        settings = _settings(config, data_dir, host=host, port=port)
        credentials = _credentials(settings)

        def announce(address: str) -> None:
            sys.stdout.write(f"listening on {address}\n")
            sys.stdout.flush()

        _run(serve_forever(settings, credentials, demo=demo, announce=announce))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Catalogue file, .toml or .json.")],
    config: Config = None,
    data_dir: DataDir = None,
    url: Annotated[str | None, typer.Option(help="Import into the running service at this address.")] = None,
    token: Annotated[str | None, typer.Option(help="Admin token for --url.")] = None,
) -> None:
    """Bring events and ticket types in. Importing the same file again changes nothing."""
    with _problems_as_messages():
        catalogue = read_catalogue(file)
        if (url is None) != (token is None):
            _fail("--url and --token go together")
        with _progress("importing", catalogue.size) as step:
            if url is not None and token is not None:
                outcome: Outcome = _run(_import_over_http(catalogue, url, token, step))
            else:
                settings = _settings(config, data_dir)
                outcome = _run(_with_backend(settings, lambda backend: _import_here(backend, catalogue, step)))
        typer.echo(str(outcome))


async def _import_over_http(catalogue: Any, url: str, token: str, step: Callable[[], None]) -> Outcome:
    async with aiohttp.ClientSession() as session:
        return await import_catalogue(catalogue, HttpTarget(session, url, token), step)


async def _import_here(backend: Backend, catalogue: Any, step: Callable[[], None]) -> Outcome:
    return await import_catalogue(catalogue, DeskTarget(backend.desk, backend.clock), step)


async def _with_backend(settings: Settings, work: Callable[[Backend], Awaitable[T]]) -> T:
    """Do something with the service, which nobody else can reach meanwhile."""
    lock = DataDirLock(settings.data_dir)
    vault = Vault(_credentials(settings).data_keys)
    try:
        async with (
            open_storage(settings.data_dir / DATABASE, settings, vault) as storage,
            open_backend(storage, settings, SystemClock()) as backend,
        ):
            return await work(backend)
    finally:
        lock.release()


@app.command()
def verify(
    file: Annotated[Path | None, typer.Argument(help="A backup to look at instead of the data directory's.")] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Prove the books: counters, reservations, tickets and ledger agree. Exits 1 when they do not."""
    with _problems_as_messages():
        report = verify_books(file or _settings(config, data_dir).data_dir / DATABASE)
    for check in report.checks:
        typer.echo(f"{'ok ' if not check.problems else 'BAD'}  {check.name} ({check.looked_at})")
        for problem in check.problems:
            typer.echo(f"     {problem}")
    for sentence in report.information:
        typer.echo(f"note {sentence}")
    typer.echo("the books are in order" if report.ok else "the books are NOT in order")
    raise typer.Exit(0 if report.ok else 1)


@app.command()
def backup(
    destination: Annotated[Path, typer.Argument(help="File to write; it must not exist.")],
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Copy the database while the service runs. To restore, put the copy in place of the original."""
    with _problems_as_messages():
        settings = _settings(config, data_dir)
        written = back_up(settings.data_dir / DATABASE, destination)
    typer.echo(f"{destination}: {written} bytes")
    typer.echo(f"note: {settings.data_dir / FILE_NAME} is not in it; without its keys, sold tickets fail at the door")


@app.command()
def token(
    user: Annotated[str, typer.Option(help="Who the token is for: its subject.")],
    role: Annotated[str | None, typer.Option(help="`admin` makes an admin.")] = None,
    minutes: Annotated[float, typer.Option(help="How long it is valid.", min=0.01)] = 60.0,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Print a bearer token, and nothing else."""
    with _problems_as_messages():
        if not 1 <= len(user) <= 200 or not user.isprintable():
            _fail("a user is named by 1 to 200 printable characters")
        if role not in {None, "admin"}:
            _fail("the only role is admin")
        settings = _settings(config, data_dir)
        credentials = _credentials(settings)
    text, _ = minter_of(settings, credentials, minutes=minutes).mint(user, is_admin=role is not None)
    typer.echo(text)


@account_app.command("role")
def account_role(
    email: Annotated[str, typer.Option(help="The account's e-mail address.")],
    role: Annotated[Role, typer.Option(help="What it may do: `admin` opens the admin routes.")],
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Give an account a role. The service must be stopped; access tokens issued before keep the former role."""
    with _problems_as_messages():
        try:
            address = TypeAdapter[str](Email).validate_python(email)
        except ValidationError:
            _fail(f"{email} is no e-mail address")
        settings = _settings(config, data_dir)
        account = _run(_with_backend(settings, lambda backend: backend.accounts.give_role(address, role)))
    typer.echo(f"{account.id}: {account.role}")


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error, for whoever watches a large file go in."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)
