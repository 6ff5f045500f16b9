import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl import signing as libsodium

ALGORITHM = "EdDSA"
SEED_BYTES = 32
MAX_PAYLOAD_CHARACTERS = 2331
"""What the largest QR code (version 40, error correction M) holds in byte mode (ISO/IEC 18004, table 7)."""

_CLAIM_NAMES = frozenset({"c", "t"})
_HEADER_NAMES = frozenset({"alg", "kid"})
_quoted = json.JSONEncoder().encode


class InvalidTicket(Exception):
    """The text is not a ticket signed with one of the given keys; the message says what is off, for a log."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key: `kid`, its name in JWS headers and in the JWKS (short: it is in every QR code), and its seed.

    `seed` is the 32-byte private key of RFC 8032, section 5.1.5. It stays out of `repr`, and so out of logs.
    """

    kid: str
    seed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TicketClaims:
    """What a ticket's signature vouches for: its code and its ticket type."""

    code: str
    ticket_type_id: str


class TicketSigner:
    """Turns a ticket into the text of its QR code, and tells which public keys verify such a text.

    The first key signs; all keys are published, so that tickets signed with an older one stay valid. Raises
    `ValueError` when there is no key, when a `kid` is empty or occurs twice, and when a seed has not 32 bytes.
    """

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        if not keys:
            raise ValueError("A ticket signer needs at least one key.")
        if len({key.kid for key in keys}) != len(keys) or not all(key.kid for key in keys):
            raise ValueError("Each ticket key needs a kid of its own.")
        if any(len(key.seed) != SEED_BYTES for key in keys):
            raise ValueError(f"The seed of a ticket key has {SEED_BYTES} bytes.")
        # libsodium signs in about half of the time that OpenSSL takes; nothing else in a purchase takes as long.
        private_keys = [(key.kid, libsodium.SigningKey(key.seed)) for key in keys]
        signing_kid, self._signing_key = private_keys[0]
        # The header is the same for all tickets of a key, so it is encoded once.
        self._header = _encode_part(f'{{"alg":"{ALGORITHM}","kid":{_quoted(signing_kid)}}}'.encode()) + b"."
        self._public_keys = [(kid, bytes(private.verify_key)) for kid, private in private_keys]

    def sign(self, *, code: str, ticket_type_id: str) -> str:
        """Return the ticket's `qrPayload`: a compact JWS (RFC 7515, section 3.1) by Ed25519 (RFC 8037, section 3.1).

        The protected header is `{"alg": "EdDSA", "kid": …}`; the payload is `{"c": code, "t": ticket_type_id}`.
        Ed25519 is deterministic, so the same ticket and key always give the same text: derive it
        where it is needed, never store it.
        """
        claims = f'{{"c":{_quoted(code)},"t":{_quoted(ticket_type_id)}}}'
        signed = self._header + _encode_part(claims.encode())
        return (signed + b"." + _encode_part(self._signing_key.sign(signed).signature)).decode("ascii")

    def public_jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JWK Set, `{"keys": [{kty, crv, x, kid, use, alg}, …]}`, the signing one first.

        RFC 7517, section 5, for the set; RFC 8037, section 2, for a key.
        """
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": _encode_part(public).decode("ascii"),
                    "kid": kid,
                    "use": "sig",
                    "alg": ALGORITHM,
                }
                for kid, public in self._public_keys
            ]
        }


def verify_ticket(payload: str, jwks: Mapping[str, object]) -> TicketClaims:
    """Check a scanned `qrPayload` against a JWK Set, without the service, and return what it claims.

    There is one valid text for a ticket: whatever differs from it in any character raises `InvalidTicket`, as does
    anything but a JWS with the header fields `alg` (`EdDSA`) and `kid` (of a key in the set) and exactly the two
    text claims. It does not tell whether the ticket was used before: the door has to keep a list of codes.
    """
    if len(payload) > MAX_PAYLOAD_CHARACTERS:
        raise InvalidTicket("Longer than a QR code can be.")
    parts = payload.split(".")
    if len(parts) != 3:
        raise InvalidTicket("Not three parts.")
    header = _decode_object(_decode_part(parts[0]), _HEADER_NAMES)
    if header["alg"] != ALGORITHM:
        raise InvalidTicket("Signed with another algorithm.")
    claims, signature = _decode_part(parts[1]), _decode_part(parts[2])
    try:
        _public_key(header["kid"], jwks).verify(signature, f"{parts[0]}.{parts[1]}".encode("ascii"))
    except InvalidSignature:
        raise InvalidTicket("The signature does not fit.") from None
    values = _decode_object(claims, _CLAIM_NAMES)
    return TicketClaims(code=values["c"], ticket_type_id=values["t"])


def _encode_part(part: bytes) -> bytes:
    return urlsafe_b64encode(part).rstrip(b"=")


def _decode_part(part: str) -> bytes:
    try:
        encoded = part.encode("ascii")
        decoded = urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    except ValueError:
        raise InvalidTicket("Not base64url.") from None
    # The decoder skips foreign characters and ignores the unused bits of the last one; several texts would then be
    # the same ticket.
    if _encode_part(decoded) != encoded:
        raise InvalidTicket("Not the canonical base64url form.")
    return decoded


def _decode_object(encoded: bytes, names: frozenset[str]) -> dict[str, str]:
    try:
        # Decoded here, because json.loads would also take UTF-16 and UTF-32 bytes.
        pairs = json.loads(encoded.decode("utf-8"), object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        raise InvalidTicket("Not JSON.") from None
    if not isinstance(pairs, _Pairs) or len(pairs) != len(names):
        raise InvalidTicket("Not a JSON object of the expected fields.")
    values = {name: value for name, value in pairs if isinstance(value, str)}
    if values.keys() != names:
        raise InvalidTicket("Not a JSON object of the expected text fields.")
    return values


class _Pairs(list[tuple[str, object]]):
    """A JSON object as read, so that a name that occurs twice is seen (RFC 7515, section 4, forbids it)."""


def _public_key(kid: str, jwks: Mapping[str, object]) -> Ed25519PublicKey:
    expected = {"kid": kid, "kty": "OKP", "crv": "Ed25519"}
    optional = {"use": "sig", "alg": ALGORITHM}
    keys = jwks.get("keys")
    fitting = [
        key["x"]
        for key in (keys if isinstance(keys, Sequence) else ())
        if isinstance(key, Mapping)
        and all(key.get(name) == value for name, value in expected.items())
        and all(key.get(name, value) == value for name, value in optional.items())
        and isinstance(key.get("x"), str)
    ]
    if len(fitting) != 1:
        raise InvalidTicket("Not exactly one usable key of that kid.")
    try:
        return Ed25519PublicKey.from_public_bytes(_decode_part(fitting[0]))
    except ValueError:
        raise InvalidTicket("The key of that kid is not an Ed25519 public key.") from None
