"""Time and other buyers: the countdown, its end, more of it, and the last ticket."""

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, WebSocketRoute, expect

from support.shopping import Shop, fill_buyer, hold, serving

EXTEND_ELSEWHERE = """async () => {
    const sessionId = JSON.parse(localStorage.getItem("tickets.session"));
    const { data } = await (await fetch(`/api/public/reservations?sessionId=${sessionId}`)).json();
    const body = JSON.stringify({ sessionId, additionalMinutes: 5 });
    const headers = { "Content-Type": "application/json" };
    await fetch(`/api/public/reservations/${data[0].id}`, { method: "PATCH", headers, body });
}"""
WRONG_CLOCK = "const real = Date.now; Date.now = () => real() + 3 * 3600 * 1000;"


@serving(holds__default_minutes="0.1")
async def test_when_the_time_is_up_the_page_says_so_and_offers_to_try_again(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=5)
    await hold(page, path, Seat=2)
    await page.get_by_role("group", name="Who buys").get_by_label("Full name").fill("Ayu Lestari")
    await expect(page.get_by_role("heading", name="Your time is up")).to_be_focused()
    await expect(page.locator("[aria-live=assertive]")).to_contain_text("Your time is up")
    await expect(page.get_by_role("button", name="Buy these tickets")).to_have_count(0)
    await expect(page.get_by_text("2 × Seat")).to_be_visible()

    await page.get_by_role("button", name="Try to hold them again").click()
    await expect(page.get_by_role("timer")).to_be_visible()
    await expect(page.get_by_role("group", name="Who buys").get_by_label("Full name")).to_have_value("Ayu Lestari")
    assert (await shop.stock_at(path))["Seat"]["reserved"] == 2


@serving(holds__default_minutes="0.1")
async def test_a_hold_that_ended_while_the_page_was_closed_is_told_afterwards(shop: Shop, page: Page) -> None:
    await hold(page, await shop.sell(Seat=5), Seat=1)
    watch = await page.context.new_page()
    await page.goto("about:blank")
    await watch.goto("/checkout")
    await expect(watch.get_by_role("heading", name="Your time is up")).to_be_visible()
    await page.goto("/checkout")
    await expect(page.get_by_role("heading", name="Your time is up")).to_be_visible()


@serving(holds__default_minutes="1.05")
async def test_the_last_minute_is_announced_and_more_time_can_be_had(shop: Shop, page: Page) -> None:
    await hold(page, await shop.sell(Seat=5), Seat=1)
    await expect(page.get_by_text("possible 3 more times")).to_be_visible()
    await expect(page.get_by_text("Your time is nearly up")).to_be_visible()
    await expect(page.locator("[aria-live=assertive]")).to_contain_text("One minute left")
    await page.get_by_role("button", name="5 more minutes").click()
    await expect(page.get_by_role("timer")).to_contain_text(re.compile(r"5:5\d|6:0\d"))
    await expect(page.get_by_text("possible 2 more times")).to_be_visible()
    await expect(page.locator("[aria-live=polite]").last).to_contain_text("held until")


async def test_who_gets_no_more_time_is_told_why(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=5)
    await shop.change(path, "Seat", extensionPolicy="strict")
    await hold(page, path, Seat=1)
    await expect(page.get_by_text("The time for these tickets cannot be extended.")).to_be_visible()
    await expect(page.get_by_role("button", name="more minutes")).to_have_count(0)


@serving(holds__default_minutes="0.9")
async def test_the_page_asks_again_how_much_more_time_there_is_when_the_last_minute_begins_or_ends(
    shop: Shop, page: Page
) -> None:
    path = await shop.sell(Seat=5)
    await shop.change(path, "Seat", extensionPolicy="strict")
    await hold(page, path, Seat=1)
    await expect(page.get_by_text("cannot be extended")).to_be_visible()
    await shop.change(path, "Seat", extensionPolicy="accessible")
    await page.evaluate(EXTEND_ELSEWHERE)
    await expect(page.get_by_text("possible 9 more times")).to_be_visible()


async def test_the_countdown_follows_the_clock_of_the_server(shop: Shop) -> None:
    page = await shop.open_page("about:blank")
    await page.add_init_script(WRONG_CLOCK)
    await hold(page, await shop.sell(Seat=5), Seat=1)
    await expect(page.get_by_role("timer")).to_contain_text(re.compile(r"9:5\d|10:00"))


async def test_the_second_buyer_of_the_last_ticket_is_told_the_truth(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=1)
    second = await shop.open_page(path)
    await second.get_by_label("Number of Seat").fill("1")
    await expect(second.get_by_role("button", name="Hold these tickets")).to_be_enabled()
    await hold(page, path, Seat=1)
    await expect(second.get_by_text("None left now")).to_be_visible()
    when = re.compile(r"one is held by another buyer.*come free in (9|10):\d\d")
    await expect(second.get_by_text(when)).to_be_visible()
    await expect(second.get_by_role("button", name="Hold these tickets")).to_be_disabled()

    await page.get_by_role("button", name="Give back Seat").click()
    await expect(second.get_by_text("1 left")).to_be_visible()
    await expect(second.get_by_label("Number of Seat")).to_have_value("1")


async def test_a_buyer_who_comes_too_late_hears_which_ticket_is_gone(shop: Shop) -> None:
    path = await shop.sell(Seat=1, Box=4)
    page = await shop.open_page("about:blank")

    async def silent(_: WebSocketRoute) -> None:
        """Nothing is told, as behind a proxy that lets no WebSocket through."""

    await page.route_web_socket(re.compile("/api/public/ws"), silent)
    await page.goto(path)
    await page.get_by_label("Number of Seat").fill("1")
    await page.get_by_label("Number of Box").fill("2")
    await shop.hold_elsewhere(path, "Seat", 1)
    await page.get_by_role("button", name="Hold these tickets").click()
    await expect(page.get_by_role("alert")).to_have_text(re.compile("Seat: none are left just now"))
    await expect(page.get_by_role("alert")).to_be_focused()
    await expect(page.get_by_label("Number of Box")).to_have_value("2")
    assert (await shop.stock_at(path))["Box"]["reserved"] == 0


async def test_what_is_really_gone_is_called_sold_out(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=0)
    await page.goto(path)
    await expect(page.get_by_text("Sold out")).to_be_visible()
    await expect(page.get_by_label("Number of Seat")).to_have_count(0)


async def test_sales_open_in_front_of_those_who_wait(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=5)
    opening = datetime.now(UTC) + timedelta(seconds=3)
    await shop.change(path, "Seat", salesStart=opening.isoformat())
    await page.goto(path)
    await expect(page.get_by_text("On sale from")).to_be_visible()
    await page.get_by_label("Number of Seat").fill("1")
    await page.get_by_role("button", name="Hold these tickets").click()
    await expect(page.get_by_role("timer")).to_be_visible()


async def test_money_of_two_currencies_is_not_added_up_and_has_the_digits_of_each(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=5, Box=5)
    await shop.change(path, "Box", currency="IDR", price=15000000)
    await page.goto(path)
    await page.get_by_label("Number of Seat").fill("1")
    await page.get_by_label("Number of Box").fill("2")
    choice = page.get_by_role("region", name="Your choice")
    await expect(choice).to_contain_text(re.compile(r"€12\.00 \+ IDR.300,000(?!\d|,)"))


async def test_what_is_held_is_shown_on_every_page(shop: Shop, page: Page) -> None:
    await hold(page, await shop.sell(Seat=5), Seat=2)
    await page.get_by_role("link", name="What’s on").click()
    await page.get_by_role("link", name="2 tickets held").click()
    await expect(page.get_by_role("timer")).to_be_visible()
    await page.get_by_role("link", name="My reservations").click()
    await expect(page.get_by_text("2 × Seat")).to_be_visible()


async def test_a_purchase_with_the_keyboard_alone(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=5)
    await page.goto(path)
    await page.get_by_label("Number of Seat").focus()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("timer")).to_be_visible()
    await fill_buyer(page)
    await page.get_by_label("WhatsApp number").press("Enter")
    await expect(page.get_by_role("heading", name="One more step")).to_be_focused()
