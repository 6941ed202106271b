"""A ranking that follows a table is the one that would be made anew."""

from __future__ import annotations

from random import Random

from msgspec import Struct

from qmt_trading.engine.tables import Table
from qmt_trading.model.view import Rows
from qmt_trading.panel.ranking import CHANGES_MAX, Ranking


class Row(Struct):
    key: int
    good: bool
    number: int


def is_good(row: Row) -> bool:
    return row.good


def of_key(row: Row) -> int:
    return row.key


def made_anew(rows: Rows[Row], *, descends: bool) -> list[int]:
    found = [row for row in rows if row.good]
    if descends:
        found.reverse()
    return [row.number for row in sorted(found, key=of_key, reverse=descends)]


def numbers(ranking: Ranking[Row], *, descends: bool) -> list[int]:
    return [row.number for row in ranking.page(0, len(ranking), descends=descends)]


def test_whatever_changes_it_is_as_if_made_anew() -> None:
    luck = Random(5)
    table: Table[Row] = Table()
    ranking = Ranking(table.rows(), [is_good], of_key)
    for turn in range(200):
        for _ in range(luck.choice((0, 1, 3, 40))):
            row = Row(luck.randrange(12), luck.random() < 0.6, luck.randrange(1 << 30))
            if len(table) and luck.random() < 0.6:
                table.replace(luck.randrange(len(table)), row)
            else:
                table.append(row)
        rows = table.rows()
        ranking.follow(rows)
        for descends in (False, True):
            assert numbers(ranking, descends=descends) == made_anew(rows, descends=descends), turn


def test_many_changes_and_another_table_are_ranked_again() -> None:
    many = Rows.of([Row(number % 5, True, number) for number in range(CHANGES_MAX * 2)])
    few = Rows.of([Row(number % 3, True, number) for number in range(10)])
    ranking = Ranking(many, [is_good], of_key)
    for rows in (few, many, few):
        ranking.follow(rows)
        assert numbers(ranking, descends=True) == made_anew(rows, descends=True)


def test_pages_are_parts_of_the_whole() -> None:
    rows = Rows.of([Row(number % 7, number % 3 > 0, number) for number in range(100)])
    ranking = Ranking(rows, [is_good], of_key)
    for descends in (False, True):
        whole = made_anew(rows, descends=descends)
        for offset in (0, 1, 30, len(whole) - 1, len(whole), 500):
            page = ranking.page(offset, 10, descends=descends)
            assert [row.number for row in page] == whole[offset : offset + 10]
