"""The days on which the usual limit does not hold: listings through the eras, relistings, delisting periods."""

from __future__ import annotations

import datetime as dt
from typing import Final

from qmt_trading.model.rule_row import Certainty, RuleName, RuleRow, Trait
from qmt_trading.model.words import InstrumentKind as Kind

_MAIN: Final = ("main", "sme")
_REFORM_2023: Final = dt.date(2023, 4, 10)
_OLD_UNTIL: Final = dt.date(2023, 4, 9)
_CHINEXT_REFORM: Final = dt.date(2020, 8, 24)
_CHINEXT_OLD_UNTIL: Final = dt.date(2020, 8, 23)
_STAR_SINCE: Final = dt.date(2019, 7, 22)
_BSE_SINCE: Final = dt.date(2021, 11, 15)
_BAND_NOTICES: Final = "上证发〔2014〕37号, 深证会〔2014〕54号"
_DELISTING_RULES: Final = dt.date(2021, 1, 1)

_DELISTING: Final = (
    RuleRow(
        name=RuleName.LIMIT,
        values=(100_000,),
        boards=("main", "sme", "b_share"),
        trait=Trait.DELISTING,
        since=dt.date(2013, 1, 1),
        source="delisting rules art. 7; public rule files with document numbers",
        chinese="主板退市整理期",
        english="delisting period, main boards",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(200_000,),
        boards=("star",),
        trait=Trait.DELISTING,
        since=_STAR_SINCE,
        source="public rule files with document numbers, course text with clauses, 2026-08-29",
        chinese="科创板退市整理期",
        english="delisting period, STAR",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(200_000,),
        boards=("chinext",),
        trait=Trait.DELISTING,
        since=_CHINEXT_REFORM,
        source="public rule files with document numbers, course text with clauses, 2026-08-29",
        chinese="创业板退市整理期",
        english="delisting period, ChiNext",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(100_000,),
        venues=("SZ",),
        codes=("300216", "300156", "300090"),
        since=_CHINEXT_REFORM,
        source="public rule files with document numbers",
        certainty=Certainty.MEDIUM,
        chinese="2020-08-24 时已在退市整理期的创业板股票仍为 10%",
        english="ChiNext shares that were in their delisting period on 2020-08-24 kept 10%",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(0,),
        boards=("main", "sme", "star", "chinext"),
        trait=Trait.DELISTING_FIRST_DAY,
        since=_DELISTING_RULES,
        source="delisting rules art. 8; exchange rules 2026",
        chinese="退市整理期首日无涨跌幅限制",
        english="no limit on the first day of the delisting period",
    ),
)
_OFFERINGS: Final = (
    RuleRow(
        name=RuleName.LIMIT,
        values=(0,),
        boards=_MAIN,
        trait=Trait.LISTING_DAY,
        since=dt.date(1990, 12, 19),
        until=_OLD_UNTIL,
        source="public rule files with document numbers; " + _BAND_NOTICES,
        chinese="新股首日没有涨跌幅限制；2013-12 起另有有效申报范围",
        english="no limit on the listing day; from 2013-12 on a band of order prices instead",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(0,),
        boards=("chinext",),
        trait=Trait.LISTING_DAY,
        since=dt.date(2009, 10, 30),
        until=_CHINEXT_OLD_UNTIL,
        source="public rule files with document numbers; " + _BAND_NOTICES,
        chinese="新股首日没有涨跌幅限制；2014-06-13 起另有有效申报范围",
        english="no limit on the listing day; from 2014-06-13 on a band of order prices instead",
    ),
    RuleRow(
        name=RuleName.BAND,
        values=(1_440_000, 640_000),
        boards=_MAIN,
        venues=("SH",),
        trait=Trait.LISTING_DAY,
        since=dt.date(2013, 12, 13),
        until=dt.date(2014, 6, 12),
        source="SSE notice 2013-12-13",
        certainty=Certainty.MEDIUM,
        chinese="沪市新股首日有效申报范围，发行价的 144% 和 64%；同期深市只有临时停牌，没有范围",
        english="Shanghai's listing-day band, 144% and 64% of the issue price; Shenzhen had halts and no band then",
    ),
    RuleRow(
        name=RuleName.BAND,
        values=(1_440_000, 640_000),
        boards=_MAIN,
        trait=Trait.LISTING_DAY,
        since=dt.date(2014, 6, 13),
        until=_OLD_UNTIL,
        source=_BAND_NOTICES,
        chinese="新股首日有效申报范围，发行价的 144% 和 64%",
        english="the listing-day band, 144% and 64% of the issue price",
    ),
    RuleRow(
        name=RuleName.BAND,
        values=(1_440_000, 640_000),
        boards=("chinext",),
        trait=Trait.LISTING_DAY,
        since=dt.date(2014, 6, 13),
        until=_CHINEXT_OLD_UNTIL,
        source=_BAND_NOTICES,
        chinese="新股首日有效申报范围，发行价的 144% 和 64%",
        english="the listing-day band, 144% and 64% of the issue price",
    ),
    RuleRow(
        name=RuleName.OPENING_BAND,
        values=(1_200_000, 800_000),
        boards=(*_MAIN, "chinext"),
        trait=Trait.LISTING_DAY,
        since=dt.date(2013, 12, 13),
        until=dt.date(2014, 6, 12),
        source="SSE notice 2013-12-13",
        certainty=Certainty.MEDIUM,
        chinese="新股首日开盘集合竞价范围，发行价的 120% 和 80%",
        english="prices of the opening auction of a listing day, 120% and 80% of the issue price",
    ),
    RuleRow(
        name=RuleName.OPENING_BAND,
        values=(1_200_000, 800_000),
        boards=_MAIN,
        trait=Trait.LISTING_DAY,
        since=dt.date(2014, 6, 13),
        until=_OLD_UNTIL,
        source=_BAND_NOTICES,
        chinese="新股首日开盘集合竞价范围，发行价的 120% 和 80%",
        english="prices of the opening auction of a listing day, 120% and 80% of the issue price",
    ),
    RuleRow(
        name=RuleName.OPENING_BAND,
        values=(1_200_000, 800_000),
        boards=("chinext",),
        trait=Trait.LISTING_DAY,
        since=dt.date(2014, 6, 13),
        until=_CHINEXT_OLD_UNTIL,
        source=_BAND_NOTICES,
        chinese="新股首日开盘集合竞价范围，发行价的 120% 和 80%",
        english="prices of the opening auction of a listing day, 120% and 80% of the issue price",
    ),
    *(
        RuleRow(
            name=RuleName.LIMIT,
            values=(0,),
            boards=boards,
            trait=Trait.FIRST_FIVE_DAYS,
            since=since,
            source=source,
            chinese="新股上市前五个交易日无涨跌幅限制",
            english="no limit on the first five days of a listing",
        )
        for boards, since, source in (
            (("star",), _STAR_SINCE, "public rule files with document numbers"),
            (("chinext",), _CHINEXT_REFORM, "深证上〔2020〕515号"),
            (_MAIN, _REFORM_2023, "exchange rules 2023"),
        )
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(0,),
        boards=("bse",),
        trait=Trait.LISTING_DAY,
        since=_BSE_SINCE,
        source="public check of 763,301 rows (920222, 2026-06-29); exchange rules 2026",
        chinese="北交所新股只有首日无涨跌幅限制",
        english="Beijing: no limit on the listing day only",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(300_000,),
        boards=("reit",),
        trait=Trait.LISTING_DAY,
        since=dt.date(2021, 6, 21),
        source="cnfin, tzshuo",
        chinese="REIT 首日，发行价的 30%",
        english="REITs on their listing day, of the issue price",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(0,),
        kinds=(Kind.CONVERTIBLE,),
        trait=Trait.LISTING_DAY,
        source="csai.cn 10218",
        certainty=Certainty.MEDIUM,
        chinese="可转债首日没有涨跌幅限制；2022-08-01 起另有有效申报范围",
        english="convertibles have no limit on their listing day; from 2022-08-01 on a band instead",
    ),
    RuleRow(
        name=RuleName.BAND,
        values=(1_573_000, 567_000),
        kinds=(Kind.CONVERTIBLE,),
        trait=Trait.LISTING_DAY,
        since=dt.date(2022, 8, 1),
        source="csai.cn 10218",
        certainty=Certainty.MEDIUM,
        chinese="可转债首日有效申报范围：面值 100 元的 157.3% 和 56.7%",
        english="convertibles on their listing day: 157.3% and 56.7% of the issue price of 100",
    ),
    RuleRow(
        name=RuleName.OPENING_BAND,
        values=(1_300_000, 700_000),
        kinds=(Kind.CONVERTIBLE,),
        trait=Trait.LISTING_DAY,
        since=dt.date(2022, 8, 1),
        source="csai.cn 10218",
        certainty=Certainty.MEDIUM,
        chinese="可转债首日开盘集合竞价范围",
        english="convertibles on their listing day: prices of the opening auction",
    ),
)
_OTHER_FIRST_DAYS: Final = (
    RuleRow(
        name=RuleName.LIMIT,
        values=(0,),
        kinds=(Kind.STOCK,),
        trait=Trait.SWAP_LISTING_DAY,
        source="000166 2015-01-26, 000333, 001979, 001965",
        chinese="换股吸收合并、迁址上市的首日无涨跌幅限制，也没有 144% 的范围",
        english="listed by a share swap or a move: no limit on the first day, and no band",
    ),
    RuleRow(
        name=RuleName.LIMIT,
        values=(0,),
        kinds=(Kind.STOCK,),
        trait=Trait.RELISTING_DAY,
        source="600732 2017-06-06, 000792 2021-08-10; exchange rules 2026; public rule files with document numbers",
        certainty=Certainty.MEDIUM,
        chinese="恢复上市、重新上市、股改复牌的首日无涨跌幅限制",
        english="no limit on the first day after a suspension of the listing, a listing anew or the share reform",
    ),
)
ROWS: Final = (*_DELISTING, *_OFFERINGS, *_OTHER_FIRST_DAYS)
