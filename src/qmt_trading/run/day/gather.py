"""Gathers what the condition and the checklist of an account follow from; looks at the view, the feed and the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from qmt_trading.market.phases import Phase
from qmt_trading.market.sessions import Session
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.reconciliation import CASH
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.view import AccountRow, View
from qmt_trading.model.words import OrderStatus, TradingState
from qmt_trading.ports import Clock, MarketFeed
from qmt_trading.run import limit_control
from qmt_trading.run.day.checklist import Facts
from qmt_trading.run.day.condition import Seen
from qmt_trading.run.day.night import Night
from qmt_trading.run.day.outside import OutsideOf, nothing_known
from qmt_trading.run.ex_days import Source

_TRADING: Final = frozenset(
    {Phase.OPENING_AUCTION, Phase.OPENING_AUCTION_FIXED, Phase.CONTINUOUS, Phase.CLOSING_AUCTION}
)
_SEVERITY: Final = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)
QUOTED_MAX: Final = 200
"""Holdings whose quotes are looked at."""


class Gather:
    """For any thread; keeps nothing but its parts."""

    def __init__(
        self,
        *,
        view: Callable[[], View],
        clock: Clock,
        session: Session,
        settings: EngineSettings,
        feed: MarketFeed,
        folder: Path,
        journal_closed: Callable[[], str],
        actions: Source | None = None,
        night: Night | None = None,
        outside_of: OutsideOf = nothing_known,
        simulated: bool = False,
        tries_disk: bool = True,
    ) -> None:
        """Take the parts.

        Args:
            actions: what is known of ex-days; None: nothing is.
            simulated: no terminal holds money.
            tries_disk: write a byte into ``folder`` to see whether that is possible.
        """
        self._view = view
        self._clock = clock
        self._session = session
        self._settings = {each.account: each for each in settings.accounts}
        self._feed = feed
        self._folder = folder
        self._journal_closed = journal_closed
        self._actions = actions
        self.night: Final = night
        self._outside_of = outside_of
        self._simulated = simulated
        self._tries_disk = tries_disk
        self._began_ns = clock.steady_ns()

    def is_night(self, now_ns: int) -> bool:
        return self.night is not None and self.night.holds(now_ns, self._session)

    def is_trading(self, now_ns: int) -> bool:
        """Tell whether the market matches, or takes orders of an auction."""
        return self._session.phase_at(now_ns) in _TRADING

    def seen(self, row: AccountRow) -> Seen:
        """Return what the condition of one account follows from."""
        now_ns = self._clock.now_ns()
        running_ns = self._clock.steady_ns() - self._began_ns
        since_ns = row.link_told.at_ns
        return Seen(
            link=row.link,
            listed=_listed(row),
            link_age_ns=max(0, now_ns - since_ns) if since_ns else running_ns,
            running_ns=running_ns,
            night=self.is_night(now_ns),
            trading=self.is_trading(now_ns),
            link_text=row.link_told.text,
            difference=_difference(row),
            unknown_orders=row.unknown_orders,
            outside=self._outside_of(row.account),
        )

    def facts(self, row: AccountRow) -> Facts:
        """Return what the checklist of one account follows from; takes a look at the disk."""
        view, now_ns = self._view(), self._clock.now_ns()
        settings = self._settings.get(row.account)
        day = view.day or day_of(now_ns)
        held = [each.symbol for each in view.positions if each.account == row.account and each.quantity]
        quotes = [quote for symbol in held[:QUOTED_MAX] if (quote := self._feed.quote(symbol, now_ns)) is not None]
        newest_ns = max((quote.quoted_ns for quote in quotes), default=0)
        compliance = settings.compliance if settings is not None else None
        actions = self._known_actions()
        unresolved = sum(
            each.account == row.account and each.status is OrderStatus.EXPIRED_UNRESOLVED for each in view.orders
        )
        return Facts(
            mode=view.mode,
            now_ns=now_ns,
            trading=self.is_trading(now_ns),
            link=row.link,
            ready=row.ready,
            listed=_listed(row),
            link_since_ns=row.link_told.at_ns,
            night_began_ns=self.night.last_began_ns(now_ns) if self.night is not None else 0,
            link_text=row.link_told.text,
            difference=_difference(row),
            positions=len(held),
            unknown_orders=row.unknown_orders - unresolved,
            unresolved_orders=unresolved,
            day=day,
            calendar_until=view.calendar_until,
            calendar_ends_soon=view.calendar_ends_soon,
            quote_age_ns=max(0, now_ns - newest_ns) if newest_ns else None,
            quote_ahead_ns=max(0, newest_ns - now_ns),
            space=_space(self._folder),
            journal_trouble=self._journal_closed() or view.submits_closed or self._disk_trouble(),
            registered=compliance.registered if compliance is not None else None,
            simulated=self._simulated,
            state=max(row.state, view.trading_state, key=_SEVERITY.index),
            limits_waiting=len(limit_control.waiting(view)),
            today=tuple(_special(held, quotes, actions or (), day_of(now_ns))),
            actions_known=actions is not None,
            outside=self._outside_of(row.account),
        )

    def _known_actions(self) -> Sequence[CorporateAction] | None:
        if self._actions is None:
            return None
        try:
            return self._actions()
        except ConfigurationError:
            return None  # The engine has told of it when the day was opened.

    def _disk_trouble(self) -> str:
        if not self._tries_disk:
            return ""
        path = self._folder / f".check-{os.getpid()}"
        try:
            path.write_bytes(b"x")
            path.unlink()
        except OSError as error:
            return error.strerror or str(error)
        return ""


def _listed(row: AccountRow) -> bool:
    return row.ready and row.session > 0 and row.listed_session == row.session


def _space(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _special(
    held: Sequence[Symbol], quotes: Sequence[Quote], actions: Sequence[CorporateAction], date: object
) -> list[str]:
    """Return what is known to be special about each holding today."""
    names = {quote.symbol: quote.name for quote in quotes}
    found: list[str] = []

    def tell(symbol: Symbol, what: str) -> None:
        name = names.get(symbol, "")
        found.append(f"{symbol}{f' {name}' if name else ''} {what}")

    for action in actions:
        if action.symbol in held and action.ex_day == date:
            tell(action.symbol, "除权除息")
    for quote in quotes:
        if quote.suspended:
            tell(quote.symbol, "停牌")
        if quote.risk_warning:
            tell(quote.symbol, "风险警示")
    return found


def _difference(row: AccountRow) -> str:
    """Return where holdings are proven to be other than the broker's, lags excepted; empty: nowhere.

    What a person has judged is not said again.
    """
    proven = [each for each in row.differences if each.is_proven and each.is_open and each.symbol != CASH]
    return ", ".join(f"{each.symbol} {each.ours}≠{each.theirs}" for each in proven)
