"""Near misses: a valid message with one word bent, as a careless program or a tired person would send it."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Final

from tests.fuzz.grammar import valid_message

_WORD: Final = re.compile(r"[0-9A-Za-z_]+|[^\x00-\x7f]+")
_FIGURE: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_MEMBER: Final = re.compile(r'"([a-z_]+)": ("[^"]*"|[0-9.]+)')
_VALUE: Final = re.compile(r'(?<=": )"?[0-9][0-9.]*')
_SIZE: Final = re.compile(r"(?<= )[0-9]+(?:\.[0-9]+)?(?: *(?:万股|万元|股|手|元|%))?(?=[ @:])")
_UNITS: Final = ("", "股", "手", "元", "%", "万", "万股", "万元", "张", "/3")
_JUNK: Final = ("万", "x", "!", " x", "é", "^", "元", "0", "=", "'", "|")


def near_miss(rng: Random) -> bytes:
    """Return a message that is almost right, and sometimes is right."""
    payload, _ = valid_message(rng)
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return payload[:-1]
    return rng.choice(_BENDS)(rng, text).encode()


def _at_a_word(rng: Random, text: str, pattern: re.Pattern[str], change: Callable[[str], str]) -> str:
    words = list(pattern.finditer(text))
    if not words:
        return text
    word = rng.choice(words)
    return text[: word.start()] + change(word.group()) + text[word.end() :]


def _figure(rng: Random, text: str) -> str:
    more = rng.choice(("0", "1", "000", ".5", ".00001", "00001", ".0", "e3"))
    return _at_a_word(rng, text, _FIGURE, lambda figure: figure + more)


def _figure_before(rng: Random, text: str) -> str:
    more = rng.choice(("0", "1", "-", "+", ".", "000", "99999999"))
    return _at_a_word(rng, text, _FIGURE, lambda figure: more + figure)


def _value(rng: Random, text: str) -> str:
    if not _VALUE.search(text):
        return _figure(rng, text)
    return _at_a_word(rng, text, _VALUE, lambda value: value + rng.choice(("0", ".5", ".00001", ".0", "e3", "股")))


def _unit(rng: Random, text: str) -> str:
    return _at_a_word(rng, text, _SIZE, lambda size: size.rstrip("万股元手% ") + rng.choice(_UNITS))


def _junk(rng: Random, text: str) -> str:
    return _at_a_word(rng, text, _WORD, lambda word: word + rng.choice(_JUNK))


def _word_twice(rng: Random, text: str) -> str:
    between = rng.choice(("", " ", ",", ":", "@", ";"))
    return _at_a_word(rng, text, _WORD, lambda word: word + between + word)


def _word_gone(rng: Random, text: str) -> str:
    return _at_a_word(rng, text, _WORD, lambda word: "")


def _two_in_one(rng: Random, text: str) -> str:
    other = valid_message(rng)[0].decode("utf-8", "replace")
    body, mark, number = text.rstrip("\r\n\0;").partition("#")
    return f"{other.partition('#')[0].rstrip(';')};{body}{mark}{number}"


def _long_id(rng: Random, text: str) -> str:
    return f"{text.partition('#')[0]}#{'i' * rng.randrange(62, 68)}"


def _member_twice(rng: Random, text: str) -> str:
    members = list(_MEMBER.finditer(text))
    if not members:
        return _two_in_one(rng, text)
    member = rng.choice(members)
    other = rng.choice((member[2], '"buy"', "100", "7", '"000001.SZ"', '"x"'))
    closing = text.rindex("}")
    return f'{text[:closing]}, "{member[1]}": {other}{text[closing:]}'


def _member_more(rng: Random, text: str) -> str:
    if "}" not in text:
        return f"{text} {rng.choice(('ttl=3s', 'ttl=0s', 'tll=3s', 'at=9:15', 'price=1', 'strategy=a', 'x'))}"
    closing = text.rindex("}")
    name = rng.choice(("price", "quantity", "percent", "side", "ttl_ms", "strategy", "nots", "expires_at", "symbol"))
    value = rng.choice(("1", "100", '"buy"', '"a"', "1767575700000", '"2026-01-05T09:15:00+08:00"', "1.5"))
    return f'{text[:closing]}, "{name}": {value}{text[closing:]}'


_BENDS: Final = (
    _figure,
    _figure,
    _figure_before,
    _value,
    _value,
    _unit,
    _junk,
    _junk,
    _word_twice,
    _word_gone,
    _two_in_one,
    _long_id,
    _member_twice,
    _member_more,
)
