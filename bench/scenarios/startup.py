"""Start-up with a million live holds, against reading the same rows from the same database."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from actor_ticketing.persistence import rows
from actor_ticketing.persistence.connections import DATABASE
from bench import machine, proofs
from bench.asking import ask
from bench.books import of_type
from bench.contenders import SERVERS, Server, started, tail
from bench.contenders.ours import NAME
from bench.episodes import Episodes
from bench.errors import BenchError
from bench.plan import Plan, Watcher
from bench.results import Measured, Ratio, Result
from bench.seeding import Seed, seed, type_id
from bench.stage import Stage, set_up

HOLDS = 1_000_000
TIMES_READING_MAX = 3.0

_READER = SERVERS / "row_reader.py"
_READY_SECONDS_MAX = 120.0
_STOP_SECONDS = 20.0
_LOOK_SECONDS = 0.01
_CHUNK = 1 << 24
_EXPECTED_SECONDS = 12.0


def run(plan: Plan, watcher: Watcher) -> Result:
    """In every round, start the service on the full and on an empty database, and read the full one's rows."""
    with set_up(plan, watcher) as stage:
        episodes = Episodes(stage, plan.rounds * _EXPECTED_SECONDS)
        place = episodes.place()
        full, empty = place.directory / "full", place.directory / "empty"
        episodes.tell(f"making {HOLDS:,} holds")
        seed(full, Seed.lasting(HOLDS))
        seed(empty, Seed())
        rounds: list[Mapping[str, float]] = []
        for number in range(1, plan.rounds + 1):
            episodes.tell(f"round {number} of {plan.rounds}")
            with episodes.measuring():
                rounds.append(
                    {
                        "reading": _read(stage, full),
                        "full": _start(stage, episodes, full, HOLDS),
                        "empty": _start(stage, episodes, empty, 0),
                    }
                )
        return stage.result(
            "startup",
            f"start-up with {HOLDS:,} live holds",
            conditions=[
                (
                    "start-up: from the start of the process to the first 200 of /readyz, which is asked for every "
                    f"{_LOOK_SECONDS * 1000:.0f} ms"
                ),
                (
                    "reading: Python's sqlite3 goes through the same rows, all columns, in a process on the same core "
                    "(row_reader.py), its own start left out; the file is in the page cache for both"
                ),
            ],
            ratios=[
                Ratio(
                    name="start-up ÷ reading the rows",
                    values=[each["full"] / each["reading"] for each in rounds],
                    target=TIMES_READING_MAX,
                    at_most=True,
                ),
                Ratio(name="start-up on an empty database", values=[each["empty"] for each in rounds], unit="s"),
            ],
            measured=[
                Measured(name=title, figures={"seconds": Ratio(name=key, values=[each[key] for each in rounds]).median})
                for title, key in (
                    (f"start-up, {HOLDS:,} live holds", "full"),
                    ("start-up, no holds", "empty"),
                    ("reading the rows", "reading"),
                )
            ],
            checks=[f"the reader found {HOLDS:,} live holds, and after every start the service had them reserved"],
            raw={"rounds": rounds},
        )


def _read(stage: Stage, data: Path) -> float:
    """Seconds that reading the rows takes."""
    path = data / DATABASE
    _warm(path)
    with machine.pinned(stage.cores.server):
        command = [sys.executable, str(_READER), str(path), rows.RESERVATION]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{_READER.name} ended with status {done.returncode}\n{done.stderr[-2000:]}")
    number, seconds = done.stdout.split()
    if int(number) != HOLDS:
        raise BenchError(f"the database should have {HOLDS:,} live holds, and has {number}")
    return float(seconds)


def _start(stage: Stage, episodes: Episodes, data: Path, holds: int) -> float:
    """Seconds from the start of the process until it is ready; so many holds are there then."""
    _warm(data / DATABASE)
    place = episodes.place()
    port = _free_port()
    command = [sys.executable, "-m", "actor_ticketing", "serve", "--port", f"{port}", "--data-dir", str(data)]
    with machine.pinned(stage.cores.generator):
        start = time.perf_counter()
        with started(command, place.directory, place.environment(), place) as process:
            server = Server(name=NAME, address=f"http://127.0.0.1:{port}", pids=[process.pid], data=place.directory)
            seconds = _wait(process, f"{server.address}/readyz", start, place.directory)
            proofs.require_equal("what is reserved after the start", of_type(server, type_id(0))(), holds)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                raise BenchError(f"the service did not stop within {_STOP_SECONDS:.0f} s") from None
            if process.returncode:
                raise BenchError(f"the service ended with status {process.returncode}\n{tail(place.directory)}")
    return seconds


def _wait(process: subprocess.Popen[bytes], url: str, start: float, directory: Path) -> float:
    while (passed := time.perf_counter() - start) < _READY_SECONDS_MAX:
        if process.poll() is not None:
            raise BenchError(f"the service ended with status {process.returncode}\n{tail(directory)}")
        if _is_ready(url):
            return time.perf_counter() - start
        time.sleep(_LOOK_SECONDS)
    raise BenchError(f"the service was not ready after {passed:.0f} s\n{tail(directory)}")


def _is_ready(url: str) -> bool:
    try:
        return ask(url)[0] == 200
    except BenchError:
        return False  # It does not listen yet, or recovery leaves it no time to answer.


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _warm(path: Path) -> None:
    """Have the file in the page cache."""
    with path.open("rb") as file:
        while file.read(_CHUNK):
            pass
