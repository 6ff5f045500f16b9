"""Names whose servers do not answer: who has to wait for that, and who has not."""

import asyncio
import socket
from collections.abc import Iterator
from threading import Event, current_thread
from typing import Any

import pytest

from actor_ticketing.webhooks.carrier import Carrier, Delivery
from support.webhooks import PATIENCE


class Silence:
    """Name servers that do not answer.

    :ivar asked: the names that were looked up, and whether the process would wait for that thread at its end.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []
        self.over = Event()

    def getaddrinfo(self, host: str, *_: Any, **__: Any) -> Any:
        self.asked.append((host, not current_thread().daemon))
        self.over.wait(PATIENCE)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silence]:
    made = Silence()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    yield made
    made.over.set()


async def post_to(*names: str) -> list[Delivery]:
    carrier = Carrier(timeout_seconds=0.2, allow_private=False)
    try:
        return [await carrier.post(f"https://{name}.example/", {}, "{}", now=0) for name in names]
    finally:
        await carrier.close()


async def test_lookups_without_an_answer_keep_nobody_elses_work_waiting(silence: Silence) -> None:
    # More than the event loop has threads of its own, whatever the machine.
    deliveries = await asyncio.gather(*(post_to(f"name{number}") for number in range(40)))
    assert {each.failure for [each] in deliveries} == {"timeout"}
    async with asyncio.timeout(PATIENCE / 2):
        assert await asyncio.to_thread(lambda: "done") == "done"
    assert len(silence.asked) == 40


async def test_the_process_does_not_wait_for_them_at_its_end(silence: Silence) -> None:
    await post_to("name")
    assert silence.asked == [("name.example", False)]


async def test_a_name_that_is_being_looked_up_is_not_looked_up_again(silence: Silence) -> None:
    assert [each.failure for each in await post_to("name", "name", "name")] == ["timeout"] * 3
    assert [name for name, _ in silence.asked] == ["name.example"]
