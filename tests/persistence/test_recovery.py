"""The service is opened again on the database that it left."""

from dataclasses import replace
from pathlib import Path

import pytest

from actor_ticketing.actors.journaling import Keep
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import (
    ExtensionLimitReached,
    HolderLimitReached,
    NotEnoughTickets,
    ReservationExpired,
)
from actor_ticketing.domain.extensions import ExtensionPolicy
from actor_ticketing.domain.ports import StoredAnswer
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from support.service import (
    OpenBackend,
    buy,
    eventually,
    gone,
    hold,
    let_pass,
    list_event,
    list_ticket_type,
    stock,
    turns,
)

MINUTE = 60_000
SESSION = Owner(session_id="s")


@pytest.fixture
def settings() -> Settings:
    return Settings(
        holds={"max_active_per_session": 3, "max_active_per_user": 3, "max_quantity": 10_000},
        sweep={"interval_seconds": 3600},
    )


async def status(backend: Backend, held: Reservation) -> ReservationStatus:
    return (await backend.box_office.reservation(held.id, SESSION)).reservation.status


async def open_shop(backend: Backend, *types: str, total: int = 10) -> None:
    """Put ticket types on sale."""
    await list_event(backend)
    for of in types or ("tt",):
        await list_ticket_type(backend, of, total=total)


async def test_a_ticket_type_keeps_its_extension_policy(open_on_disk: OpenBackend, tmp_path: Path) -> None:
    async with open_on_disk() as backend:
        await open_shop(backend)
        changes = {"extension_policy": ExtensionPolicy.STRICT}
        await backend.desk.change_ticket_type("tt", changes, window={}, total=None)
        held = await hold(backend)
    async with open_on_disk() as backend:
        assert backend.desk.board.ticket_type("tt").extension_policy is ExtensionPolicy.STRICT
        with pytest.raises(ExtensionLimitReached) as refused:
            await backend.box_office.extend(held.id, SESSION, 1)
        assert refused.value.details["extensionLimit"] == "not_offered"
    assert verify(tmp_path / DATABASE).ok


async def test_the_books_are_as_they_were(open_on_disk: OpenBackend) -> None:
    async with open_on_disk() as backend:
        await open_shop(backend, "tt", "other")
        [sale] = await buy(backend, await hold(backend, 3))
        held = await hold(backend, 2)
        board = backend.box_office.board
        before = (board.seq, board.events, board.ticket_types, board.counters, board.live.by_id)
    async with open_on_disk() as backend:
        board = backend.box_office.board
        assert (board.seq, board.events, board.ticket_types, board.counters, board.live.by_id) == before
        assert (await backend.box_office.reservation(held.id, SESSION)).reservation == held
        record = await backend.box_office.reservation(sale.reservation.id, SESSION)
        assert (record.transaction, tuple(record.tickets)) == (sale.transaction, sale.tickets)
        await buy(backend, held)
        with pytest.raises(NotEnoughTickets):
            await hold(backend, 6)
        assert board.seq == before[0] + 1


async def test_live_holds_keep_their_deadlines_to_the_millisecond(
    open_on_disk: OpenBackend, clock: ManualClock
) -> None:
    async with open_on_disk() as backend:
        await open_shop(backend)
        await hold(backend, 1, minutes=2)
        held = await hold(backend, 2, minutes=1)
        held = await backend.box_office.extend(held.id, SESSION, MINUTE // 2)
    let_pass(clock, MINUTE)
    async with open_on_disk() as backend:
        await turns()
        assert backend.next_due_at() == held.expires_at
        clock.advance(MINUTE // 2 - 1)
        await turns()
        assert await status(backend, held) is ReservationStatus.ACTIVE
        clock.advance(1)
        await eventually(lambda: stock(backend) == (10, 0, 1))
        await turns()
        clock.advance(MINUTE // 2)
        await eventually(lambda: stock(backend) == (10, 0, 0))
        assert backend.statistics.expiry_lag.summary().max == 0


async def test_overdue_holds_are_released_before_anybody_is_let_in(
    open_on_disk: OpenBackend, clock: ManualClock
) -> None:
    async with open_on_disk() as backend:
        await open_shop(backend, "a", "b")
        gone = [await hold(backend, 2, of=of, minutes=1) for of in ("a", "b")]
        await hold(backend, 3, of="b", minutes=5)
    let_pass(clock, MINUTE)
    async with open_on_disk() as backend:
        assert (stock(backend, "a"), stock(backend, "b")) == ((10, 0, 0), (10, 0, 3))
        for held in gone:
            assert await status(backend, held) is ReservationStatus.EXPIRED
            with pytest.raises(ReservationExpired):
                await buy(backend, held)
        sweeps = backend.statistics.sweeps["startup"]
        assert (sweeps.runs, sweeps.expired, sweeps.last_at) == (1, 2, clock.now())


async def test_more_overdue_holds_than_a_slice_are_all_released(
    open_on_disk: OpenBackend, clock: ManualClock, settings: Settings
) -> None:
    del settings
    async with open_on_disk() as backend:
        await open_shop(backend, total=1_100)
        for start in range(0, 1_100, 3):
            lines = [("tt", 1)] * min(3, 1_100 - start)
            await backend.box_office.reserve(lines, session_id=f"s{start}", user_id=None, duration_ms=MINUTE)
    let_pass(clock, MINUTE)
    async with open_on_disk() as backend:
        assert stock(backend) == (1_100, 0, 0)
        assert backend.statistics.sweeps["startup"].expired == 1_100


async def test_the_first_start_sweeps_an_empty_database(open_on_disk: OpenBackend) -> None:
    async with open_on_disk() as backend:
        assert (backend.statistics.sweeps["startup"].runs, backend.box_office.board.seq) == (1, 0)


@pytest.mark.parametrize("back_ms", [1, MINUTE // 2, 10 * MINUTE, 365 * 24 * 60 * MINUTE])
async def test_a_hold_from_the_future_gets_its_own_length_from_now(
    open_on_disk: OpenBackend, clock: ManualClock, back_ms: int
) -> None:
    async with open_on_disk() as backend:
        await open_shop(backend)
        held = await hold(backend, 2, minutes=1)
    let_pass(clock, -back_ms)
    async with open_on_disk() as backend:
        await turns()
        assert backend.next_due_at() == clock.now() + MINUTE
        assert backend.box_office.board.counters["tt"].next_deadline == clock.now() + MINUTE
        found = (await backend.box_office.reservation(held.id, SESSION)).reservation
        assert (found.status, found.expires_at) == (ReservationStatus.ACTIVE, clock.now() + MINUTE)
        clock.advance(MINUTE)
        await eventually(lambda: stock(backend) == (10, 0, 0))


async def test_a_clock_that_went_back_less_than_the_hold_is_old_changes_nothing(
    open_on_disk: OpenBackend, clock: ManualClock
) -> None:
    async with open_on_disk() as backend:
        await open_shop(backend)
        held = await hold(backend, 2, minutes=1)
        clock.advance(MINUTE // 2)
    let_pass(clock, -MINUTE // 2)
    async with open_on_disk() as backend:
        await turns()
        assert backend.next_due_at() == held.expires_at
        assert backend.box_office.board.seq == 3


async def test_a_hold_from_the_future_is_not_lengthened_by_starting_again(
    open_on_disk: OpenBackend, clock: ManualClock
) -> None:
    async with open_on_disk() as backend:
        await open_shop(backend)
        await hold(backend, 2, minutes=1)
    let_pass(clock, -10_000)
    async with open_on_disk() as backend:
        await turns()
        deadline = backend.next_due_at()
        clock.advance(5_000)
        await turns()
    async with open_on_disk() as backend:
        await turns()
        assert backend.next_due_at() <= deadline


@pytest.mark.parametrize("who", [{"session": "s"}, {"session": "another", "user": "u"}])
async def test_the_places_of_holders_are_recovered(open_on_disk: OpenBackend, who: dict[str, str]) -> None:
    async with open_on_disk() as backend:
        await open_shop(backend, "a", "b")
        first, _, _ = [await hold(backend, of=of, user="u") for of in ("a", "b", "b")]
        await hold(backend, session="free", of="a")
    async with open_on_disk() as backend:
        with pytest.raises(HolderLimitReached):
            await hold(backend, of="a", **who)
        await hold(backend, session="free", of="a")
        await backend.box_office.release(first.id, SESSION)
        await hold(backend, of="a", **who)
        with pytest.raises(HolderLimitReached):
            await hold(backend, of="a", **who)


async def test_places_of_holds_that_were_overdue_at_the_start_are_free(
    open_on_disk: OpenBackend, clock: ManualClock
) -> None:
    async with open_on_disk() as backend:
        await open_shop(backend)
        for _ in range(3):
            await hold(backend, minutes=1)
    let_pass(clock, MINUTE)
    async with open_on_disk() as backend:
        for _ in range(3):
            await hold(backend)
        with pytest.raises(HolderLimitReached):
            await hold(backend)


async def test_a_kept_answer_is_there_for_its_day(open_on_disk: OpenBackend, clock: ManualClock) -> None:
    answer = StoredAnswer(caller=b"c", key="k", fingerprint=b"f", status=201, body=b"{}", created_at=clock.now())
    async with open_on_disk() as backend:
        await open_shop(backend)
        await backend.box_office.reserve([("tt", 1)], session_id="s", user_id=None, keep=Keep(lambda _: answer))
    async with open_on_disk() as backend:
        assert await backend.box_office._queries.answer(b"c", "k") == replace(answer, seq=3)
    let_pass(clock, 24 * 60 * MINUTE + 1)
    async with open_on_disk() as backend:
        await gone(lambda: backend.box_office._queries.answer(b"c", "k"))


async def test_only_types_with_live_holds_have_an_actor_after_the_start(open_on_disk: OpenBackend) -> None:
    async with open_on_disk() as backend:
        await open_shop(backend, *(f"t{number}" for number in range(20)))
        await hold(backend, of="t7")
    async with open_on_disk() as backend:
        assert backend.box_office._roster.running == 1
