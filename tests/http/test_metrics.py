"""``GET /metrics``, read as Prometheus reads it."""

import asyncio
from collections.abc import Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families

from actor_ticketing.domain.ports import CommitFailed
from actor_ticketing.persistence.store import SqliteStore
from support.service import eventually, list_ticket_type
from support.web import RESERVATIONS, Api

BODY = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
Sample = tuple[str, Mapping[str, str]]


async def scrape(api: Api) -> dict[str, float]:
    """All samples, as Prometheus writes them: ``name{label="value"}``."""
    text = await (await api.send("GET", "/metrics")).text()
    return {
        sample.name + ("{" + ",".join(f'{k}="{v}"' for k, v in sample.labels.items()) + "}" if sample.labels else ""): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_it_is_text_for_prometheus_or_openmetrics_for_whoever_accepts_that(api: Api) -> None:
    plain = await api.send("GET", "/metrics")
    assert plain.headers["Content-Type"].startswith("text/plain; version=")
    modern = await api.send("GET", "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert modern.headers["Content-Type"].startswith("application/openmetrics-text")
    assert (await modern.text()).endswith("# EOF\n")


async def test_tickets_are_counted_by_their_state_over_all_types(api: Api) -> None:
    await list_ticket_type(api.backend, "vip")
    await api.buy(await api.reserve(2))
    await api.reserve(3, of="vip")
    found = await scrape(api)
    states = ("sold", "reserved", "available")
    assert [found[f'ticketing_tickets{{state="{state}"}}'] for state in states] == [2, 3, 15]
    assert found["ticketing_live_holds"] == 1


async def test_committed_events_are_counted_by_their_kind(api: Api) -> None:
    for _ in range(3):
        held = await api.reserve()
    await api.cancel(held)
    found = await scrape(api)
    assert found['ticketing_events_total{kind="reservation.created"}'] == 3
    assert found['ticketing_events_total{kind="reservation.cancelled"}'] == 1
    assert found["ticketing_ledger_seq"] == api.backend.box_office.board.seq


async def test_answers_are_counted_by_the_pattern_of_their_route(api: Api) -> None:
    held = await api.reserve()
    await api.show(held)
    await api.send("GET", f"{RESERVATIONS}/unknown?sessionId=s1")
    await api.send("GET", "/made/up")
    await api.send("BREW", RESERVATIONS)
    await api.send("PUT", RESERVATIONS)
    found = await scrape(api)

    def answers(method: str, route: str, status: int) -> float:
        return found[f'ticketing_http_answers_total{{method="{method}",route="{route}",status="{status}"}}']

    assert answers("POST", RESERVATIONS, 201) == 1
    assert answers("GET", f"{RESERVATIONS}/{{id}}", 200) == 1
    assert answers("GET", f"{RESERVATIONS}/{{id}}", 404) == 1
    assert answers("none", "none", 404) == 1
    assert answers("none", "none", 405) == 1
    assert not [each for each in found if held["id"] in each or "made" in each or "BREW" in each or "PUT" in each]


async def test_refusals_are_counted_by_their_code(api: Api) -> None:
    for _ in range(2):
        await api.refused("POST", RESERVATIONS, {**BODY, "quantity": 11}, status=409)
    await api.refused("POST", RESERVATIONS, {}, status=400)
    found = await scrape(api)
    assert found['ticketing_refusals_total{code="not_enough_tickets"}'] == 2
    assert found['ticketing_refusals_total{code="validation_error"}'] == 1


async def test_commits_are_measured(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await scrape(api)
    await asyncio.gather(*(api.reserve() for _ in range(5)))

    async def fail(*_: object) -> None:
        raise CommitFailed(OSError("full"))

    monkeypatch.setattr(SqliteStore, "commit", fail)
    await api.refused("POST", RESERVATIONS, BODY, status=503)
    after = await scrape(api)
    assert after["ticketing_commit_entries_sum"] - before["ticketing_commit_entries_sum"] == 5
    commits = after["ticketing_commit_entries_count"] - before["ticketing_commit_entries_count"]
    assert commits == after["ticketing_commit_seconds_count"] - before["ticketing_commit_seconds_count"]
    assert after['ticketing_commit_entries_bucket{le="+Inf"}'] == after["ticketing_commit_entries_count"]
    assert after["ticketing_commit_seconds_sum"] > before["ticketing_commit_seconds_sum"]
    assert after["ticketing_commit_failures_total"] == 1
    assert after["ticketing_journal_pending"] == 0


async def test_expiry_and_its_lag_are_measured_and_what_is_overdue_shows(api: Api) -> None:
    await api.reserve(expirationMinutes=1)
    api.lose_timers(60_250)
    assert (await scrape(api))["ticketing_overdue_seconds"] == 0.25
    await api.backend.sweeper.sweep("manual")
    found = await scrape(api)
    assert found["ticketing_overdue_seconds"] == 0
    assert found['ticketing_expiry_lag_seconds_bucket{le="0.1"}'] == 0
    assert found['ticketing_expiry_lag_seconds_bucket{le="0.25"}'] == 1
    assert found["ticketing_expiry_lag_seconds_sum"] == 0.25
    assert found['ticketing_sweeps_total{trigger="manual"}'] == 1
    assert found['ticketing_sweep_expired_total{trigger="manual"}'] == 1


async def test_sockets_are_counted(api: Api) -> None:
    async with api.client.ws_connect("/api/public/ws?sessionId=s1"):
        assert (await scrape(api))["ticketing_websocket_clients"] == 1
    await eventually(lambda: api.backend.hub.open == 0)
    found = await scrape(api)
    assert (found["ticketing_websocket_clients"], found["ticketing_websocket_opened_total"]) == (0, 1)


async def test_what_waits_for_an_actor_shows(api: Api, loading: asyncio.Event) -> None:
    await list_ticket_type(api.backend, "vip")
    waiting = [asyncio.create_task(api.reserve(of=each)) for each in ("tt", "vip", "vip")]
    roster = api.backend.box_office._roster
    await eventually(lambda: sum(roster.waiting()) == 3)
    found = await scrape(api)
    assert (found["ticketing_mailbox_messages"], found["ticketing_mailbox_messages_max"]) == (3, 2)
    assert found["ticketing_actors_running"] == 0
    loading.set()
    await asyncio.gather(*waiting)
    found = await scrape(api)
    assert (found["ticketing_mailbox_messages"], found["ticketing_actors_running"]) == (0, 2)


async def test_before_recovery_is_done_it_says_so_and_what_the_process_is_like(api: Api) -> None:
    assert (await scrape(api))["ticketing_ready"] == 1
    api.doors.backend = None
    found = await scrape(api)
    assert found["ticketing_ready"] == 0
    assert found["process_resident_memory_bytes"] > 0
