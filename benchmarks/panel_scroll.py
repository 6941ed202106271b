"""100,000 orders in a real Chromium: the first row, and frames while somebody scrolls through them.

``python -m benchmarks.panel_scroll [--orders 100000] [--rate 100] [--runs 5]``; needs chromium, chromedriver, selenium
and built pages. Chromium draws without a graphics card here. The frames with nothing scrolled and the processor's time
a frame tell how much of a miss is the machine's: they are no target.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from selenium import webdriver

assert sys.platform != "win32", "measured on Linux"

from benchmarks.anchors import verdict  # noqa: E402 - What follows is of Linux alone.
from benchmarks.panel import panel  # noqa: E402
from benchmarks.panel_client import Visitor, middle  # noqa: E402

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1600,1000",
)
STEP_PX: Final = 40
"""A frame: 2,400 pixels a second, a wheel turned fast."""
FRAME_MS: Final = 20.0
_FIRST_ROW: Final = """
const look = () => {
  if (document.querySelector('.ag-row[row-index] .ag-cell')?.textContent) window.firstRow = performance.now()
  else setTimeout(look, 4)
}
look()
"""
_SCROLL: Final = """
const [step, span, done] = arguments
const boxes = [...document.querySelectorAll('[class*=viewport]')]
const box = boxes.find((each) => each.scrollHeight > each.clientHeight + 100)
const begun = performance.now()
let frames = 0
const frame = () => {
  const passed = performance.now() - begun
  frames += 1
  box.scrollTop += step
  if (passed < span) requestAnimationFrame(frame)
  else done([frames, (frames * 1000) / passed])
}
requestAnimationFrame(frame)
"""

TICKS_A_SECOND: Final = 100
"""Of /proc on every Linux for programs: USER_HZ."""


def processor_ms(process: int) -> float:
    """Return what a process and all its children have spent so far."""
    try:
        words = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        tasks = list(Path(f"/proc/{process}/task").iterdir())  # A child belongs to the thread that made it.
        children = [child for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
    except OSError:  # It has ended.
        return 0.0
    own = (int(words[11]) + int(words[12])) * 1000 / TICKS_A_SECOND
    return own + sum(processor_ms(int(child)) for child in children)


def measure(driver: Any, visitor: Visitor, runs: int) -> None:
    """Open the page of orders some times, then scroll."""
    driver.get(f"{visitor.address}/livez")
    for part in visitor.cookie.split("; "):
        name, _, value = part.partition("=")
        driver.add_cookie({"name": name, "value": value, "path": "/"})
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _FIRST_ROW})
    firsts: list[float] = []
    for _ in range(runs):
        driver.get("about:blank")
        driver.get(f"{visitor.address}/#/orders")
        until = time.monotonic() + 60
        while (first := driver.execute_script("return window.firstRow")) is None:
            assert time.monotonic() < until, "no row came"
            time.sleep(0.05)
        firsts.append(first)
    print(f"first row, ms: {[round(first) for first in firsts]}")
    time.sleep(2)
    driver.set_script_timeout(120)
    still: list[float] = []
    moving: list[float] = []
    spent: list[float] = []
    for _ in range(runs):
        still.append(driver.execute_async_script(_SCROLL, 0, 1500)[1])
        before = processor_ms(driver.service.process.pid)
        frames, a_second = driver.execute_async_script(_SCROLL, STEP_PX, 3000)
        took_ms = processor_ms(driver.service.process.pid) - before
        assert took_ms > frames, "a browser that spends nothing was not measured"
        spent.append(took_ms / frames)
        moving.append(a_second)
    for name, figures in (("still", still), ("scrolled", moving), ("ms of processor a frame", spent)):
        print(f"{name}: {[round(figure, 1) for figure in figures]}")
    verdict("first row, seconds", middle(firsts) / 1000, 1.0)
    verdict("a frame while scrolled, ms (20: fifty a second)", 1000 / middle(moving), FRAME_MS)
    print(f"frames a second, scrolled / still: {middle(moving):.1f} / {middle(still):.1f}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.panel_scroll", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    browser, driver_path = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver_path is None:
        raise SystemExit("chromium and chromedriver are needed")
    with panel(asked.orders, asked.rate) as (_, visitor), tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
        try:
            measure(driver, visitor, asked.runs)
        finally:
            driver.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
