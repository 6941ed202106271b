"""What one item meets when it is decided: the quote and the hour, the same for all accounts."""

from __future__ import annotations

from typing import Final

from qmt_trading.engine.risk.candidate import Market
from qmt_trading.engine.state import State
from qmt_trading.market.phases import ALL_DAY, DAY_NS, NO_DAY, Phase, Span, span_at
from qmt_trading.model.instrument import Quote, TradingRule
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import PriceKind, PriceSpec
from qmt_trading.model.words import NOT_PRICED, OpeningPause

_AT_LIMIT: Final = (PriceKind.LIMIT_UP, PriceKind.LIMIT_DOWN)
_CAGED: Final = (Phase.CONTINUOUS, Phase.LUNCH, Phase.PAUSE)
"""What a counter takes at lunch and before 9:30 meets the cage when trading goes on."""


def market_of(state: State, settings: EngineSettings, quote: Quote, rule: TradingRule, spec: PriceSpec) -> Market:
    """Return what an order of ``quote.symbol``, priced by ``spec``, meets now."""
    span = _span(state, settings, quote, rule)
    takes_orders, held_until_ns = span.takes_orders, 0
    if span.phase is Phase.PAUSE:
        takes_orders = settings.opening_pause is not OpeningPause.DENY
        if settings.opening_pause is OpeningPause.HOLD:
            held_until_ns = state.day_begins_ns + span.ends_ns
    return Market(
        quote=quote,
        kind=rule.kind,
        reference=quote.last or quote.previous_close,
        takes_orders=takes_orders,
        continuous=span.phase is Phase.CONTINUOUS,
        caged=span.phase in _CAGED and not held_until_ns,
        is_priced=rule.kind not in NOT_PRICED,
        at_limit=spec.kind in _AT_LIMIT,
        is_special=quote.suspended or quote.risk_warning,
        held_until_ns=held_until_ns,
    )


def _span(state: State, settings: EngineSettings, quote: Quote, rule: TradingRule) -> Span:
    """Return the phase of now: of the open day, and none on a date that is not that day.

    The open day lies ahead on a day of rest, and behind while a step of the clock is doubted.
    """
    if settings.always_open:
        return ALL_DAY
    time_ns = state.now_ns - state.day_begins_ns
    if state.day is None or not 0 <= time_ns < DAY_NS:
        return NO_DAY
    return span_at(quote.symbol, rule.kind, rule.board, state.day, time_ns)
