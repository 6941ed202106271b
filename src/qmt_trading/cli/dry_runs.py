"""``qmt send --dry-run``: what would be ordered and what denied, in a table; nothing is sent."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from qmt_trading.cli import engine_access, show
from qmt_trading.codec import control as wire
from qmt_trading.codec.receipt_json import line_status
from qmt_trading.codec.sentences import sentence
from qmt_trading.link.dial import DialError
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import to_text
from qmt_trading.model.receipt import CancelLine, OrderLine
from qmt_trading.model.signal import Malformed
from qmt_trading.model.words import Mode, SignalStatus
from qmt_trading.run import dry_run
from qmt_trading.run.config import Configuration
from qmt_trading.run.dry_run import Judged

Row = dict[str, object]

NOT_CHECKED: Final = (
    "引擎未运行，只按配置检查；没有检查：资金、可卖、行情（涨跌停、市价、按金额或比例的股数）、交易状态、连接、重复编号"
)
NOT_CHECKED_EN: Final = (
    "no engine runs, so only the configuration was asked; not checked: cash, sellable shares, quotes (price limits, "
    "word prices, shares for an amount or a part), trading state, connections, repeated ids"
)
NOTHING_SENT: Final = "试算：什么都没有发出 / a dry run: nothing was sent"
_QUOTES_AT_ONCE: Final = 200
_WORDS: Final = {
    "accepted": "会下单",
    "cancel": "会撤单",
    "denied": "会拦截",
    "untold": "未发现问题",
    "duplicate": "重复，不会再下单",
    "malformed": "格式错误",
    "nothing": "无需动作",
    "registered": "会登记撤单",
    "queued": "会登记，到时执行",
    "dropped": "会撤下等待中的",
}
_OBSERVED_WORDS: Final = {"accepted": "本应下单", "cancel": "本应撤单"}
"""In shadow mode, which sends nothing."""
_SIDES: Final = {"buy": "买入", "sell": "卖出"}
_COLUMNS: Final = (
    show.Column("row", "行", right=True, drop=2),
    show.Column("status_text", "结果"),
    show.Column("account", "账户"),
    show.Column("symbol", "代码"),
    show.Column("side", "方向"),
    show.Column("quantity", "数量", right=True),
    show.Column("price", "价格", right=True),
    show.Column("text", "原因", flexible=True),
)


class Tried(NamedTuple):
    """What would become of several messages."""

    rows: list[Row]
    is_engines: bool
    """False: no engine runs, and only the configuration was asked."""


def try_out(configuration: Configuration, door: str, texts: Sequence[tuple[int, str]]) -> Tried:
    """Return what would become of ``texts``, each with its row (0: none), if they came through ``door`` now.

    Raises:
        DialError: an engine runs and does not answer.
        JournalError: its journal cannot be read.
    """
    infer_market = any(each.infer_market for each in configuration.engine.doors if each.name == door)
    plain = [text for _, text in texts]
    words = _WORDS | (_OBSERVED_WORDS if configuration.engine.mode is Mode.SHADOW else {})
    now_ns = time.time_ns()
    session = configuration.session()
    next_day = session.day_after(now_ns)
    try:
        engine_access.ask(configuration.folder, wire.Hello())
    except engine_access.NotRunningError:
        engine = dry_run.from_configuration(configuration.engine, now_ns, session.trading_day(now_ns))
        alone = dry_run.rule_alone(engine.state.rules, engine.state.rules_day())
        facts = dry_run.Facts(alone, lambda _: None, now_ns, next_day)
        told = dry_run.judge(engine, plain, facts, door=door, infer_market=infer_market)
        return Tried(_rows(texts, told, words, is_engines=False), False)
    with dry_run.recorded(configuration.folder) as (engine, known):
        quotes = _quotes(configuration, dry_run.symbols_of(engine, plain, infer_market=infer_market))
        facts = dry_run.Facts(quotes.get, known, now_ns, next_day)
        told = dry_run.judge(engine, plain, facts, door=door, infer_market=infer_market)
    return Tried(_rows(texts, told, words, is_engines=True), True)


def _quotes(configuration: Configuration, symbols: Sequence[Symbol]) -> dict[Symbol, Quote]:
    found: dict[Symbol, Quote] = {}
    for first in range(0, len(symbols), _QUOTES_AT_ONCE):
        request = wire.Quotes(tuple(symbols[first : first + _QUOTES_AT_ONCE]))
        try:
            rows = engine_access.ask(configuration.folder, request)
        except wire.ControlError as error:
            raise DialError(f"引擎是旧版本，不能试算：{error} / the engine is of an older version") from error
        quotes = [msgspec.convert(row["quote"], Quote) for row in rows]
        found |= {quote.symbol: quote for quote in quotes}
    return found


def _rows(
    texts: Iterable[tuple[int, str]], told: list[list[Judged]], words: Mapping[str, str], *, is_engines: bool
) -> list[Row]:
    rows: list[Row] = []
    for (number, _), answers in zip(texts, told, strict=True):
        for judged in answers:
            rows += [
                {"row": number or "", **row, "status_text": words.get(str(row["status"]), row["status"])}
                for row in _rows_of(judged, is_engines=is_engines)
            ]
    return rows


def _rows_of(judged: Judged, *, is_engines: bool) -> Iterator[Row]:
    answer, signal = judged.answer, judged.signal
    if isinstance(answer, Malformed):
        yield {"status": "malformed", "text": answer.chinese, "text_en": answer.english}
        return
    assert signal is not None
    if answer.status is SignalStatus.DUPLICATE:
        yield {"status": "duplicate", "text": f"信号 {answer.seq} 用过编号 {answer.id}", "text_en": "id used before"}
        return
    if answer.denial is not None:
        chinese, english = sentence(answer.denial)
        status = "malformed" if answer.status is SignalStatus.MALFORMED else "denied"
        yield {"status": status, "text": chinese, "text_en": english}
    for line in answer.orders:
        untold = not is_engines and (line.denial is None or dry_run.is_untold(signal, line))
        yield _order(line, "untold" if untold else line_status(line.denial))
    for cancel in answer.cancels:
        yield _cancel(cancel, is_engines=is_engines)


def _order(line: OrderLine, status: str) -> Row:
    row: Row = {
        "status": status,
        "account": line.account,
        "symbol": line.symbol,
        "side": line.side.value if line.side is not None else "",
        "side_text": _SIDES.get(line.side.value, "") if line.side is not None else "",
        "quantity": line.quantity or "",
        "price": to_text(line.price) if line.price else "",
    }
    if line.denial is not None and status != "untold":
        row["text"], row["text_en"] = sentence(line.denial)
    return row


def _cancel(line: CancelLine, *, is_engines: bool) -> Row:
    row: Row = {"account": line.account, "symbol": line.symbol, "side": "cancel", "side_text": "撤单"}
    status = line_status(line.denial)
    if not is_engines and status in ("accepted", "nothing", "registered"):
        return {**row, "status": "untold"}
    if line.denial is not None:
        row["text"], row["text_en"] = sentence(line.denial)
        return {**row, "status": status}
    number = line.broker_order_id or line.venue_order_id
    told = (f"委托 {number}", f"order {number}") if number else ("前面各行的委托", "an order of a row above")
    return {**row, "status": "cancel", "text": told[0], "text_en": told[1]}


def print_tried(tried: Tried) -> None:
    """Print what would become of the messages, and what could not be checked, for people."""
    console = show.console()
    console.print(NOTHING_SENT, style="bold")
    show.print_table(show.table_of(tried.rows, _COLUMNS, width=console.width), to=console)
    if not tried.is_engines:
        console.print("! " + NOT_CHECKED, style="yellow")
        console.print("  " + NOT_CHECKED_EN, style="yellow")
