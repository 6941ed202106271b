"""Plays many virtual days of one client's process without an end, and looks whether anything grows; for CPython 3.6.

``python3.6 -m tests.fullqmt.py36.soak`` plays 24 days and 5,000 orders: every morning the client runs the text anew, as
with automatic initialisation, and the timers of the days before go on. Two things grow and are to: the client keeps
every text that it has run (how much that is is measured afterwards, by as many mornings without a day), and the text
keeps what it has handed over, of 100,000 orders at most. Claims lie in real files. One line a day; ends with 1 where
memory grows by more, open files grow, or a tick goes over its budget.
"""

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time

from tests.fullqmt.py36.sim_engine import ACCOUNT
from tests.fullqmt.py36.simulate import Life, Violation, compiled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

DAY_US = 86400 * 1000000
BEGINS_S = 1794186000
"""2026-11-09 01:00 UTC: 9:00 in Shanghai; 24 days on it is December."""
SYMBOLS = ["{}.SH".format(600000 + number) for number in range(60)]
GROWTH_MAX_KB = 1024
"""Of the resident memory, from the end of the third day to the end of the last, beside what is kept on purpose."""
CLAIM_BYTES = 400
"""What a claim takes up in memory: two texts and their place in a table."""
TICK_CPU_MAX_S = 0.040
"""Of 99 ticks in 100, by this process's own time."""


class Calendar:
    """What the text sees as the module ``time``: the world's clock, of Shanghai."""

    def __init__(self, life: "Soak") -> None:
        self._life = life

    def time(self) -> float:
        return BEGINS_S + (self._life.world.now - self._life.begun) / 1e6

    def strftime(self, form: str) -> str:
        return time.strftime(form, time.gmtime(self.time() + 8 * 3600))


class Soak(Life):
    """One process of the client over many days."""

    def __init__(self, code: "Any", seed: int, folder: str) -> None:
        self.folder = folder
        self.begun = 1000000000
        self.ticked_s: "List[float]" = []
        super().__init__(code, seed, -1)

    def storage(self) -> "Dict[str, Any]":
        return {"JOURNAL_FOLDER": self.folder, "time": Calendar(self)}

    def tick(self) -> None:
        before = time.process_time()
        super().tick()
        self.ticked_s.append(time.process_time() - before)

    def day(self, number: int, hours: float, orders: int) -> None:
        """Play one day of so many hours: begin anew, trade, settle, check."""
        random, engine = self.world.random, self.engine
        self.world.advance(self.begun + number * DAY_US - self.world.now)
        self.begin_day()
        until = self.world.now + int(hours * 3600e6)
        ticks = int(hours * 36000)
        chance = orders / ticks
        left = orders
        quoted = 0
        while self.world.now < until or left > 0:
            if engine.ready and engine.welcomed and left > 0 and random.random() < chance * 1.1:
                left -= 1
                engine.submit(2000000, random.choice(("9.80", "10.60")))
                if random.random() < 0.3:
                    line = {"t": "cancel", "cid": "c{}".format(self.world.now), "account": ACCOUNT}
                    coid = random.choice(list(engine.orders))
                    engine.say(dict(line, symbol="600000.SH", coid=coid, broker_id="", venue_id=""))
            if self.world.now - quoted > 3000000:
                quoted = self.world.now
                self.quote()
            chosen = random.random()
            if chosen < 0.0005:
                engine.rows.clear()  # What a real engine has taken, it keeps no longer.
                engine.ask_list("l{}".format(self.world.now))
            elif chosen < 0.00055:
                engine.hang_up()
            elif chosen < 0.00057:
                engine.crash()
            self.step(wild=False)
        self.settle()

    def morning(self, number: int) -> None:
        """Play a day on which nothing is traded."""
        self.world.advance(self.begun + number * DAY_US - self.world.now)
        self.begin_day()
        self.settle()
        self.ticked_s = []

    def begin_day(self) -> None:
        """Let the counter begin its day, and the client run the text anew."""
        counter, engine = self.counter, self.engine
        counter.orders, counter.deals, counter.cancels, counter.events = [], [], [], []
        counter.executed.clear()
        counter.dials.date = Calendar(self).strftime("%Y%m%d")
        engine.orders, engine.refused, engine.fills = {}, {}, {}
        engine.rows, engine.listed, engine.boots = {}, [], engine.boots[-1:]
        self.done.clear()
        del self.world.trail[:]
        self.load()
        while not engine.ready or not engine.welcomed:
            self.step(wild=False)
        engine.say({"t": "watch", "symbols": SYMBOLS, "markets": []})

    def quote(self) -> None:
        """Let every price change."""
        price = self.world.random.randint(900, 1100) / 100.0
        levels = {"bidPrice": [price - 0.01] * 5, "askPrice": [price] * 5}
        tick = dict(levels, time=self.world.now // 1000, lastPrice=price, lastClose=10.0, amount=1e6, stockStatus=3)
        self.terminal.ticks.update(dict.fromkeys(SYMBOLS, tick))

    def settle(self) -> None:
        """Let everything end that has begun, and check what holds at the end of a life."""
        asked, until = 0, self.world.now + 120 * 1000000
        while self.world.now < until and not any(
            line["q"].startswith("end") and line["complete"] and line["alive"] for line in self.engine.listed
        ):
            self.step(wild=False)
            if self.engine.welcomed and self.counter.next_at() is None and self.world.random.random() < 0.05:
                asked += 1
                self.engine.ask_list("end{}".format(asked))
        self.check()


def resident_kb() -> int:
    """Return how much memory this process holds; it is Linux that tells."""
    if sys.platform == "win32":
        raise OSError("needs Linux: /proc")
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def handles() -> int:
    """Return how many files this process has open."""
    return len(os.listdir("/proc/self/fd"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=24)
    parser.add_argument("--orders", type=int, default=5000, help="in all")
    parser.add_argument("--hours", type=float, default=1.0, help="of each day, virtual, in which the timer ticks")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp()
    try:
        return soak(arguments, folder)
    except Violation as violation:
        print("seed {}: {}".format(arguments.seed, violation))
        return 1
    finally:
        shutil.rmtree(folder)


def soak(arguments: "Any", folder: str) -> int:
    life = Soak(compiled(), arguments.seed, folder)
    seen: "List[Any]" = []
    claimed: "List[int]" = []
    handed = 0
    begun = time.monotonic()
    for number in range(arguments.days):
        share = arguments.orders * (number + 1) // arguments.days - arguments.orders * number // arguments.days
        life.day(number, arguments.hours, share)
        handed += len(life.done)
        ticked = sorted(life.ticked_s)
        p99 = ticked[len(ticked) * 99 // 100]
        life.ticked_s = []
        gc.collect()
        seen.append((resident_kb(), handles()))
        claimed.append(len(life.spaces[-1]["HOST"].journal.claims))
        figures = (number + 1, len(life.done), len(ticked), 1000 * p99, 1000 * ticked[-1], *seen[-1])
        text = "day {}: {} orders, {} ticks, 99 % within {:.2f} ms, longest {:.1f} ms, {} KB resident, {} files open"
        print(text.format(*figures), flush=True)
        if p99 > TICK_CPU_MAX_S:
            print("a tick takes too long")
            return 1
    first = min(2, len(seen) - 1)
    settled = seen[first]
    grown = seen[-1][0] - settled[0]
    mornings = len(seen) - 1 - first
    for number in range(mornings):
        life.morning(arguments.days + number)
    gc.collect()
    kept = resident_kb() - seen[-1][0]
    opened = handles() - settled[1]
    claims = sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))
    text = "{} days, {} orders handed over, {} KB of claims, {:.0f} s"
    print(text.format(arguments.days, handed, claims // 1024, time.monotonic() - begun))
    known = (claimed[-1] - claimed[first]) * CLAIM_BYTES // 1024
    text = "since day {}: grown by {} KB and {} files; of it {} mornings' texts {} KB, what was handed over {} KB"
    print(text.format(first + 1, grown, opened, mornings, kept, known))
    return 1 if grown - kept - known > GROWTH_MAX_KB or opened > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
