"""``actor-ticketing report``: how sales went, as a page to look at, print, or mail."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actor_ticketing.clock import SystemClock
from actor_ticketing.console import Config, DataDir, fail, problems_as_messages, settings_of
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.reporting.asking import BUCKET_MAX_SECONDS, BUCKET_MIN_SECONDS, Asked, instant_of, zone_of

if TYPE_CHECKING:
    from actor_ticketing.reporting.reading import Sales

app = typer.Typer()

_TIME = "a day (2027-03-20) or a time (2027-03-20T19:00)"


@app.command()
def report(  # noqa: PLR0913, PLR0917 - its options.
    html: Annotated[Path, typer.Option(help="The page to write.")],
    from_: Annotated[
        str | None, typer.Option("--from", help=f"Since when: {_TIME}. Without it, since the first reservation.")
    ] = None,
    to: Annotated[str | None, typer.Option(help=f"Until when, exclusive: {_TIME}. Without it, until now.")] = None,
    event: Annotated[str | None, typer.Option(help="Only the event with this id.")] = None,
    bucket: Annotated[
        int | None,
        typer.Option(
            help="Length of a point in seconds. Without it, what can be looked at.",
            min=BUCKET_MIN_SECONDS,
            max=BUCKET_MAX_SECONDS,
        ),
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Of the days and times above and of those on the page, such as Europe/Berlin.")
    ] = "UTC",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the page if it is there.")] = False,  # noqa: FBT002
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Write how sales went as one HTML page, without personal data. Works beside a running server."""
    from actor_ticketing.reporting.page import render
    from actor_ticketing.reporting.publishing import publish, require_free

    with problems_as_messages():
        zone = zone_of(timezone)
        asked = Asked(
            zone=zone,
            start=None if from_ is None else instant_of(from_, "from", zone),
            end=None if to is None else instant_of(to, "to", zone),
            bucket_ms=None if bucket is None else bucket * 1_000,
            event_id=event,
        )
        require_free(html, overwrite=overwrite)
        database = settings_of(config, data_dir).data_dir / DATABASE
        if not database.is_file():
            fail(f"there is no database at {database}")
        now = SystemClock().now()
        sales = _read(database, asked, now)
        publish(render(sales, zone, now), html, overwrite=overwrite)
    typer.echo(str(html))


def _read(database: Path, asked: Asked, now: int) -> "Sales":
    from rich.console import Console
    from rich.progress import Progress

    from actor_ticketing.reporting.reading import read

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("counting", total=None)
        return read(database, asked, now, lambda done, of: shown.update(task, completed=done, total=of))
