"""The ledger's beginning, when it has gone into a file."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from actor_ticketing.domain.problems import Problem
from actor_ticketing.domain.records import Record
from actor_ticketing.domain.values import value

DAYS_KEPT = 1
"""So many days of the ledger stay at least: clients that come back are told from it what they have missed."""


class ArchiveError(Problem):
    """No archive was made, and nothing was dropped. The message says why."""


class ArchiveExists(ArchiveError):
    """The file is there already, and is not the same."""


@value
class LedgerArchived(Record):
    """A file has the ledger's entries from one position to another, whole and checked; they may be dropped now.

    :ivar until: the latest instant of any of them, ms since the epoch.
    :ivar file: its name.
    :ivar sha256: of what it says, in hexadecimal.
    :ivar made_at: ms since the epoch.
    :ivar opening: what the ledger comes to at ``last_seq``, as the store can read it.
    """

    first_seq: int
    last_seq: int
    until: int
    file: str
    sha256: str
    made_at: int
    opening: str


@value
class LedgerTrimmed(Record):
    """A portion of the entries that are archived is dropped."""


class ArchiveQueries(Protocol):
    """Reads of what is archived. Every method raises :class:`StorageUnavailable` when the store cannot be read."""

    async def archived_until(self) -> int | None:
        """The latest instant of any archived entry, ms since the epoch; None when none is archived."""

    async def has_archived_entries(self) -> bool:
        """Whether the ledger still has entries that are archived too."""


class LedgerArchives(Protocol):
    """Makes the files."""

    async def write(
        self,
        before: int,
        file: Path,
        *,
        up_to: int | None,
        now: int,
        breathe: Callable[[], Awaitable[None]],
    ) -> LedgerArchived | None:
        """Write the entries that come before the first one made at ``before`` (ms) or later, but for the very last.

        The file is synced and read back before it has its name. If it is there already with the same content, it will
        do; with another, it stays what it is.

        :param up_to: the last ledger position that may be archived; None: any.
        :param breathe: awaited between two portions.
        :return: None when there is nothing to archive.
        :raises ArchiveExists: when the file is there with another content.
        :raises ArchiveError: when it cannot be written, or the entries do not fit what is in the store.
        :raises StorageUnavailable: when the store cannot be read.
        """
