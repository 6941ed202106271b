"""``qmt strategy run`` as people run it, killed at any moment: no signal twice, and what it holds is what it bought."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qmt_trading.cli import engine_access, exit_codes
from qmt_trading.codec import control as wire
from tests.running import DUPLEX, a_configuration, running

PATIENCE_S = 120.0
TURNING = """
from qmt_trading.research.strategy import Strategy


class Turning(Strategy):
    fields = ("close",)

    def on_tick(self, tick):
        if self.position < 1200:
            self.buy(100)
"""
FAILING = """
from qmt_trading.research.strategy import Strategy


class Failing(Strategy):
    fields = ("close",)

    def on_tick(self, tick):
        raise ValueError("as written")
"""
DAILY = """
from qmt_trading.research.strategy import Strategy


class Daily(Strategy):
    frequency = "1d"
    fields = ("close",)

    def on_bar(self, bar):
        self.buy(100)
"""


class Running:
    """A strategy's process."""

    def __init__(self, config: Path, file: Path, *words: str) -> None:
        self._said = config.parent / f"said-{time.time_ns()}.txt"
        command = [sys.executable, "-m", "qmt_trading.cli.main", "strategy", "run", str(file), "-s", "600000.SH"]
        with self._said.open("wb") as out:
            self.process = subprocess.Popen(
                [*command, "-a", "11031122", "-f", "tick", "--config", str(config), *words],
                stdout=out,
                stderr=out,
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            )

    def end(self) -> tuple[int, str]:
        """Wait until it has ended by itself; return its exit code and what it said."""
        code = self.process.wait(PATIENCE_S)
        return code, self._said.read_text(encoding="utf-8")

    def told(self, text: str) -> str:
        """Wait until it has said ``text``; return all that it has said."""
        until = time.monotonic() + PATIENCE_S
        while text not in (said := self._said.read_text(encoding="utf-8")):
            assert self.process.poll() is None, said
            assert time.monotonic() < until, said
            time.sleep(0.1)
        return said

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)


def orders(config: Path) -> list[dict[str, object]]:
    return engine_access.ask(config.parent / "data", wire.Read("orders", 1000))


def wait_for_orders(config: Path, count: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while len(orders(config)) < count:
        assert time.monotonic() < until, "the strategy places no orders"
        time.sleep(0.1)


def test_a_strategy_that_is_killed_again_and_again_sends_nothing_twice(tmp_path: Path) -> None:
    config, file = a_configuration(tmp_path), tmp_path / "turning.py"
    file.write_text(TURNING, encoding="utf-8")
    with running(config):
        for number in range(3):
            process = Running(config, file, "--name", "转")
            wait_for_orders(config, 4 * (number + 1))
            process.kill()
        last = Running(config, file, "--name", "转")
        wait_for_orders(config, 12)
        time.sleep(3)
        last.kill()
        signals = engine_access.ask(config.parent / "data", wire.Read("signals", 1000))
        ids = [str(row["id"]) for row in signals]
        assert len(set(ids)) == len(ids) >= 12
        rows = orders(config)
        assert {row["strategy"] for row in rows} == {"转"}
        bought = sum(int(str(row["filled_quantity"])) * (1 if row["side"] == "buy" else -1) for row in rows)
        assert bought == 1200, "a process that begins anew knows what the one before has bought"


def test_a_strategy_that_raises_ends_by_its_name_and_the_engine_goes_on(tmp_path: Path) -> None:
    config, file = a_configuration(tmp_path), tmp_path / "failing.py"
    file.write_text(FAILING, encoding="utf-8")
    with running(config):
        code, said = Running(config, file).end()
        assert code == exit_codes.REFUSED, said
        assert "Failing.on_tick at" in said
        assert "as written" in said
        assert orders(config) == []


def test_two_of_one_name_do_not_run_side_by_side(tmp_path: Path) -> None:
    config, file = a_configuration(tmp_path), tmp_path / "turning.py"
    file.write_text(TURNING, encoding="utf-8")
    with running(config):
        first = Running(config, file)
        wait_for_orders(config, 1)
        code, said = Running(config, file).end()
        assert (code, "已被另一个 qmt strategy run 进程占用" in said) == (exit_codes.LOCKED, True), said
        first.kill()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-a", "nobody"), "账号未配置"),
        (("--door", "nowhere"), "--door"),
        (("-f", "2h"), "2h"),
        (("--name", "a b"), "a b"),
        (("-s", "600036"), "是不是 600036.SH？"),
        (("-s", "600000.SH,600036.SZ"), "600036.SZ：没有这样的代码"),
        (("--price", "胡说"), "--price 胡说"),
        (("--adjust", "backward"), "backward"),
        (("--actions", "x.csv"), "--adjust forward"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    config, file = a_configuration(tmp_path), tmp_path / "turning.py"
    file.write_text(TURNING, encoding="utf-8")
    code, said = Running(config, file, *words).end()
    assert (code, told in said) == (exit_codes.USAGE, True), said


def test_without_an_engine_it_says_so(tmp_path: Path) -> None:
    config, file = a_configuration(tmp_path), tmp_path / "turning.py"
    file.write_text(TURNING, encoding="utf-8")
    code, said = Running(config, file).end()
    assert (code, "qmt run" in said) == (exit_codes.NOT_RUNNING, True), said


def test_a_strategy_made_for_days_runs_on_days_and_on_nothing_else(tmp_path: Path) -> None:
    config, file = a_configuration(tmp_path), tmp_path / "daily.py"
    file.write_text(DAILY, encoding="utf-8")
    with running(config):
        code, said = Running(config, file, "-f", "1m", "--no-history").end()
        assert (code, "Daily 要用 1d 的数据，给的是 1m" in said) == (exit_codes.REFUSED, True), said
        process = Running(config, file, "-f", "", "--no-history")
        assert "600000.SH 1d，通道" in process.told("通道")
        process.kill()


def test_a_door_that_was_added_while_the_engine_runs_is_told_of(tmp_path: Path) -> None:
    config, file = a_configuration(tmp_path), tmp_path / "turning.py"
    file.write_text(TURNING, encoding="utf-8")
    with running(config):
        where = f"name = '\\\\.\\pipe\\late-{time.time_ns()}'" if sys.platform == "win32" else 'path = "late.sock"'
        with config.open("a", encoding="utf-8") as more:
            more.write(f'[[doors]]\nkind = "{DUPLEX}"\n{where}\nlabel = "late"\n')
        code, said = Running(config, file, "--door", "late").end()
        assert (code, "通道 late 没有打开" in said, "重启引擎" in said) == (exit_codes.NOT_RUNNING, True, True), said
