"""Shows each file of this folder as skipped, without importing it, where there is no Windows."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest


class SkippedFile(pytest.Module):
    """A file of tests that this system cannot import."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        pytest.skip("needs Windows; on Linux: tools/wine/run.sh", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    if sys.platform == "win32":
        return None
    return SkippedFile.from_parent(parent, path=module_path)
