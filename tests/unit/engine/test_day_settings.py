"""What holds from a day on: new settings that the day brings, else those of before."""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model.instant import at_time
from qmt_trading.model.numbers import SECOND_NS
from tests.engine_bench import ACCOUNT, DAY, Bench

NINE_NS = 9 * 3600 * SECOND_NS


def test_a_day_may_bring_new_settings_and_without_any_the_old_ones_hold() -> None:
    """A client that was updated overnight loses what its card permitted: an unknown order ends by no list any more."""
    bench = Bench()
    first, *others = bench.settings.accounts
    permitted = replace(bench.settings, accounts=(replace(first, settles_alone=not first.settles_alone), *others))
    for ahead, brought, held in ((1, permitted, permitted), (2, None, permitted), (3, bench.settings, bench.settings)):
        day = DAY + dt.timedelta(days=ahead)
        bench.now_ns = at_time(day, NINE_NS)
        bench.feed(ev.DayBegan(day, brought))
        assert bench.engine.state.settings == held
        assert bench.engine.state.accounts[ACCOUNT].settings == held.accounts[0]
