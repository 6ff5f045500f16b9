"""Accounts with an e-mail address and a password, and the refresh tokens that keep a buyer signed in.

They are kept beside the books: what changes them is a :class:`Record`, and no ledger tells of it.
"""

import unicodedata
from dataclasses import field
from enum import StrEnum

from actor_ticketing.domain.errors import Invalid
from actor_ticketing.domain.purchase import email_key
from actor_ticketing.domain.records import Record
from actor_ticketing.domain.values import value

ACCOUNT_PREFIX = "acct_"
"""How the ids of our accounts begin. No identity provider may speak for one."""

PASSWORD_MAX = 256


class Role(StrEnum):
    """What an account may do; an admin may use the admin routes."""

    USER = "user"
    ADMIN = "admin"


@value
class Account:
    """One account. ``password`` is an argon2id hash; ``created_at`` ms since the epoch."""

    id: str
    email: str = field(repr=False)
    password: str = field(repr=False)
    role: Role
    created_at: int


@value
class RefreshToken:
    """What is known of a refresh token; of itself only the ``digest`` is.

    ``family``: all tokens that came of one signing in. Instants are ms since the epoch; ``used_at`` is None while it is
    good for one more use.
    """

    digest: bytes
    family: str
    account_id: str
    created_at: int
    expires_at: int
    used_at: int | None = None


@value
class AccountRecord(Record):
    """Base of what changes accounts."""


@value
class AccountRegistered(AccountRecord):
    """There is a new account. That its address is free has to be known by now."""

    account: Account


@value
class PasswordRehashed(AccountRecord):
    """The same password, hashed as new ones are."""

    account_id: str
    password: str = field(repr=False)


@value
class RoleGiven(AccountRecord):
    """The account has this role from now on."""

    account_id: str
    role: Role


@value
class RefreshTokenIssued(AccountRecord):
    """There is a new refresh token; without its account it is dropped."""

    token: RefreshToken


@value
class RefreshTokenUsed(AccountRecord):
    """It is good for no further use, and kept so that one is noticed."""

    digest: bytes
    at: int


@value
class RefreshFamilyEnded(AccountRecord):
    """All tokens of the family are forgotten."""

    family: str


@value
class RefreshTokensForgotten(AccountRecord):
    """Those that ended before this instant (ms) are forgotten, a portion at a time."""

    expired_before: int


def prepared_password(typed: str) -> str:
    """A password as it is hashed: however a keyboard composes its letters, it comes out the same (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", typed)


def check_password(password: str, *, email: str, min_length: int) -> None:
    """Check a new, prepared password.

    :raises Invalid: when it has too few or too many characters, some that cannot be printed, or is the e-mail address.
    """
    if not min_length <= len(password) <= PASSWORD_MAX:
        raise Invalid.field("password", f"must have {min_length} to {PASSWORD_MAX} characters")
    if not password.isprintable():
        raise Invalid.field("password", "must not contain control characters")
    if email_key(password) == email_key(email):
        raise Invalid.field("password", "must not be the e-mail address")
