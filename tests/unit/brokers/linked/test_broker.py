"""The linked broker over a host that the test plays: what it sends, what it makes of answers, what a break means."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from qmt_trading.brokers.linked.carrier import Sent
from qmt_trading.brokers.linked.condition import Level, LinkPhase
from qmt_trading.brokers.simulated.plain import asset_row, row_of
from qmt_trading.link.frames import write
from qmt_trading.link.handshake import mac
from qmt_trading.model.errors import NotSentError, OutcomeUnknownError
from qmt_trading.model.events import (
    BrokerListed,
    CancelRefused,
    LinkChanged,
    OrderReported,
    OrderRow,
    SubmitRefused,
    SubmitUncertain,
)
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.outputs import QueryBroker
from qmt_trading.model.words import LinkState, OrderStatus, Side
from tests.unit.brokers.linked.parts import NOW_S, ONE, PUFA, TWO, Bench, Wire, cancel, order

ROW = OrderRow("A1", "77", "H1", PUFA, Side.BUY, Quantity(100), Price(105_000), Quantity(0), OrderStatus.NEW, "", 5)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.broker.stop()


def closed(bench: Bench, why: str = "gone", unsent: list[bytes] | None = None) -> None:
    bench.broker.closed(bench.wire, why, unsent or [])


def test_a_host_is_welcomed_and_armed_and_its_account_is_connected(bench: Bench) -> None:
    wire = bench.greet()
    (welcome,) = wire.said("welcome")
    assert (welcome["ep"], welcome["replay_from"]) == (7, 1)
    assert welcome["accounts"] == [{"account": ONE, "type": "STOCK"}]
    assert [line["level"] for line in wire.said("arm")] == ["trade"]
    assert bench.reports == []
    bench.tell({"t": "account", "account": ONE, "state": "ready", "session": 3})
    assert bench.take() == [LinkChanged(ONE, NOW_S + 50, LinkState.CONNECTED)]
    assert bench.carrier.up == 1


def test_an_account_that_was_never_ready_is_told_to_people_only(bench: Bench) -> None:
    bench.greet()
    bench.tell({"t": "account", "account": ONE, "state": "down", "text": "未登录"})
    assert bench.reports == []
    assert bench.broker.condition().accounts == ((ONE, False, "未登录"),)


def test_sessions_are_greater_than_all_before_whatever_the_clock_says() -> None:
    bench = Bench()
    bench.connect(session=1)
    bench.tell({"t": "account", "account": ONE, "state": "ready", "session": 2})
    bench.clock.steady -= 20 * SECOND_NS
    bench.tell({"t": "account", "account": ONE, "state": "ready", "session": 3})
    first, second, third = [report.session for report in bench.take() if isinstance(report, LinkChanged)]
    assert first < second < third
    bench.broker.stop()


def test_a_submit_is_one_line_with_its_age(bench: Bench) -> None:
    bench.connect()
    bench.clock.steady += 100_000_000
    assert bench.broker.submit([order(wait_ns=3 * SECOND_NS)]) == []
    (line,) = bench.wire.said("submit")
    assert line == {
        "t": "submit",
        "account": ONE,
        "symbol": PUFA,
        "side": "buy",
        "kind": "limit",
        "price": "10.50",
        "quantity": 100,
        "coid": "A1",
        "remark": "A1",
        "ttl": 2_900_000,
        "ref": 1_000_000,
        "el": 100_000,
        "k": 1,
    }


def test_what_cannot_be_handed_over_certainly_did_not_leave(bench: Bench) -> None:
    assert [type(error) for _, error in bench.broker.submit([order()])] == [NotSentError]
    bench.greet()
    assert [type(error) for _, error in bench.broker.submit([order()])] == [NotSentError]  # No account yet.
    bench.tell({"t": "account", "account": ONE, "state": "ready", "session": 1})
    for bad in (order(account=TWO), order(session=5)):
        assert [type(error) for _, error in bench.broker.submit([bad])] == [NotSentError]
    bench.wire.takes = Sent.NOTHING
    assert [type(error) for _, error in bench.broker.submit([order()])] == [NotSentError]
    bench.wire.takes = Sent.WHOLE
    bench.clock.steady += 2 * SECOND_NS + 1
    assert [type(error) for _, error in bench.broker.submit([order()])] == [NotSentError]
    assert bench.wire.said("submit") == []
    assert bench.broker.condition().unanswered == 0


def test_half_an_order_ends_the_connection_and_may_have_left(bench: Bench) -> None:
    bench.connect()
    bench.wire.takes = Sent.PART
    ((failed, error),) = bench.broker.submit([order()])
    assert failed.client_order_id == "A1"
    assert isinstance(error, OutcomeUnknownError)
    assert bench.wire.closed


def test_the_sixty_fifth_unanswered_submit_is_not_sent(bench: Bench) -> None:
    bench.connect()
    failed = bench.broker.submit([order(f"A{number}") for number in range(70)])
    assert [each.client_order_id for each, _ in failed] == [f"A{number}" for number in range(64, 70)]
    bench.tell({"t": "stage", "coid": "A3", "st": "dispatched"})
    assert bench.broker.submit([order("B")]) == []


@pytest.mark.parametrize(
    ("stage", "kind"),
    [("refused", SubmitRefused), ("unknown", SubmitUncertain), ("dispatched", None)],
)
def test_a_stage_becomes_what_it_proves(bench: Bench, stage: str, kind: type | None) -> None:
    bench.connect()
    bench.broker.submit([order()])
    bench.take()
    bench.tell({"t": "stage", "coid": "A1", "st": stage, "why": "expired"})
    assert [type(report) for report in bench.take()] == ([kind] if kind else [])
    bench.tell({"t": "stage", "coid": "nobody", "st": stage})
    assert bench.take() == []


def test_a_refused_cancel_is_told_and_a_sent_one_is_not(bench: Bench) -> None:
    bench.connect()
    bench.take()
    bench.broker.cancel(cancel())
    bench.broker.cancel(cancel("~foreign", "8"))
    first, second = bench.wire.said("cancel")
    assert (first["coid"], first["broker_id"], second["coid"], second["broker_id"]) == ("A1", "9", "", "8")
    bench.tell({"t": "cstage", "cid": second["cid"], "st": "sent"})
    bench.tell({"t": "cstage", "cid": first["cid"], "st": "refused", "why": "no_id"})
    bench.tell({"t": "cstage", "cid": first["cid"], "st": "refused"})
    assert bench.take() == [CancelRefused(ONE, order().client_order_id, "撤单失败：委托没有编号")]


def test_a_row_is_of_the_session_that_it_came_in(bench: Bench) -> None:
    bench.connect(session=1)
    bench.tell({"t": "account", "account": ONE, "state": "ready", "session": 2})
    first, second = [report.session for report in bench.take() if isinstance(report, LinkChanged)]
    for session in (1, 2, 3):
        bench.tell({"t": "row", "account": ONE, "session": session, "kind": "order", "row": row_of(ROW)})
    assert bench.take() == [OrderReported(ONE, first, ROW), OrderReported(ONE, second, ROW)]


def test_the_hosts_word_on_whose_row_it_is_goes_before_a_cut_remark(bench: Bench) -> None:
    bench.connect()
    session = bench.session()
    bench.take()
    cut = replace(ROW, client_order_id="A")
    bench.tell({"t": "row", "account": ONE, "session": 1, "kind": "order", "row": row_of(cut), "coid": "A1"})
    (report,) = bench.take()
    assert isinstance(report, OrderReported)
    assert (report.session, report.row.client_order_id) == (session, "A1")


def test_an_order_error_rejects_what_it_names_and_doubts_the_rest(bench: Bench) -> None:
    bench.connect()
    bench.broker.submit([order("A1"), order("A2")])
    bench.take()
    error = {"order_id": "77", "order_remark": "A1", "error_msg": "资金不足"}
    bench.tell({"t": "row", "account": ONE, "session": 1, "kind": "order_error", "row": error})
    (report,) = bench.take()
    assert isinstance(report, OrderReported)
    assert (report.row.status, report.row.broker_order_id, report.row.text) == (OrderStatus.REJECTED, "77", "资金不足")
    unnamed = {"order_id": "", "order_remark": "A2", "error_msg": "资金不足"}
    bench.tell({"t": "row", "account": ONE, "session": 1, "kind": "order_error", "row": unnamed})
    assert [type(each) for each in bench.take()] == [SubmitUncertain]
    stranger = {"order_id": "5", "order_remark": "X", "error_msg": "资金不足"}
    bench.tell({"t": "row", "account": ONE, "session": 1, "kind": "order_error", "row": stranger})
    assert bench.take() == []
    assert bench.wire.said("list") != []


def test_a_row_that_cannot_be_read_is_told_and_the_list_is_asked_for(bench: Bench) -> None:
    bench.connect()
    bench.take()
    for _ in range(3):
        bench.tell({"t": "row", "account": ONE, "session": 1, "kind": "order", "row": {"price": "?"}})
    assert bench.take() == []
    assert {trouble.code for trouble in bench.troubles} == {"row_unreadable"}
    assert len(bench.wire.said("list")) == 1


def ask(bench: Bench) -> dict[str, object]:
    bench.broker.query(QueryBroker(ONE))
    (asked,) = bench.wire.said("list")
    return {"q": asked["q"], "account": ONE, "session": 1}


def test_a_list_is_one_report_with_the_instant_of_its_question(bench: Bench) -> None:
    bench.connect()
    session = bench.session()
    bench.take()
    common = ask(bench)
    asked_ns = bench.clock.now_ns()
    bench.clock.steady += SECOND_NS
    money = asset_row(cash=Money(5), frozen=Money(2), total=Money(9))
    bench.tell({"t": "rows", **common, "kind": "order", "rows": [row_of(ROW)]})
    bench.tell({"t": "rows", **common, "kind": "asset", "rows": [money]})
    bench.tell({"t": "listed", **common, "complete": True, "alive": True})
    assert bench.take() == [BrokerListed(ONE, session, asked_ns, True, True, Money(7), (), (ROW,), (), Money(9))]
    bench.tell({"t": "listed", **common, "complete": True, "alive": True})
    assert bench.take() == []


@pytest.mark.parametrize("bad", [[{"price": "?"}], []])
def test_a_list_with_an_unreadable_row_or_without_money_is_not_complete(bench: Bench, bad: list[object]) -> None:
    bench.connect()
    bench.take()
    common = ask(bench)
    bench.tell({"t": "rows", **common, "kind": "asset", "rows": bad})
    bench.tell({"t": "listed", **common, "complete": True, "alive": True})
    (report,) = bench.take()
    assert isinstance(report, BrokerListed)
    assert (report.complete, report.alive) == (False, True)


def test_a_break_is_told_once_for_each_connected_account_and_nothing_is_sent_again() -> None:
    bench = Bench(accounts=(ONE, TWO))
    bench.connect()
    session = bench.session()
    bench.broker.submit([order()])
    bench.broker.cancel(cancel())
    bench.broker.query(QueryBroker(ONE))
    bench.take()
    closed(bench)
    closed(bench)
    assert bench.take() == [LinkChanged(ONE, session, LinkState.DOWN, "gone")]
    bench.broker.cancel(cancel())
    bench.broker.query(QueryBroker(ONE))
    bench.connect("another")
    assert [line["t"] for line in bench.wire.lines] == ["welcome", "arm"]
    bench.broker.stop()


def test_the_same_boot_is_asked_what_became_of_an_unanswered_order(bench: Bench) -> None:
    bench.connect()
    bench.broker.submit([order("A1"), order("A2"), order("A3")])
    bench.tell({"t": "stage", "coid": "A3", "st": "dispatched"})
    closed(bench)
    bench.take()
    bench.greet(resume={"sid": "s", "got": 1})
    asked = bench.wire.said("outcome")
    assert [(line["coid"], line["fence"]) for line in asked] == [("A1", True), ("A2", True)]
    assert bench.wire.said("welcome")[0]["replay_from"] == 3
    for question, complete in zip(asked, (True, False), strict=True):
        answer = {"q": question["q"], "coid": question["coid"], "st": "refused", "why": "fenced", "complete": complete}
        bench.tell({"t": "outcome", **answer})
    assert [type(report) for report in bench.take()] == [SubmitRefused, SubmitUncertain]


def test_an_order_that_waited_to_be_written_when_the_link_broke_never_left(bench: Bench) -> None:
    bench.connect()
    bench.broker.submit([order("A1"), order("A2")])
    _, second = bench.wire.said("submit")
    bench.take()
    closed(bench, unsent=[write(second), write({"t": "cancel"})])
    assert [type(report) for report in bench.take()] == [LinkChanged, SubmitRefused]
    bench.greet(resume={"sid": "s", "got": 1})
    assert [line["coid"] for line in bench.wire.said("outcome")] == ["A1"]


def test_a_dead_connection_says_nothing_any_more(bench: Bench) -> None:
    bench.connect()
    old = bench.wire
    bench.greet("newer")
    assert old.closed
    assert [line["t"] for line in old.lines][-1] == "bye"
    bench.take()
    bench.wire = old
    bench.tell({"t": "account", "account": ONE, "state": "ready", "session": 9})
    closed(bench)
    assert bench.take() == []
    wire = bench.greet("boot")
    assert (wire.said("bye")[0]["why"], bool(wire.closed)) == ("superseded", True)


def test_whoever_dials_must_prove_before_it_counts(bench: Bench) -> None:
    bench.connect()
    counting, secret = bench.wire, b"0123456789abcdef"
    theirs = "b" * 32
    wire = bench.greet("dialled", wire=Wire(secret), nonce=theirs)
    (challenge,) = wire.said("challenge")
    assert wire.said("welcome") == []
    bench.say({"t": "proof", "mac": "0" * 64})
    assert wire.closed
    assert counting.closed == ""
    wire = bench.greet("dialled", wire=Wire(secret), nonce=theirs)
    (challenge,) = wire.said("challenge")
    bench.say({"t": "proof", "mac": mac(secret, "H", theirs, str(challenge["nonce"]), "dialled")})
    assert wire.said("welcome") != []
    assert counting.closed


@pytest.mark.parametrize("line", [b'{"t":"beat","hm":1', b"\xff", b'{"t":"account","n":9}'])
def test_a_bad_line_or_a_hole_ends_the_connection(bench: Bench, line: bytes) -> None:
    bench.connect()
    bench.take()
    bench.broker.received(bench.wire, line + b"\n")
    assert [line["why"] for line in bench.wire.said("bye")] == ["bad_frame"]
    assert bench.wire.closed
    assert [type(report) for report in bench.take()] == [LinkChanged]


def test_another_dialect_is_refused(bench: Bench) -> None:
    wire = Wire()
    bench.wire = wire
    bench.broker.opened(wire)
    bench.say({"t": "hello", "link": [1, 1], "kind": "k", "dialect": "xt", "boot": "b", "hm": 1})
    assert wire.said("bye")[0]["why"] == "dialect"
    assert wire.closed


def test_after_a_gap_everything_is_listed_and_the_host_armed_again(bench: Bench) -> None:
    bench.connect()
    bench.wire.said("arm")
    bench.tell({"t": "armed", "level": "none", "why": "busy"})
    bench.number += 8
    bench.say({"t": "gap", "from": 3, "to": 10, "n": 10})
    (asked,) = bench.wire.said("list")
    common = {"q": asked["q"], "account": ONE, "session": 1}
    assert bench.wire.said("arm") == []
    money = asset_row(cash=Money(5), frozen=Money(2), total=Money(9))
    bench.tell({"t": "rows", **common, "kind": "asset", "rows": [money]})
    bench.tell({"t": "listed", **common, "complete": True, "alive": True})
    assert [line["level"] for line in bench.wire.said("arm")] == ["trade"]


def test_a_halt_holds_until_it_is_taken_back_even_over_a_reconnection(bench: Bench) -> None:
    bench.connect()
    bench.wire.said("arm")
    bench.broker.halt("人工停止")
    assert [line["why"] for line in bench.wire.said("halt")] == ["人工停止"]
    bench.connect("next")
    assert [line["level"] for line in bench.wire.said("arm")] == ["cancel"]
    bench.broker.resume()
    assert [line["level"] for line in bench.wire.said("arm")] == ["trade"]


def test_level_none_arms_nothing_and_sends_neither_orders_nor_cancels() -> None:
    bench = Bench(Level.NONE)
    bench.connect()
    assert bench.carrier.observe
    assert [type(error) for _, error in bench.broker.submit([order()])] == [NotSentError]
    bench.broker.cancel(cancel())
    bench.broker.resume()
    assert {line["t"] for line in bench.wire.lines} == {"welcome"}
    bench.broker.query(QueryBroker(ONE))
    assert len(bench.wire.said("list")) == 1
    bench.broker.stop()


def test_level_cancel_sends_cancels_and_no_orders() -> None:
    bench = Bench(Level.CANCEL)
    bench.connect()
    assert not bench.carrier.observe
    assert [line["level"] for line in bench.wire.said("arm")] == ["cancel"]
    assert [type(error) for _, error in bench.broker.submit([order()])] == [NotSentError]
    bench.broker.cancel(cancel())
    assert len(bench.wire.said("cancel")) == 1
    bench.broker.stop()


def test_wanted_quotes_are_asked_for_again_and_questions_have_ids(bench: Bench) -> None:
    assert bench.broker.ask_details([PUFA]) == ""
    bench.broker.watch([PUFA], ["SH"])
    bench.connect()
    (watch,) = bench.wire.said("watch")
    assert (watch["symbols"], watch["markets"], watch["every"]) == ([PUFA], ["SH"], 200)
    ids = [
        bench.broker.ask_details([PUFA]),
        bench.broker.download([PUFA], "1d", "20260101", ""),
        bench.broker.bars(PUFA, "1d", "20260101", ""),
    ]
    assert len(set(ids)) == 3
    assert [line["t"] for line in bench.wire.lines[-3:]] == ["details", "download", "bars"]


def test_the_condition_says_how_the_host_is(bench: Bench) -> None:
    assert bench.broker.condition().phase is LinkPhase.WAITING
    bench.connect()
    bench.say({"t": "beat", "hm": 5, "busy": 1_500_000, "call": "query", "hung": 2, "armed": "trade"})
    bench.clock.steady += SECOND_NS
    condition = bench.broker.condition()
    assert (condition.phase, condition.beat_age_ms, condition.busy_ms) == (LinkPhase.OPEN, 1000, 1500)
    assert (condition.call, condition.hung, condition.armed, condition.kind) == ("query", 2, "trade", "hand")
    bench.clock.steady += 2 * SECOND_NS
    assert bench.broker.condition().phase is LinkPhase.LATE


def test_after_the_stop_nothing_is_delivered_and_nothing_leaves(bench: Bench) -> None:
    bench.connect()
    bench.take()
    bench.broker.stop()
    assert bench.wire.lines[-1]["t"] == "bye"
    bench.tell({"t": "account", "account": ONE, "state": "ready", "session": 2})
    closed(bench)
    bench.broker.cancel(cancel())
    assert [type(error) for _, error in bench.broker.submit([order()])] == [NotSentError]
    assert (bench.take(), bench.wire.said("cancel")) == ([], [])
    assert bench.broker.condition().phase is LinkPhase.CLOSED


def test_a_life_that_was_followed_by_another_does_not_come_back(bench: Bench) -> None:
    bench.connect("first")
    closed(bench)
    bench.connect("second")
    closed(bench)
    wire = bench.greet("first")
    assert [line["why"] for line in wire.said("bye")] == ["superseded"]
    assert "host_refused" in {trouble.code for trouble in bench.troubles}
    assert bench.greet("second", resume={"sid": "s", "got": 1}).said("welcome") != []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nothing_leaves_over_a_link_that_nobody_watches(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.connect()
    monkeypatch.setattr(bench.wire, "flush", lambda: 1 / 0)
    until = time.monotonic() + 20
    while not bench.broker.submit([order(f"A{time.monotonic_ns()}", wait_ns=60 * SECOND_NS)]):
        assert time.monotonic() < until
        bench.tell({"t": "stage", "coid": bench.wire.said("submit")[0]["coid"], "st": "dispatched"})
        time.sleep(0.05)
    ((_, error),) = bench.broker.submit([order("B")])
    assert "看守" in str(error)


@pytest.mark.parametrize("lost", ["unknown key", "gap"])
def test_a_list_of_which_a_part_was_lost_is_not_complete(bench: Bench, lost: str) -> None:
    bench.connect()
    bench.take()
    head = ask(bench)
    if lost == "gap":
        bench.number += 1
        bench.say({"t": "gap", "from": bench.number, "to": bench.number, "n": bench.number})
    else:
        bench.tell({"t": "rows", **head, "kind": "order", "rows": [row_of(ROW)], "page": 1})
    bench.tell(
        {"t": "rows", **head, "kind": "asset", "rows": [asset_row(cash=Money(1), frozen=Money(0), total=Money(1))]}
    )
    bench.tell({"t": "listed", **head, "complete": True, "alive": True})
    (listed,) = [report for report in bench.take() if isinstance(report, BrokerListed)]
    assert listed.rows == ()
    assert not listed.complete
    assert bench.wire.said("list")  # It is asked for anew.


def test_a_halt_that_the_host_did_not_take_is_told_again_and_holds_meanwhile(bench: Bench) -> None:
    bench.connect()
    bench.wire.takes = Sent.NOTHING
    bench.broker.halt("手动")
    bench.wire.takes = Sent.WHOLE
    ((_, error),) = bench.broker.submit([order()])
    assert isinstance(error, NotSentError)
    assert bench.wire.said("submit") == []
    bench.broker.look()
    bench.broker.look()
    time.sleep(0.5)
    assert [line["why"] for line in bench.wire.said("halt")] == ["手动"]
    bench.broker.resume()
    assert bench.broker.submit([order()]) == []
