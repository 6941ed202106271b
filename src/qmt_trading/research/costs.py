"""What trading costs in a backtest, and how orders are filled: the two things that flatter a result most easily."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from qmt_trading.market.fees import Rates, rates_of
from qmt_trading.model.listing import Charges
from qmt_trading.model.numbers import MILLION, Money, to_percent_text, to_text
from qmt_trading.model.settings import FeeRounding, FeeSchedule
from qmt_trading.model.words import Side
from qmt_trading.research.columns import ColumnsError

FINE: Final = 100
"""Parts of a ten-thousandth of a yuan in which fees that are not rounded are carried."""
Words = tuple[str, str]
"""In Chinese and in English."""

At = Literal["open", "close", "vwap", "ticks"]
_PLACES: Final[dict[str, Words]] = {
    "open": ("下一根 K 线开盘价", "the next bar's open"),
    "close": ("当根 K 线收盘价", "the same bar's close"),
    "vwap": ("下一根 K 线均价", "the next bar's average price"),
    "ticks": ("下一快照的五档盘口", "the five levels of the next snapshot"),
}


class FillModel(Struct, frozen=True, kw_only=True):
    """Where and how much of an order fills."""

    at: At = "open"
    """``open``: a decision at a bar's close meets the next bar. ``close`` fills where it was decided: it flatters."""
    volume_share_millionths: int = 250_000
    """How much of what a bar traded one's own orders may be; 0: no cap, and a bar without volume fills too."""
    touch: bool = False
    """A limit order fills when its price is only reached; otherwise it has to be passed."""
    slippage_ticks: int = 0
    slippage_millionths: int = 0
    """Of the price."""
    slippage_spread_millionths: int = 0
    """Of the spread between the best bid and ask; of one tick where history has no book."""

    def words(self) -> str:
        """Return the model in a line, Chinese and English."""
        chinese, english = _PLACES[self.at]
        cap = to_percent_text(self.volume_share_millionths) if self.volume_share_millionths else "-"
        slip = f"{self.slippage_ticks} 跳 / ticks"
        if self.slippage_millionths:
            slip += f" + 价格的 / of the price {to_percent_text(self.slippage_millionths)}"
        if self.slippage_spread_millionths:
            slip += f" + 价差的 / of the spread {to_percent_text(self.slippage_spread_millionths)}"
        return f"{chinese} / {english}; 成交量上限 / volume cap {cap}; 滑点 / slippage {slip}"

    def warnings(self) -> tuple[Words, ...]:
        """Return what of it flatters."""
        found: list[Words] = []
        if self.at == "close":
            found.append(
                (
                    "按当根收盘价成交：决策用到的价格同时就是成交价，结果偏好看",
                    "filled at the close that was decided on: no order is that fast, the result flatters",
                )
            )
        if not self.volume_share_millionths:
            found.append(("没有成交量上限：再大的单也全部成交", "no volume cap: orders of any size are filled whole"))
        if self.touch:
            found.append(
                ("限价一触即成，不计排队", "limit orders fill when their price is touched, as if there were no queue")
            )
        if not (self.slippage_ticks or self.slippage_millionths or self.slippage_spread_millionths):
            found.append(("没有滑点", "no slippage"))
        return tuple(found)


def check_average(name: str, *, has_turnover: bool, adjusted: str) -> None:
    """Check that turnover over quantity is a price of the history ``name``.

    Raises:
        ColumnsError: there is no turnover, or prices are adjusted, which turnover never is.
    """
    if not has_turnover:
        raise ColumnsError(
            f"{name}：按均价成交要有成交额，这份数据没有（或有缺的）/ an average price needs turnover in every row"
        )
    if adjusted != "none":
        raise ColumnsError(
            f"{name}：成交额不复权，均价和复权价不是一回事：按均价成交请用 --adjust none 和 --actions / "
            "turnover is not adjusted: an average price belongs to unadjusted history"
        )


def rates(charges: Charges, side: Side, schedule: FeeSchedule) -> Rates:
    """Return what ``parts`` of market/fees is given: money in ten-thousandths, or in ``FINE`` parts if not rounded."""
    found = rates_of(charges, side, schedule)
    if schedule.fee_rounding is FeeRounding.FEN:
        return found
    commission, minimum, duty, transfer, par, par_minimum, _ = found
    return commission, minimum * FINE, duty, transfer, par, par_minimum * FINE, 1


def costs_words(schedule: FeeSchedule) -> str:
    """Return an account's costs in a line, Chinese and English."""
    duty, transfer = schedule.stamp_duty_millionths, schedule.transfer_millionths
    own = "按日期 / by the rule book"
    rounding = "取整到分 / to the fen" if schedule.fee_rounding is FeeRounding.FEN else "不取整 / not rounded"
    return (
        f"佣金 / commission {to_percent_text(schedule.commission_millionths)}, "
        f"最低 / at least {to_text(schedule.commission_minimum)}; "
        f"印花税 / stamp duty {own if duty is None else to_percent_text(duty)}; "
        f"过户费 / transfer fee {own if transfer is None else to_percent_text(transfer)}; {rounding}"
    )


def referee(commission_millionths: int, *, minimum: int = 50_000, stamp_duty_millionths: int | None = 0) -> FeeSchedule:
    """Return the costs of a referee that rounds nothing and knows no transfer fee."""
    assert 0 <= commission_millionths <= MILLION
    return FeeSchedule(
        commission_millionths=commission_millionths,
        commission_minimum=Money(minimum),
        stamp_duty_millionths=stamp_duty_millionths,
        transfer_millionths=0,
        fee_rounding=FeeRounding.NONE,
    )
