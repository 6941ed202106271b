"""The exchange's book outlives its process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.matching import Liquidity
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.events import OrderReported, SubmitRefused, SubmitUncertain
from qmt_trading.model.words import OrderStatus, Side
from tests.unit.brokers.bench_parts import ACCOUNT, DAY, DEEP, NOW_NS, STEP, Quotes, cancel, make, order


def test_a_killed_exchange_knows_everything_that_it_answered(tmp_path: Path) -> None:
    path = tmp_path / "exchange.book"
    exchange = make(Quotes(), book=FileBook(path), liquidity=DEEP)
    exchange.submit(order("A1", quantity=500, price="10.51"), NOW_NS)
    exchange.advance(NOW_NS)
    exchange.submit(order("A2", price="10.40"), NOW_NS)
    (row,) = [row for row in exchange.listing(ACCOUNT, asked_ns=0, now_ns=NOW_NS).rows if row.client_order_id == "A2"]
    exchange.cancel(cancel("A2", broker=row.broker_order_id), NOW_NS)
    exchange.submit(order("A3", Side.SELL, 300, "10.60"), NOW_NS)
    exchange.submit(order("A4", quantity=1), NOW_NS)
    exchange.submit(order("A5", deadline_ns=NOW_NS - 1), NOW_NS)
    exchange.submit(order("A1"), NOW_NS)
    before = exchange.listing(ACCOUNT, asked_ns=0, now_ns=NOW_NS)

    again = make(Quotes(), book=FileBook(path), cash_yuan=1, held=7, liquidity=DEEP)
    after = again.listing(ACCOUNT, asked_ns=0, now_ns=NOW_NS)
    assert after.session > before.session
    assert (after.cash, after.positions, after.rows, after.fills) == (
        before.cash,
        before.positions,
        before.rows,
        before.fills,
    )
    assert (again.duplicates, again.executed) == (1, exchange.executed)
    now_ns = NOW_NS
    while any(row.status is OrderStatus.NEW and row.side is Side.BUY for row in after.rows):
        now_ns += STEP
        again.advance(now_ns)
        after = again.listing(ACCOUNT, asked_ns=0, now_ns=now_ns)
    assert again.executed == exchange.executed


def test_what_is_frozen_is_frozen_again(tmp_path: Path) -> None:
    path = tmp_path / "exchange.book"
    make(Quotes(), book=FileBook(path), cash_yuan=2_200).submit(order("A1", quantity=200, price="10.45"), NOW_NS)
    again = make(Quotes(), book=FileBook(path))
    report = again.submit(order("A2", price="10.45"), NOW_NS)[-1]
    assert isinstance(report, OrderReported)
    assert report.row.text == "资金不足：可用 104.98，需 1,050.01"


def test_a_line_that_was_cut_by_the_death_was_never_answered(tmp_path: Path) -> None:
    path = tmp_path / "exchange.book"
    exchange = make(Quotes(), book=FileBook(path))
    exchange.submit(order("A1"), NOW_NS)
    whole = path.read_bytes()
    exchange.submit(order("A2"), NOW_NS)
    path.write_bytes(path.read_bytes()[: len(whole) + 5])
    again = make(Quotes(), book=FileBook(path))
    assert again.executed == {"A1": 1}
    again.submit(order("A3"), NOW_NS)
    assert make(Quotes(), book=FileBook(path)).executed == {"A1": 1, "A3": 1}


def test_damage_inside_the_book_stops_the_start_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "exchange.book"
    make(Quotes(), book=FileBook(path)).submit(order("A1"), NOW_NS)
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1][:-3]
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(ConfigurationError, match="第 2 行"):
        make(Quotes(), book=FileBook(path))


def test_a_new_day_begins_a_short_book_that_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "exchange.book"
    exchange = make(Quotes(), book=FileBook(path))
    for number in range(50):
        exchange.submit(order(f"A{number}"), NOW_NS)
    exchange.submit(order("A1"), NOW_NS)
    exchange.advance(NOW_NS)
    size = path.stat().st_size
    tomorrow = NOW_NS + DAY
    exchange.advance(tomorrow)
    before = exchange.listing(ACCOUNT, asked_ns=0, now_ns=tomorrow)
    assert path.stat().st_size < size // 10
    again = make(Quotes(), book=FileBook(path), now_ns=tomorrow)
    after = again.listing(ACCOUNT, asked_ns=0, now_ns=tomorrow)
    assert (after.cash, after.positions, again.duplicates) == (before.cash, before.positions, 1)
    assert after.session > before.session
    (position,) = after.positions
    assert position.sellable_quantity == position.quantity


def test_an_exchange_that_was_down_over_midnight_rolls_at_its_start(tmp_path: Path) -> None:
    path = tmp_path / "exchange.book"
    make(Quotes(), book=FileBook(path)).submit(order("A1", price="10.40"), NOW_NS)
    again = make(Quotes(), book=FileBook(path), now_ns=NOW_NS + DAY)
    assert again.listing(ACCOUNT, asked_ns=0, now_ns=NOW_NS + DAY).rows == ()
    assert not again.working


def test_a_full_disk_closes_for_submits_and_not_for_cancels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "exchange.book"
    exchange = make(Quotes(), book=FileBook(path), liquidity=Liquidity())
    (report,) = exchange.submit(order("A1", price="10.40"), NOW_NS)
    assert isinstance(report, OrderReported)
    write = os.write

    def full(file: int, content: bytes) -> int:
        write(file, content[:7])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        assert [type(each) for each in exchange.submit(order("A2"), NOW_NS)] == [SubmitUncertain]
        assert [type(each) for each in exchange.submit(order("A3"), NOW_NS)] == [SubmitRefused]
        assert exchange.advance(NOW_NS + STEP) == []
        (canceled,) = exchange.cancel(cancel("A1", broker=report.row.broker_order_id), NOW_NS)
        assert isinstance(canceled, OrderReported)
        assert canceled.row.status is OrderStatus.CANCELED
    exchange.submit(order("A4"), NOW_NS)
    rows = make(Quotes(), book=FileBook(path)).listing(ACCOUNT, asked_ns=0, now_ns=NOW_NS).rows
    assert [(row.client_order_id, row.status) for row in rows] == [
        ("A1", OrderStatus.CANCELED),
        ("A2", OrderStatus.NEW),
        ("A4", OrderStatus.NEW),
    ]
