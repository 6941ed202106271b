"""Accidents of the field that a gate is there to stop, or that a gate has caused: A18, A22, A33, A36."""

from __future__ import annotations

import datetime as dt
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from qmt_trading.feeds.recorded import RecordedFeed
from qmt_trading.feeds.synthetic import SyntheticFeed
from qmt_trading.market.synthetic import Seal
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.limits import NO_LIMITS, Limits
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.reasons import Reason
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, OrderStatus, Side, TradingState
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from qmt_trading.run.config_limits import DEFAULTS, TOTAL_DEFAULTS
from tests.actions import action
from tests.engine_bench import ACCOUNT, DAY, OTHER, START_NS, STOCK, Bench
from tests.loop_bench import SETTINGS, LoopBench
from tests.running import DUPLEX, a_configuration
from tests.unit.engine.limited import limited, reasons, with_limits
from tests.unit.engine.parts import position

BANK = Symbol("600036.SH")

# A18: a sealed limit-up has no ask, and a feed says 0


def seal_of_the_synthetic_feed(seal: Seal) -> Quote:
    feed = SyntheticFeed()
    feed.seal(STOCK, seal)
    quote = feed.quote(STOCK, START_NS)
    assert quote is not None
    return quote


def recorded_seal(folder: Path, *, up: bool) -> Quote:
    """Return the quote of a recording that writes 0 where the book is empty, as terminals do."""
    path = folder / "ticks.csv"
    price, (bid, ask) = ("11.00", ("11.00", "0")) if up else ("9.00", ("0", "9.00"))
    path.write_text(
        f"time,symbol,last,previous_close,bid1,ask1\n2026-11-24 10:00:00,{STOCK},{price},10.00,{bid},{ask}\n",
        encoding="utf-8",
    )
    quote = RecordedFeed(path, begin_ns=START_NS).quote(STOCK, START_NS)
    assert quote is not None
    return quote


@pytest.fixture(params=["synthetic", "recorded", "zeros"])
def sealed_up(request: pytest.FixtureRequest, tmp_path: Path) -> Quote:
    """A stock at its upper limit, nobody selling: from either feed, and with a 0 where the ask should be."""
    if request.param == "synthetic":
        return seal_of_the_synthetic_feed(Seal.UP)
    quote = recorded_seal(tmp_path, up=True)
    return quote if request.param == "recorded" else replace(quote, asks=(Price(0),) * 5)


@pytest.fixture(params=["synthetic", "recorded", "zeros"])
def sealed_down(request: pytest.FixtureRequest, tmp_path: Path) -> Quote:
    if request.param == "synthetic":
        return seal_of_the_synthetic_feed(Seal.DOWN)
    quote = recorded_seal(tmp_path, up=False)
    return quote if request.param == "recorded" else replace(quote, bids=(Price(0),) * 5)


def every_limit() -> Bench:
    return limited(Bench(), replace(DEFAULTS, position_value_max=Money(10**10), turnover_per_day_max=Money(10**10)))


def prices(bench: Bench) -> list[int]:
    return [order.price for order in bench.made(out.SubmitOrder)]


def test_a18_no_word_becomes_a_price_where_nobody_sells(sealed_up: Quote) -> None:
    bench = every_limit()
    for number, word in enumerate(("对手", "卖一", "卖五", "卖一+0.01", "对手+1%")):
        receipt = bench.signal(f"buy {STOCK} 100@{word}:{ACCOUNT} #up/{number}", quote=sealed_up)
        assert reasons(receipt) == [Reason.PRICE_MISSING], word
    receipt = bench.signal(f"sell {STOCK} 100@本方:{ACCOUNT} #up/own", quote=sealed_up)
    assert reasons(receipt) == [Reason.PRICE_MISSING]
    assert prices(bench) == []


def test_a18_neither_cage_nor_deviation_is_measured_from_the_empty_side(sealed_up: Quote) -> None:
    bench = every_limit()
    up = sealed_up.limit_up
    for number, word in enumerate(("涨停", "最新", "买一", f"{up / 10_000:.2f}")):
        receipt = bench.signal(f"buy {STOCK} 100@{word}:{ACCOUNT} #up/{number}", quote=sealed_up)
        assert reasons(receipt) == [None], word
    receipt = bench.signal(f"sell {STOCK} 100@对手:{ACCOUNT} #up/sell", quote=sealed_up)
    assert reasons(receipt) == [None]
    assert set(prices(bench)) == {up}
    receipt = bench.signal(f"sell {STOCK} 100@{up * 0.97 / 10_000:.2f}:{ACCOUNT} #up/low", quote=sealed_up)
    assert reasons(receipt) == [Reason.PRICE_CAGE]


def test_a18_the_same_at_the_lower_limit(sealed_down: Quote) -> None:
    bench = every_limit()
    for number, word in enumerate(("对手", "买一", "买五", "买一-0.01", "对手-1%")):
        receipt = bench.signal(f"sell {STOCK} 100@{word}:{ACCOUNT} #down/{number}", quote=sealed_down)
        assert reasons(receipt) == [Reason.PRICE_MISSING], word
    for number, word in enumerate(("跌停", "最新", "卖一")):
        receipt = bench.signal(f"sell {STOCK} 100@{word}:{ACCOUNT} #low/{number}", quote=sealed_down)
        assert reasons(receipt) == [None], word
    assert set(prices(bench)) == {sealed_down.limit_down}


def test_a18_with_no_price_at_all_a_figure_is_no_order_either() -> None:
    bench = every_limit()
    blind = bench.quote(last=Price(0), previous_close=Price(0), bids=(), asks=())
    assert reasons(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #b/1", quote=blind)) == [Reason.PRICE_DEVIATES]


# A22: a storm of a hundred thousand signals a second in a loop

GAP_NS = 10_000
SECOND_OF_STORM, TENTH_OF_STORM = 100_000, 10_000


def storm(settings: EngineSettings, count: int) -> tuple[LoopBench, list[int]]:
    """Send ``count`` distinct signals through the real loop; return it, and how long after the first orders left."""
    bench = LoopBench(settings=settings).connect()
    begin_ns = bench.clock.now_ns()
    left: list[int] = []
    noted = len(bench.broker.submits)

    def note() -> None:
        left.extend([bench.clock.now_ns() - begin_ns] * (len(bench.broker.submits) - noted - len(left)))

    for number in range(count):
        text = f"buy {STOCK} 100@10.50:{ACCOUNT if number % 2 else OTHER} #storm/{number}"
        bench.inbox.message("door", text.encode(), bench.clock.now_ns(), None)
        bench.clock.steady += GAP_NS
        if number % 200 == 199:
            bench.loop.control_turn()
            bench.loop.turn()
            note()
    for _ in range(40):  # Whatever waits, waits no longer.
        bench.clock.steady += SECOND_NS // 2
        bench.loop.turn()
        note()
    return bench, left


def halted_after_ns(bench: LoopBench, begin_ns: int) -> int:
    """Return how long after ``begin_ns`` the turn was that stopped everything, by the journal."""
    at_ns = 0
    for record in (record for turn in bench.turns() for record in turn):
        if isinstance(record, ev.At):
            at_ns = record.now_ns
        if isinstance(record, out.TradingStateChanged):
            assert (record.account, record.state, record.why) == (None, TradingState.HALTED, "AMPLIFICATION")
            return at_ns - begin_ns
    raise AssertionError("nothing stopped it")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "account", "total", "left_max"),
    [
        (SECOND_OF_STORM, NO_LIMITS, NO_LIMITS, SETTINGS.submits_per_minute_max),
        (SECOND_OF_STORM, DEFAULTS, TOTAL_DEFAULTS, 2 * DEFAULTS.orders_per_second_max),
        (TENTH_OF_STORM, NO_LIMITS, Limits(orders_per_day_max=7), 7),
        (TENTH_OF_STORM, Limits(orders_per_signal_max=50), Limits(orders_per_minute_max=30), 30),
    ],
    ids=["only the minute's brake", "defaults", "seven a day", "thirty a minute"],
)
def test_a22_a_storm_sends_what_is_configured_and_stops_by_itself(
    count: int, account: Limits, total: Limits, left_max: int
) -> None:
    settings = with_limits(SETTINGS, account, total=total)
    bench, left = storm(settings, count)
    assert 0 < len(left) <= left_max
    state = bench.engine.state
    assert state.signal_seq == count, "every one of them is on record"
    if total.orders_per_day_max:
        assert state.trading_state is TradingState.ACTIVE, "denied one by one: nothing was to be sent"
        return
    assert state.trading_state is TradingState.HALTED
    assert (state.told.who, state.told.why) == ("engine", "AMPLIFICATION")
    assert halted_after_ns(bench, START_NS) < SECOND_NS
    assert max(left) < SECOND_NS
    alerts = [each for each in bench.observed if isinstance(each, out.Alert) and each.code == "AMPLIFICATION"]
    assert len(alerts) == 1
    assert str(settings.submits_per_minute_max) in alerts[0].chinese
    assert str(settings.submits_per_minute_max) in alerts[0].english
    assert not state.timed, "what waited for its turn was denied, and does not come back with a resume"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tuple[Application, str]]:
    configuration = load(a_configuration(tmp_path))
    application = Application(configuration)
    application.start()
    try:
        yield application, next(door.address for door in configuration.doors if door.kind == DUPLEX)
    finally:
        application.stop()


@pytest.mark.slow
@pytest.mark.measures
@pytest.mark.skipif(sys.platform == "win32", reason="speaks to a Unix socket")
def test_a22_a_storm_through_a_door_stops_by_itself_within_a_second(engine: tuple[Application, str]) -> None:
    if sys.platform == "win32":
        return
    application, address = engine
    lines = [f"buy {STOCK} 100@跌停:{ACCOUNT} #storm/{number}\n" for number in range(20_000)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(address)
        reader = threading.Thread(target=read_to_the_end, args=(line,))
        reader.start()
        began = time.monotonic()
        sender = threading.Thread(target=line.sendall, args=("".join(lines).encode(),))
        sender.start()
        while application.view.trading_state is TradingState.ACTIVE:
            assert time.monotonic() - began < 10, "nothing stopped it"
            time.sleep(0.001)
        took_s = time.monotonic() - began
        sender.join(60)
        line.shutdown(socket.SHUT_WR)
        reader.join(60)
    print(f"\nA22 through a door: stopped after {took_s * 1000:.0f} ms")
    orders = application.view.orders
    assert 0 < len(orders) <= 2 * DEFAULTS.orders_per_second_max
    assert application.view.trading_state is TradingState.HALTED
    assert [each.alert.code for each in application.view.alerts].count("AMPLIFICATION") == 1
    assert took_s < 1


def read_to_the_end(line: socket.socket) -> None:
    while line.recv(1 << 16):
        pass


# A33: one unanswered order froze a whole account, with no way out


def test_a33_an_unknown_freezes_its_account_symbol_and_side_and_nothing_else() -> None:
    bench = Bench()
    bench.engine.state.accounts[ACCOUNT].positions[BANK] = position(1000, symbol=BANK)
    name = bench.buy()
    bench.feed(ev.SubmitUncertain(ACCOUNT, name, "-1"))
    bank = replace(bench.quote(), symbol=BANK)

    def tried(text: str, number: int) -> Reason | None:
        (why,) = reasons(bench.signal(f"{text} #f/{number}", quote=bank if BANK in text else None))
        return why

    assert tried(f"buy {STOCK} 100@10.40:{ACCOUNT}", 1) is Reason.SYMBOL_FROZEN
    free = (
        f"sell {STOCK} 100@10.60:{ACCOUNT}",
        f"buy {BANK} 100@10.50:{ACCOUNT}",
        f"sell {BANK} 100@10.60:{ACCOUNT}",
        f"buy {STOCK} 100@10.50:{OTHER}",
        f"sell {STOCK} 100@10.60:{OTHER}",
    )
    assert [tried(text, number) for number, text in enumerate(free, 2)] == [None] * len(free)
    cancels = bench.signal(f"cancel *:{ACCOUNT}").cancels
    assert cancels, "the unknown is cancelled as soon as it has a number, the others at once"


@pytest.mark.parametrize("status", [OrderStatus.NOT_SENT, OrderStatus.CANCELED])
def test_a33_a_person_may_end_it_and_so_may_its_row(status: OrderStatus) -> None:
    bench = Bench()
    for number, way_out in enumerate(("person", "row")):
        name = bench.buy(name=f"u/{number}")
        bench.feed(ev.SubmitUncertain(ACCOUNT, name, "-1"))
        text = f"buy {STOCK} 100@10.40:{ACCOUNT} #t/{number}"
        assert reasons(bench.signal(text + "a")) == [Reason.SYMBOL_FROZEN]
        if way_out == "person":
            bench.feed(ev.ResolveRequested("me", "seen at the counter", name, status))
        else:
            bench.report(bench.row(name, number=f"9{number}"))
        assert reasons(bench.signal(text + "b")) == [None]


def test_a33_even_with_a_limit_of_unknowns_the_other_account_goes_on_and_the_way_out_is_open() -> None:
    bench = limited(Bench(), Limits(unknown_orders_max=2))
    bench.engine.state.accounts[ACCOUNT].positions[BANK] = position(1000, symbol=BANK)
    bank = replace(bench.quote(), symbol=BANK)
    first, second = bench.buy(name="u/1"), bench.signal(f"buy {BANK} 100@10.50:{ACCOUNT} #u/2", quote=bank).orders[0]
    bench.feed(ev.SubmitUncertain(ACCOUNT, first, "-1"))
    sell = f"sell {STOCK} 100@10.60:{ACCOUNT} #s/"
    assert reasons(bench.signal(sell + "1")) == [None], "one below the limit"
    bench.feed(ev.SubmitUncertain(ACCOUNT, bench.order(second.client_order_id).client_order_id, "-1"))
    assert reasons(bench.signal(sell + "2")) == [Reason.UNKNOWN_ORDERS]
    assert reasons(bench.signal(f"buy {STOCK} 100@10.50:{OTHER} #o/1")) == [None]
    assert bench.engine.state.trading_state is TradingState.ACTIVE
    assert bench.signal(f"cancel *:{ACCOUNT}").cancels
    bench.feed(ev.ResolveRequested("me", "not at the counter", first, OrderStatus.NOT_SENT))
    assert reasons(bench.signal(sell + "3")) == [None]


# A36: money that comes and goes looked like a loss and stopped trading

CLOSE = Price(104_000)
REPO = Symbol("204001.SH")
NEW_SHARE = Symbol("787001.SH")


class Watched(Bench):
    """A bench with the limits that everybody has: 3 % leaves selling, 5 % nothing.

    The account was worth 40,800 yuan in the morning: 2,000 shares at 10.40, and 20,000 in cash.
    """

    def __init__(self) -> None:
        super().__init__()
        limited(self, DEFAULTS)
        self.money = Money(200_000_000)
        account = self.engine.state.accounts[ACCOUNT]
        account.cash, account.morning_assets = self.money, Money(2000 * CLOSE + self.money)
        self.moved(CLOSE)

    def moved(self, last: int, symbol: Symbol = STOCK, close: int = CLOSE) -> TradingState:
        """Tell a price, let the day's loss be looked at, and return what the account may do."""
        self.feed(ev.PositionsMarked((ev.Mark(symbol, Price(last), Price(close)),)))
        return self.state()

    def state(self) -> TradingState:
        return self.engine.state.accounts[ACCOUNT].state

    def restarts(self, cash: int, shares: int = 2000) -> TradingState:
        """Start a new process and let the counter list this cash and so many shares."""
        self.feed(ev.EngineStarted("test", self.settings))
        self.session += 1
        self.lists(cash, shares)
        return self.state()

    def lists(self, cash: int, shares: int, account: AccountId = ACCOUNT) -> None:
        self.feed(ev.LinkChanged(account, self.session, LinkState.CONNECTED))
        held = replace(position(shares), account=account)
        self.feed(
            ev.BrokerListed(account, self.session, self.now_ns, True, True, Money(cash), (held,), (), (), Money(cash))
        )


def test_a36_money_sent_to_the_bank_is_no_loss() -> None:
    bench = Watched()
    assert bench.restarts(cash=0) is TradingState.ACTIVE
    assert bench.moved(CLOSE) is TradingState.ACTIVE
    assert bench.alerts().count("DAILY_LOSS") == 0
    assert bench.engine.state.accounts[ACCOUNT].morning_assets == 2000 * CLOSE + bench.money, (
        "the morning's for all day"
    )


def test_a36_paying_for_new_shares_is_no_loss() -> None:
    bench = Watched()
    account = bench.engine.state.accounts[ACCOUNT]
    account.cash = Money(0)
    account.positions[NEW_SHARE] = position(500, symbol=NEW_SHARE)
    assert bench.moved(391_100, NEW_SHARE, 0) is TradingState.ACTIVE
    assert bench.moved(CLOSE) is TradingState.ACTIVE


def test_a36_money_lent_in_a_reverse_repo_is_no_loss() -> None:
    bench = Watched()
    shape = {"symbol": REPO, "side": Side.SELL, "price": Price(15_000)}
    bench.report(replace(bench.row("", number="9"), quantity=Quantity(10), **shape))
    fill = replace(bench.fill("", 10, number="9"), fee=Money(0), **shape)
    before = bench.engine.state.accounts[ACCOUNT].cash
    bench.filled(fill)
    assert before - bench.engine.state.accounts[ACCOUNT].cash == 10 * 100 * 10_000, "it is gone from the cash"
    assert bench.moved(15_000, REPO, 40_000) is TradingState.ACTIVE
    assert bench.moved(CLOSE) is TradingState.ACTIVE


def test_a36_an_ex_day_is_no_loss_although_the_price_is_a_quarter_lower() -> None:
    """Three new shares for ten and 0.50 yuan each: 10.40 becomes (10.40 - 0.50) / 1.3 = 7.62, 2,000 become 2,600."""
    bench = Watched()
    ex_day = DAY + dt.timedelta(days=1)
    bench.now_ns = at_time(ex_day, 0)
    bench.feed(ev.DayBegan(ex_day))
    bench.feed(ev.CorporateActionsTold(ex_day, (action(STOCK, ex_day, transfer="3", cash="5"),)))
    bench.now_ns = at_time(ex_day, 10 * 3600 * SECOND_NS)
    bench.session += 1
    bench.lists(bench.money, 2600)
    assert bench.moved(76_200, close=76_200) is TradingState.ACTIVE
    assert bench.alerts().count("DAILY_LOSS") == 0
    assert bench.moved(70_000, close=76_200) is not TradingState.ACTIVE, "a fall on that day is one"


def test_a36_a_real_loss_leaves_selling_and_a_larger_one_nothing() -> None:
    """3 % of 40,800 yuan is 1,224: 61.2 fen a share; 5 % is 2,040: 1.02 yuan a share."""
    bench = Watched()
    assert bench.moved(CLOSE - 6_119) is TradingState.ACTIVE
    assert bench.moved(CLOSE - 6_120) is TradingState.REDUCING
    assert reasons(bench.signal(f"buy {STOCK} 100@9.80:{ACCOUNT} #r/1", quote=bench.quote(last=Price(97_880)))) == [
        Reason.REDUCING_ONLY
    ]
    assert bench.moved(CLOSE - 10_199) is TradingState.REDUCING
    assert bench.moved(CLOSE - 10_200) is TradingState.HALTED
    assert bench.alerts().count("DAILY_LOSS") == 2


def test_a18_a_last_price_of_zero_hides_no_loss_of_what_is_held() -> None:
    bench = Watched()
    for number, last in enumerate((CLOSE - 6_120, 0)):
        bench.signal(f"sell {STOCK} 100@11.00:{ACCOUNT} #z/{number}", quote=bench.quote(last=Price(last)))
    bench.feed(ev.PositionsMarked(()))
    assert bench.state() is TradingState.REDUCING


def test_a36_a_loss_that_was_realised_counts_after_the_shares_are_gone() -> None:
    bench = Watched()
    low = Price(97_000)
    (line,) = bench.signal(f"sell {STOCK} 2000@9.70:{ACCOUNT} #r/1", quote=bench.quote(last=low, bids=(low,))).orders
    assert line.denial is None
    bench.report(bench.row(line.client_order_id, side=Side.SELL, quantity=Quantity(2000), price=low))
    bench.filled(replace(bench.fill(line.client_order_id, 2000), side=Side.SELL, price=low))
    assert bench.held() == 0
    assert bench.moved(CLOSE) is TradingState.REDUCING, "7,000 a share over 2,000 is 1,400 yuan, whatever it does since"
