"""Recovery: what was decided is folded, whole or not at all, and nothing is decided again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, STOCK
from tests.engine_life import image
from tests.loop_bench import LoopBench, WatchedJournal

from qmt_trading.codec import state_snapshot
from qmt_trading.codec.journal_record import GENESIS, encode_turn, seal
from qmt_trading.engine.snapshot import capture
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.model.numbers import SECOND_NS, Quantity
from qmt_trading.model.words import LinkState, OrderStatus, TradingState
from qmt_trading.ports import StoredSnapshot, StoredTurn
from qmt_trading.run import recovery
from qmt_trading.run.recovery import check_decisions, recover

BUY = f"buy {STOCK} 100@10.50:{ACCOUNT}"


def a_day() -> LoopBench:
    """Return a process after some orders, some of them answered."""
    bench = LoopBench().connect()
    for number in range(6):
        bench.send(f"{BUY} #x/{number}")
        bench.rest()
    for index in range(3):
        bench.inbox.report(bench.row(bench.broker.submits[index], str(index)))
        bench.rest()
    return bench


def keep(bench: LoopBench) -> StoredSnapshot:
    taken = bench.loop.capture()
    assert taken is not None
    number, at, snapshot = taken
    stored = StoredSnapshot(number, at, b"\n".join(state_snapshot.encode_parts(snapshot)))
    bench.journal.save_snapshot(stored)
    return stored


def changed(journal: WatchedJournal, index: int, turn: StoredTurn | None) -> WatchedJournal:
    """Return a journal like ``journal`` with another turn, or none, in the place of one."""
    other = WatchedJournal()
    other._turns = list(journal.turns())
    other._turns[index : index + 1] = [] if turn is None else [turn]
    other._opened = journal.last_day_opened()
    return other


def test_an_empty_journal_gives_a_fresh_engine() -> None:
    recovered = recover(WatchedJournal())
    assert (recovered.number, recovered.seal, recovered.folded) == (0, GENESIS, 0)
    assert recovered.engine.state.bound is None


def test_what_was_is_again_and_nothing_more() -> None:
    bench = a_day()
    recovered = recover(bench.journal)
    assert image(recovered.engine) == image(bench.engine)
    assert (recovered.number, recovered.seal) == bench.loop.head
    assert recovered.folded == recovered.number


def test_a_snapshot_saves_the_folding_of_what_it_holds() -> None:
    bench = a_day()
    keep(bench)
    bench.send(f"{BUY} #later/1")
    bench.rest()
    recovered = recover(bench.journal)
    assert 0 < recovered.folded < 5
    assert image(recovered.engine) == image(bench.engine)


def test_folding_begins_at_the_last_opened_day() -> None:
    bench = a_day()
    keep(bench)  # Of yesterday, soon: it is older than the day.
    before = bench.loop.head[0]
    bench.clock.steady += 24 * 3600 * SECOND_NS
    bench.rest()
    bench.connect()
    recovered = recover(bench.journal)
    assert recovered.folded == bench.loop.head[0] - before
    assert image(recovered.engine) == image(bench.engine)


@pytest.mark.parametrize("harm", ["seal", "payload", "number"])
def test_a_snapshot_that_does_not_belong_or_is_broken_costs_only_time(harm: str) -> None:
    bench = a_day()
    stored = keep(bench)
    broken = {
        "seal": stored._replace(seal=bytes(32)),
        "payload": stored._replace(payload=stored.payload[:-5]),
        "number": stored._replace(number=stored.number + 1000),
    }[harm]
    bench.journal.save_snapshot(broken)
    recovered = recover(bench.journal)
    assert recovered.folded == bench.loop.head[0]
    assert image(recovered.engine) == image(bench.engine)


def test_a_missing_turn_is_found() -> None:
    bench = a_day()
    for index in range(bench.loop.head[0] - 1):
        with pytest.raises(JournalBrokenError):
            recover(changed(bench.journal, index, None))


def test_a_changed_turn_is_found_even_with_its_own_new_seal() -> None:
    bench = a_day()
    turns = list(bench.journal.turns())
    for index in range(1, len(turns) - 1):
        turn = turns[index]
        payload = turn.payload.replace(b"100", b"200", 1)
        assert payload != turn.payload
        with pytest.raises(JournalBrokenError):
            recover(changed(bench.journal, index, turn._replace(payload=payload)))
        sealed = StoredTurn(turn.number, payload, seal(turns[index - 1].seal, turn.number, payload))
        with pytest.raises(JournalBrokenError):
            recover(changed(bench.journal, index, sealed))


def test_two_turns_that_changed_places_are_found() -> None:
    bench = a_day()
    swapped = changed(bench.journal, 0, next(bench.journal.turns()))
    swapped._turns[3], swapped._turns[4] = swapped._turns[4], swapped._turns[3]
    with pytest.raises(JournalBrokenError):
        recover(swapped)


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "PROGRESS_EVERY", 2)
    bench = a_day()
    told: list[int] = []
    recover(bench.journal, progress=told.append)
    assert told == list(range(2, bench.loop.head[0] + 1, 2))


def test_an_order_that_was_unanswered_when_the_process_died_is_unknown_and_asked_about() -> None:
    bench = LoopBench().connect()
    bench.send(f"{BUY} #x/1")
    bench.loop.turn()
    again = bench.again()
    (order,) = again.engine.state.orders
    assert order.status is OrderStatus.UNKNOWN
    again.connect()
    again.rest()
    assert again.broker.submits == []
    assert out.QueryBroker(ACCOUNT) in again.broker.queries
    assert again.engine.state.accounts[ACCOUNT].link is LinkState.CONNECTED


def test_a_safe_start_is_halted_and_can_still_cancel() -> None:
    bench = a_day()
    recovered = recover(bench.journal)
    engine, now_ns = recovered.engine, bench.clock.now_ns()
    settings = engine.state.settings
    assert settings is not None
    engine.handle(ev.EngineStarted("test", settings, safe=True), now_ns)
    assert engine.state.trading_state is TradingState.HALTED
    made = engine.handle(ev.CancelRequested("me", "test"), now_ns)
    assert {output.broker_order_id for output in made if isinstance(output, out.CancelOrder)} >= {"0", "1", "2"}


def test_the_same_program_would_decide_the_same() -> None:
    bench = a_day()
    again = bench.again()
    again.connect()
    again.send(f"cancel {STOCK}:{ACCOUNT}")
    again.rest()
    assert check_decisions(bench.journal, version="test") == []


def test_every_output_that_was_changed_is_found_and_the_list_ends_at_twenty() -> None:
    bench = LoopBench().connect()
    for number in range(30):
        bench.send(f"{BUY} #x/{number}")
        bench.rest()
    turns = list(bench.journal.turns())
    altered = 0
    for index, records in enumerate(bench.turns()):
        for place, record in enumerate(records):
            if isinstance(record, out.SubmitOrder):
                records[place] = replace(record, quantity=Quantity(record.quantity + 100))
                turns[index] = turns[index]._replace(payload=encode_turn(records))
                altered += 1
    bench.journal._turns = turns
    assert altered == 30
    assert len(check_decisions(bench.journal, version="test")) == 20
    assert check_decisions(bench.journal, version="another") == []


def test_recovering_a_recovered_engine_changes_nothing() -> None:
    bench = a_day()
    first = recover(bench.journal).engine
    again = recover(bench.journal).engine
    assert image(first) == image(again)
    assert capture(first.state).image == capture(again.state).image
