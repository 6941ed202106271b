"""What the tests of messages to people share: a far end on this machine, reached by no proxy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.notify_bench import FarEnd


@pytest.fixture
def far_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[FarEnd]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = FarEnd()
    yield made
    made.close()
