"""What gets into the outbox: with the event, in its transaction, and nothing while mail is off."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import NotDead, NotFound, StorageUnavailable
from actor_ticketing.domain.mail import (
    ContactSeen,
    MailCounts,
    MailPutOff,
    MailRevived,
    MailSettled,
    MailsForgotten,
    MailsGivenUp,
    MailState,
)
from actor_ticketing.domain.ports import Entry
from actor_ticketing.domain.reservation import Owner, Reservation
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.memory import MemoryStore
from support.databases import new_database
from support.mail import waiting
from support.service import buy, eventually, fatal, hold, list_event, list_ticket_type, turns
from support.stores import StoreDouble
from support.vaults import VAULT

DAY = 24 * 3_600_000
USER = "acct_1"
ON = {"enabled": True, "host": "127.0.0.1", "from_address": "tickets@hall.test"}


@pytest.fixture
def mail() -> dict[str, Any]:
    return ON


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoreDouble]:
    if request.param == "memory":
        yield StoreDouble(MemoryStore())
        return
    async with open_storage(new_database(tmp_path / DATABASE), Settings(), VAULT) as opened:
        yield StoreDouble(opened.store, opened.queries)


@pytest.fixture
async def shop(store: StoreDouble, clock: ManualClock, mail: dict[str, Any]) -> AsyncIterator[Backend]:
    storage = Storage(store=store, queries=store)
    async with open_backend(storage, Settings(mail=mail), clock, on_fatal=fatal) as opened:
        await list_event(opened)
        await list_ticket_type(opened, total=100)
        yield opened


async def kinds(shop: Backend) -> list[str]:
    return [mail.kind.value for mail in await waiting(shop)]


async def extend(shop: Backend, held: Reservation) -> Reservation:
    return await shop.box_office.extend(held.id, Owner(session_id="s"), 60_000)


async def write(shop: Backend, *records: Any) -> None:
    await shop.outbox._journal.settled()
    shop.outbox._journal.append(Entry(records=list(records)))
    await shop.outbox._journal.settled()


async def dead_letter(shop: Backend, at: int) -> str:
    [bought] = await buy(shop, await hold(shop))
    mail_id = f"{bought.reservation.id}.purchased"
    await write(shop, MailSettled(id=mail_id, state=MailState.DEAD, at=at, tries=3, reason="no"))
    return mail_id


async def test_a_purchase_is_told_to_the_buyer_even_of_a_guest(shop: Backend, clock: ManualClock) -> None:
    [bought] = await buy(shop, await hold(shop))
    [mail] = await waiting(shop)
    assert (mail.id, mail.reservation_id) == (f"{bought.reservation.id}.purchased", bought.reservation.id)
    assert (mail.created_at, mail.since, mail.due_at, mail.tries) == (clock.now(),) * 3 + (0,)


async def test_what_a_user_holds_is_told_when_it_is_extended_cancelled_and_expired(
    shop: Backend, clock: ManualClock
) -> None:
    held = await hold(shop, user=USER)
    moved = await extend(shop, held)
    await shop.box_office.release(held.id, Owner(session_id="s"))
    other = await hold(shop, user=USER, minutes=1)
    clock.advance(60_000)
    await eventually(lambda: other.id not in shop.box_office.board.live.by_id)
    assert {(mail.id, mail.deadline) for mail in await waiting(shop)} == {
        (f"{held.id}.extended-1", moved.expires_at),
        (f"{held.id}.cancelled", None),
        (f"{other.id}.expired", None),
    }


async def test_several_holds_that_are_bought_together_are_told_each(shop: Backend) -> None:
    await list_ticket_type(shop, "vip")
    await buy(shop, await hold(shop), await hold(shop, of="vip"))
    assert await kinds(shop) == ["purchased", "purchased"]


async def test_a_guest_who_has_bought_nothing_has_no_address_and_gets_no_mail(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    held = await hold(shop)
    await extend(shop, held)
    await shop.box_office.release(held.id, Owner(session_id="s"))
    other = await hold(shop, minutes=1)
    clock.advance(60_000)
    await eventually(lambda: other.id not in shop.box_office.board.live.by_id)
    assert [record for batch in store.batches for entry in batch for record in entry.records] == []


async def test_a_user_whose_provider_says_no_address_gets_no_mail(shop: Backend) -> None:
    await extend(shop, await hold(shop, user="somebody"))
    assert await waiting(shop) == []


async def test_holding_something_leads_to_no_mail(shop: Backend, store: StoreDouble) -> None:
    await hold(shop, user=USER)
    assert [record for batch in store.batches for entry in batch for record in entry.records] == []


@pytest.mark.parametrize("mail", [{}, {**ON, "send": ["expired"]}], ids=["off", "of something else"])
async def test_what_is_switched_off_makes_nothing(shop: Backend, store: StoreDouble) -> None:
    held = await hold(shop, user=USER)
    await extend(shop, held)
    await buy(shop, held)
    await shop.box_office.release((await hold(shop, user=USER)).id, Owner(session_id="s"))
    assert [record for batch in store.batches for entry in batch for record in entry.records] == []
    assert await shop.outbox.counts() == MailCounts()


async def test_off_is_the_default() -> None:
    assert not Settings().mail.enabled


async def test_a_commit_that_fails_leaves_no_mail(shop: Backend, store: StoreDouble) -> None:
    held = await hold(shop)
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await buy(shop, held)
    assert await waiting(shop) == []
    await buy(shop, held)
    assert await kinds(shop) == ["purchased"]


async def test_the_mail_is_in_the_very_entry_of_what_it_tells(shop: Backend, store: StoreDouble) -> None:
    [bought] = await buy(shop, await hold(shop))
    [entry] = [entry for batch in store.batches for entry in batch if entry.records]
    assert [event.kind for event in entry.events] == ["reservation.converted"]
    assert [record.mail.reservation_id for record in entry.records] == [bought.reservation.id]  # type: ignore[attr-defined]


async def test_only_what_waits_and_what_is_dead_is_counted_at_each_look(shop: Backend, clock: ManualClock) -> None:
    await dead_letter(shop, clock.now())
    await buy(shop, await hold(shop))
    await buy(shop, await hold(shop))
    await shop.outbox.look()
    assert (shop.outbox.statistics.waiting, shop.outbox.statistics.dead) == (2, 1)


async def test_a_mail_that_is_put_off_is_due_later(shop: Backend, clock: ManualClock) -> None:
    await buy(shop, await hold(shop))
    [mail] = await waiting(shop)
    later = clock.now() + 60_000
    await write(shop, MailPutOff(id=mail.id, tries=1, due_at=later, reason="busy"))
    assert await shop.outbox._queries.due_mails(later - 1, limit=9) == []
    assert await shop.outbox._queries.next_mail_at() == later
    [mail] = await shop.outbox._queries.due_mails(later, limit=9)
    assert (mail.tries, mail.reason) == (1, "busy")


async def test_what_has_a_deadline_is_sent_before_what_has_none_and_the_nearest_deadline_first(
    shop: Backend, clock: ManualClock
) -> None:
    [bought] = await buy(shop, await hold(shop))
    clock.advance(1)
    late, soon = await hold(shop, user=USER, minutes=20), await hold(shop, user=USER, minutes=5)
    await extend(shop, late)
    await extend(shop, soon)
    by_urgency = [f"{soon.id}.extended-1", f"{late.id}.extended-1", f"{bought.reservation.id}.purchased"]
    assert [mail.id for mail in await waiting(shop)] == by_urgency
    for limit in (1, 2):
        due = await shop.outbox._queries.due_mails(clock.now(), limit=limit)
        assert [mail.id for mail in due] == by_urgency[:limit]
    due = await shop.outbox._queries.due_mails(clock.now(), limit=2, urgent_first=False)
    assert [mail.id for mail in due] == [by_urgency[2], by_urgency[0]]


async def test_what_has_a_deadline_and_was_put_off_waits_like_any_other(shop: Backend, clock: ManualClock) -> None:
    held = await hold(shop, user=USER)
    await extend(shop, held)
    [bought] = await buy(shop, await hold(shop))
    later = clock.now() + 60_000
    await write(shop, MailPutOff(id=f"{held.id}.extended-1", tries=1, due_at=later, reason="busy"))
    due = await shop.outbox._queries.due_mails(later - 1, limit=9)
    assert [mail.id for mail in due] == [f"{bought.reservation.id}.purchased"]


async def test_dead_letters_are_listed_the_last_one_first_a_page_at_a_time(shop: Backend, clock: ManualClock) -> None:
    ids = [await dead_letter(shop, clock.now() + number) for number in range(3)]
    assert [mail.id for mail in await shop.outbox.dead(offset=0, limit=2)] == [ids[2], ids[1]]
    assert [mail.id for mail in await shop.outbox.dead(offset=2, limit=2)] == [ids[0]]
    assert await shop.outbox.counts() == MailCounts(dead=3)


async def test_a_dead_letter_that_is_tried_again_begins_anew(shop: Backend, clock: ManualClock) -> None:
    mail_id = await dead_letter(shop, clock.now())
    clock.advance(1_000)
    made = await shop.outbox.retry(mail_id)
    assert await waiting(shop) == [made]
    assert (made.tries, made.since, made.due_at, made.reason) == (0, clock.now(), clock.now(), None)


async def test_only_dead_letters_can_be_tried_again(shop: Backend) -> None:
    await buy(shop, await hold(shop))
    [mail] = await waiting(shop)
    with pytest.raises(NotDead):
        await shop.outbox.retry(mail.id)
    with pytest.raises(NotFound):
        await shop.outbox.retry("nothing")
    await write(shop, MailRevived(id=mail.id, at=0))
    assert await waiting(shop) == [mail]


async def test_what_has_waited_for_too_long_is_given_up_and_nothing_else(shop: Backend, clock: ManualClock) -> None:
    await buy(shop, await hold(shop))
    clock.advance(1_000)
    await buy(shop, await hold(shop))
    await write(shop, MailsGivenUp(since_before=clock.now(), at=clock.now(), reason="gone"))
    assert await shop.outbox.counts() == MailCounts(waiting=1, dead=1)
    [dead] = await shop.outbox.dead(offset=0, limit=9)
    assert (dead.reason, dead.settled_at) == ("gone", clock.now())


async def test_what_was_settled_long_ago_and_contacts_not_seen_since_are_forgotten(
    shop: Backend, clock: ManualClock
) -> None:
    now = clock.now()
    await dead_letter(shop, now - 1)
    kept = await dead_letter(shop, now)
    await buy(shop, await hold(shop))
    await write(
        shop,
        ContactSeen(user_id="old", email="old@example.com", at=now - 1),
        ContactSeen(user_id="new", email="new@example.com", at=now),
    )
    queries = shop.outbox._queries
    assert await queries.has_outlived_mail(now)
    await write(shop, MailsForgotten(before=now))
    assert not await queries.has_outlived_mail(now)
    assert await shop.outbox.counts() == MailCounts(waiting=1, dead=1)
    assert [mail.id for mail in await shop.outbox.dead(offset=0, limit=9)] == [kept]
    assert await queries.contacts_seen() == [("new", now)]


async def test_housekeeping_forgets_them_after_their_days(
    store: StoreDouble, clock: ManualClock, mail: dict[str, Any]
) -> None:
    settings = Settings(mail={**mail, "keep_days": 2})
    storage = Storage(store=store, queries=store)
    async with open_backend(storage, settings, clock, on_fatal=fatal, serving=True) as shop:
        await list_event(shop)
        await list_ticket_type(shop)
        await dead_letter(shop, clock.now())
        clock.advance(2 * DAY)
        assert await shop.outbox.counts() == MailCounts(dead=1)
        async with asyncio.timeout(60):
            while await shop.outbox.counts() != MailCounts():
                clock.advance(1_000)
                await turns()


async def test_a_commit_of_several_entries_with_a_mail_that_is_there_already_fails_nobody(
    shop: Backend, store: StoreDouble
) -> None:
    await buy(shop, await hold(shop))
    [queued] = [record for batch in store.batches for entry in batch for record in entry.records]
    await write(shop, queued)
    assert await shop.outbox.counts() == MailCounts(waiting=1)
