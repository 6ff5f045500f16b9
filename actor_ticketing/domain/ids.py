"""Identifiers and codes. Randomness is handed in as ``entropy``: a function from a byte count to that many bytes."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from functools import lru_cache

Entropy = Callable[[int], bytes]

_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# A letter for each byte: 32 divides 256, so none is likelier than another.
_LETTER_OF_BYTE = (_BASE32 * 8).encode()

_TO_PYTHON = bytes.maketrans(_BASE32.encode(), b"0123456789abcdefghijklmnopqrstuv")

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B: a code is read out over the phone and typed at the door.
CODE_ALPHABET = "ACDEFGHJKMNPQRTUVWXY34679"
_CODE_PAIRS = [a + b for a in CODE_ALPHABET for b in CODE_ALPHABET]
_RESERVATION_CODE = re.compile(f"[{CODE_ALPHABET}]{{6}}(-[{CODE_ALPHABET}]{{6}}){{2}}")
_CODES = len(CODE_ALPHABET) ** 16


def new_id(now: int, entropy: Entropy) -> str:
    """Return 26 characters of Crockford base 32: 48 bits of ``now`` (ms since the epoch), then 80 random bits.

    Ids made later sort later, so rows append; the random part is drawn afresh each time, so a neighbour's id cannot be
    counted up to, as it can with ULID libraries that stay monotonic within a millisecond.
    """
    return _time_part(now) + entropy(16).translate(_LETTER_OF_BYTE).decode("ascii")


@lru_cache(maxsize=16)
def _time_part(now: int) -> str:
    return "".join([_BASE32[now >> shift & 31] for shift in range(45, -1, -5)])


def generate_session_id(entropy: Entropy) -> str:
    """Return a guest session id: 192 random bits as 32 URL-safe characters. Who knows it owns the session's holds."""
    return urlsafe_b64encode(entropy(24)).decode("ascii")


def generate_reservation_code(reservation_id: str) -> str:
    """Return what a person reads out of a reservation's id, such as ``KWRTA9-3HMXCQ-4VEAA7``.

    12 letters are of the id's random bits (55 of them), 6 of its second. So a code needs no column and no index, whose
    random order is what a large table would spend most of its time on: who looks one up reads the second from it, and
    goes through the ids of that second. Two reservations share a code less than once in a hundred years at 5,000 a
    second; it is a name to talk about, and opens nothing.

    :param reservation_id: of :func:`new_id`.
    :raises ValueError: when it has characters that are none of Crockford's.
    """
    # In two halves: Python is much quicker with numbers of 40 bits than with one of 80.
    digits = reservation_id.encode().translate(_TO_PYTHON)
    return f"{_six_letters(digits[10:18])}-{_six_letters(digits[18:])}-{_letters_of_second(reservation_id[:10])}"


def _six_letters(digits: bytes) -> str:
    # And quickest with numbers below 2**30.
    number, pairs = int(digits, 32) % 25**6, _CODE_PAIRS
    return f"{pairs[number // 390_625]}{pairs[number // 625 % 625]}{pairs[number % 625]}"


@lru_cache(maxsize=256)
def _letters_of_second(time_part: str) -> str:
    second = int(time_part.encode().translate(_TO_PYTHON), 32) // 1000
    return "".join([_CODE_PAIRS[second // 625**place % 625] for place in (2, 1, 0)])


def ids_of_code(code: str) -> Iterator[tuple[str, str]]:
    """Where the ids lie that may have a reservation's code: each from the first, inclusive, up to the second.

    The letters for the second come round every 25**6 seconds, which is 7.7 years. There are none for what is no code.
    """
    if not _RESERVATION_CODE.fullmatch(code):
        return
    second = 0
    for letter in code[-6:]:
        second = second * 25 + CODE_ALPHABET.index(letter)
    for each in range(second, 2**48 // 1000, 25**6):
        yield _time_part(each * 1000), _time_part((each + 1) * 1000)


def generate_unique_code(entropy: Entropy) -> str:
    """Return a ticket's code, such as ``KWRT-93HM-CQ4V-AA7K`` (74 random bits). Who knows it can fetch the QR code."""
    # 24 bytes, twice as many as needed, keep the bias of the remainder below 2**-60.
    first, second = divmod(int.from_bytes(entropy(24), "big") % _CODES, 25**8)
    return f"{_eight_letters(first)}-{_eight_letters(second)}"


def typed_code(text: str, *, group: int) -> str:
    """Return a code as it is written here, however somebody has typed it: in lower case, say, or without dashes.

    :param group: how many letters stand between two dashes: 4 in a ticket's code, 6 in a reservation's.
    """
    letters = "".join([letter for letter in text.upper() if letter.isalnum()])
    return "-".join([letters[at : at + group] for at in range(0, len(letters), group)])


def _eight_letters(number: int) -> str:
    pairs = _CODE_PAIRS
    return (
        f"{pairs[number // 244_140_625]}{pairs[number // 390_625 % 625]}"
        f"-{pairs[number // 625 % 625]}{pairs[number % 625]}"
    )
