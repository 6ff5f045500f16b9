"""Which kept answers go with the people whom they name, on either store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from actor_ticketing.app import open_backend
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.ports import StoredAnswer, Traces
from actor_ticketing.domain.purchase import Person, Purchase
from actor_ticketing.http.answers import to_json
from actor_ticketing.http.context import Backend
from actor_ticketing.http.present import person, transaction
from actor_ticketing.persistence import people
from support.people import ADA_WITHOUT_ADDRESS, BEA, KID, people_on, sell
from support.service import ADA, eventually, fatal, list_event, list_ticket_type, turns


@pytest.fixture
async def shop(storage: Storage, clock: ManualClock) -> AsyncIterator[Backend]:
    async with open_backend(storage, Settings(), clock, on_fatal=fatal) as opened:
        await list_event(opened)
        await list_ticket_type(opened, total=10_000)
        yield opened


async def answers_erased(shop: Backend) -> int:
    return (await shop.privacy.erase("ada@example.com", by="admin")).answers


def meanwhile(monkeypatch: pytest.MonkeyPatch, storage: Storage, happen: Callable[[], Awaitable[None]]) -> None:
    """Have something happen when an erasure has forgotten all rows and has not looked into the answers yet."""
    real = storage.queries.traces

    async def traces(email: str) -> Traces:
        found = await real(email)
        if not found.forget:
            await happen()
        return found

    monkeypatch.setattr(storage.queries, "traces", traces)


def naming(its_id: str, *, key: str = "k") -> StoredAnswer:
    """An answer that names somebody without an address beside the id of what they have."""
    body = to_json({"ticket": {"id": its_id, "ticketHolder": person(ADA_WITHOUT_ADDRESS)}}).encode()
    return StoredAnswer(caller=b"c", key=key, fingerprint=b"", status=200, body=body, created_at=0)


async def test_an_answer_about_a_ticket_of_theirs_is_dropped(shop: Backend) -> None:
    bought = await sell(shop, ADA, [ADA_WITHOUT_ADDRESS])
    await shop.answers.keep(naming(bought.tickets[0].id))
    assert await answers_erased(shop) == 1


async def test_an_answer_about_a_purchase_of_theirs_is_dropped(shop: Backend) -> None:
    bought = await sell(shop, ADA, [KID])
    await shop.answers.keep(naming(bought.transaction.id))
    assert await answers_erased(shop) == 1


async def test_an_answer_about_a_ticket_that_stays_with_its_holder_is_kept(shop: Backend) -> None:
    bought = await sell(shop, ADA, [ADA, KID])
    await shop.answers.keep(naming(bought.tickets[1].id))
    assert await answers_erased(shop) == 0


async def test_answers_about_many_tickets_are_found_in_every_portion(
    shop: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "PORTION", 2)
    bought = await sell(shop, ADA, [ADA_WITHOUT_ADDRESS] * 5)
    for number, ticket in enumerate(bought.tickets):
        await shop.answers.keep(naming(ticket.id, key=f"k{number}"))
    assert await answers_erased(shop) == 5


async def test_answers_that_an_interrupted_erasure_has_left_are_dropped_by_the_next(
    shop: Backend, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought = await sell(shop, ADA, [ADA_WITHOUT_ADDRESS])
    await shop.answers.keep(naming(bought.tickets[0].id))

    async def fail(*_: object) -> Traces:
        raise StorageUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(storage.queries, "traces_in_answers", fail)
        with pytest.raises(StorageUnavailable):
            await answers_erased(shop)
    assert await answers_erased(shop) == 1


@pytest.mark.parametrize(("buyer", "holder"), [(ADA, KID), (BEA, ADA)])
async def test_of_a_purchase_during_an_erasure_people_and_answer_stay(
    shop: Backend, storage: Storage, monkeypatch: pytest.MonkeyPatch, buyer: Person, holder: Person
) -> None:
    made: list[Purchase] = []

    async def buy() -> None:
        bought = await sell(shop, buyer, [holder])
        named = {"transaction": transaction(bought.transaction), "ticket": bought.tickets[0].id, "of": person(holder)}
        await shop.answers.keep(replace(naming(""), body=to_json(named).encode()))
        made.append(bought)

    meanwhile(monkeypatch, storage, buy)
    assert await answers_erased(shop) == 0
    assert await people_on(shop, made[0]) == (buyer.full_name, [holder.full_name])


async def test_the_next_erasure_takes_what_was_bought_during_the_last(
    shop: Backend, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def buy() -> None:
        bought = await sell(shop, ADA, [ADA])
        body = to_json({"transaction": transaction(bought.transaction)}).encode()
        await shop.answers.keep(replace(naming(""), body=body))

    with monkeypatch.context() as patched:
        meanwhile(patched, storage, buy)
        await answers_erased(shop)
    assert await answers_erased(shop) == 1


async def test_an_answer_on_its_way_when_the_rows_are_gone_is_waited_for(
    shop: Backend, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought = await sell(shop, ADA, [ADA_WITHOUT_ADDRESS])
    on_its_way: list[asyncio.Task[None]] = []

    async def release() -> None:
        await turns()
        storage.store.release()

    async def keep() -> None:
        storage.store.hold()
        on_its_way.append(asyncio.create_task(shop.answers.keep(naming(bought.tickets[0].id))))
        await eventually(lambda: storage.store.committing == 1)
        on_its_way.append(asyncio.create_task(release()))

    meanwhile(monkeypatch, storage, keep)
    assert await answers_erased(shop) == 1
    await asyncio.gather(*on_its_way)
