import json
import re
import string
import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from actor_ticketing.tickets.signing import InvalidTicket, SigningKey, TicketClaims, TicketSigner, verify_ticket

SEED = bytes(range(32))
SIGNER = TicketSigner([SigningKey("k1", SEED)])
JWKS = SIGNER.public_jwks()
CLAIMS = TicketClaims(code="ABCD-EFGH-JKLM", ticket_type_id="type-1")
TICKET = SIGNER.sign(code=CLAIMS.code, ticket_type_id=CLAIMS.ticket_type_id)
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
# Short enough for a QR code, even if each character is escaped as twelve.
SHORT = st.text(max_size=40)
NO_TICKET = "refused: not a valid ticket"
DOCUMENT = Path(__file__).parents[2] / "docs" / "tickets.md"


def b64(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def unb64(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def signed(header: str, payload: bytes) -> str:
    """Sign whatever is given with the right key, as only a faulty service could."""
    text = f"{b64(header.encode())}.{b64(payload)}"
    return f"{text}.{b64(Ed25519PrivateKey.from_private_bytes(SEED).sign(text.encode()))}"


def test_a_signed_ticket_verifies_and_gives_its_claims_back() -> None:
    assert verify_ticket(TICKET, JWKS) == CLAIMS


def test_the_same_ticket_always_gets_the_same_text() -> None:
    again = TicketSigner([SigningKey("k1", SEED)]).sign(code=CLAIMS.code, ticket_type_id="type-1")
    assert again == TICKET


def test_the_header_has_only_alg_and_kid_and_the_payload_only_the_three_claims() -> None:
    header, payload, _ = TICKET.split(".")
    assert json.loads(unb64(header)) == {"alg": "EdDSA", "kid": "k1"}
    assert json.loads(unb64(payload)) == {"c": "ABCD-EFGH-JKLM", "t": "type-1"}


@settings(deadline=None)
@given(code=SHORT, ticket_type_id=SHORT)
def test_any_text_survives_signing_and_verifying(code: str, ticket_type_id: str) -> None:
    text = SIGNER.sign(code=code, ticket_type_id=ticket_type_id)
    assert verify_ticket(text, JWKS) == TicketClaims(code, ticket_type_id)


def test_the_jwks_has_public_keys_in_the_form_of_rfc_8037() -> None:
    # The example key pair of RFC 8037, appendix A.
    seed = unb64("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
    assert TicketSigner([SigningKey("a", seed)]).public_jwks() == {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "kid": "a",
                "use": "sig",
                "alg": "EdDSA",
            }
        ]
    }


def test_pyjwt_alone_verifies_a_ticket_with_the_published_keys() -> None:
    keys = jwt.PyJWKSet.from_dict(json.loads(json.dumps(JWKS)))
    key = keys[jwt.get_unverified_header(TICKET)["kid"]]
    assert jwt.decode(TICKET, key, algorithms=["EdDSA"]) == {"c": "ABCD-EFGH-JKLM", "t": "type-1"}


@settings(deadline=None)
@given(
    position=st.integers(0, len(TICKET) - 1),
    character=st.sampled_from(string.ascii_letters + string.digits + "-_.") | st.characters(),
)
def test_any_single_changed_character_is_refused(position: int, character: str) -> None:
    if character == TICKET[position]:
        return
    with pytest.raises(InvalidTicket):
        verify_ticket(TICKET[:position] + character + TICKET[position + 1 :], JWKS)


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("code", ["A", "AB", "ABC"], ids=len)
def test_the_unused_bits_of_a_parts_last_character_must_be_zero(part: int, code: str) -> None:
    parts = SIGNER.sign(code=code, ticket_type_id="t").split(".")
    for character in string.ascii_letters + string.digits + "-_":
        changed = parts[part][:-1] + character
        if changed != parts[part]:
            with pytest.raises(InvalidTicket):
                verify_ticket(".".join([*parts[:part], changed, *parts[part + 1 :]]), JWKS)


@settings(deadline=None)
@given(position=st.integers(0, len(TICKET)), character=st.sampled_from(" \t\r\n=.A+/\u00e4\0"))
def test_any_inserted_character_is_refused(position: int, character: str) -> None:
    with pytest.raises(InvalidTicket):
        verify_ticket(TICKET[:position] + character + TICKET[position:], JWKS)


@settings(deadline=None)
@given(st.text(max_size=100) | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*", fullmatch=True))
def test_arbitrary_text_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(InvalidTicket):
        verify_ticket(text, JWKS)


def test_a_signature_moved_by_the_group_order_is_refused() -> None:
    # RFC 8032, section 5.1.7: S must be below the order, or each ticket would have a second valid signature.
    head, _, signature = TICKET.rpartition(".")
    r, s = unb64(signature)[:32], int.from_bytes(unb64(signature)[32:], "little")
    with pytest.raises(InvalidTicket):
        verify_ticket(f"{head}.{b64(r + (s + GROUP_ORDER).to_bytes(32, 'little'))}", JWKS)


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"none","kid":"k1"}',
        '{"alg":"HS256","kid":"k1"}',
        '{"alg":"eddsa","kid":"k1"}',
        '{"alg":"EdDSA"}',
        '{"alg":"EdDSA","kid":1}',
        '{"alg":"EdDSA","kid":"k2"}',
        '{"alg":"EdDSA","kid":"k1","kid":"k1"}',
        '{"alg":"EdDSA","kid":"k1","crit":["x"],"x":1}',
        '["alg","kid"]',
    ],
)
def test_a_header_other_than_eddsa_with_a_known_kid_is_refused(header: str) -> None:
    with pytest.raises(InvalidTicket):
        verify_ticket(signed(header, b'{"c":"1","t":"2"}'), JWKS)


def test_a_token_signed_by_hmac_with_the_public_key_is_refused() -> None:
    public = unb64(JWKS["keys"][0]["x"])
    forged = jwt.encode({"c": "1", "t": "2"}, public, algorithm="HS256", headers={"kid": "k1", "typ": None})
    with pytest.raises(InvalidTicket, match="algorithm"):
        verify_ticket(forged, JWKS)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'"c"',
        b'[["c","1"],["t","2"]]',
        b'{"c":"1"}',
        b'{"c":"1","t":2}',
        b'{"c":"1","t":null}',
        b'{"c":"1","t":"2","x":"4"}',
        b'{"c":"1","t":"2","c":"4"}',
        b'{"c":"1","T":"2"}',
        b'{"c":"1","t":"2"} x',
        b'\xef\xbb\xbf{"c":"1","t":"2"}',
        b'{"c":"\xff","t":"2"}',
        '{"c":"1","t":"2"}'.encode("utf-16"),
        b"[" * 1500,
    ],
)
def test_a_signed_payload_other_than_the_two_text_claims_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidTicket):
        verify_ticket(signed('{"alg":"EdDSA","kid":"k1"}', payload), JWKS)


def test_a_text_longer_than_any_qr_code_is_refused() -> None:
    with pytest.raises(InvalidTicket, match="Longer"):
        verify_ticket(SIGNER.sign(code="A" * 2331, ticket_type_id="t"), JWKS)


@pytest.mark.parametrize(
    "change",
    [
        {"kid": "k2"},
        {"kty": "EC"},
        {"crv": "X25519"},
        {"use": "enc"},
        {"alg": "ES256"},
        {"x": None},
        {"x": "AAAA"},
        {"x": "!"},
    ],
    ids=str,
)
def test_a_key_that_is_not_meant_for_this_is_not_used(change: dict[str, object]) -> None:
    with pytest.raises(InvalidTicket):
        verify_ticket(TICKET, {"keys": [{**JWKS["keys"][0], **change}]})


@pytest.mark.parametrize("jwks", [{}, {"keys": None}, {"keys": "k1"}, {"keys": [None, "k1"]}], ids=str)
def test_a_malformed_key_set_verifies_nothing(jwks: dict[str, object]) -> None:
    with pytest.raises(InvalidTicket):
        verify_ticket(TICKET, jwks)


def test_two_keys_of_one_kid_verify_nothing() -> None:
    with pytest.raises(InvalidTicket, match="kid"):
        verify_ticket(TICKET, {"keys": JWKS["keys"] * 2})


def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_verifies() -> None:
    rotated = TicketSigner([SigningKey("k2", b"\1" * 32), SigningKey("k1", SEED)])
    fresh = rotated.sign(code="A", ticket_type_id="t")
    assert jwt.get_unverified_header(fresh)["kid"] == "k2"
    assert verify_ticket(fresh, rotated.public_jwks()).code == "A"
    assert verify_ticket(TICKET, rotated.public_jwks()) == CLAIMS


def test_a_ticket_of_a_removed_key_is_refused() -> None:
    with pytest.raises(InvalidTicket, match="kid"):
        verify_ticket(TICKET, TicketSigner([SigningKey("k2", b"\1" * 32)]).public_jwks())


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [SigningKey("", SEED)],
        [SigningKey("a", SEED), SigningKey("a", b"\1" * 32)],
        [SigningKey("a", b"short")],
    ],
)
def test_unusable_keys_are_refused_when_the_signer_is_made(keys: list[SigningKey]) -> None:
    with pytest.raises(ValueError, match=r"key"):
        TicketSigner(keys)


def test_a_seed_is_not_shown_when_its_key_is_printed() -> None:
    assert repr(SigningKey("k1", b"secret" * 5 + b"!!")) == "SigningKey(kid='k1')"


def at_the_door(folder: Path, *scans: str) -> list[str]:
    """What the document's program says of each scan."""
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    (folder / "ticket-keys.json").write_text(json.dumps({"success": True, "data": JWKS}), encoding="utf-8")
    door = subprocess.run(  # noqa: S603 - the program is the document's.
        [sys.executable, "-c", example, "type-1"],
        input="".join(f"{scan}\n" for scan in scans),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return door.stdout.splitlines()


def test_the_documents_example_admits_a_ticket_once_and_no_forgery(tmp_path: Path) -> None:
    forged = TicketSigner([SigningKey("k1", b"\1" * 32)]).sign(code="A", ticket_type_id="type-1")
    other_event = SIGNER.sign(code="A", ticket_type_id="type-2")
    garbled = signed('{"alg":"EdDSA","kid":"k1"}', b"[]")
    assert at_the_door(tmp_path, TICKET, TICKET, forged, other_event, "rubbish", garbled) == [
        "admitted: ABCD-EFGH-JKLM",
        "refused: already used",
        NO_TICKET,
        "refused: not for tonight",
        NO_TICKET,
        NO_TICKET,
    ]


@pytest.mark.parametrize("change", [1, 4, 32, 128])
def test_the_documents_example_refuses_a_ticket_with_any_byte_changed(tmp_path: Path, change: int) -> None:
    tickets = [SIGNER.sign(code="ABCD-EFGH-JKLM"[:length], ticket_type_id="type-1") for length in (12, 13, 14)]
    changed = [
        "".join([ticket[:position], chr(ord(ticket[position]) ^ change), ticket[position + 1 :]])
        for ticket in tickets
        for position in range(len(ticket))
    ]
    scans = [scan for scan in changed if len(scan.split()) == 1 and scan.split()[0] == scan]
    assert len(scans) > 0.8 * len(changed)
    assert at_the_door(tmp_path, *scans) == [NO_TICKET] * len(scans)
