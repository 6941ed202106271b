"""``qmt actions``: the ex-days that are known, and what they do to what is held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from qmt_trading.cli import engine_access, exit_codes, show
from qmt_trading.cli.engine_access import Rows
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, place_of
from qmt_trading.codec.malformed import MalformedError, malformed
from qmt_trading.codec.symbols import normalise
from qmt_trading.engine.corporate_alerts import described
from qmt_trading.market.corporate_actions import adjusted_cost, adjusted_quantity, cash_of
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Quantity, from_decimal, to_money_text, to_text
from qmt_trading.run.actions_file import read_actions
from qmt_trading.run.clock import SystemClock

ACTIONS: Final = (
    show.Column("ex_day", "除权除息日"),
    show.Column("symbol", "代码"),
    show.Column("text", "内容（税前）", flexible=True),
    show.Column("state_text", "状态", drop=4),
    show.Column("account", "账户"),
    show.Column("quantity", "持仓", right=True, drop=5),
    show.Column("quantity_after", "除权后", right=True),
    show.Column("dividend_text", "派息", right=True, drop=3),
    show.Column("cost_after_text", "除权后成本", right=True, drop=2),
    show.Column("pay_day", "派息日", drop=1),
)


def actions(
    written: Annotated[str, typer.Argument(metavar="[SYMBOL]", help="代码；写了就连过去的一起列出 symbol")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    date: Annotated[str, typer.Option("--date", help="只看这一天，例如 2026-07-03 of this ex-day only")] = "",
    as_json: JsonOption = False,
) -> None:
    """除权除息及对持仓的影响 ex-days and what they do."""
    symbol, day = _symbol(written), _day(date)
    with explained():
        place = place_of(config, quiet=True)
        if place.configuration is None:
            fail(exit_codes.USAGE, f"✗ {place.trouble}")
        path = place.configuration.corporate_actions
        if path is None:
            _unconfigured()
        known = read_actions(path)
        today, positions, note = _held(place.folder)
    chosen = [action for action in known if _is_meant(action, symbol, day, today)]
    rows = effects(sorted(chosen, key=lambda action: (action.ex_day, action.symbol)), positions, today)
    if as_json:
        show.print_json(rows)
        return
    console = show.console()
    if note:
        console.print(note, style="yellow")
    if not rows:
        console.print(f"{path.name} 里没有：共 {len(known)} 条 / none of the {len(known)} that are known")
        return
    show.print_table(show.table_of(rows, ACTIONS, width=console.width, title="除权除息"), to=console)


def _unconfigured() -> NoReturn:
    fail(
        exit_codes.REFUSED,
        '✗ 没有配置除权除息文件：在 qmt.toml 里写 [market] corporate_actions = "actions.csv" / '
        "no file of corporate actions is configured",
    )


def _symbol(written: str) -> Symbol | None:
    if not written:
        return None
    try:
        return normalise(written)
    except MalformedError as error:
        told = malformed(error.code, error.figures, position=0)
        fail(exit_codes.USAGE, f"✗ {told.chinese} / {told.english}")


def _day(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written) if written else None
    except ValueError:
        fail(exit_codes.USAGE, f"✗ --date 应写作 2026-07-03，不是 {written} / a day is written 2026-07-03")


def _is_meant(action: CorporateAction, symbol: Symbol | None, day: dt.date | None, today: dt.date) -> bool:
    """Tell whether ``action`` is asked for: by its symbol and its day, and without either those from today on."""
    if symbol is None and day is None:
        return action.ex_day >= today
    return symbol in (None, action.symbol) and day in (None, action.ex_day)


def _held(folder: Path) -> tuple[dt.date, Rows, str]:
    """Return the trading day that the engine has opened, the positions of then, and where they come from."""
    try:
        (status,), note = engine_access.read(folder, "status")
        positions, _ = engine_access.read(folder, "positions")
    except engine_access.NeverRunError:
        return day_of(SystemClock().now_ns()), [], "还没有运行过，不知道持仓 / it has never run: no positions are known"
    opened = status.get("day")
    return dt.date.fromisoformat(opened) if isinstance(opened, str) else day_of(SystemClock().now_ns()), positions, note


def effects(chosen: Sequence[CorporateAction], positions: Rows, today: dt.date) -> Rows:
    """Return a row for each action and account that holds its symbol; one without account where none does.

    What a day's opening has changed is not computed again: only what is to come says what will be held.
    """
    rows: Rows = []
    for action in chosen:
        chinese, english = described(action)
        to_come = action.ex_day > today
        told: dict[str, object] = {
            "symbol": action.symbol,
            "ex_day": action.ex_day.isoformat(),
            "record_day": action.record_day.isoformat() if action.record_day is not None else None,
            "pay_day": action.pay_day.isoformat() if action.pay_day is not None else None,
            "text": chinese,
            "text_en": english,
            "state": "to_come" if to_come else "past",
            "state_text": "未到" if to_come else "今日" if action.ex_day == today else "已过",
            "note": action.note,
            "source": action.source,
        }
        held = [row for row in positions if row.get("symbol") == action.symbol and row.get("quantity")]
        rows += [{**told, **_effect(action, row, to_come=to_come)} for row in held] or [told]
    return rows


def _effect(action: CorporateAction, row: dict[str, object], *, to_come: bool) -> dict[str, object]:
    quantity, cost = Quantity(int(str(row["quantity"]))), Money(from_decimal(str(row["cost"])))
    effect: dict[str, object] = {"account": row["account"], "quantity": quantity}
    if to_come:
        dividend, cost_after = cash_of(quantity, action), adjusted_cost(cost, quantity, action)
        effect |= {
            "quantity_after": adjusted_quantity(quantity, action),
            "dividend": to_text(dividend),
            "dividend_text": to_money_text(dividend),
            "cost": to_text(cost),
            "cost_after": to_text(cost_after),
            "cost_after_text": to_money_text(cost_after),
        }
    return effect
