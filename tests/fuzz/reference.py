"""A reference grammar, written from the page on signals alone: says of any bytes whether they are a signal, and which.

It is slow and plain, and shares nothing with the parser but the words that both are compared in.
"""

from __future__ import annotations

from typing import Final

from tests.fuzz import reference_words as words
from tests.fuzz.meaning import Heard, ItemMeant, Meant, Reading, Refused
from tests.fuzz.reference_json import read_json
from tests.fuzz.reference_words import RefusedError, require

BYTES_MAX: Final = 65_536
ITEMS_MAX: Final = 256
ACCOUNTS_MAX: Final = 1_000

_CHINESE_VERBS: Final = {
    "买入": ("buy", ""),
    "卖出": ("sell", ""),
    "撤单": ("cancel", ""),
    "撤买": ("cancel", "buy"),
    "撤卖": ("cancel", "sell"),
    "全撤": ("cancel", "all"),
    "调到": ("target", ""),
    "清仓": ("clear", ""),
    "买": ("buy", ""),
    "卖": ("sell", ""),
    "撤": ("cancel", ""),
}
_LATIN_VERBS: Final = {
    "buy": "buy",
    "b": "buy",
    "sell": "sell",
    "s": "sell",
    "cancel": "cancel",
    "x": "cancel",
    "target": "target",
}
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x52A: "元", 9: " "}


def read(payload: bytes) -> tuple[Reading, ...]:
    """Return what ``payload`` means: one reading, or one for each of glued angle messages."""
    try:
        text = decoded(payload)
        first = text.lstrip(" \t\u3000")[:1]
        if not first:
            return (Heard(),)
        if first in "{[":
            return (check_message(read_json(text)),)
        text = text.translate(_FULL_WIDTH)
        if text.lstrip(" ").startswith("<"):
            return read_angles(text)
        return (read_text(text),)
    except RefusedError:
        return (Refused(),)


def decoded(payload: bytes) -> str:
    """Return the characters: strict UTF-8, else GB18030, without BOM, blanks around, and NUL at the end."""
    require(len(payload) <= BYTES_MAX)
    body = payload.rstrip(b"\0 \t\r\n")
    for bom in (b"\xef\xbb\xbf", b"\x84\x31\x95\x33"):
        body = body.removeprefix(bom)
    for encoding in ("utf-8", "gb18030"):
        try:
            return body.lstrip(b" \t\r\n").decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RefusedError


def read_text(text: str) -> Meant:
    """Return the signal of the text grammar: items, and perhaps an id behind ``#``."""
    body, mark, tail = text.partition("#")
    number = tail.strip(" ")
    require(not mark or words.is_id(number))
    pieces = body.split(";")
    if not pieces[-1].strip(" "):
        pieces.pop()
    require(0 < len(pieces) <= ITEMS_MAX)
    return check_message(Meant("text", tuple(map(read_item, pieces)), number))


def read_item(piece: str) -> ItemMeant:
    """Return one item: verb, symbol, size, price, accounts, options."""
    head, colon, tail = piece.partition(":")
    require(colon)
    instruction, at_sign, price_text = head.partition("@")
    verb, side, rest = split_verb(instruction.strip(" "))
    written, _, size_text = rest.partition(" ")
    if side == "all":
        require(written in ("", "*") and not size_text.strip(" "))
        symbol = "*"
    elif written == "*":
        require(verb == "cancel")
        symbol = "*"
    else:
        symbol = words.symbol(written)
    account_text, options = split_options(tail)
    return check_item(
        ItemMeant(
            verb,
            symbol,
            words.accounts(account_text),
            side,
            words.size(size_text.strip(" ")) if size_text.strip(" ") else None,
            words.price(price_text.strip(" ")) if at_sign else None,
            at_ns=words.time_of_day(options["at"]) if "at" in options else None,
            ttl_ns=words.duration(options["ttl"]) if "ttl" in options else None,
            cancel_after_ns=words.duration(options["cancel_after"]) if "cancel_after" in options else None,
            strategy=options.get("strategy", ""),
            chase=words.few(options["chase"]) if "chase" in options else 0,
        )
    )


def split_verb(instruction: str) -> tuple[str, str, str]:
    """Return verb, side and what follows; Latin verbs need a blank behind them, Chinese ones do not."""
    for word, (verb, side) in _CHINESE_VERBS.items():
        if instruction.startswith(word):
            return verb, side, instruction[len(word) :].lstrip(" ")
    word, _, rest = instruction.partition(" ")
    if word.lower() in _LATIN_VERBS:
        return _LATIN_VERBS[word.lower()], "", rest.lstrip(" ")
    return "bare", "", instruction


def split_options(tail: str) -> tuple[str, dict[str, str]]:
    """Return the accounts' text and the options: from the first word with ``=`` on, each word ``name=value`` once."""
    parts = tail.split(" ")
    first = next((index for index, part in enumerate(parts) if "=" in part), len(parts))
    options: dict[str, str] = {}
    for word in filter(None, parts[first:]):
        name, equals, value = word.partition("=")
        name = name.lower()
        require(equals and name not in options and name in ("at", "ttl", "cancel_after", "chase", "strategy"))
        require(name != "strategy" or words.is_name(value))
        options[name] = value
    return " ".join(parts[:first]), options


def check_item(item: ItemMeant) -> ItemMeant:
    """Refuse what does not go together within one item."""
    size = item.size
    require(not item.chase or item.cancel_after_ns is not None)
    if item.verb == "cancel":
        require(size is None and item.price is None and item.cancel_after_ns is None)
    else:
        require(item.symbol != "*" or item.verb == "portfolio")
    if item.verb in ("bare", "clear"):
        require(size is None)
    require(item.verb != "target" or size is not None)
    if size is not None:
        require(size.kind not in ("all", "fraction") or item.verb == "sell")
        require(size.kind != "lots" or item.verb != "target")
        require(size.amount or size.kind == "all" or item.verb == "target")
    return item


def check_message(message: Meant) -> Meant:
    """Refuse what does not go together within one message; return it with its sender."""
    items = message.items
    require(len(items) <= ITEMS_MAX)
    require(sum(len(item.accounts) * max(1, len(item.holdings)) for item in items) <= ACCOUNTS_MAX)
    for item in items:
        check_item(item)
    verbs = {item.verb for item in items} - {"bare"}
    require("cancel" not in verbs or verbs == {"cancel"})
    sides = {"clear": "sell"}
    pairs = [
        (account, item.symbol, sides.get(item.verb, item.verb), item.side)
        for item in items
        for account in item.accounts
    ]
    require(len(set(pairs)) == len(pairs))
    sender, slash, _ = message.id.partition("/")
    strategies = set(filter(None, (item.strategy for item in items)))
    require(slash or len(strategies) <= 1)
    return message._replace(sender=sender if slash else next(iter(strategies), ""))


def read_angles(text: str) -> tuple[Reading, ...]:
    """Return a reading for each ``<…>``, for each piece of one, and for each text between two."""
    readings: list[Reading] = []
    rest = text
    while rest := rest.lstrip(" \r\n\0"):
        require(len(readings) < ITEMS_MAX)
        piece, rest = next_angle(rest)
        try:
            readings.append(read_angle(piece))
        except RefusedError:
            readings.append(Refused())
    require(sum(map(entries, readings)) <= ACCOUNTS_MAX)
    return tuple(readings)


def entries(reading: Reading) -> int:
    return len(reading.items[0].accounts) if isinstance(reading, Meant) else 0


def next_angle(text: str) -> tuple[str, str]:
    """Return the first piece, up to its own ``>`` or to the next ``<``, and what follows."""
    opening = first_of(text.find("<", 1), len(text))
    if not text.startswith("<"):
        return text[:opening], text[opening:]
    closing = text.find(">")
    end = opening if closing < 0 or opening < closing else closing + 1
    return text[:end], text[end:]


def first_of(*places: int) -> int:
    return min(place for place in places if place >= 0)


def read_angle(piece: str) -> Reading:
    """Return what ``<symbol#accounts>`` means."""
    require(piece.startswith("<") and piece.endswith(">"))
    inner = piece[1:-1]
    if inner.strip(" ").lower() == "heartbeat":
        return Heard()
    symbol, mark, accounts = inner.partition("#")
    require(mark)
    item = ItemMeant("bare", words.symbol(symbol.strip(" ")), words.accounts(accounts))
    return check_message(Meant("angle", (item,)))
