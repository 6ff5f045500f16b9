import os
import re
from collections.abc import Callable
from hashlib import shake_128
from itertools import count, pairwise

import pytest

from actor_ticketing.domain.ids import (
    CODE_ALPHABET,
    Entropy,
    generate_reservation_code,
    generate_session_id,
    generate_unique_code,
    ids_of_code,
    new_id,
    typed_code,
)
from tests.domain.builders import NOW

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MANY = 100_000


def reservation_code(entropy: Entropy) -> str:
    return generate_reservation_code(new_id(NOW, entropy))


CODES: list[Callable[[Entropy], str]] = [reservation_code, generate_unique_code]


def seeded() -> Entropy:
    """Bytes that look random and are the same in every run."""
    numbers = count()
    return lambda size: shake_128(str(next(numbers)).encode()).digest(size)


def number_of(identifier: str) -> int:
    number = 0
    for letter in identifier:
        number = number * 32 + CROCKFORD.index(letter)
    return number


# Ids


def test_an_id_has_26_characters_of_crockfords_alphabet() -> None:
    assert re.fullmatch(f"[{CROCKFORD}]{{26}}", new_id(NOW, os.urandom))


def test_an_id_needs_no_escaping_in_a_url() -> None:
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", new_id(NOW, os.urandom))


def test_an_id_is_made_of_its_time_and_its_entropy_and_nothing_else() -> None:
    entropy = bytes(range(7, 247, 15))
    assert number_of(new_id(NOW, lambda _: entropy)[:10]) == NOW
    assert new_id(NOW, lambda _: entropy)[10:] == "".join([CROCKFORD[each % 32] for each in entropy])
    assert new_id(NOW, lambda _: entropy) == new_id(NOW, lambda _: entropy)


def test_a_hundred_thousand_ids_of_one_millisecond_are_all_different() -> None:
    assert len({new_id(NOW, os.urandom) for _ in range(MANY)}) == MANY


def test_ids_made_later_sort_later() -> None:
    entropy = seeded()
    made = [new_id(NOW + each, entropy) for each in range(5_000)]
    assert made == sorted(made)


def test_time_outweighs_entropy() -> None:
    assert new_id(NOW, lambda size: b"\xff" * size) < new_id(NOW + 1, lambda size: b"\x00" * size)


def test_ids_sort_by_time_until_the_year_10000() -> None:
    entropy = seeded()
    instants = [0, 1, 2**31, NOW, NOW + 10**12, 253_402_300_799_999]
    made = [new_id(instant, entropy) for instant in instants]
    assert made == sorted(made)


def test_all_80_random_bits_come_from_the_entropy() -> None:
    zeros, ones = new_id(NOW, lambda size: b"\x00" * size), new_id(NOW, lambda size: b"\xff" * size)
    assert number_of(zeros) ^ number_of(ones) == 2**80 - 1


def test_each_of_the_80_random_bits_is_drawn_afresh_between_neighbours_of_one_millisecond() -> None:
    entropy = seeded()
    numbers = [number_of(new_id(NOW, entropy)) for _ in range(2_001)]
    flips = [sum((a ^ b) >> bit & 1 for a, b in pairwise(numbers)) for bit in range(80)]
    assert min(flips) > 800
    assert max(flips) < 1_200


def test_a_neighbours_id_is_never_found_by_counting_up() -> None:
    entropy = seeded()
    numbers = [number_of(new_id(NOW, entropy)) for _ in range(10_000)]
    assert all(abs(a - b) > 2**40 for a, b in pairwise(numbers))


# Sessions


def test_a_session_id_has_32_characters_that_a_storefront_may_send_back() -> None:
    assert re.fullmatch(r"[A-Za-z0-9._~-]{32}", generate_session_id(os.urandom))


def test_a_session_id_is_made_of_192_bits_of_entropy() -> None:
    asked: list[int] = []

    def entropy(size: int) -> bytes:
        asked.append(size)
        return bytes(size)

    generate_session_id(entropy)
    assert asked == [24]


def test_a_hundred_thousand_session_ids_are_all_different() -> None:
    assert len({generate_session_id(os.urandom) for _ in range(MANY)}) == MANY


# Codes


def test_the_alphabet_has_no_two_characters_that_can_be_taken_for_each_other() -> None:
    assert len(set(CODE_ALPHABET)) == len(CODE_ALPHABET)
    for look_alikes in ("0O", "1IL", "2Z", "5S", "8B"):
        assert sum(letter in CODE_ALPHABET for letter in look_alikes) <= 1, look_alikes
    assert not set("0O1I") & set(CODE_ALPHABET)
    assert CODE_ALPHABET.upper() == CODE_ALPHABET


def test_a_reservation_code_has_three_groups_of_six() -> None:
    group = f"[{CODE_ALPHABET}]{{6}}"
    assert re.fullmatch(f"{group}-{group}-{group}", reservation_code(os.urandom))


def test_a_reservation_code_ends_with_the_second_of_its_id() -> None:
    def last_letters(instant: int) -> str:
        return generate_reservation_code(new_id(instant, os.urandom))[-6:]

    assert last_letters(NOW) == last_letters(NOW + 999)
    seconds = [last_letters(NOW + 1000 * each) for each in range(1_000)]
    assert [[CODE_ALPHABET.index(letter) for letter in each] for each in seconds] == sorted(
        [CODE_ALPHABET.index(letter) for letter in each] for each in set(seconds)
    )


def test_what_is_no_id_has_no_code() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        generate_reservation_code("no id")


def test_a_ticket_code_has_four_groups_of_four() -> None:
    group = f"[{CODE_ALPHABET}]{{4}}"
    assert re.fullmatch(f"{group}-{group}-{group}-{group}", generate_unique_code(os.urandom))


@pytest.mark.parametrize("generate", CODES)
def test_a_code_has_at_least_12_characters_and_64_random_bits(generate: Callable[[Entropy], str]) -> None:
    characters = generate(os.urandom).replace("-", "")
    assert len(characters) >= 12
    assert len(CODE_ALPHABET) ** len(characters) >= 2**64


@pytest.mark.parametrize("generate", CODES)
def test_a_code_is_determined_by_its_entropy(generate: Callable[[Entropy], str]) -> None:
    assert generate(seeded()) == generate(seeded())
    assert generate(lambda size: bytes([1]) * size) != generate(lambda size: bytes([2]) * size)


@pytest.mark.parametrize("generate", CODES)
def test_a_hundred_thousand_codes_are_all_different(generate: Callable[[Entropy], str]) -> None:
    assert len({generate(os.urandom) for _ in range(MANY)}) == MANY


@pytest.mark.parametrize(("generate", "random_letters"), [(reservation_code, 12), (generate_unique_code, 16)])
def test_every_letter_is_equally_likely_in_every_random_position(
    generate: Callable[[Entropy], str], random_letters: int
) -> None:
    entropy = seeded()
    codes = [generate(entropy).replace("-", "")[:random_letters] for _ in range(5_000)]
    for letters in zip(*codes, strict=True):
        shares = [letters.count(letter) for letter in CODE_ALPHABET]
        assert min(shares) > 130
        assert max(shares) < 270


@pytest.mark.parametrize("now", [0, 1_800_000_000_000, 1_800_000_000_999, 2**48 - 1_000])
def test_an_id_lies_where_its_code_says(now: int) -> None:
    reservation_id = new_id(now, os.urandom)
    places = list(ids_of_code(generate_reservation_code(reservation_id)))
    assert sum(first <= reservation_id < end for first, end in places) == 1
    assert len(places) in {1152, 1153}


def test_what_is_no_code_has_no_place() -> None:
    for text in ("", "AAAAAA", "AAAAAA-AAAAAA-AAAAA0", "AAAAAA-AAAAAA-AAAAAAA", "aaaaaa-aaaaaa-aaaaaa"):
        assert list(ids_of_code(text)) == []


@pytest.mark.parametrize("typed", ["KWRT-93HM", "kwrt 93hm", " kwrt93hm ", "k-w-r-t-9-3-h-m"])
def test_a_code_is_written_in_groups_however_it_was_typed(typed: str) -> None:
    assert typed_code(typed, group=4) == "KWRT-93HM"
