"""What the demo plays: six steps from the example message to a killed engine that doubles nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from qmt_trading.cli.demo_engine import DemoEngine, Rows
from qmt_trading.cli.options import who
from qmt_trading.cli.sending import Receipt, send_text
from qmt_trading.codec import control as wire
from qmt_trading.model.words import TERMINAL, OrderStatus

EXAMPLE: Final = ("600000.SH:11031122,11031123;600036.SH:11031124", "示例消息：裸信号，各买一手")
TRADES: Final = (
    ("buy 600000.SH 1000@对手+1%:11031122 #demo/1", "比卖一高 1% 买 1000 股"),
    ("sell 600036.SH 500@对手-1%:@全部 #demo/2", "分组里每个账户卖 500 股"),
    ("buy 600000.SH 200@跌停:11031123 #demo/3", "挂在跌停价，等着被撤"),
    ("撤单 600000.SH:11031123 #demo/4", "撤掉它"),
)
MISTAKES: Final = (
    ("buy 600000.SH 1000@对手+1%:11031122 #demo/1", "同一编号再发一次：不会重复下单"),
    ("buy 600000.SH 100", "写得不完整：指出哪里不对"),
)
MESSAGES: Final = (EXAMPLE, *TRADES, *MISTAKES)
HALTED: Final = ("buy 600036.SH 100@对手:11031124 #demo/5", "停止时下单")
RESTING: Final = tuple(
    (f"buy 600036.SH {100 * number}@跌停:@全部 #demo/kill-{number}", "每个账户挂一笔") for number in (1, 2, 3)
)
EVERYTHING_OFF: Final = "全撤 :*"
STEPS: Final = 6

_FILL_S: Final = 5.0
_SETTLE_S: Final = 20.0
_ENDED: Final = frozenset(status.value for status in TERMINAL)


class Stage:
    """Where the demo is seen. What is told here goes nowhere; a screen and a plain list of lines each show it."""

    def __init__(self, engine: DemoEngine) -> None:
        self.engine = engine
        self.results: list[str] = []
        self.number = 0

    def step(self, title: str) -> None:
        """Begin the next step."""
        self.number += 1

    def say(self, text: str, style: str = "") -> None:
        """Tell one thing."""

    def told(self, text: str, meaning: str, receipt: Receipt) -> None:
        """Show a message and its receipt."""

    def timeline(self, rows: Rows) -> None:
        """Show the life of a signal."""

    def pause(self, *, long: bool = False) -> None:
        """Give the person time to look."""

    def result(self, text: str, *, good: bool) -> None:
        """Tell how the step ended."""
        self.results.append(f"{'✓' if good else '!'} {self.number}/{STEPS} {text}")

    def until(self, holds: Callable[[], bool], wait_s: float) -> bool:
        """Wait until ``holds``; return whether it came to that."""
        end = time.monotonic() + wait_s
        while time.monotonic() < end:
            if holds():
                return True
            self.look()
        return holds()

    def look(self) -> None:
        """Let a little time pass."""
        time.sleep(0.05)

    # What every stage does alike

    def send(self, message: tuple[str, str]) -> Receipt:
        """Send one message as ``qmt send`` does and show its receipt."""
        text, meaning = message
        (receipt,) = send_text(self.engine.configuration, text)
        self.told(text, meaning, receipt)
        return receipt


def play(stage: Stage) -> None:
    """Play all six steps."""
    _example(stage)
    _timeline(stage)
    _trades(stage)
    _mistakes(stage)
    _halt(stage)
    _kill(stage)


def _example(stage: Stage) -> None:
    stage.step("一条消息，两只股票，三个账户")
    stage.pause()
    receipt = stage.send(EXAMPLE)
    filled = stage.until(lambda: _count(stage, "FILLED") >= 3, _FILL_S)
    stage.pause()
    stage.result(f"示例消息：{_orders_of(receipt)} 笔委托，{_count(stage, 'FILLED')} 笔已成", good=filled)


def _timeline(stage: Stage) -> None:
    stage.step("信号 1 的一生：收到 → 风控 → 落盘 → 发出 → 柜台应答 → 成交，毫秒")
    rows = stage.engine.ask(wire.Timeline(1))
    stage.timeline(rows)
    stage.pause(long=True)
    sent = [row["milliseconds"] for row in rows if row["hop"] == "sent"]
    stage.result(f"时间线：收到后 {sent[0]} 毫秒发出第一笔（qmt timeline 1）", good=True)


def _trades(stage: Stage) -> None:
    stage.step("买、卖、挂单、撤单")
    for message in TRADES:
        stage.send(message)
        stage.pause()
    canceled = stage.until(lambda: _count(stage, "CANCELED") >= 1, _FILL_S)
    stage.result("买、卖、挂单、撤单：挂单已撤" if canceled else "撤单还没有结果", good=canceled)


def _mistakes(stage: Stage) -> None:
    stage.step("同一编号再发一次；写错的消息")
    before = len(stage.engine.rows("orders"))
    for message in MISTAKES:
        stage.send(message)
        stage.pause()
    same = len(stage.engine.rows("orders")) == before
    stage.result(f"重复编号、写错的消息：没有产生委托（仍是 {before} 笔）", good=same)


def _halt(stage: Stage) -> None:
    stage.step("紧急停止与恢复")
    stage.engine.ask(wire.Halt(who=who(), why="试跑：紧急停止"))
    stage.say("✓ qmt halt：全局已停止（仅可撤单）", "bold red")
    stage.pause()
    receipt = stage.send(HALTED)
    stage.pause()
    stage.engine.ask(wire.Resume(who=who(), why="试跑：恢复"))
    stage.say("✓ qmt resume：正常交易", "bold green")
    stage.pause()
    denied = receipt.get("status") == "denied"
    stage.result("紧急停止：停止时的委托已拦截，随后恢复", good=denied)


def _kill(stage: Stage) -> None:
    stage.step("断电演习：挂着委托时强行杀死引擎（kill -9），再启动")
    for message in RESTING:
        stage.send(message)
    number = stage.engine.number
    stage.engine.kill()  # At once: the last orders may not have been answered yet.
    stage.say(f"✗ 引擎进程 {number} 已被杀死；模拟柜台的账和委托还在", "bold red")
    stage.pause()
    began = time.monotonic()
    stage.engine.start()
    stage.say(f"✓ 新进程 {stage.engine.number} 用 {time.monotonic() - began:.1f} 秒启动，向柜台核对", "bold green")
    settled = stage.until(lambda: _unresolved(stage) == 0, _SETTLE_S)
    orders = stage.engine.rows("orders")
    working = sum(row["status"] in ("NEW", "PARTIALLY_FILLED") for row in orders)
    absent = sum(row["status"] == "NOT_SENT" for row in orders)
    placed = stage.engine.placed()
    doubled = sum(count - 1 for count in placed.values())
    text = f"接回 {working} 笔未成交委托，"
    if absent:
        text += f"核实未发出 {absent} 笔，"
    text += f"待核实 {_unresolved(stage)} 笔；柜台共收到 {len(placed)} 笔，{doubled} 重复"
    stage.say(f"{'✓' if settled and not doubled else '!'} {text}", "bold")
    stage.pause(long=True)
    stage.result(f"强杀后重启：{text}", good=settled and not doubled)
    send_text(stage.engine.configuration, EVERYTHING_OFF)
    stage.until(lambda: all_ended(stage.engine), _SETTLE_S)


def settle(engine: DemoEngine, *, patience_s: float = 3.0) -> bool:
    """Wait until every order has its end, cancelling what the market left waiting; return whether it has."""
    stage = Stage(engine)
    if stage.until(lambda: all_ended(engine), patience_s):
        return True
    send_text(engine.configuration, EVERYTHING_OFF)
    return stage.until(lambda: all_ended(engine), _SETTLE_S)


def all_ended(engine: DemoEngine) -> bool:
    return all(row["status"] in _ENDED for row in engine.rows("orders"))


def _count(stage: Stage, status: str) -> int:
    return sum(row["status"] == status for row in stage.engine.rows("orders"))


def _unresolved(stage: Stage) -> int:
    open_states = (OrderStatus.UNKNOWN.value, OrderStatus.PENDING_NEW.value)
    return sum(row["status"] in open_states for row in stage.engine.rows("orders"))


def _orders_of(receipt: Receipt) -> int:
    orders = receipt.get("orders")
    return sum(line.get("status") == "accepted" for line in orders) if isinstance(orders, list) else 0
