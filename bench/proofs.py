"""Proofs that go further than a counter: what the service says of its expiries, and `verify` over its database."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.asking import ask
from bench.contenders import Server
from bench.contenders.ours import ADMIN_TOKEN
from bench.errors import BenchError

_WAIT_SECONDS = 60.0
_LOOK_SECONDS = 0.1


def expiry(server: Server) -> dict[str, Any]:
    """What the service says of its expiries: ``counts`` by status, ``overdue``, ``expiryLagMs``."""
    url = f"{server.address}/api/admin/reservations/cleanup"
    status, answer = ask(url, token=ADMIN_TOKEN)
    if status != 200:
        raise BenchError(f"{url} answered {status}: {answer[:300].decode(errors='replace')}")
    found: dict[str, Any] = json.loads(answer)["data"]
    return found


def require_equal(what: str, found: int, wanted: int) -> None:
    """Compare one figure of the books with what was acknowledged.

    :raises BenchError: when they differ.
    """
    if found != wanted:
        raise BenchError(f"the books are wrong: {what} should be {wanted:,}, and is {found:,}")


def verify(data: Path) -> str:
    """Prove the books of a data directory whose service has stopped; return the sentence for the report.

    :raises BenchError: when they are not in order.
    """
    command = [sys.executable, "-m", "actor_ticketing", "verify", "--data-dir", str(data)]
    done = subprocess.run(command, cwd=data, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"`verify` says that the books are not in order\n{(done.stdout + done.stderr)[-2000:]}")
    return "`actor-ticketing verify` found the books in order"


def wait_until(what: str, holds: Callable[[], bool]) -> None:
    """Look again and again until something holds.

    :raises BenchError: when it does not within a minute.
    """
    deadline = time.monotonic() + _WAIT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise BenchError(f"it was not so within {_WAIT_SECONDS:.0f} s that {what}")
        time.sleep(_LOOK_SECONDS)
