"""Symbols in every notation come out in one."""

from __future__ import annotations

import pytest

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.symbols import likely_symbols, normalise


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("600000.SH", "600000.SH"),
        ("600000.sh", "600000.SH"),
        ("600000.XSHG", "600000.SH"),
        ("600000.SS", "600000.SH"),
        ("600000.SSE", "600000.SH"),
        ("000001.XSHE", "000001.SZ"),
        ("000001.SZSE", "000001.SZ"),
        ("sz.000001", "000001.SZ"),
        ("sh600000", "600000.SH"),
        ("SH600000", "600000.SH"),
        ("SSE.600000", "600000.SH"),
        ("SSE.STK.600000", "600000.SH"),
        ("SZSE.000001", "000001.SZ"),
        ("bj830799", "830799.BJ"),
        ("830799.BJ", "830799.BJ"),
    ],
)
def test_every_notation_in_the_field_is_read(written: str, expected: str) -> None:
    assert normalise(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "",
        "60000.SH",
        "6000000.SH",
        "600000.HK",
        "600000SH",
        "SSE600000",
        "600000.SH.SH",
        "SSE:600000",
        "ſh600000",
        "六",
        ".",
    ],
)
def test_what_is_no_symbol_is_refused(written: str) -> None:
    with pytest.raises(MalformedError) as caught:
        normalise(written)
    assert caught.value.code == "symbol"


def test_the_notation_with_a_colon_is_read_where_it_is_allowed() -> None:
    assert normalise("SSE:600000", trading_view=True) == "600000.SH"
    assert normalise("szse:000001", trading_view=True) == "000001.SZ"
    with pytest.raises(MalformedError):
        normalise("BSE:500325", trading_view=True)


@pytest.mark.parametrize(
    ("code", "symbols"),
    [
        ("600000", ("600000.SH",)),
        ("300750", ("300750.SZ",)),
        ("830799", ("830799.BJ",)),
        ("000001", ("000001.SZ", "000001.SH")),
    ],
)
def test_a_bare_code_is_refused_with_what_it_may_mean(code: str, symbols: tuple[str, ...]) -> None:
    assert likely_symbols(code) == symbols
    with pytest.raises(MalformedError) as caught:
        normalise(code)
    assert caught.value.figures == (code, " / ".join(symbols))


def test_a_code_that_lost_its_zeros_is_never_inferred() -> None:
    with pytest.raises(MalformedError) as caught:
        normalise("2415", infer_market=True)
    assert caught.value.figures == ("2415", "002415.SZ")
