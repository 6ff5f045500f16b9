"""Accounts and refresh tokens as rows and statements."""

from collections.abc import Sequence

from actor_ticketing.domain.accounts import (
    Account,
    AccountRecord,
    AccountRegistered,
    PasswordRehashed,
    RefreshFamilyEnded,
    RefreshToken,
    RefreshTokenIssued,
    RefreshTokensForgotten,
    RefreshTokenUsed,
    Role,
    RoleGiven,
)
from actor_ticketing.domain.purchase import email_key
from actor_ticketing.persistence.connections import Statement
from actor_ticketing.persistence.rows import Row
from actor_ticketing.vault import Vault

FORGOTTEN_AT_ONCE = 1_000
"""Rows dropped in one commit: what is deleted is wiped, and each may lie in a page of its own."""

ACCOUNT = "SELECT id, email, password, role, created_at FROM accounts"
REFRESH = "SELECT digest, family, account_id, created_at, expires_at, used_at FROM refresh_tokens WHERE digest = ?"

_REGISTER = "INSERT INTO accounts (id, email_digest, email, password, role, created_at) VALUES (?, ?, ?, ?, ?, ?)"
# Of an account that has gone meanwhile nothing is kept, and its end must not fail everybody else's entries.
_ISSUE = (
    "INSERT INTO refresh_tokens (digest, family, account_id, created_at, expires_at) "
    "SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM accounts WHERE id = ?3)"
)
_FORGET = (
    "DELETE FROM refresh_tokens WHERE digest IN "
    "(SELECT digest FROM refresh_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)"
)


def email_purpose(account_id: str) -> str:
    """What an account's address is sealed for."""
    return f"account.email:{account_id}"


def account_of(row: Row, vault: Vault) -> Account:
    """The account of a row of :data:`ACCOUNT`."""
    email = vault.open(row[1], email_purpose(row[0])).decode()
    return Account(id=row[0], email=email, password=row[2], role=Role(row[3]), created_at=row[4])


def refresh_token_of(row: Row) -> RefreshToken:
    """The token of a row of :data:`REFRESH`."""
    return RefreshToken(
        digest=row[0], family=row[1], account_id=row[2], created_at=row[3], expires_at=row[4], used_at=row[5]
    )


def statements_of_account(  # noqa: PLR0911 - a table.
    record: AccountRecord, vault: Vault
) -> Sequence[Statement]:
    """The statements that keep one record, in order.

    :raises TypeError: for a kind that has no place here.
    """
    match record:
        case AccountRegistered(account=account):
            sealed = vault.seal(account.email.encode(), email_purpose(account.id))
            digest = vault.digest(email_key(account.email))
            values = (account.id, digest, sealed, account.password, account.role, account.created_at)
            return [(_REGISTER, [values], True)]
        case PasswordRehashed(account_id=account_id, password=password):
            return [("UPDATE accounts SET password = ? WHERE id = ?", [(password, account_id)], False)]
        case RoleGiven(account_id=account_id, role=role):
            return [("UPDATE accounts SET role = ? WHERE id = ?", [(role, account_id)], False)]
        case RefreshTokenIssued(token=token):
            row = (token.digest, token.family, token.account_id, token.created_at, token.expires_at)
            return [(_ISSUE, [row], False)]
        case RefreshTokenUsed(digest=digest, at=at):
            return [("UPDATE refresh_tokens SET used_at = ? WHERE digest = ?", [(at, digest)], False)]
        case RefreshFamilyEnded(family=family):
            return [("DELETE FROM refresh_tokens WHERE family = ?", [(family,)], False)]
        case RefreshTokensForgotten(expired_before=before):
            return [(_FORGET, [(before, FORGOTTEN_AT_ONCE)], False)]
        case _:
            raise TypeError(f"there is no table for {type(record).__name__}")
