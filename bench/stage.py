"""Where a scenario plays: the cores, the directory, the noise, and how all of that goes into its result."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine
from bench.contenders import Place, Server
from bench.errors import BenchError, Unavailable
from bench.plan import Plan, Watcher
from bench.results import Measured, Ratio, Result

QUIET_WAIT_SECONDS = 60.0
# A hold lasts ten minutes; one that expires during a run would take the counters down and add work to some rounds only.
LOAD_SECONDS_MAX = 540.0
GENERATOR_SHARE_MAX = 0.9


@dataclass(slots=True, kw_only=True)
class Stage:
    """What a scenario has at hand while it runs.

    :ivar skipped: sentences on what is left out; a scenario adds to it.
    """

    plan: Plan
    watcher: Watcher
    place: Place
    cores: machine.Cores
    disk: machine.Disk
    noise: machine.Noise
    started_at: datetime
    skipped: list[str] = field(default_factory=list)

    def expect(self, seconds: float, *, times: int = 1) -> None:
        """Say how long the load on any server will last.

        :param times: how many loads there will be, one after the other, each on servers that are started for it.
        :raises BenchError: when that is longer than a hold.
        """
        if seconds > LOAD_SECONDS_MAX:
            raise BenchError(
                f"this plan has {seconds:.0f} s of load and holds begin to expire after ten minutes; at most "
                f"{LOAD_SECONDS_MAX:.0f} s, so take fewer --rounds or --seconds"
            )
        self.watcher.expect(seconds * times)

    def enter(self, stack: ExitStack, what: str, contender: AbstractContextManager[Server]) -> Server | None:
        """Start a contender that may be left out: when something that it needs is missing, that is said instead."""
        try:
            return stack.enter_context(contender)
        except Unavailable as missing:
            self.skipped.append(f"{what}: {missing}")
            return None

    def result(
        self,
        scenario: str,
        title: str,
        *,
        conditions: Sequence[str],
        ratios: Sequence[Ratio],
        measured: Sequence[Measured],
        checks: Sequence[str],
        raw: Mapping[str, Any],
        complaints: Sequence[str] = (),
    ) -> Result:
        """Put the result together, with what the stage knows itself."""
        return Result(
            scenario=scenario,
            title=title,
            started_at=self.started_at,
            conditions=[*conditions, *self._conditions()],
            ratios=ratios,
            measured=measured,
            checks=checks,
            complaints=[*self.noise.complaints(), *self._shortcomings(), *complaints],
            machine={
                **machine.description(),
                "filesystem": self.disk.filesystem,
                "fsyncMs": self.disk.fsync_ms,
                "noise": self.noise.document(),
            },
            raw=raw,
            skipped=list(self.skipped),
        )

    def _conditions(self) -> Iterator[str]:
        yield "servers on uvloop" if self.plan.uvloop else "servers on asyncio's own loop"
        yield f"one fsync of a page takes {self.disk.fsync_ms:.2f} ms ({self.disk.filesystem or 'unknown filesystem'})"

    def _shortcomings(self) -> Iterator[str]:
        if self.cores.server is None:
            yield "this system cannot pin a process to a core"
        elif not self.cores.apart:
            yield "there is one core for servers and generator"
        if self.disk.in_memory:
            yield f"the database was on {self.disk.filesystem}, in memory, where a commit costs nothing (--directory)"


@contextmanager
def set_up(plan: Plan, watcher: Watcher) -> Iterator[Stage]:
    """Wait for a quiet machine and make the directory, which goes at the end with all that is in it."""
    started_at = datetime.now(UTC)
    machine.wait_until_quiet(QUIET_WAIT_SECONDS, lambda what: watcher.at(what, 0))
    watcher.at("starting the servers", 0)
    cores = machine.cores()
    parent = plan.directory or machine.scratch_parent()
    try:
        temporary = tempfile.TemporaryDirectory(prefix="bench-", dir=parent)
    except OSError as error:
        raise BenchError(f"no directory can be made in {parent}: {error.strerror}") from error
    with temporary as name:
        directory = Path(name)
        # A database server that runs as a user of its own must get through to its part.
        directory.chmod(0o711)
        yield Stage(
            plan=plan,
            watcher=watcher,
            place=Place(directory, cores.server, plan.uvloop),
            cores=cores,
            disk=machine.disk(directory),
            noise=machine.Noise.begin(),
            started_at=started_at,
        )
