"""Symbols get the rules of their code range."""

from __future__ import annotations

import pytest

from qmt_trading.market.instruments import rule_for
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.words import InstrumentKind as Kind


@pytest.mark.parametrize(
    ("symbol", "kind", "board", "tick", "lot", "minimum", "step", "quantity_max"),
    [
        ("600000.SH", Kind.STOCK, "main", 100, 100, 100, 100, 1_000_000),
        ("605499.SH", Kind.STOCK, "main", 100, 100, 100, 100, 1_000_000),
        ("000001.SZ", Kind.STOCK, "main", 100, 100, 100, 100, 1_000_000),
        ("003816.SZ", Kind.STOCK, "main", 100, 100, 100, 100, 1_000_000),
        ("688981.SH", Kind.STOCK, "star", 100, 100, 200, 1, 100_000),
        ("689009.SH", Kind.STOCK, "star", 100, 100, 200, 1, 100_000),
        ("300750.SZ", Kind.STOCK, "chinext", 100, 100, 100, 100, 300_000),
        ("302132.SZ", Kind.STOCK, "chinext", 100, 100, 100, 100, 300_000),
        ("920222.BJ", Kind.STOCK, "bse", 100, 100, 100, 1, 1_000_000),
        ("510300.SH", Kind.FUND, "etf", 10, 100, 100, 100, 1_000_000),
        ("588000.SH", Kind.FUND, "etf", 10, 100, 100, 100, 1_000_000),
        ("159915.SZ", Kind.FUND, "etf", 10, 100, 100, 100, 1_000_000),
        ("161725.SZ", Kind.FUND, "lof", 10, 100, 100, 100, 1_000_000),
        ("508000.SH", Kind.FUND, "reit", 10, 100, 100, 100, 100_000_000),
        ("180101.SZ", Kind.FUND, "reit", 10, 100, 100, 100, 1_000_000_000),
        ("113050.SH", Kind.CONVERTIBLE, "convertible", 10, 10, 10, 10, 1_000_000),
        ("123153.SZ", Kind.CONVERTIBLE, "convertible", 10, 10, 10, 10, 1_000_000),
        ("204001.SH", Kind.REPO, "repo", 50, 10, 10, 10, 1_000_000),
        ("131810.SZ", Kind.REPO, "repo", 50, 10, 10, 10, 1_000_000),
    ],
)
def test_a_code_range_decides_board_tick_lot_and_cap(
    symbol: str, kind: Kind, board: str, tick: int, lot: int, minimum: int, step: int, quantity_max: int
) -> None:
    rule = rule_for(Symbol(symbol))
    assert rule is not None
    assert (rule.kind, rule.board, rule.tick, rule.lot) == (kind, board, tick, lot)
    assert (rule.buy_minimum, rule.buy_step, rule.quantity_max) == (minimum, step, quantity_max)


@pytest.mark.parametrize(
    ("symbol", "kind"),
    [
        ("000001.SH", Kind.INDEX),
        ("399001.SZ", Kind.INDEX),
        ("899050.BJ", Kind.INDEX),
        ("900901.SH", Kind.B_SHARE),
        ("200488.SZ", Kind.B_SHARE),
        ("787001.SH", Kind.SUBSCRIPTION),
        ("370001.SZ", Kind.SUBSCRIPTION),
        ("889001.BJ", Kind.SUBSCRIPTION),
        ("019666.SH", Kind.BOND),
    ],
)
def test_what_is_no_stock_and_no_fund_keeps_its_own_kind(symbol: str, kind: Kind) -> None:
    rule = rule_for(Symbol(symbol))
    assert rule is not None
    assert rule.kind is kind


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "600000",
        "600000.",
        "600000.XX",
        "600000.sh",
        "60000.SH",
        "6000000.SH",
        "６00000.SH",
        "60000a.SH",
        "999999.SH",
        "600000.SZ",
        "300750.SH",
        "830799.SZ",
        "*",
    ],
)
def test_an_unknown_form_or_range_has_no_rule(symbol: str) -> None:
    assert rule_for(Symbol(symbol)) is None


def test_only_bonds_convertibles_and_repos_are_sold_on_the_day_they_are_bought() -> None:
    same_day = {
        symbol: rule.same_day_sell
        for symbol in ("600000.SH", "510300.SH", "123153.SZ", "204001.SH", "019666.SH")
        if (rule := rule_for(Symbol(symbol))) is not None
    }
    assert same_day == {
        "600000.SH": False,
        "510300.SH": False,
        "123153.SZ": True,
        "204001.SH": True,
        "019666.SH": True,
    }
