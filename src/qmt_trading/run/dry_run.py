"""What messages would lead to: judged by the same rules on a copy of what the engine knows, and never carried out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from qmt_trading import __version__
from qmt_trading.codec.signal import parse
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.fold import signal_key
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import UNIT, Money, Price
from qmt_trading.model.reasons import Reason
from qmt_trading.model.receipt import OrderLine, Receipt
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import Heartbeat, Item, Malformed, Signal, SizeKind
from qmt_trading.model.words import LinkState, Side
from qmt_trading.run import recovery
from qmt_trading.run.reading import journal_path

Quotes = Callable[[Symbol], Quote | None]
Known = Callable[[str], ev.KnownSignal | None]

CANNOT_TELL: Final = frozenset(
    (
        Reason.PRICE_MISSING,
        Reason.QUOTE_STALE,
        Reason.CASH_EXCEEDED,
        Reason.SELLABLE_EXCEEDED,
        Reason.NOTHING_TO_CANCEL,
        Reason.TARGET_REACHED,
    )
)
"""Denials that mean nothing where neither quotes nor positions are known."""
_OF_A_POSITION: Final = frozenset((Reason.SIZE_ZERO, Reason.LOT_INVALID))
_OF_A_VALUE: Final = frozenset((Reason.ORDER_VALUE_EXCEEDED, Reason.QUANTITY_EXCEEDED))
_PLENTY: Final = Money(10**12 * UNIT)


class Judged(NamedTuple):
    """One message, or one of several glued together."""

    signal: Signal | None
    answer: Receipt | Malformed


class Facts(NamedTuple):
    """What the engine would be told with each message."""

    quotes: Quotes
    known: Known
    now_ns: int
    next_day: dt.date | None = None
    """The next trading day, once this one's trading is over."""


def symbols_of(engine: Engine, texts: Sequence[str], *, infer_market: bool) -> list[Symbol]:
    """Return the symbols that ``texts`` trade: what quotes are needed for."""
    found = [parsed for text in texts for parsed in parse(text.encode("utf-8"), infer_market=infer_market)]
    return _traded(engine, [item for parsed in found if isinstance(parsed, Signal) for item in parsed.items])


def _traded(engine: Engine, items: Sequence[Item]) -> list[Symbol]:
    return list(dict.fromkeys(symbol for item in items for symbol in engine.symbols_of(item)))


def judge(engine: Engine, texts: Sequence[str], facts: Facts, *, door: str, infer_market: bool) -> list[list[Judged]]:
    """Return the answer to each of ``texts``, one after the other, as ``engine`` would give it at ``door``.

    ``engine`` is changed as if they had been carried out: hand in one that nothing else uses.
    """
    facts = facts._replace(now_ns=max(facts.now_ns, engine.state.now_ns))
    told: list[list[Judged]] = []
    for text in texts:
        answers: list[Judged] = []
        for parsed in parse(text.encode("utf-8"), infer_market=infer_market):
            if isinstance(parsed, Malformed):
                answers.append(Judged(None, parsed))
            elif not isinstance(parsed, Heartbeat):
                answers.append(Judged(parsed, _answer(engine, parsed, text, facts, door)))
        told.append(answers)
    return told


def _answer(engine: Engine, signal: Signal, text: str, facts: Facts, door: str) -> Receipt:
    state = engine.state
    found = tuple(quote for symbol in _traded(engine, signal.items) if (quote := facts.quotes(symbol)) is not None)
    event = ev.SignalReceived(
        state.signal_seq + 1,
        door,
        facts.now_ns,
        text,
        signal,
        found,
        arrival=state.arrival + 1,
        next_day=facts.next_day,
    )
    key = signal_key(event)
    if key and key not in state.ids:
        event = replace(event, known=facts.known(key))
    outputs = engine.handle(event, facts.now_ns)
    return next(each.receipt for each in outputs if isinstance(each, out.SignalAnswered))


@contextmanager
def recorded(folder: Path) -> Iterator[tuple[Engine, Known]]:
    """Yield the engine as the journal in ``folder`` tells of it, and what finds ids of earlier days.

    Raises:
        JournalError: there is no journal, or it cannot be read.
    """
    reader = SqliteReader(journal_path(folder))
    try:
        yield recovery.recover(reader).engine, reader.known_signal
    finally:
        reader.close()


def from_configuration(settings: EngineSettings, now_ns: int, day: dt.date) -> Engine:
    """Return an engine that knows ``settings`` and no more: ``day`` is open, every account ready and with plenty."""
    engine = Engine()
    accounts = tuple(account.account for account in settings.accounts)
    engine.handle(ev.JournalBound(1, settings.mode, "AAA", accounts), now_ns)
    engine.handle(ev.EngineStarted(__version__, _without_market(settings), False, ""), now_ns)
    engine.handle(ev.DayBegan(day), now_ns)
    for number in accounts:
        account = engine.state.account(number)
        account.link, account.ready, account.cash = LinkState.CONNECTED, True, _PLENTY
    return engine


def _without_market(settings: EngineSettings) -> EngineSettings:
    """Return ``settings`` without the limits that are held against prices, positions or assets."""

    def left(limits: Limits) -> Limits:
        return replace(limits, deviation_max=0, position_value_max=0, position_share_max=0, cash_reserve=Money(0))

    return replace(
        settings,
        limits=left(settings.limits),
        accounts=tuple(replace(each, limits=left(each.limits)) for each in settings.accounts),
        doors=tuple(replace(each, limits=left(each.limits)) for each in settings.doors),
        strategies=tuple(replace(each, limits=left(each.limits)) for each in settings.strategies),
    )


def rule_alone(rules: RuleBook, day: dt.date) -> Quotes:
    """Return what knows of a symbol without a market: its rule on ``day``, and no price."""
    none = Price(0)
    return lambda symbol: Quote(symbol, none, none, none, none, (), (), 0, rules.rule(symbol, day))


def is_untold(signal: Signal, line: OrderLine) -> bool:
    """Tell whether a denial of ``from_configuration`` comes from what is not known there."""
    if line.denial is None:
        return False
    reason = line.denial.reason
    if reason in CANNOT_TELL or (reason in _OF_A_POSITION and line.side is Side.SELL):
        return True
    of_assets = {item.symbol for item in signal.items if item.size and item.size.kind is SizeKind.PERCENT}
    return reason in _OF_A_VALUE and line.symbol in of_assets
