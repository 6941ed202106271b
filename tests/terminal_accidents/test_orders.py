"""Accidents with orders: each happened to somebody; the counter's own book says that here it cost nothing."""

from __future__ import annotations

import time
from collections import Counter as Count

from qmt_trading.client import Receipt
from qmt_trading.model.order import Order
from qmt_trading.model.words import OrderStatus, TradingState
from tests.terminal.counter import Row
from tests.terminal.engine import Desk
from tests.terminal_accidents.conftest import ACCOUNT, HELD, OTHER, SYMBOLS, THIRD

FREE = iter(SYMBOLS[20:])


def row_of(at: Desk, receipt: Receipt) -> Row:
    """Return the row of the counter's book that an accepted order has become; there is exactly one."""
    (line,) = receipt.orders
    return at.market.wait_order(line.client_order_id)


def placed(at: Desk, symbol: str) -> int:
    """Return how many orders of ``symbol`` the counter has ever taken."""
    return len(at.market.placed(stock_code=symbol))


def asked(at: Desk, symbol: str) -> int:
    """Return how often the counter was asked to place an order of ``symbol``."""
    return sum(request["m_strStockCode"] == symbol for request in at.market.asked("orderStock"))


def denial(receipt: Receipt) -> str:
    return " ".join(line.reason for line in receipt.orders)


def test_a1_an_order_that_timed_out_and_lived_after_all_is_never_sent_again(at: Desk) -> None:
    symbol = next(FREE)
    at.market.hang("orderStock")
    first = at.buy(symbol, ACCOUNT, id="a1/1")
    at.reaches(first, OrderStatus.UNKNOWN)
    assert at.alerts("ORDER_UNKNOWN", symbol)
    again = at.send(f"buy {symbol} 100@10.00:{ACCOUNT} #a1/1")
    assert (again.status, again.orders) == ("duplicate", first.orders)
    assert denial(at.send(f"buy {symbol} 100@10.00:{ACCOUNT} #a1/2")) == "SYMBOL_FROZEN"
    at.market.release()
    at.reaches(first, OrderStatus.NEW)
    assert (placed(at, symbol), asked(at, symbol)) == (1, 1)


def test_a2_an_order_that_waited_behind_a_stuck_call_is_refused_and_a_cancel_is_not(at: Desk) -> None:
    stuck, late, old = next(FREE), next(FREE), next(FREE)
    standing = at.buy(old, ACCOUNT, id="a2/0")
    at.reaches(standing, OrderStatus.NEW)
    at.market.hang("orderStock")
    first = at.buy(stuck, ACCOUNT, id="a2/1")
    at.market.wait(lambda: asked(at, stuck))
    second = at.buy(late, ACCOUNT, id="a2/2", more="ttl=0.2s ")
    at.send(f"cancel {old}:{ACCOUNT} #a2/3")
    at.reaches(standing, OrderStatus.CANCELED)
    time.sleep(0.25)
    at.market.release()
    told = at.reaches(second, OrderStatus.NOT_SENT).text
    assert "过期" in told or told == "deadline", told  # A slow machine does not even hand it to the host.
    at.reaches(first, OrderStatus.NEW)
    assert (placed(at, stuck), asked(at, late)) == (1, 0)


def test_a3_minus_one_for_a_live_order_is_unknown_until_its_row_comes(at: Desk) -> None:
    symbol = next(FREE)
    at.market.lies.minus_one = at.market.lies.reorder = True
    at.market.lies.silent = {"queryStockOrders"}
    receipt = at.buy(symbol, ACCOUNT, id="a3/1")
    at.reaches(receipt, OrderStatus.UNKNOWN)
    assert denial(at.send(f"buy {symbol} 100@10.00:{ACCOUNT} #a3/2")) == "SYMBOL_FROZEN"
    at.market.lies.reorder = False
    at.market.let_go()
    at.reaches(receipt, OrderStatus.NEW)
    assert placed(at, symbol) == 1


def test_a4_success_without_an_order_stays_unknown_and_frees_nothing(at: Desk) -> None:
    symbol = next(FREE)
    at.market.lies.vanish = True
    receipt = at.buy(symbol, ACCOUNT, id="a4/1")
    asking = len(at.market.asked("queryStockOrders"))
    order = at.reaches(receipt, OrderStatus.UNKNOWN)
    at.wait(lambda: len(at.market.asked("queryStockOrders")) > asking)
    assert at.ours(receipt).status is OrderStatus.UNKNOWN
    assert order.reserved > 0
    assert (placed(at, symbol), asked(at, symbol)) == (0, 1)


def test_a5_a_second_order_under_a_remark_of_ours_halts_its_account_and_is_not_taken_for_ours(at: Desk) -> None:
    symbol = next(FREE)
    receipt = at.buy(symbol, THIRD, id="a5/1")
    row = row_of(at, receipt)
    ours = at.reaches(receipt, OrderStatus.NEW)
    other = {**row, "order_id": 5, "order_sysid": "S999", "order_status": 56, "traded_volume": 100}
    at.market.push("StockOrder", other)
    at.wait(lambda: at.account(THIRD).state is TradingState.HALTED)
    assert at.alerts("REMARK_TWICE", ours.client_order_id)
    assert (at.ours(receipt).broker_order_id, at.ours(receipt).status) == (ours.broker_order_id, OrderStatus.NEW)
    assert at.account(ACCOUNT).state is TradingState.ACTIVE
    assert at.order("5").foreign


def test_a6_an_order_whose_remark_was_cut_is_known_by_the_number_of_its_answer(at: Desk) -> None:
    symbol = next(FREE)
    at.market.lies.remark = lambda remark: remark[:8]
    receipt = at.buy(symbol, ACCOUNT, id="a6/1")
    assert len(receipt.orders[0].client_order_id.encode("ascii")) <= 22
    order = at.reaches(receipt, OrderStatus.NEW)
    (row,) = at.market.placed(stock_code=symbol)
    assert (row["order_remark"], order.broker_order_id) == (order.client_order_id[:8], str(row["order_id"]))


def test_a6_without_that_number_it_is_found_by_what_it_says_when_only_one_order_fits(at: Desk) -> None:
    symbol, twice = next(FREE), next(FREE)
    at.market.lies.minus_one = True
    at.market.lies.remark = lambda remark: ""
    found = at.buy(symbol, ACCOUNT, id="a6/2")
    at.reaches(found, OrderStatus.NEW)
    both = [at.buy(twice, account, id=f"a6/{account}") for account in (ACCOUNT, OTHER)]
    for receipt in both:  # The same order in two accounts is two orders that cannot be mixed up.
        at.reaches(receipt, OrderStatus.NEW)
    assert not [row for row in at.running.view.orders if row.foreign and row.symbol in (symbol, twice)]


def test_a6_of_two_orders_alike_one_row_without_a_name_ends_neither(at: Desk) -> None:
    symbol = next(FREE)
    at.market.hang("orderStock")
    at.market.lies.minus_one = at.market.lies.reorder = True
    at.market.lies.silent = {"queryStockOrders"}
    at.market.lies.remark = lambda remark: ""
    receipts = [at.buy(symbol, ACCOUNT, id=f"a6/{number}") for number in (8, 9)]
    at.market.release()
    for receipt in receipts:
        at.reaches(receipt, OrderStatus.UNKNOWN)
    _, gone = at.market.placed(stock_code=symbol)
    at.market.orders.remove(gone)
    at.market.lies.silent = set()
    at.listed_anew(ACCOUNT)
    assert {at.ours(receipt).status for receipt in receipts} == {OrderStatus.UNKNOWN}
    assert asked(at, symbol) == 2


def test_a7_a_refused_cancel_that_had_cancelled_ends_by_the_row(at: Desk) -> None:
    symbol = next(FREE)
    receipt = at.buy(symbol, ACCOUNT, id="a7/1")
    at.reaches(receipt, OrderStatus.NEW)
    at.market.lies.cancel = "refused_yet_cancelled"
    at.send(f"cancel {symbol}:{ACCOUNT} #a7/2")
    at.reaches(receipt, OrderStatus.CANCELED)
    assert len(at.market.cancels(row_of(at, receipt))) == 1


def test_a7_an_accepted_cancel_that_did_nothing_is_repeated_until_the_row_ends(at: Desk) -> None:
    symbol = next(FREE)
    receipt = at.buy(symbol, ACCOUNT, id="a7/3")
    at.reaches(receipt, OrderStatus.NEW)
    at.market.lies.cancel = "accepted_yet_not"
    at.send(f"cancel {symbol}:{ACCOUNT} #a7/4")
    row = row_of(at, receipt)
    at.market.wait(lambda: len(at.market.cancels(row)) >= 3)
    at.market.lies.cancel = ""
    at.reaches(receipt, OrderStatus.CANCELED)
    count = len(at.market.cancels(row))
    time.sleep(0.7)
    assert len(at.market.cancels(row)) == count


def test_a8_answers_that_match_nothing_do_not_lead_to_a_second_sell(at: Desk) -> None:
    symbol = HELD[0]
    at.market.lies.overtake = at.market.lies.pushes_first = True
    sold = at.accepted(f"sell {symbol} 1000@10.00:{ACCOUNT} #a8/1")
    at.reaches(sold, OrderStatus.NEW)
    answer = {"m_strAccountID": ACCOUNT, "m_nOrderID": -1, "m_strStrategyName": "", "m_strErrorMsg": "失败"}
    for sequence in (4711, 4712):
        at.market.tell("OrderStockResp", sequence, {**answer, "m_strOrderRemark": sold.orders[0].client_order_id})
    assert at.send(f"sell {symbol} 1000@10.00:{ACCOUNT} #a8/1").status == "duplicate"
    at.market.fill(row_of(at, sold), 1000)
    at.reaches(sold, OrderStatus.FILLED)
    assert (placed(at, symbol), at.held(ACCOUNT, symbol)) == (1, 9_000)


def test_a9_an_error_that_xttrader_tells_again_does_not_touch_a_later_order(at: Desk) -> None:
    first, second = next(FREE), next(FREE)
    at.market.lies.silent = {"orderStock"}
    answer = {"m_strAccountID": ACCOUNT, "m_nOrderID": -1, "m_strStrategyName": "", "m_strErrorMsg": ""}
    receipts: list[Receipt] = []
    sequences: list[int] = []
    for number, symbol in enumerate((first, second)):
        receipts.append(at.buy(symbol, ACCOUNT, id=f"a9/{number}"))
        at.market.wait(lambda symbol=symbol: asked(at, symbol))  # type: ignore[misc]
        sequences.append(at.market.sequence_of("orderStock"))
    names = [receipt.orders[0].client_order_id for receipt in receipts]
    error = {"account_id": ACCOUNT, "order_id": -1, "error_id": 1, "error_msg": "资金不足", "seq": sequences[0]}
    at.market.push("OrderError", {**error, "order_remark": names[0], "strategy_name": ""})
    at.market.tell("OrderStockResp", sequences[0], {**answer, "m_strOrderRemark": names[0]})
    at.wait(lambda: "资金不足" in at.ours(receipts[0]).text)
    at.market.tell("OrderStockResp", sequences[1], {**answer, "m_strOrderRemark": names[1]})
    at.reaches(receipts[1], OrderStatus.UNKNOWN)
    assert "资金不足" not in at.ours(receipts[1]).text
    assert asked(at, second) == 1


def test_a10_a_day_that_is_told_again_counts_once(at: Desk) -> None:
    symbol = next(FREE)
    receipt = at.buy(symbol, ACCOUNT, id="a10/1", quantity=300)
    row = row_of(at, receipt)
    at.reaches(receipt, OrderStatus.NEW)
    for quantity in (100, 200):
        at.market.fill(row, quantity)
    at.reaches(receipt, OrderStatus.FILLED)
    before = at.account(ACCOUNT).available_cash
    at.market.lies.double = True
    at.market.replay_day()
    mark = at.market.by_hand(ACCOUNT, symbol, phone=False)
    at.shows(mark)
    assert (at.held(ACCOUNT, symbol), at.ours(receipt).filled_quantity) == (300, 300)
    assert len([fill for fill in at.running.view.fills if fill.symbol == symbol]) == 2
    at.market.move(mark, 54)
    at.wait(lambda: at.shows(mark).status is OrderStatus.CANCELED)
    assert at.account(ACCOUNT).available_cash == before


def test_a11_an_order_that_the_counter_refuses_moves_no_position(at: Desk) -> None:
    symbol = next(FREE)
    before = at.account(ACCOUNT).available_cash
    at.market.lies.reject = "[COUNTER][260200]可用资金不足"
    receipt = at.buy(symbol, ACCOUNT, id="a11/1")
    order = at.reaches(receipt, OrderStatus.REJECTED)
    assert "260200" in order.text
    assert at.alerts("ORDER_REJECTED", "260200")
    assert (at.held(ACCOUNT, symbol), at.account(ACCOUNT).available_cash) == (0, before)


def test_a15_an_empty_list_of_a_dead_link_ends_nothing(at: Desk) -> None:
    symbol = next(FREE)
    receipt = at.buy(symbol, ACCOUNT, id="a15/1")
    at.reaches(receipt, OrderStatus.NEW)
    at.market.lies.dead_link = True
    at.market.lies.vanish = True
    lost = at.buy(next(FREE), ACCOUNT, id="a15/2")
    at.reaches(lost, OrderStatus.UNKNOWN)
    assert at.ours(receipt).status is OrderStatus.NEW
    assert at.held(ACCOUNT, HELD[1]) == 10_000
    at.market.honest()
    at.wait(lambda: all(at.is_ready(row) for row in at.running.view.accounts))
    assert at.ours(receipt).status is OrderStatus.NEW


def test_a20_orders_by_hand_are_taken_in_shown_and_counted_and_none_is_cancelled_by_0(at: Desk) -> None:
    symbol = next(FREE)
    hand = at.market.by_hand(ACCOUNT, symbol, phone=False, quantity=300)
    phone = at.market.by_hand(ACCOUNT, symbol, phone=True, quantity=200)
    rows: list[Order] = [at.shows(hand), at.shows(phone)]
    assert all(row.foreign for row in rows)
    at.market.fill(hand, 300)
    at.wait(lambda: at.held(ACCOUNT, symbol) == 300)
    assert at.shows(hand).status is OrderStatus.FILLED
    at.send(f"cancel {symbol}:{ACCOUNT} #a20/1")
    at.wait(lambda: at.shows(phone).status is OrderStatus.CANCELED)
    ((_, request),) = at.market.cancels(phone)
    assert (request["m_nOrderID"], request["m_strOrderSysID"], request["m_nMarket"]) == (0, phone["order_sysid"], 0)
    assert at.account(ACCOUNT).state is TradingState.ACTIVE


def test_a33_one_unanswered_order_freezes_its_account_symbol_and_side_only(at: Desk) -> None:
    symbol, elsewhere = HELD[2], next(FREE)
    at.market.lies.silent = {"orderStock"}
    frozen = at.buy(symbol, OTHER, id="a33/1")
    at.reaches(frozen, OrderStatus.UNKNOWN)
    at.market.honest()
    assert denial(at.send(f"buy {symbol} 100@10.00:{OTHER} #a33/2")) == "SYMBOL_FROZEN"
    sold = at.accepted(f"sell {symbol} 100@10.05:{OTHER} #a33/3")
    at.reaches(sold, OrderStatus.NEW)
    for number, (stock, account) in enumerate([(elsewhere, OTHER), (symbol, ACCOUNT)]):
        at.reaches(at.buy(stock, account, id=f"a33/{account}{number}"), OrderStatus.NEW)
    at.send(f"撤卖 {symbol}:{OTHER} #a33/9")
    at.reaches(sold, OrderStatus.CANCELED)


def test_nothing_was_placed_twice_in_all_of_this(at: Desk) -> None:
    asked_for = Count(request["m_strOrderRemark"] for request in at.market.asked("orderStock"))
    assert asked_for
    assert set(asked_for.values()) == {1}
