"""The servers that are measured: how each is started in a process of its own, and stopped.

A contender is a function that takes a :class:`Place` and is a context manager around a :class:`Server` that answers
``POST /api/public/reservations``. To add one, write such a function on :func:`launch` and use it in a scenario.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.errors import BenchError

ADMIN_TOKEN = "bench-admin-token"  # noqa: S105 - of a server that lives for a minute on the loopback interface.

_HERE = Path(__file__).parent
_START_SECONDS = 30.0
_STOP_SECONDS = 20.0
_READY = "listening on "


@dataclass(frozen=True, slots=True)
class Place:
    """Where contenders run.

    :ivar directory: for their files; it goes when the run ends.
    :ivar core: the one they are pinned to.
    """

    directory: Path
    core: int | None
    uvloop: bool

    def make(self, name: str) -> Path:
        """A directory of one contender's own."""
        directory = self.directory / name
        directory.mkdir()
        return directory

    def environment(self) -> dict[str, str]:
        """This process's, without settings of the service and of Python that would make it another deployment."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("ACTOR_TICKETING_", "PYTHON"))
        }
        if not self.uvloop:
            # Servers take uvloop where it can be imported, so here it cannot.
            hidden = self.directory / "without_uvloop"
            hidden.mkdir(exist_ok=True)
            (hidden / "uvloop.py").write_text("raise ImportError('hidden for this run')\n", encoding="utf-8")
            kept["PYTHONPATH"] = str(hidden)
        return kept


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is running. ``address`` has no slash at its end."""

    name: str
    address: str
    pid: int


@contextmanager
def actor_ticketing(place: Place, catalogue: Path) -> Iterator[Server]:
    """This project's service as a deployment runs it: its defaults, so every answer is on the disk before it is sent.

    :param catalogue: the file that is imported before it starts.
    """
    directory = place.make("actor-ticketing")
    environment = {**place.environment(), "ACTOR_TICKETING_AUTH__ADMIN_TOKEN": ADMIN_TOKEN}
    command = [sys.executable, "-m", "actor_ticketing"]
    data = ["--data-dir", str(directory / "data")]
    _complete([*command, "import", str(catalogue), *data], directory, environment)
    with launch("actor-ticketing", [*command, "serve", "--port", "0", *data], directory, environment, place) as server:
        yield server


@contextmanager
def bare_aiohttp(place: Place, answer: bytes) -> Iterator[Server]:
    """The handler of ``bare.py``, which sends ``answer`` whatever it is asked."""
    directory = place.make("bare-aiohttp")
    prepared = directory / "answer.json"
    prepared.write_bytes(answer)
    command = [sys.executable, str(_HERE / "bare.py"), str(prepared)]
    with launch("bare aiohttp", command, directory, place.environment(), place) as server:
        yield server


@contextmanager
def launch(
    name: str, command: Sequence[str], directory: Path, environment: Mapping[str, str], place: Place
) -> Iterator[Server]:
    """Start a server on the servers' core, wait until it says where it listens, and stop it at the end.

    :raises BenchError: when it does not start, or does not stop when it is asked to.
    """
    with (
        (directory / "stdout").open("wb") as stdout,
        (directory / "stderr").open("wb") as stderr,
        machine.pinned(place.core),
    ):
        process = subprocess.Popen(command, cwd=directory, env=environment, stdout=stdout, stderr=stderr)
    try:
        address = _wait_for_address(name, process, directory)
        try:
            yield Server(name, address, process.pid)
        except BenchError as error:
            if process.poll() is not None:
                raise BenchError(f"{error}\n{_ended(name, process, directory)}") from error
            raise
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        if process.poll() != 0:
            raise BenchError(_ended(name, process, directory))
    finally:
        process.kill()
        process.wait()


def _wait_for_address(name: str, process: subprocess.Popen[bytes], directory: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        for line in (directory / "stdout").read_text(encoding="utf-8").splitlines(keepends=True):
            if line.startswith(_READY) and line.endswith("\n"):
                return line.removeprefix(_READY).strip()
        if process.poll() is not None:
            raise BenchError(_ended(name, process, directory))
        time.sleep(0.05)
    raise BenchError(f"{name} did not say where it listens within {_START_SECONDS:.0f} s\n{_tail(directory)}")


def _complete(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command[1:4])} ended with status {done.returncode}\n{done.stderr[-2000:]}")


def _ended(name: str, process: subprocess.Popen[bytes], directory: Path) -> str:
    status = process.poll()
    how = f"did not stop within {_STOP_SECONDS:.0f} s" if status is None else f"ended with status {status}"
    return f"{name} {how}\n{_tail(directory)}"


def _tail(directory: Path) -> str:
    return (directory / "stderr").read_text(encoding="utf-8", errors="replace")[-2000:]
