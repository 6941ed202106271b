"""Ends the lives that a test has begun in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fullqmt import begun


@pytest.fixture(autouse=True)
def _ends_lives() -> Iterator[None]:
    yield
    begun.end()
