"""Rule: an account is traded only after its broker has told cash and positions today and while its link is up."""

from __future__ import annotations

from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState


def check_account_ready(account: AccountId, link: LinkState, ready: bool) -> Denial | None:
    if link is LinkState.CONNECTED and ready:
        return None
    return Denial(Reason.ACCOUNT_NOT_READY, (account, link.value if link is not LinkState.CONNECTED else "reconciling"))
