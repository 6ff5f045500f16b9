"""The file that ledger entries are archived in: JSON lines, compressed by gzip, which need no software of ours.

The first line says what it is and names the digest of the archive before; then comes an entry a line; the last line has
the last position, the latest instant, and the SHA-256 of all lines before it. The same entries make the same bytes.
"""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from actor_ticketing.domain.archives import ArchiveError

_FORMAT = "actor-ticketing ledger 1"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an archive says of itself.

    :ivar previous: the digest of the archive before; None: it is the first.
    :ivar until: the latest instant of any entry, ms since the epoch.
    """

    first_seq: int
    last_seq: int
    until: int
    previous: str | None
    sha256: str


class LedgerWriter:
    """Writes an archive into a file that is open and empty."""

    def __init__(self, file: BinaryIO, *, first_seq: int, previous: str | None) -> None:
        self._file = file
        self._first_seq = first_seq
        self._previous = previous
        # Neither a name nor a time of its own, so that it is the same file when it is made again.
        self._packed = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
        self._digest = hashlib.sha256()
        self._length = 0
        self.write([_line({"format": _FORMAT, "firstSeq": first_seq, "previous": previous})])

    def write(self, lines: Iterable[str]) -> None:
        """Add lines.

        :raises OSError: when there is no room, say.
        """
        data = "".join(f"{line}\n" for line in lines).encode()
        self._digest.update(data)
        self._length += len(data)
        self._packed.write(data)

    def finish(self, *, last_seq: int, until: int) -> Contents:
        """Write the last line, and make it durable.

        :raises OSError: when that fails.
        """
        sha256 = self._digest.hexdigest()
        self._packed.write(f"{_line({'lastSeq': last_seq, 'until': until, 'sha256': sha256})}\n".encode())
        self._packed.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        return Contents(
            first_seq=self._first_seq, last_seq=last_seq, until=until, previous=self._previous, sha256=sha256
        )

    def require_written(self, path: Path) -> None:
        """Read the file back, and compare it with what was written.

        :raises ArchiveError: when it is something else.
        :raises OSError: when it cannot be read.
        """
        digest, left = hashlib.sha256(), self._length
        try:
            with gzip.open(path) as packed:
                while left and (data := packed.read(min(_CHUNK, left))):
                    digest.update(data)
                    left -= len(data)
                end = json.loads(packed.read())
        except (EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
            raise ArchiveError(f"{path} cannot be read back: {error!r}") from error
        if left or digest.digest() != self._digest.digest() or end["sha256"] != digest.hexdigest():
            raise ArchiveError(f"{path} is not what was written")


def archives_in(directory: Path) -> list[Path]:
    """The files in a directory that are named as archives are."""
    return sorted(directory.glob("*.jsonl.gz"))


def contents_of(path: Path) -> Contents:
    """What an archive says of itself, once all of it is read and its digest is right.

    :raises ArchiveError: when it is no archive, or damaged.
    :raises OSError: when it cannot be read.
    """
    digest, first, last = hashlib.sha256(), b"", b""
    try:
        with gzip.open(path) as lines:
            for line in lines:
                digest.update(last)
                first, last = first or line, line
        head, end = json.loads(first), json.loads(last)
        if head["format"] != _FORMAT:
            raise ArchiveError(f"{path} is no archive of a ledger that this software knows")
        if end["sha256"] != digest.hexdigest():
            raise ArchiveError(f"{path} is damaged: its digest is another")
        return Contents(
            first_seq=head["firstSeq"],
            last_seq=end["lastSeq"],
            until=end["until"],
            previous=head["previous"],
            sha256=end["sha256"],
        )
    except (EOFError, ValueError, LookupError, TypeError, RecursionError, zlib.error, gzip.BadGzipFile) as error:
        raise ArchiveError(f"{path} is no whole archive of a ledger: {error!r}") from error


def entries_of(path: Path) -> Iterator[str]:
    """The entries of an archive that is whole, each as a JSON object.

    :raises OSError: when it cannot be read.
    """
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        for line, _ in pairwise(lines):
            yield line


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
