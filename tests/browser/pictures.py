"""Take the pictures by which people judge the panel's looks: ``python -m tests.browser.pictures FOLDER [NAME ...]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import NEEDS, PHONE, Browser, programs
from tests.browser.desk import PAGES, Desk
from tests.browser.stage import BOARD, GRID, MAIN, Stage

SETTLE_S = 0.7
"""What fades or grows has ended by then."""


class Album:
    """Writes pictures into a folder, those that are wanted."""

    def __init__(self, folder: Path, desk: Desk, wanted: list[str]) -> None:
        self._folder, self._desk, self._wanted = folder, desk, wanted

    def take(self, name: str) -> None:
        if self._wanted and not any(each in name for each in self._wanted):
            return
        time.sleep(SETTLE_S)
        path = self._folder / f"{name}.png"
        self._desk.browser.picture(path)
        print(path, flush=True)


def main() -> int:
    """Take every picture; return 0, or 1 where there is no browser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="parts of names; all without one")
    asked = parser.parse_args()
    found = programs()
    if found is None:
        print(NEEDS, file=sys.stderr)
        return 1
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, Stage(Path(made) / "stage") as stage:
        browser = Browser(*found)
        try:
            desk = Desk(stage, browser)
            take_all(desk, Album(asked.folder, desk, asked.names))
        finally:
            browser.close()
    return 0


def take_all(desk: Desk, album: Album) -> None:
    """Walk through the panel as a newcomer, and then as somebody with a lively day."""
    browser, stage = desk.browser, desk.stage
    browser.look(desk.address, language="zh", theme="dark")
    browser.open(stage.panel.link())
    browser.see("form.door")
    album.take("setup")
    desk.set_up()
    desk.begin()
    album.take("empty-overview")
    desk.go("orders")
    album.take("empty-orders")
    stage.live_through()
    stage.differ(MAIN, "600000.SH", -300)
    stage.lose_an_answer(f"buy 000001.SZ 100@跌停:{GRID}")
    for language, theme, phone in (("zh", "dark", False), ("en", "light", False), ("zh", "dark", True)):
        desk.begin(language=language, theme=theme, phone=phone)
        look = f"{language}-{theme}-{'phone' if phone else 'desktop'}"
        for page in PAGES:
            desk.go(page)
            if page == "send":
                browser.write(
                    "textarea",
                    f"buy 600036.SH 300@对手:{MAIN}\nsell 300750.SZ 5000@对手:{BOARD}\n撤单 600000.SH:{MAIN}",
                )
                browser.press("#content form button[type=submit]")
                browser.see(".results li")
            album.take(f"{look}-{page}")
    browser.press(".tabs button.tab")
    album.take("phone-more")
    browser.keys(Keys.ESCAPE)
    browser.press("button.stop")
    album.take("phone-emergency")
    browser.keys(Keys.ESCAPE)
    desk.begin()
    for name, page, opened in opened_ones():
        desk.go(page)
        opened(browser)
        browser.see("dialog[open], .menu .sheet")
        album.take(name)
        browser.keys(Keys.ESCAPE)
    kept = browser.cookies()
    browser.forget()
    for name, language, theme, size in (
        ("login", "zh", "dark", None),
        ("login-en-light", "en", "light", None),
        ("login-phone", "zh", "dark", PHONE),
    ):
        if size is not None:
            browser.size(*size)
        browser.look(desk.address, language=language, theme=theme)
        browser.open(f"{desk.address}/#/overview")
        browser.see("form.door")
        album.take(name)
    browser.remember(kept)
    stop_and_die(desk, album)


def opened_ones() -> tuple[tuple[str, str, Callable[[Browser], None]], ...]:
    """Return name, page and opening of what opens over a page."""

    def row(found: str, column: str = "symbol") -> Callable[[Browser], None]:
        return lambda browser: browser.press(f".ag-row{found} .ag-cell[col-id='{column}']")

    return (
        ("signal-drawer", "signals", row("[row-index='5']", "text")),
        ("order-drawer", "orders", row("[row-index='3']")),
        ("cancel-all", "orders", lambda browser: browser.button("全撤", "#content")),
        ("settle-unknown", "orders", lambda browser: browser.button("人工了结")),
        ("close-dialog", "positions", row(f"[row-id='{GRID} 159915.SZ']")),
        (
            "limit-dialog",
            "risk",
            lambda browser: (browser.press(".choose label", "主账户"), browser.press(".limits button"))[1],
        ),
        ("alerts-drawer", "overview", lambda browser: browser.press("button.bell")),
        ("palette", "overview", lambda browser: browser.chord(Keys.CONTROL, "k")),
        ("look-menu", "overview", lambda browser: browser.press("button[aria-label='显示']")),
        ("key-dialog", "settings", lambda browser: browser.button("新建密钥")),
    )


def stop_and_die(desk: Desk, album: Album) -> None:
    """Stop everything, and then end the engine and the panel."""
    browser, stage = desk.browser, desk.stage
    stage.settle()
    desk.begin()
    browser.press("button.stop")
    browser.see("dialog[open]")
    album.take("emergency-dialog")
    browser.keys("\n")
    browser.see("dialog li.done", "已停")
    album.take("emergency-done")
    browser.keys(Keys.ESCAPE)
    desk.go("overview")
    album.take("halted-overview")
    browser.button("恢复交易", ".banner")
    album.take("resume-dialog")
    browser.keys(Keys.ESCAPE)
    stage.end_engine()
    browser.see(".shell.stale")
    album.take("engine-dead")
    stage.panel.kill()
    browser.see(".banner", "断开")
    desk.browser.go("/positions")
    album.take("panel-dead")


if __name__ == "__main__":
    sys.exit(main())
