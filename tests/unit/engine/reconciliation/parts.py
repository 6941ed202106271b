"""A bench whose lists say what a test wants of positions and cash, and whose accounts have the policy it wants."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.engine.state import Account
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import SECOND_NS, Money, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reconciliation import OnDifference, OnForeign
from qmt_trading.model.settings import AccountSettings
from qmt_trading.model.words import TradingState
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench

CASH_NS = Money(10**10)
"""What every account of the bench begins with."""
OPENING = ((STOCK, 2000, 2000),)


class Reconciled(Bench):
    """Two accounts at a counter; the first has the policy."""

    def __init__(
        self,
        on_difference: OnDifference = OnDifference.ABSORB,
        foreign: OnForeign = OnForeign.ABSORB,
        *,
        every_s: int = 0,
        always_open: bool = True,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(ready=False)
        account = AccountSettings(
            account=ACCOUNT, on_difference=on_difference, foreign=foreign, reconcile_every_ns=every_s * SECOND_NS
        )
        if limits is not None:
            account = replace(account, limits=limits)
        self.settings = replace(
            self.settings, accounts=(account, AccountSettings(account=OTHER)), always_open=always_open
        )
        self.feed(ev.EngineStarted("test", self.settings))
        self.connect()
        self.outputs.clear()

    @property
    def account(self) -> Account:
        return self.engine.state.accounts[ACCOUNT]

    def trading(self) -> TradingState:
        """Return the first account's own trading state."""
        return self.account.state

    def lists(
        self,
        *rows: ev.OrderRow,
        held: tuple[tuple[Symbol, int, int], ...] = OPENING,
        cash: int = CASH_NS,
        fills: tuple[ev.FillRow, ...] = (),
        complete: bool = True,
        alive: bool = True,
        asked_ns: int = 0,
    ) -> list[out.Output]:
        """Give a list of the first account; ``held``: symbol, shares and what may be sold of them."""
        positions = tuple(
            Position(account=ACCOUNT, symbol=symbol, quantity=Quantity(quantity), sellable_quantity=Quantity(sellable))
            for symbol, quantity, sellable in held
        )
        return self.feed(
            ev.BrokerListed(
                ACCOUNT, self.session, asked_ns or self.now_ns, complete, alive, Money(cash), positions, rows, fills
            )
        )

    def told(self, code: str) -> list[out.Alert]:
        return [alert for alert in self.made(out.Alert) if alert.code == code]

    def wait(self, seconds: float) -> None:
        """Let time pass without anybody's asking."""
        self.now_ns += int(seconds * SECOND_NS)
