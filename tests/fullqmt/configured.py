"""The configuration of one full client, as the engine has it."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.numbers import Money
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.signal import AccountId
from qmt_trading.run.config_terminals import Account, FullQmtTerminal, Terminal

ACCOUNT: Final = AccountId("11031122")


def terminal_at(address: str, *, name: str = "大QMT") -> Terminal:
    """Return a full client of one account that finds us at ``address``."""
    return Terminal(
        name=name,
        seed=1,
        address="",
        exchange_folder="",
        accounts=(Account(account=ACCOUNT, cash=Money(0), holdings=(), fees=FeeSchedule()),),
        fullqmt=FullQmtTerminal(address=address, simulation=False, needs_callback=True),
    )
