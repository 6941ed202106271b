"""Lives of the host in virtual time: what must hold whatever ends where. The large runs are commands."""

from __future__ import annotations

import subprocess

import pytest

from tests.fullqmt import python36
from tests.fullqmt.stand import ROOT

pytestmark = [python36.needs_python36, pytest.mark.slow]


def run(name: str, *arguments: str) -> str:
    command = [python36.found(), "-m", f"tests.fullqmt.py36.{name}", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
    told = subprocess.run(
        command, check=False, capture_output=True, text=True, encoding="utf-8", env=environment, cwd=ROOT, timeout=600
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_random_lives_keep_every_promise() -> None:
    told = run("simulate", "--runs", "400")
    handed_over = int(told.split(", ")[1].split()[0])
    assert handed_over > 400, told


@pytest.mark.parametrize("seed", [3, 8, 21])
def test_a_life_may_end_between_any_two_steps(seed: int) -> None:
    points = int(run("simulate", "--points", str(seed)).split()[0])
    assert points > 50


def test_days_without_an_end_grow_nothing() -> None:
    """A short run of the long one, which is a command: see soak."""
    told = run("soak", "--days", "5", "--orders", "200", "--hours", "0.05").splitlines()
    assert [line.partition(":")[0] for line in told[:-2]] == [f"day {number}" for number in range(1, 6)]
    handed_over = int(told[-2].split(", ")[1].split()[0])
    assert 150 < handed_over <= 200
