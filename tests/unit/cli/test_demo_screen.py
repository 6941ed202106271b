"""The demo's screen: never higher or wider than the terminal, with the message a person sends always on it."""

from __future__ import annotations

import io
from typing import cast

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.text import Text

from qmt_trading.cli.demo_engine import DemoEngine, Rows
from qmt_trading.cli.demo_screen import LiveStage
from qmt_trading.codec import view_json
from qmt_trading.codec.timeline_json import timeline
from qmt_trading.link.dial import DialError
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench


class FakeEngine:
    """Rows of an engine on a bench; dead where asked to be."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.dead = False
        for number in range(12):
            receipt = self.bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER},nobody #x/{number}")
            self.bench.report(self.bench.row(receipt.orders[0].client_order_id, number=str(number)))

    def rows(self, table: str, limit: int = 1000) -> Rows:
        if self.dead:
            raise DialError("dead")
        return view_json.rows_of(self.bench.engine.view(), table, limit)

    def malformed(self) -> Rows:
        return [
            {
                "received_at": "2026-11-24T23:00:00.000+08:00",
                "status": "malformed",
                "excerpt": "buy 60003",
                "text": "不对",
            }
        ]


class Screen:
    """A live stage on a terminal of this size."""

    def __init__(self, width: int, height: int) -> None:
        self.engine = FakeEngine()
        self.console = Console(file=io.StringIO(), width=width, height=height, highlight=False, markup=False)
        live = Live(console=self.console, auto_refresh=False)
        self.stage = LiveStage(cast(DemoEngine, self.engine), self.console, live)

    def shown(self) -> list[str]:
        stream = io.StringIO()
        console = Console(file=stream, width=self.console.width, height=self.console.height, markup=False)
        console.print(self.stage.picture())
        lines = stream.getvalue().splitlines()
        assert len(lines) <= self.console.height
        assert all(cell_len(line) <= self.console.width for line in lines)
        assert not any("…" in line for line in lines)
        return lines


SIZES = pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (140, 40)])


@SIZES
def test_a_step_with_its_receipts_fits_and_names_every_account(width: int, height: int) -> None:
    screen = Screen(width, height)
    screen.stage.step("一条消息")
    for _ in range(4):
        receipt: dict[str, object] = {"status": "accepted", "seq": 1, "id": "", "orders": []}
        screen.stage.told("600000.SH:11031122,11031123;600036.SH:11031124", "示例消息", receipt)
    text = "\n".join(screen.shown())
    assert "1/6 一条消息" in text
    assert "已受理  信号 1" in text
    assert text.count(ACCOUNT) >= 2
    assert text.count(OTHER) >= 2


@SIZES
def test_the_timeline_has_the_screen_for_itself(width: int, height: int) -> None:
    screen = Screen(width, height)
    screen.stage.step("一生")
    screen.stage.timeline(timeline(screen.engine.bench.engine.view(), 1))
    text = "\n".join(screen.shown())
    assert "收到" in text
    assert "可用资金" not in text


@SIZES
def test_what_a_person_sends_is_seen_with_its_answer_and_so_is_what_was_malformed(width: int, height: int) -> None:
    screen = Screen(width, height)
    looks = iter([False, True])
    screen.stage.wait([Text("  qmt send 'x'"), Text("  echo x > signals.fifo")], lambda: next(looks))
    text = "\n".join(screen.shown())
    assert "qmt send 'x'" in text
    assert "echo x > signals.fifo" in text
    assert "✗ buy 60003 格式错误：不对" in text
    assert "已受理（2✓1✗）" in "".join(text.split())


def test_a_dead_engine_is_called_dead_and_its_last_rows_stay() -> None:
    screen = Screen(80, 24)
    screen.stage.step("强杀")
    screen.engine.dead = True
    screen.stage.say("被杀死")
    text = "\n".join(screen.shown())
    assert "引擎已死" in text
    assert "已连接" not in text
    assert ACCOUNT in text


def test_orders_that_find_no_room_are_counted() -> None:
    screen = Screen(80, 24)
    for number in range(30):
        screen.engine.bench.buy(name=f"b/{number}")
    screen.stage.say("看")
    text = "\n".join(screen.shown())
    shown = text.count("买入")
    total = len(screen.engine.bench.engine.view().orders)
    assert 0 < shown < total
    assert f"另有 {total - shown} 笔" in text
