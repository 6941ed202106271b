"""Reconciling on demand: the answer is waited for, and told beside our own books."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Final

from qmt_trading.codec import reconcile_json
from qmt_trading.engine.reconciliation.policy import concerns_unknown
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import View
from qmt_trading.model.words import OrderStatus

LIST_WAIT_S: Final = 8.0
"""How long the brokers' lists are waited for: less than a person's command waits for its answer."""
_LOOK_S: Final = 0.02
_UNRESOLVED: Final = (OrderStatus.UNKNOWN, OrderStatus.EXPIRED_UNRESOLVED)


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


def why_not_ignored(view: View, account: AccountId, key: str) -> str:
    """Return why the engine has not let a difference stay as it is, in both languages."""
    found = [each for row in view.accounts if row.account == account for each in row.differences]
    named = next((each for each in found if each.key == key), None)
    if named is None:
        known = "、".join(each.key for each in found) or "无"
        return f"没有这项差异（数字变了就是另一项）：{key}；现有：{known} / no such difference, or it has changed"
    if named.ignored_ns:
        return f"{named.ignored_by} 已经忽略了这项差异 / it is ignored already"
    if not named.is_proven:
        return "这项差异还没有证实，可能是柜台滞后：几秒后再对账 / it is not proven yet: compare again in some seconds"
    unresolved = [order.symbol for order in view.orders if order.account == account and order.status in _UNRESOLVED]
    if concerns_unknown(named.symbol, unresolved):
        return "这项差异牵涉待核实委托，不能忽略：先核实或了结它 / an unknown order may explain it: resolve that first"
    return "差异刚刚变了，请再看一次 / it has changed just now: look again"
