"""Reserve, look, extend, cancel."""

from support.service import eventually
from support.web import Api


async def test_a_reservation_holds_stock(api: Api) -> None:
    held = await api.reserve(3)
    assert held["status"] == "ACTIVE"
    stock = await api.availability()
    assert (stock["total"], stock["sold"], stock["reserved"], stock["available"]) == (10, 0, 3, 7)
    assert stock["nextReleaseAt"] == held["expiresAt"]


async def test_an_expired_hold_gives_its_stock_back_at_its_deadline(api: Api) -> None:
    await api.reserve(3, expirationMinutes=0.05)
    api.clock.advance(2_999)
    assert (await api.availability())["reserved"] == 3
    api.clock.advance(1)
    await eventually(lambda: api.backend.box_office.board.counters["tt"].reserved == 0)
    assert (await api.availability())["available"] == 10
