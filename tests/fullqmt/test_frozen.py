"""A terminal that stands still, for ten seconds and for half an hour: nothing late goes out, and cancels do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.model import events as ev
from qmt_trading.model.words import LinkState, OrderStatus
from tests.fullqmt import python36
from tests.fullqmt.desk import FullClient, desk
from tests.fullqmt.virtual import Virtual

FROZEN_S = [10.0, 33 * 60.0]
every_span = pytest.mark.parametrize("seconds", FROZEN_S, ids=["10 s", "33 min"])


@pytest.fixture
def virtual(tmp_path: Path) -> Iterator[Virtual]:
    made = Virtual(tmp_path)
    yield made
    made.broker.stop()


def freeze(virtual: Virtual, seconds: float) -> list[str]:
    """Freeze the client within its next call; return why the engine let nothing more go once it noticed."""
    said: list[str] = []

    def frozen() -> None:
        virtual.terminal.waits = lambda: None
        virtual.pass_frozen(0.4)
        assert virtual.submit("B1") == []
        assert virtual.submit("B2", good_for_s=24 * 3600.0) == []
        virtual.cancel("A1")
        virtual.pass_frozen(2.0)
        ((_, error),) = virtual.submit("C1")
        said.append(str(error))
        virtual.pass_frozen(seconds - 2.4)

    virtual.terminal.waits = frozen
    virtual.run(2.0)
    assert said, "it never froze"
    return said


@every_span
def test_what_was_sent_to_a_frozen_terminal_is_never_placed_and_the_engine_says_so(
    virtual: Virtual, seconds: float
) -> None:
    assert virtual.submit("A1") == []
    virtual.run(3.0)
    assert virtual.state("A1") == 50
    del virtual.reports[:]
    (why,) = freeze(virtual, seconds)
    assert "超过 2 秒没有心跳" in why
    virtual.run(20.0)
    links = [report for report in virtual.reports if isinstance(report, ev.LinkChanged)]
    assert [link.state for link in links] == [LinkState.DOWN, LinkState.CONNECTED]
    assert "超过 5 秒没有心跳" in links[0].text
    refused = {report.client_order_id for report in virtual.reports if isinstance(report, ev.SubmitRefused)}
    assert refused == {"B1", "B2"}  # Asked about when it came back, and fenced.
    assert virtual.terminal.counter.executed == {"A1": 1}
    virtual.cancel("A1")
    virtual.run(1.0)
    assert virtual.state("A1") == 54
    assert virtual.submit("D1") == []
    virtual.run(1.0)
    assert virtual.terminal.counter.executed == {"A1": 1, "D1": 1}


@every_span
def test_where_the_connection_outlives_the_freeze_the_stamp_alone_refuses_and_the_cancel_goes(
    virtual: Virtual, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that was frozen with it, as both are when the machine is: nobody has hung up."""
    assert virtual.submit("A1") == []
    virtual.run(3.0)
    del virtual.reports[:]
    with monkeypatch.context() as patched:
        patched.setattr(virtual.broker, "look", lambda: None)
        freeze(virtual, seconds)
        virtual.run(1.0)
    whys = {report.client_order_id: report.text for report in virtual.reports if isinstance(report, ev.SubmitRefused)}
    assert set(whys) == {"B1", "B2"}
    assert all("无法判断委托时效" in why or "委托已过期" in why for why in whys.values()), whys
    assert virtual.terminal.counter.executed == {"A1": 1}
    assert virtual.state("A1") == 54
    assert len(virtual.pairs) == 1


@python36.needs_python36
@pytest.mark.slow
def test_a_real_terminal_that_freezes_for_ten_seconds_under_a_whole_engine(tmp_path: Path) -> None:
    client = FullClient(tmp_path / "client")
    account, symbol = client.accounts[0], "600000.SH"
    with desk(tmp_path, [client]) as at:
        at.quote(symbol)
        working = at.buy(symbol, account, id="a/1")
        at.reaches(working, OrderStatus.NEW)
        frozen_s = time.monotonic()
        client.freeze(10.0)
        late = at.send(f"buy {symbol} 100@9.90:{account} #b/1")
        at.wait(lambda: at.account(account).link is LinkState.DOWN)
        down_s = time.monotonic() - frozen_s
        assert at.send(f"{symbol}:{account}").status == "accepted"
        denied = at.send(f"buy {symbol} 200@9.80:{account} #c/1")
        at.wait(lambda: at.account(account).link is LinkState.CONNECTED, 40.0)
        assert time.monotonic() - frozen_s >= 10.0
        at.reaches(working, OrderStatus.CANCELED)
        assert down_s < 9.0
        assert at.alerts("LINK_DOWN") or at.alerts("TERMINAL"), at.told()
        names = {line.client_order_id for receipt in (late, denied) for line in receipt.orders if line.client_order_id}
        at.wait(lambda: all(at.order(name).status in _NEVER for name in names), 40.0)
        ours = working.orders[0].client_order_id
        assert client.stand.executed() == {ours: 1}
        again = at.buy(symbol, account, id="d/1")
        at.reaches(again, OrderStatus.NEW)


_NEVER = (OrderStatus.NOT_SENT, OrderStatus.REJECTED)
