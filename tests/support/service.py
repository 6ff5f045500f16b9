"""Steps that many tests take."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.catalogue import SalesWindow
from actor_ticketing.domain.purchase import Person, Purchase
from actor_ticketing.domain.reservation import Owner, Reservation
from actor_ticketing.http.context import Backend

OpenBackend = Callable[..., AbstractAsyncContextManager[Backend]]

ADA = Person(
    full_name="Ada Lovelace",
    identity_type="passport",
    identity_number="X123456",
    email="ada@example.com",
    whatsapp="+44 20 7946 0000",
)


async def eventually(condition: Callable[[], bool], *, seconds: float = 30.0, pause: float = 0) -> None:
    """Give the loop its turns until the condition holds; the time limit only ends a test that has failed.

    :param pause: seconds between two looks. A thread or a process that is waited for needs the processor itself.
    """
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nobody sets an event: the turns are the point.
            await asyncio.sleep(pause)


async def gone(read: Callable[[], Awaitable[object]], *, seconds: float = 30.0) -> None:
    """Read again and again until there is nothing; the time limit only ends a test that has failed."""
    async with asyncio.timeout(seconds):
        while await read() is not None:  # noqa: ASYNC110 - nobody sets an event: the turns are the point.
            await asyncio.sleep(0)


def fatal(error: BaseException) -> None:
    """Stand in for the end of the process."""
    raise AssertionError("the service would have ended") from error


async def list_event(backend: Backend, *, event_id: str = "ev") -> None:
    """Put an event on sale."""
    await backend.desk.create_event(event_id=event_id, title="Spring Concert", venue="City Hall", start_date=0)


async def list_ticket_type(
    backend: Backend,
    ticket_type_id: str = "tt",
    *,
    total: int = 10,
    price: int = 4500,
    event_id: str = "ev",
    maximum: int | None = None,
    window: SalesWindow | None = None,
) -> None:
    """Put a ticket type on sale."""
    await backend.desk.create_ticket_type(
        ticket_type_id=ticket_type_id,
        event_id=event_id,
        terms={"name": ticket_type_id, "price": price, "currency": "EUR", "max_per_reservation": maximum},
        window=window or SalesWindow(),
        total=total,
    )


async def turns(number: int = 30) -> None:
    """Give the loop its turns, to see that something does not happen."""
    for _ in range(number):
        await asyncio.sleep(0)


async def hold(
    backend: Backend,
    quantity: int = 1,
    *,
    of: str = "tt",
    session: str = "s",
    user: str | None = None,
    minutes: float = 10,
    address: str | None = None,
) -> Reservation:
    """Reserve tickets of one type."""
    [made] = await backend.box_office.reserve(
        [(of, quantity)], session_id=session, user_id=user, duration_ms=round(minutes * 60_000), address=address
    )
    return made


async def buy(backend: Backend, *holds: Reservation, session: str = "s") -> list[Purchase]:
    """Buy what is held, with as many ticket holders as are needed."""
    orders = [(each.id, [ADA] * each.quantity) for each in holds]
    return await backend.box_office.purchase(orders, Owner(session_id=session), ADA)


def stock(backend: Backend, of: str = "tt") -> tuple[int, int, int]:
    """The committed counters: total, sold, reserved."""
    counters = backend.box_office.board.counters[of]
    return counters.total, counters.sold, counters.reserved


def let_pass(clock: ManualClock, milliseconds: int) -> None:
    """Step on without any timer noticing, as if all of them were late."""
    clock._now += milliseconds


def break_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: Exception | None = None) -> Exception:
    """Have a method's next call raise after it has done its work, and return what it raises."""
    error = error or LookupError("a defect")
    original = getattr(owner, name)

    def broken(*args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(owner, name, original)
        original(*args, **kwargs)
        raise error

    monkeypatch.setattr(owner, name, broken)
    return error
