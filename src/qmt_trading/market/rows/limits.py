"""The day's price limits and their rounding."""

from __future__ import annotations

import datetime as dt
from typing import Final

from qmt_trading.model.rule_row import Certainty, RuleName, RuleRow, Trait
from qmt_trading.model.words import InstrumentKind as Kind

_MAIN: Final = ("main", "sme", "b_share")
_LIMITS_SINCE: Final = dt.date(1996, 12, 16)
_CHINEXT_REFORM: Final = dt.date(2020, 8, 24)
_ST_REFORM: Final = dt.date(2026, 7, 6)
_R26: Final = "上证发〔2026〕41号, 深证上〔2026〕551号"

_SHARES: Final = (
    RuleRow(
        name=RuleName.LIMIT,
        values=(100_000,),
        boards=_MAIN,
        since=_LIMITS_SINCE,
        source="exchange rules 2023 and 2026",
        chinese="主板涨跌幅",
        english="main boards",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(50_000,),
        boards=_MAIN,
        trait=Trait.RISK_WARNING,
        since=dt.date(1998, 4, 22),
        until=dt.date(2026, 7, 5),
        source="exchange rules 2026; 5,124 ST rows of daily data",
        chinese="主板 ST、*ST",
        english="ST and *ST, main boards",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(100_000,),
        boards=_MAIN,
        trait=Trait.RISK_WARNING,
        since=_ST_REFORM,
        source=_R26,
        chinese="主板 ST、*ST 自 2026-07-06 起与其他股票相同",
        english="ST and *ST, main boards: as other shares from 2026-07-06 on",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(50_000,),
        boards=_MAIN,
        trait=Trait.SHARE_REFORM,
        since=dt.date(2007, 1, 8),
        source="public rule files with document numbers (date); 600182 at 5% after 2026-07-06",
        certainty=Certainty.MEDIUM,
        chinese="未股改的 S 股，2026-07-06 后也是 5%",
        english="S shares, at 5% after 2026-07-06 as well",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(100_000,),
        boards=("chinext",),
        since=dt.date(2009, 10, 30),
        until=dt.date(2020, 8, 23),
        source="public rule files with document numbers",
        chinese="创业板改革前",
        english="ChiNext before its reform",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(50_000,),
        boards=("chinext",),
        trait=Trait.RISK_WARNING,
        since=dt.date(2009, 10, 30),
        until=dt.date(2020, 8, 23),
        source="public rule files with document numbers",
        chinese="创业板改革前的 ST",
        english="ST, ChiNext before its reform",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(200_000,),
        boards=("chinext",),
        since=_CHINEXT_REFORM,
        source="深证上〔2020〕515号",
        chinese="创业板，含 ST",
        english="ChiNext, ST included",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(200_000,),
        boards=("star",),
        since=dt.date(2019, 7, 22),
        source="public rule files with document numbers",
        chinese="科创板，含 ST",
        english="STAR, ST included",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(300_000,),
        boards=("bse",),
        since=dt.date(2021, 11, 15),
        source="exchange rules 2026",
        chinese="北交所，含 ST",
        english="Beijing, ST included",
    ),
)
_OTHERS: Final = (
    RuleRow(
        name=RuleName.LIMIT,
        values=(100_000,),
        kinds=(Kind.FUND,),
        since=_LIMITS_SINCE,
        source="terminal instrument details, 2025-07",
        chinese="基金；不在 20% 名单上的都按 10%",
        english="funds; all that are not on a list of 20% ones",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(200_000,),
        kinds=(Kind.FUND,),
        venues=("SH",),
        trait=Trait.INDEX_20,
        since=dt.date(2020, 8, 21),
        source="cnstock 2020-08-21",
        chinese="沪市 20% 名单上的基金",
        english="funds on Shanghai's list of 20% ones",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(200_000,),
        kinds=(Kind.FUND,),
        venues=("SZ",),
        trait=Trait.INDEX_20,
        since=_CHINEXT_REFORM,
        source="szse t20201118_583202",
        chinese="深市 20% 名单上的基金",
        english="funds on Shenzhen's list of 20% ones",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(100_000,),
        boards=("reit",),
        since=dt.date(2021, 6, 22),
        source="cnfin, tzshuo",
        chinese="REIT，第二个交易日起",
        english="REITs, from their second day on",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(0,),
        kinds=(Kind.CONVERTIBLE,),
        until=dt.date(2022, 7, 31),
        source="from memory",
        certainty=Certainty.LOW,
        chinese="可转债过去没有涨跌幅限制",
        english="convertibles had none before",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(200_000,),
        kinds=(Kind.CONVERTIBLE,),
        since=dt.date(2022, 8, 1),
        source="csai.cn 10218; exchange message of 123153.SZ",
        chinese="可转债，第二个交易日起",
        english="convertibles, from their second day on",
    ),
)
_ROUNDING: Final = (
    RuleRow(
        name=RuleName.LIMIT_ROUNDING,
        values=(0,),
        kinds=(Kind.STOCK, Kind.B_SHARE, Kind.FUND, Kind.CONVERTIBLE),
        source="exchange rules 2026 3.3.14; 84,571 half-cent cases",
        chinese="四舍五入到最小变动单位，离参考价至少一个单位",
        english="half-up to the tick, at least one tick from the reference",
    ),
    RuleRow(
        name=RuleName.LIMIT_ROUNDING,
        values=(1,),
        boards=("bse",),
        since=dt.date(2021, 11, 15),
        source="public check of 763,301 rows: 99.87% of a month's rows",
        chinese="北交所涨停价舍去、跌停价进位",
        english="Beijing: the upper limit rounds down, the lower one up",
    ),
)
ROWS: Final = (*_SHARES, *_OTHERS, *_ROUNDING)
