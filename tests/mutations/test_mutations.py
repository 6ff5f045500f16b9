"""The mutation gate: each patch in this directory plants one bug, and must turn the test red that its head names.

A bug that no test notices says that a promise is not tested. Patches are applied to copies, never to this tree.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PATCHES = sorted(HERE.glob("*.patch"))
NEEDED = ("actor_ticketing", "bench", "tests", "pyproject.toml", "config.toml")
_HEAD = re.compile(r"Turns red: (\S+)\n")

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Run:
    """pytest on a copy of the tree: its exit status, 0 is green and 1 is red, and what it printed."""

    status: int
    output: str


def named_test(patch: Path) -> str:
    found = _HEAD.match(patch.read_text(encoding="utf-8"))
    assert found is not None, f"{patch.name} has to begin with `Turns red: tests/…::test_…`"
    return found[1]


def run_on_copy(directory: Path, tests: list[str], patch: Path | None = None) -> Run:
    """Copy the tree, plant the bug if there is one, and run the tests there."""
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, directory / name)
    if patch is not None:
        command = ["git", "apply", "--verbose", str(patch)]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            return Run(-1, f"{patch.name} does not apply any more; plant its bug anew.\n{done.stderr}")
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--timeout=60", *tests]
    # Processes that tests start have to be mutants too, wherever they run.
    environment = {**os.environ, "PYTHONPATH": str(directory)}
    done = subprocess.run(  # noqa: S603
        pytest_, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    shutil.rmtree(directory)
    return Run(done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """What became of each mutant by its patch, and of the tree as it is by an empty name."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs: dict[str, Future[Run]] = {
            "": pool.submit(run_on_copy, tmp_path_factory.mktemp("original"), sorted({*map(named_test, PATCHES)}))
        }
        for patch in PATCHES:
            copy = tmp_path_factory.mktemp("mutant")
            jobs[patch.name] = pool.submit(run_on_copy, copy, [named_test(patch)], patch)
    return {name: job.result() for name, job in jobs.items()}


def test_there_are_a_dozen_planted_bugs() -> None:
    assert len(PATCHES) >= 12


def test_every_patch_applies_to_the_tree_as_it_is() -> None:
    for patch in PATCHES:
        command = ["git", "apply", "--check", str(patch)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, f"{patch.name} does not apply any more; plant its bug anew.\n{done.stderr}"


@pytest.mark.long
def test_without_a_planted_bug_all_named_tests_are_green(runs: Mapping[str, Run]) -> None:
    assert runs[""].status == 0, runs[""].output


@pytest.mark.long
@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_planted_bug_turns_its_test_red(runs: Mapping[str, Run], patch: Path) -> None:
    run = runs[patch.name]
    assert run.status >= 0, run.output
    assert run.status == 1, f"{named_test(patch)} does not notice the bug in {patch.name}\n{run.output}"
