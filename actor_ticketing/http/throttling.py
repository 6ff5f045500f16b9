"""Where limits on frequency stand in the way of a request."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from actor_ticketing.domain.errors import InvalidCredentials, Unauthenticated
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.budgets import Budget, OverBudget
from actor_ticketing.http.limits import ABANDON, OPERATOR, SIGN_IN, RateLimits
from actor_ticketing.http.request import ServiceRequest, known

Handler = Callable[[ServiceRequest], Awaitable[web.StreamResponse]]
Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


def within(use: str, handler: Handler) -> Route:
    """Let a handler be asked only as often as its client's address may: before its body is read, or anything else."""

    async def limited(request: web.Request) -> web.StreamResponse:
        asked = known(request)
        limits = _note_address(asked)
        if limits is not None and (budget := limits.of[use].address) is not None:
            asked.standing = (budget, budget.spend(asked.address, asked.came_at))
        return await handler(asked)

    return limited


def guarded(handler: Handler) -> Route:
    """Let wrong credentials at a handler count, and turn away whoever has sent too many of them."""

    async def careful(request: web.Request) -> web.StreamResponse:
        asked = known(request)
        limits = _note_address(asked)
        if limits is None or (budget := limits.of[OPERATOR].address) is None:
            return await handler(asked)
        budget.require(asked.address, asked.came_at)
        try:
            return await handler(asked)
        except Unauthenticated:
            budget.charge(asked.address, asked.came_at)
            raise

    return careful


def _note_address(asked: ServiceRequest) -> RateLimits | None:
    """Find out the client's network address, once for a request, and the time. Return the limits, which go by them."""
    doors = asked.doors
    asked.address = doors.addresses.of(asked)
    if (limits := doors.limits) is not None:
        asked.came_at = limits.now()
    return limits


def spend_of(asked: ServiceRequest, use: str, owner: Owner, units: int = 1) -> None:
    """Count a use against the session and the user who ask; of several units, those after the first also against their
    address, which was counted once for the request itself. Of more than a rate allows at once, all of it is used.

    :raises OverBudget: when one of them has not enough left. Then the others have what they had.
    """
    if (limits := asked.doors.limits) is None:
        return
    rates, now = limits.of[use], asked.came_at
    if units > 1 and (budget := rates.address) is not None:
        # All units at once, or none, so that whoever is refused is told to wait for all that the next try needs.
        budget.give_back(asked.address)
        asked.standing = (budget, budget.spend(asked.address, now, units))
    try:
        if owner.session_id is not None and (budget := rates.session) is not None:
            asked.standing = (budget, budget.spend(owner.session_id, now, units))
        if owner.user_id is not None and (budget := rates.user) is not None:
            asked.standing = (budget, budget.spend(owner.user_id, now, units))
    except OverBudget as refusal:
        take_back(asked, use, owner, units, but_for=refusal.standing[0])
        raise


def take_back(asked: ServiceRequest, use: str, owner: Owner, units: int = 1, *, but_for: Budget | None = None) -> None:
    """Take back what :func:`spend_of` has counted, as something else refuses the request.

    :param but_for: the budget that refused, if it was one of these: it and those after it have counted nothing.
    """
    if (limits := asked.doors.limits) is None:
        return
    rates = limits.of[use]
    if units > 1 and (budget := rates.address) is not None:
        budget.give_back(asked.address, units)
        budget.charge(asked.address, asked.came_at)
    for spent, key in ((rates.session, owner.session_id), (rates.user, owner.user_id)):
        if spent is not None and key is not None:
            if spent is but_for:
                return
            spent.give_back(key, units)


def require_restraint(asked: ServiceRequest, owner: Owner) -> None:
    """Check that whoever wants to reserve has not let too many holds go already.

    :raises OverBudget: when they have.
    """
    limits, now = asked.doors.limits, asked.came_at
    if limits is None or now >= limits.restrained_until:
        return
    rates = limits.of[ABANDON]
    # Neighbours share an address. Whoever has signed in answers for nobody else.
    if owner.user_id is None and (budget := rates.address) is not None:
        budget.require(asked.address, now)
    if owner.session_id is not None and (budget := rates.session) is not None:
        budget.require(owner.session_id, now)
    if owner.user_id is not None and (budget := rates.user) is not None:
        budget.require(owner.user_id, now)


@contextmanager
def attempt_at(request: web.Request, account: str) -> Iterator[None]:
    """Count an attempt at an account's password, if it turns out to be a wrong one.

    It is counted before the password is looked at, so that many at once get no further than one after another.

    :raises OverBudget: when there were too many already.
    """
    asked = known(request)
    if (limits := asked.doors.limits) is None:
        yield
        return
    # The wide budget is against many addresses at once, and the narrow one against each: a narrow one for the account
    # alone would let anybody lock its owner out.
    rates = limits.of[SIGN_IN]
    spent: list[tuple[Budget, str]] = []
    try:
        for budget, key in (
            (rates.account_and_address, f"{account} {asked.address}"),
            (rates.account, account),
        ):
            if budget is not None:
                asked.standing = (budget, budget.spend(key, asked.came_at))
                spent.append((budget, key))
        yield
    except InvalidCredentials:
        spent.clear()
        raise
    finally:
        for budget, key in spent:
            budget.give_back(key)
