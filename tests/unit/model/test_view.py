"""Tables of the view: what changed between two of them is found by what is no longer the same object."""

from __future__ import annotations

from random import Random

from qmt_trading.engine.tables import Table
from qmt_trading.model.view import Rows


class Row:
    """Any object; equal only to itself."""


def test_a_table_that_is_the_same_has_changed_nowhere() -> None:
    rows = Rows.of([Row() for _ in range(200)])
    assert rows.changed_since(rows) == []


def test_against_an_empty_table_every_row_is_new() -> None:
    rows = [Row() for _ in range(130)]
    assert Rows.of(rows).changed_since(Rows()) == rows


def test_what_was_replaced_and_what_was_added_is_told_in_order() -> None:
    luck = Random(3)
    table: Table[Row] = Table()
    before = table.rows()
    for _ in range(300):
        touched: dict[int, Row] = {}
        for _ in range(luck.randrange(70)):
            row = Row()
            if len(table) and luck.random() < 0.5:
                index = luck.randrange(len(table))
                table.replace(index, row)
            else:
                index = table.append(row)
            touched[index] = row
        now = table.rows()
        assert now.changed_since(before) == [row for _, row in sorted(touched.items())]
        assert now.places_changed_since(before) == sorted(touched)
        before = now
