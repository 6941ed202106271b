"""What is told at noon and after the close: figures of the day, of the channel's own accounts, on trading days."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK, Bench
from tests.unit.run.day_parts import at

from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import Price
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import AlertRow, View
from qmt_trading.model.words import Importance, Mode, OrderStatus
from qmt_trading.notify.channel import Channel
from qmt_trading.notify.message import Kind, Message
from qmt_trading.run import notify_reports
from qmt_trading.run.notify_source import Names

NAMES = Names({ACCOUNT: "一号", OTHER: ""})
NOON = at("11:35")


def view() -> View:
    """Return a day with a fill, an order that works, a rejected one, an unknown one and three alerts."""
    bench = Bench()
    bench.feed(ev.PositionsMarked((ev.Mark(STOCK, Price(105_000), Price(104_000)),)))
    filled = bench.buy(200, name="a")
    bench.report(bench.row(filled, quantity=200))
    bench.filled(bench.fill(filled, 200))
    bench.report(bench.row(bench.buy(name="b"), OrderStatus.REJECTED, number="78"))
    bench.report(bench.row(bench.buy(name="d"), number="79"))
    bench.signal(f"buy {STOCK} 150@10.50:{OTHER} #e")
    made = bench.engine.view()
    alerts = [
        AlertRow(NOON, out.Alert(importance, "X", "x", "x", account=account))
        for importance, account in (
            (Importance.CRITICAL, OTHER),
            (Importance.WARNING, None),
            (Importance.WARNING, ACCOUNT),
        )
    ]
    of_yesterday = AlertRow(NOON - 86_400 * 10**9, alerts[0].alert)
    return replace(made, alerts=(of_yesterday, *alerts))


def told(kind: Kind, accounts: tuple[AccountId, ...] = (), *, now_ns: int = NOON) -> Message:
    channel = Channel(name="c", accounts=accounts)
    made = notify_reports.report(kind, view(), channel, NAMES, version="1", now_ns=now_ns)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("clock", "kind"),
    [
        ("11:34", None),
        ("11:35", Kind.NOON),
        ("12:59", Kind.NOON),
        ("13:00", None),
        ("15:34", None),
        ("15:35", Kind.DAILY),
        ("23:59", Kind.DAILY),
    ],
)
def test_each_has_its_time_on_a_trading_day(clock: str, kind: Kind | None) -> None:
    assert notify_reports.due(Session(), at(clock)) is kind
    assert notify_reports.due(Session(), at(clock, DAY + dt.timedelta(days=4))) is None, "a Saturday"
    assert notify_reports.due(ALWAYS_OPEN, at(clock)) is None


def test_noon_tells_assets_profit_orders_what_is_open_and_alerts() -> None:
    message = told(Kind.NOON)
    assert (message.key, message.mode) == ("2026-11-24/noon", Mode.PAPER)
    lines = message.chinese.split("\n")
    assert lines[0] == "2026-11-24，截至 10:00"
    assert lines[1].startswith("一号：总资产 1,0")
    assert "当日盈亏 " in lines[1]
    assert "委托 3（外部 0），成交 1，撤单 0，未成交 1，待核实 0" in lines[2]
    assert lines[3].startswith("…1123：总资产 1,0")
    assert lines[-1] == "提醒：紧急 1，注意 2"
    assert "orders 3 (foreign 0), fills 1, canceled 0, working 1, unknown 0" in message.english


def test_the_day_tells_turnover_denials_and_the_slowest_step_too() -> None:
    message = told(Kind.DAILY, now_ns=at("15:35"))
    assert message.key == "2026-11-24/daily"
    for word in ("买入 2,1", "废单 1", "信号 4（重复 0）", "拦截：", "最慢的一步：", "qmt report"):
        assert word in message.chinese
    for word in ("bought 2,1", "rejected 1", "denied: LOT_INVALID 1"):
        assert word in message.english


@pytest.mark.parametrize("kind", [Kind.NOON, Kind.DAILY])
def test_a_channel_of_one_account_is_told_of_no_other(kind: Kind) -> None:
    message = told(kind, (ACCOUNT,))
    assert "…1123" not in message.chinese + message.english
    assert "提醒：注意 2" in message.chinese
    assert "信号" not in message.chinese


def test_no_account_number_leaves() -> None:
    for kind in (Kind.NOON, Kind.DAILY):
        message = told(kind)
        assert ACCOUNT not in message.chinese + message.english
        assert OTHER not in message.chinese + message.english


def test_where_no_engine_has_run_today_nothing_is_told() -> None:
    tomorrow = at("11:35", DAY + dt.timedelta(days=1))
    channel = Channel(name="c")
    assert notify_reports.report(Kind.NOON, view(), channel, NAMES, version="1", now_ns=tomorrow) is None
