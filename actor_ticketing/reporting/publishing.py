"""A file that is whole when it appears under its name."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from actor_ticketing.persistence import publishing
from actor_ticketing.reporting.asking import ReportError


def publish(text: str, destination: Path, *, overwrite: bool) -> None:
    """Write a file that only its owner can read.

    :param overwrite: whether it takes the place of what has its name.
    :raises ReportError: when that is not so, and something has it; when it cannot be written. Nothing is left behind.
    """
    require_free(destination, overwrite=overwrite)
    try:
        _write(text, destination, overwrite=overwrite)
    except FileExistsError as error:
        raise _taken(destination) from error
    except OSError as error:
        raise ReportError(f"cannot write {destination}: {error.strerror or error}") from error


def _write(text: str, destination: Path, *, overwrite: bool) -> None:
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
            publishing.publish(part, destination)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def require_free(destination: Path, *, overwrite: bool) -> None:
    """Look beforehand.

    :raises ReportError: when something has the name, and is not to be overwritten.
    """
    if not overwrite and os.path.lexists(destination):
        raise _taken(destination)


def _taken(destination: Path) -> ReportError:
    return ReportError(f"{destination} exists already; --overwrite replaces it")
