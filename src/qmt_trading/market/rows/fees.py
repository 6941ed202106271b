"""What the state, the clearing house and the usual broker take."""

from __future__ import annotations

import datetime as dt
from typing import Final

from qmt_trading.model.rule_row import Certainty, RuleName, RuleRow
from qmt_trading.model.words import InstrumentKind as Kind

_TAXED: Final = (Kind.STOCK, Kind.B_SHARE)


def _duty(
    buy: int,
    sell: int,
    since: dt.date | None,
    until: dt.date | None,
    source: str,
    chinese: str,
    english: str,
    certainty: Certainty = Certainty.HIGH,
) -> RuleRow:
    return RuleRow(
        name=RuleName.STAMP_DUTY,
        values=(buy, sell),
        kinds=_TAXED,
        since=since,
        until=until,
        source=source,
        certainty=certainty,
        chinese=chinese,
        english=english,
    )


def _transfer(
    values: tuple[int, int, int],
    venues: tuple[str, ...],
    since: dt.date | None,
    until: dt.date | None,
    source: str,
    chinese: str,
    english: str,
    certainty: Certainty = Certainty.HIGH,
) -> RuleRow:
    return RuleRow(
        name=RuleName.TRANSFER_FEE,
        values=values,
        kinds=(Kind.STOCK,),
        venues=venues,
        since=since,
        until=until,
        source=source,
        certainty=certainty,
        chinese=chinese,
        english=english,
    )


_DUTIES: Final = (
    _duty(
        2000,
        2000,
        None,
        dt.date(2005, 1, 23),
        "from memory",
        "2005 年前双边；更早的变动未收录",
        "both ways before 2005; earlier changes are not in",
        Certainty.LOW,
    ),
    _duty(
        1000,
        1000,
        dt.date(2005, 1, 24),
        dt.date(2007, 5, 29),
        "date from memory",
        "双边",
        "both ways",
        Certainty.LOW,
    ),
    _duty(3000, 3000, dt.date(2007, 5, 30), dt.date(2008, 4, 23), "tool quoting the notices", "双边", "both ways"),
    _duty(1000, 1000, dt.date(2008, 4, 24), dt.date(2008, 9, 18), "tool quoting the notices", "双边", "both ways"),
    _duty(
        0,
        1000,
        dt.date(2008, 9, 19),
        dt.date(2023, 8, 27),
        "财税明电〔2008〕2号",
        "只向卖方征收",
        "sells only",
    ),
    _duty(
        0,
        500,
        dt.date(2023, 8, 28),
        None,
        "财政部 税务总局公告 2023 年第 39 号",
        "只向卖方征收，减半",
        "sells only, halved",
    ),
    RuleRow(
        name=RuleName.STAMP_DUTY,
        values=(0, 0),
        kinds=(Kind.FUND, Kind.CONVERTIBLE, Kind.BOND, Kind.REPO),
        source="exchange rules 2026",
        chinese="基金、债券不征",
        english="none on funds and bonds",
    ),
)
_TRANSFERS: Final = (
    _transfer(
        (0, 1000, 10_000),
        ("SH",),
        None,
        dt.date(2012, 5, 31),
        "newgenesiscap; lwstw",
        "沪市按面值（每股 1 元）收取，最低 1 元",
        "Shanghai, of the par value of one yuan a share, at least one yuan",
        Certainty.MEDIUM,
    ),
    _transfer(
        (0, 750, 0),
        ("SH",),
        dt.date(2012, 6, 1),
        dt.date(2012, 8, 31),
        "from memory",
        "沪市按面值；没有查到原文",
        "Shanghai, of the par value; no text found",
        Certainty.LOW,
    ),
    _transfer(
        (0, 600, 0),
        ("SH",),
        dt.date(2012, 9, 1),
        dt.date(2015, 7, 31),
        "jiantou8 2016; clearing house notice of 2015",
        "沪市按面值（其中一半归中国结算）",
        "Shanghai, of the par value (half of it is the clearing house's)",
        Certainty.MEDIUM,
    ),
    _transfer(
        (0, 0, 0),
        ("SZ",),
        None,
        dt.date(2015, 7, 31),
        "news of 2012 and 2015",
        "深市含在经手费里，不另收",
        "Shenzhen: part of the handling fee, none apart",
    ),
    _transfer(
        (20, 0, 0),
        ("SH", "SZ"),
        dt.date(2015, 8, 1),
        dt.date(2022, 4, 28),
        "news of 2015-07-01",
        "双边按成交金额",
        "both ways, of the value",
    ),
    _transfer(
        (25, 0, 0),
        ("BJ",),
        dt.date(2021, 11, 15),
        dt.date(2022, 4, 28),
        "Xinhua 2022-04-28",
        "北交所双边按成交金额",
        "Beijing, both ways, of the value",
    ),
    _transfer(
        (10, 0, 0),
        ("SH", "SZ", "BJ"),
        dt.date(2022, 4, 29),
        None,
        "Xinhua 2022-04-28; clearing house tables 2025",
        "双边按成交金额",
        "both ways, of the value",
    ),
    RuleRow(
        name=RuleName.TRANSFER_FEE,
        values=(0, 0, 0),
        kinds=(Kind.FUND, Kind.CONVERTIBLE, Kind.BOND, Kind.REPO),
        source="public rule files with document numbers",
        certainty=Certainty.MEDIUM,
        chinese="基金、债券不收",
        english="none on funds and bonds",
    ),
)
_COMMISSIONS: Final = (
    RuleRow(
        name=RuleName.COMMISSION,
        values=(3000, 50_000),
        kinds=(Kind.STOCK, Kind.FUND),
        since=dt.date(2002, 5, 1),
        source="stored pages; date from memory",
        certainty=Certainty.MEDIUM,
        chinese="佣金上限（含经手费、监管费）和每笔委托的通常最低额；实际按合同，写在 [fees]",
        english="largest commission (handling and regulatory fees included) and the usual minimum of an order; "
        "the contract decides: [fees]",
    ),
)
ROWS: Final = (*_DUTIES, *_TRANSFERS, *_COMMISSIONS)
