"""A file that is whole when it appears under its name, and takes nobody else's."""

import errno
import os
from pathlib import Path

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})
"""What a file system without hard links says, such as that of a memory stick."""


def publish(part: Path, destination: Path) -> None:
    """Give a finished and synced file its name, durably.

    :raises FileExistsError: when somebody has taken the name meanwhile.
    :raises OSError: when it cannot be done; then the name is not taken.
    """
    try:
        # Unlike a rename, a link never replaces what is there.
        os.link(part, destination)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(destination):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(destination)) from error
        part.rename(destination)
    try:
        part.unlink(missing_ok=True)
        directory = os.open(destination.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError:
        destination.unlink()
        raise
