"""Tables as CSV that a spreadsheet opens as it is: UTF-8 with its mark, Chinese headings, nothing that computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from qmt_trading.codec.sheet_cells import harmless
from qmt_trading.codec.view_json import Plain

T = TypeVar("T")
CHUNK: Final = 1_000
MARK: Final = "\ufeff"

ORDERS: Final = {
    "created_at": "委托时间",
    "account": "账号",
    "symbol": "代码",
    "side_text": "方向",
    "quantity": "委托数量",
    "price": "委托价格",
    "status_text": "状态",
    "filled_quantity": "成交数量",
    "leaves_quantity": "未成交",
    "average_price": "成交均价",
    "client_order_id": "本地编号",
    "broker_order_id": "委托编号",
    "venue_order_id": "合同编号",
    "foreign": "外部委托",
    "strategy": "策略",
    "seq": "信号",
    "updated_at": "更新时间",
    "text": "柜台",
}
FILLS: Final = {
    "filled_at": "成交时间",
    "account": "账号",
    "symbol": "代码",
    "side_text": "方向",
    "price": "成交价格",
    "quantity": "成交数量",
    "fee": "估算费用",
    "decision_price": "判定时最新价",
    "slippage": "滑点",
    "slippage_bp": "滑点（万分之）",
    "strategy": "策略",
    "fill_id": "成交编号",
    "client_order_id": "本地编号",
    "venue_order_id": "合同编号",
}


def lines(columns: dict[str, str], rows: Sequence[T], plain: Callable[[T], Plain]) -> Iterator[bytes]:
    """Yield the whole table in pieces of some hundred kilobytes: only the piece in hand exists as text."""
    yield (MARK + _text([list(columns.values())])).encode("utf-8")
    for first in range(0, len(rows), CHUNK):
        told = [plain(row) for row in rows[first : first + CHUNK]]
        yield _text([[_cell(row.get(name)) for name in columns] for row in told]).encode("utf-8")


def _text(cells: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(cells)
    return out.getvalue()


def _cell(value: object) -> str:
    """Return a cell; a text that a spreadsheet would compute gets a quote before it."""
    if value is None or value is False:
        return ""
    if value is True:
        return "是"
    return harmless(value) if isinstance(value, str) else str(value)
