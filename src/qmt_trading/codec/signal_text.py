"""The text and angle forms: what a person types, and what order-book monitors write."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from qmt_trading.codec.malformed import ITEMS_MAX, MalformedError
from qmt_trading.codec.names import CJK, is_account, is_id, is_name, refused_account, strange_in_id
from qmt_trading.codec.price_text import parse_price
from qmt_trading.codec.signal_checks import CHASE_MAX, assemble, check_item
from qmt_trading.codec.size_text import parse_size
from qmt_trading.codec.symbols import normalise
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from qmt_trading.model.signal import Item, PriceSpec, Signal, Size
from qmt_trading.model.words import SideScope, SignalForm, Verb

DURATION_MAX_NS: Final = 86_400 * SECOND_NS

_T = TypeVar("_T")


class _Part(NamedTuple):
    """A part of an item as it was written, and the index at which it begins."""

    text: str = ""
    start: int = 0

    def inner(self) -> _Part:
        """Return this without the blanks around it."""
        return _Part(self.text.strip(" "), self.start + _leading(self.text))


_NONE: Final = _Part()


_VERBS: Final[dict[str, tuple[Verb, SideScope | None]]] = {
    "buy": (Verb.BUY, None),
    "b": (Verb.BUY, None),
    "买入": (Verb.BUY, None),
    "买": (Verb.BUY, None),
    "sell": (Verb.SELL, None),
    "s": (Verb.SELL, None),
    "卖出": (Verb.SELL, None),
    "卖": (Verb.SELL, None),
    "cancel": (Verb.CANCEL, None),
    "x": (Verb.CANCEL, None),
    "撤单": (Verb.CANCEL, None),
    "撤": (Verb.CANCEL, None),
    "撤买": (Verb.CANCEL, SideScope.BUY),
    "撤卖": (Verb.CANCEL, SideScope.SELL),
    "全撤": (Verb.CANCEL, SideScope.ALL),
    "target": (Verb.TARGET, None),
    "调到": (Verb.TARGET, None),
    "清仓": (Verb.CLEAR, None),
}
_VERB: Final = re.compile(
    r"(买入|买|卖出|卖|撤单|撤买|撤卖|撤|全撤|调到|清仓|(?:buy|b|sell|s|cancel|x|target)(?= |$)) *",
    re.ASCII | re.IGNORECASE,
)
_VERB_ODD: Final = re.compile(rf"(?>买入|买|卖出|卖|撤单|撤买|撤卖|撤|全撤|调到|清仓)[{CJK}](?![{CJK}])")
"""买进, 卖掉, 撤销: one character more than a verb; two or more may be a stock's name."""
_EVERY_WORDS: Final = ("all", "全部", "所有")
_VERB_GLUED: Final = re.compile(
    r"(buy|b|sell|s|cancel|x|target)((?:sh|sz|bj|sse|szse|bse)?\.?[0-9].*)", re.ASCII | re.IGNORECASE
)
_STRANGE: Final = re.compile(r"[\x00-\x1f\x7f-\u07ff]")
"""Control characters, and two bytes of UTF-8 where Chinese has three: most likely GBK."""
_TIME_OF_DAY: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,3}))?")
_DURATION: Final = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?s")


def parse_text(text: str, *, infer_market: bool) -> Signal:
    """Return the signal that ``text`` is: narrowed characters, no line end.

    Raises:
        MalformedError: at the first thing wrong, with the index of its character and the number of its item.
    """
    _refuse_strange(text)
    body, mark, tail = text.partition("#")
    number = ""
    if mark:
        number = tail.strip(" ")
        if not number:
            raise MalformedError("id_empty", index=len(body) + 1)
        if not is_id(number):
            strange = strange_in_id(number)
            index = len(body) + 1 + _leading(tail) + strange
            if number[strange] in " ;#" and is_id(number[:strange]):
                raise MalformedError("id_last", number[:strange], index=index)
            raise MalformedError("id", number, index=index)
    if not body.strip(" "):
        raise MalformedError("empty", index=0)
    pieces = body.split(";")
    if not pieces[-1].strip(" "):
        del pieces[-1]
    if len(pieces) > ITEMS_MAX:
        raise MalformedError("too_many_items", str(len(pieces)), index=0)
    items: list[Item] = []
    starts: list[int] = []
    start = 0
    for item_number, piece in enumerate(pieces, 1):
        starts.append(start + len(piece) - len(piece.lstrip(" ")))
        try:
            items.append(_parse_item(piece, infer_market=infer_market))
        except MalformedError as error:
            error.item = item_number
            raise error.shifted(start) from None
        start += len(piece) + 1
    return _assembled(SignalForm.TEXT, tuple(items), number, starts)


def parse_angle(text: str, start: int, end: int, *, infer_market: bool) -> Signal:
    """Return the signal between ``<`` at ``start`` and ``>`` at ``end``.

    Raises:
        MalformedError: with the index in the whole text.
    """
    inner = text[start + 1 : end]
    symbol_text, mark, account_text = inner.partition("#")
    try:
        if not mark:
            raise MalformedError("angle_form", text[start : end + 1], index=0)
        written = symbol_text.strip(" ")
        if not written:
            raise MalformedError("symbol_missing", index=0)
        begin = _leading(symbol_text)
        symbol = EVERY_SYMBOL if written == "*" else _symbol(written, begin, infer_market=infer_market)
        item = Item(Verb.BARE, symbol, _accounts(account_text, len(symbol_text) + 1))
        _check_as_written(item, begin)
        return _assembled(SignalForm.ANGLE, (item,), "", [0])
    except MalformedError as error:
        error.item = 1
        raise error.shifted(start + 1) from None


def _assembled(form: SignalForm, items: tuple[Item, ...], number: str, starts: list[int]) -> Signal:
    try:
        return assemble(form, items, number=number)
    except MalformedError as error:
        raise error.shifted(starts[max(error.item, 1) - 1]) from None


def _refuse_strange(text: str) -> None:
    match = _STRANGE.search(text)
    if match is None:
        return
    letter = match.group()
    if letter in "\r\n":
        raise MalformedError("newline", index=match.start())
    if letter.isascii():
        raise MalformedError("character", letter, index=match.start())
    likely = letter.encode("utf-8").decode("gb18030", "replace")
    raise MalformedError("character_gbk", letter, likely, index=match.start())


def _parse_item(piece: str, *, infer_market: bool) -> Item:
    if not piece.strip(" "):
        raise MalformedError("item_empty", index=0)
    head, colon, tail = piece.partition(":")
    if not colon:
        raise MalformedError("accounts_missing", index=len(piece.rstrip(" ")))
    instruction, at_sign, price_text = head.partition("@")
    verb, side, begin = _verb(instruction)
    rest = instruction[begin:]
    written, _, size_text = rest.partition(" ")
    if not written:
        if side is not SideScope.ALL:
            raise MalformedError("symbol_missing", index=begin)
        symbol = EVERY_SYMBOL
    else:
        symbol = _item_symbol(verb, side, written, size_text, begin, infer_market=infer_market)
    size_part = _Part(size_text, begin + len(written) + 1).inner()
    price_part = _Part(price_text, len(instruction) + 1).inner()
    if verb is Verb.BARE and _VERB.match(size_part.text):
        raise MalformedError("verb_place", size_part.text.partition(" ")[0], written, index=size_part.start)
    size = _size(size_part)
    price = _price(price_part) if at_sign else None
    account_text, option_text = _split_tail(tail)
    tail_start = len(head) + 1
    accounts = _accounts(account_text, tail_start)
    item = Item(verb, symbol, accounts, side, size, price)
    if option_text:
        item = _with_options(item, option_text, tail_start + len(account_text))
    options = _Part(option_text, tail_start + len(account_text))
    _check_as_written(item, begin if written else 0, size_part, price_part, options)
    return item


def _verb(instruction: str) -> tuple[Verb, SideScope | None, int]:
    """Return the verb, the side it names, and where the symbol begins."""
    begin = _leading(instruction)
    odd = _VERB_ODD.match(instruction, begin)
    if odd is not None:
        raise MalformedError("verb", odd.group(), index=begin)
    match = _VERB.match(instruction, begin)
    if match is None:
        return Verb.BARE, None, begin
    verb, side = _VERBS[match[1].lower()]
    return verb, side, match.end()


def _item_symbol(
    verb: Verb, side: SideScope | None, written: str, size_text: str, begin: int, *, infer_market: bool
) -> Symbol:
    if written == "*":
        return EVERY_SYMBOL
    if verb is Verb.BARE:
        glued = _VERB_GLUED.fullmatch(written)
        if glued is not None and not _is_symbol(written):
            raise MalformedError("verb_glued", glued[1], glued[2], index=begin)
        if size_text.strip(" ") and not any(letter in "0123456789" for letter in written):
            raise MalformedError("verb", written, index=begin)
    if verb is Verb.CANCEL and written.lower() in _EVERY_WORDS:
        raise MalformedError("symbol_all", written, index=begin)
    symbol = _symbol(written, begin, infer_market=infer_market)
    if side is SideScope.ALL:
        raise MalformedError("symbol_of_cancel_all", symbol, index=begin)
    return symbol


def _symbol(written: str, index: int, *, infer_market: bool) -> Symbol:
    if written.upper() in ("SSE", "SZSE"):
        raise MalformedError("symbol_colon", written, index=index)
    try:
        return normalise(written, infer_market=infer_market)
    except MalformedError as error:
        raise error.shifted(index) from None


def _is_symbol(written: str) -> bool:
    try:
        normalise(written)
    except MalformedError:
        return False
    return True


def _size(part: _Part) -> Size | None:
    if not part.text:
        return None
    try:
        return parse_size(part.text)
    except MalformedError as error:
        raise (_misplaced(part.text) or error).shifted(part.start) from None


def _price(part: _Part) -> PriceSpec:
    if not part.text:
        raise MalformedError("price_empty", index=part.start)
    try:
        return parse_price(part.text)
    except MalformedError as error:
        raise (_misplaced(part.text) or error).shifted(part.start) from None


def _misplaced(written: str) -> MalformedError | None:
    """Return the refusal of a size and a price that stand side by side, as in ``1000 10.50`` and ``@10.50 1000``."""
    first, _, second = written.partition(" ")
    second = second.strip(" ")
    for size_text, price_text in ((first, second), (second, first)):
        try:
            parse_size(size_text)
            parse_price(price_text)
        except MalformedError:
            continue
        return MalformedError("size_place", size_text, price_text)
    return None


def _split_tail(tail: str) -> tuple[str, str]:
    """Return accounts and options; options begin with the first blank-separated word that holds ``=``."""
    equals = tail.find("=")
    if equals < 0:
        return tail, ""
    blank = tail.rfind(" ", 0, equals)
    return (tail, "") if blank < 0 else (tail[:blank], tail[blank:])


def _accounts(account_text: str, start: int) -> tuple[str, ...]:
    """Return the accounts, each once, in the order in which they are first written."""
    found: dict[str, None] = {}
    for part in account_text.split(","):
        written = part.strip(" ")
        if not is_account(written):
            raise refused_account(written).shifted(start + _leading(part))
        found[written] = None
        start += len(part) + 1
    return tuple(found)


def _with_options(item: Item, option_text: str, start: int) -> Item:
    at_ns: int | None = None
    chase = 0
    durations: dict[str, int] = {}
    strategy = ""
    seen: set[str] = set()
    for word in option_text.split(" "):
        if word:
            name, equals, value = word.partition("=")
            if not equals:
                raise MalformedError("option_form", word, index=start)
            name = name.lower()
            if name in seen:
                raise MalformedError("option_twice", name, index=start)
            seen.add(name)
            value_start = start + len(name) + 1
            if name == "at":
                at_ns = _at(value_start, time_of_day_ns, value)
            elif name == "chase":
                chase = _chase(value, value_start)
            elif name in ("ttl", "cancel_after"):
                durations[name] = _duration_ns(name, value, value_start)
            elif name != "strategy":
                raise MalformedError("option", name, index=start)
            elif is_name(value):
                strategy = value
            else:
                raise MalformedError("option_strategy", value or '""', index=value_start)
        start += len(word) + 1
    return Item(
        item.verb,
        item.symbol,
        item.accounts,
        item.side,
        item.size,
        item.price,
        at_ns=at_ns,
        ttl_ns=durations.get("ttl"),
        cancel_after_ns=durations.get("cancel_after"),
        strategy=strategy,
        chase=chase,
    )


def time_of_day_ns(written: str) -> int:
    """Return nanoseconds after midnight for ``09:15:00`` or ``09:15:00.250``.

    Raises:
        MalformedError: anything else.
    """
    match = _TIME_OF_DAY.fullmatch(written)
    if match is None:
        raise MalformedError("option_at", written or '""')
    seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
    return seconds * SECOND_NS + int((match[4] or "0").ljust(3, "0")) * MILLISECOND_NS


def _duration_ns(name: str, value: str, start: int) -> int:
    match = _DURATION.fullmatch(value.lower())
    if match is not None:
        duration_ns = int(match[1]) * SECOND_NS + int((match[2] or "0").ljust(3, "0")) * MILLISECOND_NS
        if 0 < duration_ns <= DURATION_MAX_NS:
            return duration_ns
    raise MalformedError("option_duration", name, value or '""', index=start)


def _chase(value: str, start: int) -> int:
    if value.isascii() and value.isdigit() and len(value) <= 4 and 0 < int(value) <= CHASE_MAX:
        return int(value)
    raise MalformedError("option_chase", value or '""', index=start)


def _check_as_written(
    item: Item, symbol_start: int, size: _Part = _NONE, price: _Part = _NONE, options: _Part = _NONE
) -> None:
    """Check ``item``; a refusal quotes what was written and stands where that begins.

    Raises:
        MalformedError: its parts do not go together.
    """
    try:
        check_item(item)
    except MalformedError as error:
        index = symbol_start
        if error.code.startswith("size_") and size.text:
            index = size.start
            error.figures = (*error.figures[:-1], size.text)
        elif error.code.startswith("price_"):
            index = price.start
            error.figures = (price.text,)
        elif error.code.startswith("option_"):
            name = error.figures[0] if error.figures else "chase"
            index = options.start + options.text.lower().index(f" {name}=") + 1
        raise error.shifted(index) from None


def _at(index: int, parse: Callable[[str], _T], written: str) -> _T:
    """Return what ``parse`` makes of a part of the text; a refusal is moved to ``index``, where that part begins."""
    try:
        return parse(written)
    except MalformedError as error:
        raise error.shifted(index) from None


def _leading(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
