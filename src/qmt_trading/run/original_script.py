"""The original system's main.py, read as a tree: constants are followed through names and loops, nothing is run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Final

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.original import (
    ACCOUNT_CALL,
    ACCOUNT_TYPES,
    STOCK,
    UNREADABLE,
    Found,
    FoundAccount,
    Original,
    is_userdata,
    pipe_address,
    tidy_path,
)

_INI: Final = re.compile(r"""['"]([^'"\n]*\.ini)['"]""")
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_LITERAL: Final = re.compile(r"""[A-Za-z]*('''|\"{3}|'|")(.*)\1""", re.DOTALL)
_BROKEN_ESCAPE: Final = re.compile(
    r"(?<!\\)((?:\\\\)*)\\(?=u(?![0-9a-fA-F]{4})|U(?![0-9a-fA-F]{8})|x(?![0-9a-fA-F]{2})|N(?!\{))"
)
_ACCOUNT_NAME: Final = re.compile(r"_*(my_?)?(stock_?)?acc(oun)?t(s|_?ids?|_?nos?|_?list)?_*\d*", re.IGNORECASE)
_TYPE_NAME: Final = re.compile(r"acc(oun)?t_?type", re.IGNORECASE)
_MAKERS: Final = ("CreateNamedPipe", "CreateNamedPipeW", "CreateNamedPipeA", "start_serving_pipe", "Listener")
_DIALLERS: Final = ("CreateFile", "CreateFileW", "CreateFileA", "WaitNamedPipe", "CallNamedPipe")
_STEPS_MAX: Final = 200_000
"""A program with loops in loops is not followed for ever."""
_UNKNOWN: Final = object()

Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


def names_of_ini(text: str) -> list[str]:
    """Return the names of .ini files that the program mentions."""
    return list(dict.fromkeys(_INI.findall(text)))


def read_script(text: str, file: str) -> Original:
    """Read the text of a main.py.

    Raises:
        ConfigurationError: it is no Python 3.
    """
    tree, text = _tree_of(text, file)
    reader = _Reader(text, file)
    reader.walk(tree)  # Once for the names, which may stand below the functions that use them …
    reader.forget()
    reader.walk(tree)  # … and once for what is made of them.
    return reader.original()


def _tree_of(text: str, file: str) -> tuple[ast.Module, str]:
    """Return the program as a tree, and the text that the places in the tree refer to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of backslashes in texts that are not raw.
        try:
            return ast.parse(text, file), text
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            first = error
        try:
            # A text such as 'D:\userdata_mini' stops Python: the u begins an escape. It is clear what was meant.
            repaired = _BROKEN_ESCAPE.sub(r"\1\\\\", text)
            return ast.parse(repaired, file), repaired
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            line = getattr(first, "lineno", None)
            where = f"{file} 第 {line} 行" if line else file
            raise ConfigurationError(
                f"{where}：读不懂，这不是 Python 3 的写法（{getattr(first, 'msg', first)}）；"
                "请改用 config.ini，或不带 --from 再手工填写 / cannot be read as Python 3"
            ) from first


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._names: dict[str, object] = {}
        self._lines: dict[str, int] = {}
        self._steps = 0
        self.forget()

    def forget(self) -> None:
        """Forget what was found, and keep what the names stand for."""
        self._steps = 0
        self._accounts: dict[str, FoundAccount] = {}
        self._unreadable: dict[tuple[int, str], Found] = {}
        self._trader_path: Found | None = None
        self._path: Found | None = None
        self._pipes: dict[str, Found] = {}
        self._makes = self._dials = False

    def original(self) -> Original:
        self._accounts_of_names()
        return Original(
            userdata=self._trader_path or self._path,
            pipe=next(iter(self._pipes.values()), None),
            creates_pipe=True if self._makes else False if self._dials else None,
            accounts=tuple(self._accounts.values()),
            unreadable=tuple(self._unreadable.values()),
        )

    # The walk

    def walk(self, node: ast.AST) -> None:
        self._steps += 1
        if self._steps > _STEPS_MAX:
            return
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, self._value(value), node.lineno)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                self._bind(target, self._value(value), node.lineno)
            case ast.For(target=target, iter=iterated, body=body, orelse=orelse):
                self.walk(iterated)
                for each in self._each(iterated):
                    self._bind(target, each, node.lineno)
                    for statement in body:
                        self.walk(statement)
                for statement in orelse:
                    self.walk(statement)
                return
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._comprehend(node, 0)
                return
            case ast.Call():
                self._call(node)
            case ast.Constant(value=str()):
                self._look_at(self._literal(node), node.lineno)
            case ast.JoinedStr():
                self._look_at(self._value(node), node.lineno)
                return
        for child in ast.iter_child_nodes(node):
            self.walk(child)

    def _comprehend(self, node: Comprehension, depth: int) -> None:
        if depth < len(node.generators):
            self.walk(node.generators[depth].iter)
            for value in self._each(node.generators[depth].iter):
                self._bind(node.generators[depth].target, value, node.lineno)
                self._comprehend(node, depth + 1)
        elif isinstance(node, ast.DictComp):
            self.walk(node.key)
            self.walk(node.value)
        else:
            self.walk(node.elt)

    def _each(self, node: ast.expr) -> list[object]:
        """Return what a loop goes through; one unknown value where that is not known."""
        value = self._value(node)
        if isinstance(value, dict):
            return list(value)
        return value if isinstance(value, list) else [_UNKNOWN]

    def _bind(self, target: ast.expr, value: object, line: int) -> None:
        match target:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                self._names[name] = value
                self._lines[name] = line
                if "pipe" in name.lower() and isinstance(value, str):
                    self._pipe(value, line)
                elif "path" in name.lower() and isinstance(value, str) and is_userdata(value):
                    self._path = Found(tidy_path(value), line, self._file)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                values = value if isinstance(value, list) and len(value) == len(parts) else [_UNKNOWN] * len(parts)
                for part, each in zip(parts, values, strict=True):
                    self._bind(part, each, line)

    # What is found

    def _call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        self._makes = self._makes or name in _MAKERS
        self._dials = self._dials or name in _DIALLERS or (name == "open" and self._is_pipe(_argument(node, 0, "file")))
        if name == ACCOUNT_CALL:
            self._account(node)
        elif name == "XtQuantTrader":
            argument = _argument(node, 0, "path")
            value = self._value(argument)
            if isinstance(value, str) and value.strip():
                self._trader_path = Found(tidy_path(value), self._line_of(argument, node.lineno), self._file)
            else:
                self._puzzle(node)

    def _line_of(self, argument: ast.expr | None, line: int) -> int:
        """Return where the value of ``argument`` was written: a person changes it there."""
        match argument:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return self._lines.get(name, line)
            case _:
                return line

    def _account(self, node: ast.Call) -> None:
        number = self._value(_argument(node, 0, "account_id"))
        kind = _argument(node, 1, "account_type")
        type_value = STOCK if kind is None else self._value(kind)
        if isinstance(number, int) and not isinstance(number, bool):
            number = str(number)
        if not isinstance(number, str) or not number.strip():
            self._puzzle(node)
            return
        written = type_value.strip().upper() if isinstance(type_value, str) else UNREADABLE
        number = number.strip()
        found = self._accounts.get(number)
        # One number with two types, as a STOCK and a CREDIT account may have, is not taken for the plain one.
        if found is None or (found.kind == STOCK and written != STOCK):
            self._accounts[number] = FoundAccount(Found(number, node.lineno, self._file), written)

    def _puzzle(self, node: ast.Call) -> None:
        source = " ".join(ast.unparse(node).split())[:80]
        self._unreadable[node.lineno, source] = Found(source, node.lineno, self._file)

    def _look_at(self, value: object, line: int) -> None:
        """See whether a text anywhere in the program is a pipe or the client's folder."""
        if not isinstance(value, str) or "\n" in value or len(value) > 300:
            return
        if re.match(r"[\\/]+\.[\\/]+pipe[\\/]+", value, re.IGNORECASE):
            self._pipe(value, line)
        elif self._path is None and is_userdata(value) and re.match(r"[A-Za-z]:|[\\/]{2}", value.strip()):
            self._path = Found(tidy_path(value), line, self._file)

    def _is_pipe(self, node: ast.expr | None) -> bool:
        value = self._value(node)
        return isinstance(value, str) and value.lower().startswith("\\\\.\\pipe\\")

    def _pipe(self, written: str, line: int) -> None:
        address = pipe_address(written)
        if address is not None:
            self._pipes.setdefault(address, Found(address, line, self._file))

    def _accounts_of_names(self) -> None:
        """Take accounts from names such as ``accounts``, too: a call of StockAccount for one may not be all of them."""
        kinds = {str(value).upper() for name, value in self._names.items() if _TYPE_NAME.fullmatch(name)}
        kind = STOCK if kinds <= {STOCK} else next(iter(kinds)) if len(kinds) == 1 else UNREADABLE
        for name, value in self._names.items():
            if _ACCOUNT_NAME.fullmatch(name):
                for number, written in _numbers_in(value, kind):
                    found = FoundAccount(Found(number, self._lines[name], self._file), written)
                    self._accounts.setdefault(number, found)

    # Values

    def _value(self, node: ast.expr | None) -> object:
        """Return the text, number, list or dict that ``node`` stands for, ``_UNKNOWN`` where only a run could tell."""
        match node:
            case ast.Constant(value=str()):
                return self._literal(node)
            case ast.Constant(value=int() as number):
                return number
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return self._names.get(name, _UNKNOWN)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return [self._value(part) for part in parts]
            case ast.Dict(keys=keys, values=values):
                pairs = [(self._value(key), self._value(value)) for key, value in zip(keys, values, strict=True)]
                return {key: value for key, value in pairs if isinstance(key, str | int)}
            case ast.Subscript(value=base, slice=index):
                return _item(self._value(base), self._value(index))
            case ast.JoinedStr(values=parts):
                return _text([self._value(each) for each in parts], "")
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self._value(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _text([self._value(left), self._value(right)], "")
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _text([self._value(left), self._value(right)], "\\")
            case ast.Call(func=ast.Attribute(attr="join"), args=parts) if len(parts) > 1:
                return _text([self._value(part) for part in parts], "\\")
            case ast.Call(func=ast.Name(id="Path" | "str" | "StockAccount"), args=[inner, *_]):
                return self._value(inner)
            case ast.Call(func=ast.Attribute(value=base, attr="items"), args=[]):
                pairs_of = self._value(base)
                return [list(pair) for pair in pairs_of.items()] if isinstance(pairs_of, dict) else _UNKNOWN
            case ast.Call(func=ast.Attribute(value=base, attr="split"), args=[separator]):
                text, cut = self._value(base), self._value(separator)
                return text.split(cut) if isinstance(text, str) and isinstance(cut, str) and cut else _UNKNOWN
            case _:
                return _UNKNOWN

    def _literal(self, node: ast.Constant) -> str:
        """Return a text as its author meant it: a backslash that Python took for an escape is put back."""
        assert isinstance(node.value, str)
        if _CONTROL.search(node.value) is None or node.lineno != node.end_lineno:
            return node.value
        source = ast.get_source_segment(self._text, node) or ""
        written = _LITERAL.fullmatch(source)
        meant = written[2] if written is not None and "\n" not in source else node.value
        is_path = is_userdata(meant) or re.match(r"[\\/]+\.[\\/]+pipe[\\/]", meant, re.IGNORECASE)
        return meant if is_path or re.match(r"[A-Za-z]:\\", meant) else node.value


def _argument(node: ast.Call, place: int, keyword: str) -> ast.expr | None:
    if len(node.args) > place:
        return node.args[place]
    return next((each.value for each in node.keywords if each.arg == keyword), None)


def _item(base: object, index: object) -> object:
    try:
        return base[index] if isinstance(base, list | dict) else _UNKNOWN  # type: ignore[call-overload]
    except (LookupError, TypeError):
        return _UNKNOWN


def _text(parts: list[object], between: str) -> object:
    if not all(isinstance(part, str | int) for part in parts):
        return _UNKNOWN
    return between.join(str(part).rstrip("\\/") if between else str(part) for part in parts)


def _numbers_in(value: object, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the account numbers in a constant, each with its type."""
    match value:
        case bool():
            return
        case int() if value > 999:
            yield str(value), kind
        case str() if value.strip() and value.strip().upper() not in ACCOUNT_TYPES:
            yield from ((word, kind) for word in re.split(r"[\s,;，；]+", value.strip()))
        case [str() as number, str() as written] if written.upper() in ACCOUNT_TYPES:
            yield number, written.upper()
        case list():
            for each in value:
                yield from _numbers_in(each, kind)
        case dict():
            number_of = next((value[key] for key in ("account_id", "account", "id") if key in value), None)
            if number_of is not None:
                yield from _numbers_in(number_of, _kind_in(value, kind))
                return
            for key, each in value.items():
                if isinstance(each, str) and each.upper() in ACCOUNT_TYPES:
                    yield str(key), each.upper()
                elif isinstance(each, dict):
                    has_number = not {"account_id", "account", "id"}.isdisjoint(each)
                    yield from _numbers_in(each, kind) if has_number else [(str(key), _kind_in(each, kind))]
                else:
                    yield str(key), kind


def _kind_in(row: dict[object, object], kind: str) -> str:
    written = next((row[key] for key in ("account_type", "type") if key in row), kind)
    return written.upper() if isinstance(written, str) else UNREADABLE
