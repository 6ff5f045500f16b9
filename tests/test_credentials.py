import base64
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from actor_ticketing.config import AuthSettings
from actor_ticketing.credentials import Credentials, CredentialsError, load_credentials

RACERS = 8
ROUNDS = 20
NOTHING = AuthSettings()
EVERYTHING = AuthSettings.model_validate(
    {
        "admin_token": "configured-admin",
        "cron_secret": "configured-cron-",
        "jwt_secret": "configured-jwt".ljust(32, "-"),
    }
)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def file(data_dir: Path) -> Path:
    return data_dir / "secrets.json"


def write(file: Path, content: str | dict[str, Any], mode: int = 0o600) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    file.chmod(mode)


def content_of(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def secrets_of(credentials: Credentials) -> tuple[object, ...]:
    keys = [(key.kid, key.seed) for key in credentials.ticket_keys]
    return credentials.admin_token, credentials.cron_secret, credentials.jwt_secret, keys


def seed(letter: str) -> str:
    return base64.urlsafe_b64encode(letter.encode() * 32).decode().rstrip("=")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_all_secrets_and_says_where(data_dir: Path, file: Path) -> None:
    credentials = load_credentials(NOTHING, data_dir)
    assert credentials.generated == ("adminToken", "cronSecret", "jwtSecret", "ticketKeys", "dataKeys")
    assert credentials.path == file
    assert content_of(file).keys() == set(credentials.generated)


def test_the_file_is_for_its_owner_alone_whatever_the_umask(data_dir: Path, file: Path) -> None:
    before = os.umask(0)
    try:
        load_credentials(NOTHING, data_dir)
    finally:
        os.umask(before)
    assert (mode_of(data_dir), mode_of(file)) == (0o700, 0o600)


def test_nothing_but_the_file_is_left_behind(data_dir: Path, file: Path) -> None:
    load_credentials(EVERYTHING, data_dir)
    load_credentials(NOTHING, data_dir)
    assert list(data_dir.iterdir()) == [file]


def test_a_made_secret_has_at_least_256_bits(data_dir: Path) -> None:
    credentials = load_credentials(NOTHING, data_dir)
    made = [credentials.admin_token, credentials.cron_secret, credentials.jwt_secret]
    assert [len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) for text in made] == [32, 32, 64]
    assert len(set(made)) == 3


def test_two_data_directories_share_no_secret(tmp_path: Path) -> None:
    first, second = (secrets_of(load_credentials(NOTHING, tmp_path / name)) for name in ("first", "second"))
    assert all(mine != yours for mine, yours in zip(first, second, strict=True))


def test_the_next_start_finds_the_same_secrets(data_dir: Path) -> None:
    first = load_credentials(NOTHING, data_dir)
    second = load_credentials(NOTHING, data_dir)
    assert secrets_of(second) == secrets_of(first)
    assert second.generated == ()


def test_the_ticket_key_signs_and_verifies(data_dir: Path) -> None:
    key = load_credentials(NOTHING, data_dir).ticket_keys[0].private_key()
    key.public_key().verify(key.sign(b"ticket"), b"ticket")


def test_a_configured_secret_wins_over_the_file(data_dir: Path) -> None:
    load_credentials(NOTHING, data_dir)
    credentials = load_credentials(EVERYTHING, data_dir)
    assert (credentials.admin_token, credentials.cron_secret) == ("configured-admin", "configured-cron-")
    assert credentials.jwt_secret.startswith("configured-jwt")


def test_with_all_secrets_configured_the_file_holds_no_more_than_the_keys(data_dir: Path, file: Path) -> None:
    assert load_credentials(EVERYTHING, data_dir).generated == ("ticketKeys", "dataKeys")
    assert content_of(file).keys() == {"ticketKeys", "dataKeys"}


def test_what_an_existing_file_lacks_is_added_and_the_rest_is_kept(data_dir: Path, file: Path) -> None:
    first = load_credentials(EVERYTHING, data_dir)
    second = load_credentials(NOTHING, data_dir)
    assert second.generated == ("adminToken", "cronSecret", "jwtSecret")
    assert second.ticket_keys == first.ticket_keys
    assert mode_of(file) == 0o600


def test_entries_of_a_later_version_survive_an_addition(data_dir: Path, file: Path) -> None:
    write(file, {"fromTheFuture": 1})
    load_credentials(NOTHING, data_dir)
    assert content_of(file)["fromTheFuture"] == 1


def test_the_first_of_several_ticket_keys_signs(data_dir: Path, file: Path) -> None:
    write(file, {"ticketKeys": [{"kid": "new", "seed": seed("n")}, {"kid": "old", "seed": seed("o")}]})
    keys = load_credentials(EVERYTHING, data_dir).ticket_keys
    assert [(key.kid, key.seed) for key in keys] == [("new", b"n" * 32), ("old", b"o" * 32)]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_open_to_others_is_refused_with_the_command_that_mends_it(data_dir: Path, file: Path, mode: int) -> None:
    load_credentials(NOTHING, data_dir)
    file.chmod(mode)
    with pytest.raises(CredentialsError) as caught:
        load_credentials(NOTHING, data_dir)
    assert str(caught.value).endswith(f"(mode {mode:04o}); run: chmod 600 {file}")


@pytest.mark.parametrize(
    "content",
    [
        "",
        '{"adminToken": "hush-hush-hush-hush"',
        "[" * 100_000,
        "[]",
        {"adminToken": "hush"},
        {"adminToken": None},
        {"cronSecret": 12345678901234567890},
        {"jwtSecret": "hush-of-thirty-one-bytes-just-1"},
        {"ticketKeys": []},
        {"ticketKeys": {"kid": "a", "seed": seed("a")}},
        {"ticketKeys": [{"kid": "a"}]},
        {"ticketKeys": [{"kid": "", "seed": seed("a")}]},
        {"ticketKeys": [{"kid": "a", "seed": "aHVzaA"}]},
        {"ticketKeys": [{"kid": "a", "seed": "hush!" + seed("a")}]},
        {"ticketKeys": [{"kid": "a", "seed": seed("a")}, {"kid": "a", "seed": seed("b")}]},
        {"dataKeys": []},
        {"dataKeys": [{"kid": "a", "seed": seed("a")}]},
        {"dataKeys": [{"kid": "a", "secret": "aHVzaA"}]},
        {"dataKeys": [{"kid": "a", "secret": seed("a")}, {"kid": "a", "secret": seed("b")}]},
    ],
)
def test_a_broken_file_is_refused_by_name_and_neither_overwritten_nor_quoted(
    data_dir: Path, file: Path, content: str | dict[str, Any]
) -> None:
    write(file, content)
    before = file.read_bytes()
    with pytest.raises(CredentialsError) as caught:
        load_credentials(NOTHING, data_dir)
    assert str(caught.value).startswith(f"{file}: ")
    assert "hush" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert file.read_bytes() == before


def test_bytes_that_are_no_text_are_refused(data_dir: Path, file: Path) -> None:
    write(file, "")
    file.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(CredentialsError, match="is not valid JSON"):
        load_credentials(NOTHING, data_dir)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("", encoding="utf-8")
    with pytest.raises(CredentialsError, match=r"data/secrets\.json: cannot be read or written"):
        load_credentials(NOTHING, in_the_way)


def test_credentials_do_not_show_their_secrets(data_dir: Path) -> None:
    credentials = load_credentials(NOTHING, data_dir)
    shown = f"{credentials!r} {credentials}"
    hidden = [credentials.admin_token, credentials.cron_secret, credentials.jwt_secret]
    assert [text for text in [*hidden, str(credentials.ticket_keys[0].seed)] if text in shown] == []


@pytest.mark.parametrize("before", [None, EVERYTHING], ids=["without a file", "with a file that lacks some"])
def test_starts_that_coincide_end_with_the_same_secrets(tmp_path: Path, before: AuthSettings | None) -> None:
    together = Barrier(RACERS)

    def start(data_dir: Path) -> tuple[object, ...]:
        together.wait()
        return secrets_of(load_credentials(NOTHING, data_dir))

    with ThreadPoolExecutor(RACERS) as pool:
        for number in range(ROUNDS):
            data_dir = tmp_path / str(number)
            if before is not None:
                load_credentials(before, data_dir)
            ends = list(pool.map(start, [data_dir] * RACERS))
            assert ends == [secrets_of(load_credentials(NOTHING, data_dir))] * RACERS


def test_an_addition_keeps_what_another_process_added_meanwhile(
    data_dir: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, {"ticketKeys": [{"kid": "a", "seed": seed("a")}]})
    between: list[Credentials] = []
    begun: list[bool] = []
    really_open = os.open

    def another_start_first(path: Any, *arguments: Any) -> int:
        if not begun and path == file:
            begun.append(True)
            between.append(load_credentials(NOTHING, data_dir))
        return really_open(path, *arguments)

    monkeypatch.setattr(os, "open", another_start_first)
    late = load_credentials(NOTHING, data_dir)
    assert secrets_of(late) == secrets_of(between[0])
    assert (between[0].generated, late.generated) == (("adminToken", "cronSecret", "jwtSecret", "dataKeys"), ())
