"""Mails and contacts as rows, statements and reads."""

import sqlite3
from collections.abc import Sequence

from actor_ticketing.domain.mail import (
    Contact,
    ContactSeen,
    Mail,
    MailCounts,
    MailKind,
    MailPutOff,
    MailQueued,
    MailRecord,
    MailRevived,
    MailSettled,
    MailsForgotten,
    MailsGivenUp,
    MailState,
)
from actor_ticketing.domain.purchase import email_key
from actor_ticketing.persistence.accounts import FORGOTTEN_AT_ONCE
from actor_ticketing.persistence.connections import Statement
from actor_ticketing.persistence.readers import Readers
from actor_ticketing.persistence.rows import Row
from actor_ticketing.vault import Vault

MAIL = "id, kind, reservation_id, deadline, created_at, since, state, tries, due_at, settled_at, reason"
CONTACT = "SELECT user_id, email, seen_at FROM contacts"

_DUE = f"SELECT {MAIL} FROM mails WHERE state = 'waiting' AND due_at <= ? AND deadline"  # noqa: S608 - constants.
# One statement for both would sort all that waits. In these, an index has the order.
_DUE_IN_TIME = f"{_DUE} IS NOT NULL ORDER BY deadline, due_at LIMIT ?"
_DUE_AT_LEISURE = f"{_DUE} IS NULL ORDER BY due_at LIMIT ?"
# What is told once has an id of its own, so a second row about it is not needed, and must not fail everybody's entries.
_QUEUE = f"INSERT INTO mails ({MAIL}) VALUES ({', '.join('?' * 11)}) ON CONFLICT (id) DO NOTHING"  # noqa: S608
_PUT_OFF = "UPDATE mails SET tries = ?2, due_at = ?3, reason = ?4 WHERE id = ?1 AND state = 'waiting'"
_SETTLE = "UPDATE mails SET state = ?2, settled_at = ?3, tries = ?4, reason = ?5 WHERE id = ?1 AND state = 'waiting'"
_GIVE_UP = "UPDATE mails SET state = 'dead', settled_at = ?2, reason = ?3 WHERE state = 'waiting' AND since < ?1"
_REVIVE = (
    "UPDATE mails SET state = 'waiting', settled_at = NULL, tries = 0, reason = NULL, since = ?2, due_at = ?2 "
    "WHERE id = ?1 AND state = 'dead'"
)
_SEE = (
    "INSERT INTO contacts (user_id, email, email_digest, seen_at) VALUES (?, ?, ?, ?) ON CONFLICT (user_id) "
    "DO UPDATE SET email = excluded.email, email_digest = excluded.email_digest, seen_at = excluded.seen_at"
)
_FORGET = (
    "DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE settled_at < ? ORDER BY settled_at LIMIT ?)",
    "DELETE FROM contacts WHERE user_id IN (SELECT user_id FROM contacts WHERE seen_at < ? ORDER BY seen_at LIMIT ?)",
)


def contact_place(user_id: str) -> str:
    """What a contact's address is sealed for."""
    return f"contact.email:{user_id}"


def mail_row(mail: Mail) -> Row:
    """Columns of :data:`MAIL`."""
    return (
        mail.id,
        mail.kind,
        mail.reservation_id,
        mail.deadline,
        mail.created_at,
        mail.since,
        mail.state,
        mail.tries,
        mail.due_at,
        mail.settled_at,
        mail.reason,
    )


def mail_of(row: Row) -> Mail:
    """The mail of a row of :data:`MAIL`."""
    return Mail(
        id=row[0],
        kind=MailKind(row[1]),
        reservation_id=row[2],
        deadline=row[3],
        created_at=row[4],
        since=row[5],
        state=MailState(row[6]),
        tries=row[7],
        due_at=row[8],
        settled_at=row[9],
        reason=row[10],
    )


def contact_of(row: Row, vault: Vault) -> Contact:
    """The contact of a row of :data:`CONTACT`.

    :raises VaultError: when the address does not open.
    """
    # An identity provider's id for somebody may well be a name.
    email = vault.open(row[1], contact_place(row[0]), told="a contact")
    return Contact(user_id=row[0], email=email.decode(), seen_at=row[2])


def statements_of_mail(  # noqa: PLR0911 - a table.
    record: MailRecord, vault: Vault
) -> Sequence[Statement]:
    """The statements that keep one record, in order.

    :raises TypeError: for a kind that has no place here.
    """
    match record:
        case MailQueued(mail=mail):
            return [(_QUEUE, [mail_row(mail)], False)]
        case MailPutOff():
            return [(_PUT_OFF, [(record.id, record.tries, record.due_at, record.reason)], False)]
        case MailSettled():
            return [(_SETTLE, [(record.id, record.state, record.at, record.tries, record.reason)], False)]
        case MailsGivenUp():
            return [(_GIVE_UP, [(record.since_before, record.at, record.reason)], False)]
        case MailRevived():
            return [(_REVIVE, [(record.id, record.at)], False)]
        case ContactSeen(user_id=user_id, email=email):
            sealed = vault.seal(email.encode(), contact_place(user_id))
            return [(_SEE, [(user_id, sealed, vault.digest(email_key(email)), record.at)], False)]
        case MailsForgotten(before=before):
            return [(sql, [(before, FORGOTTEN_AT_ONCE)], False) for sql in _FORGET]
        case _:
            raise TypeError(f"there is no table for {type(record).__name__}")


class SqliteMailQueries:
    """The :class:`MailQueries` over SQLite."""

    _readers: Readers
    _vault: Vault

    async def due_mails(self, now: int, *, limit: int, urgent_first: bool = True) -> Sequence[Mail]:
        """Mails that wait and are due: those with a deadline, by it, and the others, the earliest first."""
        first, then = (_DUE_IN_TIME, _DUE_AT_LEISURE) if urgent_first else (_DUE_AT_LEISURE, _DUE_IN_TIME)

        def read(connection: sqlite3.Connection) -> list[Mail]:
            rows = connection.execute(first, (now, limit)).fetchall()
            if len(rows) < limit:
                rows += connection.execute(then, (now, limit - len(rows)))
            return [mail_of(row) for row in rows]

        return await self._readers.run(read)

    async def next_mail_at(self) -> int | None:
        """When the next of those that wait is due; None when none waits."""
        sql = "SELECT min(due_at) FROM mails WHERE state = 'waiting'"
        instant: int | None = await self._readers.run(lambda connection: connection.execute(sql).fetchone()[0])
        return instant

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail in any state."""
        return next(iter(await self._mails("id = ?", (mail_id,))), None)

    async def dead_mails(self, *, offset: int, limit: int) -> Sequence[Mail]:
        """A page of the dead ones, those that died last first."""
        where = "state = 'dead' ORDER BY settled_at DESC, id LIMIT ? OFFSET ?"
        return await self._mails(where, (limit, offset))

    async def mail_counts(self) -> MailCounts:
        """How many there are."""
        sql = "SELECT state, count(*) FROM mails GROUP BY state"
        return MailCounts(**dict(await self._readers.run(lambda connection: connection.execute(sql).fetchall())))

    async def mails_open(self) -> tuple[int, int]:
        """How many wait, and how many are dead."""
        count = "(SELECT count(*) FROM mails WHERE state = '{}')"
        sql = f"SELECT {count.format('waiting')}, {count.format('dead')}"
        numbers: tuple[int, int] = await self._readers.run(lambda connection: connection.execute(sql).fetchone())
        return numbers

    async def contact(self, user_id: str) -> Contact | None:
        """Where a user of an identity provider can be written to."""

        def read(connection: sqlite3.Connection) -> Contact | None:
            row = connection.execute(f"{CONTACT} WHERE user_id = ?", (user_id,)).fetchone()
            return None if row is None else contact_of(row, self._vault)

        return await self._readers.run(read)

    async def contacts_seen(self) -> Sequence[tuple[str, int]]:
        """All users who can, by id, and when each was last seen."""
        sql = "SELECT user_id, seen_at FROM contacts"
        return await self._readers.run(lambda connection: connection.execute(sql).fetchall())

    async def has_outlived_mail(self, before: int) -> bool:
        """Whether any mail was settled, or any contact last seen, before this instant."""
        sql = (
            "SELECT EXISTS (SELECT 1 FROM mails WHERE settled_at < ?1) "
            "OR EXISTS (SELECT 1 FROM contacts WHERE seen_at < ?1)"
        )
        return bool(await self._readers.run(lambda connection: connection.execute(sql, (before,)).fetchone()[0]))

    async def _mails(self, where: str, parameters: tuple[str | int, ...]) -> list[Mail]:
        sql = f"SELECT {MAIL} FROM mails WHERE {where}"  # noqa: S608 - constants above.
        return await self._readers.run(lambda connection: [mail_of(row) for row in connection.execute(sql, parameters)])
