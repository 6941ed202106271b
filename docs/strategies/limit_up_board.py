"""打板：封板就按涨停价排队，封单被砸或到点就撤，第二天开板就卖。 Queue at a sealed upper limit, sell the next day."""

from dataclasses import dataclass

from qmt_trading.research.strategy import Strategy

MINUTE_NS = 60_000_000_000


class LimitUpBoard(Strategy):
    @dataclass
    class Parameters:
        quantity: int = 1000
        eaten: int = 5
        until: int = 1450

    frequency = "1m"
    fields = ("at_ns", "close", "quantity")

    def on_start(self):
        self.waiting = {}
        self.sealed = {}

    def on_bar(self, bar):
        up, _ = self.limits
        is_sealed = up > 0 and bar.close == up
        if self.sellable and not is_sealed:
            self.sell(self.sellable)
        order = self.waiting.get(bar.place)
        past = self.sealed.setdefault(bar.place, [])
        if not is_sealed:
            past.clear()
            if order is not None:
                self.cancel(order)
            return
        is_eaten = len(past) > 2 and bar.quantity * len(past) > self.p.eaten * sum(past)
        past.append(bar.quantity)
        if order is not None and (is_eaten or clock(bar.at_ns) >= self.p.until):
            self.cancel(order)
        elif (
            order is None and not is_eaten and len(past) == 2 and not self.position and clock(bar.at_ns) < self.p.until
        ):
            self.waiting[bar.place] = self.buy(self.p.quantity, limit=up)

    def on_fill(self, order):
        if order.side > 0 and not order.leaves:
            self.waiting.pop(order.place, None)

    def on_order(self, order):
        self.waiting.pop(order.place, None)


def clock(at_ns):
    """14:50 记作 1450，北京时间。"""
    minute = at_ns // MINUTE_NS + 8 * 60
    return minute // 60 % 24 * 100 + minute % 60
