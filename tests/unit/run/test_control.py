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
from qmt_trading.model.instrument import Quote
from qmt_trading.model.words import OrderStatus
from qmt_trading.run.control import Control


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
