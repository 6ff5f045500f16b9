"""The README's curl session works as printed."""

import asyncio
import re
import shlex
import sys
from pathlib import Path

import aiohttp
import cv2
import pytest

from support.process import Service, admin

ROOT = Path(__file__).parent.parent


def printed_session(url: str) -> str:
    """The one bash block of the README, with this test's address and Python put in."""
    [block] = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    python = f"{shlex.quote(sys.executable)} -m actor_ticketing"
    replaced = block.replace("http://127.0.0.1:8080", url).replace(".venv/bin/actor-ticketing", python)
    assert isinstance(replaced, str)
    return "set -euo pipefail\n" + replaced.replace("examples/", f"{ROOT}/examples/")


@pytest.fixture
async def service(tmp_path: Path) -> Service:
    return Service(data_dir=tmp_path)


async def test_the_curl_session_of_the_readme_works_as_printed(service: Service, tmp_path: Path) -> None:
    await service.start("--demo")
    try:
        status, out, err = await service.shell(printed_session(service.url))
        assert status == 0, out + err
        async with aiohttp.ClientSession() as session:
            statistics = await admin(session, service.url, "GET", "/api/admin/reservations/cleanup")
    finally:
        await service.stop()
    assert statistics["counts"] == {"ACTIVE": 0, "EXPIRED": 1, "CONVERTED": 1, "CANCELLED": 1}
    before, after = re.findall(r'"reserved":(\d+),"available":(\d+)', out)
    assert int(before[0]) == 4
    assert int(after[0]) == 0
    assert "CANCELLED" in out
    image = cv2.imread(str(tmp_path / "ticket.png"))
    text, *_ = await asyncio.to_thread(cv2.QRCodeDetectorAruco().detectAndDecode, image)
    assert text.count(".") == 2
