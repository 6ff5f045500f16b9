"""Of what waits in the outbox, what has a deadline goes first, and it all goes over one connection."""

import asyncio
from pathlib import Path

import pytest

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.mail import MailState
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from actor_ticketing.notifications.letters import Letter
from actor_ticketing.notifications.sender import URGENT_IN_A_ROW
from actor_ticketing.notifications.transport import Carrier
from support.mail import PATIENCE, MailServer, comes_to, mail_settings, open_shop, purchase
from support.service import hold


async def purchases(shop: Backend, clock: ManualClock, number: int) -> list[str]:
    """Sell several times, a ms apart, so that it is sure which mail is the first."""
    sold = []
    for _ in range(number):
        sold.append(await purchase(shop))
        clock.advance(1)
    return sold


async def test_what_has_a_deadline_waits_for_no_more_than_the_mail_under_way(
    tmp_path: Path, clock: ManualClock, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server), sends=False) as shop:
        bought = await purchases(shop, clock, 3)
    deliver, under_way, may_go = Carrier.deliver, asyncio.Event(), asyncio.Event()

    async def slowly(carrier: Carrier, letter: Letter) -> None:
        under_way.set()
        await may_go.wait()
        await deliver(carrier, letter)

    monkeypatch.setattr(Carrier, "deliver", slowly)
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        async with asyncio.timeout(PATIENCE):
            await under_way.wait()
        assert shop.outbox.contacts is not None
        shop.outbox.contacts.note("u1", "una@example.com")
        held = await hold(shop, user="u1")
        await shop.box_office.extend(held.id, Owner(session_id="s"), 10_000)
        may_go.set()
        await comes_to(shop, bought[-1], MailState.SENT)
    first, *others = [f"<{mail_id}@hall.test>" for mail_id in bought]
    assert server.ids == [first, f"<{held.id}.extended-1@hall.test>", *others]


async def test_what_waits_goes_over_one_connection(tmp_path: Path, clock: ManualClock, server: MailServer) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server), sends=False) as shop:
        bought = await purchases(shop, clock, 3)
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        await comes_to(shop, bought[-1], MailState.SENT)
    assert (len(server.taken), server.connected) == (3, 1)


async def test_however_much_has_a_deadline_tickets_are_sent_in_between(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server), sends=False) as shop:
        bought = await purchases(shop, clock, 2)
        assert shop.outbox.contacts is not None
        shop.outbox.contacts.note("u1", "una@example.com")
        for _ in range(2 * URGENT_IN_A_ROW):
            held = await hold(shop, user="u1")
            await shop.box_office.extend(held.id, Owner(session_id="s"), 10_000)
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        await comes_to(shop, bought[-1], MailState.SENT)
    tickets = [server.ids.index(f"<{mail_id}@hall.test>") for mail_id in bought]
    assert tickets == [URGENT_IN_A_ROW, 2 * URGENT_IN_A_ROW + 1]
