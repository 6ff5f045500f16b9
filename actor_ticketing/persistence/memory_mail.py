"""The mails and contacts of the store in memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from actor_ticketing.domain.mail import (
    Contact,
    ContactSeen,
    Mail,
    MailCounts,
    MailPutOff,
    MailQueued,
    MailRecord,
    MailRevived,
    MailSettled,
    MailsForgotten,
    MailsGivenUp,
    MailState,
)


class MemoryMail:
    """What mail records have made, and the :class:`MailQueries` over it."""

    def __init__(self) -> None:
        super().__init__()
        self._mails: dict[str, Mail] = {}
        self._contacts: dict[str, Contact] = {}

    def _take_mail(self, record: MailRecord) -> None:
        match record:
            case MailQueued(mail=mail):
                self._mails.setdefault(mail.id, mail)
            case MailPutOff() if self._has(record.id, MailState.WAITING):
                self._change(record.id, tries=record.tries, due_at=record.due_at, reason=record.reason)
            case MailSettled() if self._has(record.id, MailState.WAITING):
                settled = {"state": record.state, "settled_at": record.at, "tries": record.tries}
                self._change(record.id, **settled, reason=record.reason)
            case MailsGivenUp(since_before=before):
                for each in [each for each in self._mails.values() if each.since < before]:
                    if each.state is MailState.WAITING:
                        self._change(each.id, state=MailState.DEAD, settled_at=record.at, reason=record.reason)
            case MailRevived(at=at) if self._has(record.id, MailState.DEAD):
                again = {"state": MailState.WAITING, "settled_at": None, "tries": 0, "reason": None}
                self._change(record.id, **again, since=at, due_at=at)
            case ContactSeen(user_id=user_id, email=email, at=at):
                self._contacts[user_id] = Contact(user_id=user_id, email=email, seen_at=at)
            case MailsForgotten(before=before):
                self._mails = {key: mail for key, mail in self._mails.items() if not _is_before(mail, before)}
                self._contacts = {key: each for key, each in self._contacts.items() if each.seen_at >= before}

    def _has(self, mail_id: str, state: MailState) -> bool:
        return mail_id in self._mails and self._mails[mail_id].state is state

    def _change(self, mail_id: str, **changes: object) -> None:
        self._mails[mail_id] = replace(self._mails[mail_id], **changes)  # type: ignore[arg-type]

    def _in_state(self, state: MailState) -> list[Mail]:
        return [each for each in self._mails.values() if each.state is state]

    async def due_mails(self, now: int, *, limit: int, urgent_first: bool = True) -> Sequence[Mail]:
        """Mails that wait and are due: those with a deadline, by it, and the others, the earliest first."""
        due = [each for each in self._in_state(MailState.WAITING) if each.due_at <= now]
        return sorted(due, key=lambda mail: _rank(mail, urgent_first=urgent_first))[:limit]

    async def next_mail_at(self) -> int | None:
        """When the next of those that wait is due; None when none waits."""
        return min((each.due_at for each in self._in_state(MailState.WAITING)), default=None)

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail in any state."""
        return self._mails.get(mail_id)

    async def dead_mails(self, *, offset: int, limit: int) -> Sequence[Mail]:
        """A page of the dead ones, those that died last first."""
        dead = sorted(self._in_state(MailState.DEAD), key=lambda mail: (-(mail.settled_at or 0), mail.id))
        return dead[offset : offset + limit]

    async def mail_counts(self) -> MailCounts:
        """How many there are."""
        return MailCounts(**Counter(each.state.value for each in self._mails.values()))

    async def mails_open(self) -> tuple[int, int]:
        """How many wait, and how many are dead."""
        return len(self._in_state(MailState.WAITING)), len(self._in_state(MailState.DEAD))

    async def contact(self, user_id: str) -> Contact | None:
        """Where a user of an identity provider can be written to."""
        return self._contacts.get(user_id)

    async def contacts_seen(self) -> Sequence[tuple[str, int]]:
        """All users who can, by id, and when each was last seen."""
        return [(each.user_id, each.seen_at) for each in self._contacts.values()]

    async def has_outlived_mail(self, before: int) -> bool:
        """Whether any mail was settled, or any contact last seen, before this instant."""
        return any(_is_before(each, before) for each in self._mails.values()) or any(
            each.seen_at < before for each in self._contacts.values()
        )


def _rank(mail: Mail, *, urgent_first: bool) -> tuple[bool, int, int]:
    return (mail.deadline is None) is urgent_first, mail.deadline or 0, mail.due_at


def _is_before(mail: Mail, instant: int) -> bool:
    return mail.settled_at is not None and mail.settled_at < instant
