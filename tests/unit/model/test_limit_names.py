"""One table of names: every limit has one, no two the same, and the page of limits says it beside its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmt_trading.engine.gauges import ADJUSTABLE
from qmt_trading.model.limit_names import (
    LIMIT_NAMES,
    SCOPE_NAMES,
    chinese_text_of,
    limit_called,
    scope_chinese,
    text_of,
)
from qmt_trading.model.limits import TOTAL, Scope, ScopeKind

PAGE = Path(__file__).parents[3] / "docs" / "risk.md"


def test_every_limit_that_a_person_may_set_has_a_name_of_its_own() -> None:
    assert tuple(LIMIT_NAMES) == ADJUSTABLE
    for names in ([name.chinese for name in LIMIT_NAMES.values()], [name.english for name in LIMIT_NAMES.values()]):
        assert len(set(names)) == len(names)
    assert set(SCOPE_NAMES) == set(ScopeKind)


@pytest.mark.parametrize("limit", LIMIT_NAMES)
def test_the_page_says_each_name_beside_its_key(limit: str) -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert any(f"| `{limit}` | {LIMIT_NAMES[limit].chinese} |" in line for line in lines)


def test_a_limit_is_called_by_its_key_or_by_its_chinese_name() -> None:
    for limit, name in LIMIT_NAMES.items():
        assert limit_called(limit) == limit_called(name.chinese) == limit
    assert limit_called("order_value") is None
    assert limit_called("") is None


def test_a_figure_stands_in_its_unit_and_nothing_is_no_limit() -> None:
    assert text_of("order_value_max", 1_000_000_000) == "100,000.00"
    assert text_of("deviation_max", 25_000) == "2.5%"
    assert text_of("orders_per_day_max", 10_000) == "10000"
    assert (text_of("cash_reserve", 0), chinese_text_of("cash_reserve", 0)) == ("none", "不限")


def test_a_scope_is_named_with_its_kind() -> None:
    assert scope_chinese(TOTAL) == "合计"
    assert scope_chinese(Scope(ScopeKind.STRATEGY, "网格")) == "策略 网格"
