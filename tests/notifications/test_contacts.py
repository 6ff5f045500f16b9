"""Where users of an identity provider can be written to: only what their token vouches for, sealed, and forgotten."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.mail import MailsForgotten
from actor_ticketing.domain.ports import Entry
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from actor_ticketing.notifications.contacts import Contacts
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from support.mail import MailServer, mail_settings, open_shop, waiting
from support.people import column, files_with
from support.service import eventually, hold, list_event, list_ticket_type
from support.stores import StoreDouble
from support.vaults import VAULT

DAY = 24 * 3_600_000
S = Owner(session_id="s")


def contacts_of(shop: Backend) -> Contacts:
    assert shop.outbox.contacts is not None
    return shop.outbox.contacts


async def settled(shop: Backend) -> None:
    await shop.outbox._journal.settled()


async def list_all(shop: Backend) -> None:
    await list_event(shop)
    await list_ticket_type(shop)


async def test_a_user_whose_address_was_noted_gets_mail_there(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        await list_all(shop)
        held = await hold(shop, user="u1")
        contacts_of(shop).note("u1", "Una@example.com")
        await shop.box_office.release(held.id, S)
        await eventually(lambda: server.taken, seconds=60)
    assert server.recipients == ["Una@example.com"]
    assert server.taken[0]["Subject"] == "Your reservation for Spring Concert was cancelled"


async def test_an_address_outlives_a_restart_and_stands_nowhere_in_clear(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    settings = mail_settings(server)
    async with open_shop(tmp_path, clock, settings, sends=False) as shop:
        await list_all(shop)
        held = await hold(shop, user="u1")
        contacts_of(shop).note("u1", "una@example.com")
        await shop.box_office.release(held.id, S)
        await settled(shop)
        assert files_with(tmp_path, "una@example.com", "una@") == []
    assert verify(tmp_path / DATABASE, vault=VAULT).ok
    async with open_shop(tmp_path, clock, settings) as shop:
        await eventually(lambda: server.taken, seconds=60)
        other = await hold(shop, user="u1")
        await shop.box_office.release(other.id, S)
        await eventually(lambda: len(server.taken) == 2, seconds=60)
    assert server.recipients == ["una@example.com"] * 2


async def test_an_address_is_written_when_it_is_news_and_once_a_day(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    doubles: list[StoreDouble] = []

    def around(storage: Any) -> Any:
        doubles.append(StoreDouble(storage.store))
        return type(storage)(store=doubles[0], queries=storage.queries)

    async with open_shop(tmp_path, clock, mail_settings(server), sends=False, around=around) as shop:
        contacts = contacts_of(shop)

        async def written(email: str) -> int:
            contacts.note("u1", email)
            await settled(shop)
            number = sum(len(entry.records) for batch in doubles[0].batches for entry in batch)
            doubles[0].batches.clear()
            return number

        assert [await written("a@example.com") for _ in range(2)] == [1, 0]
        assert [await written("b@example.com") for _ in range(2)] == [1, 0]
        clock.advance(DAY)
        assert [await written("b@example.com") for _ in range(2)] == [1, 0]
        assert await contacts.address_of("u1") == "b@example.com"


async def test_an_address_that_could_not_be_stored_is_stored_the_next_time(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    doubles: list[StoreDouble] = []

    def around(storage: Any) -> Any:
        doubles.append(StoreDouble(storage.store))
        return type(storage)(store=doubles[0], queries=storage.queries)

    async with open_shop(tmp_path, clock, mail_settings(server), sends=False, around=around) as shop:
        contacts = contacts_of(shop)
        doubles[0].fail_next()
        contacts.note("u1", "una@example.com")
        await settled(shop)
        assert not contacts.known.has_address("u1")
        contacts.note("u1", "una@example.com")
        await settled(shop)
        assert await contacts.address_of("u1") == "una@example.com"


async def test_no_token_speaks_for_the_address_of_an_account_of_ours(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server), sends=False) as shop:
        signed_up = await shop.accounts.register("own@example.com", "correct horse battery")
        user_id = signed_up.account.id
        contacts_of(shop).note(user_id, "una@example.com")
        await settled(shop)
        assert await contacts_of(shop).address_of(user_id) == "own@example.com"
    assert column(tmp_path / DATABASE, "SELECT count(*) FROM contacts") == [0]


async def test_nobody_knows_the_address_of_a_guest_or_of_an_account_that_is_gone(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server), sends=False) as shop:
        addresses = [await contacts_of(shop).address_of(each) for each in (None, "acct_gone", "stranger")]
    assert addresses == [None] * 3


async def test_an_erased_address_is_gone_and_what_waits_for_it_is_dropped(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    await server.die()
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        await list_all(shop)
        held = await hold(shop, user="u1")
        contacts_of(shop).note("u1", "una@example.com")
        await shop.box_office.release(held.id, S)
        assert len(await waiting(shop)) == 1
        forgotten = await shop.privacy.erase("UNA@example.com", by="test")
        assert forgotten.contacts == 1
        await server.start()
        async with asyncio.timeout(60):
            while (await shop.outbox.counts()).dropped == 0:
                clock.advance(1_000)
                await asyncio.sleep(0.01)
        other = await hold(shop, user="u1")
        await shop.box_office.release(other.id, S)
        assert await waiting(shop) == []
        assert (await shop.privacy.erase("una@example.com", by="test")).contacts == 0
    assert server.taken == []
    assert column(tmp_path / DATABASE, "SELECT count(*) FROM contacts") == [0]


async def test_a_person_is_told_of_it(tmp_path: Path, clock: ManualClock, server: MailServer) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server), sends=False) as shop:
        contacts_of(shop).note("u1", "una@example.com")
        contacts_of(shop).note("u2", "other@example.com")
        await settled(shop)
        [contact] = (await shop.privacy.export("Una@example.com")).contacts
        assert (contact.user_id, contact.email, contact.seen_at) == ("u1", "una@example.com", clock.now())


async def test_a_contact_not_seen_for_long_has_no_address_any_more(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        contacts = contacts_of(shop)
        contacts.note("u1", "una@example.com")
        await settled(shop)
        shop.outbox._journal.append(Entry(records=[MailsForgotten(before=clock.now() + 1)]))
        await settled(shop)
        assert not contacts.known.has_address("u1")
        assert await contacts.address_of("u1") is None


@pytest.mark.parametrize("user", ["u1", "acct_1"])
async def test_a_service_that_stops_notes_nothing_and_does_not_mind(
    tmp_path: Path, clock: ManualClock, server: MailServer, user: str
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server), sends=False) as shop:
        contacts = contacts_of(shop)
    contacts.note(user, "una@example.com")
    assert not contacts.known.has_address("u1")
