"""The reference grammar's JSON: fields by action, read strictly; written from the page on signals alone."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Final, NoReturn

from tests.fuzz import reference_words as words
from tests.fuzz.meaning import ItemMeant, Meant, PriceMeant, Size
from tests.fuzz.reference_words import RefusedError, require

ITEMS_MAX: Final = 256
NOTE_MAX: Final = 500
MILLISECOND_NS: Final = 1_000_000

_EVERY: Final = {"id", "action", "accounts", "not_before", "expires_at", "ttl_ms", "strategy", "note", "sent_at"}
_ORDER: Final = _EVERY | {"symbol", "price", "price_type", "cancel_after_ms", "chase"}
_FIELDS: Final = {
    "buy": _ORDER | {"quantity", "value", "percent"},
    "sell": _ORDER | {"quantity", "value", "percent"},
    "target": _ORDER | {"target_quantity", "target_value", "target_percent"},
    "cancel": _EVERY | {"symbol", "side"},
    "portfolio": _EVERY | {"price_type", "cancel_after_ms", "positions", "close_others"},
}
_SIZES: Final = {
    "quantity": "shares",
    "value": "money",
    "percent": "percent",
    "target_quantity": "shares",
    "target_value": "money",
    "target_percent": "percent",
}
_INSTANT: Final = re.compile(
    r"(20\d\d)-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DECIMAL: Final = re.compile(r"\d{1,12}(\.\d{1,4})?", re.ASCII)


class Figure(str):
    """A JSON number as it is written."""

    __slots__ = ()


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    require(len(found) == len(pairs))
    return found


def _refuse(_: str) -> NoReturn:
    raise RefusedError


def read_json(text: str) -> Meant:
    """Return the signal; what its items may not be to each other is the caller's matter."""
    try:
        document = json.loads(
            text, object_pairs_hook=_pairs, parse_int=Figure, parse_float=Figure, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as error:
        raise RefusedError from error
    if isinstance(document, dict) and "action" not in document and "type" in document:
        # A plan file is no signal whatever else it holds.
        require(not isinstance(document.get("buy"), list) and not isinstance(document.get("sell"), list))
        return _trade_signal(document)
    members = document if isinstance(document, list) else [document]
    require(0 < len(members) <= ITEMS_MAX)
    items = tuple(_item(member) for member in members)
    require(len(items) == 1 or all(item.verb != "portfolio" for item in items))
    numbers = {_text(member, "id") for member in members if "id" in member}
    sent = {_instant(member["sent_at"]) for member in members if "sent_at" in member}
    require(len(numbers) <= 1 and len(sent) <= 1 and all(map(words.is_id, numbers)))
    notes = dict.fromkeys(filter(None, map(_note, members)))
    return Meant("json", items, next(iter(numbers), ""), "", next(iter(sent), None), "; ".join(notes))


def _trade_signal(fields: dict[str, object]) -> Meant:
    require(set(fields) == {"type", "symbol", "accounts", "signal", "timestamp"})
    require(_text(fields, "type") == "trade_signal" and _text(fields, "signal") == "EXECUTE")
    require(type(fields["timestamp"]) is Figure)
    return Meant("trade_signal", (ItemMeant("bare", _symbol(fields), _accounts(fields)),))


def _item(fields: object) -> ItemMeant:
    require(isinstance(fields, dict))
    assert isinstance(fields, dict)
    action = _text(fields, "action")
    require(action.isascii() and action.lower() in _FIELDS)
    verb = action.lower()
    require(set(fields) <= _FIELDS[verb])
    is_whole_holding = verb == "portfolio"
    strategy = _text(fields, "strategy") if "strategy" in fields or is_whole_holding else ""
    require(words.is_name(strategy) or not (strategy or "strategy" in fields))
    require(not ("expires_at" in fields and "ttl_ms" in fields))
    side = _text(fields, "side") if "side" in fields else ""
    require(side in ("buy", "sell", "all") or "side" not in fields)
    return ItemMeant(
        verb,
        "*" if is_whole_holding or (verb == "cancel" and fields.get("symbol") == "*") else _symbol(fields),
        _accounts(fields),
        side,
        _size(fields),
        _price(fields),
        not_before_ns=_instant(fields["not_before"]) if "not_before" in fields else None,
        expires_ns=_instant(fields["expires_at"]) if "expires_at" in fields else None,
        ttl_ns=_milliseconds(fields, "ttl_ms"),
        cancel_after_ns=_milliseconds(fields, "cancel_after_ms"),
        strategy=strategy,
        close_others=is_whole_holding and _truth(fields, "close_others"),
        holdings=_holdings(fields) if is_whole_holding else (),
        chase=_few(fields),
    )


def _few(fields: dict[str, object]) -> int:
    if "chase" not in fields:
        return 0
    require("cancel_after_ms" in fields)
    return _whole(fields["chase"], 1, 10)


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    require(type(value) is str)
    assert isinstance(value, str)
    return value


def _truth(fields: dict[str, object], name: str) -> bool:
    value = fields.get(name)
    require(value is True or value is False)
    return value is True


def _symbol(fields: dict[str, object]) -> str:
    return words.symbol(_text(fields, "symbol"), json=True)


def _accounts(fields: dict[str, object]) -> tuple[str, ...]:
    found = fields.get("accounts")
    require(isinstance(found, list) and found)
    assert isinstance(found, list)
    for each in found:
        require(type(each) is str)
        words.account(each)
    return tuple(dict.fromkeys(found))


def _whole(value: object, minimum: int, maximum: int) -> int:
    require(type(value) is Figure and value.isdigit() and len(value) <= 15)
    assert isinstance(value, str)
    require(minimum <= int(value) <= maximum)
    return int(value)


def _ten_thousandths(value: object) -> int:
    require(type(value) in (Figure, str))
    assert isinstance(value, str)
    require(_DECIMAL.fullmatch(value))
    return int(Decimal(value) * 10_000)


def _size(fields: dict[str, object]) -> Size | None:
    names = [name for name in _SIZES if name in fields]
    if not names:
        return None
    require(len(names) == 1)
    kind = _SIZES[names[0]]
    value = fields[names[0]]
    amount = _whole(value, 0, words.QUANTITY_MAX) if kind == "shares" else _ten_thousandths(value)
    return words.counted(kind, amount)


def _price(fields: dict[str, object]) -> PriceMeant | None:
    require(not ("price" in fields and "price_type" in fields))
    if "price" in fields:
        return words.limit(_ten_thousandths(fields["price"]))
    if "price_type" not in fields:
        return None
    meant = words.price(_text(fields, "price_type"))
    require(meant.word != "limit")
    return meant


def _milliseconds(fields: dict[str, object], name: str) -> int | None:
    return _whole(fields[name], 1, 86_400_000) * MILLISECOND_NS if name in fields else None


def _holdings(fields: dict[str, object]) -> tuple[tuple[str, int], ...]:
    positions = fields.get("positions")
    require(isinstance(positions, list) and len(positions) <= ITEMS_MAX)
    assert isinstance(positions, list)
    holdings: list[tuple[str, int]] = []
    for position in positions:
        require(isinstance(position, dict) and set(position) == {"symbol", "quantity"})
        holdings.append((_symbol(position), _whole(position["quantity"], 0, words.QUANTITY_MAX)))
    require(len(dict(holdings)) == len(holdings))
    return tuple(holdings)


def _note(fields: dict[str, object]) -> str:
    note = _text(fields, "note") if "note" in fields else ""
    require(len(note) <= NOTE_MAX and not any(0xD800 <= ord(letter) < 0xE000 for letter in note))
    return note


def _instant(value: object) -> int:
    """Return RFC 3339 with an offset, or epoch milliseconds of 13 digits, as nanoseconds."""
    if type(value) is Figure:
        require(value.isdigit() and len(value) == 13 and value[0] != "0")
        return int(value) * MILLISECOND_NS
    require(type(value) is str)
    assert isinstance(value, str)
    match = _INSTANT.fullmatch(value)
    require(match is not None)
    assert match is not None
    offset = "+00:00" if match[8] in "Zz" else match[8]
    try:
        moment = dt.datetime(*(int(match[part]) for part in range(1, 7)), tzinfo=dt.UTC)  # type: ignore[misc, arg-type]
    except ValueError as error:
        raise RefusedError from error
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    require(hours < 24 and minutes < 60)
    seconds = int(moment.timestamp()) - (1 if offset[0] == "+" else -1) * (hours * 3600 + minutes * 60)
    return seconds * words.SECOND_NS + int(Decimal(match[7] or 0) * words.SECOND_NS)
