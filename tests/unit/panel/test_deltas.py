"""Deltas: the last value wins, what is new is kept in order, and an account sees its own."""

from __future__ import annotations

import json
from typing import Any

from qmt_trading.panel.deltas import Delta, Key, Row, encode, merge, row_of


def told(delta: Delta, account: str = "") -> dict[str, Any]:
    frame: dict[str, Any] = json.loads("{" + encode(delta, account))
    return frame


def test_of_two_rows_with_one_key_the_later_is_told() -> None:
    first = Delta(at_ms=1, keyed={"orders": {"a": row_of({"n": 1}), "b": row_of({"n": 2})}}, prices={"x": "1"})
    second = Delta(at_ms=2, keyed={"orders": {"a": row_of({"n": 3})}}, prices={"x": "2", "y": "5"})
    frame = told(merge([first, second]))
    assert frame == {"at": 2, "orders": [{"n": 3}, {"n": 2}], "prices": {"x": "2", "y": "5"}}


def test_what_is_new_is_kept_in_order() -> None:
    deltas = [Delta(at_ms=n, added={"fills": (row_of({"n": n}),)}) for n in range(3)]
    assert told(merge(deltas))["fills"] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_a_gap_anywhere_is_a_gap() -> None:
    assert merge([Delta(at_ms=1, is_gap=True), Delta(at_ms=2)]).is_gap


def test_who_watches_an_account_is_told_of_no_other() -> None:
    rows: dict[Key, Row] = {"1": row_of({"n": 1}, "A"), "2": row_of({"n": 2}, "B"), "3": row_of({"n": 3})}
    delta = Delta(at_ms=1, keyed={"orders": rows}, whole={"status": row_of({"mode": "paper"})})
    assert told(delta, "A") == {"at": 1, "status": {"mode": "paper"}, "orders": [{"n": 1}, {"n": 3}]}
    assert "orders" not in told(Delta(at_ms=1, keyed={"orders": {"2": row_of({}, "B")}}), "A")


def test_the_curve_is_of_one_account_or_of_all_together() -> None:
    delta = Delta(at_ms=1, added={"equity": (row_of([1, "5"], ""), row_of([1, "3"], "A"), row_of([1, "2"], "B"))})
    assert told(delta)["equity"] == [[1, "5"]]
    assert told(delta, "A")["equity"] == [[1, "3"]]
