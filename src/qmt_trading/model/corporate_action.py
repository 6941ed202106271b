"""A corporate action: what a company or a fund gives for its shares on one day, as it was announced."""

from __future__ import annotations

import datetime as dt
from typing import Final

from msgspec import Struct

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price

BASIS: Final = 1_000_000_000
"""The figures of an action are those of so many shares: exact for what is announced per 10 with up to 8 decimals."""


class CorporateAction(Struct, frozen=True, array_like=True, kw_only=True):
    """Everything of one symbol that begins to hold on one ex-day: 送股, 转增, 派息, 配股, and a fund's 折算.

    What is given in shares and cash goes by the holding after the close of the record day, the last one before.
    """

    symbol: Symbol
    ex_day: dt.date
    """除权除息日: from its opening on, price and holdings are those after the action."""
    bonus_shares: int = 0
    """送股, out of profits, for ``BASIS`` shares: 10 送 3 is 300_000_000."""
    transfer_shares: int = 0
    """转增, out of the capital reserve."""
    rights_shares: int = 0
    """配股: may be subscribed for; they are part of the ex-right price, and of no holding before they are paid for."""
    rights_price: Price = Price(0)
    cash: Money = Money(0)
    """派息 before tax, for ``BASIS`` shares: 10 派 1.74 元 is 1_740_000_000_000."""
    split_shares: int = BASIS
    """折算: what ``BASIS`` units of a fund become before anything is given; more for a split, less for a merger."""
    record_day: dt.date | None = None
    """股权登记日; None: the source does not say."""
    pay_day: dt.date | None = None
    """When the cash comes; None: the source does not say."""
    note: str = ""
    source: str = ""

    @property
    def given_shares(self) -> int:
        """Bonus and transfer together."""
        return self.bonus_shares + self.transfer_shares

    @property
    def shares_after(self) -> int:
        """What ``BASIS`` shares have become on the ex-day, without rights."""
        return self.split_shares + self.given_shares
