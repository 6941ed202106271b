"""What a fill cost beside the last price when its order was decided, through snapshots and late rows."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.codec import view_json
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.model.numbers import Price
from qmt_trading.model.order import Fill
from qmt_trading.model.words import OrderStatus, Side
from tests.engine_bench import ACCOUNT, STOCK, Bench

LAST = 105_000
"""The bench's last price."""


def one_fill(bench: Bench) -> Fill:
    (fill,) = bench.engine.view().fills
    return fill


def bought(bench: Bench, price: int) -> Fill:
    receipt = bench.signal(f"buy {STOCK} 100@10.60:{ACCOUNT} strategy=trend #a/1")
    name = receipt.orders[0].client_order_id
    assert name, receipt
    bench.report(bench.row(name, price=106_000))
    bench.filled(replace(bench.fill(name), price=Price(price)))
    return one_fill(bench)


def test_an_order_remembers_the_last_price_when_it_was_decided_whatever_it_asks() -> None:
    bench = Bench()
    fill = bought(bench, 105_500)
    assert bench.order(fill.client_order_id).decision_price == LAST
    assert (fill.strategy, fill.decision_price, fill.slippage) == ("trend", LAST, 500)
    told = view_json.fill(fill)
    assert (told["decision_price"], told["slippage"], told["slippage_bp"]) == ("10.50", "0.05", 47.6)


def test_what_was_cheaper_is_below_zero_and_a_sell_counts_the_other_way() -> None:
    fill = bought(Bench(), 104_500)
    assert fill.slippage == -500
    assert replace(fill, side=Side.SELL).slippage == 500


def test_a_snapshot_keeps_it() -> None:
    bench = Bench()
    fill = bought(bench, 105_500)
    (kept,) = Engine(restore(capture(bench.engine.state))).view().fills
    assert kept == fill


def test_a_fill_that_comes_before_its_order_is_known_gets_it_with_the_order() -> None:
    bench = Bench()
    name = bench.buy()
    stray = replace(bench.fill("", number="91"), venue_order_id="H91", price=Price(105_200))
    bench.filled(stray)
    assert view_json.fill(one_fill(bench))["slippage"] is None
    bench.report(bench.row(name, OrderStatus.FILLED, number="91", filled_quantity=100))
    assert one_fill(bench).slippage == 200


def test_a_foreign_order_has_none() -> None:
    bench = Bench()
    bench.report(bench.row("", number="55"))
    bench.filled(bench.fill("", number="55"))
    told = view_json.fill(one_fill(bench))
    assert (told["decision_price"], told["slippage"], told["slippage_bp"], told["strategy"]) == (None, None, None, "")
