"""Tests what the opening of an ex-day changes, and that nothing is changed twice."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity, to_money_text
from qmt_trading.model.order import Position
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Importance, LinkState, OrderStatus, Side
from tests.actions import action
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK
from tests.engine_life import image
from tests.unit.engine.test_snapshot import again
from tests.unit.engine.test_timed import Waits

EX_DAY = DAY + dt.timedelta(days=1)
THREE_FOR_TEN = action(STOCK, EX_DAY, transfer="3", cash="5")
BANK = Symbol("600036.SH")


class ExDay(Waits):
    """The evening before: 2,445 shares in one account, 445 of them a strategy's, and 2,000 in the other."""

    def __init__(self) -> None:
        super().__init__()
        (line,) = self.said(f"buy {STOCK} 500@10.50:{ACCOUNT} strategy=alpha #a/1").orders
        self.report(self.row(line.client_order_id, quantity=500))
        self.filled(self.fill(line.client_order_id, 445))
        self.report(self.row(line.client_order_id, OrderStatus.CANCELED, quantity=500, filled_quantity=445))
        self.now_ns = at_time(DAY, 20 * 3600 * SECOND_NS)
        self.outputs.clear()

    def open_day(self, *actions: CorporateAction, day: dt.date = EX_DAY) -> None:
        """Open ``day`` at its midnight and tell its actions."""
        self.now_ns = at_time(day, 0)
        self.feed(ev.DayBegan(day))
        self.tell(*actions, day=day)

    def tell(self, *actions: CorporateAction, day: dt.date = EX_DAY) -> None:
        self.feed(ev.CorporateActionsTold(day, actions))

    def lists(self, quantity: int) -> None:
        """Open a session of each account and let the broker say that it holds so many."""
        self.session += 1
        for account in (ACCOUNT, OTHER):
            self.feed(ev.LinkChanged(account, self.session, LinkState.CONNECTED))
            held = Position(
                account=account, symbol=STOCK, quantity=Quantity(quantity), sellable_quantity=Quantity(quantity)
            )
            listed = ev.BrokerListed(account, self.session, self.now_ns, True, True, Money(10**10), (held,), (), ())
            self.feed(listed)

    def holding(self) -> int:
        return self.engine.state.holdings[ACCOUNT, "alpha", STOCK]

    def position(self, account: AccountId = ACCOUNT) -> Position:
        return self.engine.state.accounts[account].positions[STOCK]

    def told(self, code: str) -> list[out.Alert]:
        return [alert for alert in self.made(out.Alert) if alert.code == code]


# Positions and strategies


def test_positions_cost_and_what_strategies_hold_are_those_of_the_ex_day() -> None:
    bench = ExDay()
    before = bench.position()
    bench.open_day(THREE_FOR_TEN)
    after = bench.position()
    assert (before.quantity, after.quantity, after.sellable_quantity) == (2_445, 3_178, 3_178)
    assert after.cost == before.cost - 12_225_000
    assert bench.position(OTHER).quantity == 2_600
    assert bench.holding() == 578


def test_an_alert_tells_what_was_adjusted_by_account_and_symbol() -> None:
    bench = ExDay()
    before = bench.position().cost
    bench.open_day(THREE_FOR_TEN)
    first, second = bench.told("CORPORATE_ACTION")
    costs = f"{to_money_text(before)} → {to_money_text(before - 12_225_000)}"
    assert (first.account, first.symbol, first.importance) == (ACCOUNT, STOCK, Importance.INFORMATION)
    assert first.chinese == (
        f"除权除息 {STOCK}（10转3派5元）：持仓 2445 → 3178，成本 {costs}，以柜台随后的持仓为准；策略 alpha 445 → 578"
    )
    assert first.english == (
        f"ex-day of {STOCK} (transfer 3, cash 5 per 10): position 2445 → 3178, cost {costs}, until the broker tells "
        "its own; strategy alpha 445 → 578"
    )
    assert second.account == OTHER
    assert "2000 → 2600" in second.chinese


def test_what_the_broker_lists_afterwards_takes_the_place_of_what_was_adjusted() -> None:
    bench = ExDay()
    bench.open_day(THREE_FOR_TEN)
    bench.lists(3_179)
    assert bench.position().quantity == 3_179, "the half share fell to this holder"
    assert bench.holding() == 578


def test_what_the_broker_has_listed_today_is_not_adjusted_again() -> None:
    bench = ExDay()
    bench.open_day()
    bench.lists(3_179)
    bench.outputs.clear()
    bench.tell(THREE_FOR_TEN)
    assert bench.position().quantity == 3_179
    assert bench.holding() == 578
    (alert,) = bench.told("CORPORATE_ACTION")
    assert "持仓" not in alert.chinese


def test_a_list_that_is_after_an_action_known_late_takes_the_place_of_one_before_it() -> None:
    bench = ExDay()
    bench.open_day()
    bench.lists(2_445)
    bench.tell(THREE_FOR_TEN)
    assert (bench.position().quantity, bench.holding()) == (2_445, 578)
    bench.outputs.clear()
    bench.lists(3_178)
    assert (bench.position().quantity, bench.position().sellable_quantity) == (3_178, 3_178)
    assert bench.engine.state.accounts[ACCOUNT].differences == {}
    first, _ = bench.told("CORPORATE_ACTION")
    assert first.chinese == f"除权除息 {STOCK}（10转3派5元）：柜台持仓已变 2445 → 3178，成本 0.00 → 0.00"
    bench.outputs.clear()
    bench.lists(3_178)
    assert bench.told("CORPORATE_ACTION") == []
    assert bench.holding() == 578
    assert image(again(bench)) == image(bench.engine)


def test_a_difference_that_is_not_the_actions_stays_one() -> None:
    bench = ExDay()
    bench.open_day()
    bench.lists(2_445)
    bench.tell(THREE_FOR_TEN)
    bench.lists(3_000)
    assert bench.position().quantity == 2_445
    (found,) = bench.engine.state.accounts[ACCOUNT].differences.values()
    assert (found.symbol, found.ours, found.theirs) == (STOCK, 2_445, 3_000)


def test_what_an_action_does_not_change_is_not_told() -> None:
    bench = ExDay()
    bench.open_day()
    bench.lists(2_445)
    bench.outputs.clear()
    bench.tell(action(STOCK, EX_DAY, cash="5"))
    assert bench.told("CORPORATE_ACTION") == []
    assert bench.holding() == 445


def test_rights_are_told_to_holders_whatever_they_change() -> None:
    bench = ExDay()
    bench.open_day()
    bench.lists(2_445)
    bench.outputs.clear()
    bench.tell(action(STOCK, EX_DAY, rights="3", rights_price="8.85"))
    (alert,) = bench.told("CORPORATE_ACTION")
    assert alert.chinese == f"除权除息 {STOCK}（10配3（配股价 8.85））：配股须自己缴款"


def test_a_list_that_was_cut_short_is_no_list() -> None:
    bench = ExDay()
    bench.open_day()
    bench.session += 1
    bench.feed(ev.LinkChanged(ACCOUNT, bench.session, LinkState.CONNECTED))
    bench.listed(alive=False)
    bench.tell(THREE_FOR_TEN)
    assert bench.position().quantity == 3_178


def test_told_twice_it_counts_once() -> None:
    bench = ExDay()
    bench.open_day(THREE_FOR_TEN)
    taken = image(bench.engine)
    bench.tell(THREE_FOR_TEN)
    bench.tell(THREE_FOR_TEN, THREE_FOR_TEN)
    assert image(bench.engine) == taken
    assert (bench.position().quantity, bench.holding()) == (3_178, 578)


def test_told_again_after_a_restart_it_counts_once() -> None:
    bench = ExDay()
    bench.open_day(THREE_FOR_TEN)
    bench.engine = Engine(restore(capture(bench.engine.state)))
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.outputs.clear()
    bench.tell(THREE_FOR_TEN)
    assert (bench.position().quantity, bench.holding()) == (3_178, 578)
    assert bench.told("CORPORATE_ACTION") == []


def test_told_for_another_figure_it_is_not_adjusted_again_and_somebody_is_told() -> None:
    bench = ExDay()
    bench.open_day(THREE_FOR_TEN)
    bench.tell(replace(THREE_FOR_TEN, transfer_shares=400_000_000))
    assert (bench.position().quantity, bench.holding()) == (3_178, 578)
    (alert,) = bench.told("ACTION_CHANGED")
    assert "「10转3派5元」" in alert.chinese
    assert "「10转4派5元」" in alert.chinese


@pytest.mark.parametrize("ex_day", [DAY, EX_DAY + dt.timedelta(days=1)])
def test_an_ex_day_that_has_been_or_is_to_come_changes_nothing(ex_day: dt.date) -> None:
    bench = ExDay()
    bench.open_day(replace(THREE_FOR_TEN, ex_day=ex_day))
    assert (bench.position().quantity, bench.holding()) == (2_445, 445)
    assert bench.engine.state.actions == {}


def test_ex_days_on_which_no_engine_ran_count_in_their_order() -> None:
    bench = ExDay()
    later = EX_DAY + dt.timedelta(days=2)
    doubled = action(STOCK, EX_DAY, transfer="10")
    bench.open_day(action(STOCK, later, bonus="1"), doubled, day=later)
    assert bench.position().quantity == 5_379, "2,445, doubled to 4,890 and a tenth more"
    assert bench.holding() == 979


def test_what_is_told_for_another_day_than_this_one_is_not_taken() -> None:
    bench = ExDay()
    bench.open_day()
    bench.tell(THREE_FOR_TEN, day=DAY)
    assert bench.position().quantity == 2_445


def test_a_strategys_trades_of_the_day_are_not_adjusted() -> None:
    """Told late, after it has bought 100 and sold 50 at prices of the ex-day."""
    bench = ExDay()
    bench.open_day()
    bench.lists(3_178)
    bench.now_ns = at_time(EX_DAY, 10 * 3600 * SECOND_NS)
    for number, (verb, quantity) in enumerate((("buy", 100), ("sell", 300)), 2):
        (line,) = bench.said(f"{verb} {STOCK} {quantity}@10.50:{ACCOUNT} strategy=alpha #a/{number}").orders
        side = Side.BUY if verb == "buy" else Side.SELL
        row = bench.row(line.client_order_id, number=str(number), quantity=quantity, side=side)
        bench.report(row)
        fill = bench.fill(line.client_order_id, quantity, number=str(number), fill_id=f"x{number}")
        bench.filled(replace(fill, side=side, day=EX_DAY))
    assert bench.holding() == 245
    bench.tell(THREE_FOR_TEN)
    assert bench.holding() == 378, "578 of the opening, 100 more and 300 less"


def test_another_strategy_another_account_and_another_symbol_keep_what_they_hold() -> None:
    bench = ExDay()
    bench.engine.state.holdings |= {(OTHER, "beta", STOCK): 1_000, (ACCOUNT, "alpha", BANK): 1_000}
    bench.open_day(THREE_FOR_TEN)
    assert bench.engine.state.holdings == {
        (ACCOUNT, "alpha", STOCK): 578,
        (OTHER, "beta", STOCK): 1_300,
        (ACCOUNT, "alpha", BANK): 1_000,
    }


def test_rights_change_no_holding_and_are_told_aloud() -> None:
    bench = ExDay()
    bench.open_day(action(STOCK, EX_DAY, rights="3", rights_price="8"))
    assert (bench.position().quantity, bench.holding()) == (2_445, 445)
    alert = bench.told("CORPORATE_ACTION")[0]
    assert alert.importance is Importance.WARNING
    assert "10配3（配股价 8.00）" in alert.chinese
    assert "配股须自己缴款" in alert.chinese


def test_the_odd_lot_that_an_ex_day_makes_can_be_sold() -> None:
    bench = ExDay()
    bench.open_day(THREE_FOR_TEN)
    bench.lists(3_178)
    bench.now_ns = at_time(EX_DAY, 10 * 3600 * SECOND_NS)
    (line,) = bench.said(f"sell {STOCK} 全部@10.50:{ACCOUNT} #s/1").orders
    assert line.denial is None
    assert bench.submits()[-1].quantity == 3_178


def test_a_day_that_opens_without_its_actions_says_so() -> None:
    bench = ExDay()
    bench.open_day()
    bench.feed(ev.CorporateActionsTold(EX_DAY, (), "actions.csv 第 3 行"))
    (alert,) = bench.told("ACTIONS_UNREADABLE")
    assert alert.importance is Importance.CRITICAL
    assert "actions.csv 第 3 行" in alert.chinese


# Instructions that wait


@pytest.mark.parametrize(
    ("written", "price", "text"),
    [
        (f"buy {STOCK} 5万元@10.50:{ACCOUNT} at=09:30:00", 76_900, "7.69"),
        (f"sell {STOCK} 全部@10.50:{ACCOUNT} at=09:30:00", 77_000, "7.70"),
        (f"清仓 {STOCK}@10.50:{ACCOUNT} at=09:30:00", 77_000, "7.70"),
        (f"sell {STOCK} 全部@10.50+2跳:{ACCOUNT} at=09:30:00", 77_000, "7.70+2ticks"),
    ],
)
def test_the_price_of_an_instruction_that_waits_is_that_of_the_ex_day(written: str, price: int, text: str) -> None:
    """(10.50 - 0.50) / 1.3 is 7.6923: a buy goes down to the tick, a sell up."""
    bench = ExDay()
    bench.said(f"{written} #t/1", next_day=EX_DAY)
    bench.open_day(THREE_FOR_TEN)
    (waiting,) = bench.engine.state.timed.values()
    assert waiting.item.price is not None
    assert (waiting.item.price.price, waiting.item.price.text) == (price, text)
    (alert,) = bench.told("INSTRUCTION_ADJUSTED")
    assert f"价格 10.50{text[4:]} → {text}" in alert.chinese
    assert "数量不变" not in alert.chinese


@pytest.mark.parametrize(
    ("written", "size"),
    [("sell {} 2000@10.50:{}", "2000"), ("buy {} 3手@10.50:{}", "3手"), ("sell {} 2000:{}", "2000")],
)
def test_a_quantity_stays_what_was_written_and_is_told(written: str, size: str) -> None:
    bench = ExDay()
    bench.said(f"{written.format(STOCK, ACCOUNT)} at=09:30:00 #t/1", next_day=EX_DAY)
    (before,) = bench.engine.state.timed.values()
    bench.open_day(THREE_FOR_TEN)
    (waiting,) = bench.engine.state.timed.values()
    assert waiting.item.size == before.item.size
    (alert,) = bench.told("INSTRUCTION_ADJUSTED")
    assert f"数量不变，仍是原来写的 {size}" in alert.chinese
    assert f"quantity as it was written {size}" in alert.english


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("sell {} 全部:{}", THREE_FOR_TEN),
        ("cancel {}:{}", THREE_FOR_TEN),
        ("buy {} 100:{}", action(STOCK, EX_DAY, cash="5")),
        ("buy {} 100@10.50:{}", action("600036.SH", EX_DAY, transfer="3")),
    ],
)
def test_an_instruction_that_an_ex_day_does_not_touch_is_not_spoken_of(written: str, taken: CorporateAction) -> None:
    bench = ExDay()
    bench.said(f"{written.format(STOCK, ACCOUNT)} at=09:30:00 #t/1", next_day=EX_DAY)
    (before,) = bench.engine.state.timed.values()
    bench.open_day(taken)
    assert list(bench.engine.state.timed.values()) == [before]
    assert bench.told("INSTRUCTION_ADJUSTED") == []


def test_what_is_written_on_the_ex_day_has_its_prices_already() -> None:
    bench = ExDay()
    bench.open_day()
    bench.now_ns += SECOND_NS
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=09:30:00 #t/1")
    bench.tell(THREE_FOR_TEN)
    (waiting,) = bench.engine.state.timed.values()
    assert waiting.item.price is not None
    assert waiting.item.price.price == Price(105_000)


def test_the_order_that_follows_has_the_price_of_the_ex_day() -> None:
    bench = ExDay()
    bench.said(f"sell {STOCK} 500@10.50:{ACCOUNT} at=09:30:00 #t/1", next_day=EX_DAY)
    bench.open_day(action(STOCK, EX_DAY, cash="1"))
    bench.lists(2_445)
    at_ns = at_time(EX_DAY, (9 * 60 + 30) * 60 * SECOND_NS)
    bench.until(at_ns)
    (order,) = bench.submits()
    assert (order.price, order.quantity) == (104_000, 500)


def test_a_portfolio_keeps_its_quantities_and_they_are_told() -> None:
    bench = ExDay()
    bench.said(
        f'{{"action":"portfolio","id":"p/1","accounts":["{ACCOUNT}"],"strategy":"alpha",'
        f'"positions":[{{"symbol":"{STOCK}","quantity":400}}],"close_others":false,"not_before":"2026-11-25T09:30:00+08:00"}}'
    )
    (before,) = bench.engine.state.timed.values()
    bench.open_day(THREE_FOR_TEN)
    assert list(bench.engine.state.timed.values()) == [before]
    assert "数量不变" in bench.told("INSTRUCTION_ADJUSTED")[0].chinese


# The record


def test_the_state_of_an_ex_day_comes_back_from_a_snapshot() -> None:
    bench = ExDay()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=09:30:00 #t/1", next_day=EX_DAY)
    bench.open_day(THREE_FOR_TEN)
    twin = again(bench)
    assert image(twin) == image(bench.engine)
    assert twin.state.actions == {(EX_DAY, STOCK): THREE_FOR_TEN}
    assert twin.state.day_before == DAY


def test_the_next_day_begins_with_no_action_applied_and_applies_none_of_this_one_again() -> None:
    bench = ExDay()
    bench.open_day(THREE_FOR_TEN)
    later = EX_DAY + dt.timedelta(days=1)
    bench.open_day(THREE_FOR_TEN, day=later)
    assert bench.engine.state.actions == {}
    assert (bench.position().quantity, bench.holding()) == (3_178, 578)


def test_the_prices_of_the_day_before_are_forgotten_and_those_of_the_ex_day_stay() -> None:
    bench = ExDay()
    bench.open_day()
    assert bench.engine.state.prices == {}
    bench.lists(3_178)
    bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #x/1")
    before = dict(bench.engine.state.prices)
    bench.tell(THREE_FOR_TEN)
    assert bench.engine.state.prices == before == {STOCK: 105_000}
