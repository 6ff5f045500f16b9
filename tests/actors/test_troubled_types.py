"""One ticket type cannot be released: that is its own trouble, and it is tried again with growing pauses."""

from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from actor_ticketing.app import open_backend
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.events import ReservationExpired
from actor_ticketing.domain.ports import CommitFailed, Entry, StockRecord
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.memory import MemoryStore
from support.service import eventually, fatal, hold, let_pass, list_event, list_ticket_type, stock, turns
from support.stores import StoreDouble

MINUTE = 60_000
PAUSES = (250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000)


class TroubledStore(StoreDouble):
    """A store that writes no expiry of some ticket types, and cannot read others.

    :ivar tries: how many batches with such an expiry were turned down.
    """

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.stuck: set[str] = set()
        self.damaged: set[str] = set()
        self.tries = 0

    async def commit(self, batch: Sequence[Entry]) -> None:
        events = [event for entry in batch for event in entry.events]
        if any(
            isinstance(each, ReservationExpired) and each.reservation.ticket_type_id in self.stuck for each in events
        ):
            self.tries += 1
            raise CommitFailed(ValueError("CHECK failed"), is_bug=True)
        await super().commit(batch)

    async def stock(self, ticket_type_id: str) -> StockRecord | None:
        if ticket_type_id in self.damaged:
            raise UnicodeDecodeError("utf-8", b"", 0, 1, "a damaged row")
        return await super().stock(ticket_type_id)


@pytest.fixture
def store() -> TroubledStore:
    return TroubledStore()


@pytest.fixture
def settings() -> Settings:
    return Settings(holds={"min_seconds": 0.1}, sweep={"interval_seconds": 3600})


@pytest.fixture
async def shop(backend: Backend) -> Backend:
    """A great many tickets of `a`, `b` and `c`."""
    await list_event(backend)
    for of in "abc":
        await list_ticket_type(backend, of, total=1_000)
    return backend


def reserved(shop: Backend) -> list[int]:
    return [stock(shop, of)[2] for of in "abc"]


async def hold_one_of_each(shop: Backend) -> None:
    for of in "abc":
        await hold(shop, of=of, minutes=1)


async def fall_due(shop: Backend, store: TroubledStore, clock: ManualClock) -> None:
    """Have a hold of `b` be due whose release fails for the first time."""
    await hold(shop, of="b", minutes=1)
    store.stuck = {"b"}
    clock.advance(MINUTE)
    await eventually(lambda: paused_for(shop) == PAUSES[0])


def paused_for(shop: Backend) -> int | None:
    due = shop.next_due_at()
    return None if due is None else due - shop.clock.now()


@pytest.mark.parametrize("troubled", ["a", "b", "c"])
async def test_a_sweep_releases_all_types_but_the_one_whose_release_fails_and_then_says_so(
    shop: Backend, store: TroubledStore, clock: ManualClock, troubled: str
) -> None:
    await hold_one_of_each(shop)
    store.stuck = {troubled}
    let_pass(clock, MINUTE)
    with pytest.raises(StorageUnavailable):
        await shop.sweeper.sweep("manual")
    assert reserved(shop) == [int(of == troubled) for of in "abc"]
    assert shop.statistics.sweeps["manual"].expired == 2


@pytest.mark.parametrize("troubled", ["a", "b", "c"])
async def test_a_sweep_releases_all_types_but_the_one_that_cannot_be_read_and_then_says_so(
    shop: Backend, store: TroubledStore, clock: ManualClock, troubled: str
) -> None:
    await hold_one_of_each(shop)
    store.damaged = {troubled}
    shop.box_office._roster.rebuild([troubled])
    let_pass(clock, MINUTE)
    with capture_logs(), pytest.raises(StorageUnavailable):
        await shop.sweeper.sweep("manual")
    assert reserved(shop) == [int(of == troubled) for of in "abc"]
    store.damaged.clear()
    assert (await shop.sweeper.sweep("manual"))[0] == 1
    assert reserved(shop) == [0, 0, 0]


async def test_a_sweep_on_which_an_actor_breaks_releases_the_other_types_and_then_says_so(
    shop: Backend, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold_one_of_each(shop)
    actor = shop.box_office._roster._slots["b"].actor
    monkeypatch.setattr(actor, "_decide", lambda *_: 1 / 0)
    let_pass(clock, MINUTE)
    with capture_logs(), pytest.raises(StorageUnavailable):
        await shop.sweeper.sweep("manual")
    assert reserved(shop) == [0, 0, 0]  # The second pass has found `b` rebuilt.


async def test_the_timers_release_all_types_but_the_troubled_one_when_they_are_due_together(
    shop: Backend, store: TroubledStore, clock: ManualClock
) -> None:
    await hold_one_of_each(shop)
    store.stuck = {"b"}
    clock.advance(MINUTE)
    for _ in range(600):  # They were in one batch, so all have failed at first; half a minute is plenty for the others.
        await turns(10)
        clock.advance(50)
    assert reserved(shop) == [0, 1, 0]


@pytest.mark.parametrize("readable", [True, False])
async def test_the_service_starts_although_one_type_cannot_be_released_and_releases_it_when_it_can(
    store: TroubledStore, settings: Settings, clock: ManualClock, *, readable: bool
) -> None:
    storage = Storage(store=store, queries=store)
    async with open_backend(storage, settings, clock, on_fatal=fatal) as backend:
        await list_event(backend)
        for of in "abc":
            await list_ticket_type(backend, of)
        await hold_one_of_each(backend)
    let_pass(clock, MINUTE)
    store.stuck = {"a"}
    store.damaged = set() if readable else {"a"}
    with capture_logs():
        async with open_backend(storage, settings, clock, on_fatal=fatal) as backend:
            assert reserved(backend) == [1, 0, 0]
            await hold(backend, 10, of="b")
            clock.advance(0)
            await eventually(lambda: paused_for(backend) == PAUSES[0])
            store.stuck, store.damaged = set(), set()
            clock.advance(249)
            await turns()
            assert stock(backend, "a") == (10, 0, 1)
            clock.advance(1)
            await eventually(lambda: stock(backend, "a") == (10, 0, 0))
            await hold(backend, 10, of="a")


async def test_a_pause_lasts_however_much_else_is_committed_on_the_type(
    shop: Backend, store: TroubledStore, clock: ManualClock
) -> None:
    await fall_due(shop, store, clock)
    for _ in range(200):
        await hold(shop, of="b")
        clock.advance(0)
        await turns(10)
    assert (store.tries, paused_for(shop)) == (1, PAUSES[0])
    assert stock(shop, "b") == (1_000, 0, 201)


async def test_a_failing_expiry_is_tried_as_often_as_its_pauses_allow_and_not_once_for_every_commit(
    shop: Backend, store: TroubledStore, clock: ManualClock
) -> None:
    await fall_due(shop, store, clock)
    for _ in range(200):
        clock.advance(10)
        await turns(10)
        await hold(shop, of="b")
    assert store.tries == 4  # At 0, 250, 750 and 1750 of 2000 ms.


async def test_pauses_double_up_to_half_a_minute_while_the_type_goes_on_selling(
    shop: Backend, store: TroubledStore, clock: ManualClock
) -> None:
    await fall_due(shop, store, clock)
    for tries, pause in enumerate(PAUSES, 1):
        await eventually(lambda pause=pause: paused_for(shop) == pause)
        await hold(shop, of="b")
        await turns()
        assert (store.tries, paused_for(shop)) == (tries, pause)
        clock.advance(pause - 1)
        await turns()
        assert store.tries == tries
        clock.advance(1)
    await eventually(lambda: store.tries == len(PAUSES) + 1)


async def test_a_success_drops_the_pause(shop: Backend, store: TroubledStore, clock: ManualClock) -> None:
    await fall_due(shop, store, clock)
    for pause in PAUSES[:5]:
        await eventually(lambda pause=pause: paused_for(shop) == pause)
        clock.advance(pause)
    await eventually(lambda: paused_for(shop) == PAUSES[5])
    store.stuck.clear()
    clock.advance(PAUSES[5])
    await eventually(lambda: stock(shop, "b") == (1_000, 0, 0))
    await turns()
    assert paused_for(shop) is None
    await fall_due(shop, store, clock)


async def test_the_pause_of_one_type_delays_no_other(shop: Backend, store: TroubledStore, clock: ManualClock) -> None:
    await fall_due(shop, store, clock)
    await hold(shop, of="a", minutes=1 / 600)
    clock.advance(100)
    await eventually(lambda: stock(shop, "a") == (1_000, 0, 0))


@pytest.mark.parametrize("others", [0, 1])
async def test_a_release_by_a_sweep_ends_the_pause(
    shop: Backend, store: TroubledStore, clock: ManualClock, others: int
) -> None:
    for _ in range(others):
        await hold(shop, of="b", minutes=10)
    await fall_due(shop, store, clock)
    for pause in PAUSES[:7]:
        await eventually(lambda pause=pause: paused_for(shop) == pause)
        clock.advance(pause)
    await eventually(lambda: paused_for(shop) == 30_000)
    store.stuck.clear()
    assert (await shop.sweeper.sweep("manual"))[0] == 1
    await hold(shop, of="b", minutes=0.1)
    await turns()
    assert paused_for(shop) == 6_000
