"""Prints a meaning in one canonical form, for the way back: parsed again it must mean the same."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Final

from tests.fuzz.meaning import ItemMeant, Meant, PriceMeant, Size

SECOND_NS: Final = 1_000_000_000
MILLISECOND_NS: Final = 1_000_000

_CANCELS: Final = {"": "cancel", "buy": "撤买", "sell": "撤卖", "all": "全撤"}
_VERBS: Final = {"bare": "", "buy": "buy ", "sell": "sell ", "target": "target ", "clear": "清仓 "}


def printed(meant: Meant) -> bytes:
    """Return the canonical message of ``meant``."""
    match meant.form:
        case "text":
            body = ";".join(map(_item, meant.items))
            return (f"{body} #{meant.id}" if meant.id else body).encode()
        case "angle":
            item = meant.items[0]
            return f"<{item.symbol}#{','.join(item.accounts)}>".encode()
        case "json":
            members = [_member(item, meant, first=item is meant.items[0]) for item in meant.items]
            return json.dumps(members, ensure_ascii=False).encode()
        case _:
            item = meant.items[0]
            fields: dict[str, object] = {"type": "trade_signal", "symbol": item.symbol}
            fields |= {"accounts": item.accounts, "signal": "EXECUTE", "timestamp": 1}
            return json.dumps(fields, ensure_ascii=False).encode()


def _item(item: ItemMeant) -> str:
    verb = f"{_CANCELS[item.side]} " if item.verb == "cancel" else _VERBS[item.verb]
    text = verb + item.symbol
    if item.size is not None:
        text += f" {_size(item.size)}"
    if item.price is not None:
        text += f"@{_price(item.price)}"
    text += f":{','.join(item.accounts)}"
    if item.at_ns is not None:
        seconds, rest_ns = divmod(item.at_ns, SECOND_NS)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        text += f" at={clock}.{rest_ns // MILLISECOND_NS:03d}"
    for name, duration_ns in (("ttl", item.ttl_ns), ("cancel_after", item.cancel_after_ns)):
        if duration_ns is not None:
            seconds, rest_ns = divmod(duration_ns, SECOND_NS)
            text += f" {name}={seconds}.{rest_ns // MILLISECOND_NS:03d}s"
    if item.chase:
        text += f" chase={item.chase}"
    return text + (f" strategy={item.strategy}" if item.strategy else "")


def _size(size: Size) -> str:
    match size.kind:
        case "shares":
            return str(size.amount)
        case "lots":
            return f"{size.amount}手"
        case "money":
            return f"{_decimal(size.amount)}元"
        case "percent":
            return f"{_decimal(size.amount)}%"
        case "fraction":
            return f"{size.amount}/{size.denominator}"
        case _:
            return "all"


def _price(price: PriceMeant) -> str:
    text = _decimal(price.price) if price.word == "limit" else price.word
    if price.ticks:
        return f"{text}{price.ticks:+d}ticks"
    if price.money:
        return f"{text}{'-' if price.money < 0 else '+'}{_decimal(abs(price.money))}"
    if price.millionths:
        return f"{text}{'-' if price.millionths < 0 else '+'}{_decimal(abs(price.millionths))}%"
    return text


def _decimal(ten_thousandths: int) -> str:
    return f"{Decimal(ten_thousandths) / 10_000:.4f}"


def _member(item: ItemMeant, meant: Meant, *, first: bool) -> dict[str, object]:
    fields: dict[str, object] = {"action": item.verb, "accounts": list(item.accounts)}
    if item.verb == "portfolio":
        fields["positions"] = [{"symbol": symbol, "quantity": quantity} for symbol, quantity in item.holdings]
        fields["close_others"] = item.close_others
    else:
        fields["symbol"] = item.symbol
    if item.side:
        fields["side"] = item.side
    if item.size is not None:
        prefix = "target_" if item.verb == "target" else ""
        name = {"shares": "quantity", "money": "value", "percent": "percent"}[item.size.kind]
        is_count = item.size.kind == "shares"
        fields[prefix + name] = item.size.amount if is_count else _decimal(item.size.amount)
    if item.price is not None:
        fields["price" if item.price.word == "limit" else "price_type"] = _price(item.price)
    for name, instant_ns in (("not_before", item.not_before_ns), ("expires_at", item.expires_ns)):
        if instant_ns is not None:
            fields[name] = _instant(instant_ns)
    for name, duration_ns in (("ttl_ms", item.ttl_ns), ("cancel_after_ms", item.cancel_after_ns)):
        if duration_ns is not None:
            fields[name] = duration_ns // MILLISECOND_NS
    if item.chase:
        fields["chase"] = item.chase
    if item.strategy:
        fields["strategy"] = item.strategy
    if first:
        given = {"id": meant.id, "note": meant.note[:500], "sent_at": meant.sent_ns}
        if meant.sent_ns is not None:
            given["sent_at"] = _instant(meant.sent_ns)
        fields |= {name: value for name, value in given.items() if value not in ("", None)}
    return fields


def _instant(instant_ns: int) -> str | int:
    seconds, rest_ns = divmod(instant_ns, SECOND_NS)
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds < 4_102_444_800 else None
    if moment is None or moment.year < 2000:  # Beyond what RFC 3339 may say here; these came as milliseconds.
        return instant_ns // MILLISECOND_NS
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest_ns:09d}Z"
