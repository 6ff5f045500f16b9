"""Pykka on the event loop."""

import asyncio
import gc
import weakref
from typing import Any

import pykka
import pytest

from actor_ticketing.actors.runtime import SLICE, LoopActor, LoopFuture, Pending
from support.service import turns


class Scribe(LoopActor):
    """Notes every message. An exception it is sent it raises, a `Pending` it returns; anything else it sends back."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []
        self.stops = 0
        self.failures: list[BaseException | None] = []

    def on_receive(self, message: Any) -> Any:
        self.seen.append(message)
        if isinstance(message, Exception):
            raise message
        return message

    def on_stop(self) -> None:
        self.stops += 1

    def on_failure(self, _type: Any, value: BaseException | None, _traceback: Any) -> None:
        self.failures.append(value)


@pytest.fixture
async def scribe() -> Any:
    actor = Scribe.launch()
    yield actor
    actor.stop_now()


def ask(actor: LoopActor, message: Any) -> LoopFuture:
    future = actor.actor_ref.ask(message, block=False)
    assert isinstance(future, LoopFuture)
    return future


async def test_mail_is_handled_in_the_order_in_which_it_was_sent(scribe: Scribe) -> None:
    for number in range(0, 10, 2):
        scribe.actor_ref.tell(number)
        last = ask(scribe, number + 1)
    await last
    assert scribe.seen == list(range(10))


async def test_a_question_is_answered_with_what_the_actor_returns(scribe: Scribe) -> None:
    assert await ask(scribe, "yes") == "yes"


async def test_mail_is_not_handled_within_the_senders_step(scribe: Scribe) -> None:
    scribe.actor_ref.tell("later")
    assert scribe.seen == []
    await turns(1)
    assert scribe.seen == ["later"]


async def test_a_pending_reply_is_given_later_and_other_mail_is_handled_meanwhile(scribe: Scribe) -> None:
    pending = Pending()
    slow = ask(scribe, pending)
    assert await ask(scribe, "quick") == "quick"
    assert not slow.aio.done()
    pending.resolve("slow")
    assert await slow == "slow"


async def test_a_pending_reply_to_nobody_is_dropped(scribe: Scribe) -> None:
    resolved = Pending()
    scribe.actor_ref.tell(resolved)
    await turns(1)
    resolved.resolve("nobody asked")
    assert await ask(scribe, "still here") == "still here"


async def test_getting_a_reply_that_is_not_there_raises_instead_of_blocking_the_loop(scribe: Scribe) -> None:
    with pytest.raises(RuntimeError, match="await this future"):
        scribe.actor_ref.ask("blocking, Pykka's default")
    future = ask(scribe, "reply")
    with pytest.raises(RuntimeError, match="await this future"):
        future.get(timeout=5)
    await future
    assert future.get() == "reply"


async def test_a_reply_is_given_once() -> None:
    future = LoopFuture()
    future.set("first")
    future.set("second")
    future.set_exception((LookupError, LookupError(), None))
    assert await future == "first"


async def test_a_waiter_that_was_cancelled_is_passed_over(scribe: Scribe) -> None:
    pending = Pending()
    gone, slow_and_gone, broken_and_gone = ask(scribe, "gone"), ask(scribe, pending), LoopFuture()
    for future in (gone, slow_and_gone, broken_and_gone):
        future.aio.cancel()
    await turns(1)
    pending.resolve("nobody waits")
    broken_and_gone.set_exception((LookupError, LookupError(), None))
    assert scribe.seen == ["gone", pending]
    assert await ask(scribe, "next") == "next"


async def test_an_exception_under_ask_reaches_the_asker_stops_the_actor_and_leaves_its_mail(scribe: Scribe) -> None:
    error = LookupError("half-way")
    broken, behind = ask(scribe, error), ask(scribe, "behind")
    with pytest.raises(LookupError, match="half-way"):
        await broken
    await turns()
    assert scribe.seen == [error]
    assert scribe.failures == [error]
    assert not scribe.actor_ref.is_alive()
    assert not behind.aio.done()
    assert [envelope.message for envelope in scribe.actor_inbox.envelopes] == ["behind"]


async def test_an_exception_under_tell_stops_the_actor_and_leaves_its_mail(scribe: Scribe) -> None:
    error = LookupError("half-way")
    scribe.actor_ref.tell(error)
    scribe.actor_ref.tell("behind")
    await turns()
    assert scribe.seen == [error]
    assert scribe.failures == [error]
    assert not scribe.actor_ref.is_alive()
    assert [envelope.message for envelope in scribe.actor_inbox.envelopes] == ["behind"]


async def test_an_exception_behind_a_cancelled_waiter_stops_the_actor_too(scribe: Scribe) -> None:
    ask(scribe, LookupError()).aio.cancel()
    await turns()
    assert not scribe.actor_ref.is_alive()


async def test_a_stopped_actor_is_out_of_the_registry_and_answers_nobody(scribe: Scribe) -> None:
    waiting = ask(scribe, "too late")
    scribe.stop_now()
    scribe.stop_now()
    await turns()
    assert scribe.stops == 1
    assert scribe.seen == []
    assert not waiting.aio.done()
    assert pykka.ActorRegistry.get_by_urn(scribe.actor_urn) is None
    with pytest.raises(pykka.ActorDeadError):
        await ask(scribe, "dead")
    with pytest.raises(pykka.ActorDeadError):
        scribe.actor_ref.tell("dead")


async def test_a_flooded_mailbox_is_worked_off_in_slices_with_the_loop_free_in_between(scribe: Scribe) -> None:
    for number in range(3 * SLICE):
        scribe.actor_ref.tell(number)
    seen_at_each_turn = []
    while len(scribe.seen) < 3 * SLICE:
        await asyncio.sleep(0)
        seen_at_each_turn.append(len(scribe.seen))
    assert seen_at_each_turn == [SLICE, 2 * SLICE, 3 * SLICE]


async def test_two_flooded_actors_take_turns() -> None:
    order: list[str] = []

    class Noisy(LoopActor):
        def on_receive(self, message: str) -> None:
            order.append(message)

    one, other = Noisy.launch(), Noisy.launch()
    for _ in range(2 * SLICE):
        one.actor_ref.tell("one")
        other.actor_ref.tell("other")
    await turns(3)
    assert order == ["one"] * SLICE + ["other"] * SLICE + ["one"] * SLICE + ["other"] * SLICE
    one.stop_now()
    other.stop_now()


async def test_mail_that_an_actor_sends_to_itself_waits_for_the_next_slice() -> None:
    class Talker(LoopActor):
        handled = 0

        def on_receive(self, message: object) -> None:
            self.handled += 1
            self.actor_ref.tell(message)

    talker = Talker.launch()
    talker.actor_ref.tell("again")
    await turns(3)
    assert talker.handled == 3
    talker.stop_now()


async def test_an_idle_actor_lives_as_long_as_its_reference() -> None:
    """Pykka's reference is weak; the mailbox, which the reference has, keeps the actor."""
    reference = Scribe.launch().actor_ref
    gc.collect()
    future: Any = reference.ask("anybody there?", block=False)
    assert await future == "anybody there?"
    actor = weakref.ref(reference.actor_inbox.actor)
    reference.actor_inbox.actor.stop_now()
    del reference, future
    gc.collect()
    assert actor() is None
