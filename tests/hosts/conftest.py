"""A package of xtquant once for all tests; a terminal's folder, a counter and hosts for each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.terminal.counter import Counter
from tests.terminal.host_end import HostEnd
from tests.terminal.package import make_package, make_terminal

QUICK: Final = {
    "BEAT_EVERY_S": 0.2,
    "BEAT_CALL_S": 0.5,
    "BEAT_AGAIN_S": 0.4,
    "CALL_S": 1.0,
    "SESSION_REST_S": 0.5,
    "BACKOFF_S": (0.1, 0.2),
    "SILENCE_S": 1.0,
    "STOP_S": 0.5,
}
"""Waits of the host's for tests that would only wait."""

Start = Callable[..., HostEnd]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_package(tmp_path_factory.mktemp("xtquant"))


@pytest.fixture
def terminal(tmp_path: Path) -> Path:
    return make_terminal(tmp_path / "QMT 交易端")


@pytest.fixture
def counter() -> Iterator[Counter]:
    with Counter() as made:
        yield made


@pytest.fixture
def start(terminal: Path, package: Path, counter: Counter) -> Iterator[Start]:
    """Start a host, by default with short waits; it is ended with the test."""
    with contextlib.ExitStack() as hosts:

        def begin(*options: str, quick: bool = True, **more: Any) -> HostEnd:
            waits = {**QUICK, **more.pop("waits", {})} if quick else None
            return hosts.enter_context(HostEnd(terminal, package, counter, *options, waits=waits, **more))

        yield begin


@pytest.fixture
def host(start: Start) -> HostEnd:
    """A host that is ready and armed to trade."""
    made = start()
    made.ready()
    return made
