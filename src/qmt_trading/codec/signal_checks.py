"""What must hold over a whole message however it was written, and its canonical content."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from qmt_trading.codec.malformed import ACCOUNT_ENTRIES_MAX, ITEMS_MAX, MalformedError
from qmt_trading.model.instrument import EVERY_SYMBOL
from qmt_trading.model.signal import Item, Signal, Size, SizeKind
from qmt_trading.model.words import SideScope, SignalForm, Verb

CONTENT_BYTES = 16
CHASE_MAX = 10
"""New orders that may follow one order."""

_SIDES = {
    Verb.BARE: "bare",
    Verb.BUY: "buy",
    Verb.SELL: "sell",
    Verb.CLEAR: "sell",
    Verb.TARGET: "target",
    Verb.PORTFOLIO: "portfolio",
}


def check_item(item: Item) -> None:
    """Check that verb, symbol, size, price and options of ``item`` go together.

    Raises:
        MalformedError: they do not; its index is left to the caller.
    """
    verb, size = item.verb, item.size
    if verb is Verb.CANCEL:
        if size is not None:
            raise MalformedError("size_not_allowed", "撤单 cancel", size.text)
        if item.price is not None:
            raise MalformedError("price_not_allowed", item.price.text)
        if item.cancel_after_ns is not None:
            raise MalformedError("option_of_orders", "cancel_after")
        if item.chase:
            raise MalformedError("option_of_orders", "chase")
        return
    if item.chase and item.cancel_after_ns is None:
        raise MalformedError("option_chase_alone")
    if item.symbol == EVERY_SYMBOL and verb is not Verb.PORTFOLIO:
        raise MalformedError("symbol_every")
    if size is None:
        if verb is Verb.TARGET:
            raise MalformedError("size_missing")
        return
    if verb is Verb.BARE:
        raise MalformedError("size_without_verb", size.text)
    if verb is Verb.CLEAR:
        raise MalformedError("size_not_allowed", "清仓", size.text)
    check_size(verb, size)


def check_size(verb: Verb, size: Size) -> None:
    """Check that ``size`` is one that a buy, a sell or a target can have.

    Raises:
        MalformedError: it is not; its index is left to the caller.
    """
    if verb is not Verb.SELL and size.kind in (SizeKind.ALL, SizeKind.FRACTION):
        raise MalformedError("size_sell_only", size.text)
    if verb is Verb.TARGET and size.kind is SizeKind.LOTS:
        raise MalformedError("size_target_lots", size.text)
    if size.amount == 0 and size.kind is not SizeKind.ALL and verb is not Verb.TARGET:
        raise MalformedError("size_zero", size.text)


def check_items(items: Sequence[Item]) -> None:
    """Check the bounds of a message, and what its items may not be to each other.

    Bare items take their meaning from the door, so that only explicit mixtures are refused here.

    Raises:
        MalformedError: its ``item`` names the later one of a pair; its index is left to the caller.
    """
    if len(items) > ITEMS_MAX:
        raise MalformedError("too_many_items", str(len(items)))
    entries = sum(len(item.accounts) * max(1, len(item.holdings)) for item in items)
    if entries > ACCOUNT_ENTRIES_MAX:
        raise MalformedError("too_many_accounts", str(entries))
    if len(items) == 1:
        return
    cancels: bool | None = None
    seen: set[tuple[str, str, str]] = set()
    for number, item in enumerate(items, 1):
        if item.verb is not Verb.BARE:
            is_cancel = item.verb is Verb.CANCEL
            if cancels is None:
                cancels = is_cancel
            elif cancels is not is_cancel:
                raise MalformedError("mixed", item=number)
        side = _SIDES.get(item.verb) or f"cancel {item.side or ''}"
        for account in item.accounts:
            key = (account, item.symbol, side)
            if key in seen:
                raise MalformedError("twice", item.symbol, account, item=number)
            seen.add(key)


def sender_of(number: str, items: Sequence[Item]) -> str:
    """Return the part of the id before ``/``, else the strategy, else nothing: the door is the sender.

    Raises:
        MalformedError: two items name different strategies and the id names no sender.
    """
    sender, slash, _ = number.partition("/")
    if slash:
        return sender
    strategy = ""
    for position, item in enumerate(items, 1):
        if item.strategy and item.strategy != strategy:
            if strategy:
                raise MalformedError("strategies", strategy, item.strategy, item=position)
            strategy = item.strategy
    return strategy


def assemble(
    form: SignalForm, items: tuple[Item, ...], *, number: str = "", sent_ns: int | None = None, note: str = ""
) -> Signal:
    """Return the signal that ``items`` make together, after checking them.

    Raises:
        MalformedError: as ``check_items`` and ``sender_of``.
    """
    check_items(items)
    sender = sender_of(number, items)
    return Signal(form, items, number, sender, sent_ns, note, content_of(items, note) if number else "")


def content_of(items: Sequence[Item], note: str = "") -> str:
    """Return what two messages with one id must share: a digest of all that is asked for, however it was written.

    ``sent_at`` is left out. The lines that are digested are part of the journal's meaning: an id is compared for 30
    trading days, across versions.
    """
    return digest(";".join([item_line(item) for item in items]) + (f"#{note}" if note else ""))


def digest(lines: str) -> str:
    """Return the content for canonical lines."""
    return blake2b(lines.encode("utf-8"), digest_size=CONTENT_BYTES).hexdigest()


def item_line(item: Item) -> str:
    """Return ``item`` in one canonical form; no two different instructions share it."""
    line = (
        f"{item.verb.value}|{item.symbol}|{item.size.text if item.size is not None else ''}"
        f"|{item.price.text if item.price is not None else ''}|{','.join(item.accounts)}"
    )
    if item.side is not None:
        line += f"|side={SideScope(item.side).value}"
    for name, value in (
        ("at", item.at_ns),
        ("not_before", item.not_before_ns),
        ("expires", item.expires_ns),
        ("ttl", item.ttl_ns),
        ("cancel_after", item.cancel_after_ns),
    ):
        if value is not None:
            line += f"|{name}={value}"
    if item.chase:
        line += f"|chase={item.chase}"
    if item.strategy:
        line += f"|strategy={item.strategy}"
    if item.verb is Verb.PORTFOLIO:
        holdings = ",".join(f"{symbol}={quantity}" for symbol, quantity in item.holdings)
        line += f"|{holdings}|close_others={item.close_others}"
    return line
