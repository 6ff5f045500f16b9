"""The servers that are measured: how each is started in a process of its own, and stopped.

A contender is a context manager around a :class:`Server`. To add one, write it on :func:`launch`.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import machine
from bench.errors import BenchError

SERVERS = Path(__file__).parents[1] / "servers"

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_READY = "listening on "
# uvicorn ends by the signal that it was sent, once it has shut down.
_STOPPED = (0, -signal.SIGTERM)


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
        foreign = ("ACTOR_TICKETING_", "PYTHON", "PG")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        if not self.uvloop:
            # Servers take uvloop where it can be imported, so here it cannot.
            hidden = self.directory / "without_uvloop"
            hidden.mkdir(exist_ok=True)
            (hidden / "uvloop.py").write_text("raise ImportError('hidden for this run')\n", encoding="utf-8")
            kept["PYTHONPATH"] = str(hidden)
        return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that is running.

    :ivar address: where it listens, without a slash at its end.
    :ivar pids: its process, and those of what works for it, such as a database; children count with their parents.
    :ivar data: what its files are in.
    """

    name: str
    address: str
    pids: Sequence[int]
    data: Path = field(repr=False)

    def cpu_seconds(self) -> float | None:
        """The processor time it has used so far, all its processes together."""
        used = [machine.cpu_seconds(pid) for pid in self.pids]
        known = [each for each in used if each is not None]
        return sum(known) if len(known) == len(used) else None

    def memory_mb(self) -> float | None:
        """The memory it holds, all its processes together."""
        held = [machine.memory_mb(pid) for pid in self.pids]
        known = [each for each in held if each is not None]
        return sum(known) if len(known) == len(held) else None

    def pause(self) -> None:
        """Let it do nothing, so that what it has left to tidy up does not weigh on whoever is measured next."""
        for pid in self.pids:
            machine.signal_tree(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        for pid in self.pids:
            machine.signal_tree(pid, signal.SIGCONT)


@contextmanager
def launch(
    name: str,
    command: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    place: Place,
    *,
    helpers: Sequence[int] = (),
) -> Iterator[Server]:
    """Start a server on the servers' core, wait until it says where it listens, and stop it at the end.

    :param helpers: processes that are started already and work for it.
    :raises BenchError: when it does not start, or does not stop when it is asked to.
    """
    with started(command, directory, environment, place) as process:
        address = _wait_for_address(name, process, directory)
        try:
            yield Server(name=name, address=address, pids=(process.pid, *helpers), data=directory)
        except BenchError as error:
            if process.poll() is not None:
                raise BenchError(f"{error}\n{_ended(name, process, directory)}") from error
            raise
        for pid in (process.pid, *helpers):
            machine.signal_tree(pid, signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        if process.poll() not in _STOPPED:
            raise BenchError(_ended(name, process, directory))


@contextmanager
def started(
    command: Sequence[str], directory: Path, environment: Mapping[str, str], place: Place, *, user: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process on the servers' core; at the end it is gone, whatever has happened.

    Its output goes to the files ``stdout`` and ``stderr`` of the directory.

    :param user: who it runs as, when it is not to be who runs this.
    """
    with (
        (directory / "stdout").open("wb") as stdout,
        (directory / "stderr").open("wb") as stderr,
        machine.pinned(place.core),
    ):
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdout=stdout, stderr=stderr, **_account(user)
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def complete(
    command: Sequence[str], directory: Path, environment: Mapping[str, str], *, user: str | None = None
) -> None:
    """Run a command to its end.

    :raises BenchError: when it fails.
    """
    done = subprocess.run(
        command,
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **_account(user),
    )
    if done.returncode:
        raise BenchError(f"{' '.join(command[:4])} ended with status {done.returncode}\n{done.stderr[-2000:]}")


def tail(directory: Path) -> str:
    """The last of what a process complained about."""
    return (directory / "stderr").read_text(encoding="utf-8", errors="replace")[-2000:]


def _account(user: str | None) -> dict[str, Any]:
    return {} if user is None else {"user": user, "group": user, "extra_groups": ()}


def _wait_for_address(name: str, process: subprocess.Popen[bytes], directory: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        for line in (directory / "stdout").read_text(encoding="utf-8").splitlines(keepends=True):
            if line.startswith(_READY) and line.endswith("\n"):
                return line.removeprefix(_READY).strip()
        if process.poll() is not None:
            raise BenchError(_ended(name, process, directory))
        time.sleep(0.05)
    raise BenchError(f"{name} did not say where it listens within {_START_SECONDS:.0f} s\n{tail(directory)}")


def _ended(name: str, process: subprocess.Popen[bytes], directory: Path) -> str:
    status = process.poll()
    how = f"did not stop within {_STOP_SECONDS:.0f} s" if status is None else f"ended with status {status}"
    return f"{name} {how}\n{tail(directory)}"
