"""For each check a database damaged by hand, and the proof that exactly the checks concerned complain."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from actor_ticketing.domain.ids import new_id
from actor_ticketing.persistence.beginning import BEGINNING
from actor_ticketing.persistence.books import (
    AMOUNTS,
    BOUNDS,
    CONVERSIONS,
    FOREIGN_KEYS,
    INTEGRITY,
    PROBLEMS_MAX,
    RESERVATION_CODES,
    RESERVED,
    SEQUENCE,
    SETTLED,
    SOLD,
    TICKET_CODES,
    TICKETS,
    TICKETS_SOLD,
)
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.ledger_checks import ANSWERS, CATALOGUE, CHECK_INS, COUNTERS
from actor_ticketing.persistence.replay import ADOPTIONS, HISTORY, LEGAL, RESERVATIONS
from actor_ticketing.persistence.verify import verify
from support.history import NOW
from support.lively import complaints, make_lively

Damage = Callable[..., set[str]]

TRIGGERS = ("one_terminal_state", "ledger_is_append_only", "a_ticket_is_used_once", "only_what_is_archived_may_go")
APPEND = "INSERT INTO ledger SELECT (SELECT max(seq) + 1 FROM ledger)"
BY_HAND = "INSERT INTO reservations SELECT id || {0}, ticket_type_id, 's', NULL, 1, 1, 'EUR', 1, 2, 0"
EXPIRED = "(SELECT id FROM reservations WHERE status = 'EXPIRED')"
CANCELLED = "(SELECT id FROM reservations WHERE status = 'CANCELLED')"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    make_lively(path := tmp_path / DATABASE)
    return path


@pytest.fixture
def damage(database: Path) -> Damage:
    """Run statements on the closed file, each of which must change something; return which checks complain then."""

    def run(*statements: str, loosened: tuple[str, str] | None = None) -> set[str]:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            for trigger in TRIGGERS:
                connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            if loosened is not None:
                loosen(connection, *loosened)
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, statement
        return complaints(verify(database))

    return run


def loosen(connection: sqlite3.Connection, table: str, constraint: str) -> None:
    """Make the table anew without a constraint, which SQLite's own check would otherwise find broken too."""
    [sql] = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    assert constraint in sql
    connection.execute("PRAGMA legacy_alter_table = ON")  # References to the table stay as they are.
    connection.execute(re.sub(f'CREATE TABLE "?{table}"?', "CREATE TABLE loose", sql).replace(constraint, ""))
    connection.execute(f"INSERT INTO loose SELECT * FROM {table}")  # noqa: S608
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE loose RENAME TO {table}")


def problems(database: Path, name: str) -> list[str]:
    return [problem for check in verify(database).checks if check.name == name for problem in check.problems]


def test_an_index_that_lacks_rows_is_found(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '(ticket_type_id,', '(session_id,') "
            "WHERE name = 'live_reservations_by_type'"
        )
    assert complaints(verify(database)) == {INTEGRITY}


def test_a_row_that_refers_to_nothing_is_found(damage: Damage) -> None:
    gone = "UPDATE ticket_types SET event_id = 'ev_gone' WHERE id = 'tt'"
    assert damage(gone) == {FOREIGN_KEYS, CATALOGUE}


def test_a_refresh_token_without_an_account_is_found_and_named(database: Path, damage: Damage) -> None:
    assert damage(
        "INSERT INTO refresh_tokens VALUES (x'ABCD', 'f', 'acct_nobody', 1, 2, NULL)",
    ) == {FOREIGN_KEYS}
    [problem] = [each for check in verify(database).checks for each in check.problems]
    assert problem == "account_id of row ABCD of refresh_tokens is acct_nobody, and no such row is in accounts"


def test_an_adoption_of_a_hold_that_has_ended_is_found(damage: Damage) -> None:
    entry = f"{APPEND}, at, 'reservation.adopted', NULL, ticket_type_id, reservation_id, data FROM ledger"
    assert damage(f"{entry} WHERE reservation_id = {CANCELLED} AND kind = 'reservation.cancelled'") == {
        LEGAL,
        ADOPTIONS,
    }


def test_a_row_that_refers_to_nothing_is_named(database: Path, damage: Damage) -> None:
    damage("UPDATE ticket_types SET event_id = 'ev_gone' WHERE id = 'tt'")
    assert problems(database, FOREIGN_KEYS) == [
        "event_id of row tt of ticket_types is ev_gone, and no such row is in events"
    ]


def test_reserved_that_no_reservation_explains_is_found(damage: Damage) -> None:
    assert damage("UPDATE ticket_types SET reserved = reserved + 1 WHERE id = 'tt'") == {RESERVED, COUNTERS}


def test_a_wrong_counter_is_named_with_both_numbers(database: Path, damage: Damage) -> None:
    damage("UPDATE ticket_types SET reserved = 9 WHERE id = 'tt'")
    assert problems(database, RESERVED) == ["ticket type tt has 9 reserved, its ACTIVE reservations sum to 4"]


def test_sold_that_nothing_explains_is_found(damage: Damage) -> None:
    assert damage("UPDATE ticket_types SET sold = sold - 1 WHERE id = 'tt'") == {SOLD, TICKETS_SOLD, COUNTERS}


def test_a_ticket_of_another_type_is_found(damage: Damage) -> None:
    swapped = "UPDATE tickets SET ticket_type_id = 'tt_vip' WHERE ticket_type_id = 'tt' AND position = 1"
    assert damage(swapped) == {TICKETS, TICKETS_SOLD}


def test_more_sold_and_reserved_than_there_are_is_found(damage: Damage) -> None:
    oversold = "UPDATE ticket_types SET total = sold + reserved - 1 WHERE id = 'tt'"
    loosened = ("ticket_types", ",\n    CHECK (sold + reserved <= total)")
    assert damage(oversold, loosened=loosened) == {BOUNDS, COUNTERS}


@pytest.mark.parametrize(("status", "settled_at"), [("EXPIRED", "NULL"), ("ACTIVE", "1")])
def test_an_instant_of_settlement_that_contradicts_the_status_is_found(
    damage: Damage, status: str, settled_at: str
) -> None:
    change = f"UPDATE reservations SET settled_at = {settled_at} WHERE status = '{status}'"  # noqa: S608
    loosened = ("reservations", ",\n    CHECK ((status = 'ACTIVE') = (settled_at IS NULL))")
    assert damage(change, loosened=loosened) == {SETTLED, RESERVATIONS}


def test_a_ticket_code_given_twice_is_found(damage: Damage) -> None:
    assert damage("UPDATE tickets SET code = 'SAME'", loosened=("tickets", "NOT NULL UNIQUE")) == {TICKET_CODES}


def test_two_reservations_of_one_code_are_found(damage: Damage) -> None:
    # Six letters of a code are for the last 40 bits of an id, so they are the same again 25**6 further on.
    digits = [bytes([number >> shift & 31 for shift in range(75, -1, -5)]) for number in (7, 7 + 25**6)]
    twins = [new_id(NOW, lambda _, each=each: each) for each in digits]  # type: ignore[misc]
    values = "'tt', 's', NULL, 1, 1, 'EUR', 1, 2, 0, 'EXPIRED', 3, NULL"
    made = [f"INSERT INTO reservations VALUES ('{each}', {values})" for each in twins]  # noqa: S608
    assert RESERVATION_CODES in damage(*made)


def test_a_transaction_of_a_reservation_that_was_not_converted_is_found(damage: Damage) -> None:
    moved = f"UPDATE transactions SET reservation_id = {CANCELLED}, created_at = 1800000030000 WHERE quantity = 1"  # noqa: S608
    assert damage(moved) == {CONVERSIONS}


def test_a_sale_without_its_transaction_is_found(damage: Damage) -> None:
    assert damage("DELETE FROM tickets", "DELETE FROM transactions") == {CONVERSIONS, TICKETS_SOLD, CHECK_INS}


def test_a_reservation_with_two_transactions_is_found(database: Path, damage: Damage) -> None:
    again = (
        "INSERT INTO transactions SELECT 'again', reservation_id, user_id, quantity, total_price, currency, buyer, "
        "buyer_digest, created_at FROM transactions WHERE quantity = 1"
    )
    assert damage(again, loosened=("transactions", " UNIQUE")) == {CONVERSIONS, TICKETS}
    assert "has 2 transactions, such as" in problems(database, CONVERSIONS)[0]


@pytest.mark.parametrize("change", ["total_price = total_price + 1", "currency = 'USD'", "created_at = created_at + 1"])
def test_a_transaction_on_other_terms_is_found(damage: Damage, change: str) -> None:
    assert damage(f"UPDATE transactions SET {change} WHERE quantity = 1") == {AMOUNTS}  # noqa: S608


@pytest.mark.parametrize("position", [2, 5])
def test_tickets_that_are_not_numbered_from_zero_are_found(damage: Damage, position: int) -> None:
    assert damage(f"UPDATE tickets SET position = {position} WHERE position = 1") == {TICKETS}  # noqa: S608


def test_two_tickets_at_one_position_are_found(damage: Damage) -> None:
    loosened = ("tickets", ",\n    UNIQUE (transaction_id, position)")
    assert damage("UPDATE tickets SET position = 0", loosened=loosened) == {TICKETS}


def test_a_gap_in_the_ledger_is_found(damage: Damage) -> None:
    assert damage("DELETE FROM ledger WHERE seq = 3") == {SEQUENCE}


def test_a_ledger_without_its_start_is_found(database: Path, damage: Damage) -> None:
    assert damage("DELETE FROM ledger WHERE seq < 9") == {BEGINNING}
    assert problems(database, BEGINNING) == ["the ledger begins with entry 9, and what was archived ends with 0"]


@pytest.mark.parametrize(
    "entry",
    [
        "at + 1, kind, NULL, ticket_type_id, reservation_id, data FROM ledger WHERE kind = 'reservation.expired'",
        "at, 'reservation.lost', NULL, ticket_type_id, reservation_id, data FROM ledger WHERE seq = 21",
        "at, kind, event_id, ticket_type_id, reservation_id, data FROM ledger WHERE seq = 21",
        "at, kind, event_id, ticket_type_id, reservation_id, data FROM ledger WHERE seq = 1",
        "1, 'reservation.extended', NULL, ticket_type_id, reservation_id, '[]' FROM ledger WHERE seq = 21",
        "1, 'reservation.extended', NULL, ticket_type_id, NULL, '{}' FROM ledger WHERE seq = 21",
        "1, 'ticket_type.changed', 'ev', 'tt_none', NULL, '{}' FROM ledger WHERE seq = 21",
    ],
    ids=[
        "settled before",
        "of no known kind",
        "a hold made twice",
        "an event made twice",
        "without data",
        "about nothing",
        "of a type that is not there",
    ],
)
def test_an_entry_that_cannot_follow_is_found(damage: Damage, entry: str) -> None:
    assert damage(f"{APPEND}, {entry}") == {LEGAL}


def test_a_reservation_created_again_after_its_end_is_found(damage: Damage) -> None:
    again = f"{APPEND}, at, kind, NULL, ticket_type_id, reservation_id, data FROM ledger WHERE seq = "
    assert damage(f"{again} 9", f"{again} 14") == {LEGAL}


def test_an_expiry_before_the_deadline_is_found(damage: Damage) -> None:
    early = "1800000059999"
    assert damage(
        f"UPDATE ledger SET at = {early} WHERE kind = 'reservation.expired'",  # noqa: S608
        f"UPDATE reservations SET settled_at = {early} WHERE status = 'EXPIRED'",  # noqa: S608
    ) == {LEGAL}


def test_a_purchase_at_the_deadline_is_found(damage: Damage) -> None:
    late = "1800000660000"
    assert damage(
        f"UPDATE ledger SET at = {late} WHERE seq = 16",  # noqa: S608
        f"UPDATE reservations SET settled_at = {late} WHERE expires_at = {late} AND status = 'CONVERTED'",  # noqa: S608
        f"UPDATE transactions SET created_at = {late} WHERE quantity = 2 AND total_price = 10000",  # noqa: S608
    ) == {LEGAL}


def test_another_quantity_at_the_end_than_at_the_start_is_found(damage: Damage) -> None:
    assert damage("UPDATE ledger SET data = '{\"quantity\":2}' WHERE kind = 'reservation.cancelled'") == {LEGAL}


def test_a_ledger_that_once_promised_more_than_there_was_is_found(damage: Damage) -> None:
    terms = (
        f"{APPEND}, at, kind, event_id, ticket_type_id, NULL, json_set(data, '$.total', {{}}) FROM ledger WHERE seq = 7"
    )
    assert damage(terms.format(6), terms.format(30)) == {HISTORY}


@pytest.mark.parametrize("column", ["expires_at", "reserved_at", "unit_price", "extensions", "settled_at"])
def test_a_reservation_that_differs_from_the_ledger_is_found(damage: Damage, column: str) -> None:
    change = f"UPDATE reservations SET {column} = {column} + 1 WHERE status = 'EXPIRED'"  # noqa: S608
    assert damage(change) == {RESERVATIONS}


def test_a_live_reservation_that_differs_from_the_ledger_is_named(database: Path, damage: Damage) -> None:
    damage("UPDATE reservations SET expires_at = expires_at + 1 WHERE status = 'ACTIVE' AND quantity = 4")
    [problem] = problems(database, RESERVATIONS)
    assert problem.endswith("has expires_at 1800000661001, by the ledger 1800000661000")


def test_a_reservation_whose_row_is_gone_is_found(damage: Damage) -> None:
    assert damage("DELETE FROM reservations WHERE status = 'EXPIRED'") == {RESERVATIONS}


def test_a_reservation_the_ledger_does_not_know_is_found(damage: Damage) -> None:
    unknown = f"{BY_HAND.format(1)}, 'EXPIRED', 3, NULL FROM reservations WHERE id = {EXPIRED}"
    assert damage(unknown) == {RESERVATIONS}


def test_no_check_lists_more_problems_than_a_person_reads(database: Path, damage: Damage) -> None:
    unknown = f"{{}}, 'EXPIRED', 3, NULL FROM reservations WHERE id = {EXPIRED}"
    damage(*(unknown.format(BY_HAND.format(number)) for number in range(PROBLEMS_MAX + 5)))
    assert len(problems(database, RESERVATIONS)) == PROBLEMS_MAX


def test_a_total_the_ledger_does_not_know_is_found(damage: Damage) -> None:
    assert damage("UPDATE ticket_types SET total = total + 1") == {COUNTERS}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ticket_types SET price = price + 1",
        "UPDATE ticket_types SET sales_end = NULL WHERE id = 'tt'",
        "UPDATE events SET title = 'Spring Concert' WHERE id = 'ev'",
        "DELETE FROM events WHERE id = 'ev_quiet'",
        "INSERT INTO events VALUES ('ev_more', 'Concert', 'Hall', 0)",
    ],
)
def test_a_catalogue_that_differs_from_the_ledger_is_found(damage: Damage, change: str) -> None:
    assert damage(change) == {CATALOGUE}


USED = "FROM ledger WHERE kind = 'ticket.checked_in'"


def test_a_ticket_used_twice_by_the_ledger_is_found(database: Path, damage: Damage) -> None:
    assert damage(f"{APPEND}, at, kind, NULL, ticket_type_id, NULL, data {USED}") == {CHECK_INS}
    [problem] = problems(database, CHECK_INS)
    assert problem.endswith("is used by 2 ledger entries")


def test_more_used_tickets_than_were_sold_are_found(damage: Damage) -> None:
    again = f"{APPEND}, at, kind, NULL, ticket_type_id, NULL, data {USED} LIMIT 1"
    assert damage(again, again, again) == {LEGAL, CHECK_INS}


@pytest.mark.parametrize("change", ["checked_in_at = checked_in_at + 1", "checked_in_by = 'somebody else'"])
def test_a_use_that_differs_from_the_ledger_is_found(damage: Damage, change: str) -> None:
    assert damage(f"UPDATE tickets SET {change} WHERE checked_in_at > 0") == {CHECK_INS}  # noqa: S608


def test_a_use_that_the_ledger_does_not_know_is_found(database: Path, damage: Damage) -> None:
    unused = "UPDATE tickets SET checked_in_at = 5, checked_in_by = 'boss' WHERE checked_in_at IS NULL AND position = 1"
    assert damage(unused) == {CHECK_INS}
    assert all("the ledger does not tell of it" in problem for problem in problems(database, CHECK_INS))


def test_a_used_ticket_that_was_never_made_is_found(database: Path, damage: Damage) -> None:
    made_up = """'{"ticketId":"made up","by":"boss"}'"""
    assert damage(f"{APPEND}, at, kind, NULL, ticket_type_id, NULL, {made_up} {USED}") == {CHECK_INS}
    assert problems(database, CHECK_INS) == ["ticket made up is used by the ledger, and there is no such row"]


@pytest.mark.parametrize("kind", ["paused", "resumed"])
def test_a_pause_that_cannot_follow_is_found(damage: Damage, kind: str) -> None:
    entry = f"{APPEND}, at, 'ticket_type.{kind}', event_id, ticket_type_id, NULL, data FROM ledger"
    of = "tt_vip" if kind == "paused" else "tt"
    assert damage(f"{entry} WHERE kind = 'ticket_type.created' AND ticket_type_id = '{of}'") == {LEGAL}


def test_a_pause_that_the_ledger_does_not_know_is_found(damage: Damage) -> None:
    assert damage("UPDATE ticket_types SET paused = 1 - paused") == {CATALOGUE}


def test_an_adopted_reservation_without_a_user_is_found(damage: Damage, database: Path) -> None:
    assert damage("UPDATE reservations SET user_id = NULL WHERE user_id IS NOT NULL") == {ADOPTIONS}
    assert all("and has no user" in problem for problem in problems(database, ADOPTIONS))


def test_a_reservation_that_is_adopted_twice_is_found(damage: Damage, database: Path) -> None:
    adopted = "SELECT * FROM ledger WHERE kind = 'reservation.adopted'"
    again = f"{APPEND}, at, kind, event_id, ticket_type_id, reservation_id, data FROM ({adopted}) LIMIT 1"
    assert damage(again) == {ADOPTIONS}
    assert "for the second time" in problems(database, ADOPTIONS)[0]


def test_a_kept_answer_that_stands_where_nothing_is_is_found(damage: Damage) -> None:
    kept = "INSERT INTO idempotency VALUES (x'00', 'k', x'00', 201, x'ff', 0, {0})"
    assert damage(kept.format(1)) == set()
    assert damage("UPDATE idempotency SET seq = 1000") == {ANSWERS}
    assert damage("UPDATE idempotency SET seq = 0") == {ANSWERS}
