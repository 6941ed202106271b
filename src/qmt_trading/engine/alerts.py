"""Notices to people, in their words."""

from __future__ import annotations

import datetime as dt

from qmt_trading.model import shadow
from qmt_trading.model.events import DoorComplained, SignalsDropped, TerminalComplained
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.numbers import to_percent_text
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import Alert
from qmt_trading.model.reasons import Denial
from qmt_trading.model.signal import AccountId
from qmt_trading.model.timed import Timed
from qmt_trading.model.words import Importance, Side


def _side(order: Order) -> tuple[str, str]:
    return ("买入", "buy") if order.side is Side.BUY else ("卖出", "sell")


def unknown_order(order: Order, cause_chinese: str, cause_english: str) -> Alert:
    chinese, english = _side(order)
    return Alert(
        importance=Importance.CRITICAL,
        code="ORDER_UNKNOWN",
        chinese=f"待核实（不会重发）：{order.symbol} {chinese} {order.quantity}，{cause_chinese}",
        english=f"outcome unknown, will not be sent again: {english} {order.quantity} {order.symbol}, {cause_english}",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def timed_denied(waiting: Timed, denial: Denial) -> Alert:
    """Tell that an instruction was denied when its time came: nobody waits for its receipt."""
    return Alert(
        importance=Importance.WARNING,
        code="INSTRUCTION_DENIED",
        chinese=f"定时指令 {waiting.name}（{waiting.item.symbol}）被拦截：{denial.reason.value}，详见 qmt timed",
        english=f"instruction {waiting.name} ({waiting.item.symbol}) denied: {denial.reason.value}, see `qmt timed`",
        symbol=waiting.item.symbol,
    )


def uncancelled_overnight(order: Order) -> Alert:
    chinese, english = _side(order)
    return Alert(
        importance=Importance.CRITICAL,
        code="CANCEL_OVERNIGHT",
        chinese=f"跨日时仍未撤掉：{order.symbol} {chinese} {order.quantity}，柜台还有它就继续撤",
        english=f"not cancelled by midnight: {english} {order.quantity} {order.symbol}; cancelled if the list shows it",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def unknown_ended(order: Order) -> Alert:
    return Alert(
        importance=Importance.WARNING,
        code="ORDER_NOT_SENT",
        chinese=f"已核实未报：{order.symbol} {order.quantity}，柜台两次完整委托列表中均没有",
        english=f"settled as not sent: {order.symbol} {order.quantity}, absent from two complete order lists",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def not_sent(order: Order, text: str) -> Alert:
    return Alert(
        importance=Importance.WARNING,
        code="ORDER_NOT_SENT",
        chinese=f"未发出：{order.symbol} {order.quantity}，{text}",
        english=f"not sent: {order.symbol} {order.quantity}, {text}",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def would_cancel(account: AccountId, symbol: Symbol, count: int, seq: int) -> Alert:
    """Tell of the cancels that shadow mode has decided for one instruction and account."""
    chinese, english = shadow.would_cancel(count)
    what, what_english = ("所有股票", "all") if symbol == EVERY_SYMBOL else (symbol, symbol)
    by, by_english = (f"信号 {seq}", f"signal {seq}") if seq > 0 else ("人工", "a person")
    return Alert(
        importance=Importance.INFORMATION,
        code="SHADOW_CANCEL",
        chinese=f"{chinese}（{what}，{by}）",
        english=f"{english} ({what_english}, {by_english})",
        account=account,
        symbol=symbol,
    )


def rejected(order: Order, text: str) -> Alert:
    return Alert(
        importance=Importance.WARNING,
        code="ORDER_REJECTED",
        chinese=f"废单：{order.symbol} {order.quantity}，柜台：{text}",
        english=f"rejected: {order.symbol} {order.quantity}, counter: {text}",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def risen(order: Order) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="ORDER_ROSE",
        chinese=f"曾判定未报的委托出现在柜台：{order.symbol} {order.quantity}，该账户已停止",
        english=f"an order settled as not sent is at the counter: {order.symbol} {order.quantity}; account halted",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def intruder(order: Order, remark: str) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="OTHER_ENGINE",
        chinese=f"柜台有本系统格式但不在本日志中的委托（备注 {remark}）：另有引擎在用该账户，或日志丢失；账户已停止",
        english=f"the counter holds an order in our form that is not ours (remark {remark}): account halted",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def spent(order: Order, remark: str) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="REMARK_TWICE",
        chinese=f"柜台有两笔委托使用同一本地编号 {remark}；账户已停止，请核对",
        english=f"two orders at the counter carry our id {remark}; account halted",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def not_rejected(order: Order) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="REJECTED_LIVES",
        chinese=f"柜台报错的委托仍在柜台：{order.symbol} {order.quantity}，已按柜台的状态继续跟踪",
        english=f"an order that was refused is alive at the counter: {order.symbol} {order.quantity}; followed on",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def oversold(account: AccountId, symbol: str) -> Alert:
    return Alert(
        importance=Importance.WARNING,
        code="POSITION_MISMATCH",
        chinese=f"卖出多于已知持仓：{symbol}，正在向柜台核实",
        english=f"more sold than was known to be held: {symbol}; asking the broker",
        account=account,
    )


def cancel_unconfirmed(order: Order, attempts: int) -> Alert:
    answer = f"柜台答「{order.text}」" if order.text else "柜台未答"
    leaves = order.quantity - order.filled_quantity
    return Alert(
        importance=Importance.CRITICAL,
        code="CANCEL_UNCONFIRMED",
        chinese=f"撤单 {attempts} 次仍未确认，继续重撤：{order.symbol} 未成交 {leaves}，{answer}",
        english=f"not canceled after {attempts} tries, going on: {order.symbol}; counter: {order.text or 'no answer'}",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def amplification(limit: int) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="AMPLIFICATION",
        chinese=f"一分钟内委托达到 {limit} 笔，已自动停止：请检查上游是否循环发信号",
        english=f"{limit} orders within a minute: halted; look for a loop upstream",
    )


def link_down(account: AccountId, text: str) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="LINK_DOWN",
        chinese=f"与柜台的连接断开：{text or '原因未知'}",
        english=f"the link to the broker is down: {text or 'cause unknown'}",
        account=account,
    )


def clock_stepped(step_ns: int) -> Alert:
    return Alert(
        importance=Importance.WARNING,
        code="CLOCK_STEPPED",
        chinese=f"系统时钟跳变 {step_ns / 1e9:+.1f} 秒，核对完成前暂停下单",
        english=f"the wall clock stepped by {step_ns / 1e9:+.1f} s; orders wait for a reconciliation",
    )


def journal_failed(text: str) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="JOURNAL_CLOSED",
        chinese=f"日志无法写入，本进程不再下单（撤单、停止照常）：{text}",
        english=f"the journal cannot be written; no order leaves this process any more, cancels do: {text}",
    )


def expired_unresolved(order: Order) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="EXPIRED_UNRESOLVED",
        chinese=f"昨日待核实委托已无法查询：{order.symbol} {order.quantity}，该股暂停买入，请人工确认",
        english=f"yesterday's unknown order can no longer be asked about: {order.symbol} {order.quantity}",
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )


def signals_dropped(event: SignalsDropped) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="DROPPED_BUSY",
        chinese=f"繁忙，通道 {event.door} 丢弃了 {event.count} 条信号，未执行：{event.excerpt}",
        english=f"busy: door {event.door} dropped {event.count} signals, not carried out: {event.excerpt}",
    )


def session_old(account: AccountId, session: int, known: int) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="SESSION_OLD",
        chinese=f"{account} 的连接会话 {session} 早于已知的 {known}，不予采信：柜台的账被换过？",
        english=f"session {session} of {account} is older than the known {known} and not believed: another book?",
        account=account,
    )


def safe_start(why: str) -> Alert:
    return Alert(
        importance=Importance.CRITICAL,
        code="SAFE_START",
        chinese=f"安全启动，已停止（仅可撤单）：{why}。确认无误后用 qmt resume --why 原因 恢复",
        english=f"safe start, halted (cancels only): {why}; resume when all is well",
    )


def calendar_ends(until: dt.date, *, over: bool) -> Alert:
    """Tell that the calendar must be extended; ``over``: its last day has passed."""
    what = "导入下一年：qmt calendar import 文件，重启后生效"
    how = "import the next year: `qmt calendar import FILE`, then start again"
    if over:
        return Alert(
            importance=Importance.CRITICAL,
            code="CALENDAR_ENDED",
            chinese=f"交易日历只到 {until}，已经过期：不再下单，撤单照常。{what}",
            english=f"the calendar ended on {until}: no order is sent any more, cancels are; {how}",
        )
    return Alert(
        importance=Importance.WARNING,
        code="CALENDAR_ENDS",
        chinese=f"交易日历只到 {until}，之后不再下单，撤单照常。{what}",
        english=f"the calendar ends on {until}; after it no order is sent, cancels are; {how}",
    )


def door_complained(event: DoorComplained) -> Alert:
    return Alert(
        importance=Importance.WARNING,
        code="DOOR",
        chinese=f"通道 {event.door}：{event.chinese}",
        english=f"door {event.door}: {event.english}",
    )


def terminal_complained(event: TerminalComplained) -> Alert:
    return Alert(
        importance=Importance.WARNING,
        code="TERMINAL",
        chinese=f"终端 {event.terminal}：{event.chinese}",
        english=f"terminal {event.terminal}: {event.english}",
    )


def daily_loss(account: AccountId | None, share: int, limit: int, *, halting: bool) -> Alert:
    chinese, english = ("已停止（仅可撤单）", "halted") if halting else ("已转只卖不买", "selling only")
    lost, bound = to_percent_text(share), to_percent_text(limit)
    return Alert(
        importance=Importance.CRITICAL,
        code="DAILY_LOSS",
        chinese=f"{'' if account else '合计'}当日亏损 {lost} ≥ {bound}，{chinese}；恢复要由人用 qmt resume 并写明原因",
        english=f"the day's loss {lost} has reached {bound}: {english}, until a person resumes",
        account=account,
    )


def cancel_share(account: AccountId, canceled: int, orders: int, share: int) -> Alert:
    return Alert(
        importance=Importance.WARNING,
        code="CANCEL_SHARE",
        chinese=f"撤单率偏高：今天委托 {orders} 笔，撤了 {canceled} 笔（告警线 {to_percent_text(share)}，只告警不拦）",
        english=f"{canceled} of today's {orders} orders were cancelled (told from {to_percent_text(share)} on)",
        account=account,
    )
