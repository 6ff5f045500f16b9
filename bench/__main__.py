"""The command line of the benchmarks: ``python -m bench``."""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import report
from bench.errors import BenchError, Unavailable
from bench.plan import Plan
from bench.results import Result
from bench.scenarios import SCENARIOS

_EPILOG = """\
The results that count are ratios: the servers run on one core of the same machine, taking turns, and the load comes
from the other core. Absolute figures say more about the machine than about the software. Everything is also written to
a JSON file in bench/results. See bench/README.md.
"""
_DEFAULTS = Plan()
# Where the output goes to a file, which has none.
_WIDTH = 120


@dataclass(frozen=True, slots=True)
class _Command:
    plan: Plan
    scenarios: Sequence[str]
    plot: Path | None
    source: Path | None


def main() -> int:
    """Run what is asked for; return the exit status: 1 when something failed, 0 also when a target is missed."""
    # Whoever ends it by a signal wants the servers gone as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    command = _command(sys.argv[1:])
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    try:
        if command.source is not None:
            results, failures = report.read(command.source), 0
            report.summary(results, console)
        else:
            results, failures = _run(command, console)
        if command.plot is not None:
            _draw(results, command.plot, console)
    except BenchError as error:
        _complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 1 if failures else 0


def _run(command: _Command, console: Console) -> tuple[list[Result], int]:
    """Run the scenarios one after the other. One that fails does not keep the others from running."""
    started_at = datetime.now(UTC)
    results: list[Result] = []
    failures = 0
    for name in command.scenarios:
        try:
            with report.Progress(console) as progress:
                result = SCENARIOS[name](command.plan, progress)
        except Unavailable as missing:
            console.print(f"\n[bold]{name}[/bold]: [yellow]skipped[/yellow]  {missing}")
        except BenchError as error:
            failures += 1
            _complain(f"{name}: {error}")
        else:
            report.show(result, console)
            results.append(result)
    if results:
        if len(command.scenarios) > 1:
            report.summary(results, console)
        console.print(f"written to {report.write(results, command.plan, started_at)}", markup=False)
    return results, failures


def _draw(results: Sequence[Result], path: Path, console: Console) -> None:
    from bench import plot  # noqa: PLC0415 - it needs matplotlib, which no scenario does.

    plot.draw(results, path)
    console.print(f"drawn to {path}", markup=False)


def _complain(sentence: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"failed: {sentence}", style="red", markup=False)


def _command(arguments: Sequence[str]) -> _Command:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the service against other servers, side by side in one run.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "scenarios",
        nargs="*",
        metavar="SCENARIO",
        help=f"what to measure, all when none is named: {', '.join(SCENARIOS)}",
    )
    parser.add_argument(
        "--rounds", type=_positive, default=_DEFAULTS.rounds, help="rounds, each with every contender (3)"
    )
    parser.add_argument("--seconds", type=_positive, default=_DEFAULTS.seconds, help="length of a run (5)")
    parser.add_argument("--warm-up", type=_positive, default=_DEFAULTS.warm_up, help="length of a first run (2)")
    parser.add_argument("--connections", type=_positive, default=_DEFAULTS.connections, help="of the closed loop (64)")
    parser.add_argument("--no-uvloop", dest="uvloop", action="store_false", help="run all servers without uvloop")
    parser.add_argument("--directory", help="where the databases go for the time of the run; it should be on a disk")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the results")
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="RESULT.json", help="of an earlier run, run nothing"
    )
    options = vars(parser.parse_args(arguments))
    scenarios, plot, source = (options.pop(name) for name in ("scenarios", "plot", "source"))
    if unknown := [name for name in scenarios if name not in SCENARIOS]:
        parser.error(f"there is no scenario {unknown[0]}; there are {', '.join(SCENARIOS)}")
    return _Command(Plan(**options), scenarios or list(SCENARIOS), plot, source)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("should be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
