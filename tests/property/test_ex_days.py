"""Ex-days in the midst of a life: folding gives the live state, a snapshot loses nothing, nothing counts twice."""

from __future__ import annotations

import datetime as dt

import pytest

from qmt_trading.codec import state_snapshot
from qmt_trading.codec.journal_record import decode_turn, encode_turn
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.numbers import SECOND_NS
from tests.actions import action
from tests.engine_bench import ACCOUNT, STOCK
from tests.engine_life import Life, image
from tests.simulation.invariants import check_state

STEPS = 80


class LifeWithExDays(Life):
    """A life whose days often open with an action, told once, twice, late or after a restart."""

    def __init__(self, seed: int) -> None:
        self.known: tuple[CorporateAction, ...] = ()
        super().__init__(seed)

    def step(self) -> None:
        super().step()
        chance = self.rng.random()
        if chance < 0.04:
            self.act_evening()
        elif chance < 0.08:
            self.act_day()
        elif chance < 0.12:
            self.act_told()

    def act_evening(self) -> None:
        """Leave an instruction for tomorrow, and buy for a strategy."""
        self.number += 1
        self.signal(f"buy {STOCK} 300@10.50:{ACCOUNT} strategy=alpha #s/{self.number}")
        self.number += 1
        text = f"sell {STOCK} 200@10.50:{ACCOUNT} at=23:59:59 #s/{self.number}"
        self.signal(text)

    def act_day(self) -> None:
        rng = self.rng
        self.day += dt.timedelta(days=1)
        self.now_ns += 24 * 3600 * SECOND_NS
        self.promised.clear()
        if rng.random() < 0.7:
            figures = {"transfer": rng.choice("037"), "cash": rng.choice(("0", "1.74", "5")), "split": rng.choice("12")}
            self.known = (*self.known, action(STOCK, self.day, **figures))  # type: ignore[arg-type]
        self.feed(ev.DayBegan(self.day))
        if rng.random() < 0.8:
            self.act_told()
        self.session += 1
        self.connect()

    def act_told(self) -> None:
        self.feed(ev.CorporateActionsTold(self.day, self.known, self.rng.choice(("", "", "", "row 3"))))

    def act_start(self) -> None:
        super().act_start()
        self.act_told()


@pytest.mark.parametrize("seed", range(40))
def test_folding_what_was_recorded_gives_the_live_state(seed: int) -> None:
    life, folded = LifeWithExDays(seed), Engine()
    for _ in range(STEPS):
        life.step()
        check_state(life.engine.state)
    for turn in life.journal:
        for record in decode_turn(encode_turn(turn)):
            folded.fold(record)
    assert image(folded) == image(life.engine)


@pytest.mark.parametrize("seed", range(1000, 1040))
def test_an_engine_made_of_a_snapshot_decides_the_same_bytes(seed: int) -> None:
    life = LifeWithExDays(seed)
    for _ in range(STEPS // 2):
        life.step()
    payload = b"\n".join(state_snapshot.encode_parts(capture(life.engine.state)))
    twin = Engine(restore(state_snapshot.decode(payload)))
    happened = len(life.journal)
    for _ in range(STEPS // 2):
        life.step()
    for (now_ns, event), turn in zip(life.events[happened:], life.journal[happened:], strict=True):
        assert encode_turn(twin.handle(event, now_ns)) == encode_turn(turn[2:]), event
    assert image(twin) == image(life.engine)


@pytest.mark.parametrize("seed", range(2000, 2040))
def test_folding_may_begin_with_the_opening_of_any_day(seed: int) -> None:
    life = LifeWithExDays(seed)
    for _ in range(STEPS):
        life.step()
    opened = [index for index, turn in enumerate(life.journal) if any(isinstance(each, out.DayOpened) for each in turn)]
    for first in opened[-3:]:
        folded = Engine()
        at, event, *outputs = life.journal[first]
        begins = next(index for index, each in enumerate(outputs) if isinstance(each, out.DayOpened))
        for record in (at, *outputs[begins:], *(each for turn in life.journal[first + 1 :] for each in turn)):
            folded.fold(record)
        assert isinstance(event, ev.DayBegan)
        assert image(folded) == image(life.engine)


@pytest.mark.parametrize("seed", range(3000, 3040))
def test_what_has_been_told_changes_nothing_when_it_is_told_again(seed: int) -> None:
    life = LifeWithExDays(seed)
    for _ in range(STEPS):
        life.step()
        before = life.engine.state
        holdings = dict(before.holdings)
        positions = [dict(account.positions) for account in before.accounts.values()]
        waiting = dict(before.timed)
        life.feed(ev.CorporateActionsTold(life.day, tuple(before.actions.values())))
        assert before.holdings == holdings
        assert [account.positions for account in before.accounts.values()] == positions
        assert before.timed == waiting


def test_the_lives_above_adjust_positions_holdings_and_instructions() -> None:
    told = ""
    for seed in range(20):
        life = LifeWithExDays(seed)
        for _ in range(STEPS):
            life.step()
        told += "".join(alert.chinese for alert in life.made(out.Alert))
    for word in ("持仓 ", "策略 alpha ", "价格 10.50 →", "数量不变", "除权除息文件读不了"):
        assert word in told, word
