"""What axe-core finds on a page as it is shown."""

from __future__ import annotations

from typing import Final

from tools.pages import scanner

from tests.browser.chromium import Browser
from tests.conftest import ROOT

SCAN: Final = """
const done = arguments[arguments.length - 1], within = arguments[0]
axe.run(within || document, {resultTypes: ['violations']}).then(found => done(found.violations.map(each =>
  `${each.id} (${each.impact}) ${each.nodes.length}: ` +
  each.nodes.slice(0, 4).map(node => `${node.target.join(' ')} ${node.html.slice(0, 160)} ` +
    (node.any[0] ? node.any[0].message : '')).join(' | '))), fault => done([String(fault)]))
"""


class Axe:
    """The scanner. The page's own policy forbids foreign scripts, and so it is put in through the debugger."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._source = scanner(ROOT / "frontend").read_text(encoding="utf-8")

    def violations(self, within: str = "") -> list[str]:
        """Return what is wrong with what is shown, a line each; ``within`` names a part of the page by CSS."""
        if not self._browser.run("return Boolean(window.axe)"):
            self._browser.command("Runtime.evaluate", expression=self._source)
        found = self._browser.run_long(SCAN, within)
        assert isinstance(found, list)
        return [str(each) for each in found]
