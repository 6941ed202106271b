"""Where in a JSON text a key or a list element stands: asked only when a message is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)

JsonPath = tuple[str | int, ...]
"""Keys and list indices from the outermost value inwards."""


def position_of(text: str, path: JsonPath) -> int:
    """Return the index of what ``path`` names in valid JSON, or of the innermost part of it that exists."""
    best, best_length = _first(text), 0
    for found, index in _places(text):
        if found == path:
            return index
        if len(found) > best_length and found == path[: len(found)]:
            best, best_length = index, len(found)
    return best


def first_repeated_key(text: str, name: str) -> int:
    """Return the index of the first key ``name`` that its object has already had; text behind it may be anything."""
    seen: set[JsonPath] = set()
    for path, index in _places(text):
        if path[-1] == name:
            if path in seen:
                return index
            seen.add(path)
    return _first(text)


def first_word(text: str, word: str) -> int:
    """Return the index of the first ``word`` outside strings."""
    for token in _TOKEN.finditer(text):
        if token.group() == word:
            return token.start()
    return _first(text)


def _first(text: str) -> int:
    return len(text) - len(text.lstrip())


def _places(text: str) -> Iterator[tuple[JsonPath, int]]:
    """Yield the path and index of every key and list element, in order."""
    path: list[str | int] = []
    lists: list[bool] = []
    key_expected = False
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "}]":
            lists.pop()
            path.pop()
            key_expected = False
            if not lists:
                return
            continue
        if mark == ",":
            if lists and lists[-1]:
                path[-1] = int(path[-1]) + 1
            elif lists:
                key_expected = True
            continue
        if mark == ":":
            continue
        if key_expected:
            if mark[0] != '"':
                return
            path[-1] = json.loads(mark, strict=False)
            key_expected = False
            yield tuple(path), token.start()
            continue
        if lists and lists[-1]:
            yield tuple(path), token.start()
        if mark == "[":
            lists.append(True)
            path.append(0)
        elif mark == "{":
            lists.append(False)
            path.append("")
            key_expected = True
