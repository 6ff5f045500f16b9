"""Limits on frequency: the budgets of everything, and how a client is told of them."""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from aiohttp import web

from actor_ticketing.config.sections import RateLimitSettings
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.domain.values import value
from actor_ticketing.http.budgets import KEYS_MAX, Budget
from actor_ticketing.http.request import ServiceRequest, known

READ: Final = "read"
RESERVE: Final = "reserve"
PURCHASE: Final = "purchase"
SIGN_IN: Final = "sign_in"
OPERATOR: Final = "operator"
ABANDON: Final = "abandon"


@value
class Rates:
    """The budgets of one use, by who is counted. What has no rate in the settings is None, and does not limit."""

    address: Budget | None = None
    session: Budget | None = None
    user: Budget | None = None
    account: Budget | None = None
    account_and_address: Budget | None = None


class RateLimits:
    """All budgets of the service.

    :ivar of: the budgets of each use, by its name in the settings.
    """

    def __init__(
        self, settings: RateLimitSettings, *, now: Callable[[], float] = time.monotonic, keys_max: int = KEYS_MAX
    ) -> None:
        budgets: dict[str, dict[str, Budget | None]] = defaultdict(dict)
        for name, rate in settings.model_dump(exclude={"enabled"}).items():
            use, who = name.split("_per_")
            public = f"{use}-{who}".replace("_", "-")
            budgets[use][who] = Budget(public, rate, now=now, keys_max=keys_max) if rate else None
        self.of = {use: Rates(**found) for use, found in budgets.items()}

    def abandoned(self, hold: Reservation) -> None:
        """Count a hold that has ended without a purchase against whoever held it."""
        rates = self.of[ABANDON]
        for budget, key in (
            (rates.address, hold.address),
            (rates.session, hold.session_id),
            (rates.user, hold.user_id),
        ):
            if budget is not None and key is not None:
                budget.charge(key)


def spend(asked: ServiceRequest, budget: Budget, key: str, units: int = 1) -> None:
    """Count uses of a request; of more than the rate allows at once, so many.

    :raises OverBudget: when there is not enough left for them.
    """
    units = min(units, budget.amount) if units > 1 else units
    asked.standing = (budget, budget.spend(key, units))
    asked.spent += ((budget, key, units),)


def take_back(asked: ServiceRequest, kept: int = 0) -> None:
    """Take back what a request has spent, but for so many first entries: another budget did not have enough for it."""
    for budget, key, units in asked.spent[kept:]:
        budget.give_back(key, units)
    asked.spent = asked.spent[:kept]


def head_lines(request: web.BaseRequest) -> str:
    """``RateLimit`` and ``RateLimit-Policy`` of the budget that was looked at last, which is the one that refused, if
    any did, or else that of the session or user; as lines of a head.
    """
    standing = known(request).standing
    if standing is None:
        return ""
    budget, full_at = standing
    return budget.head_lines(full_at)
