"""How long a start takes with 100,000 orders in the day: from the last snapshot, and without one.

``python -m benchmarks.start_up --folder FOLDER``. The journal is made by the real engine, codec and SQLite; each start
is a fresh process that recovers it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.anchors import verdict
from qmt_trading.codec.journal_record import GENESIS, Record, encode_turn, seal
from qmt_trading.codec.signal import parse
from qmt_trading.codec.state_snapshot import encode_parts
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import Money, Price, Quantity, notional
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec, Signal
from qmt_trading.model.words import LinkState, Mode, OrderStatus, Side
from qmt_trading.ports import Closing, StoredSnapshot, StoredTurn
from qmt_trading.run.reading import journal_path

ORDERS = 100_000
BATCH = 50
ACCOUNT = AccountId("a01")
SYMBOL = Symbol("600000.SH")
NOW_NS = 1_790_000_000_000_000_000
CHILD = """
import sys, time
began = time.process_time()
from pathlib import Path
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.run.recovery import recover
journal = SqliteJournal(Path(sys.argv[1]))
told = recover(journal)
assert len(told.engine.state.orders) == int(sys.argv[2]), len(told.engine.state.orders)
print(told.folded, time.process_time() - began)
"""


def build(path: Path) -> tuple[int, bytes, Engine, int]:
    """Write the day; return the head, the engine as it is then, and the number of records."""
    journal, engine = SqliteJournal(path), Engine()
    settings = EngineSettings(
        mode=Mode.PAPER,
        accounts=(AccountSettings(account=ACCOUNT, limits=Limits(order_value_max=Money(10**15))),),
        doors=(DoorSettings(name="door"),),
        default_price=PriceSpec(PriceKind.LATEST, text="latest"),
        submits_per_minute_max=10**9,
    )
    rule = rule_for(SYMBOL)
    quote = Quote(SYMBOL, Price(105_000), Price(104_000), Price(114_400), Price(93_600), (), (), NOW_NS, rule)
    number, head, records_made = 0, GENESIS, 0
    day = dt.date(2026, 9, 21)

    def commit(events: list[ev.Event], *, opens: bool = False) -> list[out.Output]:
        nonlocal number, head, records_made
        records: list[Record] = [ev.At(NOW_NS + number)]
        outputs: list[out.Output] = []
        for event in events:
            made = engine.handle(event, NOW_NS + number)
            records += [event, *made]
            outputs += made
        number += 1
        payload = encode_turn(records)
        turn = StoredTurn(number, payload, seal(head, number, payload))
        journal.append(turn, closing=Closing((), "") if opens else None)
        head = turn.seal
        records_made += len(records)
        return outputs

    bound = ev.JournalBound(1, Mode.PAPER, "BENCH", (ACCOUNT,))
    commit([bound, ev.EngineStarted("bench", settings), ev.DayBegan(day)], opens=True)
    commit([ev.LinkChanged(ACCOUNT, 1, LinkState.CONNECTED)])
    commit([ev.BrokerListed(ACCOUNT, 1, NOW_NS + 9, True, True, Money(10**17), (), (), ())])
    for first in range(0, ORDERS, BATCH):
        signals: list[ev.Event] = []
        for each in range(first, first + BATCH):
            text = f"buy 600000.SH 100@10.50:a01 #bench/{each}"
            (parsed,) = parse(text.encode())
            assert isinstance(parsed, Signal)
            seq = engine.state.signal_seq + 1 + each - first
            signals.append(ev.SignalReceived(seq, "door", NOW_NS, text, parsed, (quote,)))
        submits = [output for output in commit(signals) if isinstance(output, out.SubmitOrder)]
        assert len(submits) == BATCH
        calls = tuple((order.client_order_id, NOW_NS) for order in submits)
        reports: list[ev.Event] = [ev.SubmitsHandedOver(NOW_NS, calls)]
        for index, order in enumerate(submits):
            numbers = str(first + index), f"H{first + index}"
            rows = [
                ev.OrderRow(
                    order.client_order_id,
                    *numbers,
                    SYMBOL,
                    Side.BUY,
                    Quantity(100),
                    order.price,
                    Quantity(done),
                    status,
                )
                for done, status in ((0, OrderStatus.NEW), (100, OrderStatus.FILLED))
            ]
            fill = ev.FillRow(
                "1", order.client_order_id, *numbers, SYMBOL, Side.BUY, order.price, Quantity(100), day, NOW_NS
            )
            assert notional(order.price, Quantity(100)) > 0
            reports += [ev.OrderReported(ACCOUNT, 1, rows[0]), ev.FillReported(ACCOUNT, 1, fill)]
            reports += [ev.OrderReported(ACCOUNT, 1, rows[1])]
        commit(reports)
    journal.close()
    return number, head, engine, records_made


def start(path: Path) -> tuple[int, float, float]:
    """Recover in a fresh process; return turns folded, wall seconds and CPU seconds."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), str(ORDERS)], check=True, capture_output=True, encoding="utf-8"
    )
    wall = time.perf_counter() - began
    folded, cpu = done.stdout.split()
    return int(folded), wall, float(cpu)


def main() -> int:
    """Measure and print both starts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start_up", description=__doc__)
    parser.add_argument("--folder", type=Path)
    with tempfile.TemporaryDirectory(dir=parser.parse_args().folder, prefix="bench-") as name:
        path = journal_path(Path(name))
        number, head, engine, records = build(path)
        print(f"{ORDERS:,} orders, {records:,} records, {number:,} turns, {path.stat().st_size / 1e6:.0f} MB")
        without = [start(path) for _ in range(3)]
        journal = SqliteJournal(path)
        journal.save_snapshot(StoredSnapshot(number, head, b"\n".join(encode_parts(capture(engine.state)))))
        journal.close()
        with_one = [start(path) for _ in range(3)]
    for text, runs, target in (("without a snapshot", without, 8.0), ("from the last snapshot", with_one, 3.0)):
        folded, wall, cpu = sorted(runs, key=lambda run: run[1])[1]
        print(f"start {text}: {folded:,} turns folded, wall {wall:.2f} s, CPU {cpu:.2f} s")
        verdict(f"start {text}, wall seconds", wall, target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
