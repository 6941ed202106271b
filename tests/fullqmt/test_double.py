"""An order that stands twice at the counter stops its account, whatever connects anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmt_trading.model import events as ev
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, OrderStatus, TradingState
from tests.fullqmt import python36
from tests.fullqmt.desk import FullClient, desk

pytestmark = [python36.needs_python36, pytest.mark.slow]


def test_no_order_follows_until_a_person_resumes_and_cancels_still_go(tmp_path: Path) -> None:
    client = FullClient(tmp_path / "client")
    account, symbol = client.accounts[0], "600000.SH"
    with desk(tmp_path, [client]) as at:
        at.quote(symbol)
        client.dial(places=2)
        at.buy(symbol, account, id="a/1")
        at.wait(lambda: at.alerts("TERMINAL", "两个合同编号"))
        client.honest()
        at.wait(lambda: at.account(account).state is TradingState.HALTED)
        client.stand.ask(do="reload")  # A new life knows nothing of it, and is armed by whoever connects.
        at.wait(lambda: at.running._clients.brokers["full0"].condition().connections > 1)
        at.wait(lambda: at.account(account).link is LinkState.CONNECTED)
        denied = at.send(f"buy {symbol} 300@10.00:{account} #c/1")
        assert (denied.status, denied.orders[0].reason) == ("denied", "TRADING_HALTED")
        assert len(client.orders()) == 2
        assert at.send(f"{symbol}:{account}").status == "accepted"
        at.wait(lambda: all(row["m_nOrderStatus"] == 54 for row in client.orders()))
        at.ask(ev.ResumeRequested("me", "looked at it", AccountId(account)))
        at.reaches(at.buy(symbol, account, id="d/1"), OrderStatus.NEW)
