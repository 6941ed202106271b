"""What the whole gate costs an order, every rule and every limit on: ``python -m benchmarks.gate``.

The target is 6 µs of processor time with the limits of an account and of all accounts together, which is what
``qmt init`` writes; a door and a strategy with all of theirs are measured beside it.
"""

from __future__ import annotations

import sys
import time
from typing import Final

from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, STOCK, Bench

from qmt_trading.engine.market_now import market_of
from qmt_trading.engine.risk import gate
from qmt_trading.engine.risk.candidate import Candidate, Counted, Instruction
from qmt_trading.engine.risk.order_rate import turn_of
from qmt_trading.model.instant import time_of_day_ns
from qmt_trading.model.limits import Limits, Window
from qmt_trading.model.numbers import PERCENT_UNIT, SECOND_NS, Money, Price, Quantity
from qmt_trading.model.settings import StrategySettings
from qmt_trading.model.signal import PriceKind, PriceSpec
from qmt_trading.model.words import Side

LARGE: Final = Money(10**15)
TARGET_NS: Final = 6_000
ROUNDS: Final = 200
ORDERS: Final = 500
WORKING: Final = 20


def everything(now_ns: int, *, of_account: bool = False) -> Limits:
    """Return limits that are all set and never reached; ``of_account`` adds those that only an account has."""
    time_ns = time_of_day_ns(now_ns)
    made = Limits(
        order_value_max=LARGE,
        order_quantity_max=Quantity(10**9),
        deviation_max=5 * PERCENT_UNIT,
        position_value_max=LARGE,
        buy_value_per_day_max=LARGE,
        turnover_per_day_max=LARGE,
        recent_value_share_max=5 * PERCENT_UNIT,
        working_orders_max=10_000,
        orders_per_signal_max=1_000,
        orders_per_second_max=1_000,
        orders_per_minute_max=1_000,
        orders_per_day_max=10**6,
        unknown_orders_max=5,
        risk_warning_denied=True,
        windows=(Window(time_ns - SECOND_NS, time_ns + 3600 * SECOND_NS),),
        symbols_denied=(),
        symbols_allowed=(STOCK,),
    )
    if not of_account:
        return made
    return replace(
        made,
        position_share_max=100 * PERCENT_UNIT,
        messages_per_second_max=1_000,
        messages_per_day_max=10**6,
        cash_reserve=Money(10_000),
    )


def cost_ns(*, scopes: int) -> float:
    """Return what one order costs at the gate, in nanoseconds of this process: the median round."""
    bench = Bench()
    now_ns = bench.now_ns
    limits, of_account = everything(now_ns), everything(now_ns, of_account=True)
    settings = replace(
        bench.settings,
        always_open=False,
        limits=limits,
        self_cross_denied=True,
        accounts=tuple(replace(each, limits=of_account) for each in bench.settings.accounts),
    )
    if scopes == 4:
        settings = replace(
            settings,
            doors=tuple(replace(each, limits=limits) for each in settings.doors),
            strategies=(StrategySettings(name="grid", limits=limits),),
        )
    state = bench.engine.state
    for number in range(WORKING):
        bench.buy(name=f"working/{number}")
    state.configure(settings)
    account, door = state.accounts[ACCOUNT], settings.doors[0]
    quote = bench.quote(recent_value=Money(10**13))
    assert quote.rule is not None
    spec = PriceSpec(PriceKind.LIMIT, Price(105_000), text="10.50")
    instruction = Instruction(STOCK, Side.BUY, False, 1, now_ns + SECOND_NS, "")
    candidate = Candidate(STOCK, Side.BUY, Quantity(100), Price(105_000), Money(10_500_000), Money(10_550_000))
    counted = Counted(1, 0, 0)
    strategy = "grid" if scopes == 4 else ""
    times: list[float] = []
    for _ in range(ROUNDS):
        denial, turn = None, None
        begun_ns = time.process_time_ns()
        for _ in range(ORDERS):
            market = market_of(state, settings, quote, quote.rule, spec)
            judged = state.gauges.judged(ACCOUNT, door.name, strategy)
            denial = (
                gate.admit(state, settings, door, account, instruction, market, judged)
                or gate.judge_legality(quote.rule, market, candidate, None)
                or gate.judge(state, settings, account, candidate, market, counted, judged)
            )
            turn = turn_of(judged.gauges, now_ns, 1)
        times.append((time.process_time_ns() - begun_ns) / ORDERS)
        assert denial is None, denial
        assert turn is not None
        assert turn.at_ns == now_ns
    return sorted(times)[len(times) // 2]


def main() -> int:
    two, four = cost_ns(scopes=2), cost_ns(scopes=4)
    verdict = "PASS" if two <= TARGET_NS else "MISS"
    print(f"gate, account and total with every limit: {two / 1000:.2f} us an order (target 6) {verdict}")
    print(f"gate, with a door's and a strategy's besides: {four / 1000:.2f} us an order")
    return 0 if two <= TARGET_NS else 1


if __name__ == "__main__":
    sys.exit(main())
