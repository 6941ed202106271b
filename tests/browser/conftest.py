"""One engine, one panel and one browser for all tests of this folder; somebody is signed in by the one-time link."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.axe import Axe
from tests.browser.chromium import Browser, must_have_programs
from tests.browser.desk import Desk
from tests.browser.stage import MAIN, Stage


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the browser puts files."""
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def _opened(tmp_path_factory: pytest.TempPathFactory, downloads: Path) -> Iterator[Desk]:
    programs = must_have_programs()
    with Stage(tmp_path_factory.mktemp("stage")) as stage:
        stage.live_through()
        stage.differ(MAIN, "600000.SH", -300)
        browser = Browser(*programs, downloads=downloads)
        try:
            yield Desk(stage, browser)
        finally:
            browser.close()


@pytest.fixture(scope="session")
def door(_opened: Desk) -> Desk:
    """Return the panel before its door, where nobody was ever in; the first test that wants it sets the password."""
    return _opened


@pytest.fixture
def desk(_opened: Desk) -> Iterator[Desk]:
    """Return the panel with the operator signed in, on a wide screen, in Chinese and dark, with all orders working."""
    _opened.begin()
    yield _opened
    _opened.browser.check()


@pytest.fixture
def seat(_opened: Desk) -> Desk:
    """Return the panel as the last test has left it, for those that begin by themselves."""
    return _opened


@pytest.fixture(scope="session")
def axe(_opened: Desk) -> Axe:
    return Axe(_opened.browser)
