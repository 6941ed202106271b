"""Silence counts from the last sign of life, and more than three periods of it are an alert."""

from __future__ import annotations

from qmt_trading.intake.sign_of_life import SignOfLife
from qmt_trading.intake.trouble import FRESH_NS, Trouble


class Steady:
    def __init__(self) -> None:
        self.now_ns = 1_000

    def __call__(self) -> int:
        return self.now_ns


def test_three_periods_of_silence_are_borne_and_one_nanosecond_more_is_not() -> None:
    steady = Steady()
    life = SignOfLife(100, steady)
    found = []
    for passing_ns in (300, 1):
        steady.now_ns += passing_ns
        found.append(life.is_overdue)
    assert found == [False, True]
    assert life.silent_ns == 301
    life.heard()
    assert (life.is_overdue, life.silent_ns) == (False, 0)


def test_without_a_promised_period_no_silence_is_overdue() -> None:
    steady = Steady()
    life = SignOfLife(0, steady)
    steady.now_ns += 10**15
    assert not life.is_overdue
    assert life.silent_ns == 10**15


def test_a_fault_is_an_alert_for_a_minute_and_is_told_after_that() -> None:
    steady = Steady()
    trouble = Trouble(steady)
    assert trouble.told("监听", "listening") == ("监听", "listening")
    trouble.note("断了", "broken")
    assert trouble.told("监听", "listening")[0] == "⚠ 监听，最近的故障（共 1 次）：断了"
    assert trouble.told("⚠ 满了", "⚠ full")[0].count("⚠") == 1
    steady.now_ns += FRESH_NS
    assert trouble.told("监听", "listening")[1] == "listening, last fault (of 1): broken"
    trouble.note_error(ValueError("again"))
    assert trouble.told("监听", "listening")[1] == "⚠ listening, last fault (of 2): ValueError: again"
