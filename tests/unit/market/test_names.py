"""What a name tells, against names as the market shows them."""

from __future__ import annotations

import pytest

from qmt_trading.market.names import listing_of


@pytest.mark.parametrize(
    ("name", "warned", "reform", "leaving"),
    [
        ("浦发银行", False, False, False),
        ("ST尔雅", True, False, False),
        ("*ST大晟", True, False, False),
        ("＊ＳＴ大晟", True, False, False),
        ("XD*ST华", True, False, False),
        ("S佳通", False, True, False),
        ("SST中纺", True, True, False),
        ("S*ST天香", True, True, False),
        ("退市锦港", False, False, True),
        ("退市锦B", False, False, True),
        ("国华退", False, False, True),
        ("ST晨鸣B", True, False, False),
        ("C技源", False, False, False),
        ("N华大", False, False, False),
        ("ESGETF", False, False, False),
        ("MSCI中国ETF", False, False, False),
        ("TCL科技", False, False, False),
        ("万 科Ａ", False, False, False),
        ("", False, False, False),
    ],
)
def test_a_name_tells_warning_reform_and_delisting(name: str, warned: bool, reform: bool, leaving: bool) -> None:
    found = listing_of(name)
    assert (found.risk_warning, found.share_reform, found.delisting) == (warned, reform, leaving)
    assert found.name == name
