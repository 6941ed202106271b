"""A snapshot is the whole state: what is made of it is the same, down to the last byte."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.codec import state_snapshot
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.model import events as ev
from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.model.numbers import SECOND_NS, Money
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import LinkState, OrderStatus, TradingState
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.engine_life import image


def a_full_day() -> Bench:
    """Return a bench with something in every part of the state."""
    bench = Bench()
    first = bench.buy(name="x/1")
    bench.report(bench.row(first))
    bench.filled(bench.fill(first))
    bench.filled(bench.fill("", number="900", fill_id="orphan"))
    bench.signal(f"{STOCK}:{OTHER}")
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    second = bench.buy(300, name="x/2")
    bench.report(bench.row(second, OrderStatus.CANCELED, number="78", quantity=300, filled_quantity=100))
    bench.feed(ev.MalformedReceived("door", bench.now_ns, "?", "TEXT", 0, 0))
    bench.feed(ev.HaltRequested("me", "test", OTHER, TradingState.REDUCING))
    bench.feed(ev.ClockStepped(SECOND_NS))
    bench.later(4)
    return bench


def again(bench: Bench) -> Engine:
    payload = b"\n".join(state_snapshot.encode_parts(capture(bench.engine.state)))
    return Engine(restore(state_snapshot.decode(payload)))


def test_the_state_made_of_a_snapshot_has_the_same_image() -> None:
    bench = a_full_day()
    twin = again(bench)
    assert image(twin) == image(bench.engine)
    assert list(twin.view().orders) == list(bench.engine.view().orders)
    assert twin.view().accounts == bench.engine.view().accounts


def test_every_part_of_the_state_is_in_the_full_day() -> None:
    taken = capture(a_full_day().engine.state).image
    account = taken.accounts[0]
    assert account.marks
    assert account.orphans
    assert account.gaps
    assert taken.accounts[1].state is TradingState.REDUCING
    assert taken.accounts[1].unresolved
    assert taken.accounts[1].live
    assert taken.ids
    assert taken.recent
    assert taken.bare_counts
    assert taken.prices
    assert taken.alerts
    assert taken.clock_unsettled
    assert taken.malformed == 1
    assert taken.wanted_in_minute == taken.order_seq == 3


def test_what_follows_from_the_books_is_there_again() -> None:
    bench = a_full_day()
    twin, state = again(bench).state, bench.engine.state
    for number, account in state.accounts.items():
        assert twin.accounts[number].reserved == account.reserved
        assert twin.accounts[number].positions == account.positions
    assert twin.fill_keys == state.fill_keys
    assert twin.by_broker == state.by_broker
    assert twin.by_venue == state.by_venue
    assert twin.next_due_ns() == state.next_due_ns()


def test_an_account_that_left_the_configuration_keeps_its_own_settings_and_its_place() -> None:
    bench = Bench()
    free = FeeSchedule(commission_millionths=0, commission_minimum=Money(0), transfer_millionths=0)
    first, second = bench.settings.accounts
    bench.feed(ev.EngineStarted("test", replace(bench.settings, accounts=(replace(first, fees=free), second))))
    bench.feed(ev.EngineStarted("test", replace(bench.settings, accounts=(second,))))
    twin = again(bench)
    assert list(twin.state.accounts) == [ACCOUNT, OTHER]
    assert twin.state.accounts[ACCOUNT].settings.fees == free
    assert ACCOUNT not in twin.state.names
    assert image(twin) == image(bench.engine)


def test_an_order_that_rose_again_keeps_its_place_among_those_that_may_fill() -> None:
    bench = Bench()
    first, second = bench.buy(name="x/1"), bench.buy(name="x/2")
    bench.feed(ev.SubmitRefused(ACCOUNT, first, "未发"))
    bench.report(bench.row(first))
    account = bench.engine.state.accounts[ACCOUNT]
    assert list(account.live) == [second, first]
    assert list(again(bench).state.accounts[ACCOUNT].live) == [second, first]


def test_a_snapshot_does_not_change_when_its_engine_goes_on() -> None:
    bench = a_full_day()
    taken = capture(bench.engine.state)
    before = b"\n".join(state_snapshot.encode_parts(taken))
    bench.feed(ev.LinkChanged(ACCOUNT, 2, LinkState.CONNECTED))
    bench.session = 2
    bench.listed()
    bench.feed(ev.ResumeRequested("me", "test", OTHER))
    bench.signal(f"buy {STOCK} 100@10.40:{OTHER} #x/9")
    assert b"\n".join(state_snapshot.encode_parts(taken)) == before


@pytest.mark.parametrize("cut", [0, 1, 10, -1, -2])
def test_a_part_of_a_snapshot_is_no_snapshot(cut: int) -> None:
    payload = b"\n".join(state_snapshot.encode_parts(capture(a_full_day().engine.state)))
    with pytest.raises(JournalBrokenError):
        state_snapshot.decode(payload[:cut])
