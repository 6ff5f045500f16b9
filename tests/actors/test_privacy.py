"""Who is forgotten when somebody asks, and who is not, on either store."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from actor_ticketing.actors.privacy import Forgotten
from actor_ticketing.app import open_backend
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.ports import StoredAnswer
from actor_ticketing.domain.records import Forget, TracesWiped
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence import people
from support.people import ADA_WITHOUT_ADDRESS, BEA, KID, people_on, sell
from support.service import ADA, fatal, list_event, list_ticket_type, stock


@pytest.fixture
async def shop(storage: Storage, clock: ManualClock) -> AsyncIterator[Backend]:
    async with open_backend(storage, Settings(), clock, on_fatal=fatal) as opened:
        await list_event(opened)
        await list_ticket_type(opened, total=10_000)
        yield opened


async def erase(shop: Backend, email: str = "ada@example.com") -> Forgotten:
    return await shop.privacy.erase(email, by="admin")


def counts(forgotten: Forgotten) -> tuple[int, int, int, int]:
    return forgotten.transactions, forgotten.tickets, forgotten.answers, forgotten.tickets_of_others


async def test_a_buyer_is_forgotten_with_the_tickets_in_their_name(shop: Backend) -> None:
    bought = await sell(shop, ADA, [ADA, BEA, KID, ADA_WITHOUT_ADDRESS])
    assert counts(await erase(shop)) == (1, 2, 0, 2)
    assert await people_on(shop, bought) == (None, [None, "Bea Brown", "Kid Brown", None])


async def test_a_holder_is_forgotten_wherever_they_have_a_ticket(shop: Backend) -> None:
    one, other = await sell(shop, ADA, [ADA, BEA]), await sell(shop, ADA, [BEA])
    assert counts(await erase(shop, "bea@example.com")) == (0, 2, 0, 0)
    assert await people_on(shop, one) == ("Ada Lovelace", ["Ada Lovelace", None])
    assert await people_on(shop, other) == ("Ada Lovelace", [None])


async def test_a_namesake_whom_somebody_else_bought_for_is_not_forgotten(shop: Backend) -> None:
    bought = await sell(shop, BEA, [ADA_WITHOUT_ADDRESS])
    await sell(shop, ADA, [ADA])
    await erase(shop)
    assert await people_on(shop, bought) == ("Bea Brown", ["ada LOVELACE"])


async def test_a_holder_of_the_same_name_with_another_address_is_somebody_else(shop: Backend) -> None:
    bought = await sell(shop, ADA, [replace(ADA, email="another.ada@example.com")])
    assert counts(await erase(shop)) == (1, 0, 0, 1)
    assert await people_on(shop, bought) == (None, ["Ada Lovelace"])


@pytest.mark.parametrize("email", ["bea@example.com", "BEA@EXAMPLE.COM", " Bea@Example.com\n"])
async def test_an_address_is_the_same_in_upper_and_lower_case(shop: Backend, email: str) -> None:
    await sell(shop, BEA, [BEA])
    assert counts(await erase(shop, email)) == (1, 1, 0, 0)


async def test_an_address_is_the_same_however_a_keyboard_composes_its_letters(shop: Backend) -> None:
    await sell(shop, replace(BEA, email="b\u00e9a@example.com"), [BEA])
    assert (await erase(shop, "be\u0301a@example.com")).transactions == 1


async def test_two_domains_that_only_fold_alike_are_two_people(shop: Backend) -> None:
    bought = await sell(shop, replace(BEA, email="bea@stra\u00dfe.de"), [KID])
    await shop.accounts.register("bea@stra\u00dfe.de", "correct horse battery")
    assert counts(await erase(shop, "bea@strasse.de")) == (0, 0, 0, 0)
    await shop.accounts.register("bea@strasse.de", "correct horse battery")
    assert await people_on(shop, bought) == ("Bea Brown", ["Kid Brown"])
    assert (await erase(shop, "BEA@Stra\u00dfe.DE")).accounts == 1


async def test_whom_nobody_knows_there_is_nothing_to_forget_of(shop: Backend) -> None:
    bought = await sell(shop, ADA, [ADA])
    assert counts(await erase(shop, "da@example.com")) == (0, 0, 0, 0)
    assert await people_on(shop, bought) == ("Ada Lovelace", ["Ada Lovelace"])


async def test_forgetting_again_finds_nothing(shop: Backend) -> None:
    await sell(shop, ADA, [ADA, BEA])
    await erase(shop)
    assert counts(await erase(shop)) == (0, 0, 0, 0)


async def test_more_than_fits_into_one_step_is_forgotten_too(shop: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PORTION", 2)
    await sell(shop, BEA, [ADA] * 5)
    for _ in range(5):
        await sell(shop, ADA, [ADA, BEA])
    assert counts(await erase(shop)) == (5, 10, 0, 5)


async def test_the_log_is_emptied_once_after_the_last_portion(
    shop: Backend, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "PORTION", 2)
    for _ in range(5):
        await sell(shop, ADA, [ADA])
    storage.store.batches.clear()
    await erase(shop)
    records = [record for batch in storage.store.batches for entry in batch for record in entry.records]
    assert [type(record) for record in records[-2:]] == [Forget, TracesWiped]
    assert sum(isinstance(record, TracesWiped) for record in records) == 1


async def test_answers_in_which_the_address_stands_are_dropped(shop: Backend, storage: Storage) -> None:
    bodies = [b'{"email":"ADA@example.com"}', b'{"email":"bea@example.com"}', '{"email":"ü@ada@example.com"}'.encode()]
    for number, body in enumerate(bodies):
        answer = StoredAnswer(
            caller=b"c", key=f"k{number}", fingerprint=b"", status=201, body=body, created_at=shop.clock.now()
        )
        await shop.answers.keep(answer)
    assert counts(await erase(shop)) == (0, 0, 2, 0)
    kept = [await storage.queries.answer(b"c", f"k{number}") for number in range(3)]
    assert [each is not None for each in kept] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "is_theirs"),
    [
        ("a@example.com", True),
        ("Write to A@example.com.", True),
        ("line\na@example.com\nline", True),
        ("<a@example.com>", True),
        ("ada@example.com", False),
        ("\u00e4a@example.com", False),
        ("b.a@example.com", False),
        ("b+a@example.com", False),
        ("a@example.com.au", False),
        ("a@example.community", False),
        ("a@example.com-b.org", False),
    ],
)
async def test_an_answer_about_an_address_that_only_has_this_one_in_it_stays(
    shop: Backend,
    text: str,
    is_theirs: bool,  # noqa: FBT001 - a table.
) -> None:
    body = json.dumps({"list": [{"note": text}]}).encode()
    await shop.answers.keep(StoredAnswer(caller=b"c", key="k", fingerprint=b"", status=201, body=body, created_at=0))
    assert (await erase(shop, "a@example.com")).answers == is_theirs


async def test_an_address_is_found_as_json_spells_it(shop: Backend) -> None:
    odd = '"a b"@example.com'
    body = b'{"email":"\\"a b\\"@example.com"}'
    answer = StoredAnswer(caller=b"c", key="k", fingerprint=b"", status=201, body=body, created_at=0)
    await shop.answers.keep(answer)
    assert counts(await erase(shop, odd)) == (0, 0, 1, 0)


async def test_every_kept_answer_is_looked_into(shop: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PORTION", 2)
    for number in range(7):
        answer = StoredAnswer(
            caller=bytes([number % 3]),
            key=f"{number}",
            fingerprint=b"",
            status=201,
            body=b'"ada@example.com"',
            created_at=0,
        )
        await shop.answers.keep(answer)
    assert counts(await erase(shop)) == (0, 0, 7, 0)


async def test_stock_and_tickets_are_what_they_were(shop: Backend) -> None:
    bought = await sell(shop, ADA, [ADA, BEA])
    await erase(shop)
    assert stock(shop) == (10_000, 2, 0)
    for ticket in bought.tickets:
        assert (await shop.box_office.ticket(ticket.code)).id == ticket.id


async def test_a_failure_of_the_store_is_told_and_what_is_left_can_be_forgotten_later(
    shop: Backend, storage: Storage
) -> None:
    bought = await sell(shop, ADA, [ADA])
    storage.store.fail_next()
    with pytest.raises(StorageUnavailable):
        await erase(shop)
    assert await people_on(shop, bought) == ("Ada Lovelace", ["Ada Lovelace"])
    assert counts(await erase(shop)) == (1, 1, 0, 0)


async def test_the_log_says_who_had_how_much_forgotten_and_not_of_whom(shop: Backend) -> None:
    await sell(shop, ADA, [ADA, BEA])
    with capture_logs() as logs:
        await erase(shop)
    [line] = logs
    assert (line["event"], line["by"]) == ("person_forgotten", "admin")
    assert (line["transactions"], line["tickets"], line["answers"], line["accounts"]) == (1, 1, 0, 0)
    assert "ada" not in str(logs).lower()


async def test_a_person_is_told_what_is_known_of_them_and_of_nobody_else(shop: Backend) -> None:
    own, others = await sell(shop, ADA, [ADA, BEA, ADA_WITHOUT_ADDRESS]), await sell(shop, BEA, [BEA, ADA])
    known = await shop.privacy.export("Ada@example.com")
    [bought], [held] = known.bought, known.held
    assert bought.purchase.transaction == own.transaction
    assert [each.holder for each in bought.purchase.tickets] == [ADA, None, ADA_WITHOUT_ADDRESS]
    assert (bought.event.id, bought.ticket_type.id) == ("ev", "tt")
    assert held.purchase.transaction.buyer is None
    assert list(held.purchase.tickets) == [others.tickets[1]]
    assert known.account is None


async def test_of_somebody_unknown_or_forgotten_nothing_is_told(shop: Backend) -> None:
    await sell(shop, ADA, [ADA])
    await erase(shop)
    for email in ("ada@example.com", "nobody@example.com"):
        known = await shop.privacy.export(email)
        assert (known.account, list(known.bought), list(known.held)) == (None, [], [])
