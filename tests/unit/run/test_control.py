"""What the control door answers: a request that did nothing says why, and none is refused for a view that lags."""

from __future__ import annotations

import threading
import time

import msgspec
import pytest
from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, OTHER, STOCK
from tests.loop_bench import LoopBench

from qmt_trading.codec import control as wire
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.limits import TOTAL, Scope, ScopeKind
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reconciliation import APART_NS, CASH, Difference
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus, TradingState
from qmt_trading.run.control import Control
from qmt_trading.run.doors import BroughtDoor


class Desk:
    """A loop that trades, an order at the counter, and the control door in front of it."""

    def __init__(self) -> None:
        self.bench = LoopBench().connect()
        self.control = Control(
            self.bench.loop, self.bench.inbox, self.bench.clock, stop=lambda: None, config="abc", feed=self.bench
        )
        self.bench.send(f"buy {STOCK} 100@10.50:{ACCOUNT} #x/1")
        self.bench.rest()
        self.order = self.bench.broker.submits[0]

    def report(self, number: str = "77") -> None:
        self.bench.inbox.report(self.bench.row(self.order, number))
        self.bench.rest()

    def ask(self, request: wire.ControlRequest) -> list[dict[str, object]]:
        """Return the rows of the answer while the loop turns.

        Raises:
            ControlError: with the text of a refusal.
        """
        answers: list[bytes] = []
        line = wire.encode_request(request)
        thread = threading.Thread(target=lambda: answers.append(self.control.answer(line)))
        thread.start()
        until = time.monotonic() + 4
        while thread.is_alive() and time.monotonic() < until:
            self.bench.rest()
            time.sleep(0.001)
        thread.join()
        return wire.decode_answer(answers[0])


def cancel(**changes: object) -> wire.Cancel:
    return wire.Cancel(**{"who": "me", "why": "", **changes})  # type: ignore[arg-type]


def resolve(name: str, status: str = "NOT_SENT") -> wire.Resolve:
    return wire.Resolve(who="me", why="", client_order_id=name, status=status)


def refusal(desk: Desk, request: wire.ControlRequest) -> str:
    with pytest.raises(wire.ControlError) as error:
        desk.ask(request)
    return str(error.value)


def test_the_greeting_names_the_configuration_that_the_engine_was_started_with() -> None:
    (row,) = Desk().ask(wire.Hello())
    assert (row["mode"], row["config"]) == ("paper", "abc")


def test_every_signal_of_a_request_is_answered_in_its_order() -> None:
    desk = Desk()
    first, second = f"buy {STOCK} 100@10.50:{ACCOUNT} #x/2", f"buy {STOCK}"
    rows = desk.ask(wire.Send(text=f"{first}\n<HeartBeat>\n{second}\n{first}", who="me"))
    # The settings of the bench name no control door, so nothing is permitted at it.
    assert [row["status"] for row in rows] == ["denied", "malformed", "duplicate"]
    glued = f"<{STOCK}:{ACCOUNT}#x/3><{STOCK}:{ACCOUNT}#x/4>"
    assert len(desk.ask(wire.Send(text=glued, who="me"))) == 2
    assert desk.ask(wire.Send(text="<HeartBeat>", who="me")) == []


def test_receipts_come_in_the_order_of_the_lines_with_their_ids_whatever_overtakes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Desk().bench
    control = Control(bench.loop, bench.inbox, bench.clock, stop=lambda: None)
    control.doors = [BroughtDoor("door")]
    monkeypatch.setattr(bench.inbox, "_signals_max", 2)
    text = "\n".join(
        (
            f"buy {STOCK} 100@10.50:{ACCOUNT} #o/1",
            f"cancel {STOCK}:{ACCOUNT} #o/2",
            "buy 600000 #o/3",
            f"buy {STOCK} 100@10.50:{ACCOUNT} #o/4",
            "nonsense #o/5",
            f"<{STOCK}:{ACCOUNT}>< >",
            f"cancel {STOCK}:{ACCOUNT} #o/7",
        )
    )
    line = wire.encode_request(wire.Deliver(door="door", text=text, who="key"))
    answers: list[bytes] = []
    thread = threading.Thread(target=lambda: answers.append(control.answer(line)))
    thread.start()
    until = time.monotonic() + 20
    while len(bench.inbox.control) < 2:
        assert time.monotonic() < until
        time.sleep(0.001)
    bench.rest()
    thread.join()
    told = [(row["status"], row["id"]) for row in wire.decode_answer(answers[0])]
    taken = [told.pop(7), told.pop(1), told.pop(0)]
    assert [number for _, number in taken] == ["o/7", "o/2", "o/1"]
    assert not {status for status, _ in taken} & {"busy", "malformed"}
    assert told == [("malformed", "o/3"), ("busy", "o/4"), ("busy", "o/5"), ("busy", ""), ("busy", "")]


def test_a_signal_that_is_not_answered_in_time_is_not_called_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qmt_trading.run.control.WAIT_S", 0.01)
    control = Desk().control
    line = wire.encode_request(wire.Send(text=f"buy {STOCK} 100@10.50:{ACCOUNT} #x/2", who="me"))
    with pytest.raises(wire.ControlError, match="没有等到回执"):
        wire.decode_answer(control.answer(line))  # Nothing turns the loop.


def test_a_cancel_by_any_id_of_the_order_goes_out() -> None:
    for number in ("77", "H77"):
        desk = Desk()
        desk.report()
        (row,) = desk.ask(cancel(order_id=number))
        assert (row["done"], row["broker_order_id"]) == ("cancel", "77")


def test_a_cancel_of_an_unknown_id_says_that_there_is_none() -> None:
    assert "没有编号 12345 的委托" in refusal(Desk(), cancel(order_id="12345"))


def test_a_cancel_of_an_order_that_has_ended_says_how_it_ended() -> None:
    desk = Desk()
    desk.report()
    canceled = replace(desk.bench.row(desk.order, "77").row, status=OrderStatus.CANCELED)
    session = desk.bench.engine.state.accounts[ACCOUNT].session
    desk.bench.inbox.report(ev.OrderReported(ACCOUNT, session, canceled))
    desk.bench.rest()
    assert "已撤" in refusal(desk, cancel(order_id="77"))
    assert "该委托已撤，不是待核实" in refusal(desk, resolve(desk.order.client_order_id))


def test_a_cancel_that_matches_nothing_is_an_answer_and_says_so() -> None:
    (row,) = Desk().ask(cancel(account=OTHER))
    assert (row["done"], row["text"]) == ("nothing", "没有符合条件的未成交委托")


def test_a_symbol_is_read_in_any_form_and_one_without_its_market_is_refused() -> None:
    desk = Desk()
    desk.report()
    assert desk.ask(cancel(symbol="sh600000"))[0]["done"] == "cancel"
    assert "600000 → 600000.SH？" in refusal(desk, cancel(symbol="600000"))


def test_an_unknown_account_is_told_which_ones_there_are() -> None:
    text = refusal(Desk(), wire.Halt(who="me", why="", account="11031199"))
    assert "11031199" in text
    assert ACCOUNT in text


def test_a_resolution_of_what_is_no_unknown_order_says_why() -> None:
    desk = Desk()
    assert "没有编号 nobody 的委托" in refusal(desk, resolve("nobody"))
    desk.report()
    assert "请用本地编号" in refusal(desk, resolve("77"))
    assert "不是待核实" in refusal(desk, resolve(desk.order.client_order_id))
    assert "NOT_SENT" in refusal(desk, resolve("x", "FILLED"))


def test_a_halt_is_answered_in_the_words_of_the_screen() -> None:
    (row,) = Desk().ask(wire.Halt(who="me", why="", account=None))
    assert (row["state"], row["state_text"]) == ("HALTED", "已停止（仅可撤单）")


def test_quotes_are_those_by_which_the_engine_judges() -> None:
    desk = Desk()
    rows = desk.ask(wire.Quotes((STOCK, "999999.SH")))
    found = msgspec.convert(rows[0]["quote"], Quote)
    assert found == desk.bench.quote(STOCK, desk.bench.clock.now_ns())
    assert len(rows) == 1


def set_limit(value: str, why: str = "", **changes: object) -> wire.SetLimit:
    fields: dict[str, object] = {"scope": ScopeKind.ACCOUNT, "name": ACCOUNT, "limit": "order_value_max"}
    return wire.SetLimit(**{"who": "me", "why": why, "value": value, **fields, **changes})  # type: ignore[arg-type]


MINE = Scope(ScopeKind.ACCOUNT, ACCOUNT)


def held(desk: Desk, scope: Scope = MINE) -> int:
    return desk.bench.engine.state.gauges.limits(scope).order_value_max


def test_a_tighter_limit_needs_no_reason_and_holds_for_the_next_order() -> None:
    desk = Desk()
    (row,) = desk.ask(set_limit("900.00"))
    assert (row["done"], row["before_text"], row["value_text"]) == ("limit", "100,000.00", "900.00")
    assert (row["scope_text"], row["limit_text"], row["durable"]) == (f"账户 {ACCOUNT}", "单笔金额", True)
    way = desk.bench.send(f"buy {STOCK} 100@10.50:{ACCOUNT} #x/2")
    desk.bench.rest()
    assert "ORDER_VALUE_EXCEEDED" in str(way.receipts[-1])


@pytest.mark.parametrize("why", ["", " "])
def test_a_wider_limit_is_refused_without_a_reason_and_set_with_one(why: str) -> None:
    desk = Desk()
    text = refusal(desk, set_limit("300,000", why))
    assert "100,000.00 → 300,000.00" in text
    assert held(desk) == 100_000 * 10_000
    desk.ask(set_limit("300,000", "大单"))
    assert held(desk) == 300_000 * 10_000
    alert = desk.bench.loop.view.alerts[-1].alert
    assert (alert.code, "me：大单" in alert.chinese) == ("LIMIT_LOOSENED", True)


def test_a_limit_that_goes_back_to_the_file_is_wider_than_what_holds_and_wants_a_reason() -> None:
    desk = Desk()
    desk.ask(set_limit("900"))
    refusal(desk, set_limit("100000"))
    desk.ask(set_limit("100000", "恢复"))
    assert [each.alert.code for each in desk.bench.loop.view.alerts] == []


def test_a_limit_is_taken_away_with_none_and_a_reason() -> None:
    desk = Desk()
    assert "→ 不限" in refusal(desk, set_limit("none"))
    assert desk.ask(set_limit("none", "试"))[0]["value_text"] == "不限"
    assert held(desk) == 0


def test_a_limit_is_named_in_chinese_and_an_account_by_its_number() -> None:
    desk = Desk()
    assert desk.ask(set_limit("900", limit="单笔金额"))[0]["limit"] == "order_value_max"
    (row,) = desk.ask(set_limit("900", scope=ScopeKind.TOTAL, name=""))
    assert (row["scope_text"], held(desk, TOTAL)) == ("合计", 900 * 10_000)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "11031199"}, "没有这个账户：11031199；已有：11031122、11031123"),
        ({"scope": ScopeKind.DOOR, "name": "window"}, "没有这个通道：window；已有：door"),
        ({"scope": ScopeKind.STRATEGY, "name": "x"}, "没有这个策略：x；已有：无"),
        ({"scope": ScopeKind.TOTAL, "name": "x"}, "合计没有名字"),
        ({"limit": "order_value"}, "账户没有这条限额：order_value；可设：order_value_max 单笔金额"),
        ({"limit": "windows"}, "账户没有这条限额：windows"),
        ({"limit": "cash_reserve", "scope": ScopeKind.TOTAL, "name": ""}, "合计没有这条限额：cash_reserve"),
        ({"value": "0"}, "单笔金额（order_value_max）应是大于 0 的金额（元）"),
        ({"value": "-5"}, "应是大于 0 的金额"),
        ({"limit": "deviation_max", "value": "3"}, "应是百分数，例如 2%；不要这条限额写 none"),
        ({"limit": "orders_per_second_max", "value": "1.5"}, "应是1 到 1000 的整数"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_with_what_can(changes: dict[str, object], told: str) -> None:
    desk = Desk()
    before = desk.bench.engine.state.gauges.images()
    assert told in refusal(desk, set_limit("5", "试", **changes) if "value" not in changes else _with(changes))
    assert desk.bench.engine.state.gauges.images() == before


def _with(changes: dict[str, object]) -> wire.SetLimit:
    fields = {key: value for key, value in changes.items() if key != "value"}
    return set_limit(str(changes["value"]), "试", **fields)


def test_after_a_start_the_limits_of_the_day_wait_for_a_confirmation() -> None:
    desk = Desk()
    assert desk.ask(wire.ConfirmLimits(who="me", why="好"))[0]["text"] == "没有待确认的限额"
    desk.ask(set_limit("300000", "大单"))
    desk.bench = desk.bench.again().connect()
    desk.control = Control(desk.bench.loop, desk.bench.inbox, desk.bench.clock, stop=lambda: None)
    assert held(desk) == 100_000 * 10_000
    (risk,) = [row for row in desk.ask(wire.Read("risk")) if row["name"] == ACCOUNT]
    assert isinstance(risk["limits"], list)
    assert [each["source"] for each in risk["limits"] if each["limit"] == "order_value_max"] == ["tighter"]
    (row,) = desk.ask(wire.ConfirmLimits(who="me", why="好"))
    assert (row["done"], row["value_text"], row["durable"]) == ("confirmed", "300,000.00", True)
    assert held(desk) == 300_000 * 10_000


def test_reducing_is_asked_for_and_does_not_make_a_halt_less() -> None:
    desk = Desk()
    (row,) = desk.ask(wire.Halt(who="me", why="", reduce=True))
    assert (row["state"], row["state_text"]) == ("REDUCING", "只卖不买")
    desk.ask(wire.Halt(who="me", why=""))
    (row,) = desk.ask(wire.Halt(who="me", why="", reduce=True))
    assert (row["done"], "qmt resume" in str(row["text"])) == ("nothing", True)
    assert desk.bench.engine.state.trading_state is TradingState.HALTED


@pytest.mark.parametrize("account", [None, ACCOUNT])
def test_what_was_stopped_after_somebody_looked_is_not_released_by_what_he_saw(account: str | None) -> None:
    desk = Desk()
    desk.ask(wire.Halt(who="one", why="看盘口", account=account))
    seen = since(desk, account)
    desk.bench.clock.steady += 1_000_000
    desk.ask(wire.Halt(who="two", why="柜台异常", account=account))
    told = refusal(desk, wire.Resume(who="one", why="好了", account=account, seen=seen))
    assert "没有恢复" in told
    assert halted(desk, account)
    desk.ask(wire.Resume(who="one", why="好了", account=account, seen=since(desk, account)))
    assert not halted(desk, account)
    desk.ask(wire.Halt(who="two", why="再停", account=account))
    desk.ask(wire.Resume(who="one", why="不看了", account=account))
    assert not halted(desk, account)


def since(desk: Desk, account: str | None) -> str:
    table = "status" if account is None else "accounts"
    return str(next(row for row in desk.ask(wire.Read(table)) if account in (None, row.get("account")))["state_since"])


def halted(desk: Desk, account: str | None) -> bool:
    state = desk.bench.engine.state
    found = state.trading_state if account is None else state.accounts[AccountId(account)].state
    return found is TradingState.HALTED


@pytest.mark.parametrize("seen", ["yesterday", "2026-11-24T10:00:00"])
def test_an_instant_that_is_none_releases_nothing(seen: str) -> None:
    desk = Desk()
    desk.ask(wire.Halt(who="one", why=""))
    assert "seen" in refusal(desk, wire.Resume(who="one", why="好了", seen=seen))
    assert halted(desk, None)


def test_what_works_is_cancelled_with_a_reduction_that_is_stricter_already() -> None:
    desk = Desk()
    desk.report()
    desk.ask(wire.Halt(who="me", why=""))
    rows = desk.ask(wire.Halt(who="me", why="", reduce=True, cancel_open=True))
    assert [row["done"] for row in rows] == ["cancel", "nothing"]


def test_the_status_names_limits_that_are_nearly_used_up_and_brakes_of_today() -> None:
    desk = Desk()
    (status,) = desk.ask(wire.Read("status"))
    assert (status["limits_near"], status["brakes_tripped"]) == ([], [])
    desk.ask(set_limit("1", limit="working_orders_max"))
    desk.bench.engine.state.gauges.of_account(ACCOUNT).loss_step = 1
    desk.bench.engine.state.gauges.of_account(ACCOUNT).touched()
    desk.ask(set_limit("1", limit="orders_per_day_max"))
    (status,) = desk.ask(wire.Read("status"))
    near = status["limits_near"]
    assert isinstance(near, list)
    assert [(each["scope"], each["limit"], each["fullness_percent"]) for each in near] == [
        (f"账户 {ACCOUNT}", "working_orders_max", 100),
        (f"账户 {ACCOUNT}", "orders_per_day_max", 100),
    ]
    assert status["brakes_tripped"] == [f"账户 {ACCOUNT} 当日亏损：只卖不买"]


def test_what_is_delivered_is_judged_as_its_doors_and_answered() -> None:
    desk = Desk()
    desk.control.doors = [BroughtDoor("jq")]
    text = f"buy {STOCK} 100@10.50:{ACCOUNT} #x/9"
    for door in ("", "jq"):
        (row,) = desk.ask(wire.Deliver(door=door, text=text, who="key"))
        # The bench has no such door, so nothing is permitted at it: it was asked as "jq", whoever asked.
        assert row["status"] in ("denied", "duplicate")
    assert {signal.door for signal in desk.bench.loop.view.signals} >= {"jq"}
    (row,) = desk.ask(wire.Deliver(door="jq", text='{\n"nothing": 1\n}', who="key"))
    assert row["status"] == "malformed"


@pytest.mark.parametrize("waited_s", [1, 3600, -1, 10**6])
def test_the_ttl_counts_from_when_a_signal_was_brought_by_this_machines_clock(waited_s: int) -> None:
    desk = Desk()
    desk.control.doors = [BroughtDoor("jq")]
    brought_ns = desk.bench.clock.steady_ns() - waited_s * SECOND_NS
    text = f"buy {STOCK} 100@10.50:{ACCOUNT} ttl=3s #x/9"
    desk.ask(wire.Deliver(door="jq", text=text, who="key", brought_ns=brought_ns))
    signal = desk.bench.loop.view.signals[-1]
    assert desk.bench.clock.now_ns() - signal.received_ns == (waited_s if 0 < waited_s < 86_400 else 0) * SECOND_NS


def test_nothing_is_delivered_to_a_door_that_others_listen_at() -> None:
    desk = Desk()
    text = f"buy {STOCK} 100@10.50:{ACCOUNT} #x/9"
    assert "没有：" in refusal(desk, wire.Deliver(door="", text=text, who="key"))
    assert "没有这个 http 通道" in refusal(desk, wire.Deliver(door="control", text=text, who="key"))
    desk.control.doors = [BroughtDoor("a"), BroughtDoor("b")]
    assert "a、b" in refusal(desk, wire.Deliver(door="", text=text, who="key"))


def complain(desk: Desk, text: str) -> int:
    """Have an alert told; return its number."""
    desk.bench.inbox.report(ev.DoorComplained("door", text, text))
    desk.bench.rest()
    return desk.bench.engine.state.alert_seq


def test_alerts_are_acknowledged_by_their_numbers_or_all_at_once() -> None:
    desk = Desk()
    first, second = complain(desk, "a"), complain(desk, "b")
    (row,) = desk.ask(wire.Acknowledge(who="me", why="seen", alerts=(first,)))
    assert row == {"done": "acknowledged", "alerts": [first], "durable": True}
    told = {row["id"]: row for row in desk.ask(wire.Read("alerts"))}
    assert (told[first]["acknowledged_by"], told[first]["acknowledged_why"]) == ("me", "seen")
    assert told[first]["acknowledged_at"]
    assert (told[first]["open"], told[second]["open"]) == (False, True)
    (row,) = desk.ask(wire.Acknowledge(who="me", everything=True))
    assert row["alerts"] == [second]
    (status,) = desk.ask(wire.Read("status"))
    assert status["unacknowledged"] == 0
    for request in (wire.Acknowledge(who="me", everything=True), wire.Acknowledge(who="me", alerts=(first,))):
        (row,) = desk.ask(request)
        assert (row["done"], row["text"]) == ("nothing", "没有待确认的提醒")


def test_a_number_that_no_alert_has_is_refused_and_none_is_acknowledged() -> None:
    desk = Desk()
    number = complain(desk, "a")
    text = refusal(desk, wire.Acknowledge(who="me", alerts=(number, 987)))
    assert "没有编号 987 的提醒" in text
    assert "no alert has number 987" in text
    (status,) = desk.ask(wire.Read("status"))
    assert status["unacknowledged"] == 1


def test_an_alert_keeps_its_number_and_who_has_seen_it_over_a_restart() -> None:
    desk = Desk()
    first, second = complain(desk, "a"), complain(desk, "b")
    desk.ask(wire.Acknowledge(who="me", alerts=(first,)))
    again = desk.bench.again()
    rows = {row.id: row for row in again.loop.view.alerts}
    assert rows[first].acknowledged_by == "me"
    assert rows[second].is_open


def test_which_alerts_must_be_said() -> None:
    for request in (wire.Acknowledge(who="me"), wire.Acknowledge(who="me", alerts=(1,), everything=True)):
        assert "没有写确认哪些" in refusal(Desk(), request)


def test_a_difference_that_is_not_there_is_refused_with_what_is() -> None:
    desk = Desk()
    request = wire.IgnoreDifference(who="me", why="w", account=ACCOUNT, key=f"{STOCK}/1/2")
    assert f"没有这项差异（数字变了就是另一项）：{STOCK}/1/2；现有：无" in refusal(desk, request)
    assert "why" in refusal(desk, replace(request, why=" "))
    assert "账号未配置" in refusal(desk, replace(request, account="9"))


def test_a_difference_is_ignored_with_who_and_why_or_refused_with_the_cause() -> None:
    desk = Desk()
    state = desk.bench.engine.state
    account = state.account(ACCOUNT)
    seen = Difference(symbol=Symbol("600036.SH"), ours=0, theirs=100, since_ns=1, still_ns=1, agreed_ns=1)
    proof = replace(seen, agreed_ns=1 + APART_NS)
    cash = replace(proof, symbol=CASH)
    account.differences = {each.symbol: each for each in (seen, cash)}
    ask = wire.IgnoreDifference(who="me", why="中签", account=ACCOUNT, key=seen.key)
    assert "还没有证实" in refusal(desk, ask)
    account.differences[seen.symbol] = proof
    (row,) = [row for row in desk.ask(ask) if row["done"] == "ignored"]
    assert (row["account"], row["key"], row["durable"]) == (ACCOUNT, seen.key, True)
    (status,) = desk.ask(wire.Read("status"))
    assert (status["differences"], status["differences_ignored"]) == (1, 1)
    assert "me 已经忽略了这项差异" in refusal(desk, ask)
    desk.bench.inbox.report(ev.SubmitUncertain(ACCOUNT, desk.order.client_order_id, "timeout"))
    desk.bench.rest()
    assert "牵涉待核实委托" in refusal(desk, replace(ask, key=cash.key))
