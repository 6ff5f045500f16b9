"""One process on a data directory."""

import subprocess
import sys
from pathlib import Path

import pytest

from actor_ticketing.persistence.lock import DataDirInUse, DataDirLock

HOLDER = """
import sys
from pathlib import Path
from actor_ticketing.persistence.lock import DataDirLock
lock = DataDirLock(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_second_lock_is_refused_with_a_sentence_that_names_the_directory(tmp_path: Path) -> None:
    lock = DataDirLock(tmp_path)
    with pytest.raises(DataDirInUse, match="in use") as refused:
        DataDirLock(tmp_path)
    assert str(tmp_path) in str(refused.value)
    lock.release()


def test_a_released_lock_is_free_for_the_next(tmp_path: Path) -> None:
    for _ in range(3):
        DataDirLock(tmp_path).release()


def test_another_directory_has_a_lock_of_its_own(tmp_path: Path) -> None:
    locks = [DataDirLock(tmp_path / name) for name in ("a", "b")]
    for lock in locks:
        lock.release()


def test_the_directory_and_the_lock_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "not" / "there" / "yet"
    DataDirLock(directory).release()
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "lock").stat().st_mode & 0o777 == 0o600


def test_a_refused_lock_leaves_no_file_open(tmp_path: Path) -> None:
    lock = DataDirLock(tmp_path)
    before = set(Path("/proc/self/fd").iterdir())
    for _ in range(3):
        with pytest.raises(DataDirInUse):
            DataDirLock(tmp_path)
    assert set(Path("/proc/self/fd").iterdir()) == before
    lock.release()


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - our own interpreter and script.
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"locked\n"
        with pytest.raises(DataDirInUse):
            DataDirLock(tmp_path)
        holder.kill()
        holder.wait()
    DataDirLock(tmp_path).release()
