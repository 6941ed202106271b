"""Each check over a counter that gives the surprising answer: what is seen is said, and nothing is left behind."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.run.acceptance import checks_alone
from qmt_trading.run.acceptance.check import Answer
from qmt_trading.run.acceptance.checks import CHECKS, NUMBERS
from qmt_trading.run.acceptance.conduct import conduct, new_report
from qmt_trading.run.acceptance.report import SEEN, STOPPED, UNSEEN
from qmt_trading.run.acceptance.visit import CannotError, StopError, Visit
from qmt_trading.run.capabilities import DROPPED, EXECUTED_LATE
from qmt_trading.run.config_terminals import QmtTerminal
from qmt_trading.run.host_talk import HostTalk, Said
from tests.acceptance.conftest import CLOCK, SYMBOL, OpenTalk
from tests.acceptance.hands import QUICK, Hands, freeze, kill, revive, states, thaw, working
from tests.terminal.counter import ACCOUNT, Counter, Lies

RUN = {check.number: check.run for check in CHECKS}
HOSTS: list[HostTalk] = []


@pytest.fixture(scope="module")
def visit(counter: Counter, terminal: QmtTerminal, open_talk: OpenTalk) -> Iterator[Visit]:
    """Return one visit for all tests of this file; its host stays where no test needs another."""

    def opened(keep: Callable[[Said], None], sessions: tuple[int, int] | None) -> HostTalk:
        HOSTS.append(open_talk(keep, sessions))
        return HOSTS[-1]

    made = Visit(ACCOUNT, terminal, Symbol(SYMBOL), Hands(), opened, book=STANDARD, patience=QUICK)
    yield made
    made.disconnect()


@pytest.fixture
def hands(visit: Visit, counter: Counter) -> Iterator[Hands]:
    """Return the person before an honest counter; whatever a test does, nothing works there in the end."""
    counter.lies = Lies()
    counter.running = True
    counter.requests.clear()
    visit.person = person = Hands(len(counter.orders))
    visit.take_notes()
    yield person
    counter.lies = Lies()
    assert working(counter) == []


def seen(answer: Answer, finding: str = "") -> str:
    """Return what was told of an answer that was seen, or the value of its finding."""
    assert answer.outcome == SEEN, answer
    return answer.findings[finding].value if finding else answer.told


def test_the_checks_are_those_of_the_list_and_the_frozen_terminal() -> None:
    assert frozenset(range(1, 15)) == NUMBERS
    assert len(CHECKS) == len(NUMBERS)


def test_rows_that_overtake_the_answer_and_come_twice_are_counted(visit: Visit, hands: Hands, counter: Counter) -> None:
    counter.lies.pushes_first = counter.lies.double = True
    told = seen(RUN[7](visit))
    assert "报单推送 2 次（50→50）" in told
    assert "最后 已撤" in told
    (order,) = counter.asked("orderStock")
    assert (order["m_nOrderVolume"], order["m_dPrice"], order["m_nOrderType"]) == (100, 4.5, 23)


def test_an_order_without_a_row_was_not_seen(visit: Visit, hands: Hands, counter: Counter) -> None:
    counter.lies.vanish = True
    visit.patience = replace(QUICK, answer=0.4)
    answer = RUN[7](visit)
    visit.patience = QUICK
    assert answer.outcome == UNSEEN


@pytest.mark.parametrize(("kept", "value"), [(22, "22"), (12, "12")])
def test_a_remark_that_is_cut_is_measured(visit: Visit, hands: Hands, counter: Counter, kept: int, value: str) -> None:
    counter.lies.remark = lambda remark: remark[:kept]
    assert seen(RUN[4](visit), "remark_bytes") == value


def test_refusals_are_told_by_their_way_and_word(visit: Visit, hands: Hands, counter: Counter) -> None:
    counter.lies.reject = "[COUNTER][251005]价格非法"
    told = seen(RUN[8](visit))
    assert told.count("错误推送「[COUNTER][251005]价格非法」") == 3
    assert told.count("委托行 57") == 3
    prices = [(order["m_nOrderVolume"], order["m_dPrice"]) for order in counter.asked("orderStock")]
    assert prices == [(101, 4.5), (100, 4.495), (100, 4.49)]


def test_illegal_orders_that_are_taken_are_said_to_be_and_cancelled(
    visit: Visit, hands: Hands, counter: Counter
) -> None:
    assert seen(RUN[8](visit)).count("收下了") == 3
    assert states(counter, hands) == [54, 54, 54]


def test_the_first_refusal_of_twenty_is_found_with_its_number(visit: Visit, hands: Hands, counter: Counter) -> None:
    def remark(written: str) -> str:
        counter.lies.reject = "" if len(states(counter, hands)) < 6 else "请求过于频繁"
        return written

    counter.lies.remark = remark
    hands.script["输入 20"] = lambda: "20"
    answer = RUN[9](visit)
    assert seen(answer, "rate_refusal") == "请求过于频繁"
    assert "第 7 笔起有拒绝，共 14 笔" in answer.told
    assert len(states(counter, hands)) == 20


def test_twenty_orders_are_not_sent_without_the_word_or_the_money(visit: Visit, hands: Hands, counter: Counter) -> None:
    with pytest.raises(CannotError, match="没有输入 20"):
        RUN[9](visit)
    counter.cash = 9_000.0
    with pytest.raises(CannotError, match="可用资金"):
        RUN[9](visit)
    counter.cash = 1_000_000.0
    assert counter.asked("orderStock") == []


def test_a_phone_order_is_described_and_cancelled_by_its_contract_number(
    visit: Visit, hands: Hands, counter: Counter
) -> None:
    def phone() -> None:
        counter.place_elsewhere(phone=True, symbol=SYMBOL, price=4.5)

    hands.script = {"报出后按回车": phone, "输入 y": lambda: "y"}
    assert seen(RUN[6](visit), "phone_orders").startswith("order_id=0 sysid=yes remark=empty")
    (cancel,) = counter.asked("cancelOrderStock")
    assert (cancel["m_nOrderID"], cancel["m_strOrderSysID"]) == (0, counter.orders[-1]["order_sysid"])


def test_a_client_that_forgets_remarks_over_a_restart_is_found_out(
    visit: Visit, hands: Hands, counter: Counter
) -> None:
    def restart() -> None:
        sessions = len(counter.sessions)
        counter.drop_link(tell=True)
        counter.wait(lambda: len(counter.sessions) > sessions)
        counter.orders[-1].update(order_remark="", order_id=77)

    hands.script["请退出客户端"] = restart
    assert seen(RUN[5](visit)) == "客户端重启后：备注变为「」，委托编号变了，合同编号不变"


def test_a_client_that_was_not_restarted_proves_nothing(visit: Visit, hands: Hands, counter: Counter) -> None:
    visit.patience = replace(QUICK, back=1.0)
    with pytest.raises(CannotError, match="没有看到客户端重启"):
        RUN[5](visit)
    assert working(counter) == []


def test_a_query_over_a_killed_client_is_told_with_its_end(visit: Visit, hands: Hands, counter: Counter) -> None:
    hands.script = {
        "准备好后": lambda: threading.Timer(0.3, kill, (counter,)).start(),
        "重新启动": lambda: revive(counter),
    }
    told = seen(RUN[2](visit))
    assert "失败" in told or "断开" in told


@pytest.mark.parametrize(("told_of", "value"), [(False, "no_answer"), (True, "refused_before_call")])
def test_an_order_over_a_dead_client_is_followed_up(
    visit: Visit, hands: Hands, counter: Counter, told_of: bool, value: str
) -> None:
    def die() -> None:
        kill(counter, tell=told_of)
        if told_of:
            visit.listen(10.0, lambda: not visit.talk.ready)

    hands.script = {"在一秒内": die, "重新启动": lambda: revive(counter)}
    visit.patience = replace(QUICK, answer=0.4)
    answer = RUN[3](visit)
    visit.patience = QUICK
    assert seen(answer, "dead_link") == value
    assert "柜台没有这一笔" in answer.told


def test_an_order_that_a_dead_client_has_sent_all_the_same_is_seen_and_cancelled(
    visit: Visit, hands: Hands, counter: Counter
) -> None:
    def come_back() -> None:
        counter.move(counter._row(counter.asked("orderStock")[-1]), 50)
        revive(counter)

    hands.script = {"在一秒内": lambda: kill(counter, tell=False), "重新启动": come_back}
    visit.patience = replace(QUICK, answer=0.4)
    answer = RUN[3](visit)
    visit.patience = QUICK
    assert seen(answer, "dead_link") == "order_exists: no_answer"
    assert states(counter, hands) == [54]


def test_a_timeout_that_does_nothing_to_a_hung_query_is_found_out(visit: Visit, hands: Hands, counter: Counter) -> None:
    hands.script = {"恢复后": lambda: thaw(counter), "挂起后": lambda: freeze(counter)}
    assert "没有返回" in seen(RUN[13](visit))
    assert RUN[13].__module__.endswith("native_timeout")
    hands.script = {}
    assert RUN[13](visit).outcome == UNSEEN, "the client was not frozen"


def test_after_the_close_a_refusal_is_kept_word_for_word(
    visit: Visit, hands: Hands, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.lies.reject = "非交易时间"
    hour = at_time(day_of(visit.now_ns()), (15 * 3600 + 6 * 60) * 1_000_000_000)
    before, visit.now_ns = visit.now_ns, lambda: hour
    monkeypatch.setitem(CLOCK, "now_ns", lambda: hour)
    stamp = hour // 1_000_000
    counter.wait(lambda: all(tick.get("time") == stamp for tick in counter.ticks.values()))
    try:
        assert seen(RUN[10](visit), "after_hours") == "非交易时间"
        hour += 3600 * 1_000_000_000
        with pytest.raises(CannotError, match="15:05"):
            RUN[10](visit)
    finally:
        visit.now_ns = before


def test_stopping_while_rows_come_leaves_nothing(visit: Visit, hands: Hands, counter: Counter) -> None:
    assert "按要求停止" in seen(RUN[12](visit))


@pytest.mark.parametrize(("refused", "value"), [(False, "0"), (True, "3")])
def test_a_session_number_that_needs_a_rest_is_found_out(
    visit: Visit, hands: Hands, counter: Counter, monkeypatch: pytest.MonkeyPatch, refused: bool, value: str
) -> None:
    monkeypatch.setattr(checks_alone, "_REST_S", 0.1)
    visit.disconnect()
    visit.patience = replace(QUICK, ready=1.2) if refused else QUICK
    first = len(HOSTS)

    def watch() -> None:
        counter.wait(lambda: len(HOSTS) >= first + 2)
        counter.lies.connect_code = -3
        counter.wait(lambda: len(HOSTS) >= first + 3)
        counter.lies.connect_code = 0

    watcher = threading.Thread(target=watch)
    if refused:
        watcher.start()
    assert seen(RUN[1](visit), "session_reuse_s") == value
    assert set(counter.sessions[-2:]) == {139}
    visit.patience = QUICK
    if refused:
        watcher.join()


def test_what_a_frozen_client_drops_is_dropped_only_when_two_rounds_show_it(
    visit: Visit, hands: Hands, counter: Counter
) -> None:
    hands.script = {"恢复后": lambda: thaw(counter), "挂起后": lambda: freeze(counter)}
    assert seen(RUN[14](visit), "frozen_queue") == DROPPED
    assert len(counter.asked("orderStock")) == 2


def test_what_a_frozen_client_executes_late_is_seen_and_cancelled(visit: Visit, hands: Hands, counter: Counter) -> None:
    thaws: list[int] = []

    def go_on() -> None:
        thaws.append(1)
        thaw(counter, late=len(thaws) == 2)

    hands.script = {"恢复后": go_on, "挂起后": lambda: freeze(counter)}
    assert seen(RUN[14](visit), "frozen_queue") == EXECUTED_LATE
    assert states(counter, hands) == [54]


def test_a_client_that_was_not_frozen_proves_nothing(visit: Visit, hands: Hands, counter: Counter) -> None:
    answer = RUN[14](visit)
    assert (answer.outcome, answer.findings) == (UNSEEN, {})


def test_a_night_is_told_by_its_states_and_the_first_empty_list(visit: Visit, hands: Hands, counter: Counter) -> None:
    kept = counter.orders

    def clock() -> Iterator[None]:
        yield
        counter.status(ACCOUNT, 6)
        yield
        counter.orders = []
        counter.status(ACCOUNT, 0)
        yield
        yield
        raise KeyboardInterrupt

    steps = clock()
    listen, visit.listen = visit.listen, lambda *_: bool(next(steps)) or listen(0.2)  # type: ignore[method-assign]
    try:
        told = seen(RUN[11](visit))
    finally:
        visit.listen = listen  # type: ignore[method-assign]
        counter.orders = kept
    assert "down 6 收盘后" in told
    assert "第一次为空" in told


def test_ctrl_c_cancels_what_is_at_the_counter_before_it_ends(visit: Visit, hands: Hands, counter: Counter) -> None:
    def interrupt() -> None:
        assert working(counter) == [50]
        raise KeyboardInterrupt

    hands.script["请退出客户端"] = interrupt
    report = new_report(terminal="t", account=ACCOUNT, simulation=True, client="c", now_ns=visit.now_ns())
    kept: list[str] = []
    (check,) = [each for each in CHECKS if each.number == 5]
    conduct(visit, [check, check], report, lambda _, result: kept.append(result.outcome))
    assert kept == [STOPPED]
    assert working(counter) == []


def test_an_order_that_cannot_be_cleared_away_stops_everything_and_says_which(
    visit: Visit, hands: Hands, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qmt_trading.run.acceptance.visit.CANCEL_S", 0.6)
    counter.lies.cancel = "accepted_yet_not"
    with pytest.raises(StopError, match=rf"{SYMBOL} 买入 .* 合同编号 S\d+。请在客户端里查看并撤掉"):
        RUN[7](visit)
    counter.lies.cancel = ""
    visit.clear()
    assert working(counter) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"TradingDay": "20200101"}, "不是今天"),
        ({"DownStopPrice": 4.49}, "涨跌停价不一致"),
        ({"PreClose": 50.0, "UpStopPrice": 55.0, "DownStopPrice": 45.0}, "超过"),
    ],
)
def test_no_order_leaves_where_the_price_is_in_doubt(
    visit: Visit, hands: Hands, counter: Counter, change: dict[str, object], why: str
) -> None:
    before = dict(counter.details[SYMBOL])
    counter.details[SYMBOL] |= change
    try:
        with pytest.raises(CannotError, match=why):
            RUN[7](visit)
    finally:
        counter.details[SYMBOL] = before
    assert counter.asked("orderStock") == []


def test_an_hour_or_a_price_that_has_passed_while_the_person_was_at_it_sends_nothing(
    visit: Visit, hands: Hands, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.script["在一秒内"] = lambda: monkeypatch.setattr(visit, "_may_order", lambda: "已是 14:57")
    with pytest.raises(CannotError, match="已是 14:57"):
        RUN[3](visit)
    monkeypatch.undo()
    hands.script["在一秒内"] = lambda: monkeypatch.setattr(visit, "_far_at", visit._far_at - 181)
    with pytest.raises(CannotError, match="几分钟"):
        RUN[3](visit)
    assert counter.asked("orderStock") == []


def test_dates_are_those_of_shanghai(visit: Visit) -> None:
    assert visit.today() == dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
