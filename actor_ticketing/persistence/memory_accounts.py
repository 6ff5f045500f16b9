"""The accounts of the store in memory."""

from collections.abc import Collection
from dataclasses import replace

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
    RoleGiven,
)
from actor_ticketing.domain.purchase import email_key


class MemoryAccounts:
    """What account records have made.

    :ivar by_id: the accounts.
    :ivar tokens: the refresh tokens, by digest.
    """

    def __init__(self) -> None:
        self.by_id: dict[str, Account] = {}
        self.tokens: dict[bytes, RefreshToken] = {}

    def by_email(self, key: str) -> Account | None:
        """The account with an address, as :func:`email_key` returns it."""
        return next((account for account in self.by_id.values() if email_key(account.email) == key), None)

    def forget(self, account_ids: Collection[str]) -> None:
        """Drop accounts, and their refresh tokens with them."""
        self.by_id = {each: account for each, account in self.by_id.items() if each not in account_ids}
        self.tokens = {digest: each for digest, each in self.tokens.items() if each.account_id not in account_ids}

    def take(self, record: AccountRecord) -> None:
        """Let one record have its effect."""
        match record:
            case AccountRegistered(account=account):
                self.by_id[account.id] = account
            case PasswordRehashed(account_id=account_id, password=password) if account_id in self.by_id:
                self.by_id[account_id] = replace(self.by_id[account_id], password=password)
            case RoleGiven(account_id=account_id, role=role) if account_id in self.by_id:
                self.by_id[account_id] = replace(self.by_id[account_id], role=role)
            case RefreshTokenIssued(token=token) if token.account_id in self.by_id:
                self.tokens[token.digest] = token
            case RefreshTokenUsed(digest=digest, at=at) if digest in self.tokens:
                self.tokens[digest] = replace(self.tokens[digest], used_at=at)
            case RefreshFamilyEnded(family=family):
                self.tokens = {digest: each for digest, each in self.tokens.items() if each.family != family}
            case RefreshTokensForgotten(expired_before=before):
                self.tokens = {digest: each for digest, each in self.tokens.items() if each.expires_at >= before}
