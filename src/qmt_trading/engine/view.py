"""Publishing: the state as an immutable view, rebuilt only where it changed."""

from __future__ import annotations

from qmt_trading.engine.bookkeeping import total_assets
from qmt_trading.engine.state import Account, State
from qmt_trading.model.numbers import Money
from qmt_trading.model.usage import UsageImage
from qmt_trading.model.view import AccountRow, View
from qmt_trading.model.words import Mode


class Publisher:
    """Makes views; a view costs the rows touched since the last one, plus one row an account and position."""

    def view(self, state: State, usages: tuple[UsageImage, ...] | None = None) -> View:
        """Return ``state`` as it is now; with ``usages`` of an earlier view where these need not be newer."""
        settings = state.settings
        warns_from = settings.calendar_warns_from if settings is not None else None
        return View(
            at_ns=state.now_ns,
            mode=state.bound.mode if state.bound is not None else Mode.PAPER,
            day=state.day,
            tag=state.bound.tag if state.bound is not None else "",
            trading_state=state.trading_state,
            told=state.told,
            submits_closed=state.submits_closed,
            accounts=tuple(_account_row(state, account) for account in state.accounts.values()),
            positions=tuple(
                held
                for account in state.accounts.values()
                for held in account.positions.values()
                if held.quantity or held.frozen_quantity or held.realised
            ),
            orders=state.orders.rows(),
            fills=state.fills.rows(),
            signals=state.signals.rows(),
            alerts=tuple(state.alerts),
            timed=tuple(state.timed.values()),
            timed_done=tuple(state.timed_done),
            malformed=state.malformed,
            calendar_until=settings.calendar_until if settings is not None else None,
            calendar_ends_soon=warns_from is not None and state.day is not None and warns_from <= state.day,
            limits=state.gauges.images(),
            limit_steps=state.gauges.steps,
            usages=tuple(usage.shown() for usage in state.gauges.usages.values()) if usages is None else usages,
            prices=state.prices.copy(),
            references=state.references.copy(),
            holdings=state.holdings.copy(),
            open_buys=state.open_buys.copy(),
            rules=settings.rules if settings is not None else (),
        )


def _account_row(state: State, account: Account) -> AccountRow:
    settings = account.settings
    return AccountRow(
        account=settings.account,
        name=settings.name,
        terminal=settings.terminal,
        state=account.state,
        told=account.told,
        link=account.link,
        ready=account.ready,
        available_cash=Money(account.cash - account.reserved),
        frozen_cash=account.reserved,
        market_value=Money(total_assets(state, account) - account.cash),
        working_orders=len(account.live),
        unknown_orders=len(account.unresolved),
        morning_assets=account.morning_assets,
        open_buys=account.open_buys.copy(),
        day_flows=account.day_flows.copy(),
        session=account.session,
        listed_session=account.listed_session,
        morning=account.morning,
        link_told=account.link_told,
        differences=tuple(account.differences.values()),
        listed=account.listed,
        on_difference=settings.on_difference,
        foreign=settings.foreign,
    )
