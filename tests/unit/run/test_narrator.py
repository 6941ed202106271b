"""What the console says at the start and at the end of an engine."""

from __future__ import annotations

import io
from pathlib import Path

from tests.engine_bench import Bench

from qmt_trading.model import events as ev
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.config import load
from qmt_trading.run.init_template import template
from qmt_trading.run.narrator import Narrator, resumed_text


class Console:
    """A narrator and what it has said."""

    def __init__(self, folder: Path) -> None:
        path = folder / "qmt.toml"
        path.write_text(template(), encoding="utf-8")
        self._stream = io.StringIO()
        self.narrator = Narrator(load(path), SystemClock(), console=self._stream)

    def said(self, failure: str = "") -> str:
        self.narrator.stopped((1, bytes(32)), failure)
        return self._stream.getvalue()


def test_the_end_of_the_engine_is_not_called_a_halt(tmp_path: Path) -> None:
    text = Console(tmp_path).said()
    assert "已退出" in text
    assert "已停止" not in text


def test_a_safe_start_says_why_it_is_one(tmp_path: Path) -> None:
    bench = Bench()
    console = Console(tmp_path)
    console.narrator.starting(safe=True)
    started = ev.EngineStarted("test", bench.settings, True, "qmt run --safe")
    console.narrator.records([ev.At(bench.now_ns), started, *bench.feed(started)])
    text = console.said()
    assert text.count("qmt run --safe") == 1
    assert "已停止（仅可撤单）" in text


def test_after_a_kill_the_start_tells_what_was_found_again_and_that_nothing_was_resent(tmp_path: Path) -> None:
    bench = Bench()
    bench.report(bench.row(bench.buy()))
    console = Console(tmp_path)
    console.narrator.started((), bench.engine.view(), unclean=True)
    assert "上次未正常退出；接回 1 笔未成交委托，待核实 0 笔，没有重发" in console.said()


def test_an_unknown_order_is_counted_at_the_start() -> None:
    bench = Bench()
    bench.buy()
    bench.later(4)
    assert "待核实 1 笔" in resumed_text(bench.engine.view())


def test_a_halt_that_lasts_over_the_start_is_told(tmp_path: Path) -> None:
    bench = Bench()
    bench.feed(ev.HaltRequested("me", "test"))
    console = Console(tmp_path)
    console.narrator.started((), bench.engine.view())
    text = console.said()
    assert "仍是 已停止（仅可撤单）" in text
    assert "未正常退出" not in text


def test_a_state_without_a_reason_has_no_dangling_colon(tmp_path: Path) -> None:
    bench = Bench()
    console = Console(tmp_path)
    console.narrator.records([ev.At(bench.now_ns), *bench.feed(ev.HaltRequested("root (cli)", ""))])
    assert "全局：已停止（仅可撤单）（root (cli)）" in console.said()
