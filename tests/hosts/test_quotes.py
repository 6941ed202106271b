"""Quotes, instrument details and history over the real xtdata.py."""

from __future__ import annotations

import importlib.util
import time

import pytest

from tests.hosts.conftest import Start
from tests.terminal.counter import Counter
from tests.terminal.host_end import HostEnd

TICK = {
    "time": 1,
    "lastPrice": 10.1,
    "askPrice": [0.0] * 5,
    "bidPrice": [10.1, 10.09, 0.0, 0.0, 0.0],
    "stockStatus": 13,
}


def watch(host: HostEnd, counter: Counter, symbols: list[str], markets: list[str]) -> None:
    """Ask for quotes, and wait until these and no others are subscribed."""
    host.send("watch", symbols=symbols, markets=markets, every=3000)
    single = [[symbol] for symbol in symbols] if len(symbols) <= 50 else [symbols]
    wanted = [markets] if markets else single
    counter.wait(lambda: [codes for codes, _ in counter.subscriptions.values()] == wanted)


def test_the_newest_quote_of_a_wanted_symbol_is_told_at_most_once_in_200_ms(host: HostEnd, counter: Counter) -> None:
    watch(host, counter, ["600000.SH", "000001.SZ"], [])
    for number in range(50):
        counter.tick(SH600000={**TICK, "lastPrice": 10 + number / 100})
    counter.tick(SZ000001=TICK, SZ000002=TICK)
    host.wait("feed", state="live")
    host.wait("quotes")
    time.sleep(0.5)
    told = host.all("quotes")
    assert len(told) <= 4
    rows = {symbol: row for line in told for symbol, row in line["rows"].items()}
    assert rows == {"600000.SH": {**TICK, "lastPrice": 10.49}, "000001.SZ": TICK}
    assert all("n" not in line and line["hm"] > 0 for line in told)

    # A whole market, or more than 50 symbols, is one subscription; a new set replaces the old one.
    watch(host, counter, [], ["SH", "SZ"])
    counter.tick(SH600002=TICK)
    host.wait("quotes", rows={"600002.SH": TICK})
    watch(host, counter, [f"600{number:03}.SH" for number in range(51)], [])
    counter.tick(SH600050=TICK)
    host.wait("quotes", rows={"600050.SH": TICK})
    watch(host, counter, ["000001.SZ"], [])
    counter.tick(SH600001=TICK, SZ000001=TICK)
    host.wait("quotes", after=host.lines.index(host.all("quotes")[-1]), rows={"000001.SZ": TICK})
    assert not any("600001.SH" in line["rows"] for line in host.all("quotes"))


def test_a14_quotes_that_stop_are_told_and_subscribed_again(host: HostEnd, counter: Counter) -> None:
    counter.quotes_up = False
    host.send("watch", symbols=["600000.SH"], markets=[], every=3000)
    assert "无法连接xtquant服务" in host.wait("trouble", code="no_quotes")["text"]
    host.wait("feed", state="down")
    counter.quotes_up = True
    counter.wait(lambda: counter.subscriptions)
    counter.tick(SH600000=TICK)
    host.wait("feed", state="live")

    # They stop without a word.
    counter.subscriptions.clear()
    assert "没有行情" in host.wait("feed", state="silent")["text"]
    counter.wait(lambda: counter.subscriptions)
    counter.tick(SH600000={**TICK, "lastPrice": 9.9})
    host.wait("quotes", rows={"600000.SH": {**TICK, "lastPrice": 9.9}})
    assert [line["state"] for line in host.all("feed")] == ["down", "live", "silent", "live"]

    # The client is a new one, which has forgotten all subscriptions.
    counter.drop_quotes()
    counter.wait(lambda: counter.subscriptions)
    counter.tick(SH600000={**TICK, "lastPrice": 9.8})
    host.wait("quotes", rows={"600000.SH": {**TICK, "lastPrice": 9.8}})


def test_details_downloads_and_bars_come_from_the_terminals_store(host: HostEnd, counter: Counter) -> None:
    detail = {"InstrumentName": "浦发银行", "PriceTick": 0.01, "UpStopPrice": 11.0, "TradingDay": 20261126}
    counter.details["600000.SH"] = {**detail, "ExtendInfo": {"MaxLimitOrderVolume": 1_000_000}}
    host.send("details", q="d", symbols=["600000.SH", "999999.SH"])
    assert host.wait("detailed", q="d")["failed"] == ["999999.SH"]
    (line,) = host.all("detail", q="d")
    row = line["rows"]["600000.SH"]
    assert (row["TradingDay"], row["UpStopPrice"], row["MaxLimitOrderVolume"]) == ("20261126", 11.0, 1_000_000)

    host.send("download", q="h", symbols=["600000.SH", "000001.SZ"], period="1d", begin="20260101", end="")
    end = host.wait("downloaded", q="h")
    assert (end["failed"], end["text"]) == ([], "")
    assert host.wait("progress", q="h", done=2)["total"] == 2
    assert [request["begin"] for name, request in counter.requests if name == "download"] == ["20260101"]

    counter.bars = [(1767542400000, 10.5, 100), (1767628800000, 10.6, 200)]
    host.send("bars", q="b", symbol="600000.SH", period="1d", begin="", end="")
    end = host.wait("barred", q="b")
    if importlib.util.find_spec("pandas") is None:
        assert "pandas" in end["text"]
        pytest.skip("pandas is not installed; it comes with the extra 'test'")
    assert end["failed"] == []
    (line,) = host.all("bar", q="b")
    assert line["rows"][0] == {"time": 1767542400000, "close": 10.5, "volume": 100}
    assert len(line["rows"]) == 2


def test_what_hangs_for_quotes_and_history_does_not_stop_the_trading(start: Start, counter: Counter) -> None:
    host = start(waits={"HISTORY_S": 0.5})
    host.ready()
    counter.hang("get_instrument_detail", "download")
    host.send("download", q="h", symbols=["600000.SH"], period="1d", begin="", end="")
    assert host.wait("downloaded", q="h")["failed"] == ["600000.SH"]
    host.send("download", q="h2", symbols=["600001.SH"], period="1d", begin="", end="")
    assert host.wait("downloaded", q="h2")["failed"] == ["600001.SH"]
    host.send("details", q="d", symbols=[f"600{number:03}.SH" for number in range(300)])
    assert len(host.wait("detailed", q="d")["failed"]) == 300
    host.send("watch", symbols=["600000.SH"], markets=[], every=3000)
    host.wait("feed", state="down")
    host.submit("a-1")
    host.row("order", order_status=50)
    assert host.wait("beat", hung=2)["busy"] < 1_000_000
    counter.release()
    counter.wait(lambda: counter.subscriptions)
