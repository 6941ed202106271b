"""One gate for all: the same order is refused for the same reason, by the same figures, whichever way it comes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from qmt_trading.cli import engine_access
from qmt_trading.cli import words as command_line
from qmt_trading.cli.main import app
from qmt_trading.client import send
from qmt_trading.codec import control as wire
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import SignalStatus
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from tests.contract.senders import until
from tests.running import DUPLEX

pytestmark = pytest.mark.slow

CONFIG: Final = """
mode = "paper"
[session]
always_open = true
[signals.bare]
action = "deny"
[limits]
order_value_max = 1000000
[[doors]]
kind = "{kind}"
{where}
[[doors]]
kind = "folder"
path = "in"
[[terminals]]
name = "paper"
kind = "simulated"
[[terminals.accounts]]
account = "11031122"
cash = 500000
positions = {{ "600036.SH" = 300 }}
[[terminals.accounts]]
account = "11031123"
cash = 100000000
"""


class Order(NamedTuple):
    """An order as a trader means it, whatever it is written in."""

    verb: str
    symbol: str
    quantity: int
    price: str
    account: str

    def as_text(self) -> str:
        return f"{self.verb} {self.symbol} {self.quantity}@{self.price}:{self.account}"

    def as_json(self) -> str:
        return json.dumps(
            {
                "action": self.verb,
                "symbol": self.symbol,
                "quantity": self.quantity,
                "price_type": self.price,
                "accounts": [self.account],
            }
        )

    def as_csv(self, name: str) -> bytes:
        verb = {"buy": "买入", "sell": "卖出"}[self.verb]
        cells = verb, self.symbol, str(self.quantity), self.price, self.account, name
        return f"操作,代码,数量,价格,账号,编号\r\n{','.join(cells)}\r\n".encode("gb18030")


REFUSED: Final = {
    Reason.ORDER_VALUE_EXCEEDED: Order("buy", "600000.SH", 200_000, "跌停", "11031123"),
    Reason.CASH_EXCEEDED: Order("buy", "600000.SH", 60_000, "跌停", "11031122"),
    Reason.SELLABLE_EXCEEDED: Order("sell", "600036.SH", 400, "涨停", "11031122"),
    Reason.LOT_INVALID: Order("buy", "688001.SH", 150, "跌停", "11031123"),
    Reason.SYMBOL_UNKNOWN: Order("buy", "999999.SH", 100, "跌停", "11031123"),
    Reason.SYMBOL_NOT_TRADABLE: Order("buy", "000001.SH", 100, "跌停", "11031123"),
    Reason.ACCOUNT_UNKNOWN: Order("sell", "600036.SH", 100, "涨停", "11031199"),
}
"""One rule of each kind: a limit, the money, the holding, the exchange's lots, what is traded, whose account."""
PASSES: Final = Order("buy", "600000.SH", 100, "跌停", "11031123")


class Ways:
    """Every way into one engine that runs."""

    def __init__(self, folder: Path, application: Application, address: str) -> None:
        self._folder = folder
        self._application = application
        self._address = address
        self._count = 0
        self.all: tuple[Callable[[Order], object], ...] = (
            self.text,
            self.json,
            self.order_file,
            self.command_line,
            self.command_line_file,
            self.control_door,
        )

    def text(self, order: Order) -> None:
        send(order.as_text(), address=self._address, id=self._name())

    def json(self, order: Order) -> None:
        send(order.as_json(), address=self._address, id=self._name())

    def order_file(self, order: Order) -> None:
        name = self._name()
        (self._folder / "half").write_bytes(order.as_csv(name))
        (self._folder / "half").replace(self._folder / "in" / f"{name}.csv")

    def command_line(self, order: Order) -> None:
        self._qmt("send", f"{order.as_text()} #{self._name()}")

    def command_line_file(self, order: Order) -> None:
        name = self._name()
        path = self._folder / f"{name}.csv"
        path.write_bytes(order.as_csv(name))
        self._qmt("send", "--file", str(path))

    def control_door(self, order: Order) -> None:
        text = f"{order.as_text()} #{self._name()}"
        engine_access.ask(self._folder / "data", wire.Send(text=text, who="test"))

    def halt(self) -> None:
        engine_access.ask(self._folder / "data", wire.Halt(who="test", why="drill"))

    def answer(self, way: Callable[[Order], object], order: Order) -> tuple[SignalStatus, Denial | None]:
        """Return what ``order`` was answered that went in by ``way``, as the engine has it on record."""
        before = len(self._application.view.signals)
        way(order)
        until(lambda: len(self._application.view.signals) == before + 1, 30)
        receipt = self._application.view.signals[before].receipt
        (line,) = receipt.orders
        assert (line.account, line.symbol) == (order.account, order.symbol)
        return receipt.status, line.denial

    def _qmt(self, *words: str) -> None:
        command_line.run(app, [*words, "--config", str(self._folder / "qmt.toml")])

    def _name(self) -> str:
        self._count += 1
        return f"w{self._count}"


@pytest.fixture
def ways(tmp_path: Path) -> Iterator[Ways]:
    name = rf"\\.\pipe\qmt-gate-{time.time_ns()}"
    where = f"name = '{name}'" if sys.platform == "win32" else 'path = "signals.sock"'
    (tmp_path / "qmt.toml").write_text(CONFIG.format(kind=DUPLEX, where=where), encoding="utf-8")
    configuration = load(tmp_path / "qmt.toml")
    application = Application(configuration)
    application.start()
    try:
        yield Ways(tmp_path, application, next(door.address for door in configuration.doors if door.kind == DUPLEX))
    finally:
        application.stop()


def test_each_refusal_is_the_same_by_every_way_in(ways: Ways) -> None:
    for reason, order in REFUSED.items():
        answers = {way.__name__: ways.answer(way, order) for way in ways.all}
        status, denial = next(iter(answers.values()))
        assert status is SignalStatus.DENIED, order
        assert denial is not None
        assert denial.reason is reason
        assert answers == dict.fromkeys(answers, (status, denial))


def test_what_the_gate_lets_through_goes_through_by_every_way_until_a_person_halts(ways: Ways) -> None:
    for way in ways.all:
        assert ways.answer(way, PASSES) == (SignalStatus.ACCEPTED, None)
    ways.halt()
    for way in ways.all:
        assert ways.answer(way, PASSES) == (SignalStatus.DENIED, Denial(Reason.TRADING_HALTED))
