"""A client in minimal mode and a full one side by side under one engine: real orders, and a day of watching."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qmt_trading.cli import doctor_fullqmt
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.model.words import OrderStatus
from qmt_trading.run.config import load
from qmt_trading.run.reading import journal_path
from qmt_trading.run.shadow_compare import Outcome, compare
from qmt_trading.run.shadow_day import read_day
from tests.fullqmt import python36
from tests.fullqmt.desk import FullClient, FullDesk
from tests.terminal.engine import Desk, Market
from tests.terminal.package import make_package

pytestmark = [
    python36.needs_python36,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: the engine's door is a Unix socket"),
]
MINI, FULL = "11031122", "11031123"
SYMBOL = "600000.SH"


class BothDesk(FullDesk):
    """One engine over one client of each kind."""

    def __init__(self, folder: Path, mode: str) -> None:
        market = Market((MINI,))
        Desk.__init__(self, folder, make_package(folder / "xtquant"), [market], limits="")
        self.client = FullClient(folder / "client", (FULL,))
        self.clients = (self.client,)
        text = self.config.read_text(encoding="utf-8").replace('mode = "live"', f'mode = "{mode}"')
        self.config.write_text(text + self.client.config, encoding="utf-8")

    def tell_quotes(self, *symbols: str) -> None:
        Desk.tell_quotes(self, *symbols)
        super().tell_quotes(*symbols)


@contextmanager
def both(folder: Path, mode: str = "live") -> Iterator[BothDesk]:
    made = BothDesk(folder, mode)
    try:
        made.start()
        yield made
    finally:
        made.market.honest()
        try:
            made.stop()
        finally:
            made.client.stop()
            made.market.__exit__(None, None, None)


def test_one_message_reaches_an_account_at_each_and_one_cancel_ends_both(tmp_path: Path) -> None:
    with both(tmp_path) as at:
        at.quote(SYMBOL)
        for account in (MINI, FULL):
            at.reaches(at.buy(SYMBOL, account, id=f"a/{account}"), OrderStatus.NEW)
        (mini,) = at.market.placed(stock_code=SYMBOL)
        (full,) = at.client.orders(m_strInstrumentID=SYMBOL[:6])
        assert (mini["account_id"], full["m_strAccountID"]) == (MINI, FULL)
        receipt = at.send(f"{SYMBOL}:*")
        assert {line.account: line.status for line in receipt.cancels} == {MINI: "accepted", FULL: "accepted"}
        at.wait(lambda: at.client.again(full)["m_nOrderStatus"] == 54 and mini["order_status"] == 54)
        at.client.freeze(8.0)  # One that stands still does not hold up the other.
        at.reaches(at.buy(SYMBOL, MINI, id="b/1"), OrderStatus.NEW)
        at.client.freeze(0.0)
        found = {check.name: check for check in doctor_fullqmt.checks(at.config)}
        for name in ("策略文件", "地址", "粘贴的版本"):
            assert found[f"full0 {name}"].good, found
        assert "Python 3.6" in found["full0 上次连接"].text


def test_a_day_of_watching_both_has_no_difference_where_another_did_the_same(tmp_path: Path) -> None:
    with both(tmp_path, "shadow") as at:
        at.quote(SYMBOL)
        time.sleep(1.1)  # Whatever was there before the first list is not compared; a counter tells the second only.
        mini: Mapping[str, Any] = at.market.by_hand(MINI, SYMBOL, phone=False)
        full = at.client.by_hand(FULL, SYMBOL)
        assert [Desk.shows(at, dict(mini)).account, at.shows(full).account] == [MINI, FULL]
        for account in (MINI, FULL):
            receipt = at.accepted(f"buy {SYMBOL} 100@10.00:{account} #watch/{account}")
            assert receipt.orders[0].text
        at.client.stand.ask(do="cancel", number=full["m_strOrderSysID"], account=FULL)
        at.wait(lambda: at.shows(full).status is OrderStatus.CANCELED)
        at.send(f"{SYMBOL}:{MINI}")
        assert at.market.placed(order_remark="") == at.market.placed()
        assert at.client.stand.executed() == {}
    reader = SqliteReader(journal_path(load(at.config).folder))
    try:
        day = read_day(reader, None, now_ns=time.time_ns())
    finally:
        reader.close()
    found = compare(day.ours, day.theirs, ended=day.ended)
    told = {(row.deed.account, row.deed.what.value): row.outcome for row in found.rows}
    assert told == {
        (MINI, "order"): Outcome.MATCHED,
        (FULL, "order"): Outcome.MATCHED,
        (FULL, "cancel"): Outcome.ONLY_THEIRS,
        (MINI, "cancel"): Outcome.ONLY_OURS,
    }
