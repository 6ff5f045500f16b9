"""Public keys of identity providers, and which signatures they can be for."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey

_RSA_BITS_MIN = 2048
"""RFC 7518, 3.3 and 3.5."""
_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}


def read_public_key(pem: str) -> PublicKey:
    """Return the key.

    :raises ValueError: when it is none, or of a kind that signs no tokens.
    """
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("should be a public key as PEM, beginning with -----BEGIN PUBLIC KEY-----") from error
    if not isinstance(key, PublicKey):
        raise ValueError("should be an RSA, EC or EdDSA key")  # noqa: TRY004 - the text is wrong, not the program.
    return key


def fits(algorithm: str, key: object) -> bool:
    """Whether signatures of a JWS algorithm (RFC 7518, RFC 8037) can be checked with ``key``. Of HMAC none can."""
    if algorithm.startswith(("RS", "PS")):
        return isinstance(key, RSAPublicKey) and key.key_size >= _RSA_BITS_MIN
    if algorithm in _CURVES:
        return isinstance(key, EllipticCurvePublicKey) and key.curve.name == _CURVES[algorithm]
    return algorithm == "EdDSA" and isinstance(key, Ed25519PublicKey | Ed448PublicKey)
