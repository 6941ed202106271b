"""``qmt report``: the page of one trading day, and the day against the broker's statement."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from qmt_trading import __version__
from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.acting import AccountOption
from qmt_trading.cli.journal import progress
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, place_of
from qmt_trading.codec.view_json import SIDE_TEXT
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.model.numbers import to_money_text, to_text
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import View
from qmt_trading.run.compliance import NoSuchDayError, last_day
from qmt_trading.run.day import report_page, statement
from qmt_trading.run.day.past import Past, end_of_day
from qmt_trading.run.day.report import report_of
from qmt_trading.run.day.statement_check import Compared, UnplacedError, compare
from qmt_trading.run.reading import journal_path

_DAYS_SHOWN = 5
_COLUMNS = (
    show.Column("account", "账户"),
    show.Column("symbol", "代码"),
    show.Column("side", "方向"),
    show.Column("our_quantity", "我们的数量", right=True),
    show.Column("their_quantity", "交割单数量", right=True),
    show.Column("our_value", "我们的金额", right=True, drop=1),
    show.Column("their_value", "交割单金额", right=True, drop=2),
    show.Column("our_fees", "估算费用", right=True),
    show.Column("their_fees", "交割单费用", right=True),
    show.Column("fees_more", "费用差", right=True),
    show.Column("verdict", "结果"),
)

DateOption = Annotated[
    dt.datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="交易日，默认日志里最后一个 trading day, the last by default"),
]


def report(
    date: DateOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="写到这个文件 write it to this file")] = None,
    statement_file: Annotated[
        Path | None, typer.Option("--statement", help="与券商的交割单 CSV 对照 compare with the broker's CSV")
    ] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的文件 replace a file")] = False,
) -> None:
    """一个交易日的日报，与交割单对照 the report of a trading day."""
    if out is not None and out.exists() and not force:
        fail(exit_codes.USAGE, f"✗ {out} 已存在：换一个文件名，或加 --force 覆盖 / exists: --force replaces it")
    with explained():
        day, past = _read(config, date.date() if date is not None else None)
        if statement_file is not None:
            _compare(past.view, day, statement_file, account, as_json=as_json)
            return
        made = report_of(past.view, day=day, version=__version__, head=past.head)
        content = report_page.json_of(made) if as_json else report_page.page_of(made).encode("utf-8")
        if out is not None:
            report_page.put(out, content)
            print(f"{day} → {out}")
            return
    if as_json:
        print(content.decode("utf-8"), end="")
    else:
        for line in content.decode("utf-8").splitlines():
            show.say(line, hanging=2)


def _read(config: Path, day: dt.date | None) -> tuple[dt.date, Past]:
    """Return the end of ``day`` as the journal tells it, of its last day where none is given."""
    reader = SqliteReader(journal_path(place_of(config).folder))
    try:
        day = day or last_day(reader)
        if day is None:
            fail(exit_codes.REFUSED, "✗ 日志里还没有交易日 / the journal holds no trading day yet")
        return day, end_of_day(reader, day, progress=progress)
    except NoSuchDayError as error:
        days = "、".join(map(str, error.days[-_DAYS_SHOWN:]))
        fail(exit_codes.REFUSED, f"✗ 日志里没有交易日 {day}；最近的：{days} / no such trading day in the journal")
    finally:
        reader.close()


def _compare(view: View, day: dt.date, path: Path, account: str | None, *, as_json: bool) -> None:
    found = statement.read(path)
    chosen = _chosen(view, account)
    account_of = _account_of(view, found, chosen)
    trades = [each for each in found.trades if chosen is None or account_of[each.account] == chosen]
    try:
        named = {account_of[each.account] for each in trades if each.account in account_of}
        accounts = frozenset({chosen} if chosen is not None else named)  # A statement is of one account, often.
        compared = compare(view.fills, trades, day, account_of, accounts)
    except UnplacedError as error:
        written = error.written or "（没有写账号）"
        fail(
            exit_codes.REFUSED,
            f"✗ 交割单的账号 {written} 不知道是哪个账户：请加 --account 账号 / whose statement is it? say --account",
        )
    rows = [_row(each) for each in compared]
    if as_json:
        show.print_json(rows)
    else:
        _print(found, rows, compared, day)
    if not all(each.same_trades for each in compared):
        raise typer.Exit(exit_codes.REFUSED)


def _chosen(view: View, account: str | None) -> AccountId | None:
    """Return the account that a person names, or the only one there is; None: the statement must say."""
    known = [row.account for row in view.accounts]
    if account is None:
        return known[0] if len(known) == 1 else None
    chosen = next((row.account for row in view.accounts if account in (row.account, row.name)), None)
    if chosen is None:
        fail(exit_codes.REFUSED, f"✗ 当日没有账户 {account} / no such account that day")
    return chosen


def _account_of(view: View, found: statement.Statement, chosen: AccountId | None) -> dict[str, AccountId]:
    """Return which account each word of the statement means: its own number, else the chosen one."""
    known = {str(row.account): row.account for row in view.accounts}
    if chosen is None:
        return known
    return {word: known.get(word, chosen) for word in {trade.account for trade in found.trades} | {""}}


def _row(each: Compared) -> dict[str, object]:
    same = each.same_trades
    return {
        "account": each.account,
        "symbol": each.symbol,
        "side": each.side.value,
        "side_text": SIDE_TEXT[each.side],
        "our_quantity": each.ours.quantity,
        "their_quantity": each.theirs.quantity,
        "our_value": to_text(each.ours.value),
        "their_value": to_text(each.theirs.value),
        "our_fees": to_text(each.ours.fees),
        "their_fees": to_text(each.theirs.fees),
        "fees_more": to_text(each.fees_more),
        "same": same,
        "verdict": "一致" if same else "成交不一致",
    }


def _print(found: statement.Statement, rows: list[dict[str, object]], compared: list[Compared], day: dt.date) -> None:
    console = show.console()
    if not rows:
        days = "、".join(map(str, statement.days_of(found.trades))) or "无"
        show.say(f"{day} 两边都没有成交；交割单里的日期：{days} / no trades on either side")
        return
    show.print_table(show.table_of(rows, _COLUMNS, width=console.width, title=f"{day} 与交割单对照"), to=console)
    different = sum(not each.same_trades for each in compared)
    more = sum(each.fees_more for each in compared)
    fees = "、".join(found.fee_columns) or "没有费用列"
    show.say(f"成交不一致 {different} 项；交割单的费用（{fees}）比估算多 {to_money_text(more)} 元", hanging=2)
    if more:
        show.say("费用有差：按交割单改 [fees] 里的费率，改后只影响以后的成交", hanging=2)
    if found.left_out:
        kinds = "、".join(sorted({what for _, what in found.left_out}))
        show.say(f"{len(found.left_out)} 行不是买卖，未对照：{kinds}", hanging=2)
