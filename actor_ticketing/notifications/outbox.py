"""The outbox as an operator sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from actor_ticketing.actors.journaling import write_entry
from actor_ticketing.clock import Clock
from actor_ticketing.domain.asking import Asker
from actor_ticketing.domain.errors import NotDead, NotFound
from actor_ticketing.domain.mail import Mail, MailCounts, MailRevived, MailState
from actor_ticketing.domain.ports import Entry, Journal, Queries
from actor_ticketing.notifications.contacts import Contacts


@dataclass(slots=True, kw_only=True)
class MailStatistics:
    """What sending has come to since the start.

    :ivar waiting: mails that are to be sent: as of the last look, and what has come since.
    :ivar dead: mails that were given up and are still known, as of the last look.
    :ivar sent: mails that the server took.
    :ivar failed: times at which it took none, or was not there.
    """

    waiting: int = 0
    dead: int = 0
    sent: int = 0
    failed: int = 0


class Outbox:
    """What waits, what went, and what was given up.

    :ivar contacts: None when mail is off, and nobody's address is to be noted.
    """

    def __init__(self, *, journal: Journal, queries: Queries, clock: Clock, contacts: Contacts | None) -> None:
        self.statistics = MailStatistics()
        self.contacts = contacts
        self._journal = journal
        self._queries = queries
        self._clock = clock

    @property
    def is_enabled(self) -> bool:
        """Whether mails are written and sent."""
        return self.contacts is not None

    async def look(self) -> None:
        """Bring the statistics up to what there is.

        :raises StorageUnavailable: when it cannot be read.
        """
        self.statistics.waiting, self.statistics.dead = await self._queries.mails_open()

    async def counts(self) -> MailCounts:
        """How many mails there are in each state, which looks at all that are known.

        :raises StorageUnavailable: when it cannot be read.
        """
        return await self._queries.mail_counts()

    async def dead(self, *, offset: int, limit: int) -> Sequence[Mail]:
        """A page of the dead letters, those that died last first.

        :raises StorageUnavailable: when it cannot be read.
        """
        return await self._queries.dead_mails(offset=offset, limit=limit)

    async def retry(self, mail_id: str, *, asked_by: Asker | None = None) -> Mail:
        """Have a dead letter tried again, as if it had just been written; return it as it waits.

        :param asked_by: the request, for the log.
        :raises NotFound, NotDead: when there is none, or it was not given up.
        :raises Unavailable: when that could not be stored.
        """
        mail = await self._queries.mail(mail_id)
        if mail is None:
            raise NotFound("mail")
        if mail.state is not MailState.DEAD:
            raise NotDead(mail.state.value)
        now = self._clock.now()
        await write_entry(self._journal, Entry(records=[MailRevived(id=mail_id, at=now)], asked_by=asked_by))
        return replace(mail, state=MailState.WAITING, settled_at=None, tries=0, reason=None, since=now, due_at=now)
