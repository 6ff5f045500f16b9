import base64
import secrets

import pytest

from actor_ticketing.vault import DataKey, Vault, VaultError

OLD, NEW = DataKey("k1", secrets.token_bytes(32)), DataKey("k2", secrets.token_bytes(32))
TEXT = b"Ada Lovelace, ada@example.com"


@pytest.fixture
def vault() -> Vault:
    return Vault([OLD])


def test_what_was_sealed_opens_for_its_place(vault: Vault) -> None:
    assert vault.open(vault.seal(TEXT, "ticket:1"), "ticket:1") == TEXT


def test_sealed_text_shows_nothing_of_what_is_in_it(vault: Vault) -> None:
    sealed = vault.seal(TEXT, "ticket:1")
    assert sealed.startswith("k1.")
    assert sealed.isascii()
    assert "Ada" not in sealed


def test_the_same_text_is_sealed_differently_each_time(vault: Vault) -> None:
    assert vault.seal(TEXT, "ticket:1") != vault.seal(TEXT, "ticket:1")


def test_it_does_not_open_for_another_place(vault: Vault) -> None:
    with pytest.raises(VaultError, match="ticket:2"):
        vault.open(vault.seal(TEXT, "ticket:1"), "ticket:2")


def test_no_byte_of_it_can_be_changed(vault: Vault) -> None:
    sealed = vault.seal(b"x", "p")
    for position in range(len("k1."), len(sealed)):
        other = "A" if sealed[position] != "A" else "B"
        changed = f"{sealed[:position]}{other}{sealed[position + 1 :]}"
        if position == len(sealed) - 1 and vault_bits(changed) == vault_bits(sealed):
            continue  # The last letter may have bits that stand for nothing.
        with pytest.raises(VaultError):
            vault.open(changed, "p")


def vault_bits(sealed: str) -> bytes:
    encoded = sealed.partition(".")[2]
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


def test_an_older_key_still_opens_and_the_first_one_seals(vault: Vault) -> None:
    sealed = vault.seal(TEXT, "p")
    both = Vault([NEW, OLD])
    assert both.open(sealed, "p") == TEXT
    assert both.seal(TEXT, "p").startswith("k2.")
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(TEXT, "p"))


def test_without_its_key_it_does_not_open(vault: Vault) -> None:
    with pytest.raises(VaultError, match="k1"):
        Vault([NEW]).open(vault.seal(TEXT, "p"), "p")


@pytest.mark.parametrize("sealed", ["", "k1.", "k1", "k1.AAAA", "k1.no base64!"])
def test_what_is_no_sealed_text_does_not_open(vault: Vault, sealed: str) -> None:
    with pytest.raises(VaultError):
        vault.open(sealed, "p")


def test_a_digest_is_the_same_for_the_same_text_and_differs_by_key(vault: Vault) -> None:
    other = Vault([NEW])
    assert vault.digest("ada@example.com") == vault.digest("ada@example.com")
    assert vault.digest("ada@example.com") != vault.digest("bob@example.com")
    assert other.digest("ada@example.com") != vault.digest("ada@example.com")
    assert Vault([NEW, OLD]).digests("a") == [other.digest("a"), vault.digest("a")]


def test_what_was_stored_to_find_people_by_is_found_by_every_later_version() -> None:
    vault = Vault([DataKey("k1", bytes(range(32)))])
    assert vault.digest("ada@example.com").hex() == "cfd90b18b187fad7be13e9de5b87350e"


def test_a_key_does_not_show_itself() -> None:
    assert OLD.secret.hex() not in repr(OLD)
    assert repr(OLD.secret) not in repr(OLD)


def test_the_name_of_a_missing_key_is_told_and_what_only_looks_like_one_is_not(vault: Vault) -> None:
    with pytest.raises(VaultError, match="no data key 'k2' to open what stands at p"):
        vault.open("k2.xyz", "p")
    with pytest.raises(VaultError) as told:
        vault.open('["Ada Lovelace", "ada@example.com"]', "p")
    assert "Ada" not in str(told.value)
