"""What can be said of the pasted file without a terminal."""

from __future__ import annotations

import ast
import subprocess
from typing import Final

from tests.fullqmt import python36
from tests.fullqmt.stand import HOST

RAW: Final = HOST.read_bytes()
TREE: Final = ast.parse(RAW.decode("ascii"))
IMPORTED: Final = frozenset(
    {"collections", "datetime", "hashlib", "hmac", "io", "json", "math", "os", "re", "sys", "time"}
)  # Seen in every terminal's trimmed library; none of them pulls in importlib or logging under 3.6.
PROBED: Final = frozenset({"_winapi", "ctypes", "encodings.idna", "socket"})


def calls(name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(TREE)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def test_it_is_what_the_terminals_editor_saves() -> None:
    assert RAW.startswith(b"#coding:gbk\n")
    assert RAW.isascii()
    assert b"\r" not in RAW
    assert b"\t" not in RAW
    assert RAW.decode("gbk").encode("gbk") == RAW
    assert len(RAW) < 200_000  # Files of 298 kB have been seen to load.


def test_it_imports_at_the_top_what_every_terminal_has_and_nothing_else() -> None:
    found = {alias.name.partition(".")[0] for node in TREE.body if isinstance(node, ast.Import) for alias in node.names}
    assert found == IMPORTED
    elsewhere = [node for node in ast.walk(TREE) if isinstance(node, ast.Import) and node not in TREE.body]
    assert elsewhere == []
    froms = [node for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom)]
    assert [node.module for node in froms] == ["typing"]  # Under TYPE_CHECKING, which is False.
    probed = {ast.literal_eval(call.args[0]) for call in calls("optional")}
    assert probed == PROBED


def test_it_listens_nowhere_and_starts_nothing() -> None:
    called = {
        node.func.attr for node in ast.walk(TREE) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not called & {"listen", "accept", "CreateNamedPipe", "CreateNamedPipeW", "Thread", "Popen", "system"}


def test_it_evaluates_nothing_that_it_is_told() -> None:
    assert [name for name in ("eval", "exec", "compile", "open", "input", "setattr", "delattr") if calls(name)] == []
    assert len(calls("__import__")) == 1  # Of ``optional``, whose names are those above.


def test_one_place_alone_calls_passorder_and_only_after_its_claim() -> None:
    texts = [node for node in ast.walk(TREE) if isinstance(node, ast.Constant) and node.value == "passorder"]
    functions = {
        function.name: function
        for function in ast.walk(TREE)
        if isinstance(function, ast.FunctionDef) and any(text in ast.walk(function) for text in texts)
    }
    assert set(functions) == {"missing", "_bad", "_place", "_begin"}
    place = ast.unparse(functions["_place"])
    assert place.count("'passorder'") == 2
    assert place.index("journal.claim") < place.rindex("self._timely") < place.index("'passorder'")


def test_every_entry_point_of_the_terminal_is_there_and_hides_none_of_its_functions() -> None:
    names = {node.name for node in TREE.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    entries = {"init", "handlebar", "stop", "account_callback", "order_callback", "deal_callback"}
    assert entries | {"position_callback", "orderError_callback", "qmt_link_tick"} <= names
    assert not names & {"passorder", "cancel", "get_trade_detail_data", "account", "accountType"}


@python36.needs_python36
def test_it_compiles_and_loads_under_the_real_3_6_without_a_terminal_around_it() -> None:
    program = (  # Without the pipe: where there is no _winapi it needs ctypes.
        "import sys; text = open(sys.argv[1], 'rb').read().replace(b'\"pipe:qmt', b'\"files:qmt')\n"
        "space = {}; exec(compile(text, '<string>', 'exec'), space)\n"
        "loaded = sorted(name for name in ('importlib', 'logging', 'ctypes', 'typing', 'threading') "
        "if name in sys.modules)\n"
        "print(sys.version_info[:2], loaded)\n"
    )
    command = [python36.found(), "-S", "-E", "-c", program, str(HOST)]
    told = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    assert told.stderr == ""
    assert told.stdout.splitlines()[-1] == "(3, 6) []"
