"""Makes the day's watch of a configuration and the parts of a running engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from qmt_trading import __version__
from qmt_trading.market.sessions import Session
from qmt_trading.ports import Clock, MarketFeed
from qmt_trading.run.config import Configuration
from qmt_trading.run.config_terminals import simulated_only
from qmt_trading.run.day import report_page
from qmt_trading.run.day.awake import Awake, power_of_this_system
from qmt_trading.run.day.gather import Gather
from qmt_trading.run.day.outside import OutsideOf, nothing_known
from qmt_trading.run.day.report import report_of
from qmt_trading.run.day.watch import DayWatch, Notice, Say
from qmt_trading.run.ex_days import Source
from qmt_trading.run.loop import Loop


def make_day_watch(
    configuration: Configuration,
    loop: Loop,
    clock: Clock,
    session: Session,
    feed: MarketFeed,
    *,
    actions: Source | None,
    report: Callable[[Notice], None],
    say: Say,
    outside_of: OutsideOf = nothing_known,
) -> DayWatch:
    """Return the watch.

    Args:
        actions: what is known of ex-days; None: nothing is.
        report: takes what goes on record.
        outside_of: what the terminals tell of an account beside its rows.
    """
    settings, day = configuration.engine, configuration.day
    gather = Gather(
        view=lambda: loop.view,
        clock=clock,
        session=session,
        settings=settings,
        feed=feed,
        folder=configuration.folder,
        journal_closed=lambda: loop.closed,
        actions=actions,
        night=day.night,
        outside_of=outside_of,
        simulated=simulated_only(configuration.terminals),
    )

    def write_report(of: dt.date) -> None:
        view = loop.view
        if view.day != of:
            return
        made = report_of(view, day=of, version=__version__, head=loop.head)
        try:
            page = report_page.write(made, configuration.folder / report_page.FOLDER)
        except OSError as error:
            say("warning", "report", f"日报没有写成：{error}")
        else:
            say("info", "report", f"日报：{page}")

    return DayWatch(
        view=lambda: loop.view,
        clock=clock,
        session=session,
        gather=gather,
        checked=frozenset(each.account for each in settings.accounts if each.morning_check),
        no_cancel=settings.no_cancel,
        report=report,
        say=say,
        awake=Awake(power_of_this_system()) if day.awake else None,
        write_report=write_report if day.report else None,
    )
