"""Where limits on frequency stand in the way of a request."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from aiohttp import web

from actor_ticketing.domain.errors import InvalidCredentials, TooManyRequests, Unauthenticated
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import address_of, doors_of, note_address
from actor_ticketing.http.limits import (
    ABANDON,
    ACCOUNT,
    ACCOUNT_AND_ADDRESS,
    ADDRESS,
    OPERATOR,
    SESSION,
    SIGN_IN,
    USER,
    RateLimits,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def within(kind: str, handler: Handler) -> Handler:
    """Let a handler be asked only as often as its client's address may: before its body is read, or anything else."""

    async def limited(request: web.Request) -> web.StreamResponse:
        doors = doors_of(request)
        address = note_address(request, doors)
        if doors.limits is not None:
            doors.limits.spend(request, kind, ADDRESS, address)
        return await handler(request)

    return limited


def guarded(handler: Handler) -> Handler:
    """Let wrong credentials at a handler count, and turn away whoever has sent too many of them."""

    async def careful(request: web.Request) -> web.StreamResponse:
        doors = doors_of(request)
        address = note_address(request, doors)
        if doors.limits is None:
            return await handler(request)
        doors.limits.require(request, OPERATOR, ADDRESS, address)
        try:
            return await handler(request)
        except Unauthenticated:
            with suppress(TooManyRequests):
                doors.limits.spend(request, OPERATOR, ADDRESS, address)
            raise

    return careful


def spend_of(request: web.Request, kind: str, owner: Owner, units: int = 1) -> None:
    """Count a use against the session and the user who ask; of several units, those after the first also against their
    address, which was counted once for the request itself.

    :raises TooManyRequests: when one of them has not enough left.
    """
    limits = doors_of(request).limits
    if limits is None:
        return
    if units > 1:
        limits.spend(request, kind, ADDRESS, address_of(request), units - 1)
    if owner.session_id is not None:
        limits.spend(request, kind, SESSION, owner.session_id, units)
    if owner.user_id is not None:
        limits.spend(request, kind, USER, owner.user_id, units)


def require_restraint(request: web.Request, owner: Owner) -> None:
    """Check that whoever wants to reserve has not let too many holds go already.

    :raises TooManyRequests: when they have.
    """
    limits = doors_of(request).limits
    if limits is None:
        return
    if owner.user_id is None:
        # Neighbours share an address. Whoever has signed in answers for nobody else.
        limits.require(request, ABANDON, ADDRESS, address_of(request))
    if owner.session_id is not None:
        limits.require(request, ABANDON, SESSION, owner.session_id)
    if owner.user_id is not None:
        limits.require(request, ABANDON, USER, owner.user_id)


@contextmanager
def attempt_at(request: web.Request, account: str) -> Iterator[None]:
    """Count an attempt at an account's password, if it turns out to be a wrong one.

    It is counted before the password is looked at, so that many at once get no further than one after another.

    :raises TooManyRequests: when there were too many already.
    """
    limits = doors_of(request).limits
    if limits is None:
        yield
        return
    # The wide budget is against many addresses at once, and the narrow one against each: a narrow one for the account
    # alone would let anybody lock its owner out.
    spent = ((ACCOUNT_AND_ADDRESS, f"{account} {address_of(request)}"), (ACCOUNT, account))
    for scope, key in spent:
        limits.spend(request, SIGN_IN, scope, key)
    try:
        yield
    except InvalidCredentials:
        raise
    except BaseException:
        _give_back(limits, spent)
        raise
    _give_back(limits, spent)


def _give_back(limits: RateLimits, spent: Sequence[tuple[str, str]]) -> None:
    for scope, key in spent:
        limits.give_back(SIGN_IN, scope, key)
