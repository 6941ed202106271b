"""Limits as rows: figures in their unit, who set one and why, and which are nearly used up."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.codec.risk_json import scope_rows, summary
from qmt_trading.codec.view_json import Plain
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import NO_LIMITS, Limits, Scope, ScopeKind, Window
from qmt_trading.model.numbers import Money
from qmt_trading.model.standing import LimitSource, LimitStanding, ScopeStanding
from qmt_trading.model.told import StateTold
from qmt_trading.model.usage import UsageImage
from tests.engine_bench import ACCOUNT, START_NS

HOUR_NS = 3_600 * 10**9
USAGE = UsageImage(
    scope=Scope(ScopeKind.ACCOUNT, ACCOUNT),
    orders=5,
    cancels=2,
    canceled=1,
    bought=Money(12_345_600),
    sold=Money(0),
    working=3,
    loss_step=0,
    warned=False,
)
STANDING = ScopeStanding(
    usage=USAGE,
    title="一号",
    limits=(),
    rest=NO_LIMITS,
    unknown=1,
    profit=Money(-1_230_000),
    assets=Money(10**9),
)
BOUGHT = LimitStanding(limit="buy_value_per_day_max", value=15_000_000, written=15_000_000, used=12_345_600)


def scope(*limits: LimitStanding, rest: Limits = NO_LIMITS) -> Plain:
    (row,) = scope_rows([replace(STANDING, limits=limits, rest=rest)])
    return row


def first(found: LimitStanding) -> Plain:
    limits = scope(found)["limits"]
    assert isinstance(limits, list)
    row: Plain = limits[0]
    return row


def test_a_scope_has_its_figures_of_the_day() -> None:
    row = scope()
    assert (row["scope"], row["name"], row["scope_text"]) == ("account", ACCOUNT, f"账户 {ACCOUNT} 一号")
    assert (row["orders"], row["cancels"], row["canceled_orders"], row["working_orders"]) == (5, 2, 1, 3)
    assert (row["bought"], row["sold"], row["unknown_orders"]) == ("1234.56", "0.00", 1)
    assert (row["day_profit"], row["day_profit_share"], row["brakes_tripped"]) == ("-123.00", "-0.12%", [])


def test_what_is_not_known_is_none_and_not_nought() -> None:
    (row,) = scope_rows([replace(STANDING, profit=None)])
    assert (row["day_profit"], row["day_profit_share"]) == (None, None)
    (row,) = scope_rows([replace(STANDING, assets=None)])
    assert (row["day_profit"], row["day_profit_share"]) == ("-123.00", None)


def test_a_limit_stands_with_its_use_in_its_unit() -> None:
    row = first(BOUGHT)
    assert (row["limit_text"], row["limit_text_en"]) == ("当日买入额", "bought in the day")
    assert (row["value"], row["value_text"]) == ("1500.00", "1,500.00")
    assert (row["used"], row["used_text"], row["fullness_percent"]) == ("1234.56", "1,234.56", 82)
    assert (row["source"], row["source_text"], row["written"]) == ("file", "配置", "1500.00")
    assert "asked_text" not in row
    count = first(LimitStanding(limit="working_orders_max", value=10_000, written=10_000, used=3))
    assert (count["value"], count["used"], count["used_text"]) == (10_000, 3, "3")
    share = first(LimitStanding(limit="position_share_max", value=50_000, written=0, used=37_849, symbol="600000.SH"))
    assert (share["value"], share["used"], share["used_text"], share["symbol"]) == (
        "5%",
        "3.7849%",
        "3.78%",
        "600000.SH",
    )
    assert share["written"] is None


@pytest.mark.parametrize("found", [replace(BOUGHT, used=None), replace(BOUGHT, value=0)])
def test_without_a_use_or_without_a_limit_nothing_is_full(found: LimitStanding) -> None:
    row = first(found)
    assert row["fullness_percent"] is None
    assert summary([replace(STANDING, limits=(found,))])["limits_near"] == []


def test_a_limit_that_a_person_has_set_says_who_when_why_and_what_the_file_says() -> None:
    told = StateTold("小王", "大单", START_NS)
    found = replace(BOUGHT, value=20_000_000, source=LimitSource.SET, asked=20_000_000, told=told)
    row = first(found)
    assert row["asked_text"] == "设为 2,000.00（小王 10:00：大单），配置 1,500.00"
    assert (row["asked"], row["asked_who"], row["asked_why"]) == ("2000.00", "小王", "大单")
    assert (row["source"], row["source_text"]) == ("set", "今天设")
    waits = first(replace(found, value=15_000_000, source=LimitSource.TIGHTER, told=StateTold("小王", "", START_NS)))
    assert waits["asked_text"] == "设为 2,000.00（小王 10:00），配置 1,500.00，现在取较严的，待 qmt risk confirm"
    gone = first(replace(found, value=0, asked=0))
    assert (gone["value"], gone["value_text"], gone["asked"]) == (None, "不限", None)


@pytest.mark.parametrize(("used", "near"), [(799_999, False), (800_000, True), (1_000_000, True), (1_200_000, True)])
def test_from_four_fifths_on_a_limit_is_nearly_used_up(used: int, near: bool) -> None:
    found = LimitStanding(limit="loss_reducing", value=1_000_000, written=1_000_000, used=used)
    rows = summary([replace(STANDING, limits=(found,))])["limits_near"]
    assert isinstance(rows, list)
    assert [row["scope"] for row in rows] == [f"账户 {ACCOUNT} 一号"] * near


@pytest.mark.parametrize(
    ("step", "warned", "told"),
    [
        (0, False, []),
        (1, False, ["当日亏损：只卖不买"]),
        (2, False, ["当日亏损：已停止"]),
        (0, True, ["撤单率偏高"]),
        (2, True, ["当日亏损：已停止", "撤单率偏高"]),
    ],
)
def test_brakes_that_have_tripped_today_are_named(step: int, warned: bool, told: list[str]) -> None:
    standing = replace(STANDING, usage=replace(USAGE, loss_step=step, warned=warned))
    expected = [f"账户 {ACCOUNT} 一号 {each}" for each in told]
    assert summary([standing])["brakes_tripped"] == expected
    assert scope_rows([standing])[0]["brakes_tripped"] == expected


def test_what_is_no_figure_stands_behind_the_limits() -> None:
    symbols = tuple(Symbol(f"60000{number}.SH") for number in range(4))
    rest = Limits(
        risk_warning_denied=True,
        windows=(Window(9 * HOUR_NS + HOUR_NS // 2, 15 * HOUR_NS),),
        symbols_allowed=symbols,
        symbols_denied=symbols[:1],
    )
    limits = scope(BOUGHT, rest=rest)["limits"]
    assert isinstance(limits, list)
    assert [(row["limit"], row["value_text"]) for row in limits[1:]] == [
        ("risk_warning", "禁止买入"),
        ("windows", "9:30–15:00"),
        ("symbols_allowed", "600000.SH、600001.SH、600002.SH 等 4 只"),
        ("symbols_denied", "600000.SH"),
    ]
    assert all(row.keys() == limits[1].keys() == limits[0].keys() for row in limits[1:])
