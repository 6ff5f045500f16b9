"""What the database knows of people: where they are, and all of it about one of them.

Every function takes a connection, so that the readers of a running service and a command beside it share them.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from actor_ticketing.domain.accounts import Account
from actor_ticketing.domain.ports import KnownAccount, PersonRecord, PurchaseRecord, Traces
from actor_ticketing.domain.purchase import Person, Purchase, Ticket, Transaction, email_key
from actor_ticketing.domain.records import Forget
from actor_ticketing.persistence import rows
from actor_ticketing.persistence.accounts import ACCOUNT, account_of
from actor_ticketing.persistence.answers_about import ids_in, is_about, texts_of
from actor_ticketing.persistence.mail import CONTACT, contact_of
from actor_ticketing.vault import Vault, VaultError

PORTION = 200
"""Transactions or answers looked at in one step. All their tickets go in the same commit, so that is not bounded by it,
but by how many tickets one purchase may have."""

_BOUGHT = f"SELECT {rows.TRANSACTION} FROM transactions WHERE buyer_digest IN ({{}}) ORDER BY id"  # noqa: S608 - constants.
_HELD = f"SELECT {rows.TICKET} FROM tickets WHERE holder_digest IN ({{}}) ORDER BY id"  # noqa: S608
_TRANSACTION = f"SELECT {rows.TRANSACTION} FROM transactions WHERE id = ?"  # noqa: S608
_TICKETS = f"SELECT {rows.TICKET} FROM tickets WHERE transaction_id = ? ORDER BY position"  # noqa: S608
_RESERVATION = f"SELECT {rows.RESERVATION} FROM reservations WHERE id = ?"  # noqa: S608
_TICKET_TYPE = f"SELECT {rows.TICKET_TYPE} FROM ticket_types WHERE id = ?"  # noqa: S608
_EVENT = f"SELECT {rows.EVENT} FROM events WHERE id = ?"  # noqa: S608
_ANSWERS = f"SELECT {rows.ANSWER} FROM idempotency WHERE (caller, key) > (?, ?) ORDER BY caller, key LIMIT ?"  # noqa: S608
_FORGOTTEN = """
    SELECT id FROM transactions WHERE id IN (SELECT value FROM json_each(?)) AND buyer IS NULL
    UNION ALL
    SELECT id FROM tickets WHERE id IN (SELECT value FROM json_each(?)) AND holder IS NULL
"""
_KNOWN = """
    SELECT id FROM transactions WHERE id IN (SELECT value FROM json_each(?)) AND buyer_digest IN ({})
    UNION ALL
    SELECT id FROM tickets WHERE id IN (SELECT value FROM json_each(?)) AND holder_digest IN ({})
"""
_BEFORE = """
    SELECT t.id, t.buyer IS NOT NULL, e.start_date < ?
    FROM (SELECT id, reservation_id, buyer FROM transactions WHERE id > ? ORDER BY id LIMIT ?) t
    JOIN reservations r ON r.id = t.reservation_id
    JOIN ticket_types y ON y.id = r.ticket_type_id
    JOIN events e ON e.id = y.event_id
    ORDER BY t.id
"""


def traces(connection: sqlite3.Connection, vault: Vault, email: str) -> Traces:
    """A portion of the rows that tell of this person; see :meth:`Queries.traces`."""
    digests = vault.digests(email_key(email))
    buyers_of: list[str] = []
    holders_of: dict[str, None] = {}
    of_others = 0
    for row in _by_digest(connection, f"{_BOUGHT} LIMIT {PORTION}", digests):
        bought = rows.transaction_of(row, vault)
        buyers_of.append(bought.id)
        for ticket in _tickets_of(connection, vault, bought.id):
            if is_of(ticket.holder, email, bought.buyer):
                holders_of[ticket.id] = None
            else:
                of_others += ticket.holder is not None
    holders_of |= {row[0]: None for row in _by_digest(connection, f"{_HELD} LIMIT {PORTION}", digests)}
    accounts = tuple(row[0] for row in _accounts(connection, digests))
    contacts = tuple(row[0] for row in _contacts(connection, digests))
    forget = Forget(buyers_of=tuple(buyers_of), holders_of=tuple(holders_of), accounts=accounts, contacts=contacts)
    return Traces(forget=forget, of_others=of_others)


def is_of(holder: Person | None, email: str, buyer: Person | None) -> bool:
    """Whether a ticket's holder is this buyer: by the address, and without one by the name."""
    if holder is None:
        return False
    return holder.has_email(email) if holder.email else buyer is not None and holder.is_named_like(buyer)


def traces_in_answers(connection: sqlite3.Connection, vault: Vault, email: str | None, after: Any) -> Traces:
    """A portion of the kept answers that tell of the forgotten; see :meth:`Queries.traces_in_answers`."""
    found = connection.execute(_ANSWERS, (*(after or (b"", "")), PORTION)).fetchall()
    told: dict[tuple[bytes, str], frozenset[str] | None] = {}
    unreadable: Counter[str] = Counter()
    for row in found:
        try:
            told[row[0], row[1]] = texts_of(rows.answer_of(row, vault).body)
        except VaultError as error:
            if email is not None:
                # Nobody can use it any more, and it may be about anybody.
                told[row[0], row[1]] = None
                unreadable[error.kid] += 1
    # After the answers, so that no answer is without the rows that were committed with it.
    named = json.dumps(list(frozenset().union(*(ids_in(texts) for texts in told.values() if texts is not None))))
    forgotten = {row[0] for row in connection.execute(_FORGOTTEN, (named, named))}
    known = set() if email is None else _still_of(connection, vault.digests(email_key(email)), named)
    theirs = (slot for slot, texts in told.items() if texts is None or is_about(texts, email, forgotten, known))
    return Traces(
        forget=Forget(answers=tuple(theirs)),
        unreadable=unreadable,
        after=(found[-1][0], found[-1][1]) if len(found) == PORTION else None,
    )


def _still_of(connection: sqlite3.Connection, digests: Sequence[bytes], named: str) -> set[str]:
    """Which transactions and tickets of these ids (a JSON list) are still of the person with these digests."""
    places = ", ".join("?" * len(digests))
    found = connection.execute(_KNOWN.format(places, places), (named, *digests, named, *digests))
    return {row[0] for row in found}


def traces_before(connection: sqlite3.Connection, start: int, after: Any) -> Traces:
    """A portion of the buyers and holders of past events; see :meth:`Queries.traces_before`."""
    found = connection.execute(_BEFORE, (start, after or "", PORTION)).fetchall()
    past = [transaction_id for transaction_id, _, is_past in found if is_past]
    holders_of = connection.execute(
        f"SELECT id FROM tickets WHERE holder IS NOT NULL AND transaction_id IN ({', '.join('?' * len(past))})",  # noqa: S608
        past,
    )
    return Traces(
        forget=Forget(
            buyers_of=tuple(transaction_id for transaction_id, is_known, is_past in found if is_known and is_past),
            holders_of=tuple(ticket_id for (ticket_id,) in holders_of),
        ),
        after=found[-1][0] if len(found) == PORTION else None,
    )


def person(connection: sqlite3.Connection, vault: Vault, email: str) -> PersonRecord:
    """All that is known of one person, as of one instant; see :meth:`Queries.person`."""
    connection.execute("BEGIN")
    try:
        digests = vault.digests(email_key(email))
        bought = _by_digest(connection, _BOUGHT, digests)
        own = {row[0] for row in bought}
        of_others: dict[str, list[Ticket]] = {}
        for row in _by_digest(connection, _HELD, digests):
            ticket = rows.ticket_of(row, vault)
            if ticket.transaction_id not in own:
                of_others.setdefault(ticket.transaction_id, []).append(ticket)
        return PersonRecord(
            account=next((_known(account_of(row, vault)) for row in _accounts(connection, digests)), None),
            bought=[_bought(connection, vault, row, email) for row in bought],
            held=[_held(connection, vault, transaction_id, tickets) for transaction_id, tickets in of_others.items()],
            contacts=[contact_of(row, vault) for row in _contacts(connection, digests)],
        )
    finally:
        connection.execute("COMMIT")


def _bought(connection: sqlite3.Connection, vault: Vault, row: rows.Row, email: str) -> PurchaseRecord:
    transaction = rows.transaction_of(row, vault)
    tickets = [
        ticket if is_of(ticket.holder, email, transaction.buyer) else replace(ticket, holder=None)
        for ticket in _tickets_of(connection, vault, transaction.id)
    ]
    return _purchase(connection, transaction, tickets)


def _held(
    connection: sqlite3.Connection, vault: Vault, transaction_id: str, tickets: Sequence[Ticket]
) -> PurchaseRecord:
    row = connection.execute(_TRANSACTION, (transaction_id,)).fetchone()
    return _purchase(connection, replace(rows.transaction_of(row, vault), buyer=None), tickets)


def _purchase(connection: sqlite3.Connection, transaction: Transaction, tickets: Sequence[Ticket]) -> PurchaseRecord:
    row = connection.execute(_RESERVATION, (transaction.reservation_id,)).fetchone()
    reservation = rows.reservation_of(row)
    terms = rows.terms_of(connection.execute(_TICKET_TYPE, (reservation.ticket_type_id,)).fetchone())
    return PurchaseRecord(
        purchase=Purchase(reservation=reservation, transaction=transaction, tickets=tuple(tickets)),
        ticket_type=terms,
        event=rows.event_of(connection.execute(_EVENT, (terms.event_id,)).fetchone()),
    )


def _tickets_of(connection: sqlite3.Connection, vault: Vault, transaction_id: str) -> Iterator[Ticket]:
    return (rows.ticket_of(row, vault) for row in connection.execute(_TICKETS, (transaction_id,)))


def _by_digest(connection: sqlite3.Connection, sql: str, digests: Sequence[bytes]) -> list[rows.Row]:
    # No index has the digests of buyers and holders, so each of these reads a table through: once, for all keys.
    return connection.execute(sql.format(", ".join("?" * len(digests))), digests).fetchall()


def _accounts(connection: sqlite3.Connection, digests: Sequence[bytes]) -> list[rows.Row]:
    return _by_digest(connection, f"{ACCOUNT} WHERE email_digest IN ({{}})", digests)


def _contacts(connection: sqlite3.Connection, digests: Sequence[bytes]) -> list[rows.Row]:
    return _by_digest(connection, f"{CONTACT} WHERE email_digest IN ({{}})", digests)


def _known(account: Account) -> KnownAccount:
    return KnownAccount(id=account.id, email=account.email, role=account.role, created_at=account.created_at)
