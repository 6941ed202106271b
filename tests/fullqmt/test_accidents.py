"""Accidents that users of the full terminal have reported, and what the host makes of each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fullqmt.python36 import needs_python36
from tests.fullqmt.stand import FullQmtStand
from tests.link.cases import Scene
from tests.link.engine import Engine

pytestmark = needs_python36


@pytest.fixture
def stand(tmp_path: Path) -> FullQmtStand:
    return FullQmtStand(tmp_path)


@pytest.fixture
def scene(stand: FullQmtStand) -> Iterator[Scene]:
    made = Scene(stand, "tcp")
    yield made
    try:
        assert stand.escaped() == []
    finally:
        made.close()


def dispatched(engine: Engine, stand: FullQmtStand, coid: str = "A1", **more: object) -> None:
    engine.submit(stand, coid, **more)
    assert engine.wait("stage", coid=coid)["st"] == "dispatched"


def test_a_row_that_comes_late_and_without_a_number_is_no_proof_before_it_has_one(
    scene: Scene, stand: FullQmtStand
) -> None:
    engine = scene.ready()
    stand.dial(row_after=0.5, sysid_after=1.0)
    dispatched(engine, stand)
    engine.send(t="outcome", q="q1", coid="A1", fence=True)
    assert engine.wait("outcome", q="q1")["st"] == "dispatched"
    rows = [engine.wait("row", kind="order", coid="A1")]
    rows.append(engine.wait("row", after=engine.index(rows[0]) + 1, kind="order", coid="A1"))
    numbers = [stand.ids(line["row"]).venue for line in rows if isinstance(line["row"], dict)]
    assert numbers[0] == ""
    assert numbers[1] != ""
    engine.send(t="outcome", q="q2", coid="A1", fence=False)
    assert engine.wait("outcome", q="q2")["st"] == "seen"


def test_a_list_says_that_it_proves_nothing_while_an_order_has_no_row(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.dial(row_after=-1.0)
    dispatched(engine, stand)
    listed, rows = engine.list_of(stand)
    assert listed["complete"] is True
    assert listed["none"] == ["order", "fill", "position"]
    assert rows["order"] == []
    assert stand.executed() == {"A1": 1}


def test_the_clients_own_row_beside_the_counters_is_left_out(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.dial(twice=True, sysid_after=0.3)
    dispatched(engine, stand)
    engine.wait_where(
        lambda line: line["t"] == "row" and isinstance(line["row"], dict) and bool(stand.ids(line["row"]).venue),
        "a row with a number",
    )
    _, rows = engine.list_of(stand)
    assert len(rows["order"]) == 1
    assert stand.ids(rows["order"][0]).venue


def test_a_refusal_as_a_row_and_as_an_error_are_both_told_with_their_order(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.dial(refuses="row")
    dispatched(engine, stand)
    row = engine.wait("row", kind="order", coid="A1")["row"]
    assert isinstance(row, dict)
    assert (row["m_nOrderStatus"], row["m_strCancelInfo"]) == (57, "[251005] 资金不足")
    stand.dial(refuses="error", error_remark=False)
    dispatched(engine, stand, "A2")
    error = engine.wait("row", kind="order_error", coid="A2")["row"]
    assert isinstance(error, dict)
    assert error["errMsg"] == "insufficient funds"


def test_an_error_that_two_orders_could_be_about_is_about_none(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.dial(refuses="silent")
    dispatched(engine, stand, "A1")
    stand.dial(refuses="error", error_remark=False)
    dispatched(engine, stand, "A2")
    assert engine.wait("row", kind="order_error")["coid"] is None


def test_silence_is_never_a_refusal(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.dial(refuses="silent")
    dispatched(engine, stand)
    engine.never(3.0, "stage", coid="A1", st="refused")
    engine.send(t="outcome", q="q1", coid="A1", fence=True)
    told = engine.wait("outcome", q="q1")
    assert (told["st"], told["complete"]) == ("dispatched", False)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_call_that_raises_leaves_the_order_unknown(scene: Scene, stand: FullQmtStand, when: str) -> None:
    engine = scene.ready()
    stand.dial(raises=when)
    engine.submit(stand, "A1")
    assert engine.wait("stage", coid="A1")["why"] == "raised"
    stand.dial(raises="")
    engine.submit(stand, "A1")
    engine.send(t="ping", x=1)
    engine.wait("pong", x=1)
    assert [stage["st"] for stage in engine.all("stage", coid="A1")] == ["unknown", "unknown"]
    assert stand.executed() == ({"A1": 1} if when == "after" else {})


def test_an_order_that_stands_twice_at_the_counter_stops_all_but_cancels(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.dial(places=2)
    dispatched(engine, stand)
    assert engine.wait("trouble", code="double")
    assert engine.wait("armed", level="cancel")["why"] == "double"
    engine.submit(stand, "A2")
    assert engine.wait("stage", coid="A2")["why"] == "halted"
    engine.cancel(stand, "c1", coid="A1")
    engine.wait("cstage", cid="c1", st="sent")
    engine.arm()
    stand.dial(places=1)
    dispatched(engine, stand, "A3")


@pytest.mark.parametrize("answer", [True, False])
def test_what_cancel_returns_decides_nothing(scene: Scene, stand: FullQmtStand, answer: bool) -> None:
    engine = scene.ready()
    dispatched(engine, stand)
    engine.wait("row", kind="order", coid="A1")
    stand.dial(cancel_answer=answer)
    engine.cancel(stand, "c1", coid="A1")
    assert engine.wait("cstage", cid="c1")["st"] == "sent"
    engine.wait_where(
        lambda line: line["t"] == "row" and isinstance(line["row"], dict) and line["row"].get("m_nOrderStatus") == 54,
        "the order cancelled",
    )


def test_a_cancel_waits_for_the_number_of_its_order(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.dial(sysid_after=1.0)
    dispatched(engine, stand)
    engine.cancel(stand, "c1", coid="A1")
    engine.never(0.3, "cstage", cid="c1")
    assert engine.wait("cstage", cid="c1")["st"] == "sent"


def test_hollow_rows_are_a_failure_and_no_empty_account(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    dispatched(engine, stand, price=stand.market.filling)
    engine.wait("row", kind="fill", coid="A1")
    engine.list_of(stand)
    stand.dial(hollow=True)
    listed, rows = engine.list_of(stand)
    assert listed["complete"] is False
    assert rows == {"order": [], "fill": [], "position": [], "asset": []}
    engine.wait("account", after=engine.index(listed) + 1, account=stand.market.accounts[0], state="down")
    engine.submit(stand, "A2")
    assert engine.wait("stage", coid="A2")["why"] == "not_ready"
    before = [line["session"] for line in engine.all("account", account=stand.market.accounts[0], state="ready")]
    stand.dial(hollow=False)
    down = engine.all("account", account=stand.market.accounts[0], state="down")[-1]
    ready = engine.wait("account", after=engine.index(down), account=stand.market.accounts[0], state="ready")
    assert ready["session"] not in before


def test_an_empty_list_where_there_were_rows_is_a_failure(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    dispatched(engine, stand)
    engine.wait("row", kind="order", coid="A1")
    engine.list_of(stand)
    stand.dial(empty=True)
    listed, _ = engine.list_of(stand)
    assert listed["complete"] is False


@pytest.mark.parametrize(
    ("dials", "words"),
    [
        ({"broker_type": 3}, "m_nBrokerType=3"),
        ({"simulated_signals": True}, "no callback"),
    ],
)
def test_an_account_without_evidence_is_not_ready_and_says_why(
    scene: Scene, stand: FullQmtStand, dials: dict[str, object], words: str
) -> None:
    running = scene.run()
    stand.dial(**dials)
    engine = scene.connect(running)
    engine.hello()
    engine.prove()
    account = stand.market.accounts[0]
    engine.send(t="welcome", link=1, sid="s", ep=1, replay_from=1, accounts=[{"account": account, "type": "STOCK"}])
    if "simulated_signals" in dials:
        # The strategy may have been called back before the dial was turned; a life that begins now is not.
        stand.ask(do="reload")
        engine = scene.connect(running)
        engine.prove()
        engine.send(t="welcome", link=1, sid="s", ep=1, replay_from=1, accounts=[{"account": account, "type": "STOCK"}])
    down = engine.wait_where(
        lambda line: line["t"] == "account" and words in str(line["text"]), f"an account that is down for {words}"
    )
    assert down["state"] == "down"


def test_callbacks_of_a_foreign_thread_only_tell_that_something_changed(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.dial(calls_back_from="foreign")
    dispatched(engine, stand, price=stand.market.filling)
    row = engine.wait("row", kind="fill", coid="A1")["row"]
    assert isinstance(row, dict)
    assert row["m_nVolume"] == 100


def test_fills_without_a_remark_find_their_order_by_its_number(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.dial(deal_remark=False)
    dispatched(engine, stand)
    engine.wait("row", kind="order", coid="A1")
    stand.ask(do="fill", remark="A1")
    engine.wait("row", kind="fill", coid="A1")


def test_without_callbacks_polling_finds_everything(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.dial(callbacks=False)
    dispatched(engine, stand, price=stand.market.filling)
    engine.wait("row", kind="fill", coid="A1")
    engine.wait("row", kind="order", coid="A1")


def test_an_account_that_the_strategy_is_not_bound_to_is_polled_and_cancelled_as_itself(
    scene: Scene, stand: FullQmtStand
) -> None:
    engine = scene.ready()
    first, second = stand.market.accounts
    engine.wait("account", account=second, state="ready")
    dispatched(engine, stand, "A1", account=second, price=stand.market.filling)
    engine.wait("row", kind="fill", coid="A1", account=second)
    dispatched(engine, stand, "A2", account=second)
    row = engine.wait("row", kind="order", coid="A2", account=second)["row"]
    assert isinstance(row, dict)
    engine.send(t="cancel", cid="c1", account=second, symbol="600000.SH", coid="A2", broker_id="", venue_id="")
    engine.wait("cstage", cid="c1", st="sent")
    cancels = stand.ask(do="cancels")["cancels"]
    assert isinstance(cancels, list)
    assert [each[1] for each in cancels] == [second]
    assert first not in {line["account"] for line in engine.all("row")}


def test_where_sockets_and_pipes_are_forbidden_files_carry_it(tmp_path: Path) -> None:
    stand = FullQmtStand(tmp_path / "host", forbid=["socket", "_socket", "_winapi", "ctypes", "encodings", "importlib"])
    scene = Scene(stand, "files")
    try:
        engine = scene.ready()
        dispatched(engine, stand)
        engine.wait("row", kind="order", coid="A1")
        assert stand.escaped() == []
    finally:
        scene.close()


def test_a_text_run_anew_takes_over_and_the_run_before_says_nothing_more(scene: Scene, stand: FullQmtStand) -> None:
    running = scene.run()
    first = scene.connect(running)
    first.welcome(stand)
    first.arm()
    dispatched(first, stand)
    stand.ask(do="reload")
    assert first.wait("bye")["why"] == "replaced"
    second = scene.connect(running)
    assert second.hello()["boot"] != first.hello()["boot"]
    second.welcome(stand)
    second.submit(stand, "A1")
    assert second.wait("stage", coid="A1")["why"] == "no_return"
    second.submit(stand, "A2")
    assert second.wait("stage", coid="A2")["why"] == "disarmed"
    assert second.wait("trouble", code="two_copies")  # The timer of the run before goes on: nothing stops it.
    assert stand.executed() == {"A1": 1}


def test_claims_outlive_the_terminal(scene: Scene, stand: FullQmtStand) -> None:
    running = scene.run()
    engine = scene.connect(running)
    engine.welcome(stand)
    engine.arm()
    dispatched(engine, stand)
    engine.send(t="outcome", q="q1", coid="F1", fence=True)
    engine.wait("outcome", q="q1", st="refused")
    running.close()
    engine = scene.ready()
    assert engine.hello()["journal"] == "disk"
    engine.submit(stand, "A1")
    assert engine.wait("stage", coid="A1")["st"] == "unknown"
    engine.submit(stand, "F1")
    assert engine.wait("stage", coid="F1")["why"] == "fenced"
    for coid, st, complete in (("A1", "unknown", False), ("F1", "refused", True), ("N1", "refused", True)):
        engine.send(t="outcome", q=coid, coid=coid, fence=True)
        told = engine.wait("outcome", q=coid)
        assert (told["st"], told["complete"], told["basis"]) == (st, complete, "disk")
    assert stand.executed() == {}


def test_a_goodbye_at_the_end_of_the_strategy(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    stand.ask(do="stop")
    assert engine.wait("bye")["why"] == "stop"
    engine.wait_end()


def test_quotes_and_details_come_from_the_terminal(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    tick = {"timetag": "20261126 14:59:59", "lastPrice": 10.01, "bidPrice": [10.0], "askPrice": [10.01], "volume": 7}
    stand.ask(do="ticks", ticks={"600000.SH": tick})
    stand.ask(do="details", details={"600000.SH": {"InstrumentName": "浦发银行", "PriceTick": 0.01}})
    engine.send(t="watch", symbols=["600000.SH", "000001.SZ"], markets=[])
    rows = engine.wait("quotes")["rows"]
    assert rows == {"600000.SH": {"time": 1795676399000, "lastPrice": 10.01, "bidPrice": [10.0], "askPrice": [10.01]}}
    engine.wait("feed", state="live")
    engine.send(t="details", q="d", symbols=["600000.SH", "000001.SZ"])
    assert engine.wait("detailed", q="d")["failed"] == ["000001.SZ"]
    engine.send(t="watch", symbols=[], markets=["SH", "SZ"])
    until = time.monotonic() + 30
    while len(engine.all("quotes")) < 2:
        stand.ask(do="whole", ticks={"600001.SH": {**tick, "lastPrice": 8.0}})
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_remark_that_ends_in_a_line_break_is_refused(scene: Scene, stand: FullQmtStand) -> None:
    engine = scene.ready()
    engine.submit(stand, "A1\n")
    stage = engine.wait("stage", coid="A1\n")
    assert (stage["st"], stage["why"], stage["text"]) == ("refused", "bad", "remark")
    assert stand.executed() == {}
