"""What the loop must not do between two of its steps: mislabel a snapshot, spare its own brake, spend an id wrongly."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, DAY, STOCK, Bench
from tests.loop_bench import SETTINGS, LoopBench

from qmt_trading.codec.journal_record import encode_turn
from qmt_trading.journal.memory import MemoryJournal
from qmt_trading.model.words import OrderStatus, TradingState
from qmt_trading.ports import Closing, StoredSnapshot, StoredTurn
from qmt_trading.run import loop as loop_module
from qmt_trading.run.batch import closing_of
from qmt_trading.run.recovery import recover


def test_no_snapshot_is_taken_while_a_batch_is_on_its_way_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = LoopBench().connect()
    taken: list[object] = []
    encode = encode_turn

    def looks(records: object) -> bytes:
        taken.append(bench.loop.capture())
        return encode(records)  # type: ignore[arg-type]

    append = bench.journal.append

    def appends(turn: StoredTurn, *, closing: Closing | None = None) -> None:
        taken.append(bench.loop.capture())
        append(turn, closing=closing)

    monkeypatch.setattr(loop_module, "encode_turn", looks)
    monkeypatch.setattr(bench.journal, "append", appends)
    bench.send(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/1")
    bench.rest()
    assert len(taken) >= 2
    assert taken == [None] * len(taken)
    assert bench.loop.capture() is not None


def test_a_snapshot_that_does_not_fit_the_turns_is_left_out() -> None:
    from qmt_trading.codec import state_snapshot

    bench = LoopBench().connect()
    before = bench.loop.head
    bench.send(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/1")
    bench.rest()
    taken = bench.loop.capture()
    assert taken is not None
    lying = StoredSnapshot(before[0], before[1], b"\n".join(state_snapshot.encode_parts(taken[2])))
    journal: MemoryJournal = bench.journal
    journal.save_snapshot(lying)
    again = recover(journal)
    assert len(again.engine.state.orders) == 1


def test_the_orders_that_trip_the_brake_do_not_leave_behind_it() -> None:
    settings = replace(SETTINGS, submits_per_minute_max=2)
    bench = LoopBench(settings=settings).connect()
    for number in range(3):
        bench.inbox.message("door", f"buy {STOCK} 100@10.50:{ACCOUNT} #b/{number}".encode(), bench.clock.now_ns(), None)
    bench.rest()
    assert bench.engine.state.trading_state is TradingState.HALTED
    assert bench.broker.submits == []
    assert {order.status for order in bench.engine.state.orders} == {OrderStatus.NOT_SENT}


def test_a_malformed_message_spends_no_id_of_another_day() -> None:
    bench = Bench()
    bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT};buy {STOCK} 200@10.50:* #m/1")
    good = bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #m/1")
    made = closing_of(bench.engine.state.signals, DAY, DAY + dt.timedelta(days=1), None)
    assert [(key, known.receipt.seq) for key, _, known in made.known] == [("m/1", good.seq)]
