"""A database in which everything has happened that can happen to a reservation."""

import asyncio
from pathlib import Path

from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.extensions import ExtensionPolicy
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.verify import Report
from actor_ticketing.vault import Vault
from support.databases import new_database
from support.service import ADA, fatal, list_event, list_ticket_type
from support.vaults import VAULT

GUEST = Owner(session_id="guest")


async def live(backend: Backend, clock: ManualClock) -> None:
    """Bring the catalogue and all four states about: alone and in bulk, with and without an extension."""
    office = backend.box_office
    await list_event(backend)
    await list_event(backend, event_id="ev_quiet")
    for title in ("Summer Concert", "Autumn Concert"):
        await backend.desk.change_event("ev", {"title": title})
    await list_ticket_type(backend, "tt", total=20)
    await list_ticket_type(backend, "tt_vip", total=6, price=9900, maximum=4)
    await backend.desk.change_ticket_type("tt", {"price": 5000}, window={"end": clock.now() + 10**9}, total=30)

    async def hold(quantity: int, ticket_type_id: str = "tt", *, seconds: int = 600) -> str:
        [made] = await office.reserve(
            [(ticket_type_id, quantity)], session_id="guest", user_id=None, duration_ms=seconds * 1000
        )
        return made.id

    bought, released, _, extended = await hold(2), await hold(1), await hold(3, seconds=60), await hold(1, "tt_vip")
    clock.advance(30_000)
    await office.extend(bought, GUEST, 60_000)
    await office.extend(extended, GUEST, 120_000)
    await office.release(released, GUEST)
    clock.advance(31_000)
    await backend.sweeper.sweep("cron")
    [sale] = await office.purchase([(bought, [ADA, ADA])], GUEST, ADA)
    both = await office.reserve([("tt", 1), ("tt_vip", 2)], session_id="guest", user_id="ada")
    await office.purchase([(made.id, [ADA] * made.quantity) for made in both], GUEST, ADA)
    await hold(4)
    await office.adopt("guest", "ada")
    await backend.help_desk.cancel(await hold(1), by="boss")
    for paused in (True, False, True):
        await backend.desk.set_paused("tt_vip", paused=paused, by="boss")
    await backend.desk.change_ticket_type(
        "tt_vip", {"price": 9800, "extension_policy": ExtensionPolicy.STRICT}, window={}, total=None
    )
    await backend.door.check_in(sale.tickets[0].code, by="boss")


def make_lively(path: Path, vault: Vault = VAULT) -> None:
    """Make such a database through the service, and close it. Not to be called while a loop is running."""

    async def make() -> None:
        clock, settings = ManualClock(), Settings()
        async with (
            open_storage(new_database(path), settings, vault) as storage,
            open_backend(storage, settings, clock, on_fatal=fatal) as backend,
        ):
            await live(backend, clock)

    asyncio.run(make())


def complaints(report: Report) -> set[str]:
    """The names of the checks that found problems."""
    return {check.name for check in report.checks if check.problems}
