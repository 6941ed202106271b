"""The report of programme trading: its boundaries, restarts, days, and journals that were changed."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace
from tests.compliance_book import REPORTED, Book, cancel_of, figures, fill_of, row_of
from tests.engine_bench import ACCOUNT, DAY, OTHER, START_NS, STOCK
from tests.loop_bench import LoopBench

from qmt_trading.journal.memory import MemoryJournal
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.words import OrderStatus, Side
from qmt_trading.run.compliance import Measures, NoSuchDayError, Peak, last_day, most_within, report

NEXT_DAY = DAY + dt.timedelta(days=1)
MINUTE_NS = 60 * SECOND_NS


# Rates


@pytest.mark.parametrize(("apart_ns", "expected"), [(SECOND_NS - 1, 2), (SECOND_NS, 1), (SECOND_NS + 1, 1)])
def test_two_orders_a_whole_second_apart_are_not_within_one_second(apart_ns: int, expected: int) -> None:
    book = Book()
    book.sent(book.order())
    book.later(apart_ns)
    book.sent(book.order())
    assert figures(book).second == Peak(expected, START_NS)


def test_the_second_may_begin_anywhere() -> None:
    instants = [0, 900, 1000, 1100, 1899, 1900]
    assert most_within(instants, 1000) == Peak(4, 900)


def test_an_order_counts_when_it_was_handed_over_not_when_it_was_decided() -> None:
    book = Book()
    first, second = book.order(), book.order()
    book.turn(book.signal(), first, second)
    book.turn(book.handed(first), book.handed(second, at_ns=book.now_ns + SECOND_NS))
    assert figures(book).second.amount == 1


def test_a_cancel_counts_by_the_clock_of_its_turn_beside_orders() -> None:
    book = Book()
    order = book.order()
    book.sent(order)
    book.later(SECOND_NS - 1)
    book.turn(cancel_of(order))
    book.later(1)
    book.turn(cancel_of(order, attempt=2))
    found = figures(book)
    assert (found.orders, found.cancels, found.total, found.second.amount) == (1, 2, 3, 2)


def test_a_cancel_that_is_registered_only_does_not_count() -> None:
    book = Book()
    order = book.order()
    book.sent(order)
    book.turn(cancel_of(order, attempt=0), cancel_of(order, attempt=1, not_before_ns=book.now_ns + SECOND_NS))
    assert figures(book).cancels == 0


def test_seconds_of_the_clock_are_counted_from_the_given_rate_on() -> None:
    book = Book()
    for count in (2, 3, 4):
        book.sent(*[book.order() for _ in range(count)])
        book.later(SECOND_NS)
    assert figures(book, measures=Measures(rate=3)).seconds_fast == 2


def test_three_hundred_in_a_second_of_the_clock_are_told() -> None:
    book = Book()
    book.sent(*[book.order() for _ in range(299)])
    assert figures(book).seconds_high == 0
    book.sent(book.order())
    assert figures(book).seconds_high == 1


# What was sent


def test_an_order_that_certainly_did_not_leave_does_not_count() -> None:
    book = Book()
    withheld, refused, settled, sent = (book.order() for _ in range(4))
    book.turn(book.signal(), withheld, refused, settled, sent)
    book.turn(ev.SubmitsWithheld((withheld.client_order_id,), "halt"))
    book.turn(ev.SubmitRefused(ACCOUNT, refused.client_order_id, "拒"))
    book.turn(out.OrderEnded(settled.client_order_id, OrderStatus.NOT_SENT, "x"))
    assert figures(book).orders == 1


def test_an_order_of_a_process_that_died_before_it_told_counts_when_it_was_decided() -> None:
    book = Book()
    book.turn(book.signal(), book.order())
    book.later(5 * SECOND_NS)
    book.turn(ev.EngineStarted("test", settings_of(book)))
    found = figures(book)
    assert (found.orders, found.unrecorded, found.second.at_ns) == (1, 1, START_NS)


def settings_of(book: Book) -> EngineSettings:
    """Return the settings that the journal begins with."""
    return next(record.settings for record in book.turns[0] if isinstance(record, ev.EngineStarted))


def test_a_handed_over_order_counts_even_when_the_counter_refuses_it_then() -> None:
    book = Book()
    order = book.order()
    book.sent(order)
    book.turn(ev.SubmitRefused(ACCOUNT, order.client_order_id, "资金不足"))
    assert figures(book).orders == 1


def test_accounts_are_counted_apart_and_each_has_its_row() -> None:
    book = Book()
    book.sent(book.order(), book.order(account=OTHER), book.order(account=OTHER))
    assert [each.account for each in report(book.journal, DAY).accounts] == [ACCOUNT, OTHER]
    assert (figures(book).orders, figures(book, account=OTHER).orders) == (1, 2)
    assert figures(book).compliance == REPORTED
    assert figures(book, account=OTHER).compliance is None


# Quick cancels


@pytest.mark.parametrize(
    ("life_ns", "expected"),
    [(SECOND_NS, (1, 1)), (SECOND_NS + 1, (0, 1)), (5 * SECOND_NS, (0, 1)), (5 * SECOND_NS + 1, (0, 0))],
)
def test_a_cancel_at_the_bound_is_within_it(life_ns: int, expected: tuple[int, int]) -> None:
    book = Book()
    order, other = book.order(), book.order()
    book.sent(order, other)
    book.turn(row_of(order))
    book.later(life_ns)
    book.turn(cancel_of(order))
    book.later(MINUTE_NS)
    book.turn(row_of(order, OrderStatus.CANCELED))
    found = figures(book)
    assert (found.canceled_1s, found.canceled_5s) == expected
    assert (found.canceled, found.canceled_share) == (1, 500_000)


def test_an_order_that_fills_in_spite_of_its_cancel_is_not_among_the_cancelled() -> None:
    book = Book()
    order = book.order()
    book.sent(order)
    book.turn(cancel_of(order))
    book.turn(row_of(order, OrderStatus.FILLED))
    assert (figures(book).cancels, figures(book).canceled) == (1, 0)


def test_a_share_of_nothing_is_no_figure() -> None:
    assert figures(Book()).canceled_share == -1


# Through the price, runs, values


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [
        (Side.BUY, 106_050, 1),
        (Side.BUY, 106_049, 0),
        (Side.SELL, 103_950, 1),
        (Side.SELL, 103_951, 0),
    ],
)
def test_an_order_and_a_fill_exactly_at_the_move_are_through(side: Side, price: int, expected: int) -> None:
    book = Book()
    order = book.order(side=side, price=price)
    book.sent(order, last=105_000)
    book.turn(fill_of(order, DAY, book.now_ns, price=price))
    found = figures(book)
    assert (found.orders_through, found.fills_through, found.fills) == (expected, expected, 1)


def test_without_a_last_price_nothing_is_seen_and_that_is_told() -> None:
    book = Book()
    order = book.order(price=200_000)
    book.sent(order, last=0)
    book.turn(fill_of(order, DAY, book.now_ns))
    found = figures(book)
    assert (found.orders_through, found.orders_unquoted, found.fills_through, found.fills_unquoted) == (0, 1, 0, 1)


def test_a_fill_under_a_name_of_ours_but_another_number_is_not_judged_by_our_quote() -> None:
    book = Book()
    order = book.order(price=120_000)
    book.sent(order)
    book.turn(row_of(order))
    row = fill_of(order, DAY, book.now_ns, price=120_000).row
    book.turn(ev.FillReported(ACCOUNT, 1, replace(row, broker_order_id="x1")))
    assert (figures(book).fills_through, figures(book).fills_unquoted) == (0, 1)


def run_of(prices: list[int], apart_ns: int, side: Side = Side.BUY) -> tuple[int, int]:
    book = Book()
    for price in prices:
        book.sent(book.order(side=side, price=price))
        book.later(apart_ns)
    return figures(book).run_longest, figures(book).runs


@pytest.mark.parametrize(
    ("prices", "apart_ns", "side", "expected"),
    [
        ([1, 2, 3], SECOND_NS, Side.BUY, (3, 1)),
        ([3, 2, 1], SECOND_NS, Side.BUY, (1, 0)),
        ([3, 2, 1], SECOND_NS, Side.SELL, (3, 1)),
        ([1, 2, 2], SECOND_NS, Side.BUY, (2, 0)),
        ([1, 2, 3], MINUTE_NS // 2 - 1, Side.BUY, (3, 1)),
        ([1, 2, 3], MINUTE_NS // 2, Side.BUY, (2, 0)),
        ([1, 2, 3, 4, 5, 6], SECOND_NS, Side.BUY, (6, 1)),
        ([1, 2, 3, 1, 2, 3], SECOND_NS, Side.BUY, (3, 2)),
    ],
)
def test_a_run_goes_on_strictly_and_lies_within_a_minute(
    prices: list[int], apart_ns: int, side: Side, expected: tuple[int, int]
) -> None:
    assert run_of(prices, apart_ns, side) == expected


def test_a_run_that_pauses_for_a_minute_is_another_one() -> None:
    book = Book()
    for price in range(1, 7):
        book.sent(book.order(price=price))
        book.later(MINUTE_NS if price == 3 else SECOND_NS)
    assert (figures(book).run_longest, figures(book).runs) == (3, 2)


@pytest.mark.parametrize(("apart_ns", "minute", "five"), [(MINUTE_NS - 1, 2, 2), (MINUTE_NS, 1, 2)])
def test_the_largest_value_of_a_minute_holds_no_fill_a_whole_minute_older(
    apart_ns: int, minute: int, five: int
) -> None:
    book = Book()
    order = book.order()
    book.sent(order, recent=50_000_000)
    for number in range(2):
        book.turn(fill_of(order, DAY, START_NS + number * apart_ns, fill_id=str(number)))
    found, value = figures(book), 10_500_000
    assert found.value_minute == Peak(minute * value, START_NS, STOCK)
    assert found.value_five == Peak(five * value, START_NS, STOCK)
    assert found.share_five == Peak(420_000, START_NS, STOCK)


def test_a_fill_told_twice_counts_once_with_its_name_or_without() -> None:
    book = Book()
    order = book.order()
    book.sent(order)
    told = fill_of(order, DAY, START_NS)
    book.turn(told)
    row = told.row
    nameless = replace(row, client_order_id="")
    book.turn(ev.BrokerListed(ACCOUNT, 1, book.now_ns, True, True, 0, (), (), (row, nameless)))  # type: ignore[arg-type]
    assert figures(book).fills == 1


def test_without_a_quote_that_tells_the_markets_value_there_is_no_share() -> None:
    book = Book()
    order = book.order()
    book.sent(order)
    book.turn(fill_of(order, DAY, START_NS))
    assert figures(book).share_five.amount == -1


# Days, restarts, whole journals


def test_a_day_holds_its_own_orders_only() -> None:
    book = Book()
    book.sent(book.order())
    book.next_day()
    book.sent(book.order(), book.order())
    assert (figures(book).orders, figures(book, NEXT_DAY).orders) == (1, 2)
    assert last_day(book.journal) == NEXT_DAY


def test_an_order_decided_on_one_day_and_told_of_on_the_next_counts_for_the_first() -> None:
    book = Book()
    order, withheld = book.order(), book.order()
    book.turn(book.signal(), order, withheld)
    book.next_day()
    book.sent(book.order())
    book.turn(book.handed(order, at_ns=START_NS + MILLISECOND_NS), ev.SubmitsWithheld((withheld.client_order_id,), "x"))
    found = figures(book)
    assert (found.orders, found.unrecorded, found.second.at_ns) == (1, 0, START_NS + MILLISECOND_NS)
    assert figures(book, NEXT_DAY).orders == 1


def test_a_day_whose_orders_are_all_told_of_is_read_no_further() -> None:
    book = Book()
    book.sent(book.order())
    book.turn(book.signal(), book.order())
    book.turn(ev.EngineStarted("test", settings_of(book)))
    book.next_day()
    for _ in range(3):
        book.sent(book.order())
    assert report(book.journal, DAY).turns == 6


def test_a_day_with_an_order_that_is_never_told_of_ends_a_hundred_turns_later() -> None:
    book = Book()
    book.turn(book.signal(), book.order())
    book.next_day()
    for _ in range(200):
        book.turn(ev.DeadlineReached())
    assert report(book.journal, DAY).turns == 103


def test_an_order_counts_once_over_a_restart_of_the_real_loop() -> None:
    bench = LoopBench().connect()
    bench.send(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER} #t/1")
    bench.rest()
    for number, order in enumerate(bench.broker.submits):
        bench.inbox.report(bench.row(order, f"b{number}"))
    bench.rest()
    bench.clock.steady += SECOND_NS
    again = bench.again().connect()
    again.send(f"cancel {STOCK}:{ACCOUNT}")
    again.rest()
    ours, other = report(again.journal, DAY).accounts
    assert (ours.orders, ours.unrecorded, ours.cancels) == (1, 0, len(again.broker.cancels)) == (1, 0, 1)
    assert (ours.orders_unquoted, ours.foreign_orders) == (0, 0)
    assert (other.orders, other.cancels) == (1, 0)


def test_a_day_that_the_journal_does_not_hold_is_told_with_those_it_holds() -> None:
    book = Book()
    book.next_day()
    with pytest.raises(NoSuchDayError) as error:
        report(book.journal, dt.date(2020, 1, 1))
    assert error.value.days == [DAY, NEXT_DAY]
    assert last_day(MemoryJournal()) is None


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_no_figures_come_out_of_a_journal_that_was_changed(number: int) -> None:
    book = Book()
    book.sent(book.order())
    book.next_day()
    book.sent(book.order())
    changed = MemoryJournal()
    for turn in book.journal.turns():
        changed.append(turn._replace(payload=turn.payload + b" ") if turn.number == number else turn)
    with pytest.raises(JournalBrokenError, match=f"turn {number} was changed"):
        report(changed, NEXT_DAY)


def test_a_turn_that_is_missing_is_told() -> None:
    class Gap(MemoryJournal):
        def turns(self, first: int = 1):  # type: ignore[no-untyped-def]
            return (turn for turn in super().turns(first) if turn.number != 2)

    book = Book(Gap())
    book.sent(book.order())
    with pytest.raises(JournalBrokenError, match="turn 2 is missing"):
        report(book.journal, DAY)


def test_long_journals_tell_how_far_they_were_read() -> None:
    book = Book()
    for _ in range(2100):
        book.turn(ev.DeadlineReached())
    told: list[int] = []
    report(book.journal, DAY, progress=told.append)
    assert told == [1000, 2000]
