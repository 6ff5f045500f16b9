"""Personal data at rest: sealed with AES-256-GCM, found again by a keyed digest.

What is sealed says by which key (its ``kid``), so that keys can be changed one row at a time. What it is sealed *for*
is authenticated with it (NIST SP 800-38D, additional data): text that is moved to another row or column does not open.
"""

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from actor_ticketing.domain.problems import Problem

KEY_BYTES = 32
_NONCE_BYTES = 12
_DIGEST_BYTES = 16
_TELLABLE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class VaultError(Problem):
    """Something sealed cannot be opened: its key is missing, or it is not what was sealed for this place.

    :ivar kid: the name of the key that it says, as far as it may be told.
    """

    def __init__(self, message: str, *, kid: str) -> None:
        super().__init__(message)
        self.kid = kid


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key for personal data. ``kid`` names it in what it seals; ``secret`` is 32 random bytes."""

    kid: str
    secret: bytes = field(repr=False)


class _Derived:
    """Two keys from one secret, so that the one that seals is used for nothing else."""

    def __init__(self, secret: bytes) -> None:
        self.cipher = AESGCM(_derive(secret, b"seal"))
        self.digest = HMAC(_derive(secret, b"find"), SHA256())


class Vault:
    """Seals and opens.

    :param keys: the first one seals, every one opens.
    """

    def __init__(self, keys: Sequence[DataKey]) -> None:
        self.kid = keys[0].kid
        self._keys = {key.kid: _Derived(key.secret) for key in keys}

    def seal(self, text: bytes, purpose: str) -> str:
        """Return it as ASCII text, such as ``k1.wJ…``.

        :param purpose: the place it is for, such as ``ticket.holder:ID``; it opens for no other.
        """
        # Random nonces are good for 2**32 messages under one key; three purchases a second take 45 years to get there.
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._keys[self.kid].cipher.encrypt(nonce, text, purpose.encode())
        return f"{self.kid}.{urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def open(self, sealed: str, purpose: str, *, told: str = "") -> bytes:
        """Return what was sealed.

        :param told: what an error says instead of the purpose, where that is nobody's business.
        :raises VaultError: when the key is not there, or it was changed, or sealed for another place.
        """
        kid, _, encoded = sealed.rpartition(".")
        key = self._keys.get(kid)
        if key is None:
            # What was never sealed has no key's name before its last dot, but people.
            named = repr(kid) if _TELLABLE.fullmatch(kid) else "of that name"
            raise VaultError(f"there is no data key {named} to open what stands at {told or purpose}", kid=named)
        try:
            raw = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
            return key.cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            message = f"what should stand at {told or purpose} does not open with the key {kid!r}"
            raise VaultError(message, kid=repr(kid)) from None

    def is_current(self, sealed: str) -> bool:
        """Whether it was sealed with the key that seals now."""
        return sealed.rpartition(".")[0] == self.kid

    def digest(self, text: str) -> bytes:
        """Return 16 bytes to find ``text`` by, which tell nobody without the key what it is (HMAC-SHA256)."""
        return _digest(self._keys[self.kid], text)

    def digests(self, text: str) -> list[bytes]:
        """Return what :meth:`digest` gave or gives under each key; the present one first."""
        return [_digest(key, text) for key in self._keys.values()]


def _digest(key: _Derived, text: str) -> bytes:
    digest = key.digest.copy()
    digest.update(text.encode())
    return digest.finalize()[:_DIGEST_BYTES]


def _derive(secret: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"actor-ticketing personal data: " + use).derive(
        secret
    )
