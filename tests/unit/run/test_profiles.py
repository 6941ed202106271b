"""The limits of each way of trading and size of account: as recommended, tighter for a trial, readable in the file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import asdict
from tests.conftest import ROOT

from qmt_trading.model.limit_names import LIMIT_NAMES
from qmt_trading.model.limits import NO_LIMITS, Limits, ScopeKind
from qmt_trading.model.numbers import MILLION, UNIT
from qmt_trading.run import profiles
from qmt_trading.run.config import load
from qmt_trading.run.config_limits import DEFAULTS, has_limit, value_of
from qmt_trading.run.init_template import Choice, template
from qmt_trading.run.limit_lines import ABOUT, comment_of, written

FIGURES = [name for name, value in asdict(NO_LIMITS).items() if type(value) is int]
RECOMMENDED = {
    "order_value_max": (20_000, 100_000, 500_000),
    "position_share_max": (30, 20, 10),
    "buy_value_per_day_max": (100_000, 1_500_000, 10_000_000),
    "loss_reducing": (3, 2, 1.5),
    "loss_halting": (5, 4, 3),
    "orders_per_second_max": (3, 5, 10),
    "orders_per_day_max": (200, 800, 2000),
    "working_orders_max": (20, 50, 200),
    "orders_per_signal_max": (1, 2, 5),
    "deviation_max": (2, 2, 1.5),
    "recent_value_share_max": (0, 5, 3),
    "cash_reserve": (500, 5_000, 50_000),
    "cancel_share_warn": (60, 50, 40),
}
"""Yuan, per cent and counts, for 100,000, 1,000,000 and 10,000,000 yuan."""
CAREFUL = profiles.PROFILES[-1]


def plain(name: str, limits: Limits) -> float:
    """Return a limit in yuan, per cent or as the count that it is."""
    value: int = getattr(limits, name)
    if written(name, MILLION * UNIT).endswith('%"'):
        return value * 100 / MILLION
    return value / UNIT if written(name, UNIT) == "1" else value


@pytest.mark.parametrize("name", RECOMMENDED)
def test_each_size_has_the_recommended_limits(name: str) -> None:
    assert tuple(plain(name, size.limits) for size in profiles.SIZES) == RECOMMENDED[name]


def test_what_has_no_recommendation_is_as_everywhere() -> None:
    for size in profiles.SIZES:
        for name in FIGURES:
            if name not in RECOMMENDED:
                assert getattr(size.limits, name) == getattr(DEFAULTS, name), name
        assert size.limits.risk_warning_denied


@pytest.mark.parametrize("size", profiles.SIZES, ids=lambda each: each.name)
def test_the_trial_is_the_seventh_rung_whatever_the_size(size: profiles.AccountSize) -> None:
    limits = profiles.limits_of(CAREFUL, size)
    assert CAREFUL.name == "保守"
    assert limits.order_value_max == 10_000 * UNIT
    assert (limits.order_quantity_max, limits.orders_per_day_max, limits.orders_per_signal_max) == (100, 10, 1)
    assert limits.loss_reducing == size.limits.loss_reducing
    assert limits.cash_reserve == size.limits.cash_reserve


@pytest.mark.parametrize("profile", profiles.PROFILES, ids=lambda each: each.name)
@pytest.mark.parametrize("size", profiles.SIZES, ids=lambda each: each.name)
def test_no_profile_is_wider_than_the_size(profile: profiles.Profile, size: profiles.AccountSize) -> None:
    limits = profiles.limits_of(profile, size)
    for name in FIGURES:
        bound = getattr(size.limits, name)
        assert not bound or 0 < getattr(limits, name) <= bound, name
    assert profiles.limits_of(None, size) is size.limits


def test_every_limit_stands_in_the_file_with_its_name_and_one_comment() -> None:
    text = template(Choice(limits=profiles.SIZES[1].limits))
    assert set(ABOUT) == set(FIGURES)
    for name in ABOUT:
        (line,) = re.findall(rf"^{name} = .*$", text, re.MULTILINE)
        assert line.endswith(f"# {comment_of(name)}")


@pytest.mark.parametrize("name", FIGURES)
def test_a_limit_is_read_back_as_it_was_written(name: str) -> None:
    for limits in (NO_LIMITS, *(size.limits for size in profiles.SIZES)):
        value = getattr(limits, name)
        assert value_of(name, written(name, value).strip('"')) == value


def test_the_examples_hold_once_their_mark_is_taken_away(tmp_path: Path) -> None:
    text = template()
    begin, end = text.index("# windows = "), text.index("# 通道也可以：")
    examples = re.sub(r"^# ?", "", text[begin:end], flags=re.MULTILINE)
    path = tmp_path / "qmt.toml"
    path.write_text(text[:begin] + examples + text[end:], encoding="utf-8")
    engine = load(path).engine
    first = engine.accounts[0].limits
    assert len(first.windows) == 2
    assert len(first.symbols_allowed) == 5
    assert first.symbols_denied == ("600519.SH",)
    assert engine.limits.buy_value_per_day_max == 200_000 * UNIT
    assert engine.limits.loss_halting == 4 * MILLION // 100
    (strategy,) = engine.strategies
    assert (strategy.name, strategy.limits.position_value_max) == ("网格", 50_000 * UNIT)


SCOPES = {ScopeKind.ACCOUNT: "账户", ScopeKind.TOTAL: "合计", ScopeKind.DOOR: "通道", ScopeKind.STRATEGY: "策略"}


@pytest.mark.parametrize("name", FIGURES)
def test_the_page_has_a_row_with_the_default_the_three_sizes_and_where_it_may_stand(name: str) -> None:
    page = (ROOT / "docs" / "risk.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    ((_, what, why, *values, places),) = [row for row in rows if row[0] == f"`{name}`" and len(row) == 8]
    assert what.startswith(f"{LIMIT_NAMES[name].chinese}：")
    assert why
    assert places.split() == [word for kind, word in SCOPES.items() if has_limit(kind, name)]
    for value, limits in zip(values, (DEFAULTS, *(size.limits for size in profiles.SIZES)), strict=True):
        assert value.replace(",", "").replace("–", "none") == written(name, getattr(limits, name)).strip('"')


@pytest.mark.parametrize("name", RECOMMENDED)
def test_the_page_on_moving_in_gives_the_same_three_sizes(name: str) -> None:
    page = (ROOT / "docs" / "moving-in.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith("|") and line.endswith(f"| `{name}` |")]
    values = [cell.strip().replace(",", "").replace("–", "none") for cell in row.split("|")[2:5]]
    assert values == [written(name, getattr(size.limits, name)).strip('"') for size in profiles.SIZES]


def test_the_lines_on_the_seventh_rung_are_those_of_the_trial_and_can_be_loaded(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "ladder.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    text = template()
    begin, end = text.index("[limits]\n"), text.index("bare_per_day_max")
    path = tmp_path / "qmt.toml"
    path.write_text(text[:begin] + block + text[end:], encoding="utf-8")
    limits = load(path).engine.accounts[0].limits
    assert len(limits.symbols_allowed) == 5
    for name, tighter in asdict(CAREFUL.limits).items():
        if type(tighter) is int and tighter:
            assert getattr(limits, name) == tighter
