"""``qmt rules``: which rules of the exchange hold for a symbol on a day, since when, how sure, and why."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail
from qmt_trading.cli.rule_words import (
    CERTAINTIES,
    NOT_TRADED,
    ORDER_RULES,
    PHASES,
    RULES,
    TRAITS,
    Words,
    scope_words,
    value_words,
)
from qmt_trading.codec.malformed import MalformedError, malformed
from qmt_trading.codec.symbols import normalise
from qmt_trading.market.cage import cage_bound
from qmt_trading.market.calendar import SHIPPED, Calendar
from qmt_trading.market.day_facts import DayFacts, day_facts
from qmt_trading.market.figures import figures_of
from qmt_trading.market.limits import CONVERTIBLE_ISSUE_PRICE, part_of
from qmt_trading.market.names import listing_of
from qmt_trading.market.phases import Phase, Span, phases_of
from qmt_trading.market.rows.classes import ROWS as CLASSES
from qmt_trading.market.rulebook import Applied, RuleBook, book_of
from qmt_trading.model.instant import day_of, to_hour_text
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import Price, from_decimal, to_text
from qmt_trading.model.rule_row import Certainty, RuleName, RuleRow
from qmt_trading.model.words import InstrumentKind, Side
from qmt_trading.run.config import load

Row = dict[str, object]

_CAGED: Final = (InstrumentKind.STOCK, InstrumentKind.FUND, InstrumentKind.CONVERTIBLE, InstrumentKind.BOND)
"""Of these a person asks whether there is a cage; that there is none is an answer."""
_WEEK: Final = "一二三四五六日"
_ENGLISH_WEEK: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def rules(
    symbol: Annotated[str, typer.Argument(help="代码，如 600000.SH")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    date: Annotated[str, typer.Option("--date", "-d", help="哪一天，如 2026-07-06，默认今天 the day")] = "",
    name: Annotated[str, typer.Option("--name", help="当天的名称，如 *ST大晟 its name that day")] = "",
    listed: Annotated[str, typer.Option("--listed", help="上市日 its listing day")] = "",
    reference: Annotated[str, typer.Option("--reference", help="参考价（昨收或发行价），算出涨跌停和笼子")] = "",
    as_json: JsonOption = False,
) -> None:
    """交易规则：哪天、哪只、为什么 which rules hold, and why."""
    written = _symbol(symbol)
    day = _day("--date", date) or day_of(time.time_ns())
    listing = listing_of(name)
    listing_day = _day("--listed", listed)
    if listing_day is not None:
        listing = replace(listing, listed=listing_day)
    price = _price(reference)
    book, calendar = _book(config)
    if day < (since := calendar.since):
        fail(exit_codes.REFUSED, f"✗ {since} 以前交易所没有开市，没有规则 / no exchange traded before {since}")
    facts = day_facts(book, written, day, price, listing)
    if facts is None:
        _refuse(written, day)
    applied = book.explain(written, day, listing)
    prices = _prices(facts, applied, price, listing) if price else []
    not_traded, is_open = NOT_TRADED.get(facts.rule.kind), calendar.is_open(day)
    if not_traded is not None:
        applied = tuple(each for each in applied if each.row.name not in ORDER_RULES)
    applied = _with_no_cage(applied, facts.rule.kind)
    has_phases = is_open and not_traded is None
    spans = phases_of(written, facts.rule.kind, facts.rule.board, day) if has_phases else ()
    rows = [_row(each, written) for each in applied]
    if as_json:
        show.print_json(
            [
                {
                    "symbol": written,
                    "day": day.isoformat(),
                    "kind": facts.rule.kind.value,
                    "board": facts.rule.board,
                    "trading_day": is_open,
                    "orders": not_traded is None,
                    "traits": sorted(trait.value for trait in book.traits(written, day, listing)),
                    "rules": rows,
                    "prices": {key: to_text(value) for key, _, value in prices},
                    "phases": [_span_row(span) for span in spans],
                }
            ]
        )
        return
    console = show.console()
    traits = [str(TRAITS[trait]) for trait in sorted(book.traits(written, day, listing))]
    title = " · ".join([written, *([name] if name else []), _day_text(day), str(value_words(applied[0].row)), *traits])
    console.print(title, style="bold", soft_wrap=True)
    if not_traded is not None:
        told = f"本系统不下单：{not_traded.chinese} / this system sends no orders of it: {not_traded.english}"
        show.say(told, style="bold yellow")
    _print_rows(rows)
    if prices:
        _print_prices(console, prices, price)
    if not is_open:
        _print_closed(day, calendar.next_from(day))
    elif spans:
        _print_phases([_span_row(span) for span in spans if span.takes_orders or span.takes_cancels])
    show.say(
        "可信：高 有文号并经数据核对；中 只有一个出处；低 凭记忆或听说，取较严的值。怎样改见 docs/rules.md", style="dim"
    )
    show.say(
        "sure: high, a document and data; medium, one source; low, memory or hearsay, the stricter value. To override: "
        "docs/rules.md",
        style="dim",
    )


def _symbol(written: str) -> Symbol:
    try:
        return normalise(written)
    except MalformedError as error:
        told = malformed(error.code, error.figures, position=0)
        fail(exit_codes.USAGE, f"✗ {told.chinese} / {told.english}")


def _day(option: str, written: str) -> dt.date | None:
    if not written:
        return None
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        fail(exit_codes.USAGE, f"✗ {option} 写作 2026-07-06，不是 {written} / a date such as 2026-07-06")


def _price(written: str) -> Price:
    try:
        price = from_decimal(written or "0")
    except ValueError:
        price = -1
    if price < 0 or (written and not price):
        fail(exit_codes.USAGE, f"✗ --reference 应是正的价格，至多 4 位小数：{written} / a price above 0")
    return Price(price)


def _book(config: Path) -> tuple[RuleBook, Calendar]:
    """Return the rule book and the calendar of the configuration, without one those of the package."""
    if not config.exists():
        if config != DEFAULT_CONFIG:
            fail(exit_codes.USAGE, f"✗ 没有配置文件 {config} / no such configuration")
        return book_of(()), SHIPPED
    with explained():
        configuration = load(config)
        return book_of(configuration.engine.rules), configuration.calendar


def _with_no_cage(applied: tuple[Applied, ...], kind: InstrumentKind) -> tuple[Applied, ...]:
    """Return ``applied`` with a line that there is no price cage, where none is known for a kind that could have it."""
    if kind not in _CAGED or any(each.row.name in (RuleName.CAGE, RuleName.PARKING) for each in applied):
        return applied
    none = RuleRow(
        name=RuleName.CAGE,
        values=(0, 0),
        kinds=(kind,),
        source="no text that has one",
        certainty=Certainty.MEDIUM,
        chinese="当天没有价格笼子",
        english="there is no price cage on that day",
    )
    before = [each for each in applied if _place(each.row.name) < _place(none.name)]
    return (*before, Applied(none), *applied[len(before) :])


def _place(name: RuleName) -> int:
    """Return the place of a rule among all, which is that of its line."""
    return list(RuleName).index(name)


def _refuse(symbol: Symbol, day: dt.date) -> NoReturn:
    """Say why nothing is known of ``symbol`` on ``day``, and leave."""
    code, _, venue = symbol.partition(".")
    classes = [row for row in CLASSES if row.name is RuleName.CLASS and venue in row.venues]
    known = [row for row in classes if code.startswith(row.codes)]
    if known:
        row = known[-1]
        since, until = row.since or "…", row.until or "…"
        fail(
            exit_codes.REFUSED,
            f"✗ {symbol} 在 {day} 没有规则：{row.chinese}，{since} 至 {until} / "
            f"no rule on that day: {row.english}, {since} to {until}",
        )
    ranges = "、".join(sorted({prefix for row in classes for prefix in row.codes}))
    fail(
        exit_codes.REFUSED,
        f"✗ {symbol} 不在任何代码段里；{venue} 的代码段：{ranges}。新代码段可写进规则文件（docs/rules.md） / "
        "in no range of codes; a rule file can add one",
    )


def _row(applied: Applied, symbol: Symbol) -> dict[str, object]:
    row = applied.row
    before = None if applied.before is None else value_words(applied.before)
    return {
        "rule": row.name.value,
        "rule_text": RULES[row.name]._asdict(),
        "value": figures_of(row),
        "value_text": value_words(row)._asdict(),
        "since": row.since.isoformat() if row.since else None,
        "until": row.until.isoformat() if row.until else None,
        "certainty": row.certainty.value,
        "source": row.source,
        "note": {"chinese": row.chinese, "english": row.english},
        "why": scope_words(row, symbol)._asdict(),
        "otherwise": None if before is None or before == value_words(row) else before._asdict(),
    }


def _print_rows(rows: Sequence[Row]) -> None:
    """Print each rule as a line of figures, and below it what it says in both languages."""
    heads = [
        (
            _of(row, "rule_text", "chinese"),
            _of(row, "value_text", "chinese"),
            f"{row['since'] or '–'} 至 {row['until'] or '今'}" if row["since"] or row["until"] else "",
        )
        for row in rows
    ]
    for row, line in zip(rows, _lined_up(heads), strict=True):
        show.say(line, style="bold yellow" if row["certainty"] == Certainty.LOW.value else "bold")
        otherwise = "；一般为 " + _of(row, "otherwise", "chinese") if row["otherwise"] else ""
        sure = CERTAINTIES[Certainty(str(row["certainty"]))].chinese
        show.say(f"{_of(row, 'note', 'chinese')}〔{_of(row, 'why', 'chinese')}〕{otherwise}；可信 {sure}", indent=4)
        otherwise = "; otherwise " + _of(row, "otherwise", "english") if row["otherwise"] else ""
        english = f"{_of(row, 'rule_text', 'english')} {_of(row, 'value_text', 'english')}".strip()
        why = f"{_of(row, 'note', 'english')} [{_of(row, 'why', 'english')}]{otherwise}"
        show.say(f"{english}: {why}; sure: {row['certainty']}; source: {row['source']}", indent=4, style="dim")


def _of(row: Row, key: str, language: str) -> str:
    words = row[key]
    assert isinstance(words, dict)
    return str(words[language])


def _lined_up(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return ``rows`` as lines whose parts stand below each other, whatever the width of their characters."""
    widths = [max((cell_len(part) for part in parts), default=0) for parts in zip(*rows, strict=True)]
    return [
        "  ".join(part + " " * (width - cell_len(part)) for part, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _prices(
    facts: DayFacts, applied: tuple[Applied, ...], reference: Price, listing: Listing
) -> list[tuple[str, Words, Price]]:
    """Return what the rules make of a reference price, the cage as if the whole market stood at that price."""
    rule = facts.rule
    found = [
        ("limit_up", Words("涨停", "limit up"), facts.limit_up),
        ("limit_down", Words("跌停", "limit down"), facts.limit_down),
        ("band_up", Words("有效申报最高", "highest order"), facts.band_up),
        ("band_down", Words("有效申报最低", "lowest order"), facts.band_down),
    ]
    issue_price = listing.issue_price or reference
    if rule.kind is InstrumentKind.CONVERTIBLE:
        issue_price = CONVERTIBLE_ISSUE_PRICE
    for each in applied:
        if each.row.name is RuleName.OPENING_BAND:
            up, down = (part_of(rule, issue_price, part) for part in each.row.values)
            found.append(("opening_up", Words("开盘集合竞价最高", "highest in the opening auction"), up))
            found.append(("opening_down", Words("开盘集合竞价最低", "lowest in the opening auction"), down))
    at = {"best_bid": reference, "best_ask": reference, "last": reference, "previous_close": reference}
    found.append(("cage_buy", Words("笼子：买入最高", "cage: highest buy"), cage_bound(rule, Side.BUY, **at)))
    found.append(("cage_sell", Words("笼子：卖出最低", "cage: lowest sell"), cage_bound(rule, Side.SELL, **at)))
    return [each for each in found if each[2]]


def _print_prices(console: Console, prices: list[tuple[str, Words, Price]], reference: Price) -> None:
    console.print(f"参考价 reference {to_text(reference)}", style="bold")
    for line in show.aligned([(f"  {words}", to_text(price)) for _, words, price in prices]):
        console.print(line)


def _span_row(span: Span) -> Row:
    return {
        "begins": to_hour_text(span.begins_ns),
        "ends": to_hour_text(span.ends_ns),
        "phase": span.phase.value,
        "orders": span.takes_orders,
        "cancels": span.takes_cancels,
        "certainty": span.certainty,
        "source": span.source,
        "note": span.note,
    }


def _print_phases(rows: Sequence[Row]) -> None:
    show.say("时段 phases（委托 orders，撤单 cancels，可信 sure）", style="bold")
    heads = [
        (
            f"{row['begins']}–{row['ends']}",
            f"委托 {'✓' if row['orders'] else '✗'}",
            f"撤单 {'✓' if row['cancels'] else '✗'}",
            f"可信 {CERTAINTIES[Certainty(str(row['certainty']))].chinese}",
            str(PHASES[Phase(str(row["phase"]))]),
        )
        for row in rows
    ]
    for row, line in zip(rows, _lined_up(heads), strict=True):
        show.say(line, indent=2, hanging=2)
        if row["note"]:
            show.say(str(row["note"]), indent=4, style="dim")


def _print_closed(day: dt.date, following: dt.date) -> None:
    show.say("时段 phases", style="bold")
    told = f"{day} 休市，不收委托和撤单；下一个交易日 {_day_text(following)}"
    show.say(f"{told} / no trading on that day; the next one is {following}", indent=2, hanging=2)


def _day_text(day: dt.date) -> str:
    return f"{day.isoformat()} 周{_WEEK[day.weekday()]} {_ENGLISH_WEEK[day.weekday()]}"
