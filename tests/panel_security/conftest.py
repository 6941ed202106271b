"""A panel for the tests of this folder, and people in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.panel.delays import Delays
from tests.panel_security.served import Person, Served


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("panel"))
    yield served
    served.stop()


@pytest.fixture(scope="session")
def _people(_running: Served) -> tuple[Person, Person]:
    return _running.person("boss"), _running.person("guest", role="viewer")


@pytest.fixture
def panel(_running: Served, _people: tuple[Person, Person]) -> Served:
    """Return a panel with an operator and a viewer, where nobody has failed yet."""
    _running.entrance.delays = Delays()
    return _running


@pytest.fixture
def boss(panel: Served, _people: tuple[Person, Person]) -> Person:
    """Return the operator; no test may end this session."""
    return _people[0]


@pytest.fixture
def guest(panel: Served, _people: tuple[Person, Person]) -> Person:
    """Return the viewer; no test may end this session."""
    return _people[1]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Served]:
    """Return a panel of its own that nobody has used, whose clock may be moved."""
    served = Served(tmp_path / "panel")
    yield served
    served.stop()
