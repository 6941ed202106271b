"""The probe beside the host: what can be said of its file without running it."""

from __future__ import annotations

import ast
import sys
from typing import Final

from qmt_trading.run.acceptance.native_timeout import PROBE

TREE: Final = ast.parse(PROBE.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_it_imports_the_standard_library_alone() -> None:
    imported = [alias.name for node in ast.walk(TREE) if isinstance(node, ast.Import) for alias in node.names]
    imported += [node.module or "" for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_it_calls_the_terminal_for_nothing_but_a_look() -> None:
    called = {
        node.func.attr
        for node in ast.walk(TREE)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "trader"
    }
    assert called == {"register_callback", "start", "connect", "subscribe", "query_stock_asset", "set_timeout"}
