"""A person before the panel: what one does with hands and reads with eyes, on the stage that is there."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from tests.browser.chromium import DESKTOP, PHONE, Browser
from tests.browser.stage import Stage
from tests.conftest import ROOT

USER: Final = "boss"
PASSWORD: Final = "correct-horse-9"
PAGES: Final = (
    "overview",
    "signals",
    "orders",
    "fills",
    "positions",
    "risk",
    "reconcile",
    "send",
    "backtests",
    "logs",
    "health",
    "settings",
)
WAITING: Final = (
    "return /载入中|Loading…/.test(document.body.innerText) || Boolean(document.querySelector('.ag-row-loading'))"
)
AS_WANTED: Final = """
const root = document.documentElement, account = document.querySelector('header.top select')
return Boolean(document.querySelector('.shell:not(.stale)')) && !document.querySelector('dialog[open], .menu .sheet') &&
  account.value === '' && document.querySelector('header.top').textContent.includes(arguments[3]) &&
  root.lang === arguments[0] && root.dataset.theme === arguments[1] &&
  root.dataset.up === 'red' && innerWidth === arguments[2]
"""
SETTLED: Final = """
const done = arguments[arguments.length - 1]
const ends = each => each.effect.getComputedTiming().iterations < 9
requestAnimationFrame(() => requestAnimationFrame(async () => {
  await Promise.allSettled(document.getAnimations().filter(ends).map(each => each.finished))
  done(true)
}))
"""


class Desk:
    """The stage, the browser before it, and who sits there."""

    def __init__(self, stage: Stage, browser: Browser) -> None:
        self.stage, self.browser = stage, browser
        self.known = False
        """Whether the password has been set."""

    @property
    def address(self) -> str:
        return self.stage.panel.address

    # Coming in

    def set_up(self) -> None:
        """Set the first password by the link that the console was told."""
        browser = self.browser
        browser.look(self.address, language="zh", theme="dark")
        browser.open(self.stage.panel.link())
        browser.see("form.door")
        browser.write("input[name=username]", USER)
        first, second = browser.all("input[autocomplete=new-password]")
        first.send_keys(PASSWORD)
        second.send_keys(PASSWORD)
        browser.press("button[type=submit]")
        browser.see(".shell")
        self.known = True

    def sign_in(self, user: str = USER, password: str = PASSWORD) -> None:
        """Sign in at the door that is shown."""
        browser = self.browser
        browser.see("form.door")
        browser.write("input[name=username]", user)
        browser.write("#password", password)
        browser.press("button[type=submit]")

    def begin(self, *, language: str = "zh", theme: str = "dark", phone: bool = False) -> None:
        """Sit down afresh, signed in, on the overview, with the pages in this language and theme."""
        browser = self.browser
        if not self.known:
            self.set_up()
        tongue = {"zh": "zh-CN", "en": "en"}[language]
        if browser.run(AS_WANTED, tongue, theme, PHONE[0] if phone else DESKTOP[0], USER):
            browser.go("/health")  # Away and back: no filter stays.
            self.go("overview")
            browser.complaints()
            return
        browser.size(*(PHONE if phone else DESKTOP))
        browser.look(self.address, language=language, theme=theme)
        browser.open(f"{self.address}/#/overview")
        browser.until(lambda: browser.sees(".shell") or browser.sees("form.door"), "neither door nor page")
        if browser.sees(".shell") and USER not in browser.run("return document.body.textContent"):
            browser.forget()  # Somebody else was left behind.
            browser.open(f"{self.address}/#/overview")
        if browser.sees("form.door"):
            self.sign_in()
        self.wait()
        browser.complaints()

    def go(self, page: str) -> None:
        """Open a page by its name and wait until it shows what it has."""
        self.browser.go(f"/{page}")
        self.arrive(page)

    def arrive(self, page: str) -> None:
        """Wait until this page is the one that is shown, and shows what it has; its files come when first asked for."""
        title = "return (document.querySelector('#content h1') ?? {}).textContent"
        self.browser.until(lambda: self.browser.run(title) in _titles()[page], f"not there: {page}")
        self.wait()

    def wait(self) -> None:
        """Wait until nothing is on its way any more, and what is there is painted."""
        self.browser.see(".shell header.top")
        self.browser.until(lambda: not self.browser.run(WAITING), "it goes on loading")
        self.browser.run_long(SETTLED)

    # Reading

    def untranslated(self) -> list[str]:
        """Return what a person should never read: keys in place of words, and figures that are none."""
        shown = self.browser.run(
            "return [...document.querySelectorAll('[aria-label],[title],[placeholder]')].flatMap(each =>"
            " ['aria-label', 'title', 'placeholder'].map(name => each.getAttribute(name) ?? ''))"
            ".concat(document.body.innerText.split('\\n')).filter(Boolean)"
        )
        return [line for line in shown if _prefixes().search(line) or _BROKEN.search(line)] + self.chinese()

    def chinese(self) -> list[str]:
        """Return what an English page says in Chinese, of its own: what people and the counter have written may be."""
        found: list[str] = self.browser.run(CHINESE, NAMES)
        return found if self.browser.run("return document.documentElement.lang") == "en" else []

    def total(self) -> int:
        """Return how many rows the table is said to have: those far below are not there to be counted."""
        return int("".join(letter for letter in self.browser.text(".toolbar > .nowrap") if letter.isdigit()) or "-1")

    def to_last_row(self) -> None:
        """Scroll the table down to its end: rows far from the view are not there."""
        self.browser.see(".ag-row .ag-cell")
        self.browser.run(TO_LAST_ROW)

    def cells(self, column: str) -> list[str]:
        """Return the first line of each cell of a column that is there, from above."""
        found = self.browser.run(
            "return [...document.querySelectorAll(`.ag-row .ag-cell[col-id='${arguments[0]}']`)]"
            ".map(each => [Number(each.closest('.ag-row').getAttribute('row-index')), each.innerText.split('\\n')[0]])"
            ".sort((a, b) => a[0] - b[0]).map(each => each[1])",
            column,
        )
        return [str(each) for each in found]


TO_LAST_ROW: Final = """
const boxes = [...document.querySelectorAll('[class*=viewport]')]
const box = boxes.find(each => each.scrollHeight > each.clientHeight + 1)
if (box) box.scrollTop = box.scrollHeight
"""
CHINESE: Final = """
const own = arguments[0]
const parts = 'h1, h2, h3, dt, th, label, option, .ag-header-cell-text, .tag, .hint, nav a, button.button'
const said = [...document.querySelectorAll(parts)].filter(each => !each.closest('.mono, .quiet')).flatMap(each =>
  [each.innerText, each.getAttribute('aria-label'), each.getAttribute('title'), each.getAttribute('placeholder')])
return [...new Set(said)].filter(Boolean).map(text => own.reduce((left, name) => left.replaceAll(name, ''), text))
  .filter(text => /[\u4e00-\u9fff]/.test(text))
"""
"""What the page itself says, without what people have named."""
NAMES: Final = ("主账户", "打板", "网格", "中文", "年化", "最大回撤", "成交")
_BROKEN: Final = re.compile(r"\bundefined\b|\bNaN\b|\[object Object\]|\{[a-z]+\}|\bnull\b|\bInfinity\b")


@cache
def _titles() -> dict[str, tuple[str, str]]:
    """Return what each page is called in both languages."""
    words = (ROOT / "frontend" / "src" / "i18n" / "words" / "common.ts").read_text(encoding="utf-8")
    return {
        page: (zh, en) for page, zh, en in re.findall(r"^  'nav\.(\w+)': \['(.+?)', '(.+?)'\]", words, re.MULTILINE)
    }


@cache
def _prefixes() -> re.Pattern[str]:
    """Return what finds a key of the pages' own dictionary."""
    folder = ROOT / "frontend" / "src" / "i18n" / "words"
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.ts"))
    keys = set(re.findall(r"^  '([\w.-]+)':", text, re.MULTILINE))
    assert len(keys) > 300
    names = sorted({key.partition(".")[0] for key in keys})
    return re.compile(rf"(?<![\w./-])(?:{'|'.join(names)})\.[a-z_]+[A-Za-z]*(?![\w./-])")
