"""Rules: suspended stocks are not traded; those under a risk warning (ST) are bought only where that is permitted."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.engine.risk.risk_warning import check_day_buy, check_risk_warning, check_suspended
from qmt_trading.model.instrument import Quote
from qmt_trading.model.limits import NO_LIMITS, Limits
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import OrderStatus, Side
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.limited import limited, reasons, why
from tests.unit.engine.parts import quote, rule

NO_WARNED = Limits(risk_warning_denied=True)


def test_a_suspended_stock_is_neither_bought_nor_sold() -> None:
    assert check_suspended(quote()) is None
    assert check_suspended(quote(suspended=True)) == Denial(Reason.SUSPENDED, (STOCK,))
    bench = Bench()
    closed = bench.quote(suspended=True)
    for number, verb in enumerate(("buy", "sell")):
        receipt = bench.signal(f"{verb} {STOCK} 100@10.50:{ACCOUNT} #a/{number}", quote=closed)
        assert reasons(receipt) == [Reason.SUSPENDED]


@pytest.mark.parametrize("denied", [True, False])
@pytest.mark.parametrize("warned", [True, False])
@pytest.mark.parametrize("side", list(Side))
def test_only_a_buy_under_a_warning_is_denied_and_only_where_that_is_said(
    side: Side, warned: bool, denied: bool
) -> None:
    denial = check_risk_warning(quote(risk_warning=warned), side, denied=denied, scope="total")
    expected = Denial(Reason.RISK_WARNING, (STOCK, "total"))
    assert denial == (expected if side is Side.BUY and warned and denied else None)


@pytest.mark.parametrize("where", ["total", "account", "door", "strategy"])
def test_any_scope_may_say_so(where: str) -> None:
    account = NO_WARNED if where == "account" else NO_LIMITS
    other = {where: NO_WARNED} if where != "account" else {}
    bench = limited(Bench(), account, **other)
    warned = bench.quote(risk_warning=True)
    named = {"total": "", "account": f" {ACCOUNT}", "door": " door", "strategy": " grid"}[where]
    text = f"{STOCK} 100@10.50:{ACCOUNT} strategy=grid #a/"
    assert why(bench.signal(f"buy {text}1", quote=warned)) == Denial(Reason.RISK_WARNING, (STOCK, where + named))
    assert why(bench.signal(f"sell {text}2", quote=warned)) is None


def test_what_may_be_bought_of_it_in_a_day_passes_and_one_more_does_not() -> None:
    assert check_day_buy(Quantity(499_999), Quantity(500_000)) is None
    assert check_day_buy(Quantity(500_000), Quantity(500_000)) is None
    denial = check_day_buy(Quantity(500_001), Quantity(500_000))
    assert denial == Denial(Reason.DAY_BUY_EXCEEDED, ("500001", "500000"))


def warned_quote(bench: Bench) -> Quote:
    return bench.quote(risk_warning=True, rule=replace(rule(), day_buy_max=Quantity(300)))


def test_the_days_buys_are_what_was_bought_and_what_may_still_be_of_one_account() -> None:
    bench = limited(Bench())
    few = warned_quote(bench)
    text = f"buy {STOCK} 200@10.50:{ACCOUNT} #a/"
    (line,) = bench.signal(text + "1", quote=few).orders
    assert why(bench.signal(text + "2", quote=few)) == Denial(Reason.DAY_BUY_EXCEEDED, ("400", "300"))
    assert why(bench.signal(f"buy {STOCK} 200@10.50:{OTHER} #a/3", quote=few)) is None
    name = line.client_order_id
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=200, filled_quantity=100))
    assert why(bench.signal(text + "4", quote=few)) is None, "100 bought, and 200 more"
    assert why(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/5", quote=few)) is not None
    assert why(bench.signal(f"sell {STOCK} 500@10.60:{ACCOUNT} #a/6", quote=few)) is None
