"""Commands that read: beside a running engine, and after it has died."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from qmt_trading.cli import engine_access, exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, place_of
from qmt_trading.codec import control as wire
from qmt_trading.link.dial import DialError
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run import log_lines
from qmt_trading.run.config_file import digest_of

LimitOption = Annotated[int, typer.Option("--limit", "-n", help="最多行数 at most so many rows", min=1)]
NEAR_SHOWN = 3
"""Limits that the status names."""
CONFIG_CHANGED = "配置已改，重启后生效 / the configuration was changed: a restart makes it hold"


def list_table(
    config: Path, table: str, columns: Sequence[show.Column], title: str, *, as_json: bool, limit: int = 1000
) -> None:
    """Print the newest rows of a table, for people or programs."""
    with explained():
        rows, from_journal = engine_access.read(place_of(config).folder, table, limit=limit)
    if as_json:
        show.print_json(rows)
        return
    console = show.console()
    if from_journal:
        console.print(from_journal, style="yellow")
    if not rows:
        console.print(f"{title}：无 / none")
        return
    show.print_table(show.table_of(rows, columns, width=console.width, title=title), to=console)


def status(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """现在怎么样 how things stand."""
    with explained():
        place = place_of(config)
        rows, from_journal = engine_access.read(place.folder, "status")
        changed = not from_journal and config_changed(place.folder, config)
    row = {**rows[0], "running": not from_journal, "config_changed": changed}
    if as_json:
        show.print_json([row])
        return
    console = show.console()
    if from_journal:
        console.print(f"○ {from_journal}", style="bold yellow")
    else:
        console.print("● 运行中 running", style="bold green")
    for line in show.aligned(status_pairs(row)):
        console.print(f"  {line}")
    if changed:
        console.print(f"! {CONFIG_CHANGED}", style="bold yellow")


def status_pairs(row: dict[str, object]) -> list[tuple[str, object]]:
    """Return what ``qmt status`` says, line by line; what is not so is not said."""
    ready = f"{row['accounts']} 个" + (f"，就绪 {row['accounts_ready']} 个" if row.get("running") else "")
    pairs: list[tuple[str, object]] = [
        ("模式", row.get("mode_text") or row.get("mode")),
        ("交易日", row.get("day") or "–"),
        ("状态", row.get("state_text")),
    ]
    if row.get("state") != "ACTIVE":
        pairs.append(("谁、为何", cause_text(row)))
        pairs.append(("恢复", "确认无误后 qmt resume --why 原因"))
    halted = row.get("accounts_halted_text")
    if isinstance(halted, list) and halted:
        pairs.append(("单独停止", f"{'、'.join(map(str, halted))}（恢复：qmt resume --account 账号 --why 原因）"))
    pairs += [
        ("账户", ready),
        ("信号", row.get("signals")),
        ("委托", f"{row.get('orders')}，未成交 {row.get('working_orders')}，待核实 {row.get('unknown_orders')}"),
        *([("本应做而未发", observed_text(row))] if "observed_orders" in row else []),
        ("成交", row.get("fills")),
        *difference_pairs(row),
        *([("定时指令", f"{row['waiting_instructions']} 条等待中")] if row.get("waiting_instructions") else []),
        ("格式错误", f"{row.get('malformed')}" + ("（qmt signals --malformed）" if row.get("malformed") else "")),
    ]
    if row.get("unacknowledged"):
        pairs.append(
            ("待确认提醒", f"{row['unacknowledged']} 条（qmt alerts；确认：qmt alerts --acknowledge 编号|all）")
        )
    pairs += risk_pairs(row)
    pairs += day_pairs(row)
    if row.get("calendar_ends_soon"):
        pairs.append(("交易日历", f"只到 {row.get('calendar_until')}，之后不再下单：请 qmt calendar import 下一年"))
    chaos = row.get("chaos")
    if isinstance(chaos, list):
        pairs.insert(1, ("混乱模式", f"模拟柜台故意出错：{'、'.join(chaos)}"))
    if row.get("submits_closed") or row.get("journal_closed"):
        pairs.append(("停单原因", f"日志不可写：{row.get('journal_closed') or '请检查磁盘'}；重启后恢复"))
    return pairs


def observed_text(row: dict[str, object]) -> str:
    """Return how much shadow mode has decided today and not sent."""
    return f"委托 {row['observed_orders']} 笔，撤单 {row['observed_cancels']} 笔（qmt shadow show）"


def day_pairs(row: dict[str, object]) -> list[tuple[str, object]]:
    """Return what is wrong with accounts now, and which of them buy nothing after a red check; empty: nothing."""
    pairs: list[tuple[str, object]] = []
    for key, name in (("conditions_text", "连接"), ("morning_closed_text", "检查")):
        told = row.get(key)
        if isinstance(told, list):
            pairs += [(name, each) for each in told]
    if row.get("resting"):
        pairs.append(("夜间休市", f"{row['resting']} 个账户，属正常"))
    return pairs


def difference_pairs(row: dict[str, object]) -> list[tuple[str, object]]:
    """Return where accounts are not as the broker has them; empty: nowhere."""
    found = row.get("differences_text")
    if not isinstance(found, list) or not found:
        return []
    return [("对账差异", f"{'；'.join(map(str, found))}（qmt reconcile）")]


def risk_pairs(row: dict[str, object]) -> list[tuple[str, object]]:
    """Return the limits that are nearly used up and the brakes that have tripped today; empty: there are none."""
    near, tripped = row.get("limits_near"), row.get("brakes_tripped")
    pairs: list[tuple[str, object]] = []
    if isinstance(tripped, list) and tripped:
        pairs.append(("今日触发", "；".join(map(str, tripped))))
    if isinstance(near, list) and near:
        told = [f"{each['scope']} {each['limit_text']} {each['fullness_percent']}%" for each in near[:NEAR_SHOWN]]
        more = f" 等 {len(near)} 条" if len(near) > NEAR_SHOWN else ""
        pairs.append(("接近限额", "；".join(told) + f"{more}（qmt risk）"))
    return pairs


def cause_text(row: dict[str, object]) -> str:
    """Return who stopped trading, why and since when."""
    if not row.get("state_cause_text"):
        return "见 qmt alerts 和 logs/ 里的运行记录"
    since = str(row.get("state_since") or "")[:19].replace("T", " ")
    return f"{row['state_cause_text']}（{since} 起）"


def config_changed(folder: Path, config: Path) -> bool:
    """Tell whether the file is another than the one the running engine was started with; False when it does not say."""
    try:
        hello = engine_access.ask(folder, wire.Hello())
        started = hello[0].get("config")
        return bool(started) and started != digest_of(config)
    except (DialError, wire.ControlError, ConfigurationError):
        return False


def accounts(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """账户与资金 accounts and cash."""
    list_table(config, "accounts", show.ACCOUNTS, "账户", as_json=as_json)


def positions(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """持仓 positions."""
    list_table(config, "positions", show.POSITIONS, "持仓", as_json=as_json)


def orders(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False, limit: LimitOption = 1000) -> None:
    """委托，新的在前 orders, newest first."""
    list_table(config, "orders", show.ORDERS, "委托", as_json=as_json, limit=limit)


def fills(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False, limit: LimitOption = 1000) -> None:
    """成交，新的在前 fills, newest first."""
    list_table(config, "fills", show.FILLS, "成交", as_json=as_json, limit=limit)


def signals(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    malformed: Annotated[bool, typer.Option("--malformed", help="格式错误的消息 what was no signal")] = False,
    as_json: JsonOption = False,
    limit: LimitOption = 1000,
) -> None:
    """信号与结果，新的在前 signals, newest first."""
    if malformed:
        _malformed(config, as_json=as_json, limit=limit)
        return
    list_table(config, "signals", show.SIGNALS, "信号", as_json=as_json, limit=limit)


def _malformed(config: Path, *, as_json: bool, limit: int) -> None:
    """Show what was refused as no signal; it has no number and is found in the log alone."""
    with explained():
        rows = log_lines.malformed(place_of(config).folder, limit)
    if as_json:
        show.print_json(rows)
        return
    console = show.console()
    if not rows:
        console.print("格式错误的消息：无 / none")
        return
    told = [{**row, "told": "\n  ".join(filter(None, (_text(row, "excerpt"), _text(row, "text"))))} for row in rows]
    show.print_table(show.table_of(told, show.MALFORMED, width=console.width, title="格式错误的消息"), to=console)


def _text(row: dict[str, object], key: str) -> str:
    return str(row.get(key) or "")


def timed(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False, limit: LimitOption = 1000) -> None:
    """定时指令：等待中与今日的 instructions that wait."""
    list_table(config, "timed", show.TIMED, "定时指令", as_json=as_json, limit=limit)


def timeline(
    seq: Annotated[int, typer.Argument(help="信号序号 the signal's number", min=1)],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    as_json: JsonOption = False,
) -> None:
    """一条信号的一生，每步毫秒 the life of a signal."""
    with explained():
        rows, from_journal = engine_access.timeline(place_of(config).folder, seq)
    if as_json:
        show.print_json(rows)
    elif rows:
        console = show.console()
        if from_journal:
            console.print(from_journal, style="yellow")
        show.print_table(show.table_of(rows, show.TIMELINE, width=console.width, title=f"信号 {seq}"), to=console)
        if fills_come_first(rows):
            console.print("成交按柜台的时刻，柜台应答按收到的时刻，所以成交可能排在前面", style="dim")
    if not rows:
        fail(exit_codes.REFUSED, f"✗ 今天没有信号 {seq}，序号见 qmt signals / no such signal today")


def fills_come_first(rows: Sequence[dict[str, object]]) -> bool:
    """Tell whether a fill stands before the counter's answer, which wants a word of explanation."""
    hops = [row["hop"] for row in rows]
    return "filled" in hops and "answered" in hops[hops.index("filled") :]
