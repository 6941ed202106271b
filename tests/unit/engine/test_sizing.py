"""Sizes: from what was written to a number of shares."""

from __future__ import annotations

import msgspec
import pytest

from qmt_trading.codec.sentences import sentence
from qmt_trading.engine.sizing import size_order
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import DoorSettings
from qmt_trading.model.signal import Size, SizeKind
from qmt_trading.model.words import BareAction, Side
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.unit.engine.parts import CONVERTIBLE, STAR_STOCK, rule

K = SizeKind
YUAN = 10_000


def sized(
    size: Size,
    side: Side = Side.BUY,
    *,
    symbol: Symbol = STOCK,
    price: int = 10 * YUAN,
    sellable: int = 0,
    assets: int = 0,
) -> int | Denial:
    return size_order(
        size, side, Price(price), rule(symbol), sellable=Quantity(sellable), total_assets=Money(assets * YUAN)
    )


def test_shares_and_lots_are_taken_as_written_and_judged_later() -> None:
    assert sized(Size(K.SHARES, 137)) == 137
    assert sized(Size(K.SHARES, 0)) == 0
    assert sized(Size(K.LOTS, 3)) == 300
    assert sized(Size(K.LOTS, 3), symbol=CONVERTIBLE) == 30
    assert sized(Size(K.SHARES, 500), Side.SELL, sellable=100) == 500


@pytest.mark.parametrize(
    ("symbol", "yuan", "quantity"),
    [
        (STOCK, 1_000, 100),
        (STOCK, 1_999, 100),
        (STOCK, 2_000, 200),
        (STAR_STOCK, 2_000, 200),
        (STAR_STOCK, 2_019, 201),
        (CONVERTIBLE, 199, 10),
    ],
)
def test_money_buys_whole_lots_rounded_down(symbol: Symbol, yuan: int, quantity: int) -> None:
    assert sized(Size(K.MONEY, yuan * YUAN), symbol=symbol) == quantity


@pytest.mark.parametrize(("symbol", "yuan"), [(STOCK, 999), (STAR_STOCK, 1_999), (STOCK, 0)])
def test_money_for_less_than_one_lot_is_a_denial(symbol: Symbol, yuan: int) -> None:
    found = sized(Size(K.MONEY, yuan * YUAN, text=f"{yuan}元"), symbol=symbol)
    assert isinstance(found, Denial)
    assert found.reason is Reason.SIZE_ZERO
    assert found.figures == (f"{yuan}元", str(yuan // 10), str(rule(symbol).buy_minimum))


def test_per_cent_is_of_the_assets_for_buys_and_of_the_sellable_for_sells() -> None:
    ten = Size(K.PERCENT, 100_000)
    assert sized(ten, assets=100_000) == 1000
    assert sized(ten, assets=109_999) == 1000
    assert sized(ten, Side.SELL, sellable=5000, assets=10**9) == 500
    assert sized(ten, Side.SELL, sellable=5999) == 500
    assert sized(Size(K.PERCENT, 1_000_000), Side.SELL, sellable=5_937) == 5_937


@pytest.mark.parametrize(
    ("amount", "denominator", "sellable", "quantity"),
    [(1, 3, 900, 300), (1, 3, 899, 200), (1, 2, 1000, 500), (2, 3, 1000, 600), (1, 1, 137, 137)],
)
def test_a_fraction_is_exact_and_then_rounded_down_to_lots(
    amount: int, denominator: int, sellable: int, quantity: int
) -> None:
    assert sized(Size(K.FRACTION, amount, denominator), Side.SELL, sellable=sellable) == quantity


def test_the_whole_of_a_position_goes_with_its_odd_lot() -> None:
    assert sized(Size(K.ALL), Side.SELL, sellable=237) == 237
    assert sized(Size(K.ALL), Side.SELL, sellable=37) == 37


@pytest.mark.parametrize("size", [Size(K.ALL), Size(K.FRACTION, 1, 2), Size(K.PERCENT, 500_000)])
def test_nothing_to_sell_is_a_denial_and_not_an_order_of_none(size: Size) -> None:
    found = sized(size, Side.SELL, sellable=0)
    assert isinstance(found, Denial)
    assert found.reason is Reason.SIZE_ZERO
    assert "没有可卖的持仓" in sentence(found)[0]
    assert "nothing to sell" in sentence(found)[1]


def test_too_little_to_sell_is_less_than_a_lot_and_not_nothing_held() -> None:
    found = sized(Size(K.FRACTION, 1, 3, text="1/3"), Side.SELL, sellable=1)
    assert found == Denial(Reason.SIZE_ZERO, ("1/3", "0", "100"))
    assert sentence(found)[0] == "不足一手：1/3 只够 0 股，至少 100"


@pytest.mark.parametrize(
    "size", [Size(K.ALL, text="all"), Size(K.FRACTION, 1, 2, "1/2"), Size(K.FRACTION, 1, 1, "1/1")]
)
@pytest.mark.parametrize("sellable", [0, 137, 2000])
def test_a_part_of_a_position_is_never_bought(size: Size, sellable: int) -> None:
    found = sized(size, Side.BUY, sellable=sellable, assets=1_000_000)
    assert found == Denial(Reason.SIZE_SELL_ONLY, (size.text,))
    assert size.text in sentence(found)[0]


def test_per_cent_of_a_buy_never_looks_at_what_can_be_sold() -> None:
    assert sized(Size(K.PERCENT, 1_000_000), sellable=2000, assets=100_000) == 10_000
    assert isinstance(sized(Size(K.PERCENT, 1_000_000), sellable=2000, assets=0), Denial)


def test_half_of_an_odd_rest_is_less_than_a_lot() -> None:
    assert isinstance(sized(Size(K.FRACTION, 1, 2), Side.SELL, sellable=150), Denial)


@pytest.mark.parametrize("text", [f"{STOCK}:{ACCOUNT}", f"buy {STOCK}:{ACCOUNT}", f"buy {STOCK}@10.50:{ACCOUNT} #a/1"])
def test_a_doors_size_for_selling_buys_nothing(text: str) -> None:
    bench = Bench()
    door = DoorSettings(name="door", bare=BareAction.BUY, default_size=Size(K.ALL, text="all"))
    bench.feed(ev.EngineStarted("test", msgspec.structs.replace(bench.settings, doors=(door,))))
    bench.connect()
    (line,) = bench.signal(text).orders
    assert line.denial == Denial(Reason.SIZE_SELL_ONLY, ("all",))
