"""One process on a data directory: an advisory lock that the kernel drops when the process ends, however it ends."""

import fcntl
import os
from pathlib import Path

from actor_ticketing.domain.problems import Problem


class DataDirInUse(Problem):
    """Another process works on this data directory."""


class DataDirLock:
    """An exclusive lock on ``DATA_DIR/lock``, held until :meth:`release`.

    :raises DataDirInUse: when another process holds it. The message names the directory.
    """

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise DataDirInUse(f"the data directory {data_dir} is in use by another actor-ticketing process") from error

    def release(self) -> None:
        """Let the next process in."""
        os.close(self._file)
