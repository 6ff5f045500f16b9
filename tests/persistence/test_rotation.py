"""A new key for what is sealed, also when the change is killed half-way."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.config import Settings
from actor_ticketing.credentials import FILE_NAME, add_data_key, load_credentials, read_data_keys
from actor_ticketing.persistence import people, rotation, sealed
from actor_ticketing.persistence.accounts import email_purpose
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.mail import contact_place
from actor_ticketing.persistence.rotation import rotate_data_key
from actor_ticketing.persistence.sealed import RotationError
from actor_ticketing.persistence.verify import verify
from actor_ticketing.persistence.webhooks import target_place
from actor_ticketing.vault import Vault, VaultError
from support.lively import make_lively
from support.people import column, files_with

EVERY_STEP = ["add_data_key", "upgrade", "seal_anew", "check_sealed", "rewrite_file", "keep_first_data_key"]
SEALED = (
    "SELECT buyer FROM transactions",
    "SELECT holder FROM tickets",
    "SELECT CAST(body AS TEXT) FROM idempotency",
    "SELECT email FROM accounts",
    "SELECT email FROM contacts",
    "SELECT target FROM webhooks",
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A data directory with secrets of its own, three purchases, kept answers and an account."""
    keys = load_credentials(Settings().auth, tmp_path).data_keys
    vault = Vault(keys)
    make_lively(tmp_path / DATABASE, vault)
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        email = vault.seal(b"ada@example.com", email_purpose("a"))
        connection.execute(
            "INSERT INTO accounts VALUES ('a', ?, ?, '', 'user', 0)", (vault.digest("ada@example.com"), email)
        )
        email = vault.seal(b"ada@example.com", contact_place("u"))
        connection.execute("INSERT INTO contacts VALUES ('u', ?, ?, 0)", (email, vault.digest("ada@example.com")))
        target = vault.seal(b'["https://w.example/", []]', target_place("w"))
        connection.execute("INSERT INTO webhooks VALUES ('w', 'W', ?, '[]', 0)", (target,))
        for number in range(5):
            body = vault.seal(b"{}", f"answer:{bytes([number]).hex()}:key").encode()
            connection.execute(
                "INSERT INTO idempotency VALUES (?, 'key', x'00', 201, ?, 0, 7)", (bytes([number]), body)
            )
    return tmp_path


def rotate(directory: Path, progress: Callable[[int, int], None] = lambda *_: None) -> str:
    return rotate_data_key(directory / DATABASE, directory / FILE_NAME, progress)


def kids(directory: Path) -> set[str]:
    """The keys that anything in the database is sealed with."""
    return {text.rpartition(".")[0] for sql in SEALED for text in column(directory / DATABASE, sql)}


def is_whole(directory: Path) -> bool:
    """Whether everything opens with the keys of the secrets file, and ADA is found."""
    vault = Vault(read_data_keys(directory / FILE_NAME))
    with closing(sqlite3.connect(directory / DATABASE, isolation_level=None)) as connection:
        known = people.person(connection, vault, "ada@example.com")
    assert known.account is not None
    assert len(known.bought) == 3
    return verify(directory / DATABASE, vault=vault).ok


def test_everything_is_sealed_with_the_new_key_and_the_old_one_is_gone(directory: Path) -> None:
    [old] = read_data_keys(directory / FILE_NAME)
    others = {name: value for name, value in secrets_of(directory).items() if name != "dataKeys"}
    before = column(directory / DATABASE, "SELECT buyer FROM transactions")
    kid = rotate(directory)
    [new] = read_data_keys(directory / FILE_NAME)
    assert new.kid == kid != old.kid
    assert kids(directory) == {kid}
    assert is_whole(directory)
    assert files_with(directory, *before) == []
    assert {name: value for name, value in secrets_of(directory).items() if name != "dataKeys"} == others
    assert (directory / FILE_NAME).stat().st_mode & 0o777 == 0o600


def secrets_of(directory: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((directory / FILE_NAME).read_text(encoding="utf-8"))
    return document


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", EVERY_STEP)
def test_killed_at_any_step_it_is_whole_and_can_be_run_again(
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    after: bool,  # noqa: FBT001 - both ways round.
) -> None:
    original = getattr(rotation, step)

    def killed(*arguments: Any) -> None:
        if after:
            original(*arguments)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(rotation, step, killed)
        with pytest.raises(Killed):
            rotate(directory)
    assert is_whole(directory)
    stored = [key.kid for key in read_data_keys(directory / FILE_NAME)]
    kid = rotate(directory)
    # Either the interrupted change was finished, or it had not begun, or it had ended and this is another one.
    assert kid == stored[0] or len(stored) == 1
    assert [key.kid for key in read_data_keys(directory / FILE_NAME)] == [kid]
    assert kids(directory) == {kid}
    assert is_whole(directory)


@pytest.mark.parametrize("portions", range(11))
def test_killed_between_any_two_portions_it_is_whole_and_can_be_run_again(
    directory: Path, monkeypatch: pytest.MonkeyPatch, portions: int
) -> None:
    monkeypatch.setattr(sealed, "PORTION", 2)
    told: list[int] = []

    def kill(done: int, total: int) -> None:
        told.append(done)
        assert done <= total == 16
        if len(told) == portions + 1:
            raise Killed

    try:
        rotate(directory, kill)
    except Killed:
        assert len(kids(directory)) == 2 or told[-1] == 16
    assert is_whole(directory)
    kid = rotate(directory)
    assert kids(directory) == {kid}
    assert is_whole(directory)


def test_what_does_not_open_keeps_its_key_until_it_is_mended(directory: Path) -> None:
    with closing(sqlite3.connect(directory / DATABASE, isolation_level=None)) as connection:
        connection.execute("UPDATE tickets SET holder = 'gone.' || holder WHERE position = 1")
    with pytest.raises(VaultError, match="gone"):
        rotate(directory)
    assert len(read_data_keys(directory / FILE_NAME)) == 2
    with closing(sqlite3.connect(directory / DATABASE, isolation_level=None)) as connection:
        connection.execute("UPDATE tickets SET holder = substr(holder, 6) WHERE position = 1")
    rotate(directory)
    assert is_whole(directory)


def test_an_address_with_an_account_under_either_key_is_named_by_both(directory: Path) -> None:
    former, present = read_data_keys(directory / FILE_NAME)[0], add_data_key(directory / FILE_NAME)[0]
    vault = Vault([present, former])
    with closing(sqlite3.connect(directory / DATABASE, isolation_level=None)) as connection:
        email = vault.seal(b"ada@example.com", email_purpose("again"))
        connection.execute(
            "INSERT INTO accounts VALUES ('again', ?, ?, '', 'user', 0)", (vault.digest("ada@example.com"), email)
        )
    with pytest.raises(RotationError, match="accounts again and a have the same address"):
        rotate(directory)
    assert len(read_data_keys(directory / FILE_NAME)) == 2
    with closing(sqlite3.connect(directory / DATABASE, isolation_level=None)) as connection:
        connection.execute("DELETE FROM accounts WHERE id = 'again'")
    rotate(directory)
    assert is_whole(directory)


def test_the_old_key_stays_when_the_proof_fails(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(rotation, "seal_anew", lambda *_: None)
        with pytest.raises(RotationError, match="still needed"):
            rotate(directory)
    assert len(read_data_keys(directory / FILE_NAME)) == 2
    assert is_whole(directory)
