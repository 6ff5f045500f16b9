"""Identifiers and codes. Randomness is handed in as ``entropy``: a function from a byte count to that many bytes."""

from base64 import urlsafe_b64encode
from collections.abc import Callable

Entropy = Callable[[int], bytes]

_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE32_PAIRS = [a + b for a in _BASE32 for b in _BASE32]

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B: a code is read out over the phone and typed at the door.
CODE_ALPHABET = "ACDEFGHJKMNPQRTUVWXY34679"


def new_id(now: int, entropy: Entropy) -> str:
    """Return 26 characters of Crockford base 32: 48 bits of ``now`` (ms since the epoch), then 80 random bits.

    Ids made later sort later, so rows append; the random part is drawn afresh each time, so a neighbour's id cannot be
    counted up to, as it can with ULID libraries that stay monotonic within a millisecond.
    """
    value = (now & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(entropy(10), "big")
    return "".join([_BASE32_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])


def generate_session_id(entropy: Entropy) -> str:
    """Return a guest session id: 192 random bits as 32 URL-safe characters. Who knows it owns the session's holds."""
    return urlsafe_b64encode(entropy(24)).decode("ascii")


def generate_reservation_code(entropy: Entropy) -> str:
    """Return a code a person can read out, such as ``KWRTA-93HMX-CQ4VE`` (69 random bits)."""
    return _grouped_code(entropy, groups=3, size=5)


def generate_unique_code(entropy: Entropy) -> str:
    """Return a ticket's code, such as ``KWRT-93HM-CQ4V-AA7K`` (74 random bits). Who knows it can fetch the QR code."""
    return _grouped_code(entropy, groups=4, size=4)


def _grouped_code(entropy: Entropy, *, groups: int, size: int) -> str:
    # Eight bytes more than needed keep the bias of the remainder below 2**-60.
    value = int.from_bytes(entropy(groups * size + 8), "big")
    letters = []
    for _ in range(groups * size):
        value, letter = divmod(value, len(CODE_ALPHABET))
        letters.append(CODE_ALPHABET[letter])
    return "-".join("".join(letters[start : start + size]) for start in range(0, groups * size, size))
