"""What each range of codes is, and which funds are of a class that their code tells."""

from __future__ import annotations

import datetime as dt
from typing import Final

from qmt_trading.model.rule_row import Certainty, RuleName, RuleRow, Trait
from qmt_trading.model.words import InstrumentKind as Kind

_TERMINAL: Final = "terminal instrument details, 2025-07"
_RANGES: Final = "code ranges that terminals use"


def _codes(
    venue: str,
    codes: tuple[str, ...],
    kind: Kind,
    board: str,
    chinese: str,
    english: str,
    *,
    since: dt.date | None = None,
    until: dt.date | None = None,
    source: str = _TERMINAL,
    certainty: Certainty = Certainty.HIGH,
) -> RuleRow:
    return RuleRow(
        name=RuleName.CLASS,
        venues=(venue,),
        codes=codes,
        kinds=(kind,),
        boards=(board,),
        since=since,
        until=until,
        source=source,
        certainty=certainty,
        chinese=chinese,
        english=english,
    )


def _class_of_funds(
    venue: str,
    codes: tuple[str, ...],
    trait: Trait,
    chinese: str,
    english: str,
    *,
    since: dt.date | None = None,
    source: str = _TERMINAL,
    certainty: Certainty = Certainty.MEDIUM,
) -> RuleRow:
    return RuleRow(
        name=RuleName.TRAIT,
        venues=(venue,),
        codes=codes,
        trait=trait,
        since=since,
        source=source,
        certainty=certainty,
        chinese=chinese,
        english=english,
    )


_SHANGHAI: Final = (
    _codes("SH", ("600", "601", "603", "605"), Kind.STOCK, "main", "沪市主板", "Shanghai main board"),
    _codes(
        "SH",
        ("688", "689"),
        Kind.STOCK,
        "star",
        "科创板（689 为存托凭证）",
        "STAR (689: depositary receipts)",
        since=dt.date(2019, 7, 22),
    ),
    _codes("SH", ("900",), Kind.B_SHARE, "b_share", "沪市 B 股", "Shanghai B shares", since=dt.date(1992, 2, 21)),
    _codes(
        "SH",
        ("50", "51", "52", "53", "56", "58"),
        Kind.FUND,
        "fund",
        "沪市基金",
        "Shanghai funds",
        certainty=Certainty.MEDIUM,
    ),
    _codes("SH", ("501", "502", "506"), Kind.FUND, "lof", "沪市 LOF", "Shanghai LOF"),
    _codes(
        "SH",
        ("510", "511", "512", "513", "515", "516", "517", "518", "52", "53", "56", "588", "589"),
        Kind.FUND,
        "etf",
        "沪市 ETF",
        "Shanghai ETF",
    ),
    _codes("SH", ("508",), Kind.FUND, "reit", "沪市 REIT", "Shanghai REIT", since=dt.date(2021, 6, 21)),
    _codes(
        "SH",
        ("110", "111", "113", "118"),
        Kind.CONVERTIBLE,
        "convertible",
        "沪市可转债",
        "Shanghai convertibles",
        source=_RANGES,
        certainty=Certainty.MEDIUM,
    ),
    _codes(
        "SH",
        ("010", "018", "019", "020", "132"),
        Kind.BOND,
        "bond",
        "沪市债券",
        "Shanghai bonds",
        source=_RANGES,
        certainty=Certainty.MEDIUM,
    ),
    _codes(
        "SH", ("204",), Kind.REPO, "repo", "沪市逆回购", "Shanghai repo", source=_RANGES, certainty=Certainty.MEDIUM
    ),
    _codes(
        "SH", ("000",), Kind.INDEX, "index", "上证指数", "Shanghai indices", source=_RANGES, certainty=Certainty.MEDIUM
    ),
    _codes(
        "SH",
        ("707", "730", "732", "780", "787", "789", "718", "726", "733", "754", "783"),
        Kind.SUBSCRIPTION,
        "subscription",
        "沪市申购代码",
        "Shanghai subscription codes",
        source="code ranges in use; no text found",
        certainty=Certainty.LOW,
    ),
)
_SHENZHEN: Final = (
    _codes(
        "SZ",
        ("000", "001", "002", "003", "004"),
        Kind.STOCK,
        "main",
        "深市主板（001001–001199 为存托凭证）",
        "Shenzhen main board (001001-001199: depositary receipts)",
    ),
    _codes(
        "SZ",
        ("002",),
        Kind.STOCK,
        "sme",
        "中小板，2021-04-06 并入主板",
        "SME board, part of the main board from 2021-04-06 on",
        since=dt.date(2004, 6, 25),
        until=dt.date(2021, 4, 5),
        source="szse t20210331_585343",
    ),
    _codes("SZ", ("300", "301", "302"), Kind.STOCK, "chinext", "创业板", "ChiNext", since=dt.date(2009, 10, 30)),
    _codes("SZ", ("200", "201"), Kind.B_SHARE, "b_share", "深市 B 股", "Shenzhen B shares", since=dt.date(1992, 2, 21)),
    _codes("SZ", ("15", "16", "18"), Kind.FUND, "fund", "深市基金", "Shenzhen funds", certainty=Certainty.MEDIUM),
    _codes("SZ", ("159",), Kind.FUND, "etf", "深市 ETF", "Shenzhen ETF"),
    _codes("SZ", ("16",), Kind.FUND, "lof", "深市 LOF", "Shenzhen LOF"),
    _codes("SZ", ("180",), Kind.FUND, "reit", "深市 REIT", "Shenzhen REIT", since=dt.date(2021, 6, 21)),
    _codes(
        "SZ",
        ("12",),
        Kind.CONVERTIBLE,
        "convertible",
        "深市可转债",
        "Shenzhen convertibles",
        source=_RANGES,
        certainty=Certainty.MEDIUM,
    ),
    _codes(
        "SZ", ("131",), Kind.REPO, "repo", "深市逆回购", "Shenzhen repo", source=_RANGES, certainty=Certainty.MEDIUM
    ),
    _codes(
        "SZ",
        ("100", "101", "102"),
        Kind.BOND,
        "bond",
        "深市债券",
        "Shenzhen bonds",
        source=_RANGES,
        certainty=Certainty.MEDIUM,
    ),
    _codes(
        "SZ", ("399",), Kind.INDEX, "index", "深证指数", "Shenzhen indices", source=_RANGES, certainty=Certainty.MEDIUM
    ),
    _codes(
        "SZ",
        ("07", "37"),
        Kind.SUBSCRIPTION,
        "subscription",
        "深市申购代码",
        "Shenzhen subscription codes",
        source="code ranges in use; no text found",
        certainty=Certainty.LOW,
    ),
)
_BEIJING: Final = (
    _codes(
        "BJ",
        ("43", "83", "87", "88"),
        Kind.STOCK,
        "bse",
        "北交所旧代码，2025-10-09 起全部换成 920",
        "Beijing, old codes: all of them became 920 on 2025-10-09",
        since=dt.date(2021, 11, 15),
        until=dt.date(2025, 10, 8),
        source="北证公告〔2021〕15号; exchange news on the switch",
    ),
    _codes(
        "BJ",
        ("920",),
        Kind.STOCK,
        "bse",
        "北交所",
        "Beijing",
        since=dt.date(2024, 4, 22),
        source="exchange news on the 920 codes",
    ),
    _codes(
        "BJ",
        ("889",),
        Kind.SUBSCRIPTION,
        "subscription",
        "北交所申购代码",
        "Beijing subscription codes",
        source="code ranges in use; no text found",
        certainty=Certainty.LOW,
    ),
    _codes(
        "BJ", ("899",), Kind.INDEX, "index", "北证指数", "Beijing indices", source=_RANGES, certainty=Certainty.MEDIUM
    ),
)
_FUND_CLASSES: Final = (
    _class_of_funds("SH", ("511",), Trait.BOND_FUND, "511 段是债券和货币 ETF", "the 511 codes: bond and money ETFs"),
    _class_of_funds("SH", ("513",), Trait.CROSS_BORDER, "513 段是跨境 ETF", "the 513 codes: cross-border ETFs"),
    _class_of_funds("SH", ("518",), Trait.GOLD, "518 段是黄金 ETF", "the 518 codes: gold ETFs"),
    _class_of_funds(
        "SH",
        ("506", "588", "589"),
        Trait.INDEX_20,
        "506、588、589 段投资科创板，终端上 105 只全部为 20%",
        "the 506, 588 and 589 codes are on STAR: 105 of 105 at 20% on the terminal",
        since=dt.date(2020, 8, 21),
        source="cnstock 2020-08-21; terminal instrument details, 2025-07",
        certainty=Certainty.HIGH,
    ),
    _class_of_funds(
        "SZ",
        (
            *("159205", "159242", "159246", "159261", "159270", "159363", "159367", "159368", "159370", "159371"),
            *("159372", "159373", "159375", "159377", "159381", "159382", "159383", "159387", "159388", "159541"),
            *("159563", "159571", "159572", "159573", "159575", "159597", "159603", "159675", "159676", "159681"),
            *("159682", "159773", "159777", "159780", "159781", "159782", "159783", "159804", "159808", "159810"),
            *("159814", "159821", "159836", "159908", "159915", "159948", "159949", "159952", "159956", "159957"),
            *("159958", "159964", "159966", "159967", "159971", "159977", "159991"),
            *("160143", "160223", "160325", "160529", "160637", "160926", "161040", "161914", "162720", "166027"),
        ),
        Trait.INDEX_20,
        "交易所 20% 名单中的创业板和双创基金，取自 2025-07 的终端；以后新增的须写进规则文件",
        "funds on the exchange's 20% list as a terminal had it in 2025-07; later ones belong into a rule file",
        since=dt.date(2020, 8, 24),
        source="szse t20201118_583202; terminal instrument details, 2025-07",
    ),
    _class_of_funds(
        "SZ",
        (
            *("159202", "159303", "159312", "159316", "159318", "159329", "159501", "159502", "159509", "159513"),
            *("159518", "159519", "159529", "159545", "159557", "159561", "159577", "159605", "159607", "159612"),
            *("159615", "159632", "159655", "159659", "159660", "159687", "159688", "159691", "159696", "159699"),
            *("159711", "159712", "159718", "159726", "159735", "159740", "159741", "159742", "159747", "159750"),
            *("159751", "159788", "159792", "159850", "159866", "159892", "159920", "159941", "159954", "159960"),
        ),
        Trait.CROSS_BORDER,
        "投资境外指数的深市 ETF；名单不全，没有列入的按 T+1",
        "Shenzhen ETFs on indices abroad; the list is not complete, and what it lacks is T+1",
        source="fund names on the terminal, 2025-07",
    ),
    _class_of_funds(
        "SZ",
        ("159812", "159830", "159831", "159834", "159934", "159937"),
        Trait.GOLD,
        "深市黄金 ETF",
        "Shenzhen gold ETFs",
        source="fund names on the terminal, 2025-07",
    ),
    _class_of_funds(
        "SZ",
        ("159001", "159003", "159005"),
        Trait.MONEY_FUND,
        "深市货币 ETF",
        "Shenzhen money ETFs",
        source="fund names on the terminal, 2025-07",
    ),
    _class_of_funds(
        "SZ",
        ("159649", "159651", "159816", "159972"),
        Trait.BOND_FUND,
        "深市债券 ETF",
        "Shenzhen bond ETFs",
        source="fund names on the terminal, 2025-07",
    ),
    _class_of_funds(
        "SZ",
        ("159980", "159981", "159985"),
        Trait.COMMODITY,
        "深市商品期货 ETF",
        "Shenzhen commodity ETFs",
        source="fund names on the terminal, 2025-07",
    ),
)
ROWS: Final = (*_SHANGHAI, *_SHENZHEN, *_BEIJING, *_FUND_CLASSES)
