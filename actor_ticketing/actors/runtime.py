"""A Pykka actor type that runs on the event loop.

Pykka offers ``_create_actor_inbox``, ``_create_future`` and ``_start_actor_loop`` to implementors of new actor types.
Here a mailbox is a deque drained by ``call_soon``, and a future is an awaitable ``asyncio.Future``: no threads, so the
cost of an actor stays flat as ticket types grow, and the whole service can run under a stepped clock.

Differences from Pykka's threads, on purpose:

* An unexpected exception stops the actor under ``ask`` as well as under ``tell``: half-changed state answers nobody.
* What is left in a stopped actor's mailbox stays there, for whoever restarts it.
* ``on_receive`` may return a :class:`Pending`, which is replied to later.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Generator, Iterable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import pykka
from pykka._envelope import Envelope
from pykka._types import OptExcInfo

from actor_ticketing.domain.asking import Asker

A = TypeVar("A", bound="LoopActor")

SLICE = 128
"""How many messages an actor handles before the loop gets its turn."""


def reply_to_all(mail: Iterable[Envelope[Any]], outcome: Any) -> None:
    """Give every asker the same outcome."""
    for envelope in mail:
        if envelope.reply_to is not None:
            envelope.reply_to.set(outcome)


class LoopFuture(pykka.Future[Any]):
    """A Pykka future to be awaited on the event loop. It never blocks; a waiter that was cancelled is passed over."""

    def __init__(self) -> None:
        # Pykka's own fields are for get hooks, which would block the loop, so its constructor is passed over.
        self.aio: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def get(self, *, timeout: float | None = None) -> Any:
        """Return the result when it is there.

        :raises RuntimeError: when it is not, since waiting here would block the loop.
        """
        if not self.aio.done():
            raise RuntimeError(f"await this future instead of get(timeout={timeout})")
        return self.aio.result()

    def set(self, value: Any = None) -> None:
        """Reply with a value."""
        if not self.aio.done():
            self.aio.set_result(value)

    def set_exception(self, exc_info: OptExcInfo | None = None) -> None:
        """Reply with an exception, by default the one being handled."""
        error = (exc_info or sys.exc_info())[1]
        if not self.aio.done():
            self.aio.set_exception(error or RuntimeError("set_exception() without an exception"))

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait without blocking the loop, unlike Pykka's own."""
        return self.aio.__await__()


class Pending:
    """A reply that an actor gives later. The runtime ties it to the asker's future."""

    __slots__ = ("reply_to",)

    def __init__(self) -> None:
        self.reply_to: LoopFuture | None = None

    def resolve(self, value: Any) -> None:
        """Reply with a value."""
        if self.reply_to is not None:
            self.reply_to.set(value)


class Mailbox(Generic[A]):
    """The messages an actor has not handled, oldest first.

    :ivar actor: whose it is, once it has started. Pykka's reference is weak; whoever has the mailbox has the actor.
    """

    __slots__ = ("_scheduled", "actor", "envelopes")

    def __init__(self) -> None:
        self.envelopes: deque[Envelope[Any]] = deque()
        self.actor: A | None = None
        self._scheduled = False

    def __len__(self) -> int:
        return len(self.envelopes)

    def put(self, envelope: Envelope[Any], /) -> None:
        """Add a message, and see that it will be handled."""
        self.envelopes.append(envelope)
        self.schedule()

    def get(self) -> Envelope[Any]:
        """Take the oldest message.

        :raises IndexError: when there is none; on the loop nobody may wait for one.
        """
        return self.envelopes.popleft()

    def empty(self) -> bool:
        """Whether there is no message."""
        return not self.envelopes

    def open(self, actor: A) -> None:
        """Begin delivery to ``actor``."""
        self.actor = actor
        self.schedule()

    def schedule(self) -> None:
        """Have what mail there is handled on the loop's next turn."""
        if self.envelopes and self.actor is not None and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        if self.actor is not None:
            self.actor.handle_mail()


class _Stopped:
    """What Pykka needs of ``threading.Event``, without the lock and the queue of an event, which take a kilobyte."""

    __slots__ = ("_is_set",)

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True


class LoopActor(pykka.Actor):
    """Base of the actors that run on the event loop. Subclasses implement ``on_receive``, which must return at once."""

    actor_inbox: Mailbox[Any]

    def __init__(self) -> None:
        super().__init__()
        self.actor_stopped = self._actor_ref.actor_stopped = _Stopped()  # type: ignore[assignment]
        self._failed_on: Any = None

    @classmethod
    def launch(cls, *args: Any, **kwargs: Any) -> Self:
        """Start an actor and return the actor itself, for the one who owns it."""
        actor: Self = cls.start(*args, **kwargs).actor_inbox.actor  # type: ignore[attr-defined]
        return actor

    @property
    def is_running(self) -> bool:
        """Whether it still handles mail."""
        return not self.actor_stopped.is_set()

    def stop_now(self) -> None:
        """Stop in this very step. Mail that is left stays in the mailbox."""
        if self.is_running:
            self._stop()

    def fence(self) -> list[Envelope[Any]]:
        """Stop at once: nothing more is decided here. Return the mail that was not handled, oldest first."""
        self.stop_now()
        mail = list(self.actor_inbox.envelopes)
        self.actor_inbox.envelopes.clear()
        return mail

    @staticmethod
    def _create_actor_inbox() -> Mailbox[Any]:
        return Mailbox()

    @staticmethod
    def _create_future() -> LoopFuture:
        return LoopFuture()

    def _start_actor_loop(self) -> None:
        self._actor_loop_setup()
        self.actor_inbox.open(self)

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Pykka's hook, called when an unexpected exception has stopped the actor."""
        del exception_type, traceback
        asked_by = getattr(self._failed_on, "asked_by", None)
        self.doubt(exception_value or RuntimeError("failed without an exception"), asked_by)

    def doubt(self, error: BaseException, asked_by: Asker | None = None) -> None:
        """Its state can no longer be trusted. Subclasses tell whoever can replace it.

        :param asked_by: the request that it broke on, if the message says.
        """

    def handle_mail(self) -> None:
        """Handle a slice of the mail; the mailbox calls this."""
        inbox = self.actor_inbox
        for _ in range(min(SLICE, len(inbox))):
            if self.actor_stopped.is_set():
                return
            self._actor_loop_step(inbox.get())
        inbox.schedule()

    def _actor_loop_step(self, envelope: Envelope[Any]) -> None:
        reply_to = envelope.reply_to
        try:
            response = self._handle_receive(envelope.message)
        except Exception:  # noqa: BLE001 - whatever went wrong, this actor's state can no longer be trusted.
            self._handle_failure(*sys.exc_info())
            if reply_to is not None:
                reply_to.set_exception()
            self._failed_on = envelope.message
            self.on_failure(*sys.exc_info())
        else:
            if isinstance(response, Pending):
                assert reply_to is None or isinstance(reply_to, LoopFuture)  # noqa: S101 - our own _create_future.
                response.reply_to = reply_to
            elif reply_to is not None:
                reply_to.set(response)
