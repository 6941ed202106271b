"""ETF 轮动：每周换成最近涨得最多的几只，没有在涨的就空着。 Hold the funds that have risen most; none that fall."""

from dataclasses import dataclass

import numpy as np

from qmt_trading.research.conditions import Schedule
from qmt_trading.research.strategy import Strategy


class EtfRotation(Strategy):
    @dataclass
    class Parameters:
        days: int = 20
        every: int = 5
        hold: int = 2

    def declare(self):
        self.wake = Schedule(every_days=self.p.every, first=self.p.days)

    def on_bars(self, bars):
        past = bars.history("close", self.p.days + 1)
        before, now = past[0], past[-1]
        gain = np.where(bars.present & (before > 0), now / np.maximum(before, 1) - 1, -1)
        best = [place for place in np.argsort(-gain, kind="stable")[: self.p.hold] if gain[place] > 0]
        target = np.zeros(len(now), np.int64)
        share = self.equity * 95 // 100 // self.p.hold
        target[best] = share // now[best] // 100 * 100
        bars.target(target)
