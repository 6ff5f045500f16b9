"""What a buyer asks about, looked up at the desk."""

import re

from playwright.async_api import Page, expect

from support.operating import buy_elsewhere, open_desk
from support.process import admin
from support.shopping import OTHER_SESSION, Shop


async def look_up(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Reservation or ticket").fill(text)
    await page.get_by_role("button", name="Look up").click()


async def test_a_hold_is_found_by_its_code_and_cancelled_and_its_stock_returns(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    reservation = await shop.hold_elsewhere(path, "Seat", 4)
    found = await admin(shop.session, shop.service.url, "GET", f"/api/admin/reservations/{reservation}")
    code = found["reservation"]["code"]
    page = await open_desk(shop, "/admin/lookup")
    await look_up(page, code.lower().replace("-", " "))
    await expect(page.get_by_role("heading", name="4 × Seat")).to_be_focused()
    await expect(page.get_by_text(reservation)).to_be_visible()
    assert OTHER_SESSION not in await page.content()
    assert code not in page.url

    await page.get_by_role("button", name="Cancel this hold").click()
    await expect(page.get_by_role("button", name="Yes, cancel the hold")).to_be_focused()
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("button", name="Cancel this hold")).to_be_focused()
    assert (await shop.stock_at(path))["Seat"]["reserved"] == 4
    await page.get_by_role("button", name="Cancel this hold").click()
    await page.get_by_role("button", name="Yes, cancel the hold").click()
    await expect(page.get_by_role("heading", name=re.compile("4 × Seat Cancelled"))).to_be_focused()
    await expect(page.get_by_role("button", name="Cancel this hold")).to_have_count(0)
    assert (await shop.stock_at(path))["Seat"]["available"] == 40


async def test_a_ticket_is_found_by_its_code_with_all_it_came_of(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    reservation = await shop.hold_elsewhere(path, "Seat", 2)
    bought = await buy_elsewhere(shop, reservation, 2)
    first, second = (ticket["code"] for ticket in bought["tickets"])
    await admin(shop.session, shop.service.url, "POST", "/api/admin/checkin", {"code": first})
    page = await open_desk(shop, "/admin/lookup")
    await look_up(page, second)
    await expect(page.get_by_role("heading", name="2 × Seat Purchased")).to_be_visible()
    await expect(page.get_by_text("ada@example.com")).to_be_visible()
    await expect(page.get_by_role("row", name=re.compile(f"{second} Looked up.*Not yet"))).to_be_visible()
    await expect(page.get_by_role("row", name=re.compile(f"{first} .*admin token"))).to_be_visible()
    await expect(page.get_by_role("button", name="Cancel this hold")).to_have_count(0)


async def test_what_is_not_there_is_told_at_the_field(shop: Shop) -> None:
    page = await open_desk(shop, "/admin/lookup")
    field = page.get_by_role("textbox", name="Reservation or ticket")
    for typed, told in (
        ("AAAA-AAAA-AAAA-AAAA", "There is nothing with this code"),
        ("AAAAAA-AAAAAA-AAAAAA", "There is nothing with this code"),
        ("01M828P6T5A4V1ZK3GJ0C9W2RN", "There is nothing with this code"),
        ("who is it?", "neither a code nor an id"),
        ("", "neither a code nor an id"),
    ):
        await look_up(page, typed)
        await expect(field).to_have_accessible_description(re.compile(told))
        await expect(field).to_be_focused()


async def test_a_hold_that_ends_while_it_is_looked_at_says_so(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    page = await open_desk(shop, "/admin/lookup")
    reservation = await shop.hold_elsewhere(path, "Seat", 1, minutes=0.05)
    await look_up(page, reservation)
    await expect(page.get_by_role("heading", name="1 × Seat Expired")).to_be_visible()
    await expect(page.get_by_role("button", name="Cancel this hold")).to_have_count(0)
