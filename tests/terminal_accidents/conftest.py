"""A package of xtquant once for all tests, and an engine over one terminal for each module that shares one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.terminal.engine import Desk, Market, desk
from tests.terminal.package import make_package

ACCOUNT, OTHER, THIRD = "11031122", "11031123", "11031124"
QUICK: Final = {
    "BEAT_EVERY_S": 0.3,
    "BEAT_CALL_S": 0.6,
    "BEAT_AGAIN_S": 0.5,
    "CALL_S": 1.0,
    "SESSION_REST_S": 0.5,
    "BACKOFF_S": (0.1, 0.2),
    "STOP_S": 0.5,
}
"""Waits of the host's, for tests that would only wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sys.platform == "win32":
        here = Path(__file__).parent
        reason = "needs Linux or macOS: the engine's door is a Unix socket, and a host's interpreter is a script"
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_package(tmp_path_factory.mktemp("xtquant"))


@pytest.fixture(scope="module")
def shared_desk(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Run one engine over one terminal with three accounts for the module; each test has symbols of its own."""
    market = Market((ACCOUNT, OTHER, THIRD), held=HELD)
    with desk(tmp_path_factory.mktemp("desk"), package, [market], waits=QUICK, limits=WIDE) as made:
        made.quote(*SYMBOLS)
        yield made


SYMBOLS: Final = tuple(f"{600000 + number}.SH" for number in range(60))
HELD: Final = SYMBOLS[:20]
WIDE: Final = 'orders_per_second_max = 200\nunknown_orders_max = 100\nloss_reducing = "none"\nloss_halting = "none"'


@pytest.fixture
def at(shared_desk: Desk) -> Iterator[Desk]:
    """Give the module's engine to a test; its terminal does right before and after."""
    shared_desk.market.honest()
    yield shared_desk
    shared_desk.market.honest()
