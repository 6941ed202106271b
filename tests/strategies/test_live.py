"""A strategy on bars as they come, and at its seat: what it may ask for, what it is told, what it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from qmt_trading.client import NoReceiptError, NotSentError, Receipt
from qmt_trading.market.sessions import Session
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, UNIT, Quantity
from qmt_trading.model.words import OrderStatus, Side
from qmt_trading.research.indicators import Sma
from qmt_trading.research.live import LiveError, LiveRun
from qmt_trading.research.strategy import Strategy, StrategyError
from qmt_trading.run.strategies.bar_log import BarLog
from qmt_trading.run.strategies.bar_maker import BarMaker
from qmt_trading.run.strategies.keeper import Keeper
from qmt_trading.run.strategies.seat import Seat
from tests.engine_bench import ACCOUNT
from tests.strategies.paper import NAME, Paper, PaperCounter, seat_of, view_of
from tests.strategies.test_bars import DAY, STOCK, bar, quote

CASH = 1_000_000 * UNIT
FUND = Symbol("511880.SH")
"""T+0: what is bought may be sold on the same day."""


class Deaf:
    """A counter that answers as it is told to."""

    def __init__(self, answer: Receipt | Exception) -> None:
        self.answer = answer
        self.canceled: list[str] = []

    def send(self, text: str, name: str) -> Receipt:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def cancel(self, order_id: str) -> None:
        self.canceled.append(order_id)


def deaf(answer: Receipt | Exception) -> Seat:
    return Seat([STOCK], ACCOUNT, NAME, Deaf(answer), now_ns=lambda: 1, names=map(str, range(100)))


def open_paper(symbol: Symbol = STOCK, older: int = 0) -> Paper:
    """Return an open market; ``older`` shares lie in the account since yesterday."""
    holdings = {symbol: Quantity(older)} if older else None
    paper = Paper(at_time(DAY, 10 * 3600 * SECOND_NS), CASH, Session(), holdings)
    paper.market.stand(symbol, 100_000, 100_000, bid=99_900, ask=100_100)
    paper.begin_session()
    return paper


def test_what_quotes_do_not_tell_is_refused_by_name() -> None:
    class Volume(Strategy):
        fields = ("close", "quantity")

    class Averaged(Strategy):
        def declare(self) -> None:
            self.fields, self.indicators = ("close",), {"mean": Sma("turnover", 3)}

    for kind, name in ((Volume, "quantity"), (Averaged, "turnover")):
        with pytest.raises(LiveError, match=name):
            LiveRun(kind(), [STOCK], "1m", deaf(Receipt("accepted")))


def test_fields_that_were_not_chosen_are_those_that_there_are() -> None:
    class Plain(Strategy):
        def on_bar(self, bar: Any) -> None:
            assert bar.close == 100
            bar.quantity  # noqa: B018 - it raises.

    live = LiveRun(Plain(), [STOCK], "1m", deaf(Receipt("accepted")))
    with pytest.raises(StrategyError, match=r"Plain\.on_bar at 2026-03-02T10:01:00.*'quantity'"):
        live.take([bar("10:01:00", 100)])


def test_a_day_strategy_wants_days() -> None:
    class Across(Strategy):
        def on_bars(self, bars: Any) -> None: ...

    with pytest.raises(LiveError, match="1d"):
        LiveRun(Across(), [STOCK], "1m", deaf(Receipt("accepted")))


def test_what_has_certainly_not_left_ends_and_what_may_have_stays_open() -> None:
    seat = deaf(NotSentError("no engine"))
    order = seat.submit(0, 1, 100)
    assert (order.denied, order.status, seat.working) == (True, OrderStatus.NOT_SENT, 0)
    seat = deaf(NoReceiptError("nothing came"))
    order = seat.submit(0, 1, 100)
    assert (order.denied, order.status, seat.working) == (False, OrderStatus.UNKNOWN, 1)


def test_an_order_without_a_receipt_is_found_by_its_id() -> None:
    paper = open_paper()
    counter = PaperCounter(paper)

    class Losing(PaperCounter):
        def send(self, text: str, name: str) -> Receipt:
            super().send(text, name)
            raise NoReceiptError("lost on the way back")

    counter = Losing(paper)
    seat = Seat([STOCK], ACCOUNT, NAME, counter, now_ns=paper.clock.now_ns, names=["lost/1", "lost/2"])
    seat.see(view_of(paper))
    good, bad = seat.submit(0, 1, 100), seat.submit(0, 1, 150)
    paper.at(paper.clock.now_ns() + SECOND_NS)
    told = seat.see(view_of(paper)) + seat.see(view_of(paper))
    assert [(each.is_fill, each.order.name) for each in told] == [(False, "lost/2"), (True, "lost/1")]
    assert (good.filled, good.status, bad.denied, seat.working) == (100, OrderStatus.FILLED, True, 0)


def test_what_the_strategy_holds_is_its_own_and_not_the_accounts() -> None:
    paper = open_paper()
    paper.send(f"buy {STOCK} 500@对手:{ACCOUNT} #by-hand/1")
    paper.settle()
    seat = seat_of(paper, [STOCK], overnight=False)
    seat.see(view_of(paper))
    seat.submit(0, 1, 200)
    paper.settle()
    seat.see(view_of(paper))
    assert (seat.quantities, seat.sellable(0)) == ([200], 0), "T+1"
    assert seat.equity() > seat.free_cash() > 0


def test_what_a_strategy_bought_today_it_keeps_today_though_the_account_has_older_shares() -> None:
    paper = open_paper(older=1000)
    seat = seat_of(paper, [STOCK], overnight=False)
    seat.see(view_of(paper))
    seat.submit(0, 1, 200)
    paper.settle()
    seat.see(view_of(paper))
    assert (seat.quantities, seat.sellable(0)) == ([200], 0)
    order = seat.submit(0, -1, 200)
    assert (order.denied, order.reason) == (True, "SELLABLE_EXCEEDED")
    assert order.text == "可卖不足：要卖 200，可卖 0（另有 200 次日可卖）"
    seat.target(0, 0)
    paper.settle()
    seat.see(view_of(paper))
    assert seat.quantities == [200]
    assert [row.side for row in paper.engine.view().orders] == [Side.BUY], "older shares are not sold in its place"


def test_a_strategy_sells_nothing_that_is_not_its_own() -> None:
    paper = open_paper(older=1000)
    seat = seat_of(paper, [STOCK], overnight=False)
    seat.see(view_of(paper))
    assert seat.submit(0, -1, 100).reason == "SELLABLE_EXCEEDED"
    assert len(paper.engine.view().orders) == 0


def test_what_a_process_before_this_one_has_offered_is_not_offered_again(tmp_path: Any) -> None:
    paper = open_paper(older=1000)
    first = seat_of(paper, [STOCK], overnight=False)
    first.see(view_of(paper))
    first.submit(0, 1, 200)
    paper.settle()
    paper.at(at_time(DAY, (15 * 3600 + 60) * SECOND_NS))
    first.see(view_of(paper))
    assert not first.submit(0, -1, 200).denied, "for tomorrow"
    paper.settle()
    said: list[str] = []
    again = Seat(
        [STOCK], ACCOUNT, NAME, PaperCounter(paper), now_ns=paper.clock.now_ns, names=["again/1"],
        is_over=lambda now_ns: True,
    )  # fmt: skip
    log = BarLog(tmp_path / "bars.jsonl")
    keeper = Keeper(
        LiveRun(Counting(), [STOCK], "1m", again), again, BarMaker("1m", Session()), log, Surroundings(paper),
        now_ns=paper.clock.now_ns, say=said.append,
    )  # fmt: skip
    keeper.look()
    assert "还有 0 笔、等时间的 1 条（2.1）" in said[0]
    assert (again.quantities, again.submit(0, -1, 100).reason) == ([200], "SELLABLE_EXCEEDED")


def test_an_order_that_a_process_before_left_working_is_not_there_to_sell_again() -> None:
    paper = open_paper()
    first = seat_of(paper, [FUND], overnight=False)
    paper.market.stand(FUND, 100_000, 100_000, bid=99_900, ask=100_100)
    first.see(view_of(paper))
    first.submit(0, 1, 200)
    paper.settle()
    first.see(view_of(paper))
    first.submit(0, -1, 100, 105_000)
    paper.settle()
    again = seat_of(paper, [FUND], overnight=False)
    again.see(view_of(paper))
    assert (again.quantities, again.sellable(0)) == ([200], 100)
    first.see(view_of(paper))
    assert first.sellable(0) == 100, "and its own is counted once"


def test_what_may_be_sold_on_the_same_day_may_by_a_strategy() -> None:
    paper = open_paper(FUND)
    seat = seat_of(paper, [FUND], overnight=False)
    seat.see(view_of(paper))
    seat.submit(0, 1, 200)
    paper.settle()
    seat.see(view_of(paper))
    assert seat.sellable(0) == 200, "T+0"
    assert not seat.submit(0, -1, 200).denied


def test_what_it_decides_for_tomorrow_may_sell_what_it_bought_today() -> None:
    paper = open_paper()
    seat = seat_of(paper, [STOCK], overnight=False)
    seat.see(view_of(paper))
    seat.submit(0, 1, 200)
    paper.settle()
    paper.at(at_time(DAY, (15 * 3600 + 60) * SECOND_NS))
    seat.see(view_of(paper))
    assert not seat.submit(0, -1, 200).denied, "it leaves when it may be sold, as in a backtest"
    assert seat.submit(0, -1, 100).denied, "but not twice"


def test_a_refusal_comes_with_its_sentence_and_the_same_is_said_once_a_minute(tmp_path: Any) -> None:
    paper, said = open_paper(), list[str]()

    class Odd(Strategy):
        fields = ("close",)

        def on_bar(self, bar: Any) -> None: ...

    seat = seat_of(paper, [STOCK], overnight=False)
    log = BarLog(tmp_path / "bars.jsonl")
    keeper = Keeper(
        LiveRun(Odd(), [STOCK], "1m", seat), seat, BarMaker("1m", Session()), log,
        Surroundings(paper), now_ns=paper.clock.now_ns, say=said.append,
    )  # fmt: skip
    for seconds in range(70):
        keeper.look()
        seat.submit(0, 1, 150 if seconds else 250)
        paper.at(paper.clock.now_ns() + SECOND_NS)
    log.close()
    (first, second, again) = said
    assert first.startswith(f"✗ {STOCK} 买入 250：没有发出，数量不合规：")
    assert first.endswith("（LOT_INVALID）")
    assert (second[:20], again) == (first.replace("250", "150")[:20], second)


def test_a_cancel_reaches_its_own_order_alone() -> None:
    paper = open_paper()
    paper.send(f"buy {STOCK} 500@9.50:{ACCOUNT} #by-hand/1")
    seat = seat_of(paper, [STOCK], overnight=False)
    seat.see(view_of(paper))
    order = seat.submit(0, 1, 200, 95_000)
    seat.cancel(order)
    paper.settle()
    (told,) = seat.see(view_of(paper))
    assert (told.is_fill, told.order.status, order.leaves) == (False, OrderStatus.CANCELED, 200)
    assert [row.status for row in paper.engine.view().orders] == [OrderStatus.NEW, OrderStatus.CANCELED]


class Surroundings:
    """What a process sees of a paper engine."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.is_up = True

    def view(self) -> Any:
        return view_of(self.paper)

    def quotes(self) -> Sequence[Quote]:
        if not self.is_up:
            raise OSError("no engine")
        found = self.paper.quote(STOCK, self.paper.clock.now_ns())
        return [] if found is None else [found]


class Counting(Strategy):
    timers = ("10:02",)

    def declare(self) -> None:
        self.fields = ("close",)
        self.seen: list[tuple[str, int]] = []

    def on_start(self) -> None:
        self.seen.append(("start", 0))

    def on_bar(self, bar: Any) -> None:
        self.seen.append(("bar", bar.index))

    def on_timer(self, at_ns: int) -> None:
        self.seen.append(("timer", at_ns))


def test_the_keeper_goes_on_with_the_bars_of_the_run_before(tmp_path: Any) -> None:
    paper = open_paper()
    seen = []
    for _ in range(2):
        strategy, said = Counting(), list[str]()
        surroundings = Surroundings(paper)
        seat = seat_of(paper, [STOCK], overnight=False)
        log = BarLog(tmp_path / "bars.jsonl")
        keeper = Keeper(
            LiveRun(strategy, [STOCK], "1m", seat), seat, BarMaker("1m", Session()), log, surroundings,
            now_ns=paper.clock.now_ns, say=said.append, timers=strategy.timers,
        )  # fmt: skip
        keeper.remember()
        for _ in range(100):
            paper.at(paper.clock.now_ns() + SECOND_NS)
            keeper.look()
        surroundings.is_up = False
        for _ in range(100):
            paper.at(paper.clock.now_ns() + SECOND_NS)
            keeper.look()
        surroundings.is_up = True
        paper.at(paper.clock.now_ns() + SECOND_NS)
        keeper.look()
        log.close()
        seen.append(strategy.seen)
        assert 2 <= len(said) <= 4, "it complains once a minute"
        assert "没有行情" in said[0]
        assert "已接上" in said[-1]
    kinds = [[kind for kind, _ in each] for each in seen]
    assert kinds[0].count("start") == 1
    assert kinds[0].count("timer") == 1
    assert "timer" not in kinds[1], "its time has passed"
    first, second = ([index for kind, index in each if kind == "bar"] for each in seen)
    assert first == list(range(len(first)))
    assert second[0] == len(first), "the bars of the run before are history"


def test_an_ex_day_on_which_the_bars_jump_is_told_of(tmp_path: Any) -> None:
    paper, said = open_paper(), list[str]()
    strategy, seat, log = Counting(), seat_of(paper, [STOCK], overnight=False), BarLog(tmp_path / "bars.jsonl")
    live = LiveRun(strategy, [STOCK], "1m", seat)
    live.remember([replace(bar("10:00:00", 103_000), at_ns=at_time(DAY, 0) - 9 * 3600 * SECOND_NS)])
    keeper = Keeper(
        live, seat, BarMaker("1m", Session()), log, Surroundings(paper), now_ns=paper.clock.now_ns, say=said.append
    )
    for _ in range(150):
        paper.at(paper.clock.now_ns() + SECOND_NS)
        keeper.look()
    log.close()
    assert [text for text in said if "除权除息" in text] == said[:1], "once, as the day begins"
    assert "昨收 10.00，上一根收盘 10.30" in said[0]


def test_quotes_of_a_known_symbol_give_the_days_limits() -> None:
    seat = deaf(Receipt("accepted"))
    assert seat.limits(0) == (0, 0)
    seat.quote(quote("10:00:00", 100_000))
    assert seat.limits(0) == (110_000, 90_000)
