"""A refusal is freed when it is answered. Those of a sell-out would otherwise keep the garbage collector busy."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from actor_ticketing.domain.errors import Refusal
from actor_ticketing.http import middleware
from support.service import list_ticket_type
from support.web import RESERVATIONS, Api

GONE = "/no-such-reservation"


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["weakref.ref[Refusal]"]]:
    """Every refusal that is answered, while nothing collects garbage."""
    seen: list[weakref.ref[Refusal]] = []
    answer = middleware.failure_of_refusal

    def note(refusal: Refusal) -> Any:
        seen.append(weakref.ref(refusal))
        return answer(refusal)

    monkeypatch.setattr(middleware, "failure_of_refusal", note)
    gc.disable()
    try:
        yield seen
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {"ticketTypeId": "small", "quantity": 1}, 409),
        ("POST", "", {"ticketTypeId": "tt", "quantity": 51}, 400),
        ("POST", "", {"ticketTypeId": "none", "quantity": 1}, 404),
        (
            "POST",
            "",
            {"reservations": [{"ticketTypeId": "tt", "quantity": 1}, {"ticketTypeId": "small", "quantity": 1}]},
            409,
        ),
        ("PATCH", GONE, {"additionalMinutes": 1}, 404),
        ("DELETE", GONE, {}, 404),
    ],
    ids=["sold out", "too many", "no such type", "several, one sold out", "extending nothing", "cancelling nothing"],
)
async def test_whatever_was_refused_is_freed_without_the_garbage_collector(
    api: Api,
    refusals: list["weakref.ref[Refusal]"],
    method: str,
    path: str,
    body: dict[str, Any],
    status: int,
) -> None:
    await list_ticket_type(api.backend, "small", total=1)
    await api.reserve(1, of="small")
    await api.refused(method, RESERVATIONS + path, {**body, "sessionId": "s2"}, status=status)
    assert len(refusals) == 1
    assert refusals[0]() is None
