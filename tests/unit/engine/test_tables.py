"""Tables: what is published stays as it was, and costs only what changed."""

from __future__ import annotations

from random import Random

import pytest

from qmt_trading.engine.tables import Table
from qmt_trading.model.view import Rows


def test_a_table_is_like_a_list_and_what_was_published_never_changes() -> None:
    rng = Random(7)
    table: Table[int] = Table()
    model: list[int] = []
    published: list[tuple[Rows[int], list[int]]] = []
    for step in range(2000):
        if model and rng.random() < 0.4:
            index = rng.randrange(len(model))
            table.replace(index, step)
            model[index] = step
        else:
            assert table.append(step) == len(model)
            model.append(step)
        if rng.random() < 0.05:
            published.append((table.rows(), list(model)))
    assert list(table) == model
    assert len(table) == len(model)
    assert [table[index] for index in range(len(model))] == model
    assert len(published) > 50
    for rows, then in published:
        assert list(rows) == then
        assert len(rows) == len(then)


def test_publishing_copies_only_the_chunks_that_were_touched() -> None:
    table: Table[object] = Table()
    for _ in range(Rows.CHUNK * 3):
        table.append(object())
    before = table.rows()
    assert table.rows() is before
    table.replace(0, object())
    after = table.rows()
    assert after is not before
    same = [one is other for one, other in zip(before._chunks, after._chunks, strict=True)]
    assert same == [False, True, True]


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 128, 200])
def test_rows_are_read_from_both_ends_and_a_table_is_made_of_them_again(count: int) -> None:
    rows = Rows.of(list(range(count)))
    assert list(Table(rows)) == list(rows) == list(range(count))
    assert rows.newest(3) == list(range(count))[::-1][:3]
    for index in (count, -count - 1):
        with pytest.raises(IndexError):
            rows[index]
    if count:
        assert rows[-1] == count - 1
        assert rows[0] == rows[-count] == 0
