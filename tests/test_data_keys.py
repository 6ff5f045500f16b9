"""The keys for personal data in the secrets file, and how they are changed."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.config import AuthSettings
from actor_ticketing.credentials import (
    CredentialsError,
    add_data_key,
    keep_first_data_key,
    load_credentials,
    read_data_keys,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A complete secrets file."""
    return load_credentials(AuthSettings(), tmp_path).path


def others(file: Path) -> dict[str, Any]:
    return {name: value for name, value in json.loads(file.read_text(encoding="utf-8")).items() if name != "dataKeys"}


def test_reading_makes_nothing(tmp_path: Path) -> None:
    assert read_data_keys(tmp_path / "secrets.json") == ()
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_data_keys_has_none(tmp_path: Path, file: Path) -> None:
    file.write_text(json.dumps(others(file)), encoding="utf-8")
    assert read_data_keys(file) == ()
    with pytest.raises(CredentialsError, match="cannot be read"):
        read_data_keys(tmp_path)


def test_a_new_key_comes_first_and_all_else_stays(file: Path) -> None:
    before, [old] = others(file), read_data_keys(file)
    new, kept = add_data_key(file)
    assert kept == old
    assert new.kid != old.kid
    assert read_data_keys(file) == (new, old)
    assert others(file) == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_credentials(AuthSettings(), file.parent).data_keys == (new, old)


def test_only_the_first_key_is_kept(file: Path) -> None:
    before = others(file)
    new, _ = add_data_key(file)
    keep_first_data_key(file)
    assert read_data_keys(file) == (new,)
    keep_first_data_key(file)
    assert read_data_keys(file) == (new,)
    assert others(file) == before


def test_keys_that_are_added_at_once_are_all_there(file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        added = {keys[0] for keys in pool.map(add_data_key, [file] * 8)}
    assert len(added) == 8
    assert added < set(read_data_keys(file))


def test_a_file_that_is_open_to_others_is_refused(file: Path) -> None:
    file.chmod(0o644)
    for act in (read_data_keys, add_data_key, keep_first_data_key):
        with pytest.raises(CredentialsError, match="chmod 600"):
            act(file)
