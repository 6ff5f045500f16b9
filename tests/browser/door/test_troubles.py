"""The door without an answer: nobody is let in on that, and nobody's yes is lost."""

import asyncio

from playwright.async_api import Route, expect

from support.door import CHECKIN, is_used, open_door, sell_tickets, told, type_code
from support.shopping import Shop

PATIENCE_MS = 5_000


async def test_without_a_network_there_is_no_yes_until_it_is_back(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await shop.open_page()
    await page.clock.install()
    await open_door(shop, path, page=page)
    await page.context.set_offline(True)
    await type_code(page, ticket["code"])
    await page.clock.fast_forward(PATIENCE_MS)
    await expect(told(page, "No answer")).to_contain_text("Nobody is let in on this yet")
    await expect(told(page, "Yes")).to_have_count(0)
    await page.context.set_offline(False)
    await expect(told(page, "Yes")).to_be_visible()
    await expect(page.get_by_text("1 let in on this device")).to_be_attached()


async def test_an_answer_that_got_lost_is_asked_for_again_and_is_the_same_yes(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await open_door(shop, path)

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route(CHECKIN, lose, times=1)
    await type_code(page, ticket["code"])
    await expect(told(page, "Yes")).to_be_visible()


async def test_who_is_sent_away_without_an_answer_is_not_marked_as_let_in(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    first, second = await sell_tickets(shop, path, "Seat", 2)
    page = await shop.open_page()
    await page.clock.install()
    await open_door(shop, path, page=page)
    await page.context.set_offline(True)
    await type_code(page, first["code"])
    await page.clock.fast_forward(PATIENCE_MS)
    await told(page, "No answer").get_by_role("button", name="Next guest").click()
    await page.context.set_offline(False)
    await type_code(page, second["code"])
    await expect(told(page, "Yes")).to_be_visible()
    assert not await is_used(shop, first)


async def test_a_yes_that_came_too_late_is_kept_for_the_guest_who_comes_back(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await shop.open_page()
    await page.clock.install()
    await open_door(shop, path, page=page)
    arrived = asyncio.Event()

    async def delay(route: Route) -> None:
        answer = await route.fetch()
        await arrived.wait()
        await route.fulfill(response=answer)

    await page.route(CHECKIN, delay, times=1)
    await type_code(page, ticket["code"])
    await page.clock.fast_forward(PATIENCE_MS)
    await told(page, "No answer").get_by_role("button", name="Next guest").click()
    async with page.expect_response(CHECKIN):
        arrived.set()
    await type_code(page, ticket["code"])
    await expect(told(page, "Yes")).to_be_visible()
    await page.keyboard.press("Escape")
    await type_code(page, ticket["code"])
    await expect(told(page, "No")).to_contain_text("Used already")


async def test_a_service_that_fails_is_no_yes_and_may_be_asked_again(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await open_door(shop, path)
    body = '{"success": false, "message": "A fault.", "error": {"code": "internal_error"}}'
    await page.route(CHECKIN, lambda route: route.fulfill(status=500, body=body), times=1)
    await type_code(page, ticket["code"])
    await expect(told(page, "No answer")).to_contain_text("The service could not say")
    await page.get_by_role("button", name="Try again").click()
    await expect(told(page, "Yes")).to_be_visible()


async def test_a_question_that_was_asked_wrongly_is_not_held_against_the_ticket(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await open_door(shop, path)
    details = '[{"field": "ticketTypeIds", "problem": "has too many entries"}]'
    error = f'{{"code": "validation_error", "details": {details}}}'
    body = f'{{"success": false, "message": "Not valid.", "error": {error}}}'
    await page.route(CHECKIN, lambda route: route.fulfill(status=400, body=body), times=1)
    await type_code(page, ticket["code"])
    await expect(told(page, "No answer")).to_contain_text("The service could not say")
