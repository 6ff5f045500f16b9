"""What an endpoint is still to be told stays in the ledger, whoever archives it."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from actor_ticketing.actors.archiving import told_until
from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.config.sections import WebhookSettings
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.connections import DATABASE
from support.archiving import LATER, seqs
from support.databases import new_database
from support.service import fatal, hold, list_event, list_ticket_type
from support.vaults import VAULT
from support.webhooks import Receiver, holds, noted, open_teller, tell

TOLD = 2
"""An event and a ticket type, of which the receiver was told before it died."""


async def asked(backend: Backend, **webhooks: object) -> int | None:
    return await told_until(backend.outbox._queries, WebhookSettings(**webhooks))  # type: ignore[arg-type]


async def leave_behind(directory: Path, clock: ManualClock, receiver: Receiver, *, enabled: bool = True) -> None:
    """Leave a database with two holds that an endpoint was not told of."""
    async with open_teller(directory, clock) as backend:
        endpoint = await tell(backend, receiver)
        await list_event(backend)
        await list_ticket_type(backend)
        await holds(lambda: endpoint.state.cursor == TOLD)
        await receiver.die()
        for _ in range(3):
            await hold(backend)
        await backend.webhooks.change(endpoint.webhook.id, {}, enabled=enabled)


@pytest.mark.parametrize(("state", "left"), [("down", [3, 4, 5]), ("disabled", [5]), ("all of them off", [5])])
async def test_a_command_archives_only_what_every_endpoint_was_told_that_is_told_anything(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, state: str, left: list[int]
) -> None:
    await leave_behind(tmp_path, clock, receiver, enabled=state != "disabled")
    settings = Settings(webhooks={"enabled": state != "all of them off"})  # type: ignore[arg-type]
    async with (
        open_storage(new_database(tmp_path / DATABASE), settings, VAULT) as storage,
        open_backend(storage, settings, clock, on_fatal=fatal) as backend,
    ):
        assert backend.archiving is not None
        backend.archiving._breathe = partial(asyncio.sleep, 0)
        await backend.archiving.archive(LATER, tmp_path / "a.jsonl.gz")
    assert seqs(tmp_path / DATABASE) == left


async def test_the_slowest_endpoint_that_is_told_anything_counts_and_nobody_means_all(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        assert await asked(backend) is None
        await list_event(backend)
        first = await tell(backend, receiver)
        await noted(backend, clock, first)
        await receiver.die()
        before = backend.desk.board.seq
        await list_ticket_type(backend)
        await noted(backend, clock, await tell(backend, receiver))
        assert await asked(backend) == before < backend.desk.board.seq
        await backend.webhooks.change(first.webhook.id, {}, enabled=False)
        assert await asked(backend) == backend.desk.board.seq


async def test_an_endpoint_counts_as_long_as_it_stands_in_the_configuration(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    configured = {"name": "till", "url": receiver.url, "secrets": ["whsec_" + "A" * 43 + "="]}
    async with open_teller(tmp_path, clock, endpoints=[configured]) as backend:
        await noted(backend, clock, backend.webhooks.endpoint("till"))
        assert await asked(backend, endpoints=[configured], allow_private=True) == 0
        assert await asked(backend) is None
