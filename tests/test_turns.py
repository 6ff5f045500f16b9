"""One at a time under a key, each to its end."""

import asyncio

import pytest

from actor_ticketing.turns import Turns
from support.service import turns


class Work:
    """Something that takes until it is let go, and notes what happens."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.may_end = asyncio.Event()

    async def run(self, name: str) -> str:
        self.log.append(f"{name} begins")
        await self.may_end.wait()
        self.log.append(f"{name} ends")
        return name


async def test_the_second_waits_for_the_first() -> None:
    order, work = Turns(), Work()
    tasks = [asyncio.create_task(order.take("key", work.run(name))) for name in ("a", "b")]
    await turns()
    assert work.log == ["a begins"]
    work.may_end.set()
    assert await asyncio.gather(*tasks) == ["a", "b"]
    assert work.log == ["a begins", "a ends", "b begins", "b ends"]


async def test_other_keys_do_not_wait() -> None:
    order, work = Turns(), Work()
    tasks = [asyncio.create_task(order.take(name, work.run(name))) for name in ("a", "b")]
    await turns()
    assert work.log == ["a begins", "b begins"]
    work.may_end.set()
    await asyncio.gather(*tasks)


async def test_the_next_waits_for_the_end_of_one_whose_caller_is_gone() -> None:
    order, work = Turns(), Work()
    first = asyncio.create_task(order.take("key", work.run("a")))
    await turns()
    first.cancel()
    second = asyncio.create_task(order.take("key", work.run("b")))
    await turns()
    assert work.log == ["a begins"]
    work.may_end.set()
    await second
    assert work.log == ["a begins", "a ends", "b begins", "b ends"]


async def test_a_failure_lets_the_next_one_in() -> None:
    order, work = Turns(), Work()
    work.may_end.set()

    async def fail() -> None:
        raise LookupError("a defect")

    with pytest.raises(LookupError):
        await order.take("key", fail())
    assert await order.take("key", work.run("a")) == "a"


async def test_settled_waits_for_what_is_under_way_and_nothing_is_kept() -> None:
    order, work = Turns(), Work()
    await order.settled()
    task = asyncio.create_task(order.take("key", work.run("a")))
    await turns()
    settled = asyncio.create_task(order.settled())
    await turns()
    assert not settled.done()
    work.may_end.set()
    await settled
    await task
    assert not order._locks
    assert not order._unbroken._under_way
