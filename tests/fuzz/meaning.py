"""What a message means, in plain values of its own: the common ground of the reference grammar and the parser."""

from __future__ import annotations

from typing import NamedTuple

from qmt_trading.codec.signal import Parsed
from qmt_trading.model.signal import Heartbeat, Item, PriceKind, PriceSpec, Signal, SizeKind


class Size(NamedTuple):
    """``kind`` is shares, lots, money (ten-thousandths of a yuan), percent (millionths), fraction or all."""

    kind: str
    amount: int = 0
    denominator: int = 1


class PriceMeant(NamedTuple):
    """``word`` is limit, latest, opposite, own, bid1…5, ask1…5, limit_up or limit_down; money in ten-thousandths."""

    word: str
    price: int = 0
    ticks: int = 0
    money: int = 0
    millionths: int = 0


class ItemMeant(NamedTuple):
    """One instruction."""

    verb: str
    symbol: str
    accounts: tuple[str, ...]
    side: str = ""
    size: Size | None = None
    price: PriceMeant | None = None
    at_ns: int | None = None
    not_before_ns: int | None = None
    expires_ns: int | None = None
    ttl_ns: int | None = None
    cancel_after_ns: int | None = None
    strategy: str = ""
    close_others: bool = False
    holdings: tuple[tuple[str, int], ...] = ()
    chase: int = 0


class Meant(NamedTuple):
    """One signal. ``form`` is text, angle, json or trade_signal."""

    form: str
    items: tuple[ItemMeant, ...]
    id: str = ""
    sender: str = ""
    sent_ns: int | None = None
    note: str = ""


class Heard(NamedTuple):
    """A heartbeat."""


class Refused(NamedTuple):
    """A message that is no signal."""


Reading = Meant | Heard | Refused


def meant_by(parsed: Parsed) -> Reading:
    """Return what the parser's answer says; its texts for people and its digest are left out."""
    if isinstance(parsed, Signal):
        items = tuple(_item(item) for item in parsed.items)
        return Meant(parsed.form.value, items, parsed.id, parsed.sender, parsed.sent_ns, parsed.note)
    return Heard() if isinstance(parsed, Heartbeat) else Refused()


def _item(item: Item) -> ItemMeant:
    size = item.size
    meant = None
    if size is not None:
        assert size.denominator == 1 or size.kind is SizeKind.FRACTION
        meant = Size(size.kind.value, size.amount, size.denominator)
    return ItemMeant(
        item.verb.value,
        item.symbol,
        item.accounts,
        item.side.value if item.side is not None else "",
        meant,
        _price(item.price) if item.price is not None else None,
        item.at_ns,
        item.not_before_ns,
        item.expires_ns,
        item.ttl_ns,
        item.cancel_after_ns,
        item.strategy,
        item.close_others,
        item.holdings,
        item.chase,
    )


def _price(price: PriceSpec) -> PriceMeant:
    has_level = price.kind in (PriceKind.BID, PriceKind.ASK)
    assert has_level or price.level == 1
    word = f"{price.kind.value}{price.level}" if has_level else price.kind.value
    return PriceMeant(word, price.price, price.offset_ticks, price.offset_money, price.offset_millionths)
