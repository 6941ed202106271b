"""What can be said of the host's file without running it."""

from __future__ import annotations

import ast
import sys
from typing import Final

from tests.terminal.host_end import HOST
from tests.terminal.host_module import module

TREE: Final = ast.parse(HOST.read_text(encoding="utf-8"), feature_version=(3, 8))
NEWER_THAN_3_8: Final = {"removeprefix", "removesuffix", "bit_count", "to_thread", "pairwise"}


def test_it_parses_as_python_3_8_and_has_no_syntax_of_later_ones() -> None:
    assert not [node for node in ast.walk(TREE) if isinstance(node, ast.Match | ast.TryStar)]
    names = {node.attr for node in ast.walk(TREE) if isinstance(node, ast.Attribute)}
    assert names & NEWER_THAN_3_8 == set()


def test_it_imports_the_standard_library_alone() -> None:
    imported = {
        name.partition(".")[0]
        for node in ast.walk(TREE)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported <= sys.stdlib_module_names


def test_it_names_its_exit_codes_as_the_link_does() -> None:
    link = (HOST.parents[3] / "docs" / "link.md").read_text(encoding="utf-8")
    values = {
        node.target.id: node.value
        for node in TREE.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    codes = {
        name: value.value
        for name, value in values.items()
        if name.startswith("EXIT_") and isinstance(value, ast.Constant)
    }
    assert codes == {"EXIT_STOPPED": 0, "EXIT_ARGUMENTS": 2, "EXIT_FOLDER": 3, "EXIT_XTQUANT": 4, "EXIT_HUNG": 70}
    assert "0 stopped as asked, 2 wrong arguments, 3 the terminal's folder cannot be used," in link


def test_no_call_of_trading_is_waited_for_as_long_as_the_engine_waits_for_the_host() -> None:
    assert module.BEAT_CALL_S < module.CALL_S < 4.8  # Of 5 s, less two looks of the watch.
    assert (module.BEAT_EVERY_S, module.BEAT_CALL_S, module.MISSES_MAX, module.HUNG_MAX) == (2.0, 3.0, 2, 4)
    assert module.SESSION_REST_S > 3.0
