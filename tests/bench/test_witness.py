"""The benchmark's witness, against the real service."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from actor_ticketing.persistence.connections import DATABASE
from bench.errors import BenchError
from bench.generators.witness import OWN, Witness
from support.process import Service, list_stock
from support.service import eventually
from support.web import make_token


async def test_a_witness_proves_what_it_has_seen_and_notices_a_false_ledger(tmp_path: Path) -> None:
    service = Service(data_dir=tmp_path)
    try:
        await service.start()
        async with aiohttp.ClientSession() as session:
            await list_stock(session, service.url, {OWN.id: 10_000, "tt": 10})
        with Witness(service.url, ["tt"], make_token(), None) as witness:
            await eventually(lambda: len(witness._recorder.operations()) > 30, seconds=60, pause=0.05)
        sentence = await asyncio.to_thread(witness.prove, tmp_path / DATABASE)
        assert "is explained by the order of" in sentence
    finally:
        await service.stop()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("DROP TRIGGER ledger_is_append_only")
        connection.execute("UPDATE ledger SET kind = 'reservation.expired' WHERE kind = 'reservation.cancelled'")
        connection.commit()
    with pytest.raises(BenchError, match="cannot have been so"):
        witness.prove(tmp_path / DATABASE)


async def test_a_witness_that_is_not_served_is_an_error(tmp_path: Path) -> None:
    service = Service(data_dir=tmp_path)
    try:
        await service.start()
        with Witness(service.url, [], make_token(), None) as witness:
            await eventually(lambda: witness._failed is not None, seconds=60, pause=0.05)
        with pytest.raises(BenchError, match="not served"):
            await asyncio.to_thread(witness.prove, tmp_path / DATABASE)
    finally:
        await service.stop()
