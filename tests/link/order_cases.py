"""Cases on orders: once and never again, deadlines, cancels first, halts, outcomes, lists."""

from __future__ import annotations

import itertools
import time
from functools import partial

from tests.link.cases import Scene, case
from tests.link.engine import Engine, check


def _hang_with(scene: Scene, engine: Engine, seconds: float, coid: str = "A1") -> None:
    """Let ``coid`` hang in the terminal; what follows must wait behind it."""
    scene.stand.hang(seconds)
    engine.submit(scene.stand, coid)
    time.sleep(0.2)  # Where that is not enough it waits with the others, which proves less but nothing wrong.


@case()
def an_order_is_dispatched_and_its_row_carries_the_remark(scene: Scene) -> None:
    engine = scene.ready()
    engine.submit(scene.stand, "A1")
    stage = engine.wait("stage", coid="A1")
    check(stage["st"] == "dispatched", f"not dispatched: {stage}")
    row = engine.wait("row", kind="order")["row"]
    assert isinstance(row, dict)
    check(scene.stand.ids(row).remark == "A1", f"remark of {row}")
    check(bool(scene.stand.ids(row).broker), f"no number in {row}")
    check(scene.stand.executed() == {"A1": 1}, f"executed: {scene.stand.executed()}")


@case()
def a_fill_is_a_row(scene: Scene) -> None:
    engine = scene.ready()
    engine.submit(scene.stand, "A1", price=scene.stand.market.filling)
    engine.wait("row", kind="fill")


@case()
def the_same_order_twice_is_answered_and_not_done_again(scene: Scene) -> None:
    engine = scene.ready()
    engine.submit(scene.stand, "A1")
    first = engine.wait("stage", coid="A1")
    engine.submit(scene.stand, "A1")
    second = engine.wait("stage", after=engine.index(first) + 1, coid="A1")
    check(first["st"] == second["st"] == "dispatched", f"{first} {second}")
    engine.submit(scene.stand, "A1", quantity=200)
    engine.wait("nak", of="submit")
    engine.list_of(scene.stand)
    check(scene.stand.executed() == {"A1": 1}, f"executed: {scene.stand.executed()}")


@case()
def an_order_past_its_time_is_refused_for_good(scene: Scene) -> None:
    engine = scene.ready()
    engine.submit(scene.stand, "A1", ttl=0)
    engine.wait("stage", coid="A1", st="refused", why="expired")
    check(not scene.stand.executed(), "it was executed")


@case()
def the_time_is_looked_at_right_before_the_call(scene: Scene) -> None:
    engine = scene.ready()
    _hang_with(scene, engine, 1.5)
    engine.submit(scene.stand, "A2", ttl=300_000)
    engine.submit(scene.stand, "A3", ttl=20_000_000)
    engine.wait("stage", coid="A2", st="refused", why="expired")
    engine.wait("stage", coid="A3", st="dispatched")
    check("A2" not in scene.stand.executed(), "it was executed")


@case()
def the_age_counts_what_passed_at_the_engine(scene: Scene) -> None:
    engine = scene.ready()
    stamp, _ = engine.stamp()
    engine.submit(scene.stand, "A1", ref=stamp - 1_000_000, el=0, ttl=500_000)
    engine.wait_where(
        lambda line: line["t"] == "stage" and line["coid"] == "A1" and line["why"] in ("expired", "no_clock"),
        "a refusal",
    )
    check(not scene.stand.executed(), "it was executed")


@case()
def a_stamp_that_is_old_or_of_another_life_is_no_clock(scene: Scene) -> None:
    engine = scene.ready()
    stamp, _ = engine.stamp()
    engine.submit(scene.stand, "A1", ref=stamp - 3_600_000_000)
    engine.wait("stage", coid="A1", st="refused", why="no_clock")
    engine.submit(scene.stand, "A2", ref=stamp + 3_600_000_000)
    engine.wait("stage", coid="A2", st="refused", why="no_clock")
    check(not scene.stand.executed(), "it was executed")


@case()
def what_cannot_be_sent_is_refused_before_the_terminal(scene: Scene) -> None:
    engine = scene.ready()
    unfit: tuple[dict[str, object], ...] = (
        {"account": "99999999"},
        {"side": "hold"},
        {"kind": "dance"},
        {"quantity": 0},
        {"price": "ten"},
        {"remark": "other"},
    )
    for number, changes in enumerate(unfit):
        engine.submit(scene.stand, f"A{number}", **changes)
        refused = engine.wait("stage", coid=f"A{number}")
        check(refused["st"] == "refused", f"{changes}: {refused}")
    check(not scene.stand.executed(), f"executed: {scene.stand.executed()}")


@case()
def a_cancel_finds_its_order_by_each_of_its_names(scene: Scene) -> None:
    engine = scene.ready()
    for name in ("broker_id", "venue_id", "coid"):
        coid = f"A-{name.replace('_', '-')}"
        engine.submit(scene.stand, coid)
        row = engine.wait_where(partial(_is_row_of, scene, coid), f"a row of {coid}")["row"]
        assert isinstance(row, dict)
        ids = scene.stand.ids(row)
        named = {"broker_id": ids.broker, "venue_id": ids.venue, "coid": coid}[name]
        if not named:
            continue
        engine.cancel(scene.stand, f"c-{name}", **{name: named})
        engine.wait("cstage", cid=f"c-{name}", st="sent")
    engine.cancel(scene.stand, "c-none", coid="nobody")
    engine.wait("cstage", cid="c-none", st="refused", why="no_id")


def _is_row_of(scene: Scene, coid: str, line: dict[str, object]) -> bool:
    """Tell whether ``line`` is a row of the order that has all its names."""
    row = line.get("row")
    if line["t"] != "row" or line["kind"] != "order" or not isinstance(row, dict):
        return False
    return scene.stand.ids(row).remark == coid and bool(scene.stand.ids(row).venue)


@case()
def cancels_go_before_submits(scene: Scene) -> None:
    engine = scene.ready()
    scene.stand.foreign(scene.stand.market.resting)
    row = engine.wait("row", kind="order")["row"]
    assert isinstance(row, dict)
    _hang_with(scene, engine, 2.0)
    engine.submit(scene.stand, "A2")
    engine.submit(scene.stand, "A3")
    engine.cancel(scene.stand, "c1", broker_id=scene.stand.ids(row).broker)
    answered = engine.wait("cstage", cid="c1")
    for coid in ("A2", "A3"):
        later = engine.wait("stage", coid=coid, st="dispatched")
        check(engine.index(answered) < engine.index(later), f"{coid} went before the cancel")


@case()
def a_cancel_withdraws_an_order_that_still_waits(scene: Scene) -> None:
    engine = scene.ready()
    _hang_with(scene, engine, 2.0)
    engine.submit(scene.stand, "A2")
    engine.submit(scene.stand, "A3")
    engine.cancel(scene.stand, "c1", coid="A2")
    engine.wait("stage", coid="A2", st="refused", why="withdrawn")
    engine.wait("cstage", cid="c1")
    engine.wait("stage", coid="A3", st="dispatched")
    check("A2" not in scene.stand.executed(), "it was executed")


@case()
def a_halt_overtakes_what_has_not_reached_the_terminal(scene: Scene) -> None:
    engine = scene.ready()
    _hang_with(scene, engine, 2.0)
    for coid in ("A2", "A3", "A4"):
        engine.submit(scene.stand, coid)
    began = time.monotonic()
    engine.send(t="halt", why="a person")
    for coid in ("A2", "A3", "A4"):
        engine.wait("stage", coid=coid, st="refused", why="halted")
    engine.wait("armed", level="cancel")
    if engine.hears_while_calling:
        check(time.monotonic() - began < 1.5, "the halt waited for the call that hangs")
    engine.submit(scene.stand, "A5")
    engine.wait("stage", coid="A5", st="refused")
    scene.stand.hang(0)
    engine.list_of(scene.stand)
    check(set(scene.stand.executed()) <= {"A1"}, f"executed: {scene.stand.executed()}")
    check(len(engine.all("stage", coid="A2")) == 1, "what was dropped was still looked at")


@case()
def a_fence_makes_sure_that_an_order_never_goes(scene: Scene) -> None:
    engine = scene.ready()
    _hang_with(scene, engine, 2.0)
    engine.submit(scene.stand, "A2")
    engine.submit(scene.stand, "A3")
    engine.send(t="outcome", q="q1", coid="A2", fence=True)
    engine.send(t="outcome", q="q2", coid="unseen", fence=True)
    for question in ("q1", "q2"):
        told = engine.wait("outcome", q=question)
        check(told["st"] == "refused" and told["complete"] is True, f"not definitive: {told}")
    engine.submit(scene.stand, "unseen")
    engine.wait("stage", coid="A3", st="dispatched")
    engine.list_of(scene.stand)
    check(set(scene.stand.executed()) == {"A1", "A3"}, f"executed: {scene.stand.executed()}")


@case()
def without_proof_an_outcome_is_not_definitive(scene: Scene) -> None:
    engine = scene.ready()
    engine.submit(scene.stand, "A1")
    engine.wait("stage", coid="A1", st="dispatched")
    for question, coid, fence in (("q1", "A1", True), ("q2", "A1", False), ("q3", "unseen", False)):
        engine.send(t="outcome", q=question, coid=coid, fence=fence)
        told = engine.wait("outcome", q=question)
        check(told["st"] != "refused" or told["complete"] is False, f"definitive: {told}")
        check(coid == "unseen" or told["st"] in ("dispatched", "seen"), f"forgotten: {told}")
    _hang_with(scene, engine, 2.5, "A2")
    if engine.hears_while_calling:
        engine.wait_where(lambda line: line["t"] == "beat" and int(str(line["busy"])) > 0, "a call under way")
    engine.send(t="outcome", q="q4", coid="A2", fence=True)
    told = engine.wait("outcome", q="q4")
    scene.stand.hang(0)
    engine.list_of(scene.stand)
    # A host of one thread may have read the order and the question at once: then the fence came first, and holds.
    went = "A2" in scene.stand.executed()
    check(went is (told["st"] != "refused"), f"executed: {went}, though {told}")


@case()
def a_list_holds_every_order_handed_over_before_it(scene: Scene) -> None:
    engine = scene.ready()
    coids = [f"A{number}" for number in range(20)]
    for coid in coids:
        engine.submit(scene.stand, coid)
    listed, rows = engine.list_of(scene.stand)
    check(listed["complete"] is True and listed["alive"] is True, f"listed: {listed}")
    check({scene.stand.ids(row).remark for row in rows["order"]} == set(coids), f"rows: {len(rows['order'])}")
    check(bool(rows["asset"]), "no asset")
    ready = engine.all("account", account=scene.stand.market.accounts[0], state="ready")[-1]
    check(listed["session"] == ready["session"], "another session")


@case()
def an_account_that_nobody_knows_has_no_complete_list(scene: Scene) -> None:
    engine = scene.ready()
    listed, _ = engine.list_of(scene.stand, "99999999")
    check(listed["complete"] is False, f"complete: {listed}")


@case()
def a_reader_that_does_not_read_stops_nothing(scene: Scene) -> None:
    engine = scene.ready()
    for number in range(12):
        engine.submit(scene.stand, f"A{number}")
    engine.wait("stage", coid="A11", st="dispatched")
    engine.pause()
    for number in range(150):
        engine.send(t="list", q=f"many{number}", account=scene.stand.market.accounts[0])
    engine.submit(scene.stand, "B1")
    until = time.monotonic() + 10
    while "B1" not in scene.stand.executed():
        check(time.monotonic() < until, "an order is not done because nobody reads")
        time.sleep(0.05)
    engine.go_on()
    engine.wait("stage", coid="B1", st="dispatched")
    engine.wait("listed", q="many149")
    numbers = [int(str(line["n"])) for line in engine.lines if "n" in line]
    for before, after in itertools.pairwise(numbers):
        gaps = [line for line in engine.all("gap") if line["to"] == after]
        check(after == before + 1 or bool(gaps), f"a hole after {before}: {after}")
