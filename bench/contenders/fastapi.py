"""FastAPI with a database: what would be built otherwise."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.contenders import Place, Server, launch
from bench.contenders.postgres import cluster
from bench.errors import Unavailable

POSTGRES = "FastAPI + PostgreSQL"
SQLITE = "FastAPI + aiosqlite"
# The best of 1 to 32 for one type and for a thousand: on one core, more connections only wait more.
POOL_SIZE = 4

_ROOT = Path(__file__).parents[2]
_COMMON = ("fastapi", "uvicorn", "httptools")


@contextmanager
def fastapi_postgres(place: Place, catalogue: Path, *, pool_size: int = POOL_SIZE) -> Iterator[Server]:
    """``bench.servers.fastapi_postgres`` with a cluster of its own.

    :raises Unavailable: when it cannot run here.
    """
    _require(*_COMMON, "asyncpg")
    with cluster(place) as database:
        directory = place.make("fastapi-postgres")
        arguments = [database.dsn, str(catalogue), str(pool_size)]
        with _program(POSTGRES, "fastapi_postgres", arguments, directory, place, database.pid) as server:
            yield server


@contextmanager
def fastapi_sqlite(place: Place, catalogue: Path) -> Iterator[Server]:
    """``bench.servers.fastapi_sqlite``: one connection, and a lock around every transaction.

    :raises Unavailable: when it cannot run here.
    """
    _require(*_COMMON, "aiosqlite")
    directory = place.make("fastapi-sqlite")
    arguments = [str(directory / "tickets.db"), str(catalogue)]
    with _program(SQLITE, "fastapi_sqlite", arguments, directory, place) as server:
        yield server


@contextmanager
def _program(
    name: str, module: str, arguments: list[str], directory: Path, place: Place, *helpers: int
) -> Iterator[Server]:
    environment = place.environment()
    paths = [str(_ROOT), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = ":".join(path for path in paths if path)
    command = [sys.executable, "-m", f"bench.servers.{module}", *arguments]
    with launch(name, command, directory, environment, place, helpers=helpers) as server:
        yield server


def _require(*packages: str) -> None:
    if missing := [each for each in packages if importlib.util.find_spec(each) is None]:
        raise Unavailable(f"not installed: {', '.join(missing)} (pip install 'actor-ticketing[bench]')")
