"""Faults of the disk, the clock and the power, which come and go while the real process runs (see faults/shim.c)."""

import ctypes
import mmap
import os
import shutil
import subprocess
from enum import IntEnum
from pathlib import Path

import pytest

SHIM = Path(__file__).parents[1] / "faults" / "shim.c"


class Moment(IntEnum):
    """Where the process can be killed, seen from the next commit."""

    NEVER = 0
    BEFORE_WRITE = 1
    BEFORE_SYNC = 2
    AFTER_SYNC = 3
    BEFORE_REPLY = 4


class Control(ctypes.Structure):
    """What is wrong at present; the process sees each change at once. The same as in the shim, which explains it."""

    clock_offset_ns: int
    write_errno: int
    open_errno: int
    sync_errno: int
    sync_hangs: int
    loop_hangs: int
    kill_moment: int
    kill_skip: int
    hanging: int

    _fields_ = tuple((name, ctypes.c_int64) for name in __annotations__)


def build_shim(directory: Path) -> Path:
    """Compile the shim. A machine of a developer's may lack a compiler; continuous integration may not."""
    compiler = shutil.which("cc")
    missing = "a C compiler is missing, without which nothing fails here: apt-get install gcc libc6-dev"
    if compiler is None and not os.environ.get("CI"):
        pytest.skip(missing)
    assert compiler, missing
    built = directory / "shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", built, SHIM, "-ldl", "-pthread"], check=True)  # noqa: S603
    return built


class Faults:
    """What goes wrong for a service that was started with these."""

    def __init__(self, shim: Path, home: Path, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._image_dir = home / "image"
        self._image_dir.mkdir()
        path = home / "control"
        path.write_bytes(bytes(ctypes.sizeof(Control)))
        with path.open("r+b") as stream:
            self.now = Control.from_buffer(mmap.mmap(stream.fileno(), 0))
        self.environment = {
            "LD_PRELOAD": str(shim),
            "FAULTS_CONTROL": str(path),
            "FAULTS_DATA_DIR": str(data_dir),
            "FAULTS_IMAGE_DIR": str(self._image_dir),
        }

    def end(self) -> None:
        """All is well again."""
        for fault, _ in Control._fields_[:-1]:
            setattr(self.now, fault, 0)

    def kill_at(self, moment: Moment, *, after: int = 0) -> None:
        """Have the process killed when the moment comes for the time after so many."""
        self.now.kill_skip = after
        self.now.kill_moment = moment

    def cut_power(self) -> None:
        """Leave of the data directory what a power cut would: what was never synced has never been."""
        names = (self._image_dir / "names").read_text(encoding="utf-8").splitlines()
        shutil.rmtree(self._data_dir)
        self._data_dir.mkdir(mode=0o700)
        for inode, name in (line.split(" ", 1) for line in names):
            content = self._image_dir / inode
            there = self._data_dir / name
            there.write_bytes(content.read_bytes() if content.exists() else b"")
            there.chmod(0o600)
