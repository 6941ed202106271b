"""The power cut: a real process that sends orders is killed, again and again, and started on what it left on disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import OrderStatus
from qmt_trading.run.config import load
from qmt_trading.run.rehearsal.stage import STOCK, Stage, check, for_drills

KILLS: Final = 4
ORDERS: Final = (3, 1, 6, 2)
"""How many receipts each process gives before it is killed."""
ROOM: Final = 1_000
"""Numbers that each process may use."""
SETTLED_S: Final = 150.0
"""Enough for two complete lists that lie apart, on a new session."""
DAY_NS: Final = 24 * 3_600 * SECOND_NS
APART_NS: Final = 3_600 * SECOND_NS
"""How far the clocks of two processes are apart."""


def power_cut(config: Path, folder: Path, now_ns: int) -> str:
    """Kill KILLS processes in the middle of their work, judge what the last start finds, and tell.

    Raises:
        DrillError: an order was doubled or an acknowledged one lost.
    """
    # All in one day: what midnight does to an order that nobody could ask about is no power cut's affair.
    now_ns = min(now_ns, at_time(day_of(now_ns), DAY_NS) - (KILLS + 1) * APART_NS)
    acknowledged: list[int] = []
    for kill, receipts in enumerate(ORDERS):
        at_ns = now_ns + kill * APART_NS
        command = [sys.executable, "-m", "qmt_trading.run.rehearsal.power_cut", str(config), str(folder)]
        with subprocess.Popen(
            [*command, str(at_ns), str(kill * ROOM)], stdout=subprocess.PIPE, encoding="ascii"
        ) as process:
            assert process.stdout is not None
            for _ in range(receipts):
                line = process.stdout.readline()
                check(line.startswith("ok "), "被拔电的进程没有起来")
                acknowledged.append(int(line[3:]))
            process.kill()
            # What was said before the kill and not read yet was acknowledged, too; half a line was not.
            rest = process.stdout.read()
            acknowledged += [int(line[3:]) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    stage = _stage(config, folder, now_ns + KILLS * APART_NS)
    pending = sum(order.status is OrderStatus.UNKNOWN for order in stage.engine.state.orders)
    stage.wait(SETTLED_S)
    stage.judge()
    for number in acknowledged:
        check(stage.send(_text(stage, number))["status"] == "duplicate", f"已回执的信号 {number} 重启后不认得了")
    known = {order.client_order_id for order in stage.engine.state.orders}
    strangers = set(stage.exchange.executed) - known
    check(not strangers, f"柜台有 {len(strangers)} 笔我方不认得的委托")
    done = len(stage.exchange.executed)
    stage.close()
    told = f"进程被强杀 {KILLS} 次，已回执 {len(acknowledged)} 条"
    return f"{told}：柜台 {done} 笔，重复 0，丢失 0（最后一次留下待核实 {pending} 笔，已了结）"


def _stage(config: Path, folder: Path, now_ns: int) -> Stage:
    engine = load(config).engine
    settle_ns = min(engine.settle_ns, 60 * SECOND_NS)
    settings = replace(for_drills(engine), no_cancel=(), settle_ns=settle_ns)
    return Stage(settings, folder, now_ns=now_ns)


def _text(stage: Stage, number: int) -> str:
    return f"buy {STOCK} 100@1.80:{stage.accounts[0]} #cut/{number}"


def main() -> None:
    """Send orders and say which were acknowledged, until killed."""
    config, folder, now_ns, first = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    stage = _stage(config, folder, now_ns)
    stage.wait(SETTLED_S)  # What the last process left unknown closes the stock until it is settled.
    for number in range(first, first + ROOM):
        receipt = stage.send(_text(stage, number))
        assert receipt["status"] == "accepted", receipt
        print(f"ok {number}", flush=True)
        stage.wait(0.05)


if __name__ == "__main__":
    main()
