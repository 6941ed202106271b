"""Checks that need nobody's hands: what the counter does with far-away orders of ours."""

from __future__ import annotations

import time
from typing import Final

from qmt_trading.model.instant import time_of_day_ns, to_clock_text
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity, from_float, notional, to_money_text, to_text
from qmt_trading.run.acceptance.check import Answer, finding, seen, unseen
from qmt_trading.run.acceptance.far_price import QUANTITY
from qmt_trading.run.acceptance.visit import CannotError, Placed, Visit
from qmt_trading.run.terminal_orders import TerminalOrder

BURST: Final = 20
AFTER_HOURS: Final = (15 * 3600 + 5 * 60, 15 * 3600 + 29 * 60)
"""Seconds after midnight; it ends early enough for the cancel."""
REMARK_CHINESE: Final = "验收备注九个汉字吧"
_REST_S: Final = 3.5


def sessions(visit: Visit) -> Answer:
    """1: the same session number, within and after three seconds."""
    number = visit.sessions[1]
    only = (number, number)
    visit.disconnect()
    if not visit.connect(sessions=only):
        visit.disconnect()
        return unseen(f"会话号 {number} 第一次就没有连上")
    visit.note(f"会话号 {number} 连上，用了 {visit.talk.ms} 毫秒")
    visit.disconnect()
    at_once, told_at_once = _again(visit, only)
    if at_once:
        how = f"同一会话号断开后立刻再连：成功（{told_at_once}）"
        return seen(how, session_reuse_s=finding(visit, "0", how))
    time.sleep(_REST_S)
    later, told_later = _again(visit, only)
    how = f"立刻再连：{told_at_once}；{_REST_S} 秒后再连：{told_later}"
    return seen(how, session_reuse_s=finding(visit, "3", how)) if later else unseen(how)


def _again(visit: Visit, only: tuple[int, int]) -> tuple[bool, str]:
    """Connect once more; only a first attempt that succeeds counts, since a host tries again by itself."""
    try:
        ready = visit.connect(sessions=only)
    except CannotError as error:
        visit.disconnect(kill=True)
        return False, str(error)
    troubles = "；".join(trouble.text for trouble in visit.talk.troubles)
    took = visit.talk.ms
    visit.disconnect()
    visit.note(f"再连：{'就绪' if ready else '没有就绪'}，{took} 毫秒{f'，{troubles}' if troubles else ''}")
    return ready and not troubles, troubles or f"{took} 毫秒"


def far_order(visit: Visit) -> Answer:
    """7: the states of a far-away order and of its cancel."""
    far = visit.far()
    with visit.tidy():
        placed = visit.place(far)
        visit.listen(visit.patience.quiet)
        placed = visit.seen_of(placed.coid, placed.at_ms)
        order = placed.order
        _tell(visit, placed)
        if order is None:
            return unseen(f"{visit.patience.answer:.0f} 秒内没有看到委托的行：{_stage(placed)}")
        first_row, stage_ms = placed.rows[0][0], placed.stage_ms if placed.stage is not None else -1
        which = "应答先到" if 0 <= stage_ms <= first_row else "委托行先到"
        before = len(placed.rows)
        sent_ms = visit.talk.ms
        visit.talk.cancel(broker_id=order.broker_id, venue_id=order.venue_id, symbol=order.symbol)
        after = visit.watch(placed.coid, visit.patience.quiet * 2, lambda now: _ended(now.order), placed.at_ms)
        visit.listen(min(visit.patience.quiet, 1.0))
        after = visit.seen_of(placed.coid, placed.at_ms)
        _tell(visit, after, since=before)
        last = after.rows[-1]
        how = f"报单推送 {before} 次（{placed.path}），{which}；"
        how += f"撤单后 {len(after.rows) - before} 次，最后 {last[1].state}"
        took = last[0] + placed.at_ms - sent_ms
        return seen(f"{how}，撤单用了 {took} 毫秒") if _ended(last[1]) else unseen(f"{how}；撤单没有看到结局")


def remarks(visit: Visit) -> Answer:
    """4: how much of a remark comes back."""
    far = visit.far()
    kept, told = -1, []
    own = visit.new_coid()
    fill = "abcdefghijklmnopqrstuvwxyz0123456789"
    for label, coid in (
        ("22 字节", (own + fill)[:22]),
        ("30 字节", (visit.new_coid() + fill)[:30]),
        ("9 个汉字", REMARK_CHINESE),
    ):
        with visit.tidy():
            placed = visit.place(far, coid=coid)
            if placed.order is None:
                listed = visit.row_of(coid, visit.listing().orders)
                refused = placed.stage is not None and placed.stage.st == "refused"
                if listed is None:
                    told.append(f"{label}：{'宿主不发（本系统不用这样的备注）' if refused else '没有看到行'}")
                    visit.note(f"{told[-1]}；{_stage(placed)}")
                    continue
                placed = visit.seen_of(coid, placed.at_ms)
            order = placed.order or visit.row_of(coid, visit.listing().orders)
            assert order is not None
            back, whole = order.remark.encode(), order.remark == coid
            told.append(f"{label}：{'原样返回' if whole else f'返回 {len(back)} 字节「{order.remark}」'}")
            visit.note(told[-1])
            if coid.isascii():
                kept = max(kept, len(back) if coid.encode().startswith(back) else 0)
    how = "；".join(told)
    return seen(how, remark_bytes=finding(visit, str(kept), how)) if kept >= 0 else unseen(how)


def refusals(visit: Visit) -> Answer:
    """8: how the counter refuses what is illegal, and cannot trade either."""
    far = visit.far()
    told = []
    below, odd = Price(far.price - far.tick), Price(far.price - far.tick // 2)
    for label, quantity, price in (
        ("不是整手（101 股）", Quantity(101), far.price),
        (f"不是最小价位（{to_text(odd)}）", QUANTITY, odd),
        (f"低于跌停（{to_text(below)}）", QUANTITY, below),
    ):
        with visit.tidy():
            placed = visit.place(far, quantity=quantity, price=price)
            visit.listen(min(visit.patience.quiet, 2.0))
            placed = visit.seen_of(placed.coid, placed.at_ms)
            told.append(f"{label}：{_refusal(placed)}")
            visit.note(told[-1])
    visit.note("价格笼子没有试：笼子外的买单若被收下就会成交")
    return seen("；".join(told)) if not any("没有看到" in each for each in told) else unseen("；".join(told))


def burst(visit: Visit) -> Answer:
    """9: twenty orders in one second."""
    far = visit.far()
    need = Money(notional(far.price, QUANTITY) * BURST)
    cash = _cash(visit)
    if cash < need * 11 // 10:
        raise CannotError(
            f"可用资金 {to_money_text(cash)} 元不够 {BURST} 笔（{to_money_text(need)} 元）：拒绝会是因为钱"
        )
    if visit.person.ask(f"  一秒内发 {BURST} 笔、再全部撤掉，算 {BURST * 2} 笔申报。输入 20 继续") != str(BURST):
        raise CannotError("没有输入 20，不做")
    with visit.tidy():
        since = visit.talk.ms
        coids = [visit.hand_over(far) for _ in range(BURST)]
        handed_ms = visit.talk.ms - since
        visit.listen(visit.patience.quiet * 2, lambda: all(_answered(visit.seen_of(coid, since)) for coid in coids))
        all_seen = [visit.seen_of(coid, since) for coid in coids]
        refused = [(index, _refusal_text(each)) for index, each in enumerate(all_seen, 1) if _refusal_text(each)]
        taken = sum(each.order is not None and not _refusal_text(each) for each in all_seen)
        silent = BURST - taken - len(refused)
        visit.note(f"{handed_ms} 毫秒交出 {BURST} 笔：收下 {taken}，拒绝 {len(refused)}，没有消息 {silent}")
        if refused:
            index, text = refused[0]
            how = f"{BURST} 笔里第 {index} 笔起有拒绝，共 {len(refused)} 笔；第一句：{text}"
            return seen(how, rate_refusal=finding(visit, text, how))
        if silent:
            return unseen(f"{BURST} 笔里 {silent} 笔没有消息")
        how = f"{BURST} 笔全部收下，没有频率拒绝"
        return seen(how, rate_refusal=finding(visit, "none", how))


def stop_under_pushes(visit: Visit) -> Answer:
    """12: the host stops while rows are still coming."""
    far = visit.far()
    with visit.tidy():
        placed = visit.place(far)
        order = placed.order
        if order is None or order.status != 50:
            return unseen(f"委托没有报上：{_stage(placed)}")
        visit.talk.cancel(broker_id=order.broker_id, venue_id=order.venue_id, symbol=order.symbol)
        talk = visit.talk
        took = visit.disconnect()
        how = f"撤单的推送还在路上时停下宿主：用了 {took} 毫秒，{talk.ending or '没有结束，被终止'}"
        visit.note(how)
        visit.need()
    return seen(how)


def after_hours(visit: Visit) -> Answer:
    """10: a limit order after the close."""
    second = time_of_day_ns(visit.now_ns()) // SECOND_NS
    if not AFTER_HOURS[0] <= second < AFTER_HOURS[1]:
        raise CannotError("只能在 15:05 到 15:29 做：届时运行 qmt acceptance --only 10")
    far = visit.far(at_any_hour=True)
    with visit.tidy():
        placed = visit.place(far)
        visit.listen(visit.patience.quiet)
        placed = visit.seen_of(placed.coid, placed.at_ms)
        text, order = _refusal_text(placed), placed.order
        at = to_clock_text(visit.now_ns())[:8]
        if text:
            how = f"{at} 的限价买单（跌停价）被拒：{text}"
            return seen(how, after_hours=finding(visit, text, how))
        if order is None:
            return unseen(f"没有看到行：{_stage(placed)}")
        how = f"{at} 的限价买单（跌停价）被收下：{placed.path}"
        return seen(how, after_hours=finding(visit, "taken", how))


def _tell(visit: Visit, placed: Placed, since: int = 0) -> None:
    if not since:
        visit.note(f"宿主：{_stage(placed)}，{placed.stage_ms} 毫秒")
    for ms, order in placed.rows[since:]:
        visit.note(
            f"{ms} 毫秒：{order.status} {order.state}，委托编号 {order.broker_id}，合同 {order.venue_id or '无'}"
        )
    for ms, text in placed.errors if not since else ():
        visit.note(f"{ms} 毫秒：错误推送「{text}」")


def _stage(placed: Placed) -> str:
    if placed.stage is None:
        return "没有答复"
    return " ".join(part for part in (placed.stage.st, placed.stage.why, placed.stage.text) if part)


def _ended(order: TerminalOrder | None) -> bool:
    return order is not None and not order.works


def _answered(placed: Placed) -> bool:
    return bool(_refusal_text(placed)) or (placed.order is not None and placed.order.status not in (48, 49))


def _refusal_text(placed: Placed) -> str:
    """Return how it was refused, in the counter's own words; empty: it was not, as far as anybody has said."""
    order = placed.order
    if placed.errors:
        return placed.errors[0][1] or "（没有文字）"
    if order is not None and order.status == 57:
        return order.text or "废单，没有文字"
    if placed.stage is not None and placed.stage.st == "refused":
        return f"宿主：{placed.stage.why} {placed.stage.text}".strip()
    return ""


def _refusal(placed: Placed) -> str:
    """Return by what way it was refused: the answer, an error that is pushed, or a row in state 57."""
    ways = []
    if placed.stage is not None and placed.stage.st != "dispatched":
        ways.append(f"答复 {_stage(placed)}")
    if placed.errors:
        ways.append(f"错误推送「{placed.errors[0][1]}」")
    if placed.rows:
        order = placed.rows[-1][1]
        ways.append(f"委托行 {placed.path}" + (f"「{order.text}」" if order.text else ""))
    if not ways:
        return "没有看到任何答复"
    return f"{'收下了：' if placed.order is not None and not _refusal_text(placed) else ''}{'，'.join(ways)}"


def _cash(visit: Visit) -> Money:
    assets = visit.listing().assets
    value = assets[0].get("cash") if assets else None
    if not isinstance(value, int | float):
        raise CannotError("终端没有给出可用资金")
    return Money(from_float(float(value)))
