"""The gate: every rule stands in it, in the order in which a person wants to hear of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from qmt_trading.engine.cancel_mark import CancelMark
from qmt_trading.engine.risk.candidate import Candidate, Counted, Instruction, Market
from qmt_trading.engine.risk.gate import admit, judge, judge_legality
from qmt_trading.model.instrument import Quote
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.outputs import CancelMarked
from qmt_trading.model.reasons import Reason
from qmt_trading.model.settings import DoorSettings
from qmt_trading.model.words import InstrumentKind, LinkState, OrderStatus, Side, SideScope, TradingState
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.parts import order, position, quote, reason, rule

DOOR = DoorSettings(name="door", accounts=(ACCOUNT,), limits=Limits(order_value_max=Money(90_000 * 10_000)))


def break_journal(bench: Bench) -> None:
    bench.engine.state.submits_closed = "journal"


def break_trading(bench: Bench) -> None:
    bench.engine.state.trading_state = TradingState.HALTED


def break_account(bench: Bench) -> None:
    bench.engine.state.accounts[ACCOUNT].state = TradingState.REDUCING


def break_link(bench: Bench) -> None:
    bench.engine.state.accounts[ACCOUNT].link = LinkState.DOWN


def break_clock(bench: Bench) -> None:
    bench.engine.state.clock_unsettled = {ACCOUNT}


def break_marks(bench: Bench) -> None:
    mark = CancelMarked(ACCOUNT, STOCK, SideScope.ALL, 1, bench.now_ns, 2)
    bench.engine.state.accounts[ACCOUNT].marks = {(STOCK, SideScope.ALL): CancelMark(mark)}


def break_pair(bench: Bench) -> None:
    bench.engine.state.put_order(order(OrderStatus.UNKNOWN))


def break_repeat(bench: Bench) -> None:
    bench.engine.state.recent["key"] = bench.now_ns


def break_bare(bench: Bench) -> None:
    bench.engine.state.bare_counts[ACCOUNT, STOCK] = 1


def break_minute(bench: Bench) -> None:
    state = bench.engine.state
    state.minute, state.wanted_in_minute = bench.now_ns // 60_000_000_000, 600


BREAKS: list[tuple[Callable[[Bench], None], Reason]] = [
    (break_journal, Reason.JOURNAL_CLOSED),
    (break_trading, Reason.TRADING_HALTED),
    (break_account, Reason.REDUCING_ONLY),
    (break_link, Reason.ACCOUNT_NOT_READY),
    (break_clock, Reason.CLOCK_UNSETTLED),
    (break_marks, Reason.CANCELED_BY_LATER),
    (break_pair, Reason.SYMBOL_FROZEN),
    (break_repeat, Reason.DUPLICATE_SUSPECTED),
    (break_bare, Reason.BARE_PER_DAY),
    (break_minute, Reason.AMPLIFICATION),
]
"""What stops an instruction, in the order in which it is said."""


def market(of: Quote | None = None, **changes: object) -> Market:
    """Return a market of continuous trading that takes orders."""
    figures: dict[str, object] = {
        "quote": of or quote(),
        "kind": InstrumentKind.STOCK,
        "reference": 105_000,
        "takes_orders": True,
        "continuous": True,
        "at_limit": False,
        "is_priced": True,
        "is_special": False,
        "held_until_ns": 0,
    }
    return Market(**{**figures, **changes})  # type: ignore[arg-type]


def admitted(bench: Bench, **changes: object) -> Reason | None:
    instruction = Instruction(STOCK, Side.BUY, True, 1, bench.now_ns, "key")
    state = bench.engine.state
    return reason(
        admit(
            state,
            bench.settings,
            DOOR,
            state.accounts[ACCOUNT],
            replace(instruction, **changes),
            market(),
            state.gauges.judged(ACCOUNT, DOOR.name, ""),
        )
    )


def test_nothing_stops_an_instruction_that_nothing_is_wrong_with() -> None:
    assert admitted(Bench()) is None


@pytest.mark.parametrize(("harm", "expected"), BREAKS, ids=[expected.value for _, expected in BREAKS])
def test_each_thing_that_is_wrong_stops_it_alone(harm: Callable[[Bench], None], expected: Reason) -> None:
    bench = Bench()
    harm(bench)
    assert admitted(bench) is expected


@pytest.mark.parametrize("first", range(len(BREAKS)))
def test_the_earlier_reason_is_the_one_that_is_told(first: int) -> None:
    bench = Bench()
    for harm, _ in BREAKS[first:]:
        harm(bench)
    assert admitted(bench) is BREAKS[first][1]


def test_what_one_account_suffers_does_not_stop_another() -> None:
    bench = Bench()
    for harm in (break_account, break_link, break_clock, break_marks, break_pair, break_bare):
        harm(bench)
    other = bench.engine.state.accounts[OTHER]
    instruction = Instruction(STOCK, Side.BUY, True, 1, bench.now_ns, "key")
    door = DoorSettings(name="door")
    state = bench.engine.state
    scopes = state.gauges.judged(OTHER, door.name, "")
    assert admit(state, bench.settings, door, other, instruction, market(), scopes) is None


def test_a_late_instruction_and_one_for_a_door_of_others_are_stopped() -> None:
    bench = Bench()
    assert admitted(bench, deadline_ns=bench.now_ns - 1) is Reason.SIGNAL_STALE
    elsewhere = DoorSettings(name="door", accounts=(OTHER,))
    instruction = Instruction(STOCK, Side.BUY, False, 1, bench.now_ns, "")
    account = bench.engine.state.accounts[ACCOUNT]
    state = bench.engine.state
    scopes = state.gauges.judged(ACCOUNT, elsewhere.name, "")
    denial = admit(state, bench.settings, elsewhere, account, instruction, market(), scopes)
    assert reason(denial) is Reason.DOOR_ACCOUNT_FORBIDDEN


def judged(
    side: Side = Side.BUY,
    quantity: int = 100,
    price: int = 105_000,
    *,
    needed: int = 0,
    of: Quote | None = None,
    signal_count: int = 0,
    account_count: int = 0,
) -> Reason | None:
    bench = Bench()
    state = bench.engine.state
    state.configure(replace(bench.settings, doors=(DOOR,)))
    account = state.accounts[ACCOUNT]
    account.positions[STOCK] = position(9_000_000)
    candidate = Candidate(STOCK, side, Quantity(quantity), Price(price), Money(quantity * price), Money(needed))
    met, counted = market(of), Counted(1, signal_count, account_count)
    illegal = judge_legality(rule(), met, candidate, account.positions[STOCK])
    scopes = state.gauges.judged(ACCOUNT, DOOR.name, "")
    return reason(illegal or judge(state, bench.settings, account, candidate, met, counted, scopes))


def test_an_order_is_judged_by_every_rule() -> None:
    assert judged() is None
    assert judged(price=105_001) is Reason.TICK_INVALID
    assert judged(price=114_500) is Reason.PRICE_ABOVE_LIMIT
    assert judged(quantity=150) is Reason.LOT_INVALID
    assert judged(needed=10**10 + 1) is Reason.CASH_EXCEEDED
    assert judged(needed=10**10) is None
    assert judged(Side.SELL, 1_000_000) is Reason.ORDER_VALUE_EXCEEDED
    assert judged(Side.SELL, 8700, 103_000) is None
    assert judged(Side.SELL, 8800, 103_000) is Reason.ORDER_VALUE_EXCEEDED
    assert judged(account_count=50) is Reason.ORDERS_PER_SIGNAL_EXCEEDED
    assert judged(signal_count=1000) is Reason.ORDERS_PER_SIGNAL_EXCEEDED
    assert judged(signal_count=999, account_count=49) is None


def test_a_sell_needs_shares_and_no_cash() -> None:
    bench = Bench()
    account = bench.engine.state.accounts[ACCOUNT]
    account.cash = Money(0)
    candidate = Candidate(STOCK, Side.SELL, Quantity(2000), Price(105_000), Money(0), Money(0))
    one_more = replace(candidate, quantity=Quantity(2100))
    for given, expected in ((candidate, None), (one_more, Reason.SELLABLE_EXCEEDED)):
        scopes = bench.engine.state.gauges.judged(ACCOUNT, "", "")
        denial = judge(bench.engine.state, bench.settings, account, given, market(), Counted(1, 0, 0), scopes)
        assert reason(denial) is expected
