"""The whole purchase, as a buyer goes through it."""

import re

from playwright.async_api import Page, expect

from support.papers import texts_of
from support.shopping import Shop, buy, fill_buyer, fill_holder, hold, serving


async def test_a_buyer_gets_from_what_is_on_sale_to_the_tickets(shop: Shop, page: Page) -> None:
    path = await shop.sell(Stalls=40, Balcony=20)
    await page.goto("/")
    await expect(page.get_by_role("heading", name="What’s on")).to_be_visible()
    await page.locator(f"a[href='{path}']").click()
    await page.get_by_role("button", name="One Stalls more").click()
    await page.get_by_label("Number of Balcony").fill("2")
    await expect(page.get_by_text("3 tickets", exact=True)).to_be_visible()
    await expect(page.get_by_text("€36.00")).to_be_visible()
    await page.get_by_role("button", name="Hold these tickets").click()

    await expect(page.get_by_role("timer")).to_contain_text(re.compile(r"9:5\d|10:00"))
    await fill_buyer(page)
    await fill_holder(page, 2, "Budi Santoso")
    await fill_holder(page, 3, "Citra Dewi")
    await buy(page)

    tickets = page.get_by_role("listitem").filter(has=page.get_by_role("img", name="QR code"))
    await expect(tickets).to_have_count(3)
    await expect(tickets.nth(0)).to_contain_text("Ayu Lestari")
    await expect(tickets.nth(2)).to_contain_text("Citra Dewi")
    for code in await page.get_by_role("img", name="QR code").all():
        assert await code.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    await page.reload()
    await expect(tickets).to_have_count(3)
    stock = await shop.stock_at(path)
    assert (stock["Stalls"]["sold"], stock["Balcony"]["sold"]) == (1, 2)


async def test_tickets_lead_to_their_files(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=5)
    await hold(page, path, Seat=1)
    await fill_buyer(page)
    await buy(page)
    reservation = page.url.rpartition("/")[2]
    one_file = page.get_by_role("link", name="All tickets as a PDF")
    pattern = rf"^/api/public/purchases/tickets\.pdf\?reservationIds={reservation}&sessionId=[\w-]+$"
    await expect(one_file).to_have_attribute("href", re.compile(pattern))
    calendar = page.get_by_role("link", name="Add to calendar")
    await expect(calendar).to_have_attribute("href", f"/api/public/events.ics?eventIds={path.rpartition('/')[2]}")
    single = page.get_by_role("link", name="Ticket 1 as a PDF")
    await expect(single).to_have_attribute("href", re.compile(r"^/api/public/tickets/[A-Z0-9-]+/ticket\.pdf$"))

    await page.emulate_media(media="print")
    await expect(page.get_by_role("img", name="QR code")).to_be_visible()
    await expect(page.get_by_text("My reservations")).to_be_hidden()
    await page.emulate_media(media="screen")

    await page.get_by_role("link", name="My reservations").click()
    await expect(page.get_by_text("Nothing is held for you")).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name="Evening").click()
    await expect(page.get_by_role("img", name="QR code")).to_have_count(1)


async def test_tickets_of_several_types_and_events_are_one_file_and_one_calendar(shop: Shop, page: Page) -> None:
    first, second = await shop.sell(Stalls=5, Balcony=5), await shop.sell(Seat=5)
    await hold(page, first, Stalls=1, Balcony=2)
    await hold(page, second, Seat=1)
    await page.goto("/checkout")
    await fill_buyer(page)
    for number in (2, 3, 4):
        await fill_holder(page, number, f"Guest {number}")
    await buy(page)
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="All tickets as a PDF").click()
    pdf = (await (await saved.value).path()).read_bytes()
    codes = await page.locator("ul.tickets .code").all_inner_texts()
    assert len(codes) == 4
    for number, (text, code) in enumerate(zip(texts_of(pdf), codes, strict=True), 1):
        assert code in text
        assert f"TICKET {number} OF 4" in text
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Add to calendar").click()
    calendar = (await (await saved.value).path()).read_text(encoding="utf-8")
    assert calendar.count("BEGIN:VEVENT") == 2


async def test_an_account_opens_its_tickets_on_another_device(shop: Shop, page: Page) -> None:
    await hold(page, await shop.sell(Seat=5), Seat=1)
    await fill_buyer(page)
    email = await page.get_by_label("E-mail").input_value()
    await buy(page)

    other = await shop.open_page(page.url)
    await expect(other.get_by_role("heading", name="cannot be shown here")).to_be_visible()
    await other.get_by_role("main").get_by_role("link", name="Sign in").click()
    await other.get_by_label("E-mail").fill(email)
    await other.get_by_label("Password").fill("correct horse battery")
    await other.get_by_role("button", name="Sign in").click()
    await expect(other.get_by_role("heading", name="My reservations")).to_be_visible()
    await other.goto(page.url)
    await expect(other.get_by_role("img", name="QR code")).to_have_count(1)
    # Here the session proves nothing, so the file is asked for in the account's name.
    async with other.expect_request("**/tickets.pdf?*") as asked:
        await other.get_by_role("link", name="All tickets as a PDF").click()
    assert (await (await asked.value).all_headers())["authorization"].startswith("Bearer ")


async def test_errors_stand_at_their_fields_and_the_first_one_has_the_focus(shop: Shop, page: Page) -> None:
    await hold(page, await shop.sell(Seat=5), Seat=1)
    await page.get_by_label("E-mail").fill("ayu@")
    await page.get_by_role("button", name="Buy these tickets").click()
    await expect(page.get_by_text("4 fields need your attention")).to_be_visible()
    await expect(page.get_by_label("Full name")).to_be_focused()
    await expect(page.get_by_label("E-mail")).to_have_accessible_description("This is not an e-mail address yet.")


@serving(auth__purchase="optional")
async def test_what_only_the_service_refuses_stands_at_its_field_too(shop: Shop, page: Page) -> None:
    await hold(page, await shop.sell(Seat=5), Seat=1)
    await fill_buyer(page)
    # An address for the eye, but of no domain that can exist.
    await page.get_by_label("E-mail").fill("ayu@-example-.com")
    await page.get_by_role("button", name="Buy these tickets").click()
    await expect(page.get_by_label("E-mail")).to_have_accessible_description("This is not an e-mail address yet.")
    await expect(page.get_by_label("E-mail")).to_be_focused()


@serving(auth__purchase="optional")
async def test_a_guest_buys_without_an_account_where_the_operator_lets_them(shop: Shop, page: Page) -> None:
    await hold(page, await shop.sell(Seat=5), Seat=1)
    await fill_buyer(page)
    await page.get_by_role("button", name="Buy these tickets").click()
    await expect(page.get_by_role("img", name="QR code")).to_have_count(1)


async def test_given_back_tickets_are_on_sale_again(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=60)
    other = await shop.open_page(path)
    await hold(page, path, Seat=3)
    await expect(other.get_by_text("57 left")).to_be_visible()
    await page.get_by_role("button", name="Give back Seat").click()
    await expect(other.get_by_text("60 left")).to_be_visible()
    await expect(page.get_by_text("You hold no tickets")).to_be_visible()


async def test_who_signs_in_first_buys_in_one_step_and_can_sign_out(shop: Shop, page: Page) -> None:
    await page.goto("/sign-in")
    await page.get_by_label("E-mail").fill("early@example.com")
    await page.get_by_role("radio", name="Create an account").check()
    await page.get_by_label("Password").fill("short")
    await page.get_by_role("button", name="Create an account").click()
    await expect(page.get_by_label("Password")).to_have_accessible_description(re.compile("at least 8 characters"))
    await page.get_by_label("Password").fill("correct horse battery")
    await page.get_by_role("button", name="Create an account").click()
    await expect(page.get_by_role("heading", name="My reservations")).to_be_visible()

    await hold(page, await shop.sell(Seat=5), Seat=1)
    await fill_buyer(page)
    await page.get_by_role("button", name="Buy these tickets").click()
    await expect(page.get_by_role("img", name="QR code")).to_have_count(1)
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
