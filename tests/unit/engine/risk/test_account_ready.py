"""Rule: an account is traded after its first complete list of the day, while its link is up."""

from __future__ import annotations

from qmt_trading.engine.risk.account_ready import check_account_ready
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import LinkState
from tests.engine_bench import ACCOUNT


def test_a_connected_account_that_has_told_its_figures_is_ready() -> None:
    assert check_account_ready(ACCOUNT, LinkState.CONNECTED, ready=True) is None


def test_a_connected_account_that_has_told_nothing_yet_is_reconciling() -> None:
    denial = check_account_ready(ACCOUNT, LinkState.CONNECTED, ready=False)
    assert denial == Denial(Reason.ACCOUNT_NOT_READY, (ACCOUNT, "reconciling"))


def test_a_link_that_is_down_is_named_whether_figures_are_known_or_not() -> None:
    for ready in (True, False):
        denial = check_account_ready(ACCOUNT, LinkState.DOWN, ready=ready)
        assert denial == Denial(Reason.ACCOUNT_NOT_READY, (ACCOUNT, "down"))
