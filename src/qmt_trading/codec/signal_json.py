"""The JSON form: one order, cancel, target or portfolio, a basket of them, and the old ``trade_signal``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final, NoReturn, TypeVar

from qmt_trading.codec.json_fields import Fields, Number
from qmt_trading.codec.json_positions import first_repeated_key, first_word, position_of
from qmt_trading.codec.malformed import ITEMS_MAX, MalformedError, Own
from qmt_trading.codec.names import is_id
from qmt_trading.codec.price_text import limit_price, parse_price
from qmt_trading.codec.signal_checks import CHASE_MAX, assemble, check_item
from qmt_trading.codec.size_text import QUANTITY_MAX, size_of
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.numbers import MILLISECOND_NS
from qmt_trading.model.signal import Item, PriceKind, PriceSpec, Signal, Size, SizeKind
from qmt_trading.model.words import SideScope, SignalForm, Verb

_T = TypeVar("_T")

MILLISECONDS_MAX: Final = 86_400_000
NOTE_CHARACTERS_MAX: Final = 500

_ACTIONS: Final = {
    "buy": Verb.BUY,
    "sell": Verb.SELL,
    "cancel": Verb.CANCEL,
    "target": Verb.TARGET,
    "portfolio": Verb.PORTFOLIO,
}
_ANY_ACTION: Final = frozenset(
    ("id", "action", "accounts", "not_before", "expires_at", "ttl_ms", "strategy", "note", "sent_at")
)
_PRICED: Final = frozenset(("price", "price_type", "cancel_after_ms", "chase"))
_SIZES: Final = ("quantity", "value", "percent")
_TARGETS: Final = ("target_quantity", "target_value", "target_percent")
_ALLOWED: Final = {
    Verb.BUY: _ANY_ACTION | _PRICED | {"symbol", *_SIZES},
    Verb.SELL: _ANY_ACTION | _PRICED | {"symbol", *_SIZES},
    Verb.TARGET: _ANY_ACTION | _PRICED | {"symbol", *_TARGETS},
    Verb.CANCEL: _ANY_ACTION | {"symbol", "side"},
    Verb.PORTFOLIO: _ANY_ACTION | {"price_type", "cancel_after_ms", "positions", "close_others"},
}
_KNOWN: Final = frozenset().union(*_ALLOWED.values())
_TRADE_SIGNAL: Final = ("type", "symbol", "accounts", "signal", "timestamp")
_MEANT: Final = {
    "account": "accounts",
    "amount": "quantity / value",
    "at": "not_before",
    "cancel_after": "cancel_after_ms",
    "code": "symbol",
    "comment": "note",
    "direction": "action",
    "lots": "quantity",
    "order_type": "price_type",
    "qty": "quantity",
    "security": "symbol",
    "shares": "quantity",
    "signal_id": "id",
    "stock": "symbol",
    "stock_code": "symbol",
    "time": "sent_at",
    "timestamp": "sent_at",
    "ttl": "ttl_ms",
    "type": "action",
    "verb": "action",
    "volume": "quantity",
}
_SYNTAX: Final = {
    "Expecting value": ("这里应是一个值：带英文双引号的字符串、数字、列表、true 或 false", "a value is expected here"),
    "Expecting property name enclosed in double quotes": (
        "字段名要加英文双引号",
        "a field name stands in double quotes",
    ),
    "Expecting ':' delimiter": ("字段名后面缺少冒号", "a colon is missing after the field name"),
    "Expecting ',' delimiter": ("缺少逗号或右括号", "a comma or a closing bracket is missing"),
    "Unterminated string starting at": ("字符串没有结束：缺右引号", "a string without its closing quote"),
    "Invalid control character at": ("字符串里有换行或控制字符", "a line break or control character within a string"),
    "Invalid \\escape": ("字符串里的 \\ 要写成 \\\\", "a backslash within a string is written twice"),
}
"""What the standard library says, which differs between its versions, in words of our own."""
_PUNCTUATION: Final = {
    "“": '"',
    "”": '"',
    "‘": '"',
    "’": '"',
    "，": ",",
    "：": ":",
    "｛": "{",
    "｝": "}",
    "［": "[",
    "］": "]",
    "【": "[",
    "】": "]",
}


class _RepeatedKeyError(Exception):
    """An object names one key twice."""


def parse_json(text: str, *, infer_market: bool) -> Signal:
    """Return the signal that ``text`` is.

    Raises:
        MalformedError: at the first thing wrong, with the index of its character and the number of its item.
    """
    try:
        return _signal(_decode(text), infer_market=infer_market)
    except MalformedError as error:
        if error.path is not None:
            error.index = position_of(text, error.path)
        elif error.item:
            error.index = position_of(text, (error.item - 1,))
        raise


def _decode(text: str) -> object:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise MalformedError("json_glued", index=error.pos) from None
        raise _syntax(text, error) from None
    except RecursionError:
        raise MalformedError("json_deep", index=0) from None
    except _RepeatedKeyError as error:
        name = str(error)
        raise MalformedError("field_twice", name, index=first_repeated_key(text, name)) from None
    except MalformedError as error:
        error.index = first_word(text, error.figures[0])
        raise


def _syntax(text: str, error: json.JSONDecodeError) -> MalformedError:
    """Return what is wrong with the JSON, and where, whichever version of the standard library says it."""
    index = error.pos
    letter = text[index : index + 1]
    before = text[:index].rstrip()
    if letter in ("}", "]") and before.endswith(","):
        return MalformedError("json", "右括号前多了一个逗号", "a comma before a closing bracket", index=len(before) - 1)
    if error.msg.startswith("Illegal trailing comma"):
        return MalformedError("json", "右括号前多了一个逗号", "a comma before a closing bracket", index=index)
    if letter in _PUNCTUATION:
        return MalformedError("json_punctuation", letter, _PUNCTUATION[letter], index=index)
    if not letter:
        return MalformedError("json", "到末尾还没有结束，消息不完整", "it breaks off before its end", index=index)
    chinese, english = _SYNTAX.get(error.msg, ("语法不对", "bad syntax"))
    return MalformedError("json", Own(chinese), Own(english), index=index)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise _RepeatedKeyError(name)
        seen.add(name)
    return fields


def _refuse_constant(word: str) -> NoReturn:
    raise MalformedError("json_number", word)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=Number, parse_int=Number, parse_constant=_refuse_constant
)


def _signal(document: object, *, infer_market: bool) -> Signal:
    if isinstance(document, dict):
        if "action" not in document and (_is_list(document, "buy") or _is_list(document, "sell")):
            raise MalformedError("plan_file", index=0)
        if "type" in document and "action" not in document:
            return _trade_signal(Fields(document, ()), infer_market=infer_market)
        members = [Fields(document, ())]
    else:
        assert isinstance(document, list)
        members = _members(document)
    items: list[Item] = []
    for number, member in enumerate(members, 1):
        try:
            items.append(_item(member, infer_market=infer_market))
            if items[-1].verb is Verb.PORTFOLIO and len(members) > 1:
                raise MalformedError("portfolio_alone", path=member.path)
        except MalformedError as error:
            error.item = number
            if error.path is None:
                error.path = member.path
            raise
    identifier = _shared(members, "id", _identifier)
    sent_ns = _shared(members, "sent_at", lambda member: member.instant_ns("sent_at"))
    notes = dict.fromkeys(note for number, member in enumerate(members, 1) if (note := _note(member, number)))
    try:
        return assemble(
            SignalForm.JSON,
            tuple(items),
            number=identifier or "",
            sent_ns=sent_ns,
            note="; ".join(notes),
        )
    except MalformedError as error:
        error.path = members[max(error.item, 1) - 1].path
        raise


def _members(document: list[object]) -> list[Fields]:
    if not document:
        raise MalformedError("json_empty", index=0)
    if len(document) > ITEMS_MAX:
        raise MalformedError("too_many_items", str(len(document)), index=0)
    members: list[Fields] = []
    for index, member in enumerate(document):
        if not isinstance(member, dict):
            raise MalformedError("json_not_object", item=index + 1, path=(index,))
        members.append(Fields(member, (index,)))
    return members


def _item(fields: Fields, *, infer_market: bool) -> Item:
    verb = _verb(fields)
    for name in fields.values:
        if name in _ALLOWED[verb]:
            continue
        if name in _KNOWN:
            raise fields.refused("field_not_for", name, verb.value)
        raise _unknown(fields, name)
    if verb is Verb.PORTFOLIO:
        return _portfolio(fields, infer_market=infer_market)
    every = fields.values.get("symbol") == "*"
    if every and verb is not Verb.CANCEL:
        raise fields.refused("symbol_every", "symbol")
    if verb is Verb.TARGET and not any(name in fields for name in _TARGETS):
        raise MalformedError("field_missing", Own(" / ".join(_TARGETS)), path=fields.path)
    if "chase" in fields and "cancel_after_ms" not in fields:
        raise fields.refused("field_needs", "chase", "cancel_after_ms")
    item = Item(
        verb,
        EVERY_SYMBOL if every else fields.symbol(infer_market=infer_market),
        fields.accounts(),
        _side(fields) if "side" in fields else None,
        _size(fields, _TARGETS if verb is Verb.TARGET else _SIZES),
        _price(fields),
        not_before_ns=fields.instant_ns("not_before") if "not_before" in fields else None,
        expires_ns=_expires_ns(fields),
        ttl_ns=_duration_ns(fields, "ttl_ms"),
        cancel_after_ns=_duration_ns(fields, "cancel_after_ms"),
        strategy=fields.name("strategy") if "strategy" in fields else "",
        chase=fields.whole("chase", minimum=1, maximum=CHASE_MAX) if "chase" in fields else 0,
    )
    check_item(item)
    return item


def _verb(fields: Fields) -> Verb:
    written = fields.text("action") if "action" in fields else None
    verb = _ACTIONS.get(written.lower()) if written is not None and written.isascii() else None
    if verb is not None:
        return verb
    words = "、".join(_ACTIONS), ", ".join(_ACTIONS)
    if written is not None:
        raise fields.wrong_value("action", written, f" {words[0]} 之一", f"one of {words[1]}")
    # The name that is wrong helps more than the one that is missing.
    for name in fields.values:
        if name not in _KNOWN:
            raise _unknown(fields, name)
    raise MalformedError("field_missing", "action", path=fields.path)


def _unknown(fields: Fields, name: str) -> MalformedError:
    lower = name.lower()
    meant = lower if lower != name and lower in _KNOWN else _MEANT.get(lower)
    if meant is None:
        return fields.refused("field_unknown", name, "", "")
    return fields.refused("field_unknown", name, f"，是不是 {meant}？", f", perhaps {meant}?")


def _side(fields: Fields) -> SideScope:
    written = fields.text("side")
    try:
        return SideScope(written)
    except ValueError:
        raise fields.wrong_value("side", written, " buy、sell 或 all", "buy, sell or all") from None


def _size(fields: Fields, names: tuple[str, ...]) -> Size | None:
    """Return the one size that is given; a size is more than 0, a target may be 0."""
    given = [name for name in names if name in fields]
    if not given:
        return None
    name = given[0]
    if len(given) > 1:
        raise fields.refused("field_conflict", given[1], name)
    try:
        if name.endswith("quantity"):
            amount = fields.whole(name, minimum=0 if name in _TARGETS else 1, maximum=QUANTITY_MAX)
            return size_of(SizeKind.SHARES, amount)
        size = size_of(SizeKind.MONEY if name.endswith("value") else SizeKind.PERCENT, fields.decimal(name))
        if size.amount == 0 and name not in _TARGETS:
            raise MalformedError("size_zero", size.text)
        return size
    except MalformedError as error:
        error.path = (*fields.path, name)
        raise


def _price(fields: Fields) -> PriceSpec | None:
    name = "price" if "price" in fields else "price_type"
    if name not in fields:
        return None
    if name == "price" and "price_type" in fields:
        raise fields.refused("field_conflict", "price_type", "price")
    try:
        if name == "price":
            if _is_price_word(fields.values["price"]):
                raise fields.wrong_value(
                    "price",
                    fields.text("price"),
                    "数字（价格词请写在 price_type）",
                    "a figure (a word belongs into price_type)",
                )
            return limit_price(fields.decimal("price"))
        written = fields.text("price_type")
        spec = parse_price(written)
        if spec.kind is PriceKind.LIMIT:
            raise fields.wrong_value(
                "price_type",
                written,
                "价格词（数字请写在 price）",
                "a word (a figure belongs into price)",
            )
    except MalformedError as error:
        error.path = (*fields.path, name)
        raise
    return spec


def _is_price_word(value: object) -> bool:
    if type(value) is not str:
        return False
    try:
        return parse_price(value).kind is not PriceKind.LIMIT
    except MalformedError:
        return False


def _expires_ns(fields: Fields) -> int | None:
    if "expires_at" not in fields:
        return None
    if "ttl_ms" in fields:
        raise fields.refused("field_conflict", "ttl_ms", "expires_at")
    return fields.instant_ns("expires_at")


def _duration_ns(fields: Fields, name: str) -> int | None:
    if name not in fields:
        return None
    return fields.whole(name, minimum=1, maximum=MILLISECONDS_MAX) * MILLISECOND_NS


def _portfolio(fields: Fields, *, infer_market: bool) -> Item:
    strategy = fields.name("strategy")
    holdings: dict[Symbol, int] = {}
    values = fields.list_of("positions")
    if len(values) > ITEMS_MAX:
        raise fields.wrong_value("positions", str(len(values)), " 256 项以内", "at most 256 of them")
    for index, value in enumerate(values):
        path = (*fields.path, "positions", index)
        if not isinstance(value, dict):
            raise MalformedError("json_not_object", path=path)
        position = Fields(value, path)
        for name in value:
            if name not in ("symbol", "quantity"):
                raise _unknown(position, name)
        symbol = position.symbol(infer_market=infer_market)
        if symbol in holdings:
            raise MalformedError("position_twice", symbol, path=path)
        holdings[symbol] = position.whole("quantity", minimum=0, maximum=QUANTITY_MAX)
    return Item(
        Verb.PORTFOLIO,
        EVERY_SYMBOL,
        fields.accounts(),
        price=_price(fields),
        not_before_ns=fields.instant_ns("not_before") if "not_before" in fields else None,
        expires_ns=_expires_ns(fields),
        ttl_ns=_duration_ns(fields, "ttl_ms"),
        cancel_after_ns=_duration_ns(fields, "cancel_after_ms"),
        strategy=strategy,
        close_others=fields.truth("close_others"),
        holdings=tuple(holdings.items()),
    )


def _trade_signal(fields: Fields, *, infer_market: bool) -> Signal:
    """Return the bare message that the original documentation describes: exactly its five keys."""
    try:
        if fields.text("type") != "trade_signal":
            raise fields.wrong_value("type", fields.text("type"), " trade_signal", "trade_signal")
        for name in fields.values:
            if name not in _TRADE_SIGNAL:
                if name in _KNOWN:
                    raise fields.refused("field_not_for", name, "trade_signal")
                raise _unknown(fields, name)
        item = Item(Verb.BARE, fields.symbol(infer_market=infer_market), fields.accounts())
        if fields.text("signal") != "EXECUTE":
            raise fields.wrong_value("signal", fields.text("signal"), " EXECUTE", "EXECUTE")
        # Informational in the original: read, and never a reason to call the message late.
        if type(fields.required("timestamp")) is not Number:
            raise fields.refused("field_type", "timestamp", "数字", "a number")
        return assemble(SignalForm.TRADE_SIGNAL, (item,))
    except MalformedError as error:
        error.item = 1
        if error.path is None:
            error.path = ()
        raise


def _shared(members: list[Fields], name: str, read: Callable[[Fields], _T]) -> _T | None:
    """Return the value that every member that names ``name`` gives; a basket has one id and one time of sending."""
    found: _T | None = None
    for number, member in enumerate(members, 1):
        if name not in member:
            continue
        try:
            value = read(member)
            if found is not None and value != found:
                raise member.refused("field_differs", name, str(found), str(value))
        except MalformedError as error:
            error.item = number
            raise
        found = value
    return found


def _identifier(fields: Fields) -> str:
    written = fields.text("id")
    if not is_id(written):
        raise MalformedError("id", written or '""', path=(*fields.path, "id"))
    return written


def _note(fields: Fields, number: int) -> str:
    if "note" not in fields:
        return ""
    try:
        note = fields.text("note")
        half_characters = any("\ud800" <= letter <= "\udfff" for letter in note)
        if len(note) > NOTE_CHARACTERS_MAX or half_characters:
            raise fields.wrong_value(
                "note",
                note,
                f" {NOTE_CHARACTERS_MAX} 字以内的文字",
                f"text of up to {NOTE_CHARACTERS_MAX} characters",
            )
    except MalformedError as error:
        error.item = number
        raise
    return note


def _is_list(document: Mapping[str, object], name: str) -> bool:
    return isinstance(document.get(name), list)
