"""What a host says of orders, as reports for the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from qmt_trading.brokers.linked.accounts import Accounts
from qmt_trading.brokers.linked.lists import ROW_ERRORS
from qmt_trading.brokers.linked.memory import Memory
from qmt_trading.brokers.linked.translate import Translate
from qmt_trading.link.messages import CancelStage, Outcome, Pushed, Stage
from qmt_trading.model.events import (
    CancelRefused,
    FillReported,
    OrderReported,
    OrderRow,
    Report,
    SubmitRefused,
    SubmitUncertain,
)
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus

WHYS: Final = {
    "disarmed": "柜台宿主未授权下单",
    "halted": "已停止，未报送",
    "expired": "委托已过期，未报送",
    "no_clock": "无法判断委托时效，未报送",
    "busy": "柜台宿主繁忙，未报送",
    "no_account": "资金账号不存在",
    "not_ready": "资金账号未就绪",
    "capability": "柜台宿主不支持这种委托",
    "bad": "委托内容有误，未报送",
    "fenced": "已确认从未报送",
    "withdrawn": "报送前已撤回",
    "no_id": "撤单失败：委托没有编号",
    "minus_one": "终端返回 -1，可能已报",
    "no_return": "终端的调用没有返回，可能已报",
    "raised": "终端的调用出错，可能已报",
    "terminal": "柜台拒绝",
}
"""Why a host refuses, or does not know. Source: docs/link.md, "Life of a submit"."""


class Reports:
    """Turns messages into reports. One thread at a time; remembers through ``memory`` what it has told."""

    def __init__(
        self,
        translate: Translate,
        accounts: Accounts,
        memory: Memory,
        complain: Callable[[str, str, str], None],
        doubt: Callable[[AccountId, str, str], None],
        wanting_list: Callable[[AccountId], None],
    ) -> None:
        """Make reports.

        Args:
            complain: takes a code, and what is wrong in two languages.
            doubt: takes an account of which a person must look at an order.
            wanting_list: takes an account to be listed anew.
        """
        self._doubt = doubt
        self._translate = translate
        self._accounts = accounts
        self._memory = memory
        self._complain = complain
        self._wanting_list = wanting_list

    def stage(self, stage: Stage) -> Report | None:
        """Return what became of a submit before the terminal; nothing where it was handed over: a row tells then."""
        order = self._memory.order(stage.coid)
        if order is None or stage.st == "dispatched":
            return None
        text = _text(stage.why, stage.text)
        if stage.st == "refused":
            return SubmitRefused(order.account, order.client_order_id, text)
        return SubmitUncertain(order.account, order.client_order_id, text)

    def outcome(self, outcome: Outcome) -> Report | None:
        order = self._memory.order(outcome.coid)
        if order is None:
            return None
        if outcome.st == "refused" and outcome.complete:
            return SubmitRefused(order.account, order.client_order_id, _text(outcome.why, ""))
        return SubmitUncertain(order.account, order.client_order_id, "连接中断后向柜台宿主核实：可能已报送")

    def cancel_stage(self, stage: CancelStage) -> Report | None:
        order = self._memory.cancelled(stage.cid)
        if order is None or stage.st != "refused":
            return None
        return CancelRefused(order.account, order.client_order_id, _text(stage.why, stage.text))

    def row(self, pushed: Pushed) -> Report | None:
        """Return what a pushed row tells; None for one of a session that the engine was never told of."""
        way = self._accounts.get(pushed.account)
        if way is None:
            return None
        if pushed.kind == "cancel_error":
            return self._cancel_error(pushed, way.account)
        session = way.session_of(pushed.session)
        if session is None:
            return None
        try:
            match pushed.kind:
                case "order":
                    return self._order(pushed, way.account, session)
                case "fill":
                    return self._fill(pushed, way.account, session)
                case _:
                    return self._order_error(pushed, way.account, session)
        except ROW_ERRORS as error:
            self._complain("row_unreadable", f"柜台的一行回报无法读懂：{error}", f"a row cannot be read: {error}")
            self._wanting_list(way.account)
            return None

    def _order(self, pushed: Pushed, account: AccountId, session: int) -> Report | None:
        row = self._translate.order_row(pushed.row)
        if row is None:
            return None
        doubt = self._translate.doubt(pushed.row)
        if doubt is not None:
            self._doubt(account, *doubt)
        if pushed.coid and pushed.coid != row.client_order_id:
            row = replace(row, client_order_id=pushed.coid)
        if row.status is OrderStatus.UNKNOWN:
            self._wanting_list(account)  # 255 and what nobody has described: the list may know.
        self._memory.seen(account, row)
        return OrderReported(account, session, row)

    def _fill(self, pushed: Pushed, account: AccountId, session: int) -> Report | None:
        row = self._translate.fill_row(pushed.row)
        if row is None:
            return None
        if pushed.coid and pushed.coid != row.client_order_id:
            row = replace(row, client_order_id=pushed.coid)
        return FillReported(account, session, row)

    def _order_error(self, pushed: Pushed, account: AccountId, session: int) -> Report | None:
        """Return a rejection where the order is known by its number; else it may live, and is asked about."""
        said = self._translate.complaint(pushed.row)
        known = self._memory.name_of(account, said.broker_order_id) if said.broker_order_id else ""
        name = pushed.coid or known or said.client_order_id
        order = self._memory.order(name)
        if order is None:
            self._complain("order_error", f"柜台报错：{said.text}", f"the counter complains: {said.text}")
            self._wanting_list(account)
            return None
        if not said.broker_order_id:
            return SubmitUncertain(account, order.client_order_id, said.text)
        row = OrderRow(
            order.client_order_id,
            said.broker_order_id,
            said.venue_order_id,
            order.symbol,
            order.side,
            order.quantity,
            order.price,
            Quantity(0),
            OrderStatus.REJECTED,
            said.text,
        )
        return OrderReported(account, session, row)

    def _cancel_error(self, pushed: Pushed, account: AccountId) -> Report | None:
        said = self._translate.complaint(pushed.row)
        name = pushed.coid or said.client_order_id or self._memory.name_of(account, said.broker_order_id)
        if not name:
            self._complain("cancel_error", f"柜台撤单报错：{said.text}", f"the counter refuses a cancel: {said.text}")
            return None
        return CancelRefused(account, ClientOrderId(name), said.text)


def _text(why: str, text: str) -> str:
    known = WHYS.get(why, why)
    return f"{known}：{text}" if text and known else known or text
