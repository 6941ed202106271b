"""What one item meets when it is decided: the quote and the hour, the same for all accounts."""

from __future__ import annotations

from typing import Final

from qmt_trading.engine.risk.candidate import Market
from qmt_trading.engine.state import State
from qmt_trading.market.sessions import TAKES_ORDERS, Phase, Session
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Quote, TradingRule
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import PriceKind, PriceSpec
from qmt_trading.model.words import InstrumentKind, OpeningPause

_9_30_NS: Final = (9 * 60 + 30) * 60 * SECOND_NS
_AT_LIMIT: Final = (PriceKind.LIMIT_UP, PriceKind.LIMIT_DOWN)
_NOT_PRICED: Final = (InstrumentKind.REPO, InstrumentKind.SUBSCRIPTION)
"""A rate is no price, and a new share's is given."""


def market_of(state: State, settings: EngineSettings, quote: Quote, rule: TradingRule, spec: PriceSpec) -> Market:
    """Return what an order of ``quote.symbol``, priced by ``spec``, meets now."""
    phase = Phase.CONTINUOUS if settings.always_open else Session().phase_at(state.now_ns)
    takes_orders, held_until_ns = phase in TAKES_ORDERS, 0
    if phase is Phase.PAUSE:
        takes_orders = settings.opening_pause is not OpeningPause.DENY
        if settings.opening_pause is OpeningPause.HOLD and state.day is not None:
            held_until_ns = at_time(state.day, _9_30_NS)
    return Market(
        quote=quote,
        kind=rule.kind,
        reference=quote.last or quote.previous_close,
        takes_orders=takes_orders,
        continuous=phase is Phase.CONTINUOUS,
        is_priced=rule.kind not in _NOT_PRICED,
        at_limit=spec.kind in _AT_LIMIT,
        is_special=quote.suspended or quote.risk_warning,
        held_until_ns=held_until_ns,
    )
