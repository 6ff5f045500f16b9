import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from bench import report
from bench.errors import BenchError
from bench.plan import Plan
from bench.results import Measured, Ratio, Result

RESULT = Result(
    scenario="hot",
    title="reserve",
    started_at=datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC),
    conditions=["64 connections"],
    ratios=[
        Ratio(name="hot ÷ bare", values=[0.5, 0.75, 0.25], target=0.7),
        Ratio(name="a hold", values=[580.0], target=600.0, at_most=True, unit="bytes"),
    ],
    measured=[Measured(name="ours", figures={"req/s": 12345.6, "p50 ms": None})],
    checks=["the books are right"],
    complaints=["others used 9%"],
    machine={"cores": 2},
    raw={"rounds": [{"ours": {"rate": 1.5}}]},
    skipped=["PostgreSQL is not installed"],
)


def shown(result: Result) -> str:
    console = Console(file=io.StringIO(), width=120)
    report.show(result, console)
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def test_a_result_is_read_back_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps(report.document([RESULT], Plan(), RESULT.started_at)))
    assert report.read(file) == [RESULT]


def test_the_file_tells_other_tools_what_follows_from_the_values() -> None:
    [written] = report.document([RESULT], Plan(directory="/home/somebody"), RESULT.started_at)["results"]
    assert written["noisy"] is True
    assert (written["ratios"][0]["median"], written["ratios"][0]["met"]) == (0.5, False)


def test_the_file_does_not_tell_where_somebody_keeps_files() -> None:
    document = report.document([RESULT], Plan(directory="/home/somebody"), RESULT.started_at)
    assert "somebody" not in json.dumps(document)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"schema": 1}', '{"schema": 2, "results": [{}]}'])
def test_a_file_that_is_none_of_ours_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(content)
    with pytest.raises(BenchError, match=r"run\.json"):
        report.read(file)


def test_people_see_what_was_met_missed_skipped_and_noisy() -> None:
    text = shown(RESULT)
    assert "≥ 0.70" in text
    assert "missed" in text
    assert "≤ 600 bytes" in text
    assert "12,346" in text
    assert "skipped  PostgreSQL is not installed" in text
    assert "noisy    others used 9%" in text
    assert "quiet" not in text
