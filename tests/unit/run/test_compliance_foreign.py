"""Whose an order is decides which figure it counts in: foreign orders, and ours whose name was lost on the way."""

from __future__ import annotations

import datetime as dt

from tests.compliance_book import DAY_NS, Book, cancel_of, figures, foreign_row, row_of
from tests.engine_bench import ACCOUNT, DAY, START_NS, STOCK

from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import OrderStatus

NEXT_DAY = DAY + dt.timedelta(days=1)
MINUTE_NS = 60 * SECOND_NS


def test_a_foreign_order_counts_once_and_with_its_cancel() -> None:
    book = Book()
    for _ in range(2):
        book.turn(foreign_row("x1"))
    book.later(SECOND_NS // 2)
    book.turn(foreign_row("x1", OrderStatus.CANCELED))
    book.turn(foreign_row("x1", OrderStatus.CANCELED))
    found = figures(book)
    assert (found.orders, found.total, found.second.amount) == (0, 0, 0)
    assert (found.foreign_orders, found.foreign_cancels, found.total_whole, found.second_whole.amount) == (1, 1, 2, 2)


def test_a_foreign_order_that_we_cancel_is_a_cancel_of_ours() -> None:
    book = Book()
    book.turn(foreign_row("x1"))
    book.turn(out.CancelOrder(ACCOUNT, "~x", "x1", "", STOCK, 1, -1))  # type: ignore[arg-type]
    book.turn(foreign_row("x1", OrderStatus.CANCELED))
    found = figures(book)
    assert (found.cancels, found.foreign_cancels) == (1, 0)


def test_an_order_of_ours_that_somebody_else_cancels_is_a_foreign_cancel() -> None:
    book = Book()
    order = book.order()
    book.sent(order)
    book.turn(row_of(order, OrderStatus.CANCELED))
    found = figures(book)
    assert (found.cancels, found.foreign_cancels, found.canceled_1s) == (0, 1, 1)


def test_a_foreign_order_counts_by_the_counters_clock() -> None:
    book = Book()
    book.sent(book.order())
    book.later(MINUTE_NS)
    book.turn(foreign_row("x1", ordered_ns=START_NS + SECOND_NS - 1))
    assert figures(book).second_whole.amount == 2


def test_a_foreign_order_of_the_day_before_does_not_count() -> None:
    book = Book()
    book.turn(foreign_row("x1", ordered_ns=START_NS - DAY_NS))
    assert figures(book).foreign_orders == 0


def test_an_order_of_ours_from_an_earlier_day_is_no_foreign_one() -> None:
    book = Book()
    order = book.order()
    book.sent(order)
    book.next_day()
    book.turn(row_of(order))
    assert (figures(book, NEXT_DAY).orders, figures(book, NEXT_DAY).foreign_orders) == (0, 0)


def test_an_order_in_our_form_that_this_journal_never_gave_out_is_foreign() -> None:
    book = Book()
    book.turn(row_of(book.order(), remark="0THER00000001", number="x1"))
    assert figures(book).foreign_orders == 1


def test_a_row_without_any_number_counts_once() -> None:
    book = Book()
    for _ in range(2):
        book.turn(foreign_row(""))
    assert figures(book).foreign_orders == 1


def test_an_order_of_ours_whose_name_was_lost_is_known_once_it_is_told_with_it() -> None:
    book = Book()
    order = book.order()
    book.sent(order)
    book.turn(row_of(order, remark=order.client_order_id[:8]))
    book.turn(row_of(order, OrderStatus.CANCELED, remark=""))
    book.turn(row_of(order, OrderStatus.CANCELED))
    found = figures(book)
    assert (found.orders, found.foreign_orders, found.canceled, found.foreign_cancels) == (1, 0, 1, 1)


def test_of_two_orders_that_look_alike_the_one_that_is_named_later_is_meant() -> None:
    book = Book()
    first, second = book.order(), book.order()
    book.sent(first)
    book.later(MINUTE_NS)
    book.sent(second)
    book.turn(row_of(second, remark=""))
    book.turn(row_of(second, OrderStatus.CANCELED))
    assert (figures(book).canceled, figures(book).canceled_1s) == (1, 1)


def test_an_order_of_ours_whose_name_was_lost_is_known_by_our_cancel_of_its_number() -> None:
    book = Book()
    order = book.order()
    book.sent(order)
    book.turn(row_of(order, remark=""))
    book.turn(cancel_of(order))
    book.turn(row_of(order, OrderStatus.CANCELED, remark=""))
    found = figures(book)
    assert (found.orders, found.foreign_orders, found.canceled, found.foreign_cancels) == (1, 0, 1, 0)


def test_of_two_rows_without_a_name_one_order_without_a_number_takes_one() -> None:
    book = Book()
    book.sent(book.order(quantity=300))
    book.turn(foreign_row("1"))
    book.turn(foreign_row("2"))
    assert figures(book).foreign_orders == 1


def test_a_row_at_another_price_or_beside_a_numbered_order_is_foreign_at_once() -> None:
    book = Book()
    book.sent(book.order(quantity=300, price=104_900))
    book.turn(foreign_row("1"))
    numbered = book.order(quantity=300)
    book.sent(numbered)
    book.turn(row_of(numbered))
    book.turn(foreign_row("2"))
    assert figures(book).foreign_orders == 2


def test_a_second_order_under_a_name_of_ours_or_of_another_size_is_foreign() -> None:
    book = Book()
    order, other = book.order(), book.order()
    book.sent(order, other)
    book.turn(row_of(order))
    book.turn(row_of(order, number="x1"))
    book.turn(row_of(book.order(quantity=900), remark=other.client_order_id, number="x2"))
    assert (figures(book).orders, figures(book).foreign_orders) == (2, 2)
