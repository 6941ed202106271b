"""The machine stays awake while it is told to, and what the system does is asked of the system."""

from __future__ import annotations

import sys

import pytest

from qmt_trading.run.day.awake import Awake, NoPower, power_of_this_system


class Power:
    def __init__(self, *, takes: bool = True) -> None:
        self.asked: list[bool] = []
        self._takes = takes

    def set(self, *, awake: bool) -> bool:
        self.asked.append(awake)
        return self._takes


def test_the_system_is_asked_when_something_changes_and_not_every_second() -> None:
    power = Power()
    awake = Awake(power)
    told = [awake.hold(wanted) for wanted in (False, True, True, False, False)]
    assert power.asked == [True, False]
    assert [bool(text) for text in told] == [False, True, False, True, False]


def test_where_the_system_refuses_nothing_is_claimed() -> None:
    assert Awake(Power(takes=False)).hold(True) == ""
    assert NoPower().set(awake=True) is False


@pytest.mark.skipif(sys.platform != "win32", reason="needs Windows: SetThreadExecutionState")
def test_windows_takes_the_request_and_lets_go_again() -> None:
    power = power_of_this_system()
    assert power.set(awake=True)
    assert power.set(awake=False)


@pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or another system without the call")
def test_elsewhere_nothing_is_done() -> None:
    assert isinstance(power_of_this_system(), NoPower)
