"""When the line is cut: the page says how old it is, greys, and comes back by itself."""

from __future__ import annotations

import pytest

from tests.browser.desk import Desk
from tests.browser.stage import MAIN, until

pytestmark = pytest.mark.browser


def test_a_panel_that_dies_and_comes_back_is_followed_again_without_a_hand(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    stage.clear()
    desk.go("orders")
    before = browser.until(lambda: max(desk.total(), 0))
    stage.panel.kill()
    browser.see(".banner", "断开")
    browser.see(".shell.stale")
    assert "秒" in browser.see(".banner").text, "how old what one sees is"
    browser.until(lambda: _grey(desk), "figures do not grey with their age")
    missed = stage.order(f"buy 600000.SH 100@跌停:{MAIN}")
    stage.panel.start()
    browser.gone(".banner")
    browser.gone(".shell.stale")
    browser.see(f".ag-row[row-id='{missed}'] .tag", "已报")
    browser.until(lambda: desk.total() == before + 1)
    followed = stage.order(f"buy 600000.SH 200@跌停:{MAIN}")
    browser.see(f".ag-row[row-id='{followed}'] .tag", "已报")
    stage.clear()
    browser.see(f".ag-row[row-id='{followed}'] .tag", "已撤")
    browser.complaints()  # Of the lost line, while it was lost.


def test_a_dead_engine_is_said_and_the_stop_still_works(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    stage.end_engine()
    try:
        browser.see(".banner", "引擎未运行")
        browser.see(".states .bad", "引擎未运行")
        browser.see(".shell.stale")
        browser.press("button.stop")
        browser.see("dialog[open]")
        browser.keys("\n")
        until((stage.folder / "HALT").exists)
        browser.see("dialog .problem", "HALT")
        browser.complaints()
    finally:
        (stage.folder / "HALT").unlink(missing_ok=True)
        stage.start_engine()


def _grey(desk: Desk) -> bool:
    """Tell whether the figures of the table have the colour of what is old."""
    script = """
    const shell = document.querySelector('.shell'), probe = document.createElement('i')
    probe.style.color = 'var(--stale)'
    shell.append(probe)
    const grey = getComputedStyle(probe).color
    probe.remove()
    return [...shell.querySelectorAll('.ag-cell.numeric')].every(each => getComputedStyle(each).color === grey)
    """
    return bool(desk.browser.run(script))
