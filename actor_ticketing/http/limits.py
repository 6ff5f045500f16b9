"""Limits on frequency: the budgets of everything, and how a client is told of them."""

import time
from collections.abc import Callable

from aiohttp import web

from actor_ticketing.config.sections import RateLimitSettings
from actor_ticketing.domain.errors import TooManyRequests
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.http.budgets import KEYS_MAX, Budget
from actor_ticketing.http.request import ServiceRequest, known


class Use:
    """Something that is limited, and the keys of its rates in the settings, by who is counted."""

    def __init__(self, name: str) -> None:
        self.per_address = f"{name}_per_address"
        self.per_session = f"{name}_per_session"
        self.per_user = f"{name}_per_user"


READ, RESERVE, PURCHASE, SIGN_IN, ABANDON = map(Use, ("read", "reserve", "purchase", "sign_in", "abandon"))
WRONG_CREDENTIALS_PER_ADDRESS = "operator_per_address"
SIGN_IN_PER_ACCOUNT, SIGN_IN_PER_ACCOUNT_AND_ADDRESS = "sign_in_per_account", "sign_in_per_account_and_address"


class RateLimits:
    """All budgets of the service, by the keys of their rates. One without a rate in the settings does not limit."""

    def __init__(
        self, settings: RateLimitSettings, *, now: Callable[[], int] = time.monotonic_ns, keys_max: int = KEYS_MAX
    ) -> None:
        self._budgets = {
            name: Budget(name.replace("_per_", "-").replace("_", "-"), rate, now=now, keys_max=keys_max)
            for name, rate in settings.model_dump(exclude={"enabled"}).items()
            if rate
        }

    def spend(self, request: ServiceRequest, name: str, key: str, units: int = 1) -> None:
        """Count one use, or as many as a request asks for at once.

        :raises TooManyRequests: when there is not enough left for it.
        """
        budget = self._budgets.get(name)
        if budget is not None:
            window = budget.spend(key, units)
            request.standing = (budget, window)
            if budget.is_over(window):
                raise too_many(budget, window)

    def require(self, request: ServiceRequest, name: str, key: str) -> None:
        """Check that something is left, without counting a use.

        :raises TooManyRequests: when there is not.
        """
        budget = self._budgets.get(name)
        if budget is not None and (window := budget.exhausted(key)) is not None:
            request.standing = (budget, window)
            raise too_many(budget, window)

    def give_back(self, name: str, key: str) -> None:
        """Take one use back."""
        budget = self._budgets.get(name)
        if budget is not None:
            budget.give_back(key)

    def abandoned(self, hold: Reservation) -> None:
        """Count a hold that has ended without a purchase against whoever held it."""
        for name, key in (
            (ABANDON.per_address, hold.address),
            (ABANDON.per_session, hold.session_id),
            (ABANDON.per_user, hold.user_id),
        ):
            budget = self._budgets.get(name)
            if budget is not None and key is not None:
                budget.spend(key)


def head_lines(request: web.BaseRequest) -> str:
    """``RateLimit`` and ``RateLimit-Policy`` of the budget that was looked at last, which is the one that refused, if
    any did, or else that of the session or user; as lines of a head.
    """
    standing = known(request).standing
    if standing is None:
        return ""
    budget, window = standing
    left, seconds = budget.standing(window)
    return f"{budget.head}{left};t={seconds}\r\n"


def too_many(budget: Budget, window: int) -> TooManyRequests:
    """The refusal of a use that a window has no room for."""
    _, seconds = budget.standing(window)
    return TooManyRequests(budget=budget.name, seconds=seconds)
