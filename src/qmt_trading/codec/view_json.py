"""The view as rows of plain values, in the glossary's names, for people and programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from qmt_trading.codec.reconcile_json import account_summary, counted, differences_of
from qmt_trading.codec.sentences import sentence
from qmt_trading.market.profit import day_profits, floating_profits
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.numbers import Money, Price, to_text
from qmt_trading.model.order import Fill, Order, Position
from qmt_trading.model.reasons import NOTHING_TO_DO, REGISTERED, Denial
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.signal import AccountId
from qmt_trading.model.timed import Timed
from qmt_trading.model.told import StateTold
from qmt_trading.model.view import AccountRow, AlertRow, SignalRow, View
from qmt_trading.model.words import (
    TERMINAL,
    Importance,
    LinkState,
    Mode,
    OrderStatus,
    Side,
    SignalStatus,
    TradingState,
    Verb,
)

Plain = dict[str, object]

MODE_TEXT: Final = {Mode.PAPER: "模拟", Mode.LIVE: "实盘", Mode.SHADOW: "观察（只看不下）", Mode.REPLAY: "回放"}
VERB_TEXT: Final = {
    Verb.BARE: "裸信号",
    Verb.BUY: "买入",
    Verb.SELL: "卖出",
    Verb.CANCEL: "撤单",
    Verb.TARGET: "调到",
    Verb.CLEAR: "清仓",
    Verb.PORTFOLIO: "组合",
}
PRICE_TEXT: Final = {
    "limit_up": "涨停",
    "limit_down": "跌停",
    "latest": "最新",
    "opposite": "对手",
    "own": "本方",
    **{f"bid{level}": f"买{number}" for level, number in enumerate("一二三四五", 1)},
    **{f"ask{level}": f"卖{number}" for level, number in enumerate("一二三四五", 1)},
    "ticks": "跳",
}
SIDE_TEXT: Final = {Side.BUY: "买入", Side.SELL: "卖出"}
STATUS_TEXT: Final = {
    OrderStatus.PENDING_NEW: "待报",
    OrderStatus.NEW: "已报",
    OrderStatus.PARTIALLY_FILLED: "部成",
    OrderStatus.FILLED: "已成",
    OrderStatus.PENDING_CANCEL: "已报待撤",
    OrderStatus.CANCELED: "已撤",
    OrderStatus.REJECTED: "废单",
    OrderStatus.EXPIRED: "收盘作废",
    OrderStatus.UNKNOWN: "待核实",
    OrderStatus.NOT_SENT: "未发出",
    OrderStatus.EXPIRED_UNRESOLVED: "隔日未核实",
}
STATE_TEXT: Final = {
    TradingState.ACTIVE: "正常交易",
    TradingState.REDUCING: "只卖不买",
    TradingState.HALTED: "已停止（仅可撤单）",
}
SIGNAL_TEXT: Final = {
    SignalStatus.ACCEPTED: "已受理",
    SignalStatus.DENIED: "已拦截",
    SignalStatus.DUPLICATE: "重复信号，未再下单",
    SignalStatus.MALFORMED: "格式错误",
    SignalStatus.BUSY: "繁忙，未接收，请重发",
}
OBSERVED_TEXT: Final = "观察（未发）"
"""State of an order that shadow mode has withheld."""
NOT_SENT_TEXT: Final = "（观察，未发出）"
"""Behind 已受理 in shadow mode."""
NOTHING_TO_DO_TEXT: Final = "（无需动作）"
"""Behind 已受理 where all that was asked for is so already."""
IMPORTANCE_TEXT: Final = {Importance.INFORMATION: "提示", Importance.WARNING: "注意", Importance.CRITICAL: "紧急"}
LINK_TEXT: Final = {LinkState.CONNECTED: "已连接", LinkState.DOWN: "断开"}
NOT_RUNNING_TEXT: Final = "–（引擎未运行）"
WHO_TEXT: Final = {"start": "安全启动", "engine": "系统", "day": "跨日", "file": "HALT 文件"}
"""Who is no person."""
WHY_TEXT: Final = {
    "AMPLIFICATION": "一分钟内委托过多",
    "OTHER_ENGINE": "柜台有另一个引擎的委托",
    "ORDER_ROSE": "判定未报的委托出现在柜台",
    "REMARK_TWICE": "柜台有两笔委托用同一本地编号",
    "DIFFERENCE": "持仓或资金与柜台不一致",
    "FOREIGN_ORDER": "出现外部委托",
}
"""What the system gives as its reason."""
_SEVERITY: Final = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)


def rows_of(view: View, table: str, limit: int, *, running: bool = True) -> list[Plain]:
    """Return the newest ``limit`` rows of ``table``, newest first where there is an order in time.

    Args:
        running: False: the view was read from the journal of an engine that has ended, so nothing is connected.

    Raises:
        KeyError: no such table.
    """
    match table:
        case "status":
            return [status(view, running=running)]
        case "accounts":
            return accounts(view, running=running)
        case "positions":
            return positions(view)
        case "orders":
            return [order(row) for row in view.orders.newest(limit)]
        case "fills":
            return [fill(row) for row in view.fills.newest(limit)]
        case "signals":
            return [signal(row) for row in view.signals.newest(limit)]
        case "timed":
            return timed_rows(view)[:limit]
        case "alerts":
            return [alert(row) for row in list(view.alerts)[-limit:][::-1]]
        case _:
            raise KeyError(table)


def status(view: View, *, running: bool = True) -> Plain:
    """Return the one row that says how things stand."""
    unknown = sum(row.unknown_orders for row in view.accounts)
    state_text = STATE_TEXT[view.trading_state]
    return {
        "mode": view.mode.value,
        "mode_text": MODE_TEXT[view.mode],
        "day": view.day.isoformat() if view.day is not None else None,
        "at": to_iso_text(view.at_ns) if view.at_ns else None,
        "state": view.trading_state.value,
        "state_text": state_text if running else f"未运行（退出前：{state_text}）",
        **_told(view.told),
        "accounts_halted": [row.account for row in view.accounts if row.state is not TradingState.ACTIVE],
        "accounts_halted_text": [
            f"{row.account} {STATE_TEXT[row.state]}" for row in view.accounts if row.state is not TradingState.ACTIVE
        ],
        "submits_closed": view.submits_closed or None,
        "accounts": len(view.accounts),
        "accounts_ready": sum(row.ready and row.link is LinkState.CONNECTED for row in view.accounts) if running else 0,
        "signals": len(view.signals),
        "orders": len(view.orders),
        "working_orders": sum(row.working_orders for row in view.accounts),
        "unknown_orders": unknown,
        **counted(view),
        "differences_text": differences_of(view),
        "waiting_instructions": len(view.timed),
        **(_observed(view) if view.mode is Mode.SHADOW else {}),
        "fills": len(view.fills),
        "malformed": view.malformed,
        "unacknowledged": sum(row.is_open for row in view.alerts),
        "calendar_until": view.calendar_until.isoformat() if view.calendar_until is not None else None,
        "calendar_ends_soon": view.calendar_ends_soon,
    }


def _observed(view: View) -> Plain:
    """Return how much shadow mode has decided today and not sent; a cancel counts once an order."""
    cancels = sum(bool(row.cancel_attempts) for row in view.orders)
    return {"observed_orders": sum(row.observed for row in view.orders), "observed_cancels": cancels}


def _told(told: StateTold) -> Plain:
    """Return who put trading into its state, why and since when; nothing while nobody ever did."""
    if not told.at_ns:
        return {}
    return {
        "state_who": told.who or None,
        "state_why": told.why or None,
        "state_cause_text": f"{WHO_TEXT.get(told.who, told.who)}：{WHY_TEXT.get(told.why, told.why) or '未写原因'}",
        "state_since": to_iso_text(told.at_ns),
    }


class Profits(Struct, frozen=True):
    """What day and holdings have earned, by account and symbol, for tables that are made of one view."""

    of_day: dict[tuple[AccountId, Symbol], Money]
    floating: dict[tuple[AccountId, Symbol], Money]


def profits_of(view: View) -> Profits:
    """Work out the profits of ``view``, as far as prices are known."""
    return Profits(day_profits(view), floating_profits(view))


def accounts(view: View, *, running: bool = True, profits: Profits | None = None) -> list[Plain]:
    """Return the accounts with today's profit and that of what they hold, as far as prices are known."""
    known = profits or profits_of(view)
    of_day, floating = _by_account(known.of_day), _by_account(known.floating)
    return [
        {
            **account(row, view, running=running),
            "day_profit": _money(of_day.get(row.account)),
            "floating_profit": _money(floating.get(row.account)),
        }
        for row in view.accounts
    ]


def _by_account(profits: dict[tuple[AccountId, Symbol], Money]) -> dict[AccountId, Money]:
    found: dict[AccountId, Money] = {}
    for (number, _), profit in profits.items():
        found[number] = Money(found.get(number, 0) + profit)
    return found


def _money(value: Money | None) -> str | None:
    return None if value is None else to_text(value)


def _price(prices: Mapping[Symbol, Price], symbol: Symbol) -> str | None:
    """Return the price of ``symbol`` as text; None: it is not known, or stands at 0, which is no price."""
    price = prices.get(symbol)
    return to_text(price) if price else None


def positions(view: View, *, profits: Profits | None = None) -> list[Plain]:
    """Return what is held with its last price and what it has earned, where a price is known."""
    known = profits or profits_of(view)
    of_day, floating = known.of_day, known.floating
    return [
        {
            **position(row),
            "last_price": _price(view.prices, row.symbol),
            "previous_close": _price(view.references, row.symbol),
            "day_profit": _money(of_day.get((row.account, row.symbol))),
            "floating_profit": _money(floating.get((row.account, row.symbol))),
        }
        for row in view.positions
    ]


def account(row: AccountRow, view: View, *, running: bool = True) -> Plain:
    """Return one account; ``state`` is what holds for it: the stricter of its own and the global one."""
    state = max(row.state, view.trading_state, key=_SEVERITY.index)
    told = row.told if row.state is state else view.told
    return {
        "account": row.account,
        "name": row.name,
        "terminal": row.terminal,
        "state": state.value,
        "state_text": STATE_TEXT[state],
        "own_state": row.state.value,
        "own_state_since": to_iso_text(row.told.at_ns) if row.told.at_ns else None,
        **_told(told),
        "link": row.link.value if running else None,
        "link_text": LINK_TEXT[row.link] if running else NOT_RUNNING_TEXT,
        "ready": row.ready and running,
        "available_cash": to_text(row.available_cash),
        "frozen_cash": to_text(row.frozen_cash),
        "market_value": to_text(row.market_value),
        "total_assets": to_text(row.available_cash + row.frozen_cash + row.market_value),
        "working_orders": row.working_orders,
        "unknown_orders": row.unknown_orders,
        **account_summary(row),
    }


def position(row: Position) -> Plain:
    return {
        "account": row.account,
        "symbol": row.symbol,
        "quantity": row.quantity,
        "sellable_quantity": max(0, row.sellable_quantity - row.frozen_quantity),
        "frozen_quantity": row.frozen_quantity,
        "cost": to_text(row.cost),
        "cost_price": to_text(row.cost // row.quantity) if row.quantity else None,
        "realised": to_text(row.realised),
    }


def order_text(row: Order) -> str:
    """Return the state as a counter's screen says it: 部撤 and 部成待撤 apart from 已撤 and 已报待撤."""
    if row.observed and row.status is OrderStatus.NOT_SENT:
        return OBSERVED_TEXT
    if row.filled_quantity and row.status is OrderStatus.CANCELED:
        return "部撤"
    if row.filled_quantity and row.status is OrderStatus.PENDING_CANCEL:
        return "部成待撤"
    return STATUS_TEXT[row.status]


def leaves(row: Order) -> int:
    """Return what may still fill: nothing of an order that has ended."""
    if row.status in TERMINAL:
        return 0
    return max(0, row.quantity - max(row.filled_quantity, row.reported_quantity))


def order(row: Order) -> Plain:
    filled = row.filled_quantity
    return {
        "client_order_id": row.client_order_id,
        "account": row.account,
        "symbol": row.symbol,
        "side": row.side.value,
        "side_text": SIDE_TEXT[row.side],
        "quantity": row.quantity,
        "price": to_text(row.price),
        "status": row.status.value,
        "status_text": order_text(row),
        "filled_quantity": filled,
        "leaves_quantity": leaves(row),
        "average_price": to_text(row.filled_value // filled) if filled else None,
        "broker_order_id": row.broker_order_id,
        "venue_order_id": row.venue_order_id,
        "foreign": row.foreign,
        "observed": row.observed,
        "strategy": row.strategy,
        "seq": row.signal_seq or None,
        "created_at": to_iso_text(row.created_ns),
        "updated_at": to_iso_text(row.updated_ns),
        "text": row.text,
    }


def fill(row: Fill) -> Plain:
    return {
        "fill_id": row.fill_id,
        "account": row.account,
        "symbol": row.symbol,
        "side": row.side.value,
        "side_text": SIDE_TEXT[row.side],
        "price": to_text(row.price),
        "quantity": row.quantity,
        "fee": to_text(row.fee),
        "client_order_id": row.client_order_id,
        "venue_order_id": row.venue_order_id,
        "filled_at": to_iso_text(row.filled_ns),
        "strategy": row.strategy,
        **_slippage(row),
    }


def _slippage(row: Fill) -> Plain:
    """Return what a fill cost beside the last price when its order was decided: yuan a share, and parts in 10,000."""
    slippage = row.slippage
    if slippage is None:
        return {"decision_price": None, "slippage": None, "slippage_bp": None}
    return {
        "decision_price": to_text(row.decision_price),
        "slippage": to_text(slippage),
        "slippage_bp": round(slippage * 10_000 / row.decision_price, 1),
    }


def signal(row: SignalRow) -> Plain:
    receipt = row.receipt
    return {
        "seq": row.seq,
        "id": row.id,
        "door": row.door,
        "sender": row.sender,
        "status": receipt.status.value,
        "status_text": signal_text(receipt),
        "received_at": to_iso_text(row.received_ns),
        "text": row.text,
        "orders": [line.client_order_id for line in receipt.orders if line.client_order_id],
        "cancels": [line.client_order_id for line in receipt.cancels if line.client_order_id],
        "reasons": reasons_of(
            receipt.denial,
            *(line.denial for line in receipt.orders),
            *(line.denial for line in receipt.cancels),
        ),
    }


def signal_text(receipt: Receipt) -> str:
    """Return what became of a message; of one accepted in part also how much of it was not."""
    text = SIGNAL_TEXT[receipt.status]
    if receipt.status is not SignalStatus.ACCEPTED:
        return text
    denials = [line.denial for line in receipt.orders] + [line.denial for line in receipt.cancels]
    good = sum(denial is None or denial.reason in REGISTERED for denial in denials)
    nothing = sum(denial is not None and denial.reason in NOTHING_TO_DO for denial in denials)
    bad = len(denials) - good - nothing
    if nothing and not good and not bad:
        return text + NOTHING_TO_DO_TEXT
    text += NOT_SENT_TEXT if receipt.observed else ""
    return f"{text}（{good} ✓ {bad} ✗）" if bad else text


def reasons_of(*denials: Denial | None) -> list[Plain]:
    found: dict[Denial, None] = dict.fromkeys(denial for denial in denials if denial is not None)
    rows: list[Plain] = []
    for denial in found:
        chinese, english = sentence(denial)
        rows.append({"reason": denial.reason.value, "text": chinese, "text_en": english})
    return rows


def timed_rows(view: View) -> list[Plain]:
    """Return the instructions that wait, the next first, then what became of today's others, newest first."""
    waiting = sorted(view.timed, key=lambda each: each.due_ns)
    rows = [_timed(each, "waiting", "等待中", each.due_ns) for each in waiting]
    for done in reversed(view.timed_done):
        reasons = [line.denial for line in done.orders] + [line.denial for line in done.cancels]
        names = [line.client_order_id for line in done.orders] + [line.client_order_id for line in done.cancels]
        good = sum(denial is None or denial.reason in NOTHING_TO_DO | REGISTERED for denial in reasons)
        if done.dropped_by:
            by = f"信号 {done.dropped_by}" if done.dropped_by > 0 else "人工"
            row = _timed(done.timed, "dropped", f"已被撤单取消（{by}）", done.at_ns)
        elif good:
            did = "到时，观察未发" if view.mode is Mode.SHADOW else "已执行"
            row = _timed(done.timed, "done", f"{did}（{good} ✓ {len(reasons) - good} ✗）", done.at_ns)
        else:
            row = _timed(done.timed, "denied", "已拦截", done.at_ns)
        rows.append({**row, "orders": [name for name in names if name], "reasons": reasons_of(*reasons)})
    return rows


def _price_text(written: str) -> str:
    """Return a price as people say it: ``limit_up+2ticks`` is 涨停+2跳."""
    for word, text in PRICE_TEXT.items():
        written = written.replace(word, text)
    return written


def _timed(timed: Timed, state: str, state_text: str, at_ns: int) -> Plain:
    item = timed.item
    size = item.size.text if item.size is not None else ""
    price = _price_text(item.price.text) if item.price is not None else ""
    words = f"{VERB_TEXT[timed.verb]} {item.symbol if item.symbol != EVERY_SYMBOL else ''} {size}".strip()
    return {
        "name": timed.name,
        "signal": timed.seq,
        "state": state,
        "state_text": state_text,
        "due_at": to_iso_text(timed.due_ns),
        "due_text": to_iso_text(timed.due_ns)[5:19].replace("T", " "),
        "at": to_iso_text(at_ns),
        "accounts": list(timed.accounts),
        "accounts_text": "、".join(timed.accounts),
        "symbol": item.symbol,
        "verb": timed.verb.value,
        "instruction": f"{words}@{price}" if price else words,
    }


def alert(row: AlertRow) -> Plain:
    told = row.alert
    return {
        "id": row.id,
        "at": to_iso_text(row.at_ns),
        "importance": told.importance.value,
        "importance_text": IMPORTANCE_TEXT[told.importance],
        "code": told.code,
        "text": told.chinese,
        "text_en": told.english,
        "account": told.account,
        "symbol": told.symbol,
        "client_order_id": told.client_order_id,
        "open": row.is_open,
        "acknowledged_at": to_iso_text(row.acknowledged_ns) if row.acknowledged_ns else None,
        "acknowledged_by": row.acknowledged_by or None,
        "acknowledged_why": row.acknowledged_why or None,
    }
