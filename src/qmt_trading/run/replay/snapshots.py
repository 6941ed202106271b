"""What the orders of a replay execute against where history is snapshots: their five levels, and auctions' prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from qmt_trading.brokers.simulated.ledger import VenueOrder
from qmt_trading.brokers.simulated.market import Execution
from qmt_trading.market.eaten import Eaten
from qmt_trading.market.execution import available, bar_price, slipped
from qmt_trading.market.phases import Phase
from qmt_trading.market.sessions import Session
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import MILLION, SECOND_NS, Price, Quantity
from qmt_trading.model.words import Side
from qmt_trading.research.costs import FillModel
from qmt_trading.run.replay.history import CLOSE_NS, Day, History

_CLOSING_NS: Final = 60 * SECOND_NS
"""How long after the close the snapshot with the closing auction's price may come."""


class _Meeting:
    """How far an order has met history."""

    __slots__ = ("rested", "row")

    def __init__(self, row: int) -> None:
        self.row = row
        self.rested = False
        """It has met a snapshot, and stands in the book."""


class SnapshotMarket:
    """Orders against snapshots.

    In continuous trading an order meets the levels of the next snapshot, from the best on; what one order takes is not
    there for the next, nor in the snapshots after it as long as its price stands there. One that rests executes at its
    limit when the market has traded through it since, as far as the volume cap goes. The levels of an auction are not
    for taking: an order meets the price at which it ends.
    """

    def __init__(self, histories: Mapping[Symbol, History], model: FillModel, session: Session) -> None:
        self._histories = histories
        self._model = model
        self._session = session
        self._levels: dict[tuple[Symbol, int, bool], list[list[int]]] = {}
        """What is left of a row's levels, where orders have taken of them."""
        self._eaten: dict[tuple[Symbol, bool], Eaten] = {}
        self._taken: dict[tuple[Symbol, int], int] = {}
        """Shares of a row's volume that resting orders have taken."""
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
        while left and meeting.row < len(history) and history.ends[meeting.row] <= now_ns:
            row = meeting.row
            day = history.days[history.day_of_row[row]]
            if day is not placed_day:
                break
            if self._session.span_at(order.symbol, history.ends[row]).phase is Phase.CONTINUOUS:
                left -= self._at_levels(order, history, day, row, left, done, rested=meeting.rested)
                meeting.rested = True
            elif history.quantity[row]:
                left -= self._at_auction(order, history, day, row, left, done)
                meeting.rested = True
            meeting.row += 1
        if not left:
            self._meetings.pop(order.serial, None)
        return done

    def is_over(self, symbol: Symbol, now_ns: int) -> bool:
        """Tell whether the snapshot of the closing auction has come, or will not come any more."""
        history = self._histories.get(symbol)
        day = history.day_at(now_ns) if history is not None else None
        if history is None or day is None:
            return True
        return now_ns >= at_time(day.date, CLOSE_NS) + _CLOSING_NS

    def next_ns(self, symbol: Symbol, now_ns: int) -> int:
        """Return the next instant after ``now_ns`` at which an order of ``symbol`` may execute; 0: none."""
        history = self._histories.get(symbol)
        return history.next_ns(now_ns) if history is not None else 0

    def _at_levels(
        self,
        order: VenueOrder,
        history: History,
        day: Day,
        row: int,
        left: int,
        done: list[Execution],
        *,
        rested: bool,
    ) -> int:
        buys, limit, took = order.side is Side.BUY, int(order.price), 0
        levels = self._levels_of(history, row, asks=buys)
        if not levels:
            self._note(order, "LIMIT_UP_MISSED" if buys else "LIMIT_DOWN_MISSED")
        for level in levels:
            if left == took or (level[0] > limit if buys else level[0] < limit):
                break
            quantity = available(left - took, level[1], self._lot(day))
            if quantity:
                level[1] -= quantity
                self._eaten_of(history, asks=buys).take(level[0], quantity, history.ends[row])
            took += self._done(order, history, day, row, level[0], quantity, done)
        last = history.close[row]
        if rested and took < left and last and (last < limit if buys else last > limit):
            quantity = available(left - took, self._volume_left(history, row), self._lot(day))
            self._taken[history.symbol, row] = self._taken.get((history.symbol, row), 0) + quantity
            took += self._done(order, history, day, row, limit, quantity, done)
        if took < left and levels:
            self._note(order, "VOLUME_CAP" if took else "NOT_REACHED")
        return took

    def _at_auction(
        self, order: VenueOrder, history: History, day: Day, row: int, left: int, done: list[Execution]
    ) -> int:
        buys, limit, at = order.side is Side.BUY, int(order.price), history.close[row]
        price = bar_price(buys, limit, at, at, at, day.up, day.down, self._model.touch)
        if not price:
            sealed = at >= day.up if buys else at <= day.down
            missed = "LIMIT_UP_MISSED" if buys else "LIMIT_DOWN_MISSED"
            self._note(order, missed if sealed and (day.up if buys else day.down) else "NOT_REACHED")
            return 0
        quantity = available(left, self._volume_left(history, row), self._lot(day))
        self._taken[history.symbol, row] = self._taken.get((history.symbol, row), 0) + quantity
        if quantity < left:
            self._note(order, "VOLUME_CAP")
        return self._done(order, history, day, row, price, quantity, done)

    def _done(
        self, order: VenueOrder, history: History, day: Day, row: int, price: int, quantity: int, done: list[Execution]
    ) -> int:
        """Write an execution down, its price made worse by the model's slippage, and return its quantity."""
        if not quantity:
            return 0
        model, bars = self._model, history.bars
        assert day.facts is not None
        assert bars.bids is not None
        assert bars.asks is not None
        tick = day.facts.rule.tick
        bid, ask = bars.bids.item(row, 0), bars.asks.item(row, 0)
        spread = ask - bid if ask and bid else tick
        price = slipped(
            order.side is Side.BUY,
            price,
            model.slippage_ticks,
            model.slippage_millionths,
            spread * model.slippage_spread_millionths // MILLION,
            tick,
            int(order.price),
            day.up,
            day.down,
        )
        done.append(Execution(Price(price), Quantity(quantity), history.ends[row]))
        return quantity

    def _levels_of(self, history: History, row: int, *, asks: bool) -> list[list[int]]:
        """Return price and quantity of each level that is there, best first, as orders before have left them."""
        key = history.symbol, row, asks
        found = self._levels.get(key)
        if found is None:
            bars = history.bars
            prices = bars.asks if asks else bars.bids
            quantities = bars.ask_quantities if asks else bars.bid_quantities
            assert prices is not None
            assert quantities is not None
            found = []
            for price, quantity in zip(prices[row].tolist(), quantities[row].tolist(), strict=True):
                if price <= 0:
                    break
                found.append([price, quantity])
            self._eaten_of(history, asks=asks).leave(found, history.ends[row], asks=asks)
            self._levels[key] = found
        return found

    def _eaten_of(self, history: History, *, asks: bool) -> Eaten:
        return self._eaten.setdefault((history.symbol, asks), Eaten())

    def _volume_left(self, history: History, row: int) -> int:
        share, traded = self._model.volume_share_millionths, history.quantity[row]
        most = traded * share // MILLION if share else traded
        return max(0, most - self._taken.get((history.symbol, row), 0))

    def _lot(self, day: Day) -> int:
        assert day.facts is not None
        return int(day.facts.rule.lot)

    def _note(self, order: VenueOrder, reason: str) -> None:
        self.reasons[order.client_order_id] = reason
