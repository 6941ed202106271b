"""What every answer of the parser must be, whatever the bytes were."""

from __future__ import annotations

import re
from typing import Final

from qmt_trading.codec.decoding import Source, narrow
from qmt_trading.codec.malformed import ACCOUNT_ENTRIES_MAX, ITEMS_MAX, MESSAGE_BYTES_MAX
from qmt_trading.codec.names import is_account, is_id, is_name
from qmt_trading.codec.price_text import OFFSET_TICKS_MAX, PRICE_MAX, parse_price
from qmt_trading.codec.receipt_json import encode_malformed
from qmt_trading.codec.signal import Parsed, parse_simple
from qmt_trading.codec.signal_text import parse_text
from qmt_trading.codec.size_text import MONEY_MAX, PERCENT_MAX, QUANTITY_MAX, parse_size
from qmt_trading.model.signal import Heartbeat, Item, Malformed, PriceKind, PriceSpec, Signal, Size, SizeKind
from qmt_trading.model.words import SignalForm, Verb

DAY_NS: Final = 86_400 * 1_000_000_000

_SYMBOL: Final = re.compile(r"[0-9]{6}\.(SH|SZ|BJ)")
_AMOUNTS: Final = {
    SizeKind.SHARES: QUANTITY_MAX,
    SizeKind.LOTS: QUANTITY_MAX,
    SizeKind.MONEY: MONEY_MAX,
    SizeKind.PERCENT: PERCENT_MAX,
}


def check(payload: bytes, results: tuple[Parsed, ...]) -> None:
    """Assert what must hold between a message and its answer."""
    assert 1 <= len(results) <= ITEMS_MAX
    if len(results) > 1:
        assert b"<" in payload or "＜".encode() in payload or "＜".encode("gb18030") in payload
    for result in results:
        match result:
            case Malformed():
                _check_malformed(payload, result)
            case Signal():
                assert len(payload) <= MESSAGE_BYTES_MAX
                _check_signal(result)
            case Heartbeat():
                pass
    simple = parse_simple(payload)
    if simple is not None:
        assert parse_text(narrow(Source(payload).text), infer_market=False) == simple


def _check_malformed(payload: bytes, result: Malformed) -> None:
    assert 0 <= result.position <= len(payload), result
    assert 0 <= result.item <= ITEMS_MAX, result
    assert result.code
    assert result.chinese.isprintable(), result
    assert result.english.isprintable(), result
    assert len(result.chinese) < 400, result
    line = encode_malformed(result)
    assert line.endswith(b"}\n"), result
    assert line.count(b"\n") == 1, result


def _check_signal(signal: Signal) -> None:
    assert 1 <= len(signal.items) <= ITEMS_MAX
    assert sum(len(item.accounts) * max(1, len(item.holdings)) for item in signal.items) <= ACCOUNT_ENTRIES_MAX
    assert not signal.id or is_id(signal.id)
    assert bool(signal.id) == bool(signal.content)
    assert not signal.sender or is_name(signal.sender)
    signal.note.encode("utf-8")
    assert signal.form is not SignalForm.ANGLE or len(signal.items) == 1
    verbs = {item.verb for item in signal.items} - {Verb.BARE}
    assert Verb.CANCEL not in verbs or verbs == {Verb.CANCEL}
    for item in signal.items:
        _check_item(item)


def _check_item(item: Item) -> None:
    assert isinstance(item.verb, Verb)
    if item.symbol == "*":
        assert item.verb in (Verb.CANCEL, Verb.PORTFOLIO)
    else:
        assert _SYMBOL.fullmatch(item.symbol)
    assert item.accounts
    assert len(set(item.accounts)) == len(item.accounts)
    assert all(map(is_account, item.accounts))
    assert item.side is None or item.verb is Verb.CANCEL
    assert not item.strategy or is_name(item.strategy)
    for duration_ns in (item.ttl_ns, item.cancel_after_ns):
        assert duration_ns is None or 0 < duration_ns <= DAY_NS
    assert item.chase == 0 or (0 < item.chase <= 10 and item.cancel_after_ns is not None)
    assert item.at_ns is None or 0 <= item.at_ns < DAY_NS
    assert item.verb is Verb.PORTFOLIO or not (item.holdings or item.close_others)
    if item.size is not None:
        assert item.verb in (Verb.BUY, Verb.SELL, Verb.TARGET)
        _check_size(item.verb, item.size)
    if item.price is not None:
        assert item.verb is not Verb.CANCEL
        _check_price(item.price)


def _check_size(verb: Verb, size: Size) -> None:
    assert parse_size(size.text) == size, size
    if size.kind is SizeKind.ALL:
        assert verb is Verb.SELL
    elif size.kind is SizeKind.FRACTION:
        assert verb is Verb.SELL
        assert 0 < size.amount <= size.denominator
    else:
        assert size.kind is not SizeKind.LOTS or verb is not Verb.TARGET
        assert (0 if verb is Verb.TARGET else 1) <= size.amount <= _AMOUNTS[size.kind]


def _check_price(price: PriceSpec) -> None:
    assert parse_price(price.text) == price, price
    assert 1 <= price.level <= 5
    assert abs(price.offset_ticks) <= OFFSET_TICKS_MAX
    if price.kind is PriceKind.LIMIT:
        assert 0 < price.price <= PRICE_MAX
        assert price.offset_money == 0
    else:
        assert price.price == 0
