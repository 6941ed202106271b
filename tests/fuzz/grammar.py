"""Writes valid messages at random, each with the signal that it must be read as."""

from __future__ import annotations

import json
from random import Random
from typing import Final

from qmt_trading.codec.signal_checks import content_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import UNIT, Money, Price, to_text
from qmt_trading.model.signal import Item, PriceKind, PriceSpec, Signal, Size, SizeKind
from qmt_trading.model.words import SideScope, SignalForm, Verb

SECOND_NS: Final = 1_000_000_000

_VERBS: Final[dict[str, tuple[Verb, SideScope | None]]] = {
    "": (Verb.BARE, None),
    "buy ": (Verb.BUY, None),
    "BUY ": (Verb.BUY, None),
    "b ": (Verb.BUY, None),
    "买入": (Verb.BUY, None),
    "买 ": (Verb.BUY, None),
    "sell ": (Verb.SELL, None),
    "S ": (Verb.SELL, None),
    "卖出 ": (Verb.SELL, None),
    "卖": (Verb.SELL, None),
    "target  ": (Verb.TARGET, None),
    "调到": (Verb.TARGET, None),
    "清仓 ": (Verb.CLEAR, None),
}
_CANCELS: Final[dict[str, tuple[Verb, SideScope | None]]] = {
    "cancel ": (Verb.CANCEL, None),
    "Cancel ": (Verb.CANCEL, None),
    "x ": (Verb.CANCEL, None),
    "撤单": (Verb.CANCEL, None),
    "撤 ": (Verb.CANCEL, None),
    "撤买 ": (Verb.CANCEL, SideScope.BUY),
    "撤卖": (Verb.CANCEL, SideScope.SELL),
    "全撤 ": (Verb.CANCEL, SideScope.ALL),
}
_ACCOUNT_STEMS: Final = ("11031122", "a01", "account_", "张三", "@组", "@g-", "user.x", "0")
_STRATEGIES: Final = ("ladder", "网格", "t-0")
_PRICE_WORDS: Final = {
    "latest": (PriceKind.LATEST, 1, "latest"),
    "最新": (PriceKind.LATEST, 1, "latest"),
    "Opposite": (PriceKind.OPPOSITE, 1, "opposite"),
    "对手": (PriceKind.OPPOSITE, 1, "opposite"),
    "本方": (PriceKind.OWN, 1, "own"),
    "买一": (PriceKind.BID, 1, "bid1"),
    "bid5": (PriceKind.BID, 5, "bid5"),
    "卖三": (PriceKind.ASK, 3, "ask3"),
    "ask2": (PriceKind.ASK, 2, "ask2"),
    "涨停": (PriceKind.LIMIT_UP, 1, "limit_up"),
    "limit_down": (PriceKind.LIMIT_DOWN, 1, "limit_down"),
}
_SIZES: Final = {
    "1000股": Size(SizeKind.SHARES, 1000, text="1000"),
    "0100": Size(SizeKind.SHARES, 100, text="100"),
    "1.5万股": Size(SizeKind.SHARES, 15_000, text="15000"),
    "10手": Size(SizeKind.LOTS, 10, text="10手"),
    "3 手": Size(SizeKind.LOTS, 3, text="3手"),
    "50000元": Size(SizeKind.MONEY, 500_000_000, text="50000元"),
    "5万元": Size(SizeKind.MONEY, 500_000_000, text="50000元"),
    "0.5元": Size(SizeKind.MONEY, 5_000, text="0.5元"),
    "10%": Size(SizeKind.PERCENT, 100_000, text="10%"),
    "33.3333%": Size(SizeKind.PERCENT, 333_333, text="33.3333%"),
}
_SELL_SIZES: Final = {
    "半仓": Size(SizeKind.FRACTION, 1, 2, "1/2"),
    "1/3": Size(SizeKind.FRACTION, 1, 3, "1/3"),
    "全部": Size(SizeKind.ALL, text="all"),
    "ALL": Size(SizeKind.ALL, text="all"),
}
_JSON_ACTIONS: Final = (Verb.BUY, Verb.SELL, Verb.TARGET, Verb.CANCEL)
_FULL_WIDTH: Final = {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)} | {0x20: "\u3000"}


def valid_message(rng: Random) -> tuple[bytes, Signal]:
    """Return a message in any form and encoding, and what it means."""
    roll = rng.random()
    if roll < 0.7:
        text, signal = _text(rng)
        if rng.random() < 0.15:
            text = "".join(letter.translate(_FULL_WIDTH) if rng.random() < 0.3 else letter for letter in text)
    elif roll < 0.8:
        text, signal = _angle(rng)
    else:
        text, signal = _json(rng)
    payload = text.encode("gb18030" if rng.random() < 0.15 and not _passes_as_utf8(text) else "utf-8")
    if rng.random() < 0.1:
        payload += rng.choice((b"\r\n", b"\n", b"\0", b"\r\n\0"))
    if rng.random() < 0.03:
        payload = b"\xef\xbb\xbf" + payload if payload[:1].isascii() and payload.isascii() else payload
    return payload, signal


def symbol(rng: Random) -> tuple[str, Symbol]:
    """Return a symbol as some sender writes it, and as it is meant."""
    code, venue = rng.choice((("600000", "SH"), ("000001", "SZ"), ("830799", "BJ")))
    code = f"{code[:3]}{rng.randrange(1000):03d}"
    other = {"SH": "XSHG", "SZ": "XSHE", "BJ": "BJ"}[venue]
    exchange = {"SH": "SSE", "SZ": "SZSE", "BJ": "BSE"}[venue]
    written = rng.choice(
        (
            f"{code}.{venue}",
            f"{code}.{venue}",
            f"{code}.{other}",
            f"{venue.lower()}.{code}",
            f"{venue.lower()}{code}",
            f"{venue}{code}",
            f"{exchange}.{code}",
            f"{exchange}.STK.{code}",
            f"{code}.{venue.lower()}",
        )
    )
    return written, Symbol(f"{code}.{venue}")


def _accounts(rng: Random) -> list[str]:
    count = 1 if rng.random() < 0.6 else rng.randrange(1, 6)
    return [f"{rng.choice(_ACCOUNT_STEMS)}{rng.randrange(100)}" for _ in range(count)]


def _distinct(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _size(rng: Random, verb: Verb) -> tuple[str, Size]:
    roll = rng.random()
    if verb is Verb.SELL and roll < 0.3:
        return rng.choice(tuple(_SELL_SIZES.items()))
    if roll < 0.6:
        amount = rng.randrange(1, 10_000) * 100
        return str(amount), Size(SizeKind.SHARES, amount, text=str(amount))
    sizes = [pair for pair in _SIZES.items() if verb is not Verb.TARGET or pair[1].kind is not SizeKind.LOTS]
    return rng.choice(sizes)


def _price(rng: Random) -> tuple[str, PriceSpec]:
    if rng.random() < 0.5:
        price = rng.randrange(1, 3_000_000)
        return to_text(price), PriceSpec(PriceKind.LIMIT, Price(price), text=to_text(price))
    word = rng.choice(tuple(_PRICE_WORDS))
    kind, level, name = _PRICE_WORDS[word]
    match rng.randrange(4):
        case 0:
            return f"{word}+2跳", PriceSpec(kind, level=level, offset_ticks=2, text=f"{name}+2ticks")
        case 1:
            return f"{word} -0.02", PriceSpec(kind, level=level, offset_money=Money(-200), text=f"{name}-0.02")
        case 2:
            return f"{word}+0.5%", PriceSpec(kind, level=level, offset_millionths=5000, text=f"{name}+0.5%")
        case _:
            return word, PriceSpec(kind, level=level, text=name)


def _item(rng: Random, verbs: dict[str, tuple[Verb, SideScope | None]], strategy: str) -> tuple[str, Item]:
    verb_text = rng.choice(tuple(verbs))
    verb, side = verbs[verb_text]
    written, meant = symbol(rng)
    if side is SideScope.ALL or (verb is Verb.CANCEL and rng.random() < 0.1):
        written, meant = "*", Symbol("*")
    text = verb_text + written
    size: Size | None = None
    price: PriceSpec | None = None
    if verb is Verb.TARGET or (verb in (Verb.BUY, Verb.SELL) and rng.random() < 0.9):
        size_text, size = _size(rng, verb)
        text += f" {size_text}"
    if verb is not Verb.CANCEL and rng.random() < 0.5:
        price_text, price = _price(rng)
        text += rng.choice(("@", "@", " @ ")) + price_text
    accounts = _accounts(rng)
    text += rng.choice((":", ":", " : ")) + rng.choice((",", ",", " , ")).join(accounts)
    at_ns = ttl_ns = cancel_after_ns = None
    if rng.random() < 0.15:
        text, at_ns = f"{text} at=09:15:00.250", 33_300_250_000_000
    if rng.random() < 0.15:
        text, ttl_ns = f"{text}  ttl=3s", 3 * SECOND_NS
    if verb is not Verb.CANCEL and rng.random() < 0.1:
        text, cancel_after_ns = f"{text} cancel_after=0.5s", SECOND_NS // 2
    chase = 0
    if cancel_after_ns is not None and rng.random() < 0.5:
        text, chase = f"{text} chase=3", 3
    if strategy:
        text += f" strategy={strategy}"
    item = Item(
        verb,
        meant,
        _distinct(accounts),
        side,
        size,
        price,
        at_ns=at_ns,
        ttl_ns=ttl_ns,
        cancel_after_ns=cancel_after_ns,
        strategy=strategy,
        chase=chase,
    )
    return text, item


def _text(rng: Random) -> tuple[str, Signal]:
    strategy = rng.choice(_STRATEGIES) if rng.random() < 0.1 else ""
    verbs = _CANCELS if rng.random() < 0.3 else _VERBS
    count = 1 if rng.random() < 0.7 else rng.randrange(2, 5)
    texts: list[str] = []
    items: list[Item] = []
    used: set[Symbol] = set()
    for _ in range(count):
        text, item = _item(rng, verbs, strategy)
        if item.symbol not in used:
            used.add(item.symbol)
            texts.append(text)
            items.append(item)
    body = rng.choice((";", "; ")).join(texts) + rng.choice(("", "", ";"))
    number = ""
    if rng.random() < 0.5:
        number = rng.choice((str(rng.randrange(10**18)), f"ladder/{rng.randrange(1000)}"))
        body += rng.choice(("#", " #", " # ")) + number
    return body, _signal(SignalForm.TEXT, items, number)


def _angle(rng: Random) -> tuple[str, Signal]:
    written, meant = symbol(rng)
    accounts = _accounts(rng)
    signal = Signal(SignalForm.ANGLE, (Item(Verb.BARE, meant, _distinct(accounts)),))
    return f"<{written}#{','.join(accounts)}>", signal


def _json(rng: Random) -> tuple[str, Signal]:
    verb = rng.choice(_JSON_ACTIONS)
    written, meant = symbol(rng)
    accounts = _accounts(rng)
    fields: dict[str, object] = {"action": verb.value, "symbol": written, "accounts": accounts}
    size: Size | None = None
    price: PriceSpec | None = None
    if verb is not Verb.CANCEL:
        prefix = "target_" if verb is Verb.TARGET else ""
        amount = rng.randrange(1, 90)
        match rng.randrange(3):
            case 0:
                fields[f"{prefix}quantity"] = amount * 100
                size = Size(SizeKind.SHARES, amount * 100, text=str(amount * 100))
            case 1:
                fields[f"{prefix}value"] = f"{amount}000.00"
                size = Size(SizeKind.MONEY, amount * 1000 * UNIT, text=f"{amount}000元")
            case _:
                fields[f"{prefix}percent"] = amount
                size = Size(SizeKind.PERCENT, amount * 10_000, text=f"{amount}%")
        if rng.random() < 0.5:
            price_text, price = _price(rng)
            fields["price" if price.kind is PriceKind.LIMIT else "price_type"] = price_text
    number = f"json/{rng.randrange(10**6)}" if rng.random() < 0.5 else ""
    if number:
        fields["id"] = number
    sent_ns = None
    if rng.random() < 0.3:
        fields["sent_at"] = "2026-01-05T09:15:00.5+08:00"
        sent_ns = 1_767_575_700_500_000_000
    note = rng.choice(("", "", "备注", "\u00e9\U0001f600"))
    if note:
        fields["note"] = note
    item = Item(verb, meant, _distinct(accounts), None, size, price)
    basket = rng.random() < 0.2
    text = json.dumps([fields] if basket else fields, ensure_ascii=rng.random() < 0.5)
    return text, _signal(SignalForm.JSON, [item], number, sent_ns=sent_ns, note=note)


def _signal(form: SignalForm, items: list[Item], number: str, *, sent_ns: int | None = None, note: str = "") -> Signal:
    sender = number.partition("/")[0] if "/" in number else items[0].strategy
    return Signal(form, tuple(items), number, sender, sent_ns, note, content_of(items, note) if number else "")


def _passes_as_utf8(text: str) -> bool:
    """Tell whether the GB18030 bytes of ``text`` are valid UTF-8, so that only chance would read them right."""
    try:
        return text.encode("gb18030").decode("utf-8") != text
    except UnicodeDecodeError:
        return False
