"""What waits in the outbox reaches a real mail server: at least once, however often either side dies."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from structlog.testing import capture_logs

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.mail import MailState
from actor_ticketing.notifications.sender import STORAGE_PAUSE_MS, Sender
from actor_ticketing.notifications.transport import Carrier
from support.mail import PATIENCE, MailServer, comes_to, mail_settings, open_shop, purchase, state_of, tried, waiting
from support.service import ADA, eventually
from support.stores import StoreDouble

SECOND, HOUR = 1_000, 3_600_000


async def step_until(clock: ManualClock, condition: Any, *, by: int = SECOND) -> None:
    """Step the clock until something holds, with room for what each step sets off."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            clock.advance(by)
            await asyncio.sleep(0.01)


async def test_a_purchase_brings_the_buyer_their_tickets_and_the_event(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        mail_id = await purchase(shop, 2)
        await comes_to(shop, mail_id, MailState.SENT)
    [message] = server.taken
    assert server.recipients == ["ada@example.com"]
    assert (message["From"], message["To"]) == ("City Hall <tickets@hall.test>", "ada@example.com")
    assert message["Subject"] == "Your tickets for Spring Concert"
    assert message["Message-ID"] == f"<{mail_id}@hall.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_body(["plain"]).get_content()  # type: ignore[union-attr]
    html = message.get_body(["html"]).get_content()  # type: ignore[union-attr]
    for each in (
        "Hello Ada Lovelace",
        "Spring Concert",
        "City Hall",
        "90.00 EUR",
        f"https://hall.test/tickets/{mail_id[:26]}",
    ):
        assert each in text, text
        assert each in html
    pdf, entry = message.iter_attachments()
    assert pdf.get_content_type() == "application/pdf"
    assert len(PdfReader(BytesIO(pdf.get_content())).pages) == 2
    assert (entry.get_content_type(), entry.get_filename()) == ("text/calendar", "event-ev.ics")
    assert "SUMMARY:Spring Concert\r\n" in entry.get_content().replace("\r\n", "\n").replace("\n", "\r\n")


async def test_what_was_committed_before_a_crash_is_sent_after_the_restart(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server), sends=False) as shop:
        mail_id = await purchase(shop)
        assert [mail.id for mail in await waiting(shop)] == [mail_id]
    assert server.taken == []
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        await comes_to(shop, mail_id, MailState.SENT)
    assert server.ids == [f"<{mail_id}@hall.test>"]


async def test_a_server_that_is_down_is_tried_after_growing_pauses_and_then_gets_it_once(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    settings = mail_settings(server, retry_first_seconds=10, retry_max_seconds=100)
    await server.die()
    with capture_logs() as logs:
        async with open_shop(tmp_path, clock, settings) as shop:
            mail_id = await purchase(shop)

            def pauses() -> list[float]:
                return [entry["pause_seconds"] for entry in logs if entry["event"] == "mail_server_failed"]

            await step_until(clock, lambda: len(pauses()) >= 6)
            for number, pause in enumerate(pauses()[:6]):
                longest = min(10 * 2**number, 100)
                assert longest * 0.75 <= pause <= longest
            assert (await waiting(shop))[0].tries == 0
            await purchase(shop)
            assert shop.outbox.statistics.waiting == 2
            await server.start()
            await step_until(clock, lambda: len(server.taken) == 2)
            await eventually(lambda: shop.outbox.statistics.waiting == 0, seconds=PATIENCE)
            statistics = shop.outbox.statistics
            assert (statistics.sent, statistics.failed) == (2, len(pauses()))
    assert server.ids.count(f"<{mail_id}@hall.test>") == 1


async def test_a_server_that_dies_in_the_middle_gets_the_rest_when_it_is_back(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        first = await purchase(shop)
        await comes_to(shop, first, MailState.SENT)
        await server.die()
        second = await purchase(shop)
        await eventually(lambda: shop.outbox.statistics.failed > 0, seconds=PATIENCE)
        await server.start()
        await step_until(clock, lambda: len(server.taken) == 2)
        await comes_to(shop, second, MailState.SENT)
    assert server.ids == [f"<{first}@hall.test>", f"<{second}@hall.test>"]


async def test_a_letter_that_is_not_taken_for_now_waits_longer_each_time_and_keeps_no_other_back(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    server.answers = ["451 4.7.1 try again, dear ada@example.com"] * 2
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        mail_id = await purchase(shop)
        await eventually(lambda: shop.outbox.statistics.failed == 1, seconds=PATIENCE)
        await step_until(clock, lambda: shop.outbox.statistics.failed == 2)
        other = await purchase(shop)
        await comes_to(shop, other, MailState.SENT)
        [mail] = await waiting(shop)
        assert (mail.id, mail.tries) == (mail_id, 2)
        assert 15 * SECOND <= mail.due_at - clock.now() <= 20 * SECOND
        assert mail.reason == "DataError: the server said 451 4.7.1"
        await step_until(clock, lambda: len(server.taken) == 2)
        await comes_to(shop, mail_id, MailState.SENT)


async def test_what_is_refused_for_good_is_a_dead_letter_that_an_operator_can_send_again(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    server.answers = ["550 5.1.1 no such user ada@example.com"]
    with capture_logs() as logs:
        async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
            mail_id = await purchase(shop)
            await comes_to(shop, mail_id, MailState.DEAD)
            clock.advance(HOUR)
            await eventually(lambda: shop.outbox.statistics.dead == 1, seconds=PATIENCE)
            assert server.asked == 1
            [dead] = await shop.outbox.dead(offset=0, limit=10)
            assert (dead.id, dead.reason, dead.tries) == (mail_id, "DataError: the server said 550 5.1.1", 1)
            await shop.outbox.retry(mail_id)
            await comes_to(shop, mail_id, MailState.SENT)
    assert server.ids == [f"<{mail_id}@hall.test>"]
    assert "ada@" not in str(logs).lower()
    assert "lovelace" not in str(logs).lower()


async def test_a_mail_that_waits_for_too_long_is_given_up_whoever_is_to_blame(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server, give_up_hours=1)) as shop:
        server.answers = ["451 4.3.0 later"] * 1_000
        mail_id = await purchase(shop)
        await eventually(lambda: shop.outbox.statistics.failed == 1, seconds=PATIENCE)
        await step_until(clock, lambda: shop.outbox.statistics.dead == 1, by=600 * SECOND)
        assert await state_of(shop, mail_id) is MailState.DEAD
        server.answers = []
        await server.die()
        other = await purchase(shop)
        await step_until(clock, lambda: shop.outbox.statistics.dead == 2, by=600 * SECOND)
        dead = await shop.outbox.dead(offset=0, limit=1)
        assert (dead[0].id, dead[0].reason) == (other, "SMTPConnectError")


async def test_a_sender_that_is_killed_before_it_has_noted_a_mail_sends_it_again_under_the_same_id(
    tmp_path: Path, clock: ManualClock, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting = asyncio.Event()

    async def never(*_: Any) -> None:
        noting.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(Sender, "_note", never)
        async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
            mail_id = await purchase(shop)
            async with asyncio.timeout(PATIENCE):
                await noting.wait()
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        await comes_to(shop, mail_id, MailState.SENT)
    assert server.ids == [f"<{mail_id}@hall.test>"] * 2


async def test_a_sent_mail_that_could_not_be_noted_is_noted_later_and_not_sent_again(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    doubles: list[StoreDouble] = []

    def around(storage: Any) -> Any:
        doubles.append(StoreDouble(storage.store))
        return type(storage)(store=doubles[0], queries=storage.queries)

    async with open_shop(tmp_path, clock, mail_settings(server), around=around) as shop:
        await server.die()
        mail_id = await purchase(shop)
        await eventually(lambda: shop.outbox.statistics.failed == 1, seconds=PATIENCE)
        await shop.outbox._journal.settled()
        doubles[0].fail_next()
        await server.start()
        with capture_logs() as logs:
            await step_until(clock, lambda: "mail_not_noted" in [entry["event"] for entry in logs])
        assert await state_of(shop, mail_id) is MailState.WAITING
        clock.advance(STORAGE_PAUSE_MS)
        await comes_to(shop, mail_id, MailState.SENT)
    assert len(server.taken) == 1


async def test_a_server_that_does_not_know_us_makes_no_dead_letters(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    server.answers = ["530 5.7.0 authentication required"]
    with capture_logs() as logs:
        async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
            mail_id = await purchase(shop)
            await eventually(lambda: shop.outbox.statistics.failed == 1, seconds=PATIENCE)
            assert await state_of(shop, mail_id) is MailState.WAITING
            await step_until(clock, lambda: server.taken)
            await comes_to(shop, mail_id, MailState.SENT)
    [failed] = [entry for entry in logs if entry["event"] == "mail_server_failed"]
    assert failed["reason"] == "DataError: the server said 530 5.7.0"


async def test_what_cannot_be_read_or_composed_is_put_off_and_the_others_go(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    templates = tmp_path / "templates" / "en"
    templates.mkdir(parents=True)
    (templates / "purchased.txt.jinja").write_text("{{ tickets[1].code }}")
    async with open_shop(tmp_path, clock, mail_settings(server, templates_dir=str(tmp_path / "templates"))) as shop:
        broken = await purchase(shop, 1)
        whole = await purchase(shop, 2)
        await comes_to(shop, whole, MailState.SENT)
        [mail] = await tried(shop)
        assert mail.id == broken
        assert (mail.reason or "").startswith("UndefinedError: ")


async def test_a_buyer_who_was_forgotten_meanwhile_gets_nothing(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server), sends=False) as shop:
        mail_id = await purchase(shop)
        await shop.privacy.erase(ADA.email or "", by="test")
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        await comes_to(shop, mail_id, MailState.DROPPED)
    assert server.taken == []


async def test_a_mail_that_hangs_does_not_hold_up_the_end(
    tmp_path: Path, clock: ManualClock, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def hang(*_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Carrier, "deliver", hang)
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        await purchase(shop)
        async with asyncio.timeout(PATIENCE):
            await begun.wait()


async def test_nothing_new_is_begun_once_the_service_is_draining(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        first = await purchase(shop)
        await comes_to(shop, first, MailState.SENT)
        assert shop.post is not None
        shop.post.drain()
        await purchase(shop)
        assert len(await waiting(shop)) == 1
    assert len(server.taken) == 1


async def test_mails_go_out_again_after_an_hour_without_any(
    tmp_path: Path, clock: ManualClock, server: MailServer
) -> None:
    async with open_shop(tmp_path, clock, mail_settings(server)) as shop:
        await comes_to(shop, await purchase(shop), MailState.SENT)
        clock.advance(HOUR)
        await comes_to(shop, await purchase(shop), MailState.SENT)
    assert len(server.taken) == 2
