"""Tests that the exchange on paper knows ex-days: what its accounts hold, once, over restarts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.brokers.simulated.ledger import VenueAccount
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import day_of
from qmt_trading.model.words import Side
from tests.actions import action
from tests.unit.brokers.bench_parts import ACCOUNT, DAY, NOW_NS, PUFA, Quotes, opening, order

TOMORROW = day_of(NOW_NS) + dt.timedelta(days=1)
THREE_FOR_TEN = action(PUFA, TOMORROW, transfer="3", cash="5")


def exchange(book: FileBook, now_ns: int, *actions: CorporateAction) -> Exchange:
    return Exchange([opening(1_000, 1_445)], Quotes(), now_ns=now_ns, book=book, actions=lambda: actions)


def account(made: Exchange) -> VenueAccount:
    return made._ledger.accounts[ACCOUNT]


def test_an_ex_day_gives_shares_and_cash_once_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "book"
    made = exchange(FileBook(path), NOW_NS, THREE_FOR_TEN)
    cost = account(made).holdings[PUFA].cost
    made.advance(NOW_NS + DAY)
    made.close()
    for _ in range(2):
        made = exchange(FileBook(path), NOW_NS + DAY, THREE_FOR_TEN)
        held = account(made).holdings[PUFA]
        assert (held.quantity, held.sellable, held.cost) == (1_878, 1_878, cost - 7_225_000)
        assert account(made).cash == 10_000_000 + 7_225_000
        made.close()


def test_ex_days_while_it_was_down_count_at_its_start(tmp_path: Path) -> None:
    exchange(FileBook(tmp_path / "book"), NOW_NS).close()
    later = action(PUFA, TOMORROW + dt.timedelta(days=1), transfer="10")
    made = exchange(FileBook(tmp_path / "book"), NOW_NS + 3 * DAY, later, THREE_FOR_TEN)
    assert account(made).holdings[PUFA].quantity == 3_756


def test_what_is_known_of_today_or_of_what_is_to_come_changes_nothing(tmp_path: Path) -> None:
    today, to_come = (action(PUFA, TOMORROW + dt.timedelta(days=days), transfer="10") for days in (-1, 1))
    made = exchange(FileBook(tmp_path / "book"), NOW_NS, today, to_come)
    made.advance(NOW_NS + DAY)
    assert account(made).holdings[PUFA].quantity == 1_445


def test_actions_that_cannot_be_read_stop_no_day(tmp_path: Path) -> None:
    def broken() -> Sequence[CorporateAction]:
        raise ConfigurationError("row 2")

    made = Exchange([opening(1_000, 1_445)], Quotes(), now_ns=NOW_NS, actions=broken)
    made.advance(NOW_NS + DAY)
    assert account(made).holdings[PUFA].quantity == 1_445


def test_what_becomes_known_on_its_own_day_is_given_at_the_next_start_once(tmp_path: Path) -> None:
    path = tmp_path / "book"
    exchange(FileBook(path), NOW_NS).close()
    made = exchange(FileBook(path), NOW_NS + DAY)
    assert account(made).holdings[PUFA].quantity == 1_445
    made.close()
    for _ in range(3):
        made = exchange(FileBook(path), NOW_NS + DAY, THREE_FOR_TEN)
        held = account(made).holdings[PUFA]
        assert (held.quantity, held.sellable) == (1_878, 1_878)
        assert account(made).cash == 10_000_000 + 7_225_000
        made.close()
    more = action(PUFA, TOMORROW + dt.timedelta(days=1), transfer="10")
    made = exchange(FileBook(path), NOW_NS + 2 * DAY, THREE_FOR_TEN, more)
    assert account(made).holdings[PUFA].quantity == 3_756


def test_what_was_traded_before_it_became_known_was_traded_after_the_action(tmp_path: Path) -> None:
    path = tmp_path / "book"
    exchange(FileBook(path), NOW_NS).close()
    made = exchange(FileBook(path), NOW_NS + DAY)
    made.submit(order("a", Side.SELL, 400, "10.49"), NOW_NS + DAY)
    made.advance(NOW_NS + DAY)
    made.submit(order("b", Side.BUY, 100, "10.50"), NOW_NS + DAY)
    made.submit(order("c", Side.SELL, 300, "11.00"), NOW_NS + DAY)
    made.advance(NOW_NS + DAY)
    before = account(made).holdings[PUFA]
    assert (before.quantity, before.sellable, before.frozen) == (1_145, 1_045, 300)
    made.close()
    made = exchange(FileBook(path), NOW_NS + DAY, THREE_FOR_TEN)
    held = account(made).holdings[PUFA]
    assert (held.quantity, held.sellable, held.frozen) == (1_578, 1_478, 300)
    assert account(made).sellable(PUFA) == 1_178
    made.close()


def test_a_merger_that_becomes_known_late_leaves_what_is_offered(tmp_path: Path) -> None:
    path = tmp_path / "book"
    exchange(FileBook(path), NOW_NS).close()
    made = exchange(FileBook(path), NOW_NS + DAY)
    made.submit(order("a", Side.SELL, 1_400, "11.00"), NOW_NS + DAY)
    made.close()
    made = exchange(FileBook(path), NOW_NS + DAY, action(PUFA, TOMORROW, split="0.5"))
    held = account(made).holdings[PUFA]
    assert (held.quantity, held.sellable, held.frozen) == (1_400, 1_400, 1_400)
    made.close()


def test_an_account_of_today_holds_what_its_configuration_says(tmp_path: Path) -> None:
    today = action(PUFA, TOMORROW - dt.timedelta(days=1), transfer="10")
    for _ in range(2):
        made = exchange(FileBook(tmp_path / "book"), NOW_NS, today)
        assert account(made).holdings[PUFA].quantity == 1_445
        made.close()
