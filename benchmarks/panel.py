"""The panel's cost beside the trial it was chosen by: one run, one machine, the same load on both at once.

    python -m benchmarks.panel [--orders 20000] [--rate 100] [--seconds 20] [--runs 3] [--crowd 200]
                               [--trial FOLDER --python EXE]

Prints processor and memory of both servers with one browser, the age of what it is shown, what a frozen browser costs,
how long tables take, and what a crowd of browsers costs; memory also of a day whose orders all came of signals. The
trial (``server.py``, with ``engine.py`` beside it) needs an interpreter that has orjson.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from benchmarks.anchors import verdict
from benchmarks.panel_client import Visitor, crowd, first_visitor, listen, middle, trial_visitor

assert sys.platform != "win32", "measured on Linux"

ROOT = Path(__file__).resolve().parent.parent
TABLES = (
    "orders",
    "orders?status=working",
    "orders?status=CANCELED&sort=symbol&offset=5000",
    "orders?sort=-price",
    "orders?account=11031122&side=buy",
    "orders?q=h199",
)
_TRIAL_PORT, _TRIAL_ENGINE = 8202, 9102
CPU_TARGET, MEMORY_TARGET, FROZEN_TARGET = 1.5, 120, 2
SETTLE_S = 10.0
"""The panel completes the day's curve in a process of its own first."""


class Spent:
    """What one process spends, as Linux tells it."""

    def __init__(self, process: int) -> None:
        self._folder = Path("/proc") / str(process)
        self._begun, self._before = time.perf_counter(), self._cpu_s()

    def _cpu_s(self) -> float:
        fields = (self._folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def percent(self) -> float:
        """Return the share of one core since the start."""
        return round((self._cpu_s() - self._before) / (time.perf_counter() - self._begun) * 100, 2)

    def megabytes(self) -> float:
        pages = int((self._folder / "statm").read_text(encoding="ascii").split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


@contextlib.contextmanager
def program(*command: str, ready: str, **environment: str) -> Iterator[tuple[int, str]]:
    """Run a program; yield its process and the line that says it is ready."""
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    whole = {**os.environ, "PYTHONPATH": path, **environment}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=whole)
    assert child.stdout is not None
    try:
        yield child.pid, _line_with(child.stdout, ready)
    finally:
        child.terminate()
        child.wait(30)


def _line_with(out: IO[str], ready: str) -> str:
    for line in out:
        if re.search(ready, line):
            threading.Thread(target=out.read, daemon=True).start()
            return line
    raise SystemExit("a program has ended before it was ready")


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit(f"nobody listens at {port}")


@contextlib.contextmanager
def panel(orders: int, rate: int, *more: str) -> Iterator[tuple[int, Visitor]]:
    """Run a market and the panel over it."""
    with tempfile.TemporaryDirectory() as folder:
        market = (sys.executable, "-m", "benchmarks.panel_market", folder, str(orders), str(rate), *more)
        with program(*market, ready="ready"):
            server = (sys.executable, "-m", "benchmarks.panel_server", folder)
            with program(*server, ready="token=") as (process, line):
                found = re.search(r"http\S+", line)
                assert found is not None
                visitor = first_visitor(found[0])
                _until_shown(visitor, orders)
                yield process, visitor


def _until_shown(visitor: Visitor, orders: int) -> None:
    end = time.monotonic() + 120
    while f'"total":{orders}'[:-3].encode() not in visitor.get("/api/v1/orders?limit=1")[1]:
        assert time.monotonic() < end, "the orders are not shown"
        time.sleep(0.2)


@contextlib.contextmanager
def trial(folder: Path | None, python: str, orders: int, rate: int) -> Iterator[tuple[int, Visitor] | None]:
    """Run the trial's stand-in for an engine and its server."""
    if folder is None:
        yield None
        return
    engine = next(path for path in (folder / "engine.py", folder.parent / "measure" / "engine.py") if path.exists())
    with tempfile.TemporaryDirectory() as made:
        copy = Path(made) / "server.py"
        copy.write_bytes((folder / "server.py").read_bytes())
        (Path(made) / "web" / "dist").mkdir(parents=True)
        with _silent(python, str(engine), str(rate), str(orders), str(_TRIAL_ENGINE)):
            _wait_for(_TRIAL_ENGINE)
            with _silent(python, str(copy), PORT=str(_TRIAL_PORT), ENG=str(_TRIAL_ENGINE)) as process:
                _wait_for(_TRIAL_PORT)
                time.sleep(2)
                yield process, trial_visitor(f"http://127.0.0.1:{_TRIAL_PORT}")


@contextlib.contextmanager
def _silent(*command: str, **environment: str) -> Iterator[int]:
    with subprocess.Popen(command, env={**os.environ, **environment}) as child:
        try:
            yield child.pid
        finally:
            child.terminate()


def one_browser(ours: tuple[int, Visitor], theirs: tuple[int, Visitor] | None, seconds: float) -> float:
    """Let one browser take each stream at the same time; return the ratio of processor spent, 0 without the trial."""
    found: dict[str, Any] = {}

    def take(name: str, process: int, visitor: Visitor) -> None:
        spent = Spent(process)
        told = asyncio.run(listen(visitor, seconds))
        found[name] = {"cpu_percent": spent.percent(), "rss_mb": spent.megabytes(), **told}

    pairs = [("panel", *ours)] + ([("trial", *theirs)] if theirs is not None else [])
    threads = [threading.Thread(target=take, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, told in found.items():
        print(f"one browser, {name}: {told}")
    if "trial" not in found:
        return 0.0
    ratio = float(found["panel"]["cpu_percent"] / found["trial"]["cpu_percent"])
    print(f"processor, panel / trial: {ratio:.2f}")
    return ratio


def frozen_browser(process: int, visitor: Visitor, seconds: float) -> None:
    """Let a browser freeze while another goes on, and before it as long without: the day's orders take memory too."""
    spent = Spent(process)
    asyncio.run(listen(visitor, 3))

    def grown() -> float:
        before = spent.megabytes()
        asyncio.run(listen(visitor, seconds))
        return round(spent.megabytes() - before, 1)

    without = grown()
    with contextlib.closing(visitor.frozen()):
        during = grown()
    print(f"{seconds:.0f} s at 1,000 updates a second: {without:+} MB, with a frozen browser {during:+} MB")
    verdict("memory of a frozen browser, MB", during - without, FROZEN_TARGET)


def day_of_signals(process: int, visitor: Visitor, seconds: float) -> None:
    """Let one browser look at a day whose orders came of signals, half of them filled, and ask for tables."""
    asyncio.run(listen(visitor, seconds))
    for table in ("orders", "fills", "signals"):
        visitor.get(f"/api/v1/{table}?limit=100")
    verdict("memory of a day of signals, MB", Spent(process).megabytes(), MEMORY_TARGET)


def tables(process: int, visitor: Visitor) -> None:
    """Ask for pages of orders while they change."""
    for path in TABLES:
        took = [visitor.get(f"/api/v1/{path}")[0] for _ in range(9)]
        print(f"{path}: median {middle(took):.1f} ms, slowest {max(took):.1f} ms")
    took_csv, body = visitor.get("/api/v1/orders.csv")
    print(f"orders.csv: {took_csv:.0f} ms, {len(body) / 1e6:.1f} MB; memory {Spent(process).megabytes()} MB")


def many_browsers(process: int, visitor: Visitor, count: int, seconds: float) -> None:
    """Let a crowd take the stream."""
    spent = Spent(process)
    frames = asyncio.run(crowd(visitor, count, seconds))
    whole = seconds + count * 0.01
    print(
        f"{count} browsers: {frames / count / whole:.1f} frames a second each, "
        f"{spent.percent()} % of a core, {spent.megabytes()} MB"
    )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--crowd", type=int, default=200)
    parser.add_argument("--trial", type=Path)
    parser.add_argument("--python", default=sys.executable)
    asked = parser.parse_args()
    both = trial(asked.trial, asked.python, asked.orders, asked.rate), panel(asked.orders, asked.rate)
    with both[0] as theirs, both[1] as ours:
        time.sleep(SETTLE_S)
        ratios = [one_browser(ours, theirs, asked.seconds) for _ in range(asked.runs)]
        if theirs is not None:
            verdict("processor, panel / trial", middle(ratios), CPU_TARGET)
    with panel(asked.orders, asked.rate, "signals") as ours:
        day_of_signals(*ours, asked.seconds)
    with panel(asked.orders, asked.rate) as ours:
        tables(*ours)
        if asked.crowd:
            many_browsers(*ours, asked.crowd, asked.seconds)
    with panel(asked.orders, 1000, "steady") as ours:
        frozen_browser(*ours, asked.seconds)


if __name__ == "__main__":
    main()
