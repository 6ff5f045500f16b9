"""Mails that a hold is about to end: once for each deadline and time of warning."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.mail import MailState
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from actor_ticketing.notifications.sender import Sender
from support.mail import MailServer, mail_settings, open_shop
from support.service import buy, eventually, hold, let_pass, list_event, list_ticket_type, turns

MINUTE = 60_000
USER = "acct_1"


@pytest.fixture(autouse=True)
def _nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sender, "start", lambda _: None)


@pytest.fixture
async def shop(tmp_path: Path, clock: ManualClock, server: MailServer) -> AsyncIterator[Backend]:
    async with open_shop(tmp_path, clock, mail_settings(server, warn_seconds=[60, 180])) as opened:
        await list_event(opened)
        await list_ticket_type(opened)
        yield opened


async def warned(shop: Backend) -> list[str]:
    """What is in the outbox about holds that end soon, without the reservation."""
    await turns()
    await shop.outbox._journal.settled()
    mails = await shop.outbox._queries.due_mails(2**60, limit=99)
    return [mail.id.partition(".")[2] for mail in mails if mail.kind == "expiring"]


async def test_a_user_is_warned_once_for_each_time_of_warning(shop: Backend, clock: ManualClock) -> None:
    held = await hold(shop, user=USER, minutes=10)
    clock.advance(7 * MINUTE - 1)
    assert await warned(shop) == []
    clock.advance(1)
    assert await warned(shop) == ["expiring-180-0"]
    clock.advance(2 * MINUTE)
    assert await warned(shop) == ["expiring-180-0", "expiring-60-0"]
    mail = await shop.outbox._queries.mail(f"{held.id}.expiring-60-0")
    assert mail is not None
    assert mail.deadline == held.expires_at


async def test_who_has_no_address_is_not_warned(shop: Backend, clock: ManualClock) -> None:
    await hold(shop, minutes=10)
    await hold(shop, user="somebody", minutes=10)
    clock.advance(9 * MINUTE)
    assert await warned(shop) == []


async def test_a_hold_shorter_than_the_time_of_warning_is_not_warned_of_at_that_time(
    shop: Backend, clock: ManualClock
) -> None:
    await hold(shop, user=USER, minutes=2)
    assert await warned(shop) == []
    clock.advance(MINUTE)
    assert await warned(shop) == ["expiring-60-0"]


async def test_an_extended_hold_is_warned_of_before_its_new_end(shop: Backend, clock: ManualClock) -> None:
    held = await hold(shop, user=USER, minutes=10)
    clock.advance(7 * MINUTE)
    await shop.box_office.extend(held.id, Owner(session_id="s"), 10 * MINUTE)
    clock.advance(9 * MINUTE)
    assert await warned(shop) == ["expiring-180-0"]
    clock.advance(MINUTE)
    assert await warned(shop) == ["expiring-180-0", "expiring-180-1"]


async def test_nothing_that_was_bought_or_let_go_is_warned_of(shop: Backend, clock: ManualClock) -> None:
    await buy(shop, await hold(shop, user=USER, minutes=10))
    await shop.box_office.release((await hold(shop, user=USER, minutes=10)).id, Owner(session_id="s"))
    clock.advance(9 * MINUTE)
    assert await warned(shop) == []


async def test_a_hold_that_becomes_a_users_is_warned_of(shop: Backend, clock: ManualClock) -> None:
    await hold(shop, minutes=10)
    await shop.box_office.adopt("s", USER)
    clock.advance(7 * MINUTE)
    assert await warned(shop) == ["expiring-180-0"]


async def test_a_restart_neither_warns_twice_nor_forgets_what_fell_due_meanwhile(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    settings = mail_settings(server, warn_seconds=[180])
    async with open_shop(tmp_path, clock, settings) as shop:
        await list_event(shop)
        await list_ticket_type(shop)
        await hold(shop, user=USER, minutes=10)
        await hold(shop, user=USER, minutes=11)
        await hold(shop, user=USER, minutes=20)
        clock.advance(7 * MINUTE)
        assert await warned(shop) == ["expiring-180-0"]
    let_pass(clock, MINUTE)
    async with open_shop(tmp_path, clock, settings) as shop:
        assert await warned(shop) == ["expiring-180-0"] * 2
        clock.advance(9 * MINUTE)
        assert await warned(shop) == ["expiring-180-0"] * 3


async def test_a_service_that_stops_warns_of_nothing(shop: Backend, clock: ManualClock) -> None:
    await hold(shop, user=USER, minutes=10)
    assert shop.post is not None
    shop.post.drain()
    clock.advance(9 * MINUTE)
    assert await warned(shop) == []


async def test_a_warning_that_is_late_is_dropped_rather_than_sent(
    tmp_path: Path, clock: ManualClock, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server, warn_seconds=[180], send=["expiring"])) as shop:
        await list_event(shop)
        await list_ticket_type(shop)
        held = await hold(shop, user=USER, minutes=10)
        clock.advance(7 * MINUTE)
        assert await warned(shop) == ["expiring-180-0"]
        clock.advance(3 * MINUTE)
        await eventually(lambda: held.id not in shop.box_office.board.live.by_id)
    monkeypatch.undo()
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        await eventually(lambda: shop.post is not None)
        mail = None
        while mail is None or mail.state is MailState.WAITING:
            mail = await shop.outbox._queries.mail(f"{held.id}.expiring-180-0")
        assert (mail.state, mail.reason) == (MailState.DROPPED, "the hold has ended, or has another deadline")
    assert server.taken == []
