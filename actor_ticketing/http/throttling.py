"""Where limits on frequency stand in the way of a request."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from actor_ticketing.domain.errors import InvalidCredentials, Unauthenticated
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.budgets import Budget
from actor_ticketing.http.limits import ABANDON, OPERATOR, SIGN_IN, RateLimits, spend, take_back
from actor_ticketing.http.request import ServiceRequest, known

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def within(use: str, handler: Handler) -> Handler:
    """Let a handler be asked only as often as its client's address may: before its body is read, or anything else."""

    async def limited(request: web.Request) -> web.StreamResponse:
        asked = known(request)
        limits = _note_address(asked)
        if limits is not None and (budget := limits.of[use].address) is not None:
            asked.standing = (budget, budget.spend(asked.address))
        return await handler(request)

    return limited


def guarded(handler: Handler) -> Handler:
    """Let wrong credentials at a handler count, and turn away whoever has sent too many of them."""

    async def careful(request: web.Request) -> web.StreamResponse:
        asked = known(request)
        limits = _note_address(asked)
        if limits is None or (budget := limits.of[OPERATOR].address) is None:
            return await handler(request)
        budget.require(asked.address)
        try:
            return await handler(request)
        except Unauthenticated:
            budget.charge(asked.address)
            raise

    return careful


def _note_address(asked: ServiceRequest) -> RateLimits | None:
    """Find out the client's network address, once for a request. Return the limits, which go by it."""
    doors = asked.doors
    asked.address = doors.addresses.of(asked)
    return doors.limits


def spend_of(request: web.Request, use: str, owner: Owner, units: int = 1) -> None:
    """Count a use against the session and the user who ask; of several units, those after the first also against their
    address, which was counted once for the request itself.

    :raises OverBudget: when one of them has not enough left.
    """
    asked = known(request)
    limits = asked.doors.limits
    if limits is None:
        return
    rates = limits.of[use]
    if units > 1 and (budget := rates.address) is not None:
        _spend_more(asked, budget, min(units, budget.amount))
    if owner.session_id is not None and (budget := rates.session) is not None:
        spend(asked, budget, owner.session_id, units)
    if owner.user_id is not None and (budget := rates.user) is not None:
        spend(asked, budget, owner.user_id, units)


def _spend_more(asked: ServiceRequest, budget: Budget, units: int) -> None:
    # All units at once, or none, so that whoever is refused is told to wait for all that the next try needs.
    budget.give_back(asked.address)
    asked.standing = (budget, budget.spend(asked.address, units))
    asked.spent += ((budget, asked.address, units - 1),)


def require_restraint(request: web.Request, owner: Owner) -> None:
    """Check that whoever wants to reserve has not let too many holds go already.

    :raises OverBudget: when they have.
    """
    asked = known(request)
    limits = asked.doors.limits
    if limits is None:
        return
    rates = limits.of[ABANDON]
    # Neighbours share an address. Whoever has signed in answers for nobody else.
    if owner.user_id is None and (budget := rates.address) is not None:
        budget.require(asked.address)
    if owner.session_id is not None and (budget := rates.session) is not None:
        budget.require(owner.session_id)
    if owner.user_id is not None and (budget := rates.user) is not None:
        budget.require(owner.user_id)


@contextmanager
def attempt_at(request: web.Request, account: str) -> Iterator[None]:
    """Count an attempt at an account's password, if it turns out to be a wrong one.

    It is counted before the password is looked at, so that many at once get no further than one after another.

    :raises OverBudget: when there were too many already.
    """
    asked = known(request)
    limits = asked.doors.limits
    if limits is None:
        yield
        return
    # The wide budget is against many addresses at once, and the narrow one against each: a narrow one for the account
    # alone would let anybody lock its owner out.
    rates, kept = limits.of[SIGN_IN], len(asked.spent)
    if (budget := rates.account_and_address) is not None:
        spend(asked, budget, f"{account} {asked.address}")
    if (budget := rates.account) is not None:
        spend(asked, budget, account)
    try:
        yield
    except InvalidCredentials:
        raise
    except BaseException:
        take_back(asked, kept)
        raise
    take_back(asked, kept)
