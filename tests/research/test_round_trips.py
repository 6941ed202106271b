"""Round trips: first in, first out, order by order, with every unit of money in one of them."""

from __future__ import annotations

import pytest

from qmt_trading.research.round_trips import Book, join
from tests.research_results import YUAN, Entry, Fill, entries_of, fills_of, weekdays

DAYS = weekdays(20)


def booked(*fills: Fill, entries: tuple[Entry, ...] = ()) -> Book:
    return join(fills_of(fills, DAYS), entries_of(entries) if entries else None)


def test_what_was_bought_first_is_sold_first() -> None:
    book = booked(
        Fill(0, 0, 1, 100, 10 * YUAN, 5 * YUAN),
        Fill(1, 0, 1, 100, 20 * YUAN, 6 * YUAN),
        Fill(3, 0, -1, 150, 30 * YUAN, 9 * YUAN),
    )
    trips = book.trips
    assert trips.quantity.tolist() == [100, 50]
    assert trips.cost.tolist() == [1000 * YUAN, 1000 * YUAN]
    assert trips.buy_fee.tolist() == [5 * YUAN, 3 * YUAN]
    assert trips.sell_fee.tolist() == [6 * YUAN, 3 * YUAN]
    assert trips.profit.tolist() == [1989 * YUAN, 494 * YUAN]
    assert trips.held_days.tolist() == [3, 2]
    assert trips.returns.tolist() == pytest.approx([1989 / 1005, 494 / 1003])
    (rest,) = book.open
    assert (rest.quantity, rest.cost, rest.fee, rest.opened_day) == (50, 1000 * YUAN, 3 * YUAN, 1)


def test_an_order_that_filled_in_pieces_is_one_trip() -> None:
    book = booked(
        Fill(0, 0, 1, 100, 10 * YUAN, order=1),
        Fill(0, 0, 1, 300, 11 * YUAN, order=1),
        Fill(2, 0, -1, 150, 12 * YUAN, order=2),
        Fill(2, 0, -1, 250, 13 * YUAN, order=2),
    )
    assert len(book.trips) == 1
    assert book.trips.profit.tolist() == [(1800 + 3250 - 1000 - 3300) * YUAN]
    assert book.open == ()


def test_symbols_do_not_mix() -> None:
    book = booked(Fill(0, 0, 1, 100, 10 * YUAN), Fill(0, 1, 1, 100, 50 * YUAN), Fill(1, 1, -1, 100, 49 * YUAN))
    assert book.trips.symbol.tolist() == [1]
    assert book.trips.profit.tolist() == [-100 * YUAN]


def test_a_split_gives_shares_and_costs_nothing() -> None:
    book = booked(
        Fill(0, 0, 1, 1000, 10 * YUAN),
        Fill(5, 0, -1, 1000, 6 * YUAN),
        Fill(6, 0, -1, 1000, 6 * YUAN),
        entries=(Entry(4, 0, 1000, 0),),
    )
    assert book.trips.quantity.tolist() == [1000, 1000]
    assert book.trips.profit.tolist() == [1000 * YUAN, 1000 * YUAN]
    assert book.unmatched == 0


def test_a_dividend_belongs_to_the_shares_that_were_held_and_sold_later() -> None:
    book = booked(
        Fill(0, 0, 1, 100, 10 * YUAN),
        Fill(1, 0, 1, 300, 10 * YUAN),
        Fill(2, 0, -1, 100, 10 * YUAN),
        Fill(2, 0, 1, 100, 10 * YUAN),
        entries=(Entry(2, 0, 0, 401),),
    )
    assert book.trips.income.tolist() == [100]
    assert [lot.income for lot in book.open] == [301, 0]


def test_an_action_acts_before_the_fills_of_its_day_and_after_those_of_the_day_before() -> None:
    book = booked(Fill(3, 0, 1, 100, 10 * YUAN), Fill(4, 0, -1, 200, 5 * YUAN), entries=(Entry(4, 0, 100, 0),))
    assert book.trips.quantity.tolist() == [200]
    assert book.trips.profit.tolist() == [0]


def test_what_is_paid_after_the_last_share_went_is_kept_apart() -> None:
    book = booked(Fill(0, 0, 1, 100, 10), Fill(1, 0, -1, 100, 10), entries=(Entry(9, 0, 0, 77),))
    assert book.stray_income == {0: 77}


def test_lots_that_a_reverse_split_leaves_no_share_leave_their_cost() -> None:
    book = booked(Fill(0, 0, 1, 1, 10 * YUAN), Fill(1, 0, 1, 99, 10 * YUAN), entries=(Entry(2, 0, -90, 0),))
    assert sum(lot.quantity for lot in book.open) == 10
    assert sum(lot.cost for lot in book.open) == 1000 * YUAN
    assert all(lot.quantity > 0 for lot in book.open)


def test_shares_that_nothing_bought_are_told() -> None:
    book = booked(Fill(0, 0, -1, 100, 10 * YUAN))
    assert book.unmatched == 100
    assert book.trips.profit.tolist() == [1000 * YUAN]
    assert book.trips.returns.tolist() == [0.0]


def test_trips_stand_in_the_order_they_were_closed() -> None:
    book = booked(Fill(0, 0, 1, 100, 10), Fill(0, 1, 1, 100, 10), Fill(1, 1, -1, 100, 10), Fill(2, 0, -1, 100, 10))
    assert book.trips.symbol.tolist() == [1, 0]


def test_no_fills_are_an_empty_book() -> None:
    book = booked()
    assert len(book.trips) == 0
    assert book.trips.profit.tolist() == []
