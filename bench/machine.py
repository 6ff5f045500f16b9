"""The machine: its cores, its clocks, its disk, and who else is using it. Where a system does not tell, None."""

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LOAD_MAX = 0.3
_OTHERS_MAX = 0.05
_STEAL_MAX = 0.02
_LOOK_SECONDS = 1.0
_IN_MEMORY = {"tmpfs", "ramfs"}


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core the servers run on and which the generator has. None: they run where the system puts them."""

    server: int | None
    generator: int | None

    @property
    def apart(self) -> bool:
        """Whether the generator stays out of the servers' way."""
        return self.server is not None and self.server != self.generator


def cores() -> Cores:
    """Choose two of the cores this process may use; the first one tends to take the interrupts, so it generates."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(None, None)
    usable = sorted(os.sched_getaffinity(0))
    return Cores(server=usable[-1], generator=usable[0])


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """What is started in here runs on that core, with all of its threads."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float | None:
    """The processor time that a process has used so far: all of its threads, all its children, those that ended too."""
    tree = _tree(pid)
    return sum(each.cpu_seconds for each in tree) if tree else None


def memory_mb(pid: int) -> float | None:
    """The memory that a process and its children hold, in MB; of what several share, each has its part."""
    sizes = [_proportional_kb(each.pid) for each in _tree(pid)]
    return sum(size for size in sizes if size) / 1000 if any(sizes) else None


def signal_tree(pid: int, number: int) -> None:
    """Send a signal to a process and to all of its children, parents first."""
    for each in _tree(pid):
        with suppress(ProcessLookupError):
            os.kill(each.pid, number)


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    cpu_seconds: float


def _tree(root: int) -> list[_Process]:
    """A process with its children, and theirs; empty when it is gone or the system does not tell."""
    if (first := _process(root)) is None:
        return []
    listed = [_process(int(each.name)) for each in Path("/proc").iterdir() if each.name.isdigit()]
    tree = [first]
    for above in tree:
        tree += [each for each in listed if each is not None and each.parent == above.pid]
    return tree


def _process(pid: int) -> _Process | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    # Its own time in user and kernel mode, and that of the children it has waited for.
    return _Process(pid, int(fields[1]), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK"))


def _proportional_kb(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), None)


@dataclass(frozen=True, slots=True)
class SystemTimes:
    """Processor time of the whole machine since it started, in seconds summed over its cores."""

    busy: float
    stolen: float

    @classmethod
    def now(cls) -> "SystemTimes | None":
        """Read them."""
        try:
            first = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
        except OSError:
            return None
        user, nice, system, _, _, irq, softirq, steal = (int(each) for each in first.split()[1:9])
        tick = os.sysconf("SC_CLK_TCK")
        return cls(busy=(user + nice + system + irq + softirq) / tick, stolen=steal / tick)


@dataclass(slots=True)
class Noise:
    """What else the machine did while the servers were measured.

    :ivar load_before: the load average of the last minute before the run.
    :ivar seconds: how long was measured, times the number of cores.
    :ivar others: processor seconds that neither a measured server nor the generator used.
    :ivar stolen: processor seconds that the hypervisor gave to other machines.
    """

    load_before: float | None
    seconds: float = 0.0
    others: float = 0.0
    stolen: float = 0.0

    @property
    def others_share(self) -> float | None:
        """The share of the machine's processor time that others used."""
        return round(self.others / self.seconds, 4) if self.seconds else None

    @property
    def stolen_share(self) -> float | None:
        """The share of the machine's processor time that it did not get."""
        return round(self.stolen / self.seconds, 4) if self.seconds else None

    @classmethod
    def begin(cls) -> "Noise":
        """Look before anything is started."""
        return cls(load_before=os.getloadavg()[0] if hasattr(os, "getloadavg") else None)

    def add(self, before: SystemTimes | None, elapsed: float, own: float | None) -> None:
        """Note one run that took so long and in which the measured processes used ``own`` seconds."""
        after = SystemTimes.now()
        if before is None or after is None or own is None:
            return
        self.seconds += elapsed * (os.cpu_count() or 1)
        self.others += max(0.0, after.busy - before.busy - own)
        self.stolen += after.stolen - before.stolen

    def complaints(self) -> list[str]:
        """Why the figures are to be taken with care; empty when the machine was quiet."""
        found = []
        if self.others_share is None and self.load_before is not None and self.load_before > _LOAD_MAX:
            # Where nothing better is known: an earlier run of ours is in it, too.
            found.append(f"the load average was {self.load_before:.2f} before the start")
        if (self.others_share or 0) > _OTHERS_MAX:
            found.append(f"other processes used {self.others_share:.0%} of the processor time")
        if (self.stolen_share or 0) > _STEAL_MAX:
            found.append(f"the hypervisor took {self.stolen_share:.0%} of the processor time")
        return found

    def document(self) -> dict[str, float | None]:
        """It as JSON has it."""
        return {"loadBefore": self.load_before, "others": self.others_share, "stolen": self.stolen_share}


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the databases were. ``fsync_ms`` is the median for one page."""

    filesystem: str | None
    fsync_ms: float

    @property
    def in_memory(self) -> bool:
        """Whether a commit costs nothing there, so that the figures flatter."""
        return self.filesystem in _IN_MEMORY


def wait_until_quiet(limit_seconds: float, tell: Callable[[str], None]) -> None:
    """Wait until hardly anybody uses the machine, but no longer than that. What a run suffers is measured anyway."""
    deadline = time.monotonic() + limit_seconds
    while time.monotonic() < deadline:
        before = SystemTimes.now()
        time.sleep(_LOOK_SECONDS)
        after = SystemTimes.now()
        if before is None or after is None:
            return
        taken = after.busy - before.busy + after.stolen - before.stolen
        share = taken / (_LOOK_SECONDS * (os.cpu_count() or 1))
        if share <= _OTHERS_MAX:
            return
        tell(f"waiting for a quiet machine: others use {share:.0%} of it")


def scratch_parent() -> str:
    """A directory for temporary files that is on a disk: /tmp often is not."""
    kept = Path("/var/tmp")  # noqa: S108 - only a parent; the directory made in it is private.
    return str(kept) if os.access(kept, os.W_OK) else tempfile.gettempdir()


def disk(directory: Path) -> Disk:
    """Look at the disk under a directory."""
    taken = []
    with tempfile.TemporaryFile(dir=directory) as file:
        for _ in range(21):
            file.write(b"\0" * 4096)
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - start)
    return Disk(filesystem=_filesystem(directory), fsync_ms=round(statistics.median(taken) * 1000, 3))


def _filesystem(directory: Path) -> str | None:
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return None
    above = {str(each) for each in (directory.resolve(), *directory.resolve().parents)}
    found = [(len(mount[1]), number, mount[2]) for number, mount in enumerate(mounts) if mount[1] in above]
    return max(found)[2] if found else None


def description() -> dict[str, object]:
    """What a reader of the figures may want to know, without anything that names the machine."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }
