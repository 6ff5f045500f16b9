"""What tests of limits on frequency have in common."""

from typing import Any

from actor_ticketing.config.sections import RateLimitSettings

EVENTS = "/api/public/events"
BODY = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
LIMITED = {"status": 429, "code": "rate_limited"}
PROXY = {"server": {"trusted_proxies": ["127.0.0.1"]}}

_NONE = dict.fromkeys(RateLimitSettings.model_fields.keys() - {"enabled"}, "")


def limits(**rates: str) -> dict[str, Any]:
    """Settings with only these limits."""
    return {"rate_limit": {"enabled": True, **_NONE, **rates}}


def behind_proxy(client: str) -> dict[str, str]:
    """What a proxy says of who has asked it."""
    return {"X-Forwarded-For": client}


def bulk(lines: int) -> dict[str, Any]:
    """The body of a reservation of so many lines."""
    return {"reservations": [{"ticketTypeId": "tt", "quantity": 1}] * lines, "sessionId": "s1"}
