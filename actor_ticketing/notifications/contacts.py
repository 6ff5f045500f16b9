"""Where signed-in users can be written to: accounts of our own have an address, others' tokens may vouch for one."""

from collections.abc import Iterable

from actor_ticketing.clock import Clock
from actor_ticketing.domain.accounts import ACCOUNT_PREFIX
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.mail import ContactSeen, MailsForgotten
from actor_ticketing.domain.ports import Entry, Journal, Queries
from actor_ticketing.domain.records import Forget

DAY_MS = 24 * 60 * 60 * 1_000


class KnownContacts:
    """Which users of an identity provider have an address in the store, as far as it is committed or on its way."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str | None, int]] = {}

    def recover(self, seen: Iterable[tuple[str, int]]) -> None:
        """Begin with those that the store has, and when they were seen. Their addresses stay sealed."""
        self._seen.update((user_id, (None, at)) for user_id, at in seen)

    def has_address(self, user_id: str) -> bool:
        """Whether a user can be written to."""
        return user_id.startswith(ACCOUNT_PREFIX) or user_id in self._seen

    def is_news(self, user_id: str, email: str, now: int) -> bool:
        """Whether this is another address than was known, or has not been heard for a day."""
        known, seen_at = self._seen.get(user_id, (None, 0))
        return known != email or now - seen_at >= DAY_MS

    def add(self, user_id: str, email: str, now: int) -> None:
        """This is a user's address."""
        self._seen[user_id] = email, now

    def forget(self, user_ids: Iterable[str]) -> None:
        """These have none any more, or are not known to have one."""
        for user_id in user_ids:
            self._seen.pop(user_id, None)

    def forget_before(self, instant: int) -> None:
        """Those not seen since then (ms) are dropped from the store."""
        self._seen = {user_id: seen for user_id, seen in self._seen.items() if seen[1] >= instant}


class Contacts:
    """Notes addresses as they are heard, and finds them again."""

    def __init__(self, *, known: KnownContacts, journal: Journal, queries: Queries, clock: Clock) -> None:
        self.known = known
        self._journal = journal
        self._queries = queries
        self._clock = clock

    def note(self, user_id: str, email: str) -> None:
        """Keep the address that a token vouches for, of somebody who has just held something. Nobody waits for it."""
        now = self._clock.now()
        # Of our own accounts we know better.
        if user_id.startswith(ACCOUNT_PREFIX) or not self.known.is_news(user_id, email, now):
            return

        def settled(error: Exception | None) -> None:
            if error is not None:
                self.known.forget([user_id])

        try:
            self._journal.append(Entry(records=[ContactSeen(user_id=user_id, email=email, at=now)], on_settled=settled))
        except Refusal:
            return  # The service is stopping. The next token says it again.
        self.known.add(user_id, email, now)

    def forgotten(self, entry: Entry) -> None:
        """Take note of those whom an entry that has just become durable has had forgotten."""
        for record in entry.records:
            if isinstance(record, Forget):
                self.known.forget(record.contacts)
            elif isinstance(record, MailsForgotten):
                self.known.forget_before(record.before)

    async def address_of(self, user_id: str | None) -> str | None:
        """Where a user can be written to; None when nobody knows, or has forgotten.

        :raises StorageUnavailable: when it cannot be read.
        """
        if user_id is None:
            return None
        if user_id.startswith(ACCOUNT_PREFIX):
            account = await self._queries.account(user_id)
            return None if account is None else account.email
        contact = await self._queries.contact(user_id)
        return None if contact is None else contact.email
