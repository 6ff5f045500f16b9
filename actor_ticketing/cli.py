"""The ``actor-ticketing`` command."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actor_ticketing import cli_accounts, cli_archive, cli_privacy, cli_report
from actor_ticketing.console import (
    Config,
    DataDir,
    credentials_of,
    fail,
    problems_as_messages,
    progress,
    run,
    settings_of,
    with_backend,
)
from actor_ticketing.credentials import FILE_NAME, read_data_keys
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.vault import Vault

if TYPE_CHECKING:
    from actor_ticketing.catalogue.importer import Outcome
    from actor_ticketing.http.context import Backend

TOKEN_MINUTES_MAX = 10 * 366 * 24 * 60

app = typer.Typer(
    name="actor-ticketing",
    help="A ticket-hold engine. `serve` runs the service; the other commands look after its data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_accounts.app)
app.add_typer(cli_privacy.app)
app.add_typer(cli_report.app)
app.command()(cli_archive.archive)


def main() -> None:
    """Run the command line."""
    # The database holds personal data: nobody else on the machine has business with it.
    os.umask(0o077)
    app()


@app.command()
def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    data_dir: DataDir = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load the demonstration catalogue if there is none.")] = False,  # noqa: FBT002
) -> None:
    """Run the service until SIGTERM or Ctrl-C. Prints one line when it is ready."""
    from actor_ticketing.server import fittings_of
    from actor_ticketing.server import serve as serve_forever

    with problems_as_messages():
        settings = settings_of(config, data_dir, host=host, port=port)
        # Before the secrets are made: a configuration that cannot be used leaves nothing behind.
        fittings = fittings_of(settings)
        credentials = credentials_of(settings)

        def announce(address: str) -> None:
            sys.stdout.write(f"listening on {address}\n")
            sys.stdout.flush()

        run(serve_forever(settings, credentials, fittings, demo=demo, announce=announce))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Catalogue file, .toml or .json.")],
    config: Config = None,
    data_dir: DataDir = None,
    url: Annotated[str | None, typer.Option(help="Import into the running service at this address.")] = None,
    token: Annotated[str | None, typer.Option(help="Admin token for --url.")] = None,
) -> None:
    """Bring events and ticket types in. Importing the same file again changes nothing."""
    from actor_ticketing.catalogue.file import read_catalogue

    with problems_as_messages():
        catalogue = read_catalogue(file)
        if (url is None) != (token is None):
            fail("--url and --token go together")
        with progress("importing", catalogue.size) as step:
            if url is not None and token is not None:
                outcome: Outcome = run(_import_over_http(catalogue, url, token, step))
            else:
                settings = settings_of(config, data_dir)
                outcome = run(with_backend(settings, lambda backend: _import_here(backend, catalogue, step)))
        typer.echo(str(outcome))


async def _import_over_http(catalogue: Any, url: str, token: str, step: Callable[[], None]) -> "Outcome":
    import aiohttp

    from actor_ticketing.catalogue.importer import HttpTarget, import_catalogue

    async with aiohttp.ClientSession() as session:
        return await import_catalogue(catalogue, HttpTarget(session, url, token), step)


async def _import_here(backend: "Backend", catalogue: Any, step: Callable[[], None]) -> "Outcome":
    from actor_ticketing.catalogue.importer import DeskTarget, import_catalogue

    return await import_catalogue(catalogue, DeskTarget(backend.desk, backend.clock), step)


@app.command()
def verify(
    file: Annotated[Path | None, typer.Argument(help="A backup to look at instead of the data directory's.")] = None,
    secrets: Annotated[
        Path | None, typer.Option(help="The secrets file that belongs to a backup, to prove that it opens it.")
    ] = None,
    archive: Annotated[
        list[Path] | None,
        typer.Option(help="A file that the ledger was archived in, or a directory of them; more than once for more."),
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Prove the books: counters, reservations, tickets and ledger agree. Exits 1 when they do not."""
    from actor_ticketing.persistence.ledger_file import archives_in
    from actor_ticketing.persistence.verify import verify as verify_books

    with problems_as_messages():
        if file is None:
            directory = settings_of(config, data_dir).data_dir
            file, secrets = directory / DATABASE, secrets or directory / FILE_NAME
        keys = () if secrets is None else read_data_keys(secrets)
        archives = None
        if archive:
            archives = [each for path in archive for each in (archives_in(path) if path.is_dir() else [path])]
        report = verify_books(file, vault=Vault(keys) if keys else None, archives=archives)
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
    from actor_ticketing.persistence.backup import backup as back_up

    with problems_as_messages():
        settings = settings_of(config, data_dir)
        written = back_up(settings.data_dir / DATABASE, destination)
    typer.echo(f"{destination}: {written} bytes")
    typer.echo(
        f"note: {settings.data_dir / FILE_NAME} is not in it; without its keys, sold tickets fail at the door, "
        "and nobody can read who bought them"
    )


@app.command()
def token(
    user: Annotated[str, typer.Option(help="Who the token is for: its subject.")],
    role: Annotated[str | None, typer.Option(help="`admin` makes an admin.")] = None,
    minutes: Annotated[float, typer.Option(help="How long it is valid.", min=0.01, max=TOKEN_MINUTES_MAX)] = 60.0,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Print a bearer token, and nothing else."""
    from actor_ticketing.server import minter_of

    with problems_as_messages():
        if not 1 <= len(user) <= 200 or not user.isprintable():
            fail("a user is named by 1 to 200 printable characters")
        if role not in {None, "admin"}:
            fail("the only role is admin")
        settings = settings_of(config, data_dir)
        credentials = credentials_of(settings)
    text, _ = minter_of(settings, credentials, minutes=minutes).mint(user, is_admin=role is not None)
    typer.echo(text)


@app.command()
def openapi(config: Config = None, data_dir: DataDir = None) -> None:
    """Print the OpenAPI document of the service, as `/openapi.json` has it."""
    from actor_ticketing.http.application import all_routes
    from actor_ticketing.http.handlers.documents import names_of, openapi_text

    with problems_as_messages():
        settings = settings_of(config, data_dir)
    typer.echo(openapi_text(names_of(all_routes(has_accounts=settings.accounts.enabled))), nl=False)
