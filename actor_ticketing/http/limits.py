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
from actor_ticketing.http.request import known

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
    :ivar now: seconds of a clock that does not go back.
    :ivar restrained_until: until when somebody may have to be refused for holds that they let go.
    """

    __slots__ = ("now", "of", "restrained_until")

    def __init__(
        self, settings: RateLimitSettings, *, now: Callable[[], float] = time.monotonic, keys_max: int = KEYS_MAX
    ) -> None:
        self.now = now
        self.restrained_until = 0.0
        budgets: dict[str, dict[str, Budget | None]] = defaultdict(dict)
        for name, rate in settings.model_dump(exclude={"enabled"}).items():
            use, who = name.split("_per_")
            public = f"{use}-{who}".replace("_", "-")
            budgets[use][who] = Budget(public, rate, keys_max=keys_max) if rate else None
        self.of = {use: Rates(**found) for use, found in budgets.items()}

    def abandoned(self, hold: Reservation) -> None:
        """Count a hold that has ended without a purchase against whoever held it."""
        rates, now = self.of[ABANDON], self.now()
        for budget, key in (
            (rates.address, hold.address),
            (rates.session, hold.session_id),
            (rates.user, hold.user_id),
        ):
            if budget is not None and key is not None:
                self.restrained_until = max(self.restrained_until, budget.charge(key, now))


def head_lines(request: web.BaseRequest) -> str:
    """``RateLimit`` and ``RateLimit-Policy`` of the budget that was looked at last, which is the one that refused, if
    any did, or else that of the session or user; as lines of a head.
    """
    asked = known(request)
    if asked.standing is None:
        return ""
    budget, full_in = asked.standing
    return budget.head_lines(full_in)
