"""Asking the engine: one that does not come back from a call does not run."""

from __future__ import annotations

import threading

import pytest

from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import Plain
from qmt_trading.panel import asking
from tests.panel_bench import until


def test_an_engine_that_never_comes_back_from_a_call_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "STUCK_S", 0.5)
    over, hangs = threading.Event(), threading.Event()

    def ask(request: wire.ControlRequest) -> list[Plain]:
        if hangs.is_set():
            over.wait(60)
        return []

    made = asking.Asking(ask)
    made.start()
    until(lambda: made.told.runs)
    hangs.set()
    until(lambda: not made.told.runs)
    over.set()
    hangs.clear()
    until(lambda: made.told.runs)
    made.stop()
