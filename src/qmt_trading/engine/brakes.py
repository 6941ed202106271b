"""What stops or slows trading by itself, and what only tells: each at most once a day and step."""

from __future__ import annotations

from collections.abc import Callable

from qmt_trading.engine import alerts
from qmt_trading.engine.risk.cancel_share import is_cancel_share_high
from qmt_trading.engine.risk.daily_loss import HALTING, REDUCING, day_profit, loss_step
from qmt_trading.engine.risk.gate import wanted_this_minute
from qmt_trading.engine.state import Account, State
from qmt_trading.engine.usage import Usage
from qmt_trading.model.limits import TOTAL, Limits
from qmt_trading.model.numbers import MILLION, Money, ratio_half_up
from qmt_trading.model.outputs import BrakeTripped, Output, TradingStateChanged
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import TradingState

WHO = "engine"
_STATES = {REDUCING: TradingState.REDUCING, HALTING: TradingState.HALTED}
STRICTNESS = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)

Emit = Callable[[Output], None]


def amplification(state: State, emit: Emit) -> None:
    """Halt everything when a minute has seen all the orders that it may: a loop upstream, or a fault here (A22)."""
    assert state.settings is not None
    limit = state.settings.submits_per_minute_max
    if state.wanted_in_minute < limit or state.trading_state is TradingState.HALTED:
        return
    if wanted_this_minute(state) >= limit:
        emit(alerts.amplification(limit))
        emit(TradingStateChanged(None, TradingState.HALTED, WHO, "AMPLIFICATION"))


def daily_loss(state: State, emit: Emit) -> None:
    """Reduce or halt where the day's loss has reached a limit that it had not reached before today."""
    gauges = state.gauges
    profit = assets = 0
    total = gauges.limits(TOTAL)
    in_total = bool(total.loss_reducing or total.loss_halting)
    for number, account in state.accounts.items():
        usage = gauges.of_account(number)
        limits = gauges.limits(usage.scope)
        if not (in_total or limits.loss_reducing or limits.loss_halting):
            continue
        own = day_profit(state, account)
        profit, assets = profit + own, assets + account.morning_assets
        _look(usage, limits, own, account.morning_assets, account, number, emit)
    if in_total:
        _look(gauges.usage(TOTAL), total, Money(profit), Money(assets), state, None, emit)


def _look(
    usage: Usage,
    limits: Limits,
    profit: Money,
    assets: Money,
    changed: Account | State,
    number: AccountId | None,
    emit: Emit,
) -> None:
    step = loss_step(profit, assets, limits)
    if step <= usage.loss_step:
        return
    limit = limits.loss_halting if step == HALTING else limits.loss_reducing
    share = ratio_half_up(-profit * MILLION, assets)
    emit(BrakeTripped(usage.scope, "loss", step))
    emit(alerts.daily_loss(number, share, limit, halting=step == HALTING))
    now = changed.state if isinstance(changed, Account) else changed.trading_state
    if STRICTNESS.index(_STATES[step]) > STRICTNESS.index(now):
        emit(TradingStateChanged(number, _STATES[step], WHO, "DAILY_LOSS"))


def cancel_share(state: State, emit: Emit) -> None:
    """Tell once a day of an account whose share of cancels is large."""
    for number in state.accounts:
        usage = state.gauges.of_account(number)
        share = state.gauges.limits(usage.scope).cancel_share_warn
        if usage.warned or not is_cancel_share_high(usage.canceled, usage.orders, share):
            continue
        emit(BrakeTripped(usage.scope, "cancel_share", 1))
        emit(alerts.cancel_share(number, usage.canceled, usage.orders, share))
