"""Reconciling on demand: the answer is waited for, and told beside our own books."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Final

from qmt_trading.codec import reconcile_json
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import View

LIST_WAIT_S: Final = 8.0
"""How long the brokers' lists are waited for: less than a person's command waits for its answer."""
_LOOK_S: Final = 0.02


def answered_rows(
    view: Callable[[], View], accounts: Collection[AccountId], asked_ns: int, now_ns: Callable[[], int]
) -> list[reconcile_json.Plain]:
    """Wait until each connected account of ``accounts`` has a complete list that was asked for from ``asked_ns`` on.

    Returns:
        The accounts' rows; ``answered`` is false where no such list came in time, and the figures are older ones.
    """
    until_s = time.monotonic() + LIST_WAIT_S
    while not _have_answered(view(), accounts, asked_ns) and time.monotonic() < until_s:
        time.sleep(_LOOK_S)
    seen = view()
    listed_ns = {row.account: row.listed.asked_ns for row in seen.accounts}
    return [
        {**row, "answered": listed_ns[AccountId(str(row["account"]))] >= asked_ns}
        for row in reconcile_json.reconcile_rows(seen, now_ns())
        if row["account"] in accounts
    ]


def _have_answered(view: View, accounts: Collection[AccountId], asked_ns: int) -> bool:
    return all(row.listed.asked_ns >= asked_ns for row in view.accounts if row.account in accounts and row.is_connected)
