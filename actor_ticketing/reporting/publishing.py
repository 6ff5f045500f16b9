"""A file that is whole when it appears under its name."""

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from actor_ticketing.reporting.asking import ReportError

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})
"""What a file system without hard links says, such as that of a memory stick."""


def publish(text: str, destination: Path, *, overwrite: bool) -> None:
    """Write a file that only its owner can read.

    :param overwrite: whether it takes the place of what has its name.
    :raises ReportError: when that is not so, and something has it.
    :raises OSError: when it cannot be written; nothing is left behind.
    """
    require_free(destination, overwrite=overwrite)
    handle, name = tempfile.mkstemp(dir=destination.parent, prefix=f".{destination.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            part.replace(destination)
        else:
            _name(part, destination)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def require_free(destination: Path, *, overwrite: bool) -> None:
    """Look beforehand.

    :raises ReportError: when something has the name, and is not to be overwritten.
    """
    if not overwrite and os.path.lexists(destination):
        raise _taken(destination)


def _name(part: Path, destination: Path) -> None:
    try:
        # Unlike a rename, a link never replaces what is there.
        os.link(part, destination)
    except FileExistsError as error:
        raise _taken(destination) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        require_free(destination, overwrite=False)
        part.rename(destination)


def _taken(destination: Path) -> ReportError:
    return ReportError(f"{destination} exists already; --overwrite replaces it")
