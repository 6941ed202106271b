"""``qmt send``: a signal through the control door or one that is named, and its receipt in a trader's words."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, NoReturn

import msgspec
import typer

from qmt_trading.cli import dry_runs, engine_access, exit_codes, order_files, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, who
from qmt_trading.codec import control as wire
from qmt_trading.codec.decoding import readable
from qmt_trading.codec.signal import parse
from qmt_trading.codec.view_json import NOT_SENT_TEXT, NOTHING_TO_DO_TEXT
from qmt_trading.link.dial import DialError, dial
from qmt_trading.market.instruments import kind_of
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.reasons import Reason
from qmt_trading.model.signal import Heartbeat
from qmt_trading.model.words import UNIT_TEXT, Mode
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.config_doors import CONTROL_DOOR, Door

Receipt = dict[str, object]
FileOption = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="csv、xlsx、json 或 txt 文件 a file of orders", exists=True, dir_okay=False),
]
PlanOption = Annotated[
    Path | None, typer.Option("--plan", help="交易计划 JSON 文件 a plan file", exists=True, dir_okay=False)
]

RECEIPT_S: Final = 10.0
EXITS: Final = {
    "accepted": exit_codes.OK,
    "duplicate": exit_codes.OK,
    "denied": exit_codes.REFUSED,
    "malformed": exit_codes.MALFORMED,
    "busy": exit_codes.BUSY,
}
WORDS: Final = {
    "accepted": "已受理",
    "denied": "已拦截",
    "duplicate": "重复信号，未再下单",
    "malformed": "格式错误",
    "busy": "繁忙，未接收，请重发",
}
_STYLES: Final = {"accepted": "bold green", "duplicate": "yellow"}
_SIDES: Final = {"buy": "买入", "sell": "卖出"}


def send(
    text: Annotated[str | None, typer.Argument(help="信号，如 'buy 600000.SH 100@10.50:11031122'")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    file: FileOption = None,
    plan: PlanOption = None,
    accounts: Annotated[str, typer.Option("--accounts", help="计划和没写账号的行用这些账户 accounts a,b")] = "",
    door: Annotated[str, typer.Option("--door", help="走这条通道，受它的 allow 限制 through this door")] = CONTROL_DOOR,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只试算，不发送 show what would happen")] = False,
    as_json: JsonOption = False,
) -> None:
    """发信号或文件，打印回执 send signals, print receipts."""
    text = None if text is None else as_typed(text)
    if [text, file, plan].count(None) != 2:
        fail(exit_codes.USAGE, "✗ 信号、--file、--plan 三者写一个 / give a signal, --file or --plan, one of them")
    if accounts and text is not None:
        fail(exit_codes.USAGE, "✗ --accounts 只和 --file、--plan 一起写 / belongs to --file and --plan")
    if text is not None and not answers_of(text):
        empty = not text.strip()
        why = "内容是空的" if empty else "这是心跳，不是信号，没有回执"
        english = "it is empty" if empty else "a heartbeat gets no receipt"
        fail(exit_codes.MALFORMED, f"✗ 格式错误：{why} / malformed: {english}")
    with explained():
        configuration = load(config)
        _check_door(configuration, door)
        texts = [(0, text)] if text is not None else _texts(configuration, door, file, plan, accounts)
        if not texts:
            print("文件里没有要下的单 / the file asks for nothing", file=sys.stderr)
            raise typer.Exit(exit_codes.OK)
        if dry_run:
            _try_out(configuration, door, texts, as_json=as_json)
        receipts = _send_all(configuration, door, texts)
    if as_json:
        show.print_json([receipt for _, receipt in receipts])
    else:
        for row, receipt in receipts:
            print_receipt(receipt, row)
        known = known_accounts(configuration, [receipt for _, receipt in receipts])
        if known:
            show.say(known)
    raise typer.Exit(max(EXITS.get(str(receipt.get("status")), exit_codes.REFUSED) for _, receipt in receipts))


def _check_door(configuration: Configuration, name: str) -> None:
    """Leave with a sentence unless a person can send through the door ``name`` and be answered."""
    usable = [CONTROL_DOOR, *(door.name for door in duplex_doors(configuration))]
    if name not in usable:
        fail(
            exit_codes.USAGE,
            f"✗ --door {name}：没有这条通道，或没有回执；可写：{'、'.join(usable)} / no such door, or it never answers",
        )


def _texts(
    configuration: Configuration, door: str, file: Path | None, plan: Path | None, accounts: str
) -> list[tuple[int, str]]:
    """Return the messages of a file, each with its row."""
    path = plan or file
    assert path is not None
    words = order_files.accounts_of(accounts)
    if plan is not None and not words:
        fail(exit_codes.USAGE, "✗ 计划文件里没有账户：请加 --accounts 账户,账户 / a plan needs --accounts a,b")
    infer_market = any(each.infer_market for each in configuration.engine.doors if each.name == door)
    found = order_files.instructions_of(path, words, plan=plan is not None, infer_market=infer_market)
    return [(each.row, each.text) for each in found]


def _try_out(configuration: Configuration, door: str, texts: list[tuple[int, str]], *, as_json: bool) -> NoReturn:
    tried = dry_runs.try_out(configuration, door, texts)
    if as_json:
        show.print_json(tried.rows)
        if not tried.is_engines:
            print(dry_runs.NOT_CHECKED_EN, file=sys.stderr)
    else:
        dry_runs.print_tried(tried)
    statuses = {str(row["status"]) for row in tried.rows}
    if "malformed" in statuses:
        raise typer.Exit(exit_codes.MALFORMED)
    raise typer.Exit(exit_codes.REFUSED if "denied" in statuses else exit_codes.OK)


def _send_all(configuration: Configuration, door: str, texts: list[tuple[int, str]]) -> list[tuple[int, Receipt]]:
    """Send one after the other; what is cut short can be repeated whole, because every message has its id."""
    receipts: list[tuple[int, Receipt]] = []
    for row, text in texts:
        try:
            receipts += [(row, receipt) for receipt in send_text(configuration, text, door)]
        except DialError:
            if receipts:
                print(
                    f"! 发到第 {row} 行中断，前面的已执行：原样再发一次即可，不会重复 / "
                    f"cut short at row {row}: send the file again, nothing is doubled",
                    file=sys.stderr,
                )
            raise
    return receipts


def as_typed(text: str) -> str:
    """Return what a terminal in another encoding, such as GBK, handed over as an argument."""
    try:
        return readable(os.fsencode(text))
    except UnicodeEncodeError:  # Half a character, as only Windows can hand it over.
        return text.encode("utf-8", "replace").decode("utf-8")


def answers_of(text: str) -> int:
    """Return how many receipts ``text`` will get; a heartbeat, and nothing at all, get none."""
    results = [parsed for line in text.splitlines() for parsed in parse(line.encode("utf-8"))]
    return sum(not isinstance(parsed, Heartbeat) for parsed in results)


def duplex_doors(configuration: Configuration) -> Iterator[Door]:
    """Yield the doors that can be dialled, in their order."""
    duplex = "named_pipe" if sys.platform == "win32" else "unix_socket"
    for door in configuration.doors:
        if door.kind == duplex and door.mode == "listen":
            yield door


def send_text(configuration: Configuration, text: str, door: str = CONTROL_DOOR) -> list[Receipt]:
    """Send ``text``, one signal a line, through ``door``; return its receipts.

    The control door takes every verb, as what a person types needs; the gate judges it like any other signal.

    Raises:
        DialError: no engine can be reached, or it does not answer.
    """
    if door == CONTROL_DOOR:
        try:
            return engine_access.ask(
                configuration.folder, wire.Send(text=text, who=who(), brought_ns=time.perf_counter_ns())
            )
        except wire.ControlError as error:
            raise DialError(str(error)) from error
    address = next(each.address for each in duplex_doors(configuration) if each.name == door)
    with dial(address) as line:
        line.send(text.encode("utf-8") + b"\n")
        return [msgspec.json.decode(line.receive_line(RECEIPT_S)) for _ in range(max(answers_of(text), 1))]


def print_receipt(receipt: Receipt, row: int = 0) -> None:
    """Print a receipt, of a row of a file or of a message alone, for people."""
    console = show.console()
    console.print(
        (f"第 {row} 行 " if row else "") + headline(receipt), style=_STYLES.get(str(receipt.get("status")), "bold red")
    )
    for line in details(receipt):
        show.say(line, indent=2, hanging=2)


def headline(receipt: Receipt) -> str:
    """Return the first line: what became of the message, its number, its id; how much of it went wrong, if any did."""
    status = str(receipt.get("status"))
    words = WORDS.get(status, status)
    good, bad = counts(receipt)
    if status == "accepted" and bad:
        words += f"（{good} ✓ {bad} ✗）"
    elif status == "accepted" and asks_for_nothing(receipt):
        words += NOTHING_TO_DO_TEXT
    if status == "accepted" and observed(receipt):
        words += NOT_SENT_TEXT
    if receipt.get("seq"):
        words += f"  信号 {receipt['seq']}"
    if receipt.get("id"):
        words += f"  #{receipt['id']}"
    return words


def observed(receipt: Receipt) -> bool:
    """Tell whether shadow mode has decided the message: nothing of it is sent."""
    return receipt.get("mode") == Mode.SHADOW.value


def counts(receipt: Receipt) -> tuple[int, int]:
    """Return how many lines were accepted, and how many denied; a cancel that found nothing is neither."""
    statuses = [line.get("status") for line in lines(receipt, "orders") + lines(receipt, "cancels")]
    return statuses.count("accepted"), statuses.count("denied")


def known_accounts(configuration: Configuration, receipts: Sequence[Receipt]) -> str:
    """Return which accounts and groups there are, where a receipt speaks of one that is not; else nothing."""
    reasons = {line.get("reason") for receipt in receipts for line in lines(receipt, "orders")}
    reasons |= {line.get("reason") for receipt in receipts for line in lines(receipt, "cancels")}
    if Reason.ACCOUNT_UNKNOWN.value not in reasons:
        return ""
    accounts = configuration.engine.accounts
    names = [f"{each.account}（{each.name}）" if each.name else each.account for each in accounts]
    groups = dict.fromkeys(f"@{group}" for each in accounts for group in each.groups)
    return f"  已配置：{'、'.join([*names, *groups])} / these are configured"


def asks_for_nothing(receipt: Receipt) -> bool:
    """Tell whether all that a message asks for is so already: nothing to cancel, targets that are reached."""
    found = lines(receipt, "orders") + lines(receipt, "cancels")
    return bool(found) and all(line.get("status") == "nothing" for line in found)


def details(receipt: Receipt, *, english: bool = True) -> list[str]:
    """Return a line for each order and cancel, and the reason of a message refused as a whole; English beside ours."""
    told: list[str] = []
    if receipt.get("text"):
        told.append(str(receipt["text"]))
        if receipt.get("text_en") and english:
            told.append(str(receipt["text_en"]))
    told += [_order_line(line, english=english) for line in lines(receipt, "orders")]
    told += [_cancel_line(line, english=english) for line in lines(receipt, "cancels")]
    if observed(receipt):
        told = [line.replace("✓", "○", 1) if line.startswith("✓") else line for line in told]
    if receipt.get("durable") is False:
        told.append("! 日志不可写，以上未落盘 / the journal is closed: not on record")
    return told


def _order_line(line: Receipt, *, english: bool) -> str:
    what = f"{line['account']} {_symbol(line)}"
    if line.get("side"):
        what += f" {_SIDES.get(str(line['side']), line['side'])}"
    if line.get("quantity"):
        kind = kind_of(Symbol(str(line.get("symbol"))))
        what += f" {line['quantity']} {UNIT_TEXT.get(kind, '股') if kind is not None else '股'}"
    if line.get("price"):
        what += f" @{line['price']}"
    if line.get("status") == "accepted":
        name = f"，本地编号 {line.get('client_order_id')}"
        return f"✓ {what}：{_reason(line, english=english)}{name}" if line.get("text") else f"✓ {what}{name}"
    mark = "·" if line.get("status") in ("queued", "nothing") else "✗"
    return f"{mark} {what}：{_reason(line, english=english)}"


def _cancel_line(line: Receipt, *, english: bool) -> str:
    what = f"{line['account']} {_symbol(line)}"
    number = line.get("broker_order_id") or line.get("venue_order_id") or line.get("client_order_id")
    match line.get("status"):
        case "accepted":
            told = f"：{_reason(line, english=english)}" if line.get("text") else ""
            return f"✓ {what} 撤单，委托 {number}{told}"
        case "registered":
            return f"· {what} 撤单，委托 {number}：{_reason(line, english=english)}"
        case "nothing" | "queued" | "dropped":
            return f"· {what} {_reason(line, english=english)}"
        case _:
            return f"✗ {what} 撤单：{_reason(line, english=english)}"


def _symbol(line: Receipt) -> str:
    return "所有股票" if line.get("symbol") == EVERY_SYMBOL else str(line.get("symbol"))


def _reason(line: Receipt, *, english: bool) -> str:
    text = str(line.get("text", ""))
    return f"{text} / {line['text_en']}" if english and line.get("text_en") else text


def lines(receipt: Receipt, key: str) -> list[Receipt]:
    """Return the lines under ``orders`` or ``cancels``."""
    found = receipt.get(key)
    return found if isinstance(found, list) else []
