"""The twelve drills: each brings about its accident, makes sure that it happened, and judges what the engine did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from qmt_trading.brokers.simulated.chaos import Lie, Step
from qmt_trading.intake.framing import StreamFramer
from qmt_trading.market.no_cancel import STANDARD, phase_of
from qmt_trading.market.sessions import Session
from qmt_trading.model import events as ev
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Price
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.words import LinkState, OrderStatus, TradingState, Verb
from qmt_trading.run.rehearsal.power_cut import power_cut
from qmt_trading.run.rehearsal.stage import (
    LIMIT_DOWN,
    LIMIT_UP,
    STOCK,
    WORKING,
    DrillError,
    Stage,
    check,
    for_drills,
    simulated,
)

ASK: Final = Price(20_100)
"""What a seller asks: a buy at this price fills."""


class Scene(NamedTuple):
    """What a drill plays with."""

    settings: EngineSettings
    folder: Path
    now_ns: int
    config: Path

    def stage(self, **changes: object) -> Stage:
        """Return a stage that is open all day, its settings changed where a drill says so."""
        plain = replace(for_drills(self.settings), no_cancel=())
        return Stage(replace(plain, **changes), self.folder, now_ns=self.now_ns)


Drill = Callable[[Scene], str]


def link_breaks(scene: Scene) -> str:
    stage = scene.stage()
    stage.link.lies = frozenset({Lie.REPLAY})
    stage.link.arm(Step.AFTER_SUBMIT)
    order = stage.buy("1")
    state = stage.engine.state.accounts[order.account]
    check(state.link is LinkState.DOWN, "断线没有发生")
    check(stage.order(order.client_order_id).status is OrderStatus.UNKNOWN, "断线时在途的委托没有标为待核实")
    stage.wait(5)
    check(stage.order(order.client_order_id).status is OrderStatus.NEW, "重连后没有和柜台对上")
    stage.judge()
    stage.close()
    return "委托在途时断线：标为待核实，重连后（柜台把当天全部重报一遍）与柜台对上，没有重发"


def client_restarts(scene: Scene) -> str:
    stage = scene.stage()
    order = stage.buy("1")
    before = stage.engine.state.accounts[order.account].session
    stage.counter.tell(stage.link.disconnect(stage.clock.now_ns()))
    stage.rest()
    stage.by_hand(order.account, 2, LIMIT_DOWN, told=False)
    stage.wait(5)
    after = stage.engine.state.accounts[order.account].session
    check(after > before, "客户端没有重启过：会话号没有变")
    stage.judge()
    stage.send(f"撤买 {STOCK}:{order.account}", door=stage.door(Verb.CANCEL))
    stage.wait(2)
    left = [row for row in stage.rows(order.account) if row.status in WORKING]
    check(not left, f"重启后还有 {len(left)} 笔撤不掉")
    stage.judge()
    stage.close()
    return "重启期间又手工下了 2 笔：3 笔都接回，一条撤单全部撤掉"


def minus_one_lives(scene: Scene) -> str:
    stage = scene.stage()
    stage.link.lies = frozenset({Lie.MINUS_ONE})
    order = stage.buy("1")
    check(stage.exchange.executed.get(order.client_order_id) == 1, "柜台没有收下这笔委托")
    stage.link.lies = frozenset()
    stage.wait(10)
    found = stage.order(order.client_order_id)
    check(found.status is OrderStatus.NEW, f"柜台答 -1 而委托活着：我方却认为是 {found.status.value}")
    stage.judge()
    stage.close()
    return "柜台答 -1，委托其实活着：没有当作失败，没有重发，查询后对上"


def reports_come_twice(scene: Scene) -> str:
    stage = scene.stage()
    stage.link.lies = frozenset({Lie.DOUBLED, Lie.REORDERED})
    order = stage.buy("1", price=ASK)
    stage.wait(5)
    fills = [report.row.fill_id for report in stage.counter.told if isinstance(report, ev.FillReported)]
    check(len(fills) > len(set(fills)) > 0, "成交回报没有重复")
    found = stage.order(order.client_order_id)
    check(found.filled_quantity == 100, f"成交 100，记成了 {found.filled_quantity}")
    stage.link.lies = frozenset()
    stage.judge()
    stage.close()
    return f"成交回报重复且乱序（收到 {len(fills)} 次）：只记一次，持仓资金与柜台一致"


def cancel_report_lost(scene: Scene) -> str:
    stage = scene.stage()
    order = stage.buy("1")
    stage.link.lies = frozenset({Lie.LOST})
    stage.send(f"撤买 {STOCK}:{order.account}", door=stage.door(Verb.CANCEL))
    (row,) = [each for each in stage.rows(order.account) if each.client_order_id == order.client_order_id]
    check(row.status is OrderStatus.CANCELED, "柜台没有撤掉")
    check(stage.order(order.client_order_id).status is not OrderStatus.CANCELED, "撤单回报没有丢")
    stage.link.lies = frozenset()
    stage.wait(10)
    found = stage.order(order.client_order_id)
    check(found.status is OrderStatus.CANCELED, f"撤单回报丢了：我方仍认为是 {found.status.value}")
    check(found.cancel_attempts > 1, "撤单没有重发，只等到了委托列表")
    stage.judge()
    stage.close()
    return f"撤单回报丢失：重撤 {found.cancel_attempts} 次并查询，确认已撤"


def no_cancels_at_9_20(scene: Scene) -> str:
    session = Session()
    day = session.trading_day(scene.now_ns)
    if day_of(scene.now_ns) == day:
        day = session.trading_day(at_time(day + dt.timedelta(days=1), 0))
    phases = scene.settings.no_cancel or STANDARD
    begin_ns = at_time(day, (9 * 60 + 19) * 60 * SECOND_NS)
    stage = Stage(replace(simulated(scene.settings), no_cancel=phases), scene.folder, now_ns=begin_ns, session=session)
    account = stage.accounts[0]
    stage.market.sealed = True
    stage.by_hand(account, 3, LIMIT_UP)
    late_ns = at_time(day, (9 * 60 + 20) * 60 * SECOND_NS) + 500 * MILLISECOND_NS
    stage.until(late_ns)
    phase = phase_of(phases, STOCK, day, late_ns)
    receipt = stage.send(f"撤买 {STOCK}:{account}", door=stage.door(Verb.CANCEL))
    lines = receipt["cancels"]
    assert isinstance(lines, list)
    statuses = [line["status"] for line in lines]
    working = [row for row in stage.rows(account) if row.status in WORKING]
    check(len(working) == 3, "9:20 之后柜台竟然收了撤单")
    check(phase is None or statuses == ["registered"] * 3, f"9:20:00.5 的撤单没有登记：{statuses}")
    end_ns = at_time(day, phase.ends_ns) if phase is not None else at_time(day, (9 * 60 + 30) * 60 * SECOND_NS)
    stage.until(end_ns + 6 * SECOND_NS)
    stage.market.sealed = False  # Whatever still waits fills now.
    stage.wait(2)
    left = [row for row in stage.rows(account) if row.status in WORKING]
    filled = [row for row in stage.rows(account) if row.filled_quantity]
    check(not left, f"开放后还有 {len(left)} 笔没有撤")
    check(not filled, f"开放后没来得及撤，成交了 {len(filled)} 笔")
    stage.judge()
    stage.close()
    how = "已登记" if phase is not None else "未登记（你的配置里没有这个时段），被拒后一直重撤"
    return f"9:20:00.5 撤 3 笔排板单：{how}，开放后全部撤掉，一笔没有成交"


def the_seal_breaks(scene: Scene) -> str:
    stage = scene.stage(cancel_burst=150)
    stage.market.sealed = True
    accounts, each = stage.accounts[:5], 40
    for account in accounts:
        stage.by_hand(account, each, LIMIT_UP)
    waiting = sum(row.status in WORKING for account in accounts for row in stage.rows(account))
    check(waiting > 0, "没有排上板")
    names = ",".join(accounts)
    stage.send(f"撤买 {STOCK}:{names}", door=stage.door(Verb.CANCEL))
    stage.wait(0.2)
    left = sum(row.status in WORKING for account in accounts for row in stage.rows(account))
    check(left == 0, f"一条撤单之后 0.2 秒还有 {left} 笔排在板上")
    stage.market.sealed = False
    stage.wait(5)
    stage.judge()
    stage.close()
    return f"{len(accounts)} 个账户 {waiting} 笔排板单，一条撤单 0.2 秒内全部撤出，炸板后一笔没有成交"


def the_disk_is_full(scene: Scene) -> str:
    stage = scene.stage()
    order = stage.buy("1")
    stage.disk.full = True
    before = len(stage.submitted)
    text = f"buy {STOCK} 100@{LIMIT_DOWN / 10_000:.2f}:{order.account} #drill/2"
    receipt = stage.send(text)
    check(receipt.get("durable") is False, "磁盘满了，回执还说已落盘")
    check(len(stage.submitted) == before, "没有落盘的委托发出去了")
    stage.send(f"撤买 {STOCK}:{order.account}", door=stage.door(Verb.CANCEL))
    (row,) = [each for each in stage.rows(order.account) if each.client_order_id == order.client_order_id]
    check(row.status is OrderStatus.CANCELED, "磁盘满了，撤单没有发出")
    stage.inbox.ask(ev.HaltRequested("drill", "磁盘满演练"))
    stage.rest()
    check(stage.engine.state.trading_state is TradingState.HALTED, "磁盘满了，停不下来")
    stage.disk.full = False
    stage.restart()
    stage.wait(2)
    check(stage.send(text)["status"] == "accepted", "换了磁盘重启后，没有执行过的信号不能再发")
    stage.judge()
    stage.close()
    return "写不了日志：买单没有发出，撤单和紧急停止照常；重启后同一信号正常执行一次"


def the_same_signal_again(scene: Scene) -> str:
    stage = scene.stage()
    order = stage.buy("1")
    text = f"buy {STOCK} 100@{LIMIT_DOWN / 10_000:.2f}:{order.account} #drill/1"
    check(stage.send(text)["status"] == "duplicate", "同一编号重发，没有认出来")
    stage.restart()
    check(stage.send(text)["status"] == "duplicate", "重启之后，同一编号没有认出来")
    other = stage.send(text.replace("100@", "200@"))
    check(other.get("reason") == "ID_REUSED", "同一编号换了内容，没有拦下")
    plain = f"buy {STOCK} 100@1.90:{order.account}"
    first, second = stage.send(plain), stage.send(plain)
    check(first["status"] == "accepted" and second["status"] == "denied", "没有编号的重复信号没有拦下")
    check(len(stage.exchange.executed) == 2, f"2 个信号成了 {len(stage.exchange.executed)} 笔委托")
    stage.judge()
    stage.close()
    return "同一编号发三次、重启一次、改内容一次，无编号发两次：柜台只有该有的 2 笔"


def the_upstream_dies(scene: Scene) -> str:
    stage = scene.stage()
    whole = f"buy {STOCK} 100@1.80:{stage.accounts[0]} #drill/1\n".encode()
    door, tried = stage.door(Verb.BUY), 0
    for length in range(1, len(whole)):
        framer = StreamFramer()
        for message in framer.feed(whole[:length]):
            stage.inbox.message(door, message, stage.clock.now_ns(), None)
        stage.inbox.truncated(door, framer.rest(), stage.clock.now_ns(), None)
        tried += 1
    stage.rest()
    check(not stage.submitted, f"半条消息成了 {len(stage.submitted)} 笔委托")
    check(stage.engine.state.malformed > 0, "半条消息没有留下记录")
    stage.judge()
    stage.close()
    return f"上游在消息的 {tried} 个位置中断：没有一处变成委托，都记为格式错误"


def the_counter_is_late(scene: Scene) -> str:
    stage = scene.stage()
    stage.counter.hangs = True
    order = stage.buy("1")
    stage.wait(8)
    check(stage.order(order.client_order_id).status is OrderStatus.UNKNOWN, "柜台 8 秒不答，没有标为待核实")
    again = stage.send(f"buy {STOCK} 100@1.90:{order.account} #drill/2")
    check(again["status"] == "denied", "有待核实的委托，同股同向还能再下")
    stage.counter.go_on()
    stage.rest()
    stage.wait(3)
    found = stage.order(order.client_order_id)
    arrived = stage.exchange.executed.get(order.client_order_id, 0)
    check(found.status is not OrderStatus.UNKNOWN or arrived == 0, f"柜台答了，我方仍认为是 {found.status.value}")
    stage.wait(150)
    stage.judge()
    stage.close()
    ended = "迟到的应答对上了" if arrived else "柜台没有收下，两次完整列表后了结为未发出"
    return f"柜台 8 秒才答：标为待核实并停掉该股买入，{ended}，没有重发"


def power_is_cut(scene: Scene) -> str:
    return power_cut(scene.config, scene.folder, scene.now_ns)


DRILLS: Final[tuple[tuple[str, str, Drill], ...]] = (
    ("断线", "link", link_breaks),
    ("客户端重启", "client restart", client_restarts),
    ("-1 实成", "minus one", minus_one_lives),
    ("回报重复", "doubled reports", reports_come_twice),
    ("漏撤回报", "lost cancel report", cancel_report_lost),
    ("9:20 禁撤", "no cancels at 9:20", no_cancels_at_9_20),
    ("炸板", "the seal breaks", the_seal_breaks),
    ("磁盘满", "disk full", the_disk_is_full),
    ("拔电", "power cut", power_is_cut),
    ("重复信号", "repeated signal", the_same_signal_again),
    ("上游死", "upstream dies", the_upstream_dies),
    ("柜台迟到", "late counter", the_counter_is_late),
)
"""Name, English name, and what is played, in the order in which people climb."""
__all__ = ["DRILLS", "Drill", "DrillError", "Scene"]
