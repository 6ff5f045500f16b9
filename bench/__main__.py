"""The command line of the benchmarks: ``python -m bench``."""

import argparse
import sys

from rich.console import Console

from bench import load, report, scenarios
from bench.errors import BenchError
from bench.plan import Plan

_EPILOG = """\
The result that counts is the ratio: both servers run on one core of the same machine, taking turns, each with the other
core to itself for the generator of load. Absolute figures say more about the machine than about the software.
Everything is also written to a JSON file in bench/results. See bench/README.md.
"""


def main() -> int:
    """Run a scenario; return the exit status."""
    plan = _plan_of(sys.argv[1:])
    console = Console(highlight=False)
    try:
        with report.Progress(console) as progress:
            result = scenarios.SCENARIOS[plan.scenario](plan, progress)
    except BenchError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"failed: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    report.show(result, console)
    console.print(f"written to {report.write(result)}", markup=False)
    return 0


def _plan_of(arguments: list[str]) -> Plan:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the service against other servers, in one run, as a ratio.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "scenario", nargs="?", default="hot", choices=sorted(scenarios.SCENARIOS), help="what to measure (default: hot)"
    )
    parser.add_argument("--rounds", type=_positive, default=5, help="rounds, each with a run of every server (5)")
    parser.add_argument("--seconds", type=_positive, default=5, help="length of a run (5)")
    parser.add_argument("--warm-up", type=_positive, default=2, help="length of each server's warm-up run (2)")
    parser.add_argument("--connections", type=_positive, default=64, help="keep-alive connections at a time (64)")
    parser.add_argument(
        "--generator",
        choices=["auto", *load.GENERATORS],
        default="auto",
        help="what makes the load; auto takes wrk where it is installed",
    )
    parser.add_argument("--no-uvloop", dest="uvloop", action="store_false", help="run both servers without uvloop")
    parser.add_argument("--directory", help="where the databases go for the time of the run; it should be on a disk")
    return Plan(**vars(parser.parse_args(arguments)))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("should be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
