"""What the orders of a replay execute against: the bars of history, by the fill model of every backtest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from qmt_trading.brokers.simulated.ledger import VenueOrder
from qmt_trading.brokers.simulated.market import Execution
from qmt_trading.market.execution import available, bar_price, slipped
from qmt_trading.market.phases import Phase
from qmt_trading.market.sessions import Session
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import MILLION, Price, Quantity
from qmt_trading.model.words import Side
from qmt_trading.research.costs import FillModel
from qmt_trading.run.replay.history import Day, History

_NO_BOUND: Final = 1 << 62


class _Meeting:
    """How far an order has met history."""

    __slots__ = ("has_opened", "row")

    def __init__(self, row: int) -> None:
        self.row = row
        """The row that it meets now, or next."""
        self.has_opened = False
        """It has met the opening price of that row."""


class BarMarket:
    """Orders against bars.

    An order that stood before a bar began meets its opening price at its beginning, and what it traded besides at its
    end; one that came within the bar meets its closing price alone, and of its volume no more than the part that was
    still to come. In the closing auction there is the price at which it ends, the last bar's, and no other. Nothing of
    a bar is used before it had happened. Orders of all accounts share the volume.
    """

    def __init__(self, histories: Mapping[Symbol, History], model: FillModel, session: Session) -> None:
        self._histories = histories
        self._model = model
        self._session = session
        self._taken: dict[tuple[Symbol, int], int] = {}
        """Shares of a row that orders have taken."""
        self._meetings: dict[int, _Meeting] = {}
        self.reasons: dict[str, str] = {}
        """By client order id: what kept an order, or the rest of it, from executing when it met the market last."""

    def executions(self, order: VenueOrder, now_ns: int) -> Sequence[Execution]:
        """Return what ``order`` has executed up to now since this was asked last."""
        history = self._histories.get(order.symbol)
        if history is None:
            return ()
        meeting = self._meetings.get(order.serial)
        if meeting is None:
            meeting = self._meetings[order.serial] = _Meeting(history.first_after(order.placed_ns))
        done: list[Execution] = []
        left = int(order.leaves)
        placed_day = history.day_at(order.placed_ns)
        while left and meeting.row < len(history):
            row = meeting.row
            day = history.days[history.day_of_row[row]]
            if day is not placed_day:
                break
            auctioned = self._in_closing_auction(history, row)
            stood = order.placed_ns <= history.begins[row] and not auctioned
            if stood and not meeting.has_opened:
                if history.begins[row] > now_ns:
                    break
                meeting.has_opened = True
                if not self._opens_beyond(order, history, row):
                    left -= self._take(order, history, day, row, left, history.begins[row], done)
                    if not left:
                        break
            if history.ends[row] > now_ns:
                break
            if auctioned and not history.ends_day(row):
                pass  # Nothing is matched before the auction ends.
            elif not stood or self._opens_beyond(order, history, row):
                left -= self._take(order, history, day, row, left, history.ends[row], done)
            meeting.row += 1
            meeting.has_opened = False
        if not left:
            self._meetings.pop(order.serial, None)
        return done

    def is_over(self, symbol: Symbol, now_ns: int) -> bool:
        """Tell that the close ends everything: the closing auction is in the last bar."""
        return True

    def next_ns(self, symbol: Symbol, now_ns: int) -> int:
        """Return the next instant after ``now_ns`` at which an order of ``symbol`` may execute; 0: none."""
        history = self._histories.get(symbol)
        return history.next_ns(now_ns) if history is not None else 0

    def _in_closing_auction(self, history: History, row: int) -> bool:
        begin_ns = history.begins[row]
        return self._session.span_at(history.symbol, begin_ns).phase is Phase.CLOSING_AUCTION

    def _opens_beyond(self, order: VenueOrder, history: History, row: int) -> bool:
        """Tell whether the opening price is none that ``order`` takes: its own limit decides what it gets."""
        at = history.open[row]
        return at > order.price if order.side is Side.BUY else at < order.price

    def _take(
        self, order: VenueOrder, history: History, day: Day, row: int, left: int, at_ns: int, done: list[Execution]
    ) -> int:
        """Let ``order`` meet a row, and return how much of it executed."""
        model, buys, limit = self._model, order.side is Side.BUY, int(order.price)
        share = model.volume_share_millionths
        most = history.quantity[row] * share // MILLION if share else _NO_BOUND
        if self._in_closing_auction(history, row):
            at = high = low = history.close[row]
        elif order.placed_ns <= history.begins[row]:
            at, high, low = history.open[row], history.high[row], history.low[row]
        else:
            at = high = low = history.close[row]
            part, whole = history.part_left(row, order.placed_ns)
            most = most * part // whole if share else most
        price = bar_price(buys, limit, at, high, low, day.up, day.down, model.touch)
        if not price:
            self.reasons[order.client_order_id] = _missed(buys, day, high, low)
            return 0
        key = history.symbol, row
        assert day.facts is not None
        rule = day.facts.rule
        quantity = available(left, max(0, most - self._taken.get(key, 0)), rule.lot)
        if quantity < left:
            self.reasons[order.client_order_id] = "VOLUME_CAP"
        if not quantity:
            return 0
        self._taken[key] = self._taken.get(key, 0) + quantity
        extra = rule.tick * model.slippage_spread_millionths // MILLION
        price = slipped(
            buys,
            price,
            model.slippage_ticks,
            model.slippage_millionths,
            extra,
            rule.tick,
            limit,
            day.up,
            day.down,
        )
        done.append(Execution(Price(price), Quantity(quantity), at_ns))
        return quantity


def _missed(buys: bool, day: Day, high: int, low: int) -> str:
    if buys and day.up and low >= day.up:
        return "LIMIT_UP_MISSED"
    if not buys and day.down and high <= day.down:
        return "LIMIT_DOWN_MISSED"
    return "NOT_REACHED"
