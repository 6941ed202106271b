"""How soon a person sees what has happened: from an event's own time to the painted frame, in a real Chromium.

    python -m benchmarks.panel_paint [--orders 20000] [--rate 100] [--seconds 15] [--rounds 3]
                                     [--trial FOLDER --python EXE]

The panel and the trial it was chosen by run at the same time under the same load; one browser looks at each in turn, so
that both meet the same machine. Painted is the first frame in which the page has changed after the message came. A
message's instant is that of its newest event: the trial stamps every event, our page is told the instants of orders
alone, so that all of our market's events are orders (twice the trial's, with as many new ones a second). Also
told: how long from opening the page to the first row of its table, frames a second, the browser's own work. The panel's
pages come from ``python tools/pages.py``; the trial's are built from its folder, which wants Node, and its server wants
an interpreter that has orjson.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

assert sys.platform != "win32", "measured on Linux"

from tests.browser.chromium import DESKTOP, NEEDS, Browser, programs

from benchmarks.panel import panel
from benchmarks.panel_client import Visitor, trial_visitor

TRIAL_PORT: Final = 8212
TRIAL_ENGINE: Final = 9112
TARGETS_MS: Final = {"p50": 19.0, "p95": 33.0, "p99": 39.0}
"""The trial's own figures, on the machine that it was measured on."""
FIRST_ROW_MS: Final = 600.0
RATIO_MAX: Final = 1.5
ROW: Final = ".ag-row[row-index='0'] .ag-cell"
WATCH: Final = """
(() => {
  window.__row = "ROW"
  const kept = window.__paint = {ages: [], frames: 0, row: 0}
  const clock = () => performance.timeOrigin + performance.now()
  const count = () => { kept.frames += 1; requestAnimationFrame(count) }
  requestAnimationFrame(count)
  let due = []
  const changed = new MutationObserver(() => {
    if (!due.length) return
    const mine = due
    due = []
    // A task that is queued in a frame runs once that frame has been painted.
    requestAnimationFrame(() => setTimeout(() => {
      const now = clock()
      for (const at of mine) kept.ages.push(now - at)
    }))
  })
  const stamp = told => {
    if (told.k === 'b') return told.t * 1000
    const rows = (told.orders ?? []).map(row => Date.parse(row.updated_at))
    return rows.length ? Math.max(...rows) : 0
  }
  const Own = window.WebSocket
  window.WebSocket = class extends Own {
    constructor(...words) {
      super(...words)
      this.addEventListener('message', event => { const at = stamp(JSON.parse(event.data)); if (at) due.push(at) })
    }
  }
  document.addEventListener('DOMContentLoaded', () => {
    changed.observe(document.body, {childList: true, characterData: true, subtree: true, attributes: true})
    const look = () => document.querySelector(window.__row) ? (kept.row = performance.now()) : setTimeout(look, 4)
    look()
  })
})()
"""
TAKEN: Final = "const kept = window.__paint, ages = kept.ages.splice(0); return [ages, kept.frames, kept.row]"


class Seat:
    """One page of one server, as one browser sees it."""

    def __init__(self, name: str, visitor: Visitor, path: str) -> None:
        self.name, self.visitor, self.path = name, visitor, path
        self.ages: list[float] = []
        self.rows_ms: list[float] = []
        self.frames: list[float] = []
        self.busy: list[float] = []

    def look(self, chromium: str, driver: str, seconds: float) -> None:
        """Open the page in a browser that was never here, and watch it for a while."""
        browser = Browser(chromium, driver)
        try:
            browser.size(*DESKTOP)
            browser.command("Page.addScriptToEvaluateOnNewDocument", source=WATCH.replace("ROW", ROW))
            browser.command("Network.enable")
            browser.command("Performance.enable")
            for pair in self.visitor.cookie.split("; "):
                name, _, value = pair.partition("=")
                browser.command("Network.setCookie", name=name, value=value, url=self.visitor.address)
            browser.open(self.visitor.address + self.path)
            browser.until(lambda: browser.run("return window.__paint.row"), "no row")
            time.sleep(2)
            browser.open(self.visitor.address + self.path)  # As one opens it each morning: its files are there.
            self.rows_ms.append(float(browser.until(lambda: browser.run("return window.__paint.row"), "no row")))
            time.sleep(2)
            _, before, _ = browser.run(TAKEN)
            worked, begun = task_s(browser), time.perf_counter()
            time.sleep(seconds)
            ages, after, _ = browser.run(TAKEN)
            took = time.perf_counter() - begun
            self.ages += ages
            self.frames.append((after - before) / took)
            self.busy.append((task_s(browser) - worked) / took * 100)
        finally:
            browser.close()

    def quantile(self, part: float) -> float:
        ages = sorted(self.ages)
        return ages[min(len(ages) - 1, int(len(ages) * part))]

    def told(self) -> str:
        quantiles = " / ".join(f"{self.quantile(part):.1f}" for part in (0.5, 0.95, 0.99))
        return (
            f"{self.name}: paint p50 / p95 / p99 {quantiles} ms over {len(self.ages)} messages; first row "
            f"{middle(self.rows_ms):.0f} ms; {middle(self.frames):.0f} frames/s; page busy {middle(self.busy):.0f} %"
        )


def middle(figures: Sequence[float]) -> float:
    return sorted(figures)[len(figures) // 2]


def task_s(browser: Browser) -> float:
    """Return how many seconds the page's main thread has worked."""
    found: list[dict[str, Any]] = browser.command("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in found if each["name"] == "TaskDuration"))


@contextlib.contextmanager
def trial(folder: Path | None, python: str, orders: int, rate: int) -> Iterator[Visitor | None]:
    """Run the trial with its own page; nothing without a folder."""
    if folder is None:
        yield None
        return
    engine = folder.parent / "measure" / "engine.py"
    with tempfile.TemporaryDirectory(prefix="qmt-trial-") as made:
        web = Path(made) / "web"
        shutil.copytree(folder, web)
        for words in (("install", "--no-audit", "--no-fund", "--ignore-scripts"), ("exec", "--", "vite", "build")):
            subprocess.run(["npm", *words], cwd=web, check=True, capture_output=True, env={**os.environ, "CI": "true"})
        server = Path(made) / "server.py"
        server.write_bytes((folder / "server.py").read_bytes())
        ports = {"PORT": str(TRIAL_PORT), "ENG": str(TRIAL_ENGINE)}
        with (
            silent(python, str(engine), str(rate), str(orders), str(TRIAL_ENGINE)),
            silent(python, str(server), **ports),
        ):
            yield until_open(f"http://127.0.0.1:{TRIAL_PORT}")


def until_open(address: str) -> Visitor:
    end = time.monotonic() + 60
    while True:
        try:
            return trial_visitor(address)
        except OSError:
            assert time.monotonic() < end, "the trial does not answer"
            time.sleep(0.2)


@contextlib.contextmanager
def silent(*command: str, **environment: str) -> Iterator[None]:
    with subprocess.Popen(command, env={**os.environ, **environment}) as child:
        try:
            yield
        finally:
            child.terminate()


def verdict(ours: Seat, theirs: Seat | None) -> bool:
    """Print each figure beside what it is to reach, and return whether all were reached."""
    good = True
    for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        mine = ours.quantile(part)
        peer = theirs.quantile(part) if theirs is not None else TARGETS_MS[name]
        limit = max(peer * RATIO_MAX, TARGETS_MS[name])
        good &= mine <= limit
        how = "PASS" if mine <= limit else "MISS"
        print(f"{how} paint {name}: {mine:.1f} ms, peer {peer:.1f}, ratio {mine / peer:.2f}")
    row = middle(ours.rows_ms)
    limit = max(FIRST_ROW_MS, middle(theirs.rows_ms) if theirs is not None else 0)
    peer_row = f", peer {middle(theirs.rows_ms):.0f}" if theirs is not None else ""
    how = "PASS" if row <= limit else "MISS"
    print(f"{how} first row: {row:.0f} ms, at most {limit:.0f} (600 where quiet){peer_row}")
    return good and row <= limit


def main() -> int:
    """Measure, and return 0 when every figure was reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trial", type=Path)
    parser.add_argument("--python", default=sys.executable)
    asked = parser.parse_args()
    found = programs()
    if found is None:
        print(NEEDS, file=sys.stderr)
        return 2
    with (
        trial(asked.trial, asked.python, asked.orders, asked.rate) as peer,
        panel(asked.orders, asked.rate, "orders") as (_, visitor),
    ):
        ours = Seat("panel", visitor, "/#/orders")
        seats = [ours] + ([Seat("trial", peer, "/")] if peer is not None else [])
        for number in range(asked.rounds):
            for seat in seats if number % 2 == 0 else reversed(seats):
                seat.look(*found, asked.seconds)
        for seat in seats:
            print(seat.told())
        return 0 if verdict(ours, seats[1] if len(seats) > 1 else None) else 1


if __name__ == "__main__":
    sys.exit(main())
