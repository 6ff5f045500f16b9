"""The example in the manual."""

import asyncio
import re
from pathlib import Path

import pytest

from support.service import list_ticket_type
from support.web import Api

MANUAL = Path(__file__).parents[2] / "docs" / "http-api.md"


async def test_it_runs_as_it_stands(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    await list_ticket_type(api.backend, "tt_stalls")
    [example] = re.findall(r"```python\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    here = example.replace("http://127.0.0.1:8080", str(api.client.make_url("/")))
    # It listens for as long as nobody stops it.
    once = here.replace("                print(message)", "                return print(message)")
    assert once != here != example
    await asyncio.to_thread(exec, once, {})
    held, told = capsys.readouterr().out.strip().splitlines()
    assert re.match(r"[A-Z0-9]{6}-", held)
    assert "available=8" in told
