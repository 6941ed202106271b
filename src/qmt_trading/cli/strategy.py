"""``qmt strategy run``: a strategy on a running engine, in a process of its own, through a door of its own."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from qmt_trading.cli import exit_codes
from qmt_trading.cli.data import STORE, data_explained
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, fail
from qmt_trading.cli.sending import duplex_doors
from qmt_trading.cli.strategy_options import (
    DataOption,
    SetOption,
    StartOption,
    StrategyArgument,
    class_of,
    history_of,
    parameters_of,
    strategy_told,
)
from qmt_trading.cli.words import Command, Group
from qmt_trading.client import Receipt, send
from qmt_trading.codec import control as wire
from qmt_trading.codec.names import is_name
from qmt_trading.codec.view_json import MODE_TEXT
from qmt_trading.feeds.findings import UnusableError
from qmt_trading.feeds.source_files import needs_polars
from qmt_trading.link.dial import DialError
from qmt_trading.model.instant import to_clock_text
from qmt_trading.model.instrument import Quote
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import View
from qmt_trading.model.words import Mode
from qmt_trading.panel.engine_line import EngineLine
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.config_doors import Door
from qmt_trading.run.control_door import control_address
from qmt_trading.run.following import Follower
from qmt_trading.run.locks import Lock

if TYPE_CHECKING:
    from qmt_trading.research.columns import Bars
    from qmt_trading.run.strategies.keeper import Keeper

STEP_S: Final = 0.1
PRICE: Final = "对手"
_FREQUENCIES: Final = ("1d", "1m", "tick")

app = typer.Typer(help="策略接到模拟盘和实盘 strategies, live", no_args_is_help=True, cls=Group)


@app.command(cls=Command)
def run(
    strategy: StrategyArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    symbols: Annotated[str, typer.Option("--symbols", "-s", help="代码，逗号分开 symbols")],
    account: Annotated[str, typer.Option("--account", "-a", help="账号或名称 account")],
    door: Annotated[str, typer.Option("--door", help="走哪个通道；只有一个时可不写 door")] = "",
    frequency: Annotated[str, typer.Option("--frequency", "-f", help="1d 日线 | 1m 分钟 | tick 每次报价")] = "1m",
    parameters: SetOption = None,
    data: DataOption = STORE,
    start: StartOption = "",
    no_history: Annotated[bool, typer.Option("--no-history", help="不用历史数据 begin without history")] = False,
    name: Annotated[str, typer.Option("--name", help="策略名，记在委托上；不写：类名 name on its orders")] = "",
    price: Annotated[str, typer.Option("--price", help="没写限价时用什么价 price of orders without a limit")] = PRICE,
    live: Annotated[bool, typer.Option("--live", help="引擎是实盘时必须写 needed where the engine is live")] = False,
) -> None:
    """在运行中的引擎上运行一个策略，Ctrl-C 退出 run a strategy on a running engine."""
    with data_explained(), strategy_told():
        needs_polars()
        given = parameters_of(parameters or [])
        if frequency not in _FREQUENCIES:
            fail(exit_codes.USAGE, f"✗ -f 只有 {' '.join(_FREQUENCIES)}，不是 {frequency} / no such frequency")
        configuration = load(config)
        made = class_of(strategy)(**given)
        called = name or made.name
        if not is_name(called):
            fail(exit_codes.USAGE, f"✗ --name {called} 不能用：字母、数字、. _ - 和汉字，最多 64 个 / no name")
        wanted = [each.strip().upper() for each in symbols.split(",") if each.strip()]
        number = _account(configuration, account)
        chosen = _door(configuration, door)
        ways = Ways(configuration, chosen, wanted, called)
        _check_mode(ways, live=live)
        # Imported here: columns are few commands' business, and take a quarter of a second.
        from qmt_trading.research.live import LiveRun
        from qmt_trading.run.strategies.bar_log import BarLog
        from qmt_trading.run.strategies.bar_maker import BarMaker
        from qmt_trading.run.strategies.keeper import Keeper
        from qmt_trading.run.strategies.seat import Seat

        history = {} if no_history or frequency == "tick" else _history(data, wanted, start, frequency)
        folder = configuration.folder / "strategies"
        held = Lock(folder / f"{called}.lock", f"策略 {called}", remove=True)
        session = configuration.session()
        log = BarLog(folder / f"{called}.{frequency}.jsonl")
        try:
            seat = Seat(
                wanted,
                number,
                called,
                ways,
                now_ns=time.time_ns,
                names=_names(),
                price=price,
                is_over=lambda now_ns: frequency == "1d" or session.day_after(now_ns) is not None,
                overnight=frequency == "1d",
            )
            keeper = Keeper(
                LiveRun(made, wanted, frequency, seat, history),
                seat,
                BarMaker(frequency, session),
                log,
                ways,
                now_ns=time.time_ns,
                say=_say,
                timers=made.timers,
            )
            _keep(keeper, f"{called}：{number} {'、'.join(wanted)} {frequency}，通道 {chosen.name}", history)
        finally:
            log.close()
            ways.close()
            held.release()


class Ways:
    """The ways of one strategy's process to the engine: its door, the control door for reading, the journal."""

    def __init__(self, configuration: Configuration, door: Door, symbols: Sequence[str], name: str) -> None:
        self._door = door
        self._symbols = tuple(symbols)
        self._who = f"strategy:{name}"
        self._line = EngineLine(control_address(configuration.folder))
        self._follower = Follower(configuration.folder, recalls=False)

    def mode(self) -> Mode:
        """Return the mode of the engine that runs.

        Raises:
            DialError: none does.
        """
        (row,) = self._line.ask(wire.Hello())
        return Mode(str(row["mode"]))

    def send(self, text: str, name: str) -> Receipt:
        """Bring a signal through the strategy's door; ``name`` is the id in it, with which it may be sent again."""
        return send(text, address=self._door.address)

    def cancel(self, order_id: str) -> None:
        """Ask for a cancel; what has ended, or cannot be reached, stays as it is, and the strategy sees that."""
        try:
            self._line.ask(wire.Cancel(who=self._who, why="策略撤单", order_id=order_id))
        except (wire.ControlError, DialError) as error:
            _say(f"! 撤单 {order_id}：{error}")

    def view(self) -> View | None:
        """Return what the journal tells now."""
        while self._follower.advance():
            pass
        return self._follower.view

    def quotes(self) -> Sequence[Quote]:
        """Return the engine's quotes of the strategy's symbols.

        Raises:
            OSError: no engine answers.
        """
        try:
            rows = self._line.ask(wire.Quotes(self._symbols))
        except (DialError, wire.ControlError) as error:
            raise OSError(str(error)) from error
        return [msgspec.convert(row["quote"], Quote) for row in rows if row.get("quote") is not None]

    def close(self) -> None:
        """Let go of all of them."""
        self._line.close()
        self._follower.close()


def _account(configuration: Configuration, wanted: str) -> AccountId:
    accounts = configuration.engine.accounts
    found = next((each.account for each in accounts if wanted in (each.account, each.name)), None)
    if found is None:
        known = "、".join(f"{each.account} {each.name}".rstrip() for each in accounts)
        fail(exit_codes.USAGE, f"✗ 账号未配置：{wanted}；已有：{known} / account not configured")
    return found


def _door(configuration: Configuration, wanted: str) -> Door:
    doors = list(duplex_doors(configuration))
    named = "、".join(each.name for each in doors) or "没有"
    if wanted:
        doors = [each for each in doors if each.name == wanted]
    if len(doors) != 1:
        kind = "named_pipe" if sys.platform == "win32" else "unix_socket"
        fail(exit_codes.USAGE, f'✗ 请用 --door 写明通道，有：{named}（kind = "{kind}" 的） / say which door')
    return doors[0]


def _check_mode(ways: Ways, *, live: bool) -> None:
    try:
        mode = ways.mode()
    except DialError as error:
        fail(exit_codes.NOT_RUNNING, f"✗ {error}")
    if mode is Mode.LIVE and not live:
        fail(exit_codes.USAGE, "✗ 引擎是实盘，策略会真的下单：确认后加 --live / the engine is live: say --live")
    _say(f"引擎：{MODE_TEXT[mode]}")


def _history(data: Path, symbols: Sequence[str], start: str, frequency: str) -> dict[str, Bars]:
    """Return the history that there is; none is no error: a strategy may begin without."""
    try:
        bars, _, _ = history_of(data, ",".join(symbols), start, "", frequency, "none", None)
    except UnusableError as error:
        fail(
            exit_codes.USAGE,
            f"✗ {error}\n  没有历史也要运行：加 --no-history，指标要等够根数 / to begin without: --no-history",
        )
    return bars


def _names() -> Iterator[str]:
    """Yield ids that no process before this one has used: each start has a prefix of its own."""
    begun, number = f"{time.time_ns():x}", 0
    while True:
        number += 1
        yield f"strategy/{begun}/{number}"


def _keep(keeper: Keeper, what: str, history: dict[str, Bars]) -> None:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    again = keeper.remember()
    told = "、".join(f"{symbol} 到 {bars.last.isoformat()}" for symbol, bars in history.items()) or "没有"
    _say(f"策略 {what}；历史 {told}，上次运行记下的 {again} 根")
    while not stopping.wait(STEP_S):
        keeper.look()
    _say("策略已停止；它的委托还在，要撤：qmt cancel / stopped; its orders stay")


def _say(text: str) -> None:
    print(f"{to_clock_text(time.time_ns())[:8]} {text}", flush=True)
