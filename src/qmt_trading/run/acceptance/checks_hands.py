"""Checks for which a person kills, freezes or restarts the client, orders by phone, or lets a night go by."""

from __future__ import annotations

import time
from typing import Final

from qmt_trading.model.instant import to_clock_text
from qmt_trading.run.acceptance.check import Answer, finding, seen, unseen
from qmt_trading.run.acceptance.far_price import QUANTITY, FarPrice
from qmt_trading.run.acceptance.visit import CannotError, Placed, Visit
from qmt_trading.run.capabilities import DROPPED, EXECUTED_LATE
from qmt_trading.run.host_talk import HostGoneError
from qmt_trading.run.terminal_orders import TerminalOrder, order_of

CLIENT: Final = "XtMiniQmt.exe（极简模式的客户端）"
KILL: Final = f"打开任务管理器（Ctrl+Shift+Esc）→ 详细信息，选中 {CLIENT}"
FREEZE: Final = (
    f"打开资源监视器（运行 resmon）→ CPU，右键 {CLIENT} → 挂起进程。"
    "它会灰掉、不响应：请不要点它，也不要让 Windows 关掉它"
)
THAW: Final = "在资源监视器里右键它 → 恢复进程"
ROUNDS: Final = 2
LATE_MS_MAX: Final = 2000
"""A list that takes longer than this was not answered at once."""


def killed_query(visit: Visit) -> Answer:
    """2: the client is killed while a query is under way."""
    visit.need()
    visit.person.ask(f"  {KILL}，先不要结束。准备好后按回车，然后马上结束它")
    until = time.monotonic() + visit.patience.hands
    told = ""
    while not told and time.monotonic() < until:
        began = visit.talk.ms
        try:
            listing = visit.talk.listing(20.0)
        except HostGoneError as error:
            told = f"查询中断：{error}"
            continue
        state = visit.talk.state
        if not listing.proves:
            failed = "、".join(listing.failed) or "没有应答"
            answered = f"{listing.took_ms} 毫秒后返回，失败：{failed}" if listing.answered else "20 秒没有返回"
            visit.listen(visit.patience.quiet * 2)
            beat = visit.talk.beat
            hung = f"，有 {beat.hung} 个调用没有返回" if beat is not None and beat.hung else ""
            state = visit.talk.state
            down = f"；账户：{state.text or state.state}" if state is not None else ""
            told = f"查询 {answered}{hung}{down}"
        elif state is not None and state.state == "down":
            told = f"查询之间断开：{visit.talk.ms - began} 毫秒内知道，{state.text}"
        else:
            visit.listen(0.1)
    if not told:
        return unseen("没有看到客户端被结束")
    visit.note(told)
    _back(visit, "请重新启动客户端、以极简模式登录，登好后按回车")
    return seen(told)


def dead_link(visit: Visit) -> Answer:
    """3: an order on a link that is dead."""
    far = visit.far()
    with visit.tidy():
        visit.person.ask(f"  {KILL}。结束它，并在一秒内按回车")
        since = visit.talk.ms
        coid = visit.hand_over(far)
        placed = visit.watch(
            coid, visit.patience.answer * 2, lambda now: _is_refused(now) or now.order is not None, since
        )
        told, value = _dead_answer(placed, visit.patience.answer * 2)
        visit.note(told)
        _back(visit, "请重新启动客户端、以极简模式登录，登好后按回车")
        visit.need()
        listing = visit.listing()
        row = visit.row_of(coid, listing.orders)
        if not listing.proves:
            return unseen(f"{told}；之后的清单没有证实")
        if row is not None:
            told = f"{told}；但客户端回来后柜台有这一笔：{row.state}"
            return seen(told, dead_link=finding(visit, f"order_exists: {value}", told))
        told = f"{told}；客户端回来后柜台没有这一笔"
        return seen(told, dead_link=finding(visit, value, told)) if value else unseen(told)


def _is_refused(placed: Placed) -> bool:
    return placed.stage is not None and placed.stage.st == "refused"


def _dead_answer(placed: Placed, waited_s: float) -> tuple[str, str]:
    """Return what was said, and its value for the card; empty: the client was not dead."""
    if placed.order is not None:
        return f"客户端收下了（{placed.path}）：它当时还活着", ""
    if _is_refused(placed):
        assert placed.stage is not None
        return f"宿主已知断线，没有调用终端（{placed.stage.why}），{placed.stage_ms} 毫秒", "refused_before_call"
    if placed.errors:
        return f"错误推送：{placed.errors[0][1]}", placed.errors[0][1] or "error without a text"
    if placed.stage is None or placed.stage.st == "dispatched":
        return f"{waited_s:.0f} 秒内没有任何回答（{'已交给终端' if placed.stage else '宿主也没有回音'}）", "no_answer"
    text = f"{placed.stage.st} {placed.stage.why} {placed.stage.text}".strip()
    return f"答复：{text}", text


def restart(visit: Visit) -> Answer:
    """5: the client is restarted over a resting order."""
    far = visit.far()
    with visit.tidy():
        placed = visit.place(far)
        before = placed.order
        if before is None or before.status != 50:
            raise CannotError("委托没有报上，不做")
        visit.note(f"之前：备注「{before.remark}」委托编号 {before.broker_id} 合同 {before.venue_id}")
        _back(visit, f"请退出客户端，{visit.begin_again}", other_than=visit.session)
        visit.need()
        listing = visit.listing()
        after = visit.row_of(placed.coid, listing.orders)
        if after is None:
            return unseen(f"重启后的清单里没有这一笔（{'已证实' if listing.proves else '未证实'}）")
        visit.note(f"之后：备注「{after.remark}」委托编号 {after.broker_id} 合同 {after.venue_id}，{after.state}")
        changes = [
            f"备注{'还在' if after.remark == before.remark else f'变为「{after.remark}」'}",
            f"委托编号{'不变' if after.broker_id == before.broker_id else '变了'}",
            f"合同编号{'不变' if after.venue_id == before.venue_id else '变了'}",
        ]
    return seen(f"客户端重启后：{'，'.join(changes)}")


def phone(visit: Visit) -> Answer:
    """6: an order of another client."""
    far = visit.far()
    listing = visit.listing()
    if not listing.proves:
        raise CannotError("清单没有证实，不做")
    known = {order_of(row).key for row in listing.orders}
    visit.person.say(
        f"  用手机：买入 {far.symbol} {far.name} {QUANTITY} 股，价格 {float(far.price) / 10_000:.2f}（跌停价）"
    )
    since = len(visit.talk.pushed)
    visit.person.ask("  手机上报出后按回车")
    until = time.monotonic() + visit.patience.hands
    while time.monotonic() < until:
        listing = visit.listing()
        rows = [order_of(row) for row in listing.orders]
        fresh = [order for order in rows if order.key not in known and _is_asked_for(order, far)]
        if fresh:
            return _phone_order(visit, fresh[0], since)
        visit.listen(2.0)
    return unseen("没有看到手机的委托")


def _is_asked_for(order: TerminalOrder, far: FarPrice) -> bool:
    return order.symbol == far.symbol and order.quantity == QUANTITY and order.side == "买入"


def _phone_order(visit: Visit, order: TerminalOrder, since: int) -> Answer:
    pushed = [
        order_of(each.row)
        for _, each in visit.talk.pushed[since:]
        if each.kind == "order" and order_of(each.row).key == order.key
    ]
    shape = (
        f"order_id={order.broker_id or 0} sysid={'yes' if order.venue_id else 'no'} "
        f"remark={'empty' if not order.remark else 'yes'} pushed={len(pushed)}"
    )
    visit.note(f"手机委托：{shape}，{order.state}，合同 {order.venue_id}")
    text = visit.person.ask(f"  撤掉这一笔（{order.symbol} {order.quantity} 股 @{order.price}）？输入 y")
    if text.casefold() not in ("y", "yes", "是"):
        visit.note("没有撤：请自己在手机上撤")
        how = f"手机单的样子：{shape}；没有试撤"
        return seen(how, phone_orders=finding(visit, shape, how))
    coid = visit.adopt(order)
    visit.clear()
    last = visit.row_of(coid, visit.listing().orders)
    way = "委托编号" if order.broker_id else "合同编号"
    how = f"手机单的样子：{shape}；按{way}撤：{last.state if last else '没有看到'}"
    return seen(how, phone_orders=finding(visit, shape, how))


def frozen_queue(visit: Visit) -> Answer:
    """14: what a frozen terminal does with requests that it has taken in."""
    told = []
    for number in range(1, ROUNDS + 1):
        killed = number > 1
        visit.note(f"第 {number} 次，共 {ROUNDS} 次：冻结期间{'结束' if killed else '留着'}我们的宿主")
        late, text = _freeze_once(visit, killed=killed)
        told.append(f"第 {number} 次：{text}")
        visit.note(text)
        if late is None:
            return unseen("；".join(told))
        if late:
            how = "；".join(told)
            return seen(how, frozen_queue=finding(visit, EXECUTED_LATE, how))
    how = "；".join(told)
    return seen(how, frozen_queue=finding(visit, DROPPED, how))


def _freeze_once(visit: Visit, *, killed: bool) -> tuple[bool | None, str]:
    """Return whether a request that was queued in a frozen client was executed; None: nothing was seen."""
    far = visit.far()
    with visit.tidy():
        visit.person.ask(f"  {FREEZE}。挂起后马上按回车")
        since = visit.talk.ms
        coid = visit.hand_over(far)
        placed = visit.watch(
            coid, visit.patience.answer, lambda now: now.stage is not None or now.order is not None, since
        )
        visit.listen(visit.patience.quiet)
        placed = visit.seen_of(coid, since)
        if placed.order is not None:
            visit.person.ask(f"  客户端没有冻结（委托报上了）。如果挂起了，请恢复：{THAW}，然后按回车")
            return None, "客户端没有冻结"
        if _is_refused(placed):
            visit.person.ask(
                f"  宿主已经知道客户端没有响应，没有交出委托。请恢复：{THAW}，然后按回车；下次挂起后更快按回车"
            )
            return None, "委托没有进到终端"
        if placed.stage is None or placed.stage.st != "dispatched":
            visit.person.ask(f"  终端没有收下委托（调用没有返回），这一次不能说明问题。请恢复：{THAW}，然后按回车")
            return None, "冻结的终端没有收下委托"
        visit.note(f"冻结的终端收下了委托：{placed.stage.native}，{placed.stage_ms} 毫秒")
        if visit.listing(visit.patience.unanswered).proves:
            visit.person.ask(f"  客户端没有冻结（还能查询）。如果挂起了，请恢复：{THAW}，然后按回车")
            return None, "客户端没有冻结"
        if killed:
            visit.disconnect(kill=True)
        visit.person.say(f"  请让它冻结着，{visit.patience.frozen:.0f} 秒…")
        until = time.monotonic() + visit.patience.frozen
        if not killed:
            visit.listen(visit.patience.frozen)
        time.sleep(max(until - time.monotonic(), 0.0))  # A host of ours that ends meanwhile does not thaw the client.
        visit.person.ask(f"  {THAW}，恢复后按回车")
        began = time.monotonic()
        return _late(visit, coid, began)


def _late(visit: Visit, coid: str, began: float) -> tuple[bool | None, str]:
    """Look for ``coid`` until it shows, or two proven lists that lie far enough apart do not have it."""
    first_at, until = 0.0, began + visit.patience.back + visit.patience.settle
    while time.monotonic() < until:
        try:
            if not visit.connect(wait_s=5.0):
                continue
            listing = visit.listing()
        except CannotError:
            visit.disconnect()
            continue
        row = visit.row_of(coid, listing.orders)
        if row is not None:
            return True, f"恢复后 {time.monotonic() - began:.0f} 秒看到这一笔被执行了（{row.state}）"
        if listing.proves:
            first_at = first_at or time.monotonic()
            if time.monotonic() - first_at >= visit.patience.settle:
                visit.note_absent(coid)
                return False, f"恢复后 {time.monotonic() - began:.0f} 秒，两份证实的清单里都没有这一笔"
        visit.listen(min(2.0, visit.patience.settle / 2))
    return None, "客户端没有回来，或清单没有证实"


def night(visit: Visit) -> Answer:
    """11: how the account goes through the night."""
    visit.need()
    visit.person.say("  一直看着，到明早再按 Ctrl-C 结束；结束前看到的都会记下")
    states: list[str] = []
    empty_at, had_orders = "", False
    last = ""
    try:
        while True:
            try:
                if visit.connect(wait_s=visit.patience.night):
                    listing = visit.listing()
                    if listing.proves and not listing.orders and not empty_at and (had_orders or states):
                        empty_at = to_clock_text(visit.now_ns())[:8]
                        visit.note("委托清单第一次是空的")
                    had_orders = had_orders or bool(listing.orders)
                state = visit.talk.state
                now = "没有消息" if state is None else f"{state.state} {state.status} {state.text}".strip()
            except CannotError as error:
                visit.disconnect()
                now = f"宿主没有了：{error}"
            if now != last:
                visit.note(f"账户：{now}")
                states.append(f"{to_clock_text(visit.now_ns())[:8]} {now}")
                last = now
            if visit.connected:
                visit.listen(visit.patience.night)
            else:
                time.sleep(min(visit.patience.night, 5.0))
    except KeyboardInterrupt:
        told = f"状态变化：{'；'.join(states)}" + (
            f"；清单在 {empty_at} 第一次为空" if empty_at else "；没有看到清单变空"
        )
        return seen(told) if len(states) > 1 else unseen(told)


def _back(visit: Visit, what: str, *, other_than: tuple[str, int] | None = None) -> None:
    """Have the client brought back by the person, and wait until the account is ready again.

    Args:
        other_than: the session of before, where the check stands on a new one; one that goes on is no restart.
    """
    visit.person.ask(f"  {what}")
    until = time.monotonic() + visit.patience.back
    while time.monotonic() < until:
        try:
            if visit.connect(wait_s=10.0) and visit.listing().alive:
                if visit.session != other_than:
                    visit.note("客户端回来了，账户就绪")
                    return
                visit.listen(0.5)
        except CannotError:
            visit.disconnect()
    goes_on = visit.session == other_than and visit.talk.ready
    raise CannotError("没有看到客户端重启：与它的连接一直没有断过" if goes_on else "客户端没有回来")
