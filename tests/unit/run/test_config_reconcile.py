"""``[reconcile]`` and the two keys of an account: what is read, what holds without them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.run.config_parts import GOOD, refusal, written

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reconciliation import OnDifference, OnForeign
from qmt_trading.model.settings import EngineSettings
from qmt_trading.run.config import load
from qmt_trading.run.config_reconcile import EVERY_NS, Reconcile


def engine_of(folder: Path, text: str) -> EngineSettings:
    return load(written(folder, text)).engine


def test_without_a_word_an_embedded_exchange_is_not_asked_and_a_counter_every_minute(tmp_path: Path) -> None:
    engine = engine_of(tmp_path, GOOD)
    (account,) = engine.accounts
    assert (account.reconcile_every_ns, engine.cash_tolerance) == (0, 50_000)
    assert (account.on_difference, account.foreign) == (OnDifference.ABSORB, OnForeign.ABSORB)
    silent = Reconcile(None, engine.cash_tolerance)
    (real,) = silent.given_to([account], clients=frozenset((account.terminal,)))
    assert real.reconcile_every_ns == EVERY_NS == 60 * SECOND_NS


@pytest.mark.parametrize(("every", "expected_ns"), [("off", 0), ("10s", 10 * SECOND_NS), ("5m", 300 * SECOND_NS)])
def test_what_is_written_holds_for_every_kind_of_terminal(tmp_path: Path, every: str, expected_ns: int) -> None:
    engine = engine_of(tmp_path, f'{GOOD}[reconcile]\nevery = "{every}"\ncash_tolerance = 0.5\n')
    assert (engine.accounts[0].reconcile_every_ns, engine.cash_tolerance) == (expected_ns, 5_000)


def test_an_account_has_its_own_policy(tmp_path: Path) -> None:
    (account,) = engine_of(tmp_path, GOOD + 'on_difference = "pause"\nforeign = "ignore"\n').accounts
    assert (account.on_difference, account.foreign) == (OnDifference.PAUSE, OnForeign.IGNORE)


@pytest.mark.parametrize(
    "line",
    [
        '[reconcile]\nevery = "9s"\n',
        "[reconcile]\nevery = true\n",
        "[reconcile]\ncash_tolerance = -1\n",
        '[reconcile]\nevry = "60s"\n',
        'on_difference = "absorbed"\n',
        "foreign = true\n",
    ],
)
def test_what_is_wrong_stops_the_start(tmp_path: Path, line: str) -> None:
    assert refusal(tmp_path, GOOD + line)
