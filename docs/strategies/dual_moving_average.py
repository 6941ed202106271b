"""双均线：短均线在长均线上面就持有，跌破就卖。 Hold while the short average is above the long one."""

from dataclasses import dataclass

from qmt_trading.research.indicators import Sma
from qmt_trading.research.strategy import Strategy


class DualMovingAverage(Strategy):
    @dataclass
    class Parameters:
        fast: int = 10
        slow: int = 30
        quantity: int = 1000

    def declare(self):
        self.fields = ("close",)
        self.indicators = {"fast": Sma("close", self.p.fast), "slow": Sma("close", self.p.slow)}

    def on_bar(self, bar):
        if bar.fast > bar.slow and not self.position:
            self.buy(self.p.quantity)
        elif bar.fast < bar.slow and self.sellable:
            self.sell(self.sellable)
