"""What neither engine nor exchange may turn away for the wrong reason, from the message to the counter's row."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.running import DUPLEX, a_configuration

from qmt_trading.client import send
from qmt_trading.model.words import OrderStatus
from qmt_trading.run.build import Application
from qmt_trading.run.config import load

pytestmark = pytest.mark.slow

ACCOUNT = "11031122"


def until(holds: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < 10, "it did not happen in time"
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("message", "quantity"),
    [
        ("sell 204001.SH 100@最新:{}", 100),
        ("sell 131810.SZ 全部@最新:{}", 9_990),
        ("sell 600036.SH 34@最新:{}", 34),
        ("sell 600036.SH 234@最新:{}", 234),
        ("清仓 600036.SH@最新:{}", 334),
        ("清仓 688001.SH@最新:{}", 150),
        ("清仓 123153.SZ@最新:{}", 15),
    ],
)
def test_it_is_accepted_by_the_engine_and_by_the_exchange(tmp_path: Path, message: str, quantity: int) -> None:
    path = a_configuration(tmp_path, accounts=(ACCOUNT,))
    held = 'positions = { "600036.SH" = 334, "688001.SH" = 150, "123153.SZ" = 15 }\n'
    path.write_text(path.read_text(encoding="utf-8") + held, encoding="utf-8")
    configuration = load(path)
    application = Application(configuration)
    application.start()
    try:
        address = next(door.address for door in configuration.doors if door.kind == DUPLEX)
        receipt = send(message.format(ACCOUNT), address=address, id="r/1")
        assert receipt.status == "accepted", receipt
        until(lambda: bool(application.view.orders) and bool(application.view.orders[0].broker_order_id))
        order = application.view.orders[0]
        assert (order.quantity, order.status in (OrderStatus.REJECTED, OrderStatus.NOT_SENT)) == (quantity, False)
    finally:
        application.stop()
