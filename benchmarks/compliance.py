"""How long the programme-trading report of a day of 100,000 orders takes, and how much memory.

``python -m benchmarks.compliance --folder FOLDER [--orders 100000]``. Each order is handed over, answered, and
cancelled or filled. The report is made in a fresh process, beside another that walks the journal and checks its seals.
"""

from __future__ import annotations

import argparse
import datetime as dt
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.compliance_book import Book, cancel_of, fill_of, row_of
from tests.engine_bench import ACCOUNT, DAY, OTHER

from benchmarks.anchors import verdict
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import MILLISECOND_NS
from qmt_trading.model.words import OrderStatus
from qmt_trading.run.reading import journal_path

BATCH: Final = 50
WALL_MAX_S: Final = 8.0
"""What a start over as many orders may take without a snapshot."""
CHILD: Final = """
import sys, time
began = time.process_time()
from pathlib import Path
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.run import compliance, journal_tools
reader = SqliteReader(Path(sys.argv[1]))
if sys.argv[2] == "verify":
    found = journal_tools.verify(reader)
    assert not found.trouble, found.trouble
    counted = 0
else:
    counted = sum(each.total for each in compliance.report(reader, compliance.last_day(reader)).accounts)
# The largest of this process alone: what getrusage tells begins with its parent's.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(counted, time.process_time() - began, peak.split()[1])
"""


def build(path: Path, orders: int) -> int:
    """Write a day of ``orders`` orders of two accounts, every second one cancelled; return orders + cancels."""
    book = Book(SqliteJournal(path))
    counted = 0
    for first in range(0, orders, BATCH):
        made = [book.order(account=OTHER if number % 4 else ACCOUNT) for number in range(min(BATCH, orders - first))]
        book.sent(*made)
        book.later(MILLISECOND_NS)
        book.turn(*[row_of(order) for order in made])
        book.turn(*[cancel_of(order) for order in made[::2]])
        fills = [fill_of(order, DAY, book.now_ns, fill_id=order.client_order_id) for order in made[1::2]]
        ends: list[ev.OrderReported] = [row_of(order, OrderStatus.CANCELED) for order in made[::2]]
        ends += [row_of(order, OrderStatus.FILLED) for order in made[1::2]]
        book.turn(*fills, *ends)
        book.later(100 * MILLISECOND_NS)
        counted += len(made) + len(made[::2])
    book.journal.close()
    return counted


def measure(path: Path, what: str) -> tuple[int, float, float, float]:
    """Return what a fresh process counted, its wall and CPU seconds, and its largest memory in megabytes."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), what], check=True, capture_output=True, encoding="utf-8"
    )
    wall = time.perf_counter() - began
    counted, cpu, kilobytes = done.stdout.split()
    return int(counted), wall, float(cpu), int(kilobytes) / 1000


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compliance", description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--orders", type=int, default=100_000)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="bench-") as name:
        path = journal_path(Path(name))
        expected = build(path, chosen.orders)
        print(f"{dt.date.isoformat(DAY)}: {chosen.orders:,} orders, {path.stat().st_size / 1e6:.0f} MB of journal")
        _, walk_wall, walk_cpu, walk_mb = measure(path, "verify")
        print(f"verify: wall {walk_wall:.2f} s, CPU {walk_cpu:.2f} s, memory {walk_mb:.0f} MB")
        counted, wall, cpu, megabytes = measure(path, "report")
    print(f"report: wall {wall:.2f} s, CPU {cpu:.2f} s, memory {megabytes:.0f} MB")
    print(f"memory above the walk's: {(megabytes - walk_mb) * 1e6 / chosen.orders:,.0f} bytes an order")
    verdict("report, wall seconds", wall, WALL_MAX_S)
    print(f"{'PASS' if counted == expected else 'MISS'}  orders + cancels counted = {counted:,} of {expected:,}")
    return 0 if counted == expected else 1


if __name__ == "__main__":
    sys.exit(main())
