"""Every place in the database that is sealed, and what is done with all of them: sealing anew, and proof."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from actor_ticketing.domain.problems import Problem
from actor_ticketing.domain.purchase import email_key
from actor_ticketing.persistence.accounts import email_purpose
from actor_ticketing.persistence.books import PROBLEMS_MAX, Check, guarded
from actor_ticketing.persistence.mail import contact_place
from actor_ticketing.persistence.rows import Row, answer_place, buyer_place, digest_of, holder_place
from actor_ticketing.persistence.schema import MAIL, PEOPLE_SEALED, WEBHOOKS
from actor_ticketing.persistence.webhooks import target_place
from actor_ticketing.vault import Vault, VaultError


class RotationError(Problem):
    """The old key is still needed, and was kept. The message says for what."""


SEALED = "what is sealed opens, and is found by its address"

LOOKED_AT = 10
"""Rows of each column that a start looks at, at most."""

PORTION = 1_000
"""Rows in one transaction while all are sealed anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One sealed column.

    :ivar key: the primary key's columns, which ``place`` takes to say what it is sealed for.
    :ivar since: the migration that made it; a backup may be older.
    :ivar digest: the column that it is found by, if any, made of what ``address`` finds in the text.
    """

    table: str
    key: tuple[str, ...]
    column: str
    place: Callable[..., str]
    since: int = PEOPLE_SEALED
    digest: str | None = None
    address: Callable[[bytes], str | None] = lambda _: None

    @property
    def portion(self) -> str:
        """The statement that reads a portion after a key: the sealed text, its digest or NULL, and the key."""
        key = ", ".join(self.key)
        return (
            f"SELECT {self.column}, {self.digest or 'NULL'}, {key} FROM {self.table} "  # noqa: S608 - constants below.
            f"WHERE ({key}) > ({', '.join('?' * len(self.key))}) AND {self.column} IS NOT NULL "
            f"ORDER BY {key} LIMIT {PORTION}"
        )

    @property
    def change(self) -> str:
        """The statement that puts another text, and its digest if it has one, into the row with a key."""
        digest = "" if self.digest is None else f", {self.digest} = ?"
        where = " AND ".join(f"{name} = ?" for name in self.key)
        return f"UPDATE {self.table} SET {self.column} = ?{digest} WHERE {where}"  # noqa: S608 - constants below.


def _email_of_person(text: bytes) -> str | None:
    email: str | None = json.loads(text)[3]
    return email


_COLUMNS = (
    _Column(
        table="transactions",
        key=("id",),
        column="buyer",
        place=buyer_place,
        digest="buyer_digest",
        address=_email_of_person,
    ),
    _Column(
        table="tickets",
        key=("id",),
        column="holder",
        place=holder_place,
        digest="holder_digest",
        address=_email_of_person,
    ),
    _Column(table="idempotency", key=("caller", "key"), column="body", place=answer_place),
    _Column(
        table="accounts",
        key=("id",),
        column="email",
        place=email_purpose,
        digest="email_digest",
        address=bytes.decode,
    ),
    _Column(
        table="contacts",
        key=("user_id",),
        column="email",
        place=contact_place,
        since=MAIL,
        digest="email_digest",
        address=bytes.decode,
    ),
    _Column(table="webhooks", key=("id",), column="target", place=target_place, since=WEBHOOKS),
)


def _portions(connection: sqlite3.Connection, column: _Column) -> Iterator[list[Row]]:
    # Every text and every blob is greater than an empty blob or text of its own kind.
    after: Row = ("",) if len(column.key) == 1 else (b"", "")
    while found := connection.execute(column.portion, after).fetchall():
        yield found
        after = found[-1][2:]


def require_keys(connection: sqlite3.Connection, vault: Vault) -> None:
    """Check that the keys are those of the database: of each column's first rows, at least one opens.

    A row that was damaged is no reason to stop; keys that open nothing are, before anything is sealed with them.

    :raises VaultError: when none opens.
    """
    for column in _COLUMNS:
        problem: VaultError | None = None
        for sealed, _, *key in next(_portions(connection, column), [])[:LOOKED_AT]:
            try:
                vault.open(_text(sealed), column.place(*key), told=f"{column.table}.{column.column}")
            except VaultError as error:
                problem = error
            else:
                problem = None
                break
        if problem is not None:
            raise VaultError(f"secrets.json has not the keys of this database: {problem}", kid=problem.kid)


def count_sealed(connection: sqlite3.Connection) -> int:
    """How many texts are sealed."""
    return sum(
        connection.execute(f"SELECT count({column.column}) FROM {column.table}").fetchone()[0]  # noqa: S608
        for column in _COLUMNS
    )


def seal_anew(connection: sqlite3.Connection, vault: Vault, progress: Callable[[int], None]) -> None:
    """Seal everything with the vault's first key that is sealed with another, and make its digests anew.

    It commits a portion at a time. When it is killed and called again, it finds what is left.

    :param connection: in autocommit; nobody else writes.
    :param progress: told how many texts have been looked at since the last time.
    :raises VaultError, RotationError: when one does not open, or an address has two accounts. What came before has been
        sealed anew.
    """
    for column in _COLUMNS:
        for portion in _portions(connection, column):
            connection.execute("BEGIN IMMEDIATE")
            try:
                for row in portion:
                    if not vault.is_current(_text(row[0])):
                        _change(connection, column, _sealed_anew(column, row, vault))
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            progress(len(portion))


def _change(connection: sqlite3.Connection, column: _Column, values: Row) -> None:
    try:
        connection.execute(column.change, values)
    except sqlite3.IntegrityError as error:
        if column.table != "accounts":
            raise
        _, digest, account_id = values
        [other] = connection.execute("SELECT id FROM accounts WHERE email_digest = ?", (digest,)).fetchone()
        raise RotationError(
            f"the accounts {other} and {account_id} have the same address, under two keys; delete one of them first"
        ) from error


def _sealed_anew(column: _Column, row: Row, vault: Vault) -> Row:
    sealed, _, *key = row
    place = column.place(*key)
    text = vault.open(_text(sealed), place)
    anew = vault.seal(text, place)
    digest = () if column.digest is None else (digest_of(column.address(text), vault),)
    return (anew.encode() if isinstance(sealed, bytes) else anew, *digest, *key)


def _text(sealed: str | bytes) -> str:
    return sealed.decode(errors="replace") if isinstance(sealed, bytes) else sealed


def check_sealed(connection: sqlite3.Connection, vault: Vault) -> Check | None:
    """Check that everything sealed opens. None: this database is from before anything was sealed."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < PEOPLE_SEALED:
        return None

    def look() -> tuple[int, list[str]]:
        problems: list[str] = []
        looked_at = 0
        for column in (each for each in _COLUMNS if each.since <= version):
            for portion in _portions(connection, column):
                looked_at += len(portion)
                problems += filter(None, (_problem(column, row, vault) for row in portion))
                if len(problems) >= PROBLEMS_MAX:
                    return looked_at, problems[:PROBLEMS_MAX]
        return looked_at, problems

    return guarded(SEALED, look)


def _problem(column: _Column, row: Row, vault: Vault) -> str | None:
    sealed, digest, *key = row
    place = column.place(*key)
    try:
        text = vault.open(_text(sealed), place)
    except (VaultError, UnicodeDecodeError) as error:
        return str(error) if isinstance(error, VaultError) else f"what stands at {place} is no sealed text"
    if column.digest is None:
        return None
    address = column.address(text)
    fitting = [None] if address is None else vault.digests(email_key(address))
    return None if digest in fitting else f"what stands at {place} is not found by its address"
