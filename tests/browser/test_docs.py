"""The API's own page, under the policy that forbids inline scripts; what a browser complains of fails the test."""

import json

from playwright.async_api import expect

from support.shopping import Shop


async def test_a_developer_reads_and_tries_the_api_out(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    ticket_type = (await shop.stock_at(path))["Seat"]["id"]
    page = await shop.open_page("/docs#/reservations/reserve")
    await expect(page.get_by_role("heading", name="actor_ticketing")).to_be_visible()
    operation = page.locator("#operations-reservations-reserve")
    body = {"ticketTypeId": ticket_type, "quantity": 3, "sessionId": "developer"}
    await operation.get_by_role("textbox").and_(page.locator("textarea")).fill(json.dumps(body))
    await operation.get_by_role("button", name="Execute").click()
    await expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text("201")
    assert (await shop.stock_at(path))["Seat"]["reserved"] == 3


async def test_what_is_shown_is_the_document_of_this_service(shop: Shop) -> None:
    page = await shop.open_page("/docs")
    document = await (await shop.session.get(f"{shop.service.url}/openapi.json")).json()
    number = sum(len(item) for of in ("paths", "webhooks") for item in document[of].values())
    await expect(page.locator(".opblock")).to_have_count(number)
