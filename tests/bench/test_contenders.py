import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import machine
from bench.asking import ask
from bench.contenders import Place, Server, launch
from bench.contenders.bare import bare_aiohttp
from bench.errors import BenchError, Unavailable
from bench.plan import Plan
from bench.stage import LOAD_SECONDS_MAX, Stage


class Nobody:
    """Whom nobody tells anything."""

    def expect(self, seconds: float) -> None: ...

    def at(self, what: str, seconds: float) -> None: ...


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, core=None, uvloop=True)


@pytest.fixture
def stage(place: Place) -> Stage:
    return Stage(
        plan=Plan(),
        watcher=Nobody(),
        place=place,
        cores=machine.Cores(None, None),
        disk=machine.Disk("tmpfs", 0.001),
        noise=machine.Noise(load_before=0.0),
        started_at=datetime.now(UTC),
    )


def start(place: Place, code: str) -> ExitStack:
    stack = ExitStack()
    directory = place.make("server")
    stack.enter_context(launch("it", [sys.executable, "-c", code], directory, place.environment(), place))
    return stack


def test_the_yardstick_sends_what_it_was_given(place: Place) -> None:
    answers = {("POST", "/a"): (409, b'{"no": 1}'), ("GET", "/b"): (200, b"{}")}
    with bare_aiohttp(place, answers) as server:
        assert ask(server.address + "/a", "{}") == (409, b'{"no": 1}')
        assert ask(server.address + "/b") == (200, b"{}")


def test_a_paused_server_stops_when_its_time_has_come(place: Place) -> None:
    with bare_aiohttp(place, {("GET", "/"): (200, b"{}")}) as server:
        server.pause()
    assert machine.cpu_seconds(server.pids[0]) is None


def test_a_server_that_does_not_start_is_quoted(place: Place) -> None:
    with pytest.raises(BenchError, match=r"it ended with status 3\s+no disk"), start(place, _DYING):
        pass


def test_a_server_that_ends_in_failure_fails_the_run(place: Place) -> None:
    with pytest.raises(BenchError, match="it ended with status 7"), start(place, _FAILING):
        pass


def test_settings_of_the_environment_do_not_reach_a_contender(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTOR_TICKETING_STORAGE__SYNCHRONOUS", "NORMAL")
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("LANG", "C.UTF-8")
    environment = place.environment()
    assert not [name for name in environment if name.startswith(("ACTOR_TICKETING_", "PG"))]
    assert environment["LANG"] == "C.UTF-8"


def test_a_contender_that_cannot_run_is_left_out_with_a_sentence(stage: Stage) -> None:
    @contextmanager
    def absent() -> Iterator[Server]:
        raise Unavailable("PostgreSQL is not installed")
        yield

    with ExitStack() as stack:
        assert stage.enter(stack, "FastAPI + PostgreSQL", absent()) is None
    assert stage.skipped == ["FastAPI + PostgreSQL: PostgreSQL is not installed"]


def test_a_load_longer_than_a_hold_is_refused(stage: Stage) -> None:
    stage.expect(LOAD_SECONDS_MAX)
    with pytest.raises(BenchError, match="fewer --rounds"):
        stage.expect(LOAD_SECONDS_MAX + 1)


def test_a_result_complains_about_what_flatters_it(stage: Stage) -> None:
    result = stage.result("x", "x", conditions=[], ratios=[], measured=[], checks=[], raw={}, complaints=["mine"])
    assert result.complaints == [
        "this system cannot pin a process to a core",
        "the database was on tmpfs, in memory, where a commit costs nothing (--directory)",
        "mine",
    ]


_DYING = "import sys; sys.stderr.write('no disk'); sys.exit(3)"
_FAILING = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("listening on http://127.0.0.1:1", flush=True)
signal.pause()
"""
