"""The catalogue, as an organiser keeps it at the desk."""

import re

from playwright.async_api import Page, expect

from support.operating import fill_token, open_desk
from support.shopping import Shop
from support.web import ADMIN_TOKEN


async def add_type(page: Page, **fields: str) -> None:
    await page.get_by_role("button", name="New ticket type").click()
    for label, text in fields.items():
        await page.get_by_label(label.replace("_", " "), exact=True).fill(text)
    await page.get_by_role("button", name="Create ticket type").click()


async def test_a_new_event_with_its_tickets_is_in_the_shop(shop: Shop) -> None:
    page = await open_desk(shop, "/admin/catalogue", timezone_id="Asia/Jakarta")
    await page.get_by_role("button", name="New event").click()
    await page.get_by_label("Title").fill("Night of the Organ")
    await page.get_by_label("Venue").fill("St. Mary")
    await page.get_by_label("Starts").fill("2099-05-14T19:30")
    await page.get_by_role("button", name="Create event").click()
    await expect(page.get_by_role("heading", name="Night of the Organ")).to_be_visible()
    await expect(page.get_by_text("Nothing is for sale yet")).to_be_visible()
    await add_type(page, Name="Nave", Price="12,50", Currency="eur", Total="90")
    await expect(page.get_by_text("€12.50")).to_be_visible()
    await page.get_by_role("link", name="See it in the shop").click()
    await expect(page.get_by_role("heading", name="Night of the Organ")).to_be_visible()
    await expect(page.get_by_text("90 left")).to_be_visible()
    await expect(page.get_by_text("19:30")).to_be_visible()
    async with shop.session.get(f"{shop.service.url}/api/public{page.url.removeprefix(shop.service.url)}") as answer:
        event = (await answer.json())["data"]["event"]
    assert event["startDate"] == "2099-05-14T12:30:00.000Z"
    assert event["ticketTypes"][0]["price"] == 1250


async def test_what_changes_is_sent_and_nothing_else(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    page = await open_desk(shop, f"/admin/catalogue/{path.rpartition('/')[2]}")
    await page.get_by_role("button", name="Edit Seat").click()
    await expect(page.get_by_label("Name")).to_be_focused()
    await page.get_by_label("Total").fill("55")
    async with page.expect_request(lambda request: request.method == "PATCH") as asked:
        await page.get_by_role("button", name="Save").click()
    assert (await asked.value).post_data_json == {"total": 55}
    await expect(page.get_by_role("button", name="Edit Seat")).to_be_focused()
    await expect(page.get_by_role("term").filter(has_text="Left").locator("+ dd")).to_have_text("55")

    await page.get_by_role("button", name="Edit event").click()
    await page.get_by_label("Venue").fill("Other hall")
    async with page.expect_request(lambda request: request.method == "PATCH") as asked:
        await page.get_by_role("button", name="Save").click()
    assert (await asked.value).post_data_json == {"venue": "Other hall"}
    await expect(page.get_by_text("Other hall")).to_be_visible()


async def test_what_the_service_refuses_stands_at_its_field_and_nothing_typed_is_lost(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    await shop.hold_elsewhere(path, "Seat", 4)
    page = await open_desk(shop, f"/admin/catalogue/{path.rpartition('/')[2]}")
    await page.get_by_role("button", name="Edit Seat").click()
    await page.get_by_label("Name").fill("Chair")
    total = page.get_by_label("Total")
    for typed, told in (("-5", "greater than or equal to 0"), ("many", "integer"), ("3", "0 sold, 4 held")):
        await total.fill(typed)
        await page.get_by_role("button", name="Save").click()
        await expect(total).to_have_accessible_description(re.compile(told))
        await expect(total).to_be_focused()
        await expect(page.get_by_label("Name")).to_have_value("Chair")
    await total.fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(total).to_have_accessible_description(re.compile("Please fill this in"))
    assert (await shop.stock_at(path))["Seat"]["total"] == 40


async def test_a_price_that_could_be_read_in_two_ways_is_refused(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    page = await open_desk(shop, f"/admin/catalogue/{path.rpartition('/')[2]}")
    await page.get_by_role("button", name="Edit Seat").click()
    price = page.get_by_label("Price")
    await expect(price).to_have_value("12.00")
    await price.fill("1.500")
    await page.get_by_role("button", name="Save").click()
    await expect(price).to_have_accessible_description(re.compile("Write it as 78.00"))
    await page.get_by_label("Currency").fill("JPY")
    await price.fill("1500")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("¥1,500")).to_be_visible()


async def test_half_a_date_and_a_year_that_no_calendar_has_are_told(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    page = await open_desk(shop, f"/admin/catalogue/{path.rpartition('/')[2]}")
    await page.get_by_role("button", name="Edit Seat").click()
    end = page.get_by_label("On sale until")
    await end.press_sequentially("05")
    await page.get_by_role("button", name="Save").click()
    await expect(end).to_have_accessible_description(re.compile("A part of the date or time is missing"))
    await end.fill("20261-05-14T19:30")
    await page.get_by_role("button", name="Save").click()
    await expect(end).to_have_accessible_description(re.compile("RFC 3339"))
    assert (await shop.stock_at(path))["Seat"]["salesEnd"] is None


async def test_a_draft_outlives_a_reload_until_it_is_given_up(shop: Shop) -> None:
    page = await open_desk(shop, "/admin/catalogue")
    await page.get_by_role("button", name="New event").click()
    await page.get_by_label("Title").fill("Half an idea")
    await page.reload()
    await expect(page.get_by_label("Title")).to_have_value("Half an idea")
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("button", name="New event")).to_be_focused()
    await page.get_by_role("button", name="New event").click()
    await expect(page.get_by_label("Title")).to_be_focused()
    await expect(page.get_by_label("Title")).to_have_value("")


async def test_a_draft_changes_nothing_that_was_not_typed(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    page = await open_desk(shop, f"/admin/catalogue/{path.rpartition('/')[2]}")
    await page.get_by_role("button", name="Edit Seat").click()
    await page.get_by_label("Name").fill("Chair")
    await shop.change(path, "Seat", total=50)
    await page.reload()
    await page.get_by_role("button", name="Edit Seat").click()
    await expect(page.get_by_label("Name")).to_have_value("Chair")
    await expect(page.get_by_label("Total")).to_have_value("50")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("button", name="Edit Chair")).to_be_focused()
    assert (await shop.stock_at(path))["Chair"]["total"] == 50


async def test_a_form_is_still_filled_in_after_a_sign_in_that_ended(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    page = await open_desk(shop, f"/admin/catalogue/{path.rpartition('/')[2]}")
    await page.get_by_role("button", name="New ticket type").click()
    await page.get_by_label("Name").fill("Standing")
    await page.evaluate(
        f"sessionStorage['desk.tokens'] = sessionStorage['desk.tokens'].replace('{ADMIN_TOKEN}', 'old')"
    )
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("Your sign-in has ended")
    await fill_token(page)
    await expect(page.get_by_label("Name")).to_have_value("Standing")


async def test_a_paused_sale_is_told_in_the_shop_until_it_goes_on(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    page = await open_desk(shop, f"/admin/catalogue/{path.rpartition('/')[2]}")
    await page.get_by_role("button", name="Pause the sale of Seat").click()
    await expect(page.get_by_role("button", name="Resume the sale of Seat")).to_be_visible()
    await expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    buyer = await shop.open_page(path)
    await expect(buyer.get_by_text("paused")).to_be_visible()
    await expect(buyer.get_by_label("Number of Seat")).to_have_count(0)
    await page.get_by_role("button", name="Resume the sale of Seat").click()
    await expect(page.get_by_role("button", name="Pause the sale of Seat")).to_be_visible()
    await buyer.reload()
    await expect(buyer.get_by_label("Number of Seat")).to_be_visible()
