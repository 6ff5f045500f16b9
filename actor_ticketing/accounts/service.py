"""Accounts for a deployment without an identity provider: registering, signing in, staying signed in, signing out."""

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace

import structlog

from actor_ticketing.accounts.passwords import Passwords
from actor_ticketing.clock import Clock
from actor_ticketing.domain.accounts import (
    ACCOUNT_PREFIX,
    Account,
    AccountRecord,
    AccountRegistered,
    PasswordRehashed,
    RefreshFamilyEnded,
    RefreshToken,
    RefreshTokenIssued,
    RefreshTokenUsed,
    Role,
    RoleGiven,
    check_password,
    prepared_password,
)
from actor_ticketing.domain.asking import Asker, request_of
from actor_ticketing.domain.errors import EmailTaken, InvalidCredentials, InvalidRefreshToken, NotFound
from actor_ticketing.domain.ids import Entropy
from actor_ticketing.domain.ports import Entry, Journal, Queries
from actor_ticketing.domain.purchase import email_key
from actor_ticketing.turns import Turns

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody is signed in. Nobody but them has ``refresh_token``; it ends at ``refresh_expires_at`` (ms)."""

    account: Account
    refresh_token: str = field(repr=False)
    refresh_expires_at: int


class Accounts:
    """Every method that changes something returns after its commit, and raises a :class:`Refusal` when turned down.

    ``asked_by`` is the request, for the log.

    :param refresh_ms: how long a refresh token is good for.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        queries: Queries,
        clock: Clock,
        entropy: Entropy,
        refresh_ms: int,
        min_password_length: int,
    ) -> None:
        self.passwords = Passwords()
        self._journal = journal
        self._queries = queries
        self._clock = clock
        self._entropy = entropy
        self._refresh_ms = refresh_ms
        self._min_password_length = min_password_length
        self._turns = Turns()

    async def register(self, email: str, password: str, *, asked_by: Asker | None = None) -> SignedIn:
        """Make an account, and sign it in.

        :param email: an address that has been checked.
        :raises Invalid, EmailTaken, Overloaded: the password will not do; the address has an account.
        """
        password = prepared_password(password)
        check_password(password, email=email, min_length=self._min_password_length)
        # Whether an address is free is decided before the entry is appended: one that the database refuses would take
        # everybody else's entries in its batch with it.
        return await self._turns.take(email_key(email), self._register(email, password, asked_by))

    async def sign_in(self, email: str, password: str, *, asked_by: Asker | None = None) -> SignedIn:
        """Sign in; an address that is not known and a password that is wrong cannot be told apart.

        :raises InvalidCredentials, Overloaded: one of the two is wrong; too many are waiting.
        """
        account = await self._queries.account_of(email_key(email))
        hashed = None if account is None else account.password
        matches, rehashed = await self.passwords.verify(prepared_password(password), hashed)
        if account is None or not matches:
            raise InvalidCredentials
        signed_in, issued = self._issue(account, self._random(16))
        records: list[AccountRecord] = [issued]
        if rehashed is not None:
            records.append(PasswordRehashed(account_id=account.id, password=rehashed))
        await self._commit(*records, asked_by=asked_by)
        return signed_in

    async def refresh(self, refresh_token: str, *, asked_by: Asker | None = None) -> SignedIn:
        """Trade a refresh token for the next one. It serves once: a second use ends all that came of the signing in.

        :raises InvalidRefreshToken: when it is not known, has ended, or was used.
        """
        found = await self._queries.refresh_token(digest := _digest(refresh_token))
        if found is None:
            raise InvalidRefreshToken
        return await self._turns.take(found.family, self._rotate(digest, asked_by))

    async def sign_out(self, refresh_token: str, *, asked_by: Asker | None = None) -> None:
        """End all that came of a signing in; a token that is not known is as good as ended."""
        found = await self._queries.refresh_token(_digest(refresh_token))
        if found is not None:
            ended = self._commit(RefreshFamilyEnded(family=found.family), asked_by=asked_by)
            await self._turns.take(found.family, ended)

    async def give_role(self, email: str, role: Role) -> Account:
        """Give an account a role; tokens that it has keep the former one until they end.

        :raises NotFound: when the address has no account.
        """
        account = await self._queries.account_of(email_key(email))
        if account is None:
            raise NotFound("account")
        await self._commit(RoleGiven(account_id=account.id, role=role))
        return replace(account, role=role)

    async def close(self) -> None:
        """Finish what is under way, and end the threads."""
        await self.passwords.close()
        await self._turns.settled()

    async def _register(self, email: str, password: str, asked_by: Asker | None) -> SignedIn:
        if await self._queries.account_of(email_key(email)) is not None:
            raise EmailTaken
        account = Account(
            id=ACCOUNT_PREFIX + self._random(16),
            email=email,
            password=await self.passwords.hash(password),
            role=Role.USER,
            created_at=self._clock.now(),
        )
        signed_in, issued = self._issue(account, self._random(16))
        await self._commit(AccountRegistered(account=account), issued, asked_by=asked_by)
        return signed_in

    async def _rotate(self, digest: bytes, asked_by: Asker | None) -> SignedIn:
        # Asked again, now that nobody else changes the family.
        found = await self._queries.refresh_token(digest)
        now = self._clock.now()
        if found is None or found.expires_at <= now:
            raise InvalidRefreshToken
        if found.used_at is not None:
            # Either the buyer or a thief uses a copy, and nobody can tell which (RFC 9700, 4.14.2).
            log.warning("refresh_token_reused", account_id=found.account_id, **request_of(asked_by))
            await self._commit(RefreshFamilyEnded(family=found.family), asked_by=asked_by)
            raise InvalidRefreshToken
        account = await self._queries.account(found.account_id)
        if account is None:
            raise InvalidRefreshToken
        signed_in, issued = self._issue(account, found.family)
        await self._commit(RefreshTokenUsed(digest=digest, at=now), issued, asked_by=asked_by)
        return signed_in

    def _issue(self, account: Account, family: str) -> tuple[SignedIn, RefreshTokenIssued]:
        token, now = self._random(32), self._clock.now()
        expires_at = now + self._refresh_ms
        issued = RefreshToken(
            digest=_digest(token), family=family, account_id=account.id, created_at=now, expires_at=expires_at
        )
        signed_in = SignedIn(account=account, refresh_token=token, refresh_expires_at=expires_at)
        return signed_in, RefreshTokenIssued(token=issued)

    async def _commit(self, *records: AccountRecord, asked_by: Asker | None = None) -> None:
        done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self._journal.append(Entry(records=records, on_settled=done.set_result, asked_by=asked_by))
        error = await asyncio.shield(done)
        if error is not None:
            raise error

    def _random(self, size: int) -> str:
        return urlsafe_b64encode(self._entropy(size)).rstrip(b"=").decode()


def _digest(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode()).digest()
