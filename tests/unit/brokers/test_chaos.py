"""Each lie can be told, alone, and the truth behind it stays."""

from __future__ import annotations

import pytest

from qmt_trading.brokers.simulated.chaos import EVERY_LIE, Lie, LyingExchange, Step
from qmt_trading.model.errors import NotSentError, OutcomeUnknownError
from qmt_trading.model.events import (
    BrokerListed,
    CancelRefused,
    FillReported,
    LinkChanged,
    OrderReported,
    Report,
    SubmitRefused,
    SubmitUncertain,
)
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import LinkState, OrderStatus
from tests.unit.brokers.bench_parts import ACCOUNT, NOW_NS, STEP, Quotes, cancel, make, order

ALWAYS = 1000
LATER_NS = NOW_NS + 3 * SECOND_NS


def lying(*lies: Lie, chance_per_mille: int = ALWAYS, seed: int = 1) -> LyingExchange:
    link = LyingExchange(make(Quotes()), lies, seed=seed, chance_per_mille=chance_per_mille)
    link.connect([ACCOUNT], NOW_NS)
    return link


def truth(link: LyingExchange) -> BrokerListed:
    return link.exchange.listing(ACCOUNT, asked_ns=NOW_NS, now_ns=NOW_NS)


def ids(reports: list[Report]) -> list[str]:
    return [report.row.client_order_id for report in reports if isinstance(report, OrderReported | FillReported)]


def test_an_honest_link_passes_everything_through() -> None:
    link, plain = lying(), make(Quotes())
    plain.connect(ACCOUNT, NOW_NS)
    assert link.submit(order("A1"), NOW_NS) == plain.submit(order("A1"), NOW_NS)
    assert link.advance(NOW_NS) == plain.advance(NOW_NS)
    assert link.query(ACCOUNT, asked_ns=5, now_ns=NOW_NS) == [plain.listing(ACCOUNT, asked_ns=5, now_ns=NOW_NS)]
    assert not link.is_pending


def test_late_reports_come_later_and_all_come() -> None:
    link = lying(Lie.LATE)
    assert link.submit(order("A1"), NOW_NS) == []
    assert link.advance(NOW_NS) == []
    assert link.is_pending
    assert len(ids(link.advance(LATER_NS))) == 3
    assert not link.is_pending


def test_a_late_report_carries_the_session_in_which_it_happened() -> None:
    link = lying(Lie.LATE)
    old = truth(link).session
    link.submit(order("A1"), NOW_NS)
    link.disconnect(NOW_NS)
    sessions = [report.session for report in link.advance(LATER_NS) if isinstance(report, OrderReported)]
    assert sessions == [old]
    assert truth(link).session > old


def test_doubled_reports_come_twice() -> None:
    assert ids(lying(Lie.DOUBLED).submit(order("A1"), NOW_NS)) == ["A1", "A1"]


def test_reordered_reports_change_places() -> None:
    reordered = 0
    for seed in range(20):
        link = lying(Lie.REORDERED, seed=seed)
        link.submit(order("A1"), NOW_NS)
        reports = link.advance(NOW_NS)
        assert sorted(type(report).__name__ for report in reports) == ["FillReported", "OrderReported"]
        reordered += isinstance(reports[0], OrderReported)
    assert 0 < reordered < 20


def test_lost_reports_are_found_by_a_query() -> None:
    link = lying(Lie.LOST)
    assert link.submit(order("A1"), NOW_NS) == []
    assert link.advance(LATER_NS) == []
    link.lies = frozenset()
    (listed,) = link.query(ACCOUNT, asked_ns=NOW_NS, now_ns=LATER_NS)
    assert isinstance(listed, BrokerListed)
    assert [(row.client_order_id, row.status) for row in listed.rows] == [("A1", OrderStatus.FILLED)]
    assert len(listed.fills) == 1


def test_a_reconnect_replays_the_whole_day() -> None:
    link = lying(Lie.REPLAY)
    link.submit(order("A1"), NOW_NS)
    link.advance(NOW_NS)
    link.disconnect(NOW_NS)
    reports = link.advance(LATER_NS)
    assert isinstance(reports[0], LinkChanged)
    assert ids(reports) == ["A1", "A1"]
    assert isinstance(reports[-1], FillReported)


def test_minus_one_is_told_of_an_order_that_lives() -> None:
    link = lying(Lie.MINUS_ONE)
    assert [type(report) for report in link.submit(order("A1"), NOW_NS)] == [SubmitUncertain]
    assert [row.client_order_id for row in truth(link).rows] == ["A1"]


def test_a_submit_raises_although_the_order_lives() -> None:
    link = lying(Lie.SUBMIT_RAISES)
    with pytest.raises(OutcomeUnknownError):
        link.submit(order("A1"), NOW_NS)
    assert [row.client_order_id for row in truth(link).rows] == ["A1"]


def test_a_held_submit_is_executed_later() -> None:
    link = lying(Lie.HELD)
    assert link.submit(order("A1"), NOW_NS) == []
    assert truth(link).rows == ()
    assert ids(link.advance(LATER_NS))[0] == "A1"


def test_a_held_submit_is_refused_after_its_deadline() -> None:
    link = lying(Lie.HELD)
    link.submit(order("A1", deadline_ns=NOW_NS + 1), NOW_NS)
    assert [type(report) for report in link.advance(LATER_NS)] == [SubmitRefused]
    assert truth(link).rows == ()


def test_a_query_is_answered_after_every_held_submit_was_carried_out() -> None:
    link = lying(Lie.HELD)
    link.submit(order("A1"), NOW_NS)
    listed = link.query(ACCOUNT, asked_ns=NOW_NS, now_ns=NOW_NS)[-1]
    assert isinstance(listed, BrokerListed)
    assert [row.client_order_id for row in listed.rows] == ["A1"]


def test_a_vanished_submit_never_becomes_an_order() -> None:
    link = lying(Lie.VANISHED)
    assert link.submit(order("A1"), NOW_NS) == []
    assert link.advance(LATER_NS) == []
    assert truth(link).rows == ()


def test_a_cancel_is_refused_although_it_cancelled() -> None:
    link = lying(Lie.CANCEL_REFUSED_FALSELY)
    (report,) = link.submit(order("A1", price="10.40"), NOW_NS)
    assert isinstance(report, OrderReported)
    told = link.cancel(cancel("A1", broker=report.row.broker_order_id), NOW_NS)
    assert [type(each) for each in told] == [CancelRefused]
    assert truth(link).rows[0].status is OrderStatus.CANCELED


def test_a_cancel_is_accepted_although_nothing_was_cancelled() -> None:
    link = lying(Lie.CANCEL_ACCEPTED_FALSELY)
    (report,) = link.submit(order("A1", price="10.40"), NOW_NS)
    assert isinstance(report, OrderReported)
    assert link.cancel(cancel("A1", broker=report.row.broker_order_id), NOW_NS) == []
    assert truth(link).rows[0].status is OrderStatus.NEW


def test_an_empty_list_is_told_and_is_not_proven_alive() -> None:
    link = lying(Lie.EMPTY_LIST)
    link.submit(order("A1"), NOW_NS)
    (listed,) = link.query(ACCOUNT, asked_ns=NOW_NS, now_ns=NOW_NS)
    assert isinstance(listed, BrokerListed)
    assert (listed.complete, listed.alive, listed.rows, listed.fills) == (True, False, (), ())


@pytest.mark.parametrize("lie", [Lie.CUT_REMARK, Lie.REWRITTEN_REMARK])
def test_a_remark_comes_back_changed_and_always_the_same(lie: Lie) -> None:
    link = lying(lie)
    (told,) = ids(link.submit(order("ABCDE0000017"), NOW_NS))
    assert told != "ABCDE0000017"
    (listed,) = link.query(ACCOUNT, asked_ns=NOW_NS, now_ns=NOW_NS)
    assert isinstance(listed, BrokerListed)
    assert [row.client_order_id for row in listed.rows] == [told]
    if lie is Lie.CUT_REMARK:
        assert "ABCDE0000017".startswith(told)
    assert truth(link).rows[0].client_order_id == "ABCDE0000017"


def test_an_error_of_the_old_session_is_told_in_the_new_one() -> None:
    link = lying(Lie.OLD_SESSION)
    link.submit(order("A1", price="10.40"), NOW_NS)
    old = truth(link).session
    link.disconnect(NOW_NS)
    link_up, false = link.advance(LATER_NS)
    assert isinstance(link_up, LinkChanged)
    assert link_up.session > old
    assert isinstance(false, OrderReported)
    assert (false.session, false.row.status) == (old, OrderStatus.REJECTED)
    assert truth(link).rows[0].status is OrderStatus.NEW


@pytest.mark.parametrize("step", [Step.BEFORE_SUBMIT, Step.AFTER_SUBMIT, Step.BEFORE_REPORT, Step.AFTER_REPORT])
def test_a_link_that_breaks_around_a_submit_loses_its_reports(step: Step) -> None:
    link = lying()
    link.arm(step)
    if step is Step.BEFORE_SUBMIT:
        with pytest.raises(NotSentError):
            link.submit(order("A1"), NOW_NS)
        told: list[Report] = []
    else:
        told = link.submit(order("A1"), NOW_NS)
    assert len(truth(link).rows) == (step is not Step.BEFORE_SUBMIT)
    told += link.advance(NOW_NS)
    assert ids(told) == (["A1"] if step in (Step.AFTER_SUBMIT, Step.AFTER_REPORT) else [])
    down = [report for report in told if isinstance(report, LinkChanged)]
    assert [report.state for report in down] == [LinkState.DOWN]
    with pytest.raises(NotSentError):
        link.submit(order("A2"), NOW_NS)
    up = link.advance(LATER_NS)
    assert isinstance(up[0], LinkChanged)
    assert up[0].state is LinkState.CONNECTED
    assert up[0].session > down[0].session


@pytest.mark.parametrize(
    ("step", "status"), [(Step.BEFORE_CANCEL, OrderStatus.NEW), (Step.AFTER_CANCEL, OrderStatus.CANCELED)]
)
def test_a_link_that_breaks_around_a_cancel_tells_nothing_of_it(step: Step, status: OrderStatus) -> None:
    link = lying()
    (report,) = link.submit(order("A1", price="10.40"), NOW_NS)
    assert isinstance(report, OrderReported)
    link.arm(step)
    told = link.cancel(cancel("A1", broker=report.row.broker_order_id), NOW_NS)
    assert [type(each) for each in told] == [LinkChanged]
    assert truth(link).rows[0].status is status


@pytest.mark.parametrize("step", [Step.BEFORE_QUERY, Step.AFTER_QUERY])
def test_a_link_that_breaks_around_a_query_answers_nothing(step: Step) -> None:
    link = lying()
    link.arm(step)
    assert [type(each) for each in link.query(ACCOUNT, asked_ns=NOW_NS, now_ns=NOW_NS)] == [LinkChanged]


def test_all_lies_at_once_repeat_by_seed_and_execute_no_order_twice() -> None:
    def run(seed: int) -> list[Report]:
        link = lying(*EVERY_LIE, chance_per_mille=200, seed=seed)
        told: list[Report] = []
        now_ns = NOW_NS
        for number in range(60):
            now_ns += STEP
            try:
                told += link.submit(order(f"ABCDE{number:07d}"), now_ns)
            except (NotSentError, OutcomeUnknownError):
                told.append(SubmitRefused(ACCOUNT, order(f"ABCDE{number:07d}").client_order_id, "raised"))
            told += link.query(ACCOUNT, asked_ns=now_ns, now_ns=now_ns)
            told += link.advance(now_ns)
        assert link.exchange.duplicates == 0
        assert max(link.exchange.executed.values()) == 1
        return told

    assert run(3) == run(3)
    kinds = {type(report) for seed in range(5) for report in run(seed)}
    assert kinds == {
        OrderReported,
        FillReported,
        SubmitRefused,
        SubmitUncertain,
        LinkChanged,
        BrokerListed,
    }
