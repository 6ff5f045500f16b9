"""A PostgreSQL for the time of a run, as durable as Debian ships it: with fsync and synchronous commits."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.contenders import Place, complete, started, tail
from bench.errors import BenchError, Unavailable

DATABASE = USER = "postgres"

_START_SECONDS = 30.0
_STOP_SECONDS = 20.0
_SOCKET_PATH_MAX = 100
_DEBIAN = Path("/usr/lib/postgresql")
# Debian's defaults, except for room: a machine for a shop would be given it, and no checkpoint falls into a run.
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running PostgreSQL.

    :ivar socket: the directory of its socket; it listens nowhere else.
    :ivar pid: its first process, the parent of all others.
    """

    socket: Path
    pid: int

    @property
    def dsn(self) -> str:
        """How to connect to it."""
        return f"postgresql://{USER}@/{DATABASE}?host={self.socket}"


@contextmanager
def cluster(place: Place) -> Iterator[Cluster]:
    """Make a cluster and start it on the servers' core; at the end it is gone.

    :raises Unavailable: when PostgreSQL is not there, or cannot run as it has to.
    """
    binaries, user = _binaries(), _user()
    home = place.make("postgres")
    if len(str(home)) > _SOCKET_PATH_MAX:
        raise Unavailable("the path of --directory is too long for the socket of PostgreSQL")
    data = home / "data"
    if user is not None:
        shutil.chown(home, user, user)
    environment = {**place.environment(), "LC_ALL": "C.UTF-8"}
    initdb = ["--auth=trust", "--no-locale", "--encoding=UTF8", f"--username={USER}", "--pgdata", str(data)]
    try:
        complete([str(binaries / "initdb"), *initdb], home, environment, user=user)
    except BenchError as error:
        if user is not None and "Permission denied" in str(error):
            raise Unavailable(f"the user {user}, who runs PostgreSQL, cannot reach --directory") from error
        raise
    settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = [str(binaries / "postgres"), "-D", str(data), "-k", str(home), *settings]
    with started(command, home, environment, place, user=user) as process:
        try:
            _wait_until_ready(process, binaries, home)
            yield Cluster(home, process.pid)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop it with all of its children, which would outlive the first process if that were killed."""
    machine.signal_tree(process.pid, signal.SIGCONT)
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
        return
    machine.signal_tree(process.pid, signal.SIGKILL)


def _wait_until_ready(process: subprocess.Popen[bytes], binaries: Path, home: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    question = [str(binaries / "pg_isready"), "--quiet", "--host", str(home)]
    while subprocess.run(question, check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchError(f"PostgreSQL did not start\n{tail(home)}")
        time.sleep(0.1)


def _binaries() -> Path:
    """Where ``initdb`` and ``postgres`` are: Debian keeps them off the path, by version."""
    versions = [each for each in _DEBIAN.glob("*/bin") if (each / "initdb").exists() and (each / "postgres").exists()]
    if versions:
        return max(versions, key=lambda each: float(each.parent.name))
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    raise Unavailable("PostgreSQL is not installed (Debian: apt-get install postgresql)")


def _user() -> str | None:
    """Who it runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    raise Unavailable("PostgreSQL does not run as root, and there is no user postgres to run it")
