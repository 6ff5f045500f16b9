"""The unit for systemd against what the service does, and against what systemd makes of it."""

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from actor_ticketing.app import EXIT_FATAL, EXIT_GONE
from actor_ticketing.config import Settings
from support.proxies import DEPLOY

UNIT = DEPLOY / "actor-ticketing.service"
EXPOSURE_MAX = 15
"""In tenths, of the hundred that a unit without any protection has."""


@pytest.fixture
def service() -> dict[str, str]:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(UNIT, encoding="utf-8")
    return dict(parser["Service"])


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    return found


def test_it_is_restarted_when_only_a_restart_helps(service: dict[str, str]) -> None:
    never = {int(status) for status in service["RestartPreventExitStatus"].split()}
    assert service["Restart"] == "on-failure"
    assert EXIT_GONE in never
    assert EXIT_FATAL not in never


def test_systemd_waits_longer_than_a_stop_takes(service: dict[str, str]) -> None:
    assert int(service["TimeoutStopSec"]) > Settings().server.shutdown_seconds


def test_there_is_a_file_descriptor_for_every_socket(service: dict[str, str]) -> None:
    assert int(service["LimitNOFILE"]) > Settings().websocket.max_connections + 1_000


def test_the_state_directory_is_the_data_directory(service: dict[str, str]) -> None:
    data_dir = f"ACTOR_TICKETING_DATA_DIR=/var/lib/{service['StateDirectory']}"
    assert f"Environment={data_dir}\n" in UNIT.read_text(encoding="utf-8")
    assert (service["StateDirectoryMode"], service["UMask"]) == ("0700", "0077")


def test_a_thread_of_the_service_may_make_itself_nice_though_resources_are_forbidden() -> None:
    filters = re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert filters == ["@system-service", "~@privileged @resources", "setpriority"]


def test_systemd_understands_every_line(analyze: str, tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8").replace("/opt/actor-ticketing/bin/actor-ticketing", sys.executable)
    (tmp_path / UNIT.name).write_text(text, encoding="utf-8")
    told = subprocess.run(  # noqa: S603
        [analyze, "verify", "--man=no", str(tmp_path / UNIT.name)], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")


def exposure_of(analyze: str) -> str:
    told = subprocess.run(  # noqa: S603
        [analyze, "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert told.returncode == 0, told.stdout + told.stderr
    found = re.search(r"Overall exposure level for actor-ticketing\.service: (1\.\d) OK", told.stdout)
    assert found is not None
    return found[1]


def test_it_can_do_little_else_than_its_work(analyze: str) -> None:
    assert int(exposure_of(analyze).replace(".", "")) <= EXPOSURE_MAX


def test_the_manual_has_the_exposure_that_its_systemd_says(analyze: str) -> None:
    manual = (DEPLOY.parent / "docs/operations.md").read_text(encoding="utf-8")
    documented = re.search(r"of systemd (\d+) \([^)]*\) says (\d\.\d) of 10", manual)
    assert documented is not None
    told = subprocess.run([analyze, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    if told.stdout.split()[1] != documented[1]:
        pytest.skip(f"the manual speaks of systemd {documented[1]}")
    assert exposure_of(analyze) == documented[2]
