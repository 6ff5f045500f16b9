"""What people see and what is kept: the terminal and the JSON file."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from bench.scenarios import Result, Run, ratios

RESULTS = Path(__file__).parent / "results"
SCHEMA = 1


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
        """All of it will take that long."""
        self._bar.update(self._task, total=seconds)

    def at(self, what: str, seconds: float) -> None:
        """This is going on, after that many seconds of load."""
        self._bar.update(self._task, description=what, completed=seconds)
        if what != self._shown and not self._console.is_terminal:
            self._console.print(what, markup=False)
        self._shown = what


def show(result: Result, console: Console) -> None:
    """Print the ratios first, then the rest."""
    console.print(f"\n[bold]{result.title}[/bold]")
    loop = "uvloop" if result.plan.uvloop else "asyncio's own loop"
    console.print(
        f"{result.plan.connections} connections, answers of {result.answer_bytes} bytes, {loop}; "
        f"load by {result.generator}"
    )
    console.print(_ratio_table(result))
    console.print(_absolute_table(result))
    for check in result.checks:
        console.print(f"[green]correct[/green]  {check}")
    for complaint in result.complaints:
        console.print(f"[yellow]noisy[/yellow]    {complaint}")
    if not result.complaints:
        console.print("[green]quiet[/green]    nothing else used the machine")


def write(result: Result) -> Path:
    """Write the JSON file and return where, relative to the working directory if it is below that."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{result.started_at:%Y%m%dT%H%M%SZ}-{result.scenario}.json"
    path.write_text(json.dumps(document(result), indent=2) + "\n", encoding="utf-8")
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def document(result: Result) -> dict[str, Any]:
    """Everything, as JSON has it."""
    plan = asdict(result.plan)
    # Where somebody keeps temporary files is nobody's business.
    del plan["directory"]
    return {
        "schema": SCHEMA,
        "scenario": result.scenario,
        "startedAt": result.started_at.isoformat(timespec="seconds"),
        "baseline": result.baseline,
        "ratios": {
            name: {
                "throughput": _summary(ratios(result.rounds, name, result.baseline)),
                "cpuPerRequest": _summary(_cpu_ratios(result, name)),
            }
            for name in _others(result)
        },
        "plan": plan,
        "generator": result.generator,
        "answerBytes": result.answer_bytes,
        "machine": result.machine,
        "memoryMb": result.memory_mb,
        "checks": result.checks,
        "noisy": bool(result.complaints),
        "complaints": result.complaints,
        "rounds": [{name: _run(run) for name, run in each.items()} for each in result.rounds],
    }


def _run(run: Run) -> dict[str, Any]:
    return {"requestsPerSecond": round(run.load.rate, 1), "cpuUs": _rounded(run.cpu_us), **asdict(run.load)}


def _ratio_table(result: Result) -> Table:
    table = Table(
        title=f"Share of {result.baseline}, median of {len(result.rounds)} rounds (least to most)", title_justify="left"
    )
    table.add_column("")
    table.add_column("requests/s", justify="right")
    table.add_column("cpu time/request", justify="right")
    for name in _others(result):
        throughput = _summary(ratios(result.rounds, name, result.baseline))
        table.add_row(name, _range(throughput, bold=True), _range(_summary(_cpu_ratios(result, name))))
    return table


def _absolute_table(result: Result) -> Table:
    table = Table(title="Absolute figures, medians: of this machine now, they mean little", title_justify="left")
    table.add_column("", no_wrap=True)
    for heading in ("req/s", "p50", "p99", "busy", "cpu/req", "memory"):
        table.add_column(heading, justify="right")
    for name in result.rounds[0]:
        runs = [each[name] for each in result.rounds]
        costs = [run.cpu_us for run in runs if run.cpu_us is not None]
        shares = [run.cpu_seconds / run.load.seconds for run in runs if run.cpu_seconds is not None]
        memory = result.memory_mb[name]
        table.add_row(
            name,
            f"{statistics.median(run.load.rate for run in runs):,.0f}",
            f"{statistics.median(run.load.p50_ms for run in runs):.1f} ms",
            f"{statistics.median(run.load.p99_ms for run in runs):.1f} ms",
            f"{statistics.median(shares):.0%}" if shares else "-",
            f"{statistics.median(costs):.0f} µs" if costs else "-",
            "-" if memory is None else f"{memory:.0f} MB",
            style="dim",
        )
    return table


def _others(result: Result) -> list[str]:
    return [name for name in result.rounds[0] if name != result.baseline]


def _cpu_ratios(result: Result, name: str) -> list[float]:
    pairs = [(each[name].cpu_us, each[result.baseline].cpu_us) for each in result.rounds]
    return [ours / theirs for ours, theirs in pairs if ours is not None and theirs]


def _summary(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
    }


def _range(summary: dict[str, float] | None, *, bold: bool = False) -> str:
    if summary is None:
        return "-"
    median = f"{summary['median']:.2f}"
    return f"{f'[bold]{median}[/bold]' if bold else median}  ({summary['min']:.2f} to {summary['max']:.2f})"


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
