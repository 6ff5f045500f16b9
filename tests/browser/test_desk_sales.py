"""How sales go: the chart, the funnel, and the files."""

import csv
import re
from pathlib import Path

from playwright.async_api import Page, Route, expect

from support.operating import buy_elsewhere, open_desk
from support.shopping import Shop

HELD, BOUGHT, GIVEN_BACK = 3, 2, 1


async def sell_some(shop: Shop) -> str:
    """One hold that stays, one that is bought, one that is given back; returns the event's name."""
    path = await shop.sell(Seat=40)
    await shop.hold_elsewhere(path, "Seat", HELD)
    await buy_elsewhere(shop, await shop.hold_elsewhere(path, "Seat", BOUGHT), BOUGHT)
    await shop.give_back_elsewhere(await shop.hold_elsewhere(path, "Seat", GIVEN_BACK))
    return f"Evening {path.removeprefix('/events/ev')}"


async def open_sales(shop: Shop, event: str) -> Page:
    page = await open_desk(shop, "/admin/sales")
    await page.get_by_role("combobox", name="Event").select_option(event)
    await expect(page.get_by_role("combobox", name="Ticket type")).to_be_visible()
    await expect(page.get_by_label("Totals of the range")).to_be_visible()
    return page


async def test_the_chart_the_totals_and_the_funnel_tell_what_happened(shop: Shop) -> None:
    page = await open_sales(shop, await sell_some(shop))
    totals = page.get_by_label("Totals of the range")
    for kind, tickets in (
        ("Reserved", "6"),
        ("Sold", "2"),
        ("Expired", "0"),
        ("Cancelled", "1"),
        ("Revenue", "€24.00"),
    ):
        entry = totals.locator("div").filter(has=page.get_by_text(kind, exact=True))
        await expect(entry.locator("b")).to_have_text(tickets)
    chart = page.get_by_role("img", name=re.compile("6 reserved, 2 sold, 0 expired"))
    await expect(chart.locator("canvas")).to_be_visible()
    box = await chart.bounding_box()
    assert box is not None
    # Over the point that is now: what it holds is read out below.
    await page.mouse.move(box["x"] + box["width"] - 41, box["y"] + 100)
    await expect(page.get_by_text(re.compile(r"Reserved 6 · Sold 2 · Expired 0"))).to_be_visible()

    funnel = page.get_by_role("region", name="From hold to purchase")
    for step, told in (
        ("Held", "100% 3 holds · 6 tickets"), ("Purchased", "33% 1 hold · 2 tickets"),
        ("Still held", "33% 1 hold · 3 tickets"), ("Cancelled", "33% 1 hold · 1 ticket"),
        ("Expired", "0% 0 holds · 0 tickets"),
    ):  # fmt: skip
        line = funnel.get_by_role("listitem").filter(has=page.get_by_text(step, exact=True))
        assert re.sub(r"\s+", " ", await line.inner_text()) == f"{step} {told}"


async def test_since_when_the_figures_are_complete_is_said_where_something_is_archived(shop: Shop) -> None:
    page = await open_sales(shop, await sell_some(shop))
    note = page.get_by_text("is archived, and missing in these figures")
    await expect(note).to_have_count(0)

    async def archived(route: Route) -> None:
        response = await route.fetch()
        document = await response.json()
        document["data"]["completeFrom"] = document["data"]["to"]
        await route.fulfill(response=response, json=document)

    await page.route("**/api/admin/analytics?*", archived)
    await page.reload()
    await expect(note).to_be_visible()


async def test_what_lies_behind_the_totals_is_told(shop: Shop) -> None:
    page = await open_sales(shop, await sell_some(shop))
    behind = page.get_by_label("Behind the totals")
    for name, figure, words in (
        ("Conversion", "50%", "of 2 holds that have ended; 33% of all"),
        ("Extended holds bought", "\N{EN DASH}", ""),
        ("Brought by extensions", "0", "tickets, bought after their first deadline: 0"),
        ("Lost ticket-minutes", "0", "in holds that expired"),
        ("Peak minute", re.compile("^[1-6]$"), re.compile("tickets reserved, .+ in the peak second")),
    ):
        entry = behind.locator("div").filter(has=page.get_by_text(name, exact=True))
        await expect(entry.locator("b")).to_have_text(figure)
        await expect(entry.locator("small")).to_have_text([words] if words else [])
    waits = page.get_by_role("region", name="Time to purchase", exact=True)
    await expect(
        waits.get_by_role("img", name=re.compile("Plot of 1 purchase by the time since its hold"))
    ).to_be_visible()
    await waits.get_by_text("The same as a table").click()
    row = waits.locator("tbody tr").last
    await expect(row.get_by_role("cell")).to_have_text(["1"])


async def test_what_is_the_last_hour_is_told_by_the_service(shop: Shop) -> None:
    event = await sell_some(shop)
    page = await open_desk(shop)
    await page.clock.install(time="2031-01-01T00:00:00Z")
    await page.goto("/admin/sales")
    await page.get_by_role("combobox", name="Event").select_option(event)
    await expect(page.get_by_role("img", name=re.compile("6 reserved, 2 sold"))).to_be_visible()


async def test_the_chart_is_there_as_a_table(shop: Shop) -> None:
    page = await open_sales(shop, await sell_some(shop))
    await page.get_by_role("region", name="Tickets over time").get_by_text("The same as a table").click()
    row = page.get_by_role("region", name="Tickets over time, as a table").locator("tbody tr")
    await expect(row.get_by_role("cell")).to_have_text(["6", "2", "0", "1", "€24.00"])


async def test_the_range_and_its_points_are_chosen_and_stay_chosen(shop: Shop) -> None:
    page = await open_sales(shop, await sell_some(shop))
    async with page.expect_request("**/analytics?*") as asked:
        await page.get_by_role("combobox", name="Range").select_option("Last 7 days")
    assert "bucket=3600" in (await asked.value).url
    assert await page.get_by_role("combobox", name="Points of").locator("option").all_inner_texts() == [
        "1 hour",
        "6 hours",
        "1 day",
    ]
    async with page.expect_request("**/analytics?*bucket=86400*"):
        await page.get_by_role("combobox", name="Points of").select_option("1 day")
    async with page.expect_request("**/analytics?*ticketTypeId=*"):
        await page.get_by_role("combobox", name="Ticket type").select_option("Seat")
    await page.reload()
    await expect(page.get_by_role("combobox", name="Range")).to_have_value("604800")
    await expect(page.get_by_role("combobox", name="Points of")).to_have_value("86400")
    await page.get_by_role("combobox", name="Range").select_option("Last hour")
    await expect(page.get_by_role("combobox", name="Points of")).to_have_value("60")


async def test_figures_of_another_choice_are_not_shown_for_this_one(shop: Shop) -> None:
    page = await open_sales(shop, await sell_some(shop))
    await expect(page.get_by_label("Totals of the range")).to_be_visible()
    await page.context.set_offline(True)
    await page.get_by_role("combobox", name="Event").select_option("All events")
    await expect(page.get_by_label("Totals of the range")).to_have_count(0)
    await expect(page.get_by_text("Figures from")).to_have_count(0)
    await page.context.set_offline(False)
    await expect(page.get_by_label("Totals of the range")).to_be_visible()


async def test_each_report_is_a_file_with_its_rows(shop: Shop, tmp_path: Path) -> None:
    page = await open_sales(shop, await sell_some(shop))
    for name, kind, rows in (
        ("Reservations", "reservations", 3),
        ("Purchases", "transactions", 1),
        ("Tickets", "tickets", 2),
    ):
        async with page.expect_download() as got:
            await page.get_by_role("button", name=f"Download CSV: {name}").click()
        download = await got.value
        assert re.fullmatch(rf"{kind}-ev\d+\.csv", download.suggested_filename)
        await download.save_as(tmp_path / "report.csv")
        with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
            assert len(list(csv.DictReader(file))) == rows
        await expect(page.get_by_text(f"{name}: the file is there.")).to_be_visible()


async def test_a_file_that_breaks_off_is_told_and_not_kept(shop: Shop) -> None:
    page = await open_sales(shop, await sell_some(shop))
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Download CSV: Tickets").click()
    await expect(page.get_by_text("did not arrive whole")).to_be_visible()
