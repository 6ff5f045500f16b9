import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.scenarios import SCENARIOS

ROOT = Path(__file__).parents[2]
EXTRA = ("asyncpg", "fastapi", "matplotlib", "uvicorn")


def python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60, **options)  # noqa: S603 - this repository's.


def test_the_help_names_every_scenario() -> None:
    done = python("-m", "bench", "--help")
    assert done.returncode == 0
    for name in SCENARIOS:
        assert name in done.stdout


def test_an_unknown_scenario_is_refused_in_a_sentence() -> None:
    done = python("-m", "bench", "nonsense")
    assert done.returncode == 2
    assert "there is no scenario nonsense" in done.stderr


def test_a_result_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    done = python("-m", "bench", "--from", str(tmp_path / "none.json"), "--plot", str(tmp_path / "plot.svg"))
    assert done.returncode == 1
    assert "none.json cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_scenarios_load_without_what_only_some_contenders_need() -> None:
    hidden = f"import sys; sys.modules |= dict.fromkeys({EXTRA!r}); import bench.__main__"
    done = python("-c", hidden)
    assert done.returncode == 0, done.stderr


def test_without_wrk_a_scenario_is_skipped_in_a_line(tmp_path: Path) -> None:
    done = python("-m", "bench", "hot", env={"PATH": str(tmp_path)})
    assert done.returncode == 0
    assert "hot: skipped  wrk is not installed" in done.stdout
