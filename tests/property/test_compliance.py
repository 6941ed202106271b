"""The report of programme trading says what a plain model says, of whatever journal."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qmt_trading.codec.journal_record import GENESIS, Record, encode_turn, seal
from qmt_trading.journal.memory import MemoryJournal
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.ports import StoredTurn
from qmt_trading.run.compliance import Figures, Measures, Peak, report
from tests.compliance_book import RandomBook
from tests.compliance_model import model
from tests.engine_life import Life

MEASURES = Measures(rate=3)


def plain(figures: Figures, names: Sequence[str]) -> dict[str, object]:
    values = {name: getattr(figures, name) for name in names}
    return {name: value.amount if isinstance(value, Peak) else value for name, value in values.items()}


@pytest.mark.parametrize("seed", range(150))
def test_every_figure_is_the_plain_models(seed: int) -> None:
    book = RandomBook(seed)
    for _ in range(150):
        book.step()
    days = [record.day for records in book.turns for record in records if isinstance(record, ev.DayBegan)]
    for day in days:
        for figures in report(book.journal, day, MEASURES).accounts:
            expected = model(book.turns, day, figures.account)
            assert plain(figures, list(expected)) == expected, (seed, day, figures.account)


def journal_of(turns: Sequence[Sequence[Record]]) -> MemoryJournal:
    journal, head = MemoryJournal(), GENESIS
    for number, records in enumerate(turns, 1):
        payload = encode_turn(records)
        head = seal(head, number, payload)
        journal.append(StoredTurn(number, payload, head))
    return journal


@pytest.mark.parametrize("seed", range(20))
def test_of_the_engines_own_lives_no_hand_over_and_no_cancel_is_missed(seed: int) -> None:
    life = Life(seed)
    for _ in range(300):
        life.step()
    day, counted = None, dict[object, list[out.CancelOrder]]()
    submitted, called = dict[object, set[str]](), set[str]()
    for records in life.journal:
        for record in records:
            if isinstance(record, ev.DayBegan):
                day = record.day
            elif isinstance(record, out.CancelOrder) and record.attempt and not record.not_before_ns:
                counted.setdefault(day, []).append(record)
            elif isinstance(record, out.SubmitOrder):
                submitted.setdefault(day, set()).add(record.client_order_id)
            elif isinstance(record, ev.SubmitsHandedOver):
                called |= {name for name, _ in record.calls}
    journal = journal_of(life.journal)
    for each in submitted.keys() | counted.keys():
        found = report(journal, each).accounts  # type: ignore[arg-type]
        ours = submitted.get(each, set())
        assert sum(figures.cancels for figures in found) == len(counted.get(each, []))
        assert len(ours & called) <= sum(figures.orders for figures in found) <= len(ours)
