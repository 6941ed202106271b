"""Rows as a terminal tells them, for the tests of their translation."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.signal import AccountId

ACCOUNT: Final = AccountId("11031122")
TIME_S: Final = 1_764_120_600
"""2025-11-26 09:30:00 in Shanghai."""


def order(**changed: object) -> dict[str, object]:
    return {
        "account_type": 2,
        "account_id": ACCOUNT,
        "stock_code": "600000.SH",
        "order_id": 1_074_266_113,
        "order_sysid": "A1000123",
        "order_time": TIME_S,
        "order_type": 23,
        "order_volume": 500,
        "price_type": 50,
        "price": 10.5,
        "traded_volume": 0,
        "traded_price": 0.0,
        "order_status": 50,
        "status_msg": "",
        "strategy_name": "",
        "order_remark": "QMT0100000001",
        "direction": 48,
        "offset_flag": 48,
        **changed,
    }


def fill(**changed: object) -> dict[str, object]:
    return {
        "account_type": 2,
        "account_id": ACCOUNT,
        "stock_code": "600000.SH",
        "order_type": 24,
        "traded_id": "F77",
        "traded_time": TIME_S,
        "traded_price": 10.49,
        "traded_volume": 300,
        "traded_amount": 3147.0,
        "order_id": 1_074_266_113,
        "order_sysid": "A1000123",
        "order_remark": "QMT0100000001",
        "commission": 0.0,
        **changed,
    }


def held(**changed: object) -> dict[str, object]:
    return {
        "account_type": 2,
        "account_id": ACCOUNT,
        "stock_code": "600000.SH",
        "volume": 1000,
        "can_use_volume": 300,
        "open_price": 10.0,
        "avg_price": 10.0123,
        "market_value": 10_500.0,
        "frozen_volume": 500,
        "on_road_volume": 200,
        "yesterday_volume": 800,
        **changed,
    }


def funds(**changed: object) -> dict[str, object]:
    return {
        "account_type": 2,
        "account_id": ACCOUNT,
        "cash": 70_000.01,
        "frozen_cash": 5_250.0,
        "market_value": 10_500.0,
        "total_asset": 85_750.01,
        **changed,
    }
