"""Any bytes to what they mean: signals, a heartbeat, or what is wrong with them and where."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from qmt_trading.codec.decoding import Source, narrow
from qmt_trading.codec.malformed import (
    ACCOUNT_ENTRIES_MAX,
    ITEMS_MAX,
    MESSAGE_BYTES_MAX,
    NAME_CHARACTERS_MAX,
    MalformedError,
    malformed,
)
from qmt_trading.codec.price_text import parse_price
from qmt_trading.codec.signal_checks import assemble, digest
from qmt_trading.codec.signal_json import parse_json
from qmt_trading.codec.signal_text import parse_angle, parse_text
from qmt_trading.codec.size_text import parse_size
from qmt_trading.model.signal import Heartbeat, Item, Malformed, Signal
from qmt_trading.model.words import SignalForm, Verb

Parsed = Signal | Heartbeat | Malformed

_VERBS: Final = {None: Verb.BARE, "buy": Verb.BUY, "sell": Verb.SELL, "cancel": Verb.CANCEL}

_ITEM: Final = (
    r"(?:(buy|sell|cancel) )?([0-9]{6}\.(?:SH|SZ|BJ))"
    r"(?: ([1-9][0-9]{0,9}))?(?:@([1-9][0-9]{0,5}\.[0-9]{1,4}))?:([A-Za-z0-9._,-]++)"
)
_ONE_ITEM: Final = re.compile(_ITEM + r" ?(?:#([A-Za-z0-9._-][A-Za-z0-9._/-]{0,63}))?[\r\n\x00]*")
_ITEM_ALONE: Final = re.compile(_ITEM)


def parse(payload: bytes, *, infer_market: bool = False) -> tuple[Parsed, ...]:
    """Return what one framed message means. Total: any bytes give an answer, and none raises.

    One result, but for glued angle messages, which are judged one by one. Zero bytes, or nothing but blanks, line ends
    and NUL, are a heartbeat. Symbols come out as ``600000.SH``, sizes and prices with a canonical text; accounts stand
    as written, each once per item.

    Args:
        infer_market: a bare ``600000`` takes its only possible market (never codes of 000).
    """
    simple = parse_simple(payload)
    if simple is not None:
        return (simple,)
    try:
        source = Source(payload)
    except MalformedError as error:
        return (malformed(error.code, error.figures, position=error.index),)
    text = source.text
    first = text.lstrip(" \t\u3000")[:1]
    if not first:
        return (Heartbeat(),)
    try:
        if first in "{[":
            return (parse_json(text, infer_market=infer_market),)
        text = narrow(text)
        if text.lstrip(" ")[0] == "<":
            return _parse_angles(source, text, infer_market=infer_market)
        return (parse_text(text, infer_market=infer_market),)
    except MalformedError as error:
        return (_refusal(source, error),)


def parse_simple(payload: bytes) -> Signal | None:
    """Return the signal of a plain ASCII message at a fraction of the cost, or None where the whole grammar is needed.

    Never refuses, and never differs from what the whole grammar gives.
    """
    if not payload.isascii() or len(payload) > MESSAGE_BYTES_MAX:
        return None
    text = payload.decode("ascii")
    match = _ONE_ITEM.fullmatch(text)
    if match is None:
        return _parse_simple_items(text) if ";" in text else None
    groups: Sequence[Any] = match.groups()
    verb_text, symbol, size_text, price_text, account_text, number = groups
    accounts = account_text.split(",")
    if len(accounts) > 1 or len(account_text) > NAME_CHARACTERS_MAX:
        if not _are_plain(accounts):
            return None
    verb = _VERBS[verb_text]
    if size_text is None and price_text is None:
        item = Item(verb, symbol, tuple(accounts))
        line = f"{verb_text or 'bare'}|{symbol}|||{account_text}"
    elif verb_text is None or verb_text == "cancel":
        return None
    else:
        size = parse_size(size_text) if size_text is not None else None
        price = parse_price(price_text) if price_text is not None else None
        item = Item(verb, symbol, tuple(accounts), None, size, price)
        line = f"{verb_text}|{symbol}|{size_text or ''}|{price.text if price is not None else ''}|{account_text}"
    if number is None:
        return Signal(SignalForm.TEXT, (item,))
    sender, slash, _ = number.partition("/")
    return Signal(SignalForm.TEXT, (item,), number, sender if slash else "", None, "", digest(line))


def _parse_simple_items(text: str) -> Signal | None:
    """Return several bare or cancel items without an id: what an order-book monitor sends."""
    pieces = text.rstrip("\r\n\x00").split(";")
    if not pieces[-1]:
        del pieces[-1]
    items: list[Item] = []
    for piece in pieces:
        match = _ITEM_ALONE.fullmatch(piece)
        if match is None:
            return None
        groups: Sequence[Any] = match.groups()
        verb_text, symbol, size_text, price_text, account_text = groups
        accounts = account_text.split(",")
        if size_text is not None or price_text is not None or not _are_plain(accounts):
            return None
        items.append(Item(_VERBS[verb_text], symbol, tuple(accounts)))
    try:
        return assemble(SignalForm.TEXT, tuple(items))
    except MalformedError:
        return None


def _are_plain(accounts: list[str]) -> bool:
    return (
        "" not in accounts
        and len(set(accounts)) == len(accounts) <= ACCOUNT_ENTRIES_MAX
        and max(map(len, accounts)) <= NAME_CHARACTERS_MAX
    )


def _parse_angles(source: Source, text: str, *, infer_market: bool) -> tuple[Parsed, ...]:
    """Judge each ``<…>`` alone: one that broke off, or text in between, does not spoil its neighbours.

    Raises:
        MalformedError: all of them together are over the bounds of one message.
    """
    results: list[Parsed] = []
    entries = 0
    position = 0
    while position < len(text):
        if text[position] in " \r\n\x00":
            position += 1
            continue
        if len(results) == ITEMS_MAX:
            raise MalformedError("too_many_items", str(max(text.count("<"), ITEMS_MAX + 1)), index=0)
        try:
            end = _end_of_angle(text, position)
            if text[position + 1 : end].strip(" ").lower() == "heartbeat":
                results.append(Heartbeat())
            else:
                signal = parse_angle(text, position, end, infer_market=infer_market)
                entries += len(signal.items[0].accounts)
                results.append(signal)
            position = end + 1
        except MalformedError as error:
            error.item = len(results) + 1
            results.append(_refusal(source, error))
            position = _after_refused(text, position)
    if entries > ACCOUNT_ENTRIES_MAX:
        raise MalformedError("too_many_accounts", str(entries), index=0)
    return tuple(results)


def _end_of_angle(text: str, position: int) -> int:
    """Return where the ``>`` of the ``<`` at ``position`` stands."""
    if text[position] != "<":
        raise MalformedError("angle_between", text[position:].partition("<")[0].strip(), index=position)
    end = text.find(">", position)
    if end < 0 or text.find("<", position + 1, end) >= 0:
        raise MalformedError("angle_open", index=position)
    return end


def _after_refused(text: str, position: int) -> int:
    """Return where the next message may begin: behind the ``>``, or at the next ``<`` where that comes first."""
    opening = text.find("<", position + 1)
    opening = len(text) if opening < 0 else opening
    if text[position] != "<":
        return opening
    closing = text.find(">", position)
    return opening if closing < 0 or opening < closing else closing + 1


def _refusal(source: Source, error: MalformedError) -> Malformed:
    return malformed(error.code, error.figures, position=source.byte_at(error.index), item=error.item)
