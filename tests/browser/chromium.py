"""Chromium without a window, as a person uses it: looked for on the path, driven through chromedriver."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

NEEDS: Final = "needs Linux with chromium and chromedriver"
REQUIRED: Final = "QMT_BROWSER"
"""In the environment: ``required`` lets a machine without a browser fail the tests in place of skipping them."""
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
)
DESKTOP: Final = (1600, 1000)
PHONE: Final = (390, 844)
PATIENCE_S: Final = 40.0
T = TypeVar("T")


def programs() -> tuple[str, str] | None:
    """Return Chromium and its driver; None: they are not both here."""
    if sys.platform != "linux":
        return None
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    return (browser, driver) if browser is not None and driver is not None else None


def must_have_programs() -> tuple[str, str]:
    """Return Chromium and its driver; where they are missing skip the test, or fail where they are required."""
    found = programs()
    if found is None:
        if os.environ.get(REQUIRED) == "required":
            pytest.fail(f"{NEEDS}, and {REQUIRED}=required")
        pytest.skip(NEEDS)
    return found


class Browser:
    """One window. Elements are found by CSS, or by the text that a person reads."""

    def __init__(self, chromium: str, driver: str, *, downloads: Path | None = None) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        self._profile = tempfile.mkdtemp(prefix="qmt-browser-")
        for flag in (*FLAGS, "--window-size={},{}".format(*DESKTOP), f"--user-data-dir={self._profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self._driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        self.command("Page.enable")
        self.command("Network.enable")
        self.command("Page.setBypassCSP", enabled=False)
        if downloads is not None:
            self.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        self.size(*DESKTOP)

    def close(self) -> None:
        self._driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def command(self, method: str, /, **words: object) -> Any:
        """Send a command of the DevTools protocol."""
        return self._driver.execute_cdp_cmd(method, dict(words))

    # Where it is

    def open(self, address: str) -> None:
        """Load ``address`` anew, also where only what follows the # differs."""
        if self._driver.current_url.partition("#")[0] == address.partition("#")[0]:
            self._driver.execute_script("history.replaceState(null, '', arguments[0])", address)
            self._driver.refresh()
        else:
            self._driver.get(address)

    def reload(self) -> None:
        self._driver.refresh()

    def go(self, path: str) -> None:
        """Go to a page of the panel as a link of it does."""
        self.run("location.hash = arguments[0]", path)

    @property
    def path(self) -> str:
        return str(self.run("return location.hash.slice(1).split('?')[0]"))

    def size(self, width: int, height: int) -> None:
        """Have a window of this size; a narrow one is a phone's."""
        is_phone = width < 720
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=is_phone,
        )
        self.command("Emulation.setTouchEmulationEnabled", enabled=is_phone)

    def run(self, script: str, *words: object) -> Any:
        return self._driver.execute_script(script, *words)

    def run_long(self, script: str, *words: object, seconds: float = 60) -> Any:
        """Run a script that calls its last argument when it is done."""
        self._driver.set_script_timeout(seconds)
        return self._driver.execute_async_script(script, *words)

    def picture(self, path: Path) -> None:
        """Write what is seen as a PNG."""
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"]))

    def complaints(self) -> list[str]:
        """Return what the page has complained of since the last look: warnings of the console, and worse."""
        lines: list[dict[str, str]] = self._driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [line["message"] for line in lines if line["level"] in {"SEVERE", "WARNING"}]

    def check(self) -> None:
        """Find nothing that the page complains of."""
        assert self.complaints() == []

    def cookies(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.command("Network.getCookies", urls=[self._driver.current_url])["cookies"]
        return found

    def remember(self, cookies: list[dict[str, Any]]) -> None:
        """Be again who one was."""
        self.command("Network.setCookies", cookies=cookies)
        self._driver.get("about:blank")

    def forget(self) -> None:
        """Be a browser that was never here, and show nothing."""
        self._driver.get("about:blank")  # First: a page without its cookies is refused, and complains.
        self.command("Network.clearBrowserCookies")

    # What is seen

    def all(self, css: str) -> list[WebElement]:
        return self._driver.find_elements(By.CSS_SELECTOR, css)

    def until(self, holds: Callable[[], T | None], what: str = "") -> T:
        """Wait until ``holds`` tells something true, and return it; an element that goes meanwhile is looked for."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                found = holds()
            except StaleElementReferenceException:
                found = None
            if found:
                return found
            assert time.monotonic() < end, f"{what or 'it did not come to that'}\n{self.text()[:3000]}"
            time.sleep(0.03)

    def see(self, css: str, text: str = "") -> WebElement:
        """Return the first element that is shown of those that ``css`` finds, with ``text`` in it; waits for it."""
        return self.until(lambda: self._shown(css, text), f"not seen: {css} {text}")

    def _shown(self, css: str, text: str) -> WebElement | None:
        return next((each for each in self.all(css) if each.is_displayed() and text in each.text), None)

    def inside(self, frame: WebElement, css: str) -> str:
        """Return the text of the first element with any that ``css`` finds in a frame's page; waits for it."""
        self._driver.switch_to.frame(frame)
        try:
            return self.until(
                lambda: next((each.text for each in self.all(css) if each.text), None), f"not in it: {css}"
            )
        finally:
            self._driver.switch_to.default_content()

    def sees(self, css: str, text: str = "") -> bool:
        """Tell whether such an element is shown now."""
        try:
            return self._shown(css, text) is not None
        except StaleElementReferenceException:
            return False

    def gone(self, css: str, text: str = "") -> None:
        """Wait until no such element is shown."""
        self.until(lambda: not self.sees(css, text), f"still seen: {css} {text}")

    def text(self, css: str = "body") -> str:
        return str(self.run("return (document.querySelector(arguments[0]) ?? {innerText: ''}).innerText", css))

    # What is done

    def press(self, css: str, text: str = "") -> None:
        """Press what is shown, once it can be pressed."""

        def pressed() -> bool:
            found = self._shown(css, text)
            if found is None or not found.is_enabled():
                return False
            try:
                found.click()
            except ElementClickInterceptedException:
                return False
            return True

        self.until(pressed, f"cannot be pressed: {css} {text}")

    def button(self, text: str, within: str = "") -> None:
        self.press(f"{within} button".strip(), text)

    def write(self, css: str, text: str) -> None:
        """Put ``text`` in place of what stands in a field."""
        field = self.see(css)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(Keys.DELETE)
        field.send_keys(text)

    def choose(self, css: str, text: str) -> None:
        """Choose the option of a list that begins with ``text``."""
        for option in Select(self.see(css)).options:
            if option.text.startswith(text):
                option.click()
                return
        raise AssertionError(f"no such option: {text}")

    def keys(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        self._driver.switch_to.active_element.send_keys(*keys)

    def chord(self, *keys: str) -> None:
        """Press keys together."""
        self._driver.switch_to.active_element.send_keys(*keys, Keys.NULL)

    # How it looks

    def look(self, address: str, *, language: str, theme: str, gain: str = "red") -> None:
        """Choose language and theme as the page at ``address`` keeps them; they hold once it is loaded."""
        if not self._driver.current_url.startswith(address):
            self._driver.get(f"{address}/favicon.svg")
        kept = json.dumps({"theme": theme, "gain": gain, "narrow": False})
        self.run(
            "localStorage.setItem('qmt-look', arguments[0]); localStorage.setItem('qmt-language', arguments[1])",
            kept,
            language,
        )
