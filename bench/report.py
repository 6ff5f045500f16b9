"""What people see and what is kept: the terminal and the JSON file."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from bench.errors import BenchError
from bench.plan import Plan
from bench.results import Measured, Ratio, Result

RESULTS = Path(__file__).parent / "results"
SCHEMA = 2


class Progress:
    """A bar for whoever watches; one line for each stage where the output is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("", total=None)
        self._shown = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def expect(self, seconds: float) -> None:
        """The scenario at hand will take that long under load."""
        self._bar.update(self._task, total=seconds)

    def at(self, what: str, seconds: float) -> None:
        """This is going on, after that many seconds of load."""
        self._bar.update(self._task, description=what, completed=seconds)
        if what != self._shown and not self._console.is_terminal:
            self._console.print(what, markup=False, style="dim")
        self._shown = what


def show(result: Result, console: Console) -> None:
    """Print the ratios first, then the rest."""
    console.print(f"\n[bold]{result.scenario}[/bold]: {result.title}")
    console.print("; ".join(result.conditions), markup=False)
    console.print(_ratio_table(result.ratios))
    console.print(_absolute_table(result.measured))
    for check in result.checks:
        console.print(f"[green]correct[/green]  {check}")
    for what in result.skipped:
        console.print(f"[yellow]skipped[/yellow]  {what}")
    for complaint in result.complaints:
        console.print(f"[yellow]noisy[/yellow]    {complaint}")
    if not result.complaints:
        console.print("[green]quiet[/green]    nothing else used the machine")


def summary(results: Sequence[Result], console: Console) -> None:
    """Print what was promised and what came of it."""
    table = Table(title="Targets", title_justify="left")
    for heading, justify in (("", "left"), ("median", "right"), ("target", "right"), ("", "left")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type] # one of its literals.
    for result in results:
        for ratio in result.ratios:
            if ratio.target is not None:
                table.add_row(f"{result.scenario}: {ratio.name}", _number(ratio.median, ratio), *_target(ratio))
    if table.row_count:
        console.print()
        console.print(table)


def write(results: Sequence[Result], plan: Plan, started_at: datetime) -> Path:
    """Write the JSON file of a run and return where, relative to the working directory if it is below that."""
    RESULTS.mkdir(exist_ok=True)
    names = results[0].scenario if len(results) == 1 else "all"
    path = RESULTS / f"{started_at:%Y%m%dT%H%M%SZ}-{names}.json"
    path.write_text(json.dumps(document(results, plan, started_at), indent=2) + "\n", encoding="utf-8")
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def document(results: Sequence[Result], plan: Plan, started_at: datetime) -> dict[str, Any]:
    """Everything, as JSON has it."""
    # Where somebody keeps temporary files is nobody's business.
    options = {name: value for name, value in asdict(plan).items() if name != "directory"}
    return {
        "schema": SCHEMA,
        "startedAt": started_at.isoformat(timespec="seconds"),
        "plan": options,
        "results": [_document(each) for each in results],
    }


def read(path: Path) -> list[Result]:
    """Read the results back from the JSON file of a run.

    :raises BenchError: when it is none, or of another version of the benchmarks.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        if whole["schema"] != SCHEMA:
            raise BenchError(f"{path} was written by another version of the benchmarks")
        return [_result(each) for each in whole["results"]]
    except OSError as error:
        raise BenchError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{path} is not the JSON file of a run of the benchmarks") from error


def _document(result: Result) -> dict[str, Any]:
    document = asdict(result)
    document["started_at"] = result.started_at.isoformat(timespec="seconds")
    document["noisy"] = bool(result.complaints)
    # For whoever reads the file with other tools; they follow from the values.
    for ratio, written in zip(result.ratios, document["ratios"], strict=True):
        written |= {"median": ratio.median, "least": ratio.least, "most": ratio.most, "met": ratio.met}
    return document


def _result(document: dict[str, Any]) -> Result:
    fields = {name: value for name, value in document.items() if name != "noisy"}
    fields["started_at"] = datetime.fromisoformat(document["started_at"])
    fields["ratios"] = [
        Ratio(**{name: each[name] for name in ("name", "values", "target", "at_most", "unit")})
        for each in document["ratios"]
    ]
    fields["measured"] = [Measured(**each) for each in document["measured"]]
    return Result(**fields)


def _ratio_table(ratios: Sequence[Ratio]) -> Table:
    rounds = max((len(each.values) for each in ratios), default=0)
    table = Table(title=f"Median of {rounds} rounds (least to most)", title_justify="left")
    table.add_column("")
    for heading in ("median", "range", "target"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for each in ratios:
        span = f"{_number(each.least, each)} to {_number(each.most, each)}"
        table.add_row(each.name, f"[bold]{_number(each.median, each)}[/bold]", span, *_target(each))
    return table


def _absolute_table(measured: Sequence[Measured]) -> Table:
    table = Table(title="Absolute figures, medians: of this machine now, they mean little", title_justify="left")
    table.add_column("", no_wrap=True)
    columns = list(dict.fromkeys(name for each in measured for name in each.figures))
    for column in columns:
        table.add_column(column, justify="right")
    for each in measured:
        table.add_row(each.name, *(_plain(each.figures.get(column)) for column in columns), style="dim")
    return table


def _target(ratio: Ratio) -> tuple[str, str]:
    if ratio.target is None:
        return "", ""
    bound = f"{'≤' if ratio.at_most else '≥'} {_number(ratio.target, ratio)}"
    return bound, "[green]met[/green]" if ratio.met else "[red]missed[/red]"


def _number(value: float, ratio: Ratio) -> str:
    return f"{_plain(value)} {ratio.unit}".rstrip()


def _plain(value: float | None) -> str:
    """A figure with three digits that matter."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
