"""Plays lives of the host in virtual time and checks what must hold in all of them; for CPython 3.6.

``python3.6 -m tests.fullqmt.py36.simulate --runs 100000`` plays random lives; ``--points SEED`` ends one life at every
point that it passes. The first violation ends the program with 1 and says by which seed it comes again.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from tests.fullqmt.py36.counter import Counter
from tests.fullqmt.py36.sim_engine import ACCOUNT, SECRET, SimEngine
from tests.fullqmt.py36.terminal import Context, Terminal, filled_in
from tests.fullqmt.py36.world import Crash, Disk, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

HOST = Path(__file__).resolve().parents[3] / "src" / "qmt_trading" / "hosts" / "fullqmt_host.py"
APART_US = 5000
"""How far two clocks may be apart within the age of a stamp."""
BUDGET_US = 40000


class Violation(BaseException):
    """Something that must never be; the host's own guards do not hold it."""


class Life:
    """One run: a terminal that may die and rise, an engine that may too, and a person who runs the strategy anew."""

    def __init__(self, code: "Any", seed: int, crash_at: int = 0) -> None:
        self.world = world = World(seed, crash_at)
        random = world.random
        self.code = code
        self.disk = Disk(world)
        self.engine = SimEngine(world, 1.0 + random.uniform(-1e-4, 1e-4))
        self.counter = Counter([ACCOUNT], lambda: world.now / 1e6)
        self.memory_only = crash_at == 0 and random.random() < 0.2
        self.lives = 0
        self.spaces: "List[Dict[str, Any]]" = []
        """Texts of this process that may still be called, newest last."""
        self.offset = 0
        self.slept = 0
        """How long the machine slept in this process's life: one of its two clocks does not count that."""
        self.wild = False
        self.calls_in_tick: "List[int]" = []
        self.tick_begun = 0
        self.done: "Dict[str, int]" = {}
        self.rise()

    # The terminal's process.

    def rise(self) -> None:
        """Start the terminal's process and the strategy in it."""
        json.__dict__.pop("_qmt_trading_full_hosts", None)
        self.spaces = []
        self.offset, self.slept = self.world.random.randint(0, 10**12), 0
        self.terminal = Terminal(self.counter, lambda: self.world.now / 1e6, self.world.random.randint(0, 10**9))
        self.terminal.waits = self.native
        self.place, self.terminal.passorder = self.terminal.passorder, self.passorder  # type: ignore[method-assign]
        self.load()

    def load(self) -> None:
        """Run the text anew; a run of before goes on with its timer."""
        self.lives += 1
        other_tells = self.lives % 2 == 1
        space = {"__builtins__": __builtins__, "print": lambda *words: None}
        exec(self.code, space)  # As the terminal does.
        space.update(
            now_us=lambda: self.world.now + self.offset,
            other_us=lambda: self.world.now + self.offset + (self.slept if other_tells else 0),
            wall_us=lambda: (
                self.world.now + (self.offset if other_tells else 0)
            ),  # Alone it must do, and be done without.
            WAYS={"tcp": lambda where: self.engine.accept()},
            say=lambda text: None,
        )
        space.update(self.storage())
        terminal = self.terminal
        space.update(account=ACCOUNT, accountType="STOCK", passorder=terminal.passorder, cancel=terminal.cancel)
        space["get_trade_detail_data"] = terminal.get_trade_detail_data
        terminal.space = space
        self.spaces.append(space)
        terminal.enter("init", Context(terminal))
        last = Context(terminal)
        last.last_bar = True
        terminal.enter("handlebar", last)

    def storage(self) -> "Dict[str, Any]":
        """Return what stands in the text for the places where claims are kept."""
        if self.memory_only:
            return {"JOURNAL_FOLDER": "\0"}
        return {"os": self.disk, "io": self.disk, "JOURNAL_FOLDER": "/claims"}

    def die(self, power: bool) -> None:
        """End the terminal's process."""
        self.engine.hang_up()
        self.disk.crash(power)
        self.counter.events = []
        self.rise()

    def native(self) -> None:
        """Let a native call take its time, rarely a long one; the terminal's own events may come in meanwhile."""
        random = self.world.random
        self.calls_in_tick.append(self.world.now - self.tick_begun)
        long = random.random()
        self.world.advance(random.randint(300, 3000) if long < 0.97 else random.randint(10000, 8000000))
        if random.random() < 0.002 and self.wild:
            self.sleep()
        if random.random() < 0.05:
            self.terminal.enter("qmt_link_tick", Context(self.terminal))

    def sleep(self) -> None:
        """Let the whole machine sleep."""
        us = self.world.random.randint(1100000, 40000000)
        self.world.advance(us)
        self.offset -= us
        self.slept += us
        self.tick_begun += us  # Of its budget nothing is gone.

    def passorder(self, *arguments: "Any") -> "Any":
        """Look at an order as it reaches the terminal."""
        coid = arguments[9]
        engine = self.engine
        self.world.point("before passorder")
        if coid in self.done:
            raise Violation("(i) {} was handed over twice".format(coid))
        self.done[coid] = self.world.now
        order = engine.orders[coid]
        age = self.world.now - max(order.sent_at)
        if age > order.line["ttl"] + APART_US:
            raise Violation("(ii) {} was handed over at the age of {} us of {}".format(coid, age, order.line["ttl"]))
        if coid in engine.refused:
            raise Violation("(iii) {} was handed over after {}".format(coid, engine.refused[coid]))
        if self.terminal.space is not self.spaces[-1] or arguments[10] is None:
            raise Violation("(ix) a text of before hands over")
        answer = self.place(*arguments)
        self.world.point("after passorder")
        return answer

    def tick(self) -> None:
        """Take a tick of the timer, and of those of texts before."""
        for space in self.spaces[:-1]:
            before = len(self.done)
            self.terminal.enter_in(space, "qmt_link_tick", Context(self.terminal))
            if len(self.done) != before:
                raise Violation("(ix) a text of before hands over")
        self.tick_begun, self.calls_in_tick = self.world.now, []
        self.terminal.enter("qmt_link_tick", Context(self.terminal))
        late = [begun for begun in self.calls_in_tick if begun > BUDGET_US]
        if len(late) > 1:
            raise Violation("(viii) {} calls began after the budget of a tick".format(len(late)))
        host = self.terminal.space["HOST"]
        if host.outbox.waiting > 5000 or len(host.callbacks) > 2000 or host.lists.queued > 256:
            raise Violation("(vi) a queue has no bound")

    # The play.

    def play(self, seconds: float) -> None:
        """Let things happen for so long, then let everything settle, and check."""
        world = self.world
        calm = world.now + 10 * 10**6
        while world.now < calm and not self.engine.ready:
            self.step(wild=False)
        until = world.now + int(seconds * 1e6)
        while world.now < until:
            self.step(wild=True)
        self.engine.up = True
        dials = self.counter.dials
        dials.hollow, dials.empty, dials.raises, self.disk.full = False, False, "", False
        dials.row_after = max(dials.row_after, 0.0)
        settled = world.now + 60 * 10**6
        asked = 0
        while world.now < settled and not any(
            line["q"].startswith("end") and line["complete"] and line["alive"] for line in self.engine.listed
        ):
            self.step(wild=False)
            if self.engine.welcomed and self.counter.next_at() is None and world.random.random() < 0.1:
                asked += 1
                self.engine.ask_list("end{}".format(asked))
        self.check()

    def step(self, wild: bool) -> None:
        """Let about a tick pass."""
        random = self.world.random
        self.wild = wild
        try:
            if wild:
                self.happen()
            self.world.advance(random.randint(44000, 158000))
            self.counter.run()
            if random.random() < 0.1:
                self.counter.events.append(("account", self.counter.asset(ACCOUNT)))
            self.terminal.call_back()
            self.tick()
        except Crash:
            self.die(power=random.random() < 0.5)

    def happen(self) -> None:
        """Let one thing go wrong, or be asked."""
        random, engine, dials = self.world.random, self.engine, self.counter.dials
        what = random.random()
        if what < 0.35 and engine.welcomed:
            engine.submit(random.choice((50000, 300000, 2000000)), random.choice(("9.80", "10.60")))
        elif what < 0.42 and engine.orders:
            coid = random.choice(sorted(engine.orders))
            if random.random() < 0.5:
                engine.repeat(coid)
            elif engine.may_resend(coid):
                engine.resend(coid)
        elif what < 0.50 and engine.orders:
            engine.outcome(random.choice(sorted(engine.orders)))
        elif what < 0.56 and engine.orders:
            line = {"t": "cancel", "cid": "c{}".format(self.world.now), "account": ACCOUNT, "symbol": "600000.SH"}
            engine.say(dict(line, coid=random.choice(sorted(engine.orders)), broker_id="", venue_id=""))
        elif what < 0.60:
            engine.say({"t": "halt", "why": "a person"} if random.random() < 0.5 else {"t": "arm", "level": "trade"})
        elif what < 0.63:
            engine.ask_list("l{}".format(self.world.now))
        elif what < 0.66:
            engine.hang_up()
        elif what < 0.68:
            engine.crash()
        elif what < 0.70:
            self.load()
        elif what < 0.72 and self.world.crash_at == 0:
            self.die(power=random.random() < 0.5)
        elif what < 0.74 and self.world.crash_at == 0:
            self.world.crash_at = self.world.points + random.randint(1, 30)
            self.world.at(3000000, self.forget_crash)
        elif what < 0.86:
            name, values = random.choice(DIALS)
            setattr(dials, name, random.choice(values) if random.random() < 0.4 else values[0])
        elif what < 0.88:
            self.disk.full = random.random() < 0.5
        elif what < 0.885:
            self.world.advance(random.randint(10**6, 40 * 10**6))
        elif what < 0.89:
            self.sleep()

    def forget_crash(self) -> None:
        self.world.crash_at = 0

    def check(self) -> None:
        """Check what holds at the end of every life."""
        engine = self.engine
        if self.terminal.escaped:
            raise Violation("(vii) escaped: {}".format(self.terminal.escaped[:3]))
        if engine.wrong:
            raise Violation("the engine was told: {}".format(engine.wrong[:3]))
        placed = {row["m_strRemark"] for row in self.counter.orders}
        for coid, words in engine.refused.items():
            if coid in placed or coid in self.done:
                raise Violation("(v) {} was told refused by {} and exists".format(coid, words))
        ends = [line for line in engine.listed if line["q"].startswith("end") and line["complete"]]
        if not ends:
            raise Violation("no list was complete within a minute of quiet")
        told = {row["m_strTradeID"]: row["m_nVolume"] for row in self.counter.deals}
        if engine.fills != told:
            raise Violation("(iv) fills told {} of {}".format(engine.fills, told))
        rows = engine.rows.get((ends[-1]["q"], "fill"), [])
        if len({row["m_strTradeID"] for row in rows}) != len(rows):
            raise Violation("(iv) a list holds a fill twice")


DIALS = (
    ("returns", (0, None, "")),
    ("raises", ("", "", "before", "after")),
    ("row_after", (0.0, 0.05, 1.0, 4.0, 26.0)),
    ("sysid_after", (0.0, 0.0, 0.3, 2.0)),
    ("twice", (False, True)),
    ("refuses", ("", "", "row", "error", "silent")),
    ("error_remark", (True, False)),
    ("cancel_answer", (None, True, False)),
    ("cancel_works", (True, True, False)),
    ("deal_remark", (True, False)),
    ("callbacks", (True, True, False)),
    ("hollow", (False, False, True)),
    ("empty", (False, False, True)),
)


def compiled() -> "Any":
    """Return the host's text, compiled with its settings filled in."""
    text = filled_in(HOST.read_text(encoding="ascii"), {"LINKS": ("tcp:127.0.0.1:1",), "SECRET": SECRET})
    return compile(text, "<string>", "exec")


def points(code: "Any", seed: int, seconds: float) -> int:
    """End a life once at every point that it passes; return how many there were."""
    first = Life(code, seed, -1)
    first.play(seconds)
    for crash_at in range(1, first.world.points + 1):
        one = Life(code, seed, crash_at)
        try:
            one.play(seconds)
        except Violation as violation:
            where = one.world.trail[crash_at - 1]
            raise Violation("ended at point {} ({}): {}".format(crash_at, where, violation)) from violation
    return first.world.points


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=0, help="how many random lives")
    parser.add_argument("--seed", type=int, default=0, help="of the first of them")
    parser.add_argument("--points", type=int, help="end the life of this seed at every point")
    parser.add_argument("--seconds", type=float, default=12.0, help="of wild life in each, virtual")
    arguments = parser.parse_args()
    code, begun, orders = compiled(), time.monotonic(), 0
    seed = arguments.seed
    try:
        if arguments.points is not None:
            print("{} points".format(points(code, arguments.points, arguments.seconds)))
        for seed in range(arguments.seed, arguments.seed + arguments.runs):
            one = Life(code, seed)
            one.play(arguments.seconds)
            orders += len(one.done)
    except Violation as violation:
        print("seed {}: {}".format(seed if arguments.points is None else arguments.points, violation))
        return 1
    print("{} lives, {} orders handed over, {:.1f} s".format(arguments.runs, orders, time.monotonic() - begun))
    return 0


if __name__ == "__main__":
    sys.exit(main())
