"""What the console says at the start and at the end of an engine."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.loop_bench import HandClock

from qmt_trading.codec import signal
from qmt_trading.codec.malformed import general
from qmt_trading.engine import alerts
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import TOTAL, Scope, ScopeKind
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.signal import AccountId, Malformed, Signal
from qmt_trading.model.words import Mode
from qmt_trading.ports import SignalSource
from qmt_trading.run import log_lines
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.config import load
from qmt_trading.run.init_template import template
from qmt_trading.run.narrator import Narrator, resumed_text


class Console:
    """A narrator and what it has said."""

    def __init__(self, folder: Path, mode: Mode = Mode.PAPER) -> None:
        path = folder / "qmt.toml"
        path.write_text(template(), encoding="utf-8")
        self.folder = folder / "data"
        self._stream = io.StringIO()
        configuration = load(path)
        configuration = replace(configuration, engine=replace(configuration.engine, mode=mode))
        self.narrator = Narrator(configuration, SystemClock(), console=self._stream)

    def of(self, record: ev.MalformedReceived) -> tuple[str, dict[str, object]]:
        """Return what the console and what the log say of one record."""
        self.narrator.records([ev.At(SystemClock().now_ns()), record])
        text = self.said()
        (row,) = log_lines.malformed(self.folder, 9)
        return text, row

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


def test_in_shadow_mode_every_line_says_what_would_have_been(tmp_path: Path) -> None:
    bench = Bench(mode=Mode.SHADOW)
    bench.report(bench.row("", number="71"))
    bench.signal(f"buy {STOCK} 500@10.50:{ACCOUNT} #x/1")
    bench.signal(f"cancel {STOCK}:{ACCOUNT} #c/1")
    console = Console(tmp_path, Mode.SHADOW)
    console.narrator.starting(safe=False)
    console.narrator.records([ev.At(bench.now_ns), *bench.outputs])
    text = console.said()
    assert "模式：观察（只看不下）" in text
    assert "观察模式：本应委托" in text
    assert "观察模式：本应撤单" in text
    assert f"观察模式：本应撤 2 笔（{STOCK}，信号 2）" in text
    assert text.count("已受理（观察，未发出） 信号") == 2
    assert not any(word in text for word in ("成功", "已发"))


def test_a_state_without_a_reason_has_no_dangling_colon(tmp_path: Path) -> None:
    bench = Bench()
    console = Console(tmp_path)
    console.narrator.records([ev.At(bench.now_ns), *bench.feed(ev.HaltRequested("root (cli)", ""))])
    assert "全局：已停止（仅可撤单）（root (cli)）" in console.said()


def test_a_limit_that_is_set_or_confirmed_is_told_with_who_and_why_and_the_account_masked(tmp_path: Path) -> None:
    bench, console = Bench(), Console(tmp_path)
    mine = Scope(ScopeKind.ACCOUNT, ACCOUNT)
    for scope, value in ((mine, 500_000_000), (TOTAL, 0)):
        made = bench.feed(ev.LimitRequested("root (cli)", "试", scope, "order_value_max", value))
        console.narrator.records([ev.At(bench.now_ns), *made])
    console.narrator.records([ev.At(bench.now_ns), ev.LimitsConfirmed("小王", "还要用")])
    text = console.said()
    assert "限额 账户 一号 单笔金额 今日改为 50,000.00（root (cli)：试）" in text
    assert "限额 合计 单笔金额 今日改为 不限（root (cli)：试）" in text
    assert "今天设的限额已确认（小王：还要用）" in text
    assert ACCOUNT not in text


def test_a_malformed_message_is_logged_with_the_sentence_that_its_sender_would_have_got(tmp_path: Path) -> None:
    record = ev.MalformedReceived("door", 1_764_000_000_000_000_000, "buy 600000 100:a01", "symbol_market", 4, 1)
    code = signal.parse(record.excerpt.encode())[0]
    assert isinstance(code, Malformed)
    text, row = Console(tmp_path).of(replace(record, code=code.code, item=code.item))
    assert "buy 600000 100:a01" in text
    assert "600000 → 600000.SH？" in text
    assert (row["door"], row["position"], row["excerpt"]) == ("door", 4, "buy 600000 100:a01")
    assert (row["text"], row["text_en"]) == (code.chinese, code.english)
    assert row["received_at"] == "2025-11-25T00:00:00.000+08:00"


def test_a_line_without_its_end_is_told_in_a_sentence(tmp_path: Path) -> None:
    text, row = Console(tmp_path).of(ev.MalformedReceived("fifo", 1, "buy 600000.SH 1", "truncated", 15, 0))
    assert "消息不完整（15 字节）" in text
    assert "truncated" not in text
    assert str(row["text"]).startswith("消息不完整")


def test_a_malformed_excerpt_that_reads_otherwise_keeps_the_sentence_of_its_code(tmp_path: Path) -> None:
    text, row = Console(tmp_path).of(ev.MalformedReceived("door", 1, "600000.SH:11031122", "too_long", 65536, 0))
    assert "格式错误（door，第 65536 字节）" in text
    assert row["text"] == general("too_long")
    assert "11031122" not in str(row)


class Door:
    """A door as far as the start speaks of it."""

    name = "signals"

    def condition(self) -> tuple[str, str]:
        return "在听", "listening"


def test_a_start_ends_with_what_a_bare_signal_does_and_what_to_type_next(tmp_path: Path) -> None:
    console = Console(tmp_path)
    console.narrator.started((cast(SignalSource, Door()),), Bench().engine.view())
    lines = console.said().splitlines()
    assert lines[0].endswith("通道 signals：在听")
    assert lines[1].endswith("就绪：裸信号 = 买入；另开窗口 qmt send '…'；Ctrl-C 退出")


def test_the_head_of_the_journal_goes_to_the_file_and_not_before_peoples_eyes(tmp_path: Path) -> None:
    console = Console(tmp_path)
    console.narrator.head(12, bytes(32))
    assert "封印" not in console.said()
    (line,) = log_lines.newest(tmp_path / "data" / "logs", "head", 9)
    assert (line["turn"], line["seal"]) == (12, bytes(32).hex())


def test_what_is_too_long_for_a_line_ends_with_a_mark(tmp_path: Path) -> None:
    console = Console(tmp_path)
    text = "buy 600000.SH 100:" + ",".join(f"name{number}" for number in range(50))
    (parsed,) = signal.parse(text.encode())
    assert isinstance(parsed, Signal)
    received = ev.SignalReceived(1, "door", 0, text, parsed)
    console.narrator.records([ev.At(SystemClock().now_ns()), received])
    assert console.said().splitlines()[0].endswith(f"：{text[:119]}…")


def test_the_start_says_how_far_the_calendar_reaches_where_there_are_hours(tmp_path: Path) -> None:
    console = Console(tmp_path)
    console.narrator.starting(safe=False)
    assert "日历" not in console.said()
    path = tmp_path / "qmt.toml"
    path.write_text(template().replace("always_open = true", "always_open = false"), encoding="utf-8")
    stream = io.StringIO()
    narrator = Narrator(load(path), HandClock(), console=stream)
    narrator.starting(safe=False)
    narrator.stopped((1, bytes(32)), "")
    assert "日历到 2026-12-31，2026-11-24 之后还有 27 个交易日" in stream.getvalue()


def test_the_start_tells_of_imported_years_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "calendar.json").write_bytes(b"{")
    console = Console(tmp_path)
    console.narrator.starting(safe=False)
    assert "导入的年份不算数" in console.said()


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("[COUNTER][260200][可用资金不足]", "（资金不足：核对可用资金和别的程序的委托）"),
        ("废单", ""),
    ],
)
def test_a_counters_refusal_comes_with_what_may_be_done(tmp_path: Path, words: str, advice: str) -> None:
    bench = Bench()
    bench.connect()
    order = bench.order(bench.buy())
    console = Console(tmp_path)
    console.narrator.records([ev.At(SystemClock().now_ns()), alerts.rejected(order, words)])
    assert f"柜台：{words}{advice}\n" in console.said()


def test_an_alert_of_an_account_names_it(tmp_path: Path) -> None:
    console = Console(tmp_path)
    console.narrator.records([ev.At(SystemClock().now_ns()), alerts.link_down(AccountId("11031122"), "登录失败")])
    assert "一号 与柜台的连接断开：登录失败" in console.said()


def test_a_cancel_by_contract_number_shows_it(tmp_path: Path) -> None:
    cancel = out.CancelOrder(AccountId("11031122"), ClientOrderId("~11031122~S2"), "", "S2", Symbol("600036.SH"), 1, 3)
    console = Console(tmp_path)
    console.narrator.records([ev.At(SystemClock().now_ns()), cancel])
    assert "撤单 一号 600036.SH 合同 S2（第 1 次）" in console.said()
