"""The user's own rows of the rule book: ``[rules] file`` names a TOML file of ``[[rows]]`` and ``[[symbols]]``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.symbols import normalise
from qmt_trading.market.figures import FIGURES, Figure, Unit
from qmt_trading.market.instruments import kind_of
from qmt_trading.market.rows import ROWS
from qmt_trading.model.numbers import MILLION
from qmt_trading.model.rule_row import FUND_CLASSES, Certainty, RuleName, RuleRow, Trait
from qmt_trading.model.words import InstrumentKind
from qmt_trading.run.config_file import ConfigFile
from qmt_trading.run.config_reader import Table

PERCENT_MAX: Final = 10 * MILLION
"""1,000 per cent: more than any band of any era."""
_VENUES: Final = ("SH", "SZ", "BJ")
_CODE: Final = re.compile(r"[0-9]{1,6}")
_NAMES: Final = {name.value: name for name in RuleName if name not in (RuleName.TRAIT, RuleName.LISTED)}
_KINDS: Final = {kind.value: kind for kind in InstrumentKind}
_TRAITS: Final = {trait.value: trait for trait in Trait}
_CERTAINTIES: Final = {certainty.value: certainty for certainty in Certainty}
_FUND_CLASSES: Final = {trait.value: trait for trait in Trait if trait in FUND_CLASSES}
_BOARDS: Final = frozenset(board for row in ROWS for board in row.boards)
_NEVER_ZERO: Final = frozenset({RuleName.TICK, RuleName.LOTS, RuleName.CAP})
_FLAGS: Final = {
    "risk_warning": (Trait.RISK_WARNING, "风险警示（ST、*ST）", "risk warning"),
    "share_reform": (Trait.SHARE_REFORM, "未股改的 S 股", "S share"),
    "delisting": (Trait.DELISTING, "退市整理期", "delisting period"),
}


def read_rules(table: Table, base: Path) -> tuple[RuleRow, ...]:
    """Return the rows of the file that ``[rules]`` names, those of ``[[symbols]]`` last; none where it names none.

    Raises:
        ConfigurationError: with file, line, key and what would be right.
    """
    if not table.has("file"):
        table.close()
        return ()
    path = table.absolute("file", base, table.text("file"))
    if not path.is_file():
        table.wrong("file", f"没有这个文件：{path}", f"there is no such file: {path}")
    table.close()
    return load_rules(path)


def load_rules(path: Path) -> tuple[RuleRow, ...]:
    """Return the rows of a rule file.

    Raises:
        ConfigurationError: with file, line, key and what would be right.
    """
    file = ConfigFile(path)
    root = Table(file, (), file.tables)
    rows = [_row(each) for each in root.tables("rows")]
    for each in root.tables("symbols"):
        rows += _facts(each)
    root.close()
    return tuple(rows)


def _row(table: Table) -> RuleRow:
    name = table.word("rule", _NAMES)
    codes, venues = table.texts("codes"), table.texts("venues")
    if table.has("symbol"):
        code, venue = _symbol(table)
        codes, venues = (*codes, code), (*venues, venue)
    _among(table, "venues", venues, _VENUES)
    for code in codes:
        if _CODE.fullmatch(code) is None:
            table.wrong("codes", f"「{code}」不是代码的开头：一到六位数字", f"{code} is no beginning of a code")
    if codes and not venues:
        table.wrong("codes", '请同时写 venues，例如 ["SH"]', 'codes need venues beside them, such as ["SH"]')
    kinds = table.texts("kinds")
    _among(table, "kinds", kinds, tuple(_KINDS))
    boards = table.texts("boards")
    if name is RuleName.CLASS:
        if not (codes and len(kinds) == len(boards) == 1):
            table.wrong(
                "rule", "class 要写 codes、一个 kinds 和一个 boards", "class needs codes, one kind and one board"
            )
    else:
        _among(table, "boards", boards, tuple(sorted(_BOARDS)))
    trait = table.word("trait", _TRAITS) if table.has("trait") else None
    values = tuple(_value(table, figure, least=1 if name in _NEVER_ZERO else 0) for figure in FIGURES[name])
    since, until = table.day("since"), table.day("until")
    if since is not None and until is not None and until < since:
        table.wrong("until", "早于 since", "lies before since")
    place = table.place()
    row = RuleRow(
        name=name,
        values=values,
        kinds=tuple(_KINDS[kind] for kind in kinds),
        boards=boards,
        venues=venues,
        codes=codes,
        trait=trait,
        since=since,
        until=until,
        source=table.text("source", place),
        certainty=table.word("certainty", _CERTAINTIES, Certainty.MEDIUM),
        chinese=table.text("chinese", f"你的规则：{place}"),
        english=table.text("english", f"your own row: {place}"),
    )
    table.close()
    return row


def _value(table: Table, figure: Figure, *, least: int) -> int:
    name = figure.key
    if not table.has(name):
        table.wrong(name, "缺少这个设置", "this key is missing")
    match figure.unit:
        case Unit.PERCENT:
            return table.percent_millionths(name, None, most=PERCENT_MAX)
        case Unit.YUAN:
            amount = table.money(name, 0)
            if amount < least:
                table.wrong(name, "应大于 0", "should be more than 0")
            return amount
        case Unit.NUMBER:
            return table.number(name, 0, least=least)
        case Unit.FLAG:
            return int(table.flag(name, False))


def _symbol(table: Table) -> tuple[str, str]:
    written = table.text("symbol")
    try:
        symbol = normalise(written)
    except MalformedError as error:
        table.malformed("symbol", error)
    if kind_of(symbol) is None:
        table.wrong("symbol", f"{written} 不在任何代码段里", f"{written} lies in no range of codes")
    code, _, venue = symbol.partition(".")
    return code, venue


def _facts(table: Table) -> list[RuleRow]:
    """Return what ``[[symbols]]`` says of one symbol, as rows."""
    code, venue = _symbol(table)
    since, until = table.day("since"), table.day("until")
    if since is not None and until is not None and until < since:
        table.wrong("until", "早于 since", "lies before since")
    place = table.place()

    def row(trait: Trait, chinese: str, english: str) -> RuleRow:
        return RuleRow(
            name=RuleName.TRAIT,
            venues=(venue,),
            codes=(code,),
            trait=trait,
            since=since,
            until=until,
            source=place,
            certainty=Certainty.MEDIUM,
            chinese=f"你的设定：{chinese}",
            english=f"as you say: {english}",
        )

    rows = [row(*each) for key, each in _FLAGS.items() if table.flag(key, False)]
    if table.has("fund_class"):
        trait = table.word("fund_class", _FUND_CLASSES)
        rows.append(row(trait, "基金类别", "fund class"))
    listed, issue_price = table.day("listed"), table.money("issue_price", 0)
    if issue_price and listed is None:
        table.wrong("issue_price", "请同时写 listed（上市日）", "needs listed, the listing day, beside it")
    if listed is not None:
        rows.append(
            RuleRow(
                name=RuleName.LISTED,
                values=(issue_price,),
                venues=(venue,),
                codes=(code,),
                since=listed,
                source=place,
                certainty=Certainty.MEDIUM,
                chinese="你的设定：上市日",
                english="as you say: the listing day",
            )
        )
    table.close()
    if not rows:
        table.wrong(
            "symbol",
            "请写出它的事实：risk_warning、share_reform、delisting、fund_class、listed",
            "say something of it: risk_warning, share_reform, delisting, fund_class, listed",
        )
    return rows


def _among(table: Table, name: str, words: tuple[str, ...], known: tuple[str, ...]) -> None:
    for word in words:
        if word not in known:
            choice = "、".join(known)
            table.wrong(name, f"「{word}」应是其中之一：{choice}", f"{word} should be one of {choice}")
