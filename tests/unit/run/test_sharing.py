"""Sharing: what a follower holds is equal to what the engine holds, in fewer objects."""

from __future__ import annotations

import pytest
from tests.engine_bench import ACCOUNT, STOCK, Bench

from qmt_trading.codec import state_snapshot
from qmt_trading.codec.journal_record import Record, decode_turn, encode_turn
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.engine.state import State
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.view import View
from qmt_trading.model.words import OrderStatus
from qmt_trading.run.sharing import KNOWN_MAX, Sharing


class Journalled(Bench):
    """A bench that notes its turns as bytes."""

    def __init__(self) -> None:
        self.turns: list[bytes] = []
        super().__init__()

    def feed(self, event: ev.Event) -> list[out.Output]:
        event = self.numbered(event)
        made = super().feed(event)
        records: list[Record] = [ev.At(self.now_ns), event, *made]
        self.turns.append(encode_turn(records))
        return made


@pytest.fixture
def day() -> Journalled:
    """Return a day with two filled orders, a denied signal, a repeated one and a list of the broker's."""
    bench = Journalled()
    for number in (1, 2):
        name = bench.buy(name=f"monitor/{number}")
        bench.feed(ev.SubmitsHandedOver(bench.now_ns, ((name, bench.now_ns),)))
        bench.report(bench.row(name, number=f"7{number}"))
        bench.filled(bench.fill(name, number=f"7{number}", fill_id=f"f{number}"))
        bench.report(bench.row(name, OrderStatus.FILLED, number=f"7{number}", filled_quantity=100))
    bench.signal(f"buy {STOCK} 100@99.50:{ACCOUNT} #monitor/3")
    bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #monitor/1")
    bench.listed(bench.row("", number="99"))
    return bench


def folded(turns: list[bytes]) -> State:
    engine, sharing = Engine(), Sharing()
    for turn in turns:
        for record in decode_turn(turn):
            engine.fold(sharing.record(engine.state, record))
    return engine.state


def view_of(state: State) -> View:
    return Engine(state).view()


def rows_of(view: View) -> tuple[object, ...]:
    return list(view.orders), list(view.fills), list(view.signals), view.accounts, view.positions, view.alerts


def test_what_is_folded_is_what_the_engine_knows(day: Journalled) -> None:
    assert rows_of(view_of(folded(day.turns))) == rows_of(day.engine.view())


def test_each_record_is_equal_to_what_it_was(day: Journalled) -> None:
    state, sharing = State(), Sharing()
    records = [record for turn in day.turns for record in decode_turn(turn)]
    assert [sharing.record(state, record) for record in records] == records


def test_what_is_said_again_is_one_object(day: Journalled) -> None:
    view = view_of(folded(day.turns))
    (one, other), fills = list(view.orders)[:2], list(view.fills)
    assert one.account is other.account
    assert one.symbol is other.symbol
    assert one.price is other.price
    assert one.door is other.door
    assert fills[0].client_order_id is one.client_order_id
    assert fills[0].venue_order_id is one.venue_order_id
    assert fills[0].day is fills[1].day
    signal = view.signals[0]
    assert signal.receipt.id is signal.id
    assert signal.receipt.orders[0].client_order_id is one.client_order_id
    assert signal.receipt.orders[0].account is one.account


def test_rows_of_a_snapshot_are_equal_and_shared(day: Journalled) -> None:
    state = day.engine.state
    payload = b"\n".join(state_snapshot.encode_parts(capture(state)))
    restored = restore(state_snapshot.decode(payload, Sharing().rows))
    assert rows_of(view_of(restored)) == rows_of(day.engine.view())
    one, other = list(restored.orders)[:2]
    assert one.account is other.account
    assert restored.signals[0].receipt.id is restored.signals[0].id


def test_a_day_of_many_words_takes_no_room_for_them_for_ever() -> None:
    sharing, state = Sharing(), State()
    for number in range(KNOWN_MAX * 2):
        sharing.record(state, out.OrderEnded("x", OrderStatus.UNKNOWN, f"text {number}"))  # type: ignore[arg-type]
    assert len(sharing._words) <= KNOWN_MAX + 1
