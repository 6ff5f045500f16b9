"""Limits on frequency: the budgets of everything, and how a client is told of them."""

import time
from collections.abc import Callable

from aiohttp import web

from actor_ticketing.config.sections import RateLimitSettings
from actor_ticketing.domain.errors import TooManyRequests
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.http.budgets import KEYS_MAX, Budget, Window

READ, RESERVE, PURCHASE, SIGN_IN, ABANDON = "read", "reserve", "purchase", "sign_in", "abandon"
OPERATOR = "operator"
ADDRESS, SESSION, USER = "address", "session", "user"
ACCOUNT, ACCOUNT_AND_ADDRESS = "account", "account_and_address"

_STANDING = web.RequestKey("budget_standing", tuple[Budget, Window])


class RateLimits:
    """All budgets of the service. One without a rate in the settings does not limit."""

    def __init__(
        self, settings: RateLimitSettings, *, now: Callable[[], float] = time.monotonic, keys_max: int = KEYS_MAX
    ) -> None:
        self._budgets: dict[tuple[str, str], Budget] = {}
        for name, rate in settings.model_dump(exclude={"enabled"}).items():
            kind, _, scope = name.rpartition("_per_")
            if rate:
                label = f"{kind}-{scope}".replace("_", "-")
                self._budgets[kind, scope] = Budget(label, rate, now=now, keys_max=keys_max)

    def spend(self, request: web.BaseRequest, kind: str, scope: str, key: str, units: int = 1) -> None:
        """Count one use, or as many as a request asks for at once.

        :raises TooManyRequests: when there is not enough left for it.
        """
        budget = self._budgets.get((kind, scope))
        if budget is not None:
            window = budget.spend(key, units)
            request[_STANDING] = (budget, window)
            if budget.is_over(window):
                raise too_many(budget, window)

    def require(self, request: web.BaseRequest, kind: str, scope: str, key: str) -> None:
        """Check that something is left, without counting a use.

        :raises TooManyRequests: when there is not.
        """
        budget = self._budgets.get((kind, scope))
        if budget is not None and (window := budget.exhausted(key)) is not None:
            request[_STANDING] = (budget, window)
            raise too_many(budget, window)

    def give_back(self, kind: str, scope: str, key: str) -> None:
        """Take one use back."""
        budget = self._budgets.get((kind, scope))
        if budget is not None:
            budget.give_back(key)

    def abandoned(self, hold: Reservation) -> None:
        """Count a hold that has ended without a purchase against whoever held it."""
        for scope, key in ((ADDRESS, hold.address), (SESSION, hold.session_id), (USER, hold.user_id)):
            budget = self._budgets.get((ABANDON, scope))
            if budget is not None and key is not None:
                budget.spend(key)


def head_lines(request: web.BaseRequest) -> str:
    """``RateLimit`` and ``RateLimit-Policy`` of the budget that was looked at last, which is the one that refused, if
    any did, or else that of the session or user; as lines of a head.
    """
    looked_at = request.get(_STANDING)
    if looked_at is None:
        return ""
    budget, window = looked_at
    left, seconds = budget.standing(window)
    return f'RateLimit-Policy: {budget.policy}\r\nRateLimit: "{budget.name}";r={left};t={seconds}\r\n'


def too_many(budget: Budget, window: Window) -> TooManyRequests:
    """The refusal of a use that a window has no room for."""
    _, seconds = budget.standing(window)
    return TooManyRequests(budget=budget.name, seconds=seconds)
