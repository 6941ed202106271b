"""What a person looks for: filters, order of rows, a signal's life, files, the palette, colours, languages."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.desk import Desk
from tests.browser.stage import BOARD, MAIN, until

pytestmark = pytest.mark.browser


def test_orders_are_filtered_and_sorted_by_the_server(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    stage.clear()
    stage.rest()
    desk.go("orders")
    rows = stage.rows("orders")
    browser.until(lambda: desk.total() == len(rows))
    browser.press(".segmented label", "未成交")
    browser.until(lambda: desk.total() == len(stage.working()))
    assert set(desk.cells("status")) == {"已报"}
    browser.choose("select.side", "卖出")
    browser.until(lambda: set(desk.cells("side")) == {"卖出"})
    browser.choose("select.side", "买卖")
    browser.press(".segmented label", "全部")
    browser.write("input.find", "159915")
    browser.until(lambda: set(desk.cells("symbol")) == {"159915.SZ"})
    browser.write("input.find", "no such thing")
    browser.see(".empty", "没有委托")
    browser.write("input.find", "")
    browser.until(lambda: desk.total() == len(rows))

    for direction in (False, True):
        browser.press(".ag-header-cell[col-id='price']")
        prices = [shown(price) for price in sorted((Decimal(str(row["price"])) for row in rows), reverse=direction)]
        in_order(desk, prices)
    browser.choose("header.top select", "打板")
    browser.until(lambda: set(desk.cells("account")) == {"打板"})
    browser.choose("header.top select", "全部账户")


def in_order(desk: Desk, prices: list[str]) -> None:
    """Wait until the table shows what ``prices`` begin with."""

    def begin() -> bool:
        seen = desk.cells("price")
        return len(seen) >= min(len(prices), 10) and seen == prices[: len(seen)]

    desk.browser.until(begin, f"not sorted: {prices}")


def shown(price: Decimal) -> str:
    """Return a price as the table has it: at least two places, no more than it needs."""
    text = f"{price:.4f}".rstrip("0")
    return text + "0" * (2 - len(text.partition(".")[2]))


def test_a_signals_drawer_shows_its_whole_life(desk: Desk) -> None:
    browser = desk.browser
    desk.go("signals")
    desk.to_last_row()
    browser.press(".ag-row[row-id='1'] .ag-cell[col-id='text']")
    drawer = browser.see("dialog.drawer")
    browser.see("dialog.drawer", "落盘")
    text = drawer.text.partition("0.000")[2]
    places = [text.index(word) for word in ("收到", "风控", "落盘", "发出", "成交")]
    assert places == sorted(places), text
    assert "monitor/1" in drawer.text
    assert "收到→发出" in drawer.text
    browser.keys(Keys.ESCAPE)
    browser.gone("dialog.drawer")


def test_orders_come_as_a_file_that_a_spreadsheet_opens(desk: Desk, downloads: Path) -> None:
    desk.go("orders")
    desk.browser.press("#content a", "CSV")
    path: Path = until(lambda: next(iter(downloads.glob("*.csv")), None))
    content = until(path.read_bytes)
    assert content.startswith(b"\xef\xbb\xbf"), "without it a spreadsheet takes it for GBK"
    assert len(content.decode("utf-8-sig").splitlines()) == 1 + len(desk.stage.rows("orders"))


def test_everything_is_reached_by_the_keyboard(desk: Desk) -> None:
    browser = desk.browser
    browser.chord(Keys.CONTROL, "k")
    browser.see("dialog.palette")
    browser.keys("对账", Keys.ENTER)
    browser.until(lambda: browser.path == "/reconcile")
    browser.gone("dialog")
    browser.chord(Keys.CONTROL, "k")
    browser.keys(BOARD, Keys.ENTER)
    browser.until(lambda: browser.run("return document.querySelector('header.top select').value") == BOARD)
    browser.chord(Keys.CONTROL, "k")
    browser.keys("600036")
    browser.until(lambda: "600036" in browser.see("dialog [aria-selected=true]").text)
    browser.keys(Keys.ENTER)
    browser.until(lambda: browser.path == "/orders" and set(desk.cells("symbol")) == {"600036.SH"})
    browser.chord(Keys.CONTROL, "k")
    browser.keys("halt", Keys.ENTER)
    browser.see("dialog", "紧急停止")
    browser.keys(Keys.ESCAPE)
    browser.gone("dialog")


def test_gains_are_red_or_green_as_one_is_used_to(desk: Desk) -> None:
    browser = desk.browser
    desk.go("orders")

    def colour(side: str) -> str:
        return str(
            browser.run(
                "return getComputedStyle([...document.querySelectorAll('.ag-cell .tag')]"
                ".find(each => each.textContent === arguments[0])).color",
                side,
            )
        )

    bought, sold = colour("买入"), colour("卖出")
    assert bought != sold
    browser.press("button[aria-label='显示']")
    browser.press(".menu label", "绿涨红跌")
    browser.until(lambda: (colour("买入"), colour("卖出")) == (sold, bought))
    browser.reload()
    desk.wait()
    assert (colour("买入"), colour("卖出")) == (sold, bought), "it is kept"


def test_the_language_changes_at_once_and_stays(desk: Desk) -> None:
    browser = desk.browser
    desk.go("positions")
    browser.press("button[aria-label='显示']")
    browser.press(".menu label", "English")
    browser.see("nav.rail", "Positions")
    browser.see(".ag-header-cell", "Sellable")
    assert browser.run("return document.documentElement.lang") == "en"
    browser.reload()
    desk.wait()
    browser.see("nav.rail", "Positions")
    assert browser.run("return document.title") == "QMT Trading System"


def test_a_report_is_shown_in_a_frame_that_reaches_nothing(desk: Desk) -> None:
    browser = desk.browser
    desk.go("backtests")
    browser.see(".card", "最大回撤")
    browser.press("thead button", "年化")
    browser.see("[aria-sort=descending]", "年化")
    browser.button("网格 2026")
    frame = browser.see("iframe")
    assert frame.get_attribute("sandbox") == "allow-scripts"
    browser.until(lambda: frame.size["height"] > 300)
    assert browser.inside(frame, "h1") == "ByHand"
    assert browser.inside(frame, "html[data-theme=dark] h2") == "权益"


def test_the_log_is_followed_and_searched(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    desk.go("logs")
    stage.send(f"buy 600000.SH 50@跌停:{MAIN} #log/1")
    browser.see("#content", "log/1")
