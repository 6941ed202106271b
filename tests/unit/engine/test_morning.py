"""The morning check in the engine: red closes one account for buys until a check or a person opens."""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace

from qmt_trading.codec import state_snapshot
from qmt_trading.codec.sentences import sentence
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.risk.morning_red import check_morning
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Importance, LinkState, Side
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK, Bench

RED = ("list", "quotes")


def checked(bench: Bench, *red: str) -> out.Alert:
    (alert,) = bench.feed(ev.MorningChecked(ACCOUNT, red, "说明", "told"))
    assert isinstance(alert, out.Alert)
    return alert


def denial(bench: Bench, text: str) -> Reason | None:
    (line,) = bench.signal(text).orders
    return line.denial.reason if line.denial is not None else None


def checking(bench: Bench) -> None:
    """Start again with checks of the first account."""
    accounts = tuple(replace(each, morning_check=each.account == ACCOUNT) for each in bench.settings.accounts)
    bench.feed(ev.EngineStarted("test", replace(bench.settings, accounts=accounts)))
    bench.session += 1
    bench.connect()


def test_a_red_account_buys_nothing_sells_and_cancels_and_leaves_the_others_alone() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name))
    alert = checked(bench, *RED)
    assert (alert.code, alert.importance, alert.account) == ("MORNING_RED", Importance.CRITICAL, ACCOUNT)
    assert "说明" in alert.chinese
    assert "told" in alert.english
    assert denial(bench, f"buy {STOCK} 100@10.50:{ACCOUNT} #a") is Reason.MORNING_RED
    assert denial(bench, f"sell {STOCK} 100@10.50:{ACCOUNT} #b") is None
    assert denial(bench, f"buy {STOCK} 100@10.50:{OTHER} #c") is None
    (line,) = bench.signal(f"撤单 {STOCK}:{ACCOUNT}").cancels[:1]
    assert line.denial is None


def test_a_green_check_opens_what_a_red_one_closed() -> None:
    bench = Bench()
    checked(bench, *RED)
    alert = checked(bench)
    assert (alert.code, alert.importance) == ("MORNING_GREEN", Importance.INFORMATION)
    assert denial(bench, f"buy {STOCK} 100@10.50:{ACCOUNT} #a") is None


def test_a_person_opens_what_is_red_and_what_is_red_besides_closes_again() -> None:
    bench = Bench()
    checked(bench, "list")
    (alert,) = bench.feed(ev.MorningAccepted("me", "看过了", ACCOUNT))
    assert isinstance(alert, out.Alert)
    assert alert.code == "MORNING_ACCEPTED"
    assert "看过了" in alert.chinese
    assert "list" in alert.chinese
    assert denial(bench, f"buy {STOCK} 100@10.50:{ACCOUNT} #a") is None
    assert checked(bench, "list").importance is Importance.WARNING
    assert denial(bench, f"buy {STOCK} 100@10.50:{ACCOUNT} #b") is None
    checked(bench, *RED)
    (line,) = bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #c").orders
    assert line.denial == Denial(Reason.MORNING_RED, ("quotes",))


def test_where_checks_are_made_nothing_is_bought_before_the_first_of_a_start_or_a_day() -> None:
    bench = Bench()
    checking(bench)
    assert denial(bench, f"buy {STOCK} 100@10.50:{ACCOUNT} #a") is Reason.MORNING_RED
    assert denial(bench, f"buy {STOCK} 100@10.50:{OTHER} #b") is None
    checked(bench)
    assert denial(bench, f"buy {STOCK} 100@10.50:{ACCOUNT} #c") is None
    bench.now_ns += 86_400 * 10**9
    bench.feed(ev.DayBegan(DAY + dt.timedelta(days=1)))
    bench.listed()
    assert denial(bench, f"buy {STOCK} 100@10.50:{ACCOUNT} #d") is Reason.MORNING_RED


def test_what_was_accepted_ends_with_the_day() -> None:
    bench = Bench()
    checked(bench, "list")
    bench.feed(ev.MorningAccepted("me", "x", ACCOUNT))
    bench.now_ns += 86_400 * 10**9
    bench.feed(ev.DayBegan(DAY + dt.timedelta(days=1)))
    bench.listed()
    assert checked(bench, "list").importance is Importance.CRITICAL


def test_a_snapshot_keeps_what_is_red_and_what_is_accepted() -> None:
    bench = Bench()
    checked(bench, "list")
    bench.feed(ev.MorningAccepted("me", "x", ACCOUNT))
    checked(bench, *RED)
    payload = b"\n".join(state_snapshot.encode_parts(capture(bench.engine.state)))
    engine = Engine(restore(state_snapshot.decode(payload)))
    again = engine.state.account(ACCOUNT)
    assert again.morning == bench.engine.state.account(ACCOUNT).morning
    assert again.morning.closed == ("quotes",)
    assert again.link_told == bench.engine.state.account(ACCOUNT).link_told


def test_the_rule_lets_sells_pass_and_names_the_red_items() -> None:
    assert check_morning(RED, Side.SELL) is None
    assert check_morning((), Side.BUY) is None
    found = check_morning(RED, Side.BUY)
    assert found is not None
    chinese, english = sentence(found)
    assert "委托持仓核对、行情" in chinese
    assert "list,quotes" in english


def night(bench: Bench, night: tuple[int, int] | None) -> None:
    bench.engine.state.configure(replace(bench.settings, night=night))


def down(bench: Bench) -> str:
    made = bench.feed(ev.LinkChanged(ACCOUNT, bench.session, LinkState.DOWN, "被踢"))
    return next(each.code for each in made if isinstance(each, out.Alert))


HOUR_NS = 3_600 * 10**9
WHOLE_NIGHT = (16 * HOUR_NS, 8 * HOUR_NS + HOUR_NS // 2)


def test_a_link_that_goes_down_at_night_is_no_alarm() -> None:
    for hours, expected in ((-1.5, "LINK_DOWN"), (-1.6, "LINK_NIGHT"), (5.9, "LINK_DOWN"), (6, "LINK_NIGHT")):
        bench = Bench()
        night(bench, WHOLE_NIGHT)
        bench.now_ns += int(hours * HOUR_NS)
        assert down(bench) == expected, hours


def test_a_day_without_trading_is_a_night_and_without_the_setting_nothing_is() -> None:
    bench = Bench()
    night(bench, WHOLE_NIGHT)
    bench.engine.state.day = DAY + dt.timedelta(days=1)  # Today is a holiday: the day that was opened is the next one.
    assert down(bench) == "LINK_NIGHT"
    bench = Bench()
    bench.now_ns += 10 * HOUR_NS
    assert down(bench) == "LINK_DOWN"


def test_a_green_account_that_is_halted_is_not_called_ready_to_trade() -> None:
    bench = Bench()
    assert "可以交易" in checked(bench).chinese
    bench.feed(ev.HaltRequested("me", "x", ACCOUNT))
    told = checked(bench)
    assert "检查通过" in told.chinese
    assert "可以交易" not in told.chinese
    assert "ready to trade" not in told.english
