import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import machine
from bench.machine import Noise, SystemTimes


def noise_of(*, busy: float, stolen: float, own: float | None, monkeypatch: pytest.MonkeyPatch) -> Noise:
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(SystemTimes, "now", classmethod(lambda cls: cls(busy=100 + busy, stolen=stolen)))
    noise = Noise(load_before=0.0)
    noise.add(SystemTimes(busy=100, stolen=0), 10.0, own)
    return noise


def test_what_the_measured_processes_used_is_no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = noise_of(busy=15.0, stolen=0.0, own=14.5, monkeypatch=monkeypatch)
    assert noise.others_share == 0.025
    assert noise.complaints() == []


def test_others_and_the_hypervisor_make_a_run_noisy(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = noise_of(busy=18.0, stolen=2.0, own=14.0, monkeypatch=monkeypatch)
    others, stolen = noise.complaints()
    assert "20%" in others
    assert "10%" in stolen


def test_where_a_system_does_not_tell_the_load_average_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = noise_of(busy=18.0, stolen=2.0, own=None, monkeypatch=monkeypatch)
    assert noise.complaints() == []
    noise.load_before = 3.0
    assert noise.complaints() == ["the load average was 3.00 before the start"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells")
def test_the_processor_time_of_a_process_has_that_of_its_children() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\n"
    parent = (
        "import subprocess, sys, time\n"
        f"subprocess.run([sys.executable, '-c', {burn!r}])\n"
        "print(flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:  # noqa: S603 - ours.
        assert process.stdout is not None
        process.stdout.readline()
        used = machine.cpu_seconds(process.pid)
        held = machine.memory_mb(process.pid)
        process.kill()
    assert used is not None
    assert used >= 0.25
    assert held is None or held > 1
    assert machine.cpu_seconds(process.pid) is None


def test_a_quiet_machine_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    times = SystemTimes(busy=1.0, stolen=0.0)
    monkeypatch.setattr(SystemTimes, "now", classmethod(lambda _: times))
    monkeypatch.setattr(machine.time, "sleep", lambda _: None)
    told: list[str] = []
    machine.wait_until_quiet(60.0, told.append)
    assert told == []


def test_a_busy_machine_is_waited_for_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(machine.time, "sleep", sleep)
    monkeypatch.setattr(machine.time, "monotonic", lambda: now)
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(SystemTimes, "now", classmethod(lambda cls: cls(busy=now, stolen=0.0)))
    told: list[str] = []
    machine.wait_until_quiet(5.0, told.append)
    assert told == ["waiting for a quiet machine: others use 50% of it"] * 5
    assert time.monotonic() == 5.0
