"""What of the ledger in memory is archived: nothing. It lives no longer than its process."""


class MemoryArchives:
    """The :class:`ArchiveQueries` over it."""

    async def archived_until(self) -> int | None:
        """Nothing is archived."""
        return None

    async def has_archived_entries(self) -> bool:
        """Nothing is archived."""
        return False
