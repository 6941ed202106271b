"""The terminal's rows as rows of the model, and orders as what the terminal's host is told; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from qmt_trading.brokers.linked.translate import Complaint
from qmt_trading.brokers.qmt import codes
from qmt_trading.brokers.qmt.fields import (
    PRICE_MAX,
    QUANTITY_MAX,
    OtherBusinessError,
    Row,
    RowError,
    instant_ns,
    money,
    number_text,
    price,
    quantity,
    text,
    whole,
)
from qmt_trading.model.errors import NotSentError
from qmt_trading.model.events import FillRow, OrderRow
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price, Quantity, to_text
from qmt_trading.model.order import Position
from qmt_trading.model.outputs import SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import TERMINAL, OrderStatus, Side

REMARK_BYTES_MAX: Final = 22
_SYMBOL: Final = re.compile(r"[0-9]{6}\.(SH|SZ|BJ)", re.ASCII)
_ELSEWHERE: Final = re.compile(r"[0-9A-Za-z]{1,32}\.(HK|HGT|SGT|SF|DF|ZF|IF|INE|GF|SHO|SZO|NEEQ|OTC)", re.ASCII)
"""Markets of a terminal that are none of ours."""
_NO_SECURITY: Final = re.compile(r"(?![0-9]{6}\.(SH|SZ|BJ)$)[0-9A-Za-z]{1,32}\.[A-Za-z]{2,5}", re.ASCII)
"""What an account may hold beside securities of ours, such as 标准券 under a code of its own."""


class Asset(NamedTuple):
    """An account's money."""

    cash: Money
    """Available."""
    frozen: Money
    """By working orders; with ``cash`` it is what ``BrokerListed.cash`` wants."""
    total: Money
    """Cash and what the positions are worth; 0: the terminal does not say."""


class Unlisted(NamedTuple):
    """A row whose state nobody has described: the account goes REDUCING until a person has looked (DESIGN 5.10)."""

    number: int
    chinese: str
    english: str


def order_row(row: Row) -> OrderRow:
    """Return an order as the terminal tells it.

    A state that is not listed becomes UNKNOWN and ``is_undescribed``; 255, the terminal's own "unknown", leaves what
    was known and is asked about. The price of a market order is 0.

    Raises:
        OtherBusinessError: it is no plain buy or sell of a security of Shanghai, Shenzhen or Beijing.
        RowError: it cannot be read.
    """
    symbol, side = _symbol(row), _side(row)
    ordered = quantity(row, "order_volume", least=1)
    filled = Quantity(0) if row.get("traded_volume") is None else quantity(row, "traded_volume")
    if filled > ordered:
        raise RowError(row, f"成交 {filled} 股多于委托 {ordered} 股", f"{filled} filled of {ordered} ordered")
    state = codes.ORDER_STATES.get(_state_number(row))
    return OrderRow(
        client_order_id=text(row, "order_remark"),
        broker_order_id=number_text(row, "order_id"),
        venue_order_id=number_text(row, "order_sysid"),
        symbol=symbol,
        side=side,
        quantity=ordered,
        price=price(row, "price"),
        filled_quantity=filled,
        status=OrderStatus.UNKNOWN if state is None else state.status,
        text=text(row, "status_msg"),
        ordered_ns=instant_ns(row, "order_time", needed=False),
        is_undescribed=state is None,
    )


def unlisted(row: Row) -> Unlisted | None:
    """Return what is to be said of an order's row in a state that is not listed; None: its state is known.

    255, the terminal's own "unknown", is listed: the order stays what it was, and the account trades on.

    Raises:
        RowError: the row has no state.
    """
    number = _state_number(row)
    if number in codes.ORDER_STATES:
        return None
    which = f"{text(row, 'stock_code')} 委托号 {number_text(row, 'order_id') or '无'}"
    return Unlisted(
        number,
        f"终端给出未识别的委托状态 {number}（{which}）：只卖不买，请核对",
        f"unlisted order state {number}: reducing until a person has looked",
    )


def fill_row(row: Row) -> FillRow:
    """Return one execution as the terminal tells it. Its day is that of its instant in Shanghai.

    The terminal's ``commission`` is left out: it is no more than a part of the costs, and 0 at many counters until the
    evening.

    Raises:
        OtherBusinessError: as of ``order_row``, or nothing was traded: some counters list cancels among executions.
        RowError: it cannot be read.
    """
    symbol, side = _symbol(row), _side(row)
    traded = quantity(row, "traded_volume")
    if not traded:
        raise OtherBusinessError(row, "成交数量为 0，没有成交", "nothing was traded")
    fill_id = text(row, "traded_id")
    if not fill_id:
        raise RowError(row, "成交编号为空", "the execution has no number")
    paid = price(row, "traded_price")
    if not paid:
        raise RowError(row, "成交价为 0", "the execution has no price")
    filled_ns = instant_ns(row, "traded_time", needed=True)
    return FillRow(
        fill_id=fill_id,
        client_order_id=text(row, "order_remark"),
        broker_order_id=number_text(row, "order_id"),
        venue_order_id=number_text(row, "order_sysid"),
        symbol=symbol,
        side=side,
        price=paid,
        quantity=traded,
        day=day_of(filled_ns),
        filled_ns=filled_ns,
    )


def position(row: Row, account: AccountId, *, working_sells: int = 0) -> Position | None:
    """Return what ``account`` holds of one symbol; None: it holds nothing, or nothing of ours.

    The terminal's sellable quantity lacks what working sells freeze, which the model wants in it: of ``frozen_volume``
    as much is given back as ``working_sells`` explains. What is frozen besides (a pledge, a court) stays frozen.

    Raises:
        RowError: it cannot be read, or belongs to another account.
    """
    _check_account(row, account)
    held = quantity(row, "volume")
    if not held:
        return None
    if _NO_SECURITY.fullmatch(text(row, "stock_code")):
        return None
    frozen = Quantity(0) if row.get("frozen_volume") is None else quantity(row, "frozen_volume")
    sellable = quantity(row, "can_use_volume") + min(frozen, working_sells)
    return Position(
        account=account,
        symbol=_symbol(row),
        quantity=held,
        sellable_quantity=Quantity(min(held, sellable)),
        cost=Money(_cost_price(row) * held),
    )


def positions(rows: Iterable[Row], account: AccountId, orders: Iterable[OrderRow]) -> tuple[Position, ...]:
    """Return the holdings of one list, whose ``orders`` say what working sells freeze.

    Raises:
        RowError: as of ``position``, or one symbol is held in two rows: of two shareholder accounts, or one told twice.
    """
    working: dict[Symbol, int] = {}
    for order in orders:
        if order.side is Side.SELL and order.status not in TERMINAL:
            working[order.symbol] = working.get(order.symbol, 0) + order.quantity - order.filled_quantity
    found: dict[Symbol, Position] = {}
    for row in rows:
        held = position(row, account, working_sells=working.get(Symbol(text(row, "stock_code")), 0))
        if held is None:
            continue
        if held.symbol in found:  # Both would be given back the same working sells, and the last would be all we hold.
            raise RowError(
                row,
                f"{held.symbol} 的持仓有两行，账户不开：两行的股东账号不同，请券商归到一个；相同，重启终端",
                f"{held.symbol} is held in two rows and the account stays closed: two shareholder accounts have to "
                "become one at the counter; if it is the same one, restart the terminal",
            )
        found[held.symbol] = held
    return tuple(found.values())


def asset(row: Row, account: AccountId | None = None) -> Asset:
    """Return an account's money.

    Raises:
        RowError: it cannot be read, or belongs to another account than the one named.
    """
    if account is not None:
        _check_account(row, account)
    return Asset(
        money(row, "cash", signed=True),
        Money(0) if row.get("frozen_cash") is None else money(row, "frozen_cash"),
        Money(0) if row.get("total_asset") is None else money(row, "total_asset", signed=True),
    )


def complaint(row: Row) -> Complaint:
    """Return a pushed ``order_error`` or ``cancel_error``: the counter's own words, with its error number.

    Never raises: what it lacks is empty. What the words mean is ``refusals.refusal``'s to say.
    """
    words = text(row, "error_msg")
    number = row.get("error_id")
    if isinstance(number, int) and not isinstance(number, bool) and number and str(number) not in words:
        words = f"[{number}] {words}".rstrip()
    return Complaint(
        text(row, "order_remark"),
        number_text(row, "order_id"),
        number_text(row, "order_sysid"),
        words or "柜台未说明原因",
    )


def submit_fields(order: SubmitOrder) -> dict[str, object]:
    """Return what the link's ``submit`` says of ``order`` besides its id and its age. Always a limit order.

    Raises:
        NotSentError: the terminal could not carry it: no price or quantity, no symbol of ours, or an id that the
            counter would cut.
    """
    remark = order.client_order_id
    fits = remark.isascii() and 0 < len(remark) <= REMARK_BYTES_MAX
    sized = 0 < order.price <= PRICE_MAX and 0 < order.quantity <= QUANTITY_MAX
    if not (fits and sized and _SYMBOL.fullmatch(order.symbol)):
        raise NotSentError(f"委托无法交给终端：{order} / the terminal cannot carry this order")
    return {
        "account": order.account,
        "symbol": order.symbol,
        "side": order.side.value,
        "kind": codes.PriceType.LIMIT.value,
        "price": to_text(order.price),
        "quantity": order.quantity,
    }


def _state_number(row: Row) -> int:
    return whole(row, "order_status", least=-(2**31), most=2**31)


def _symbol(row: Row) -> Symbol:
    code = text(row, "stock_code")
    if _SYMBOL.fullmatch(code):
        return Symbol(code)
    if _ELSEWHERE.fullmatch(code):
        raise OtherBusinessError(row, f"{code} 不是沪深京证券", f"{code} is traded elsewhere")
    raise RowError(row, f"证券代码 {code!r} 无法识别", "stock_code is no symbol")


def _side(row: Row) -> Side:
    number = whole(row, "order_type", least=-(2**31), most=2**31)
    side = codes.SIDES.get(number)
    if side is not None:
        return side
    chinese, english = codes.OTHER_ORDER_TYPES.get(number, (f"委托类型 {number}", f"order type {number}"))
    raise OtherBusinessError(row, f"{chinese}不是普通买卖", f"{english} is no plain buy or sell")


def _check_account(row: Row, account: AccountId) -> None:
    told = text(row, "account_id")
    if told and told != account:
        raise RowError(row, f"属于账号 {told}，而不是 {account}", "it belongs to another account")


def _cost_price(row: Row) -> Price:
    """Return what a share has cost, which sells at a profit can bring below zero; decides no order."""
    for name in ("avg_price", "open_price"):
        try:
            return Price(money(row, name, signed=True))
        except RowError:
            continue  # Some terminals fill in only one of the two.
    raise RowError(row, "avg_price 与 open_price 都不可用", "neither avg_price nor open_price is a number")
