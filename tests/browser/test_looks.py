"""Every page in both languages and themes, on a desk and on a phone: whole, in words, and for everybody to read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.axe import Axe
from tests.browser.chromium import PHONE
from tests.browser.desk import PAGES, Desk
from tests.browser.stage import GRID, MAIN

pytestmark = pytest.mark.browser
LOOKS = [
    (language, theme, phone) for phone in (False, True) for language in ("zh", "en") for theme in ("dark", "light")
]
SIDEWAYS = "return document.scrollingElement.scrollWidth - innerWidth"


def name_of(look: tuple[str, str, bool]) -> str:
    language, theme, phone = look
    return f"{language}-{theme}-{'phone' if phone else 'desktop'}"


@pytest.mark.parametrize("look", LOOKS, ids=name_of)
def test_every_page_is_whole_in_words_and_for_everybody(seat: Desk, axe: Axe, look: tuple[str, str, bool]) -> None:
    language, theme, phone = look
    seat.stage.rest_again()
    seat.begin(language=language, theme=theme, phone=phone)
    found: dict[str, list[str]] = {}
    for page in PAGES:
        seat.go(page)
        broken = axe.violations() + seat.untranslated() + seat.browser.complaints()
        if seat.browser.run(SIDEWAYS) > 0:
            broken.append("wider than the screen")
        if broken:
            found[page] = broken
    assert not found
    assert seat.browser.run("return document.documentElement.dataset.theme") == theme


Opening = tuple[str, str, Callable[[Desk], None]]
"""Its name, the page that it stands on, how it is opened."""


def _press(css: str, text: str = "") -> Callable[[Desk], None]:
    return lambda desk: desk.browser.press(css, text)


def open_more(desk: Desk) -> None:
    """Open the sheet of a phone, and let it come to rest: what slides is not where one presses."""
    desk.browser.press(".tabs button.tab")
    desk.browser.see("dialog[open]")
    desk.wait()


def open_alerts(desk: Desk) -> None:
    if desk.browser.sees("button.bell"):
        desk.browser.press("button.bell")
    else:
        open_more(desk)
        desk.browser.press("dialog .tile")


def open_row(desk: Desk) -> None:
    css = (
        f".ag-row[row-id='{GRID} 159915.SZ'] .ag-cell"
        if desk.browser.path == "/positions"
        else ".ag-row .ag-cell[col-id='text'], .ag-row .ag-cell[col-id='symbol']"
    )
    desk.browser.press(css)


OPENINGS: tuple[Opening, ...] = (
    ("emergency stop", "overview", _press("button.stop")),
    ("alerts", "overview", open_alerts),
    ("settle an unknown", "orders", _press(".card.amber .acts .button:not(.primary)")),
    ("order", "orders", open_row),
    ("cancel all", "orders", _press("#content .toolbar > button.button:not(:disabled)")),
    ("signal", "signals", open_row),
    ("close a position", "positions", open_row),
    ("limit", "risk", _press(".limits button")),
    ("pause", "risk", _press(".states .acts button:not(.bare)")),
    ("password", "settings", _press(".acts .button:first-child")),
    ("second factor", "settings", _press(".acts .button:last-child")),
    ("user", "settings", _press(".card:nth-child(4) header button")),
    ("key", "settings", _press(".card:nth-child(5) header button")),
)
FEW = [LOOKS[0], LOOKS[3], LOOKS[5], LOOKS[6]]
"""Each language, theme and size, in half of the ways to put them together."""


@pytest.mark.parametrize("look", FEW, ids=name_of)
def test_every_dialog_and_drawer_is_for_everybody(seat: Desk, axe: Axe, look: tuple[str, str, bool]) -> None:
    language, theme, phone = look
    browser, stage = seat.browser, seat.stage
    stage.rest_again()
    stage.lose_an_answer(f"buy 000001.SZ 100@跌停:{GRID}")
    try:
        seat.begin(language=language, theme=theme, phone=phone)
        found = scanned(seat, axe)
    finally:
        stage.settle()
    if phone:
        browser.press(".tabs button.tab")
    else:
        browser.press("button[aria-expanded='false'].square")
    seat.wait()
    if more := axe.violations() + seat.untranslated():
        found["menu"] = more
    if not phone:
        browser.chord(Keys.CONTROL, "k")
        browser.see("dialog.palette")
        seat.wait()
        if more := axe.violations() + seat.untranslated():
            found["palette"] = more
    assert not found


def scanned(desk: Desk, axe: Axe) -> dict[str, list[str]]:
    """Open each dialog and drawer, and return what is wrong with it."""
    browser = desk.browser
    found: dict[str, list[str]] = {}
    for name, page, opened in OPENINGS:
        if browser.path != f"/{page}":
            desk.go(page)
        opened(desk)
        browser.until(lambda: browser.sees("dialog[open]"), f"not opened: {name}")
        desk.wait()
        broken = axe.violations("dialog[open]") + desk.untranslated() + browser.complaints()
        dialog = browser.see("dialog[open]")
        if dialog.size["width"] > browser.run("return innerWidth"):
            broken.append("wider than the screen")
        if broken:
            found[name] = broken
        browser.keys(Keys.ESCAPE)
        browser.gone("dialog[open]")
    return found


@pytest.mark.parametrize("look", LOOKS, ids=name_of)
def test_the_door_is_for_everybody(seat: Desk, axe: Axe, look: tuple[str, str, bool]) -> None:
    language, theme, phone = look
    browser = seat.browser
    seat.begin(language=language, theme=theme, phone=phone)
    kept = browser.cookies()
    browser.forget()
    try:
        for path in ("overview", "setup?token=no-such-token"):
            browser.open(f"{seat.address}/#/{path}")
            browser.see(".door h1")
            assert axe.violations() + seat.untranslated() + browser.complaints() == [], path
            assert browser.run(SIDEWAYS) <= 0
    finally:
        browser.remember(kept)


def test_a_phone_reaches_every_page_and_the_stop_by_thumb(seat: Desk) -> None:
    browser = seat.browser
    seat.begin(phone=True)
    for page in PAGES:
        open_more(seat)
        browser.press(f"dialog a[href='#/{page}']")
        browser.gone("dialog")
        seat.arrive(page)
        assert browser.sees("button.stop", "急停")
    small = browser.run(
        "return [...document.querySelectorAll('.tabs .tab, button.stop')]"
        ".map(each => each.getBoundingClientRect()).filter(each => each.height < 36 || each.width < 36).length"
    )
    assert small == 0
    assert browser.run("return innerWidth") == PHONE[0]
    assert MAIN in browser.run("return document.querySelector('header.top select').textContent")
