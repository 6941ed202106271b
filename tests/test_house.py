"""Checks the rules of the house that no linter knows: what rooms may do, what files may hold, what must agree."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

import qmt_trading
from qmt_trading.run import shortcuts

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = ROOT / "src" / "qmt_trading"
LINES_MAX: Final = 500
HOST_LINES_MAX: Final = 2500
"""A host is one file: a person carries it to the broker's own Python, or pastes it into a terminal."""

INNER_ROOMS: Final = ("model", "market", "engine", "codec", "ports.py")
STANDARD_LIBRARY_ROOMS: Final = ("link", "client", "hosts")
# fmt: off
INNER_IMPORTS: Final = frozenset({
    "__future__", "abc", "base64", "bisect", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions",
    "functools", "hashlib", "heapq", "itertools", "json", "math", "msgspec", "operator", "re", "string", "struct",
    "types", "typing", "unicodedata", "zlib", "zoneinfo",
})
"""All that an inner room may import, besides the rooms below it: modules that compute and do nothing else."""

FORBIDDEN_CALLS: Final = frozenset({"open", "print", "input", "exec", "eval", "compile", "breakpoint", "__import__"})
FORBIDDEN_METHODS: Final = frozenset({
    "now", "today", "utcnow", "open", "read_text", "write_text", "read_bytes", "write_bytes", "urandom", "random",
    "randint", "uuid4",
})
# fmt: on

# A letter of each stands in brackets, so that this file does not hold what it forbids.
INDEX_ADDRESS: Final = re.compile(
    r"pyp[i]\.(org|python)|python[h]osted\.org|tun[a]\.tsinghua|mirror[s]?\.[a-z]+\.(com|edu)|aliyu[n]\.com"
    r"|(--|^|\s)((extra-)?inde[x]-url|trusted-hos[t])\b",
    re.IGNORECASE | re.MULTILINE,
)
MACHINE_PATH: Final = re.compile(r"(?<![\w.])/(wor[k]|roo[t]|opt/[v]|home/[a-z]|Users/[a-z])(/|\b)")


def files_of_the_house() -> Iterator[Path]:
    """Yield every file a checkout holds, and nothing that a tool left beside it."""
    for folder in ("src", "tests", "tools", "benchmarks", "docs", "constraints", ".ci"):
        yield from (path for path in sorted((ROOT / folder).rglob("*")) if path.is_file() and not is_leftover(path))
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file() and path.name != ".git")


def is_leftover(path: Path) -> bool:
    return any(part in {"__pycache__", "node_modules"} or part.endswith("_cache") for part in path.parts)


def python_files(*places: Path) -> list[Path]:
    """Return the Python files at or under ``places``."""
    found = [[place] if place.is_file() else sorted(place.rglob("*.py")) for place in places]
    return [path for paths in found for path in paths]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def problems(paths: list[Path], look: Callable[[ast.Module], Iterator[tuple[int, str]]]) -> list[str]:
    """Return what ``look`` finds in ``paths``, one line each, with file and line."""
    found = [(path, line, text) for path in paths for line, text in look(tree_of(path))]
    return [f"{path.relative_to(ROOT).as_posix()}:{line}: {text}" for path, line, text in found]


def imported_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of every module that ``tree`` imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def called(node: ast.Call) -> tuple[str, bool]:
    """Return the name that ``node`` calls, and whether it is an attribute of something."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr, True
    return (node.func.id, False) if isinstance(node.func, ast.Name) else ("", False)


INNER_FILES: Final = python_files(*(PACKAGE / room for room in INNER_ROOMS))
ALL_PYTHON: Final = [path for path in files_of_the_house() if path.suffix == ".py"]
SOURCE: Final = python_files(PACKAGE)


def acts_of_the_outside(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield what an inner room must not do: wait, open, print, look at a clock, draw luck."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith | ast.Await):
            yield node.lineno, "async"
        elif isinstance(node, ast.Call):
            name, is_method = called(node)
            if name in (FORBIDDEN_METHODS if is_method else FORBIDDEN_CALLS):
                yield node.lineno, f"calls {name}()"


def imports_of_the_outside(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, name in imported_names(tree):
        if name.partition(".")[0] not in INNER_IMPORTS | {"qmt_trading"}:
            yield line, f"imports {name}"


def imports_beyond_the_standard_library(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, name in imported_names(tree):
        if name.partition(".")[0] not in sys.stdlib_module_names | {"qmt_trading"}:
            yield line, f"imports {name}"


def imports_of_a_room(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, name in imported_names(tree):
        if name.startswith(("qmt_trading", ".")):
            yield line, f"imports {name}"


def text_without_encoding(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield calls that read or write text in whatever encoding the machine happens to have."""
    # Nobody opens a file and lets go of it at once: a door's or a lock's own open() stands alone like this.
    alone = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and handles_text(node) and not (node in alone and called(node) == ("open", True)):
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            if "encoding" not in keywords and None not in keywords:
                yield node.lineno, f"{called(node)[0]}() names no encoding"


def handles_text(node: ast.Call) -> bool:
    """Tell whether ``node`` opens, reads, writes or pipes text; a door's own ``open(sink)`` is no such call."""
    name, is_method = called(node)
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    if name in {"run", "Popen", "check_output", "check_call", "call"}:
        return any(is_true(keywords.get(word)) for word in ("text", "universal_newlines"))
    if name in {"read_text", "write_text"}:
        return is_method
    if name == "TextIOWrapper":
        return True
    if name in {"NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"}:
        mode = keywords.get("mode", node.args[0] if node.args else ast.Constant("b"))
    elif name in {"open", "fdopen"} and not is_os_open(node.func):
        of_path = is_method and not (isinstance(node.func, ast.Attribute) and is_module(node.func.value))
        if of_path and node.args and not isinstance(node.args[0], ast.Constant):
            return False
        place = 0 if of_path else 1
        mode = keywords.get("mode", node.args[place] if len(node.args) > place else ast.Constant("r"))
    else:
        return False
    return not (isinstance(mode, ast.Constant) and isinstance(mode.value, str) and "b" in mode.value)


def is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def is_module(node: ast.expr) -> bool:
    """Tell whether ``node`` names a module whose ``open`` takes a path first."""
    return isinstance(node, ast.Name) and node.id in {"io", "codecs", "gzip", "lzma", "bz2", "os"}


def is_os_open(node: ast.expr) -> bool:
    """Tell whether ``node`` is ``os.open``, which knows no text."""
    return isinstance(node, ast.Attribute) and node.attr == "open" and ast.unparse(node.value) == "os"


def asserts_that_act(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield asserts that bind a name: the code below would need them to have run."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and any(isinstance(part, ast.NamedExpr) for part in ast.walk(node.test)):
            yield node.lineno, "an assert binds a name"
        elif isinstance(node, ast.Name) and node.id == "__debug__":
            yield node.lineno, "asks for __debug__"


def test_the_inner_rooms_import_only_what_computes() -> None:
    assert INNER_FILES
    assert problems(INNER_FILES, imports_of_the_outside) == []


def test_the_inner_rooms_wait_for_nothing_open_nothing_and_look_at_no_clock() -> None:
    assert problems(INNER_FILES, acts_of_the_outside) == []


def test_link_client_and_hosts_need_nothing_but_the_standard_library() -> None:
    rooms = python_files(*(PACKAGE / room for room in STANDARD_LIBRARY_ROOMS))
    assert rooms
    assert problems(rooms, imports_beyond_the_standard_library) == []


def test_hosts_import_no_room() -> None:
    assert problems(python_files(PACKAGE / "hosts"), imports_of_a_room) == []


def test_every_room_stands_in_the_contract_of_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract for contract in contracts if contract["id"] == "layers")
    named = {name.strip(" ()") for layer in layers["layers"] for name in layer.split("|")}
    rooms = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert layers["exhaustive"] is True
    assert {room for room in rooms if not room.startswith((".", "__"))} <= named


def test_no_file_is_longer_than_a_person_reads() -> None:
    sizes = {path.relative_to(ROOT).as_posix(): path.read_bytes().count(b"\n") for path in ALL_PYTHON}
    too_long = {
        name: lines
        for name, lines in sizes.items()
        if lines > (HOST_LINES_MAX if name.startswith("src/qmt_trading/hosts/") else LINES_MAX)
    }
    assert too_long == {}


def test_each_file_opens_with_a_sentence_that_says_what_it_is_for() -> None:
    files = [path for path in ALL_PYTHON if path.read_bytes().strip() or path.name != "__init__.py"]
    first_sentences = {path: (ast.get_docstring(tree_of(path)) or "").partition("\n\n")[0] for path in files}
    silent = [path for path, sentence in first_sentences.items() if not sentence.endswith((".", ":", "``", "?"))]
    assert [path.relative_to(ROOT).as_posix() for path in silent] == []


def test_no_file_names_a_package_index_or_a_place_on_one_machine() -> None:
    found = []
    for path in files_of_the_house():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        hits = [*INDEX_ADDRESS.finditer(text), *MACHINE_PATH.finditer(text)]
        found += [f"{path.relative_to(ROOT).as_posix()}: {hit.group()!r}" for hit in hits]
    assert found == []


def test_text_is_never_read_or_written_in_an_encoding_left_to_the_machine() -> None:
    assert problems(ALL_PYTHON, text_without_encoding) == []


def test_no_code_depends_on_whether_asserts_run() -> None:
    assert problems(SOURCE, asserts_that_act) == []


def test_no_command_of_the_house_switches_the_asserts_off() -> None:
    switch = re.compile(r"\b(python[\d.]*|py|executable)\b[\"',\s]+-O{1,2}\b|PYTHONOPTIMIZE\s*=")
    texts = [
        path for path in files_of_the_house() if path.suffix in {".py", ".sh", ".bat", ".ps1", ".toml", ".yml", ""}
    ]
    assert [path.name for path in texts if switch.search(path.read_text(encoding="utf-8", errors="replace"))] == []


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project
    assert project["dynamic"] == ["version"]
    assert qmt_trading.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    written = [
        path for path in SOURCE if re.search(r"^__version__\s*=", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert written == [PACKAGE / "__init__.py"]
    try:
        installed = importlib.metadata.version("qmt-trading-system")
    except importlib.metadata.PackageNotFoundError:
        return
    assert installed == qmt_trading.__version__


def pins_of(name: str) -> dict[str, str]:
    """Return the releases that constraints/``name`` pins; each must carry at least one hash."""
    text = (ROOT / "constraints" / name).read_text(encoding="utf-8")
    logical = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    shape = re.compile(r"([a-z0-9-]+)==([\w.]+)( ; [^@#]+?)?((\s+--hash=sha256:[0-9a-f]{64})+)\s*")
    matches = [(line, shape.fullmatch(line)) for line in logical if line.strip()]
    assert [line[:60] for line, match in matches if match is None] == []
    return {match.group(1): match.group(2) for _, match in matches if match is not None}


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


@pytest.mark.parametrize("name", ["run.txt", "test.txt", "windows.txt", "wine-python.txt", "wine-oldest-python.txt"])
def test_every_constraint_is_one_release_with_hashes_and_no_address(name: str) -> None:
    assert pins_of(name)
    assert "://" not in (ROOT / "constraints" / name).read_text(encoding="utf-8")


def test_the_constraints_pin_all_that_the_project_asks_for_and_agree() -> None:
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    base = {name_of(text) for text in whole["project"]["dependencies"] + whole["build-system"]["requires"]}
    test = {name_of(text) for text in whole["project"]["optional-dependencies"]["test"]}
    run_pins, test_pins, windows_pins = pins_of("run.txt"), pins_of("test.txt"), pins_of("windows.txt")
    assert base <= run_pins.keys()
    assert test <= test_pins.keys()
    assert {name_of(text) for text in whole["project"]["dependencies"]} | {"pytest"} <= windows_pins.keys()
    assert run_pins.items() | windows_pins.items() <= test_pins.items()


def test_the_readme_and_ci_run_the_same_commands() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for readme in ("README.md", "README.en.md"):
        text = (ROOT / readme).read_text(encoding="utf-8")
        assert "python3 tools/start.py test" in text
        assert "python3 tools/start.py demo" in text
    assert "python3 tools/start.py test" in ci


@pytest.mark.slow
def test_the_wheel_and_the_source_archive_hold_the_typed_package(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="needs hatchling, of the extra 'test'")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    wheel = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
        entry_points = next(name for name in packed if name.endswith("entry_points.txt"))
        assert "qmt = qmt_trading.cli.main:main" in archive.read(entry_points).decode("utf-8")
    expected = {path.relative_to(ROOT / "src").as_posix() for path in [*SOURCE, PACKAGE / "py.typed"]}
    assert expected <= packed
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as source:
        inner = {name.partition("/")[2] for name in source.getnames()}
    assert {f"src/{name}" for name in expected} <= inner
    assert {"LICENSE", "README.md", "pyproject.toml", "tools/start.py", "constraints/run.txt", "main.py"} <= inner
    assert set(shortcuts.NAMES) <= inner


@pytest.mark.parametrize(
    ("look", "bad", "good"),
    [
        (imports_of_the_outside, "import time", "import math"),
        (imports_of_the_outside, "def f() -> None:\n    from os import path", "from qmt_trading.model import words"),
        (imports_beyond_the_standard_library, "import msgspec", "import socket"),
        (imports_of_a_room, "from qmt_trading.model import words", "import json"),
        (acts_of_the_outside, "async def f() -> None: ...", "def f() -> None: ..."),
        (acts_of_the_outside, "open('x', 'rb')", "opened('x')"),
        (acts_of_the_outside, "dt.datetime.now(zone)", "dt.datetime.fromtimestamp(0, zone)"),
        (text_without_encoding, "open('x')", "open('x', encoding='utf-8')"),
        (text_without_encoding, "open('x', 'w')", "open('x', 'wb')"),
        (text_without_encoding, "file = path.open()", "path.open('rb')"),
        (text_without_encoding, "with path.open('a') as file: ...", "door.open(sink)"),
        (text_without_encoding, "for line in path.open(): ...", "door.open()"),
        (text_without_encoding, "path.read_text()", "path.read_text(encoding='utf-8')"),
        (text_without_encoding, "subprocess.run(c, text=True)", "subprocess.run(c, text=True, encoding='gbk')"),
        (text_without_encoding, "os.fdopen(3)", "os.open('x', os.O_RDONLY)"),
        (asserts_that_act, "assert (x := 1)", "assert x == 1"),
    ],
)
def test_each_look_finds_what_it_looks_for(
    look: Callable[[ast.Module], Iterator[tuple[int, str]]], bad: str, good: str
) -> None:
    assert list(look(ast.parse(bad))) != []
    assert list(look(ast.parse(good))) == []
