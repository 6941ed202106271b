"""Playing a recording in the time of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmt_trading.feeds.recorded import RecordedFeed
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS

BEGIN_NS = 1_795_000_000_000_000_000
PUFA = Symbol("600000.SH")
TICKS = """time,symbol,last,previous_close,bid1,bid2,ask1
2025-01-02 09:30:00,600000.SH,10.50,10.40,10.49,10.48,10.51
2025-01-02 09:30:03.5,600000.SH,11.44,10.40,11.44,,0
"""
BARS = """symbol,time,open,high,low,close
600000.SH,2025-01-02T09:31:00+08:00,10.00,10.40,9.90,10.20
600000.SH,2025-01-02T09:33:00+08:00,10.20,10.30,10.10,10.30
"""


def recorded(tmp_path: Path, text: str, encoding: str = "utf-8") -> RecordedFeed:
    path = tmp_path / "行情.csv"
    path.write_text(text, encoding=encoding)
    return RecordedFeed(path, begin_ns=BEGIN_NS)


def test_ticks_play_at_their_own_pace_from_the_beginning(tmp_path: Path) -> None:
    feed = recorded(tmp_path, TICKS)
    assert feed.quote(PUFA, BEGIN_NS - 1) is None
    first = feed.quote(PUFA, BEGIN_NS + 3 * SECOND_NS)
    assert first is not None
    assert (first.last, first.bids, first.asks) == (105_000, (104_900, 104_800), (105_100,))
    assert (first.previous_close, first.limit_up, first.limit_down) == (104_000, 114_400, 93_600)
    assert first.quoted_ns == BEGIN_NS


def test_a_level_of_zero_is_no_price(tmp_path: Path) -> None:
    sealed = recorded(tmp_path, TICKS).quote(PUFA, BEGIN_NS + 4 * SECOND_NS)
    assert sealed is not None
    assert (sealed.bids, sealed.asks) == ((114_400,), ())


def test_a_recording_that_ended_grows_old(tmp_path: Path) -> None:
    last = recorded(tmp_path, TICKS).quote(PUFA, BEGIN_NS + 3600 * SECOND_NS)
    assert last is not None
    assert last.quoted_ns == BEGIN_NS + 3_500_000_000


def test_a_bar_shows_its_four_prices_one_after_the_other(tmp_path: Path) -> None:
    feed = recorded(tmp_path, BARS)
    prices = []
    for second in range(0, 190, 15):
        quote = feed.quote(PUFA, BEGIN_NS + second * SECOND_NS)
        assert quote is not None
        assert quote.bids[0] == quote.last
        prices.append(quote.last)
    assert prices[:4] == [100_000, 104_000, 99_000, 102_000]
    assert prices[-1] == 103_000
    assert 101_000 in prices


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_files_of_chinese_windows_are_read(tmp_path: Path, encoding: str) -> None:
    text = "备注," + TICKS.replace("\n2025", "\n浦发,2025")
    assert recorded(tmp_path, text, encoding).quote(PUFA, BEGIN_NS) is not None


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("time,symbol,last\n2025-01-02 09:30:00,600000.SH,abc\n", 2, "last"),
        ("time,symbol,last\n2025-01-02 09:30:00,600000,10\n", 2, "symbol"),
        ("time,symbol,last\nyesterday,600000.SH,10\n", 2, "time"),
        ("time,symbol,last\n2025-01-02,600000.SH,10\n2025-01-01,600000.SH,10\n", 3, "time"),
        ("time,symbol,open,high,low,close\n2025-01-02,600000.SH,10,10,,10\n", 2, "low"),
    ],
)
def test_a_bad_value_is_named_by_line_and_column(tmp_path: Path, text: str, line: int, column: str) -> None:
    with pytest.raises(ConfigurationError, match=f"第 {line} 行 {column} 列"):
        recorded(tmp_path, text)


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="无法读取"):
        RecordedFeed(tmp_path / "none.csv", begin_ns=BEGIN_NS)


AMOUNTS = """time,symbol,last,amount
2025-01-02 09:30:00,600000.SH,10.50,1000
2025-01-02 09:33:00,600000.SH,10.51,2000
2025-01-02 09:35:00,600000.SH,10.52,4000.5
"""


def test_what_five_minutes_traded_is_told_where_the_file_has_it(tmp_path: Path) -> None:
    feed = recorded(tmp_path, AMOUNTS)
    at = [0, 180, 299, 300, 480, 481, 1000]
    quotes = [feed.quote(PUFA, BEGIN_NS + seconds * SECOND_NS) for seconds in at]
    yuan = [quote.recent_value / 10_000 for quote in quotes if quote is not None]
    assert yuan == [1000, 3000, 3000, 6000.5, 4000.5, 4000.5, 0]
    bars = recorded(tmp_path, BARS.replace("close\n", "close,amount\n").replace("10.20\n", "10.20,500\n"))
    early, late = (bars.quote(PUFA, BEGIN_NS + seconds * SECOND_NS) for seconds in (0, 45))
    assert early is not None
    assert late is not None
    assert (early.recent_value, late.recent_value) == (-1, -1), "one row of two has an amount: nobody knows"
    plain = recorded(tmp_path, TICKS).quote(PUFA, BEGIN_NS)
    assert plain is not None
    assert plain.recent_value == -1


def test_an_amount_that_begins_later_than_the_file_is_refused(tmp_path: Path) -> None:
    late = AMOUNTS.replace("10.50,1000", "10.50,")
    with pytest.raises(ConfigurationError, match="amount"):
        recorded(tmp_path, late)
