"""The counter's own books, which are the truth: orders, fills, cash and positions, whatever anybody was told."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

SYMBOLS: Final = ("600000.SH", "600036.SH", "000001.SZ", "000002.SZ", "600010.SH")
PROBE: Final = SYMBOLS[-1]
"""Traded at the end only, to show that everything goes again."""
ACCOUNTS: Final = ("a01", "a02")
CASH_YUAN: Final = 1_000_000.0
SHARES: Final = 5_000
BUY: Final = 23
OVER: Final = (53, 54, 56, 57)
WORKING: Final = (48, 49, 50, 51, 52, 55)


class Counter:
    """One counter for all accounts. ``told`` is called with each row that changes, and its kind."""

    def __init__(self, told: Callable[[str, SimpleNamespace], None], now_s: Callable[[], int]) -> None:
        self._told = told
        self._now_s = now_s
        self.orders: list[SimpleNamespace] = []
        self.fills: list[SimpleNamespace] = []
        self.cash = dict.fromkeys(ACCOUNTS, CASH_YUAN)
        """Available and frozen."""
        self.shares = {(account, symbol): SHARES for account in ACCOUNTS for symbol in SYMBOLS}
        self.bought: dict[tuple[str, str], int] = {}
        """Of today: not to be sold today."""
        self._number = 1_082_130_432

    def place(
        self, account: str, symbol: str, kind: int, quantity: int, price: float, remark: str, *, phone: bool = False
    ) -> SimpleNamespace:
        """Take an order in; one that is not covered is rejected."""
        self._number += 1
        row = SimpleNamespace(
            account_type=2,
            account_id=account,
            stock_code=symbol,
            order_id=0 if phone else self._number,
            order_sysid="",
            order_time=self._now_s(),
            order_type=kind,
            order_volume=quantity,
            price_type=50,
            price=price,
            traded_volume=0,
            traded_price=0.0,
            order_status=48,
            status_msg="",
            strategy_name="",
            order_remark=remark,
        )
        covered = self._is_covered(row)
        self.orders.append(row)
        if covered:
            self._move(row, 49)
            row.order_sysid = f"S{len(self.orders)}"
            self._move(row, 50)
        else:
            row.status_msg = "资金或股份不足"
            self._move(row, 57)
        return row

    def fill(self, row: SimpleNamespace, quantity: int) -> None:
        """Execute some of a working order; the number of an execution is unique within its order only."""
        assert row.order_status in WORKING
        row.traded_volume += quantity
        row.traded_price = row.price
        number = sum(fill.order_sysid == row.order_sysid for fill in self.fills) + 1
        fill = SimpleNamespace(
            account_type=2,
            account_id=row.account_id,
            stock_code=row.stock_code,
            traded_id=f"T{number}",
            traded_time=self._now_s(),
            traded_price=row.price,
            traded_volume=quantity,
            traded_amount=row.price * quantity,
            order_type=row.order_type,
            order_id=row.order_id,
            order_sysid=row.order_sysid,
            commission=0.0,
            strategy_name="",
            order_remark=row.order_remark,
        )
        self.fills.append(fill)
        key = row.account_id, row.stock_code
        worth = row.price * quantity
        fee = (5.0 if number == 1 else 0.0) + worth * 0.00001
        if row.order_type == BUY:
            self.cash[row.account_id] -= worth + fee
            self.shares[key] += quantity
            self.bought[key] = self.bought.get(key, 0) + quantity
        else:
            self.cash[row.account_id] += worth - fee - worth * 0.0005
            self.shares[key] -= quantity
        done = row.traded_volume >= row.order_volume
        self._move(row, 56 if done else 55 if row.order_status not in (51, 52) else 52)
        self._told("fill", SimpleNamespace(**vars(fill)))

    def cancel(self, row: SimpleNamespace) -> bool:
        """Cancel a working order; return whether there was one."""
        if row.order_status not in WORKING:
            return False
        part = row.traded_volume > 0
        self._move(row, 52 if part else 51)
        self._move(row, 53 if part else 54)
        return True

    def find(self, account: str, order_id: int, sysid: str, market: str = "") -> SimpleNamespace | None:
        """Return the order of that number, or of that contract number."""
        for row in self.orders:
            if row.account_id == account and (
                row.order_id == order_id if order_id else row.order_sysid == sysid and row.stock_code[-2:] == market
            ):
                return row
        return None

    def working(self) -> list[SimpleNamespace]:
        return [row for row in self.orders if row.order_status in WORKING]

    def of(self, account: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(**vars(row)) for row in self.orders if row.account_id == account]

    def fills_of(self, account: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(**vars(row)) for row in self.fills if row.account_id == account]

    def asset(self, account: str) -> SimpleNamespace:
        frozen = self._frozen_cash(account)
        held = {symbol: self.shares[account, symbol] for symbol in SYMBOLS}
        worth = sum(quantity * 10.5 for quantity in held.values())
        return SimpleNamespace(
            account_type=2,
            account_id=account,
            cash=round(self.cash[account] - frozen, 2),
            frozen_cash=round(frozen, 2),
            market_value=worth,
            total_asset=round(self.cash[account] + worth, 2),
        )

    def positions(self, account: str) -> list[SimpleNamespace]:
        rows = []
        for symbol in SYMBOLS:
            held = self.shares[account, symbol]
            frozen = self._frozen_shares(account, symbol)
            rows.append(
                SimpleNamespace(
                    account_type=2,
                    account_id=account,
                    stock_code=symbol,
                    volume=held,
                    can_use_volume=self.sellable(account, symbol) - frozen,
                    frozen_volume=frozen,
                    yesterday_volume=SHARES,
                    open_price=10.0,
                    avg_price=10.0,
                )
            )
        return rows

    def sellable(self, account: str, symbol: str) -> int:
        """Return what may be sold today, with what working sells freeze."""
        return self.shares[account, symbol] - self.bought.get((account, symbol), 0)

    def _move(self, row: SimpleNamespace, status: int) -> None:
        row.order_status = status
        self._told("order", SimpleNamespace(**vars(row)))

    def _is_covered(self, row: SimpleNamespace) -> bool:
        if row.order_type == BUY:
            need = row.price * row.order_volume + 5.0
            return bool(self.cash[row.account_id] - self._frozen_cash(row.account_id) >= need)
        frozen = self._frozen_shares(row.account_id, row.stock_code)
        return bool(self.sellable(row.account_id, row.stock_code) - frozen >= row.order_volume)

    def _left(self, account: str, kind: int) -> list[tuple[str, int, float]]:
        return [
            (row.stock_code, row.order_volume - row.traded_volume, row.price)
            for row in self.orders
            if row.account_id == account and row.order_type == kind and row.order_status in WORKING
        ]

    def _frozen_cash(self, account: str) -> float:
        return sum(quantity * price for _, quantity, price in self._left(account, BUY))

    def _frozen_shares(self, account: str, symbol: str) -> int:
        return sum(quantity for code, quantity, _ in self._left(account, BUY + 1) if code == symbol)
