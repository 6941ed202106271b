"""Tells the engine of the ex-days that have come, from whatever knows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from qmt_trading.engine.state import State
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.events import CorporateActionsTold

Source = Callable[[], Sequence[CorporateAction]]
"""Returns every action that is known, or raises ConfigurationError. Asked when a day opens: it does not take long."""
Told = Callable[[State], CorporateActionsTold | None]


class ExDays:
    """Asks ``source`` when a day opens and at each start, and keeps nothing."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def told(self, state: State) -> CorporateActionsTold | None:
        """Return the actions whose ex-day has come since the trading day before; None where they all were applied.

        A source that cannot be read is told, too: the day opens without it.
        """
        day = state.day
        assert day is not None
        try:
            known = self._source()
        except ConfigurationError as error:
            return CorporateActionsTold(day, (), str(error))
        after = state.day_before or day - dt.timedelta(days=1)
        come = tuple(action for action in known if after < action.ex_day <= day)
        if all(state.actions.get((action.ex_day, action.symbol)) == action for action in come):
            return None
        return CorporateActionsTold(day, come)
