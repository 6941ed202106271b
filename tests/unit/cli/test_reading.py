"""What ``qmt status`` says, and what it leaves unsaid."""

from __future__ import annotations

from qmt_trading.cli.acting import still_halted
from qmt_trading.cli.reading import cause_text, fills_come_first, risk_pairs, status_pairs
from qmt_trading.codec.view_json import rows_of
from qmt_trading.model import events as ev
from qmt_trading.model.words import TradingState
from tests.engine_bench import ACCOUNT, OTHER, Bench


def told(bench: Bench) -> dict[str, object]:
    (row,) = rows_of(bench.engine.view(), "status", 1)
    return {name: str(value) for name, value in status_pairs({**row, "running": True})}


def test_an_engine_that_trades_has_no_word_about_a_stop() -> None:
    pairs = told(Bench())
    assert (pairs["模式"], pairs["状态"], pairs["账户"]) == ("模拟", "正常交易", "2 个，就绪 2 个")
    assert not {"谁、为何", "恢复", "单独停止", "停单原因"} & pairs.keys()


def test_a_stop_is_told_with_who_why_since_when_and_what_releases_it() -> None:
    bench = Bench()
    bench.feed(ev.HaltRequested("me", "看看"))
    pairs = told(bench)
    assert pairs["谁、为何"] == "me：看看（2026-11-24 10:00:00 起）"
    assert "qmt resume" in str(pairs["恢复"])


def test_an_account_stopped_by_itself_is_named_with_its_own_release() -> None:
    bench = Bench()
    bench.feed(ev.HaltRequested("me", "看看", ACCOUNT))
    assert ACCOUNT in str(told(bench)["单独停止"])
    assert "--account" in str(told(bench)["单独停止"])
    assert "已停止" in str(told(bench)["单独停止"])
    bench.feed(ev.HaltRequested("me", "看看", OTHER, TradingState.REDUCING))
    assert f"{OTHER} 只卖不买" in str(told(bench)["单独停止"])


def test_a_closed_journal_says_so() -> None:
    bench = Bench()
    bench.feed(ev.JournalFailed("disk full"))
    assert "日志不可写" in str(told(bench)["停单原因"])


def test_a_stop_of_which_nothing_is_known_points_to_the_log() -> None:
    assert "qmt alerts" in cause_text({})


def test_a_fill_before_the_answer_wants_a_word() -> None:
    assert fills_come_first([{"hop": "sent"}, {"hop": "filled"}, {"hop": "answered"}])
    assert not fills_come_first([{"hop": "sent"}, {"hop": "answered"}, {"hop": "filled"}])


def test_malformed_messages_are_counted_with_the_command_that_shows_them() -> None:
    bench = Bench()
    assert told(bench)["格式错误"] == "0"
    bench.feed(ev.MalformedReceived("fifo", 1, "buy", "no_symbol", 0, 0))
    assert told(bench)["格式错误"] == "1（qmt signals --malformed）"


def test_a_global_release_names_the_accounts_that_stay_stopped() -> None:
    bench = Bench()
    (row,) = rows_of(bench.engine.view(), "status", 1)
    assert still_halted(row) == ""
    bench.feed(ev.HaltRequested("me", "看看", ACCOUNT))
    bench.feed(ev.HaltRequested("me", "看看"))
    bench.feed(ev.ResumeRequested("me", "好了"))
    (row,) = rows_of(bench.engine.view(), "status", 1)
    assert still_halted(row) == f"! 仍单独停止：{ACCOUNT}（qmt resume --account {ACCOUNT} --why 原因）"


def test_limits_nearly_used_up_and_brakes_that_tripped_have_a_line_only_then() -> None:
    assert risk_pairs({}) == risk_pairs({"limits_near": [], "brakes_tripped": []}) == []
    near = {"scope": f"账户 {ACCOUNT}", "limit_text": "当日买入额", "fullness_percent": 85}
    tripped = f"账户 {ACCOUNT} 当日亏损：只卖不买"
    pairs = dict(risk_pairs({"limits_near": [near], "brakes_tripped": [tripped]}))
    assert pairs == {"今日触发": tripped, "接近限额": f"账户 {ACCOUNT} 当日买入额 85%（qmt risk）"}
    many = dict(risk_pairs({"limits_near": [near] * 4, "brakes_tripped": []}))
    assert str(many["接近限额"]).count("当日买入额") == 3
    assert str(many["接近限额"]).endswith("等 4 条（qmt risk）")


def test_the_end_of_the_calendar_is_told_only_when_it_is_near() -> None:
    row = told(Bench())
    assert "交易日历" not in row
    (plain,) = rows_of(Bench().engine.view(), "status", 1)
    near = dict(status_pairs({**plain, "calendar_until": "2026-12-31", "calendar_ends_soon": True}))
    assert "只到 2026-12-31" in str(near["交易日历"])
