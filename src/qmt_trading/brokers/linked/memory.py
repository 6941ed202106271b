"""What a link remembers of the orders it has carried, so that an answer can be understood: bounded."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from qmt_trading.model.events import OrderRow
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import CancelOrder, SubmitOrder
from qmt_trading.model.signal import AccountId

ORDERS_MAX: Final = 20_000
_CANCELS_MAX: Final = 4_096


class Memory:
    """Orders by our id and by the broker's number, and cancels that are unanswered. The oldest are forgotten."""

    def __init__(self) -> None:
        self._orders: OrderedDict[str, SubmitOrder] = OrderedDict()
        self._names: OrderedDict[tuple[AccountId, str], str] = OrderedDict()
        self._cancels: OrderedDict[str, CancelOrder] = OrderedDict()

    def submitted(self, order: SubmitOrder) -> None:
        self._orders[order.client_order_id] = order
        if len(self._orders) > ORDERS_MAX:
            self._orders.popitem(last=False)

    def seen(self, account: AccountId, row: OrderRow) -> None:
        """Note the broker's number of an order that carries a remark."""
        if row.broker_order_id and row.client_order_id:
            self._names[account, row.broker_order_id] = row.client_order_id
            if len(self._names) > ORDERS_MAX:
                self._names.popitem(last=False)

    def cancelling(self, cid: str, order: CancelOrder) -> None:
        self._cancels[cid] = order
        if len(self._cancels) > _CANCELS_MAX:
            self._cancels.popitem(last=False)

    def order(self, client_order_id: str) -> SubmitOrder | None:
        return self._orders.get(client_order_id)

    def name_of(self, account: AccountId, broker_order_id: str) -> ClientOrderId:
        """Return our id of the order with this number; empty: it is not known."""
        return ClientOrderId(self._names.get((account, broker_order_id), ""))

    def cancelled(self, cid: str) -> CancelOrder | None:
        """Return the cancel that is answered, and forget it."""
        return self._cancels.pop(cid, None)

    def forget_cancels(self) -> None:
        """Forget the cancels of a connection that has ended: they will not be answered."""
        self._cancels.clear()
