"""Reads the golden messages, and writes what a program answers in the same words.

A case in ``understood.txt`` and ``refused.txt``::

    [name] a remark
    > the message                 or gbk> …, or esc> … with \\r \\n \\t \\0 \\\\ and \\xff for bytes, or infer> …
    = the first instruction       = begins an answer, + goes on with its next instruction, # is its id, note and time
    ! code, item 2                a refusal, then its sentences:
    zh …
    en …

``infer>`` is sent to a door with ``infer_market``. ``▸`` in the message is no part of it: it marks the place that a
refusal names. ``⟪a⟫×64`` is that text so many times over, with ``{n}`` counting from 10001. A line that begins with
``==`` names a chapter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from qmt_trading.codec.signal import Parsed
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.signal import Heartbeat, Item, Malformed, PriceKind, PriceSpec, Signal, Size, SizeKind
from qmt_trading.model.words import SideScope, Verb

FOLDER: Final = Path(__file__).parent
MARK: Final = "▸"

_REPEATED: Final = re.compile("⟪(.*?)⟫×([0-9]+)")
_ESCAPED: Final = re.compile(rb"\\(x[0-9a-f]{2}|[rnt0\\])")
_ESCAPES: Final = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
_SCOPES: Final = {None: "", SideScope.BUY: "buys ", SideScope.SELL: "sells ", SideScope.ALL: "both sides "}
_DAY: Final = "1970-01-01T"


class Case(NamedTuple):
    """A message with the answer that is expected."""

    name: str
    written: str
    payload: bytes
    infer_market: bool
    places: tuple[int, ...]
    answer: tuple[str, ...]


def load(name: str) -> list[Case]:
    """Return the cases of a file; a line that fits nowhere fails."""
    cases: list[Case] = []
    title, message = "", ""
    answer: list[str] = []
    lines = (FOLDER / name).read_text(encoding="utf-8").split("\n")
    for line in [*lines[1:], "[end]"]:
        if line.startswith("["):
            if title:
                cases.append(_case(title, message, answer))
            title, message, answer = line[1 : line.index("]")], "", []
        elif re.match("(gbk|esc|infer)?> ", line):
            assert not message, line
            message = line
        elif re.match("[=+#!] |zh |en ", line):
            answer.append(_repeated(line))
        else:
            assert not line or line.startswith("== "), line
    return cases


def _case(title: str, message: str, answer: list[str]) -> Case:
    assert message, title
    assert answer, title
    manner, _, written = message.partition("> ")
    text = _repeated(written)
    pieces = [_encoded(manner, piece) for piece in text.split(MARK)]
    places = [len(b"".join(pieces[:count])) for count in range(1, len(pieces))]
    return Case(title, written, b"".join(pieces), manner == "infer", tuple(places), tuple(answer))


def _encoded(manner: str, text: str) -> bytes:
    if manner == "gbk":
        return text.encode("gb18030")
    payload = text.encode("utf-8")
    return _ESCAPED.sub(_escaped, payload) if manner == "esc" else payload


def _escaped(match: re.Match[bytes]) -> bytes:
    word = match[1]
    return bytes([int(word[1:], 16)]) if word[:1] == b"x" else _ESCAPES[word]


def _repeated(text: str) -> str:
    def over(match: re.Match[str]) -> str:
        return "".join(match[1].replace("{n}", str(10_001 + count)) for count in range(int(match[2])))

    return _REPEATED.sub(over, text)


def described(results: Sequence[Parsed]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the answer in the words of the files, and the places that its refusals name."""
    lines: list[str] = []
    places: list[int] = []
    for result in results:
        match result:
            case Heartbeat():
                lines.append("= heartbeat")
            case Signal():
                lines += [f"{'+' if number else '='} {_item(item)}" for number, item in enumerate(result.items)]
                about = _about(result)
                lines += [f"# {about}"] if about else []
            case Malformed():
                places.append(result.position)
                item = f", item {result.item}" if result.item else ""
                lines += [f"! {result.code}{item}", f"zh {result.chinese}", f"en {result.english}"]
    return tuple(lines), tuple(places)


def _about(signal: Signal) -> str:
    parts = [f"id {signal.id}"] if signal.id else []
    # Without an id nobody asks for the sender but the door, and a strategy is told with its item.
    parts += [f"sender {signal.sender}"] if signal.id and signal.sender else []
    parts += [f"sent {_instant(signal.sent_ns)}"] if signal.sent_ns is not None else []
    parts += [f"note {signal.note}"] if signal.note else []
    return ", ".join(parts)


def _item(item: Item) -> str:
    portfolio = item.verb is Verb.PORTFOLIO
    parts = [item.verb.value if portfolio else f"{item.verb.value} {_SCOPES[item.side]}{item.symbol}"]
    parts += [_size(item.size)] if item.size is not None else []
    parts += [f"at {_price(item.price)}"] if item.price is not None else []
    parts.append(f"for {' '.join(item.accounts)}")
    parts += [f"not before {_clock(item.at_ns)}"] if item.at_ns is not None else []
    parts += [f"not before {_instant(item.not_before_ns)}"] if item.not_before_ns is not None else []
    parts += [f"expires {_instant(item.expires_ns)}"] if item.expires_ns is not None else []
    parts += [f"lives {_seconds(item.ttl_ns)} s"] if item.ttl_ns is not None else []
    parts += [f"cancel after {_seconds(item.cancel_after_ns)} s"] if item.cancel_after_ns is not None else []
    parts += [f"chase {item.chase}"] if item.chase else []
    parts += [f"strategy {item.strategy}"] if item.strategy else []
    parts += [f"hold {symbol} {quantity}" for symbol, quantity in item.holdings]
    assert portfolio or not item.close_others
    parts += ["close others" if item.close_others else "keep others"] if portfolio else []
    return ", ".join(parts)


def _size(size: Size) -> str:
    match size.kind:
        case SizeKind.SHARES:
            return f"{size.amount} shares"
        case SizeKind.LOTS:
            return f"{size.amount} lots"
        case SizeKind.MONEY:
            return f"{_plain(size.amount)} yuan"
        case SizeKind.PERCENT:
            return f"{_plain(size.amount)} percent"
        case SizeKind.FRACTION:
            return f"{size.amount}/{size.denominator} of position"
        case SizeKind.ALL:
            return "whole position"


def _price(price: PriceSpec) -> str:
    text = price.kind.value
    if price.kind is PriceKind.LIMIT:
        text = f"{Decimal(price.price) / 10_000:.4f}"
        text = text[:-2] + text[-2:].rstrip("0")
    elif price.kind in (PriceKind.BID, PriceKind.ASK):
        text += str(price.level)
    for amount, shown, unit in (
        (price.offset_ticks, str(abs(price.offset_ticks)), "ticks"),
        (price.offset_money, _plain(abs(price.offset_money)), "yuan"),
        (price.offset_millionths, _plain(abs(price.offset_millionths)), "percent"),
    ):
        if amount:
            text += f" {'-' if amount < 0 else '+'} {shown} {unit}"
    return text


def _plain(ten_thousandths: int) -> str:
    return f"{(Decimal(ten_thousandths) / 10_000).normalize():f}"


def _seconds(duration_ns: int) -> str:
    return f"{(Decimal(duration_ns) / 1_000_000_000).normalize():f}"


def _instant(instant_ns: int) -> str:
    return to_iso_text(instant_ns).removesuffix("+08:00").removesuffix(".000")


def _clock(time_ns: int) -> str:
    return _instant(time_ns - 8 * 3600 * 1_000_000_000).removeprefix(_DAY)
