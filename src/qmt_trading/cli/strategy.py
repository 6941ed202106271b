"""``qmt strategy run``: a strategy on a running engine, in a process of its own, through a door of its own."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from qmt_trading.cli import exit_codes
from qmt_trading.cli.data import STORE, ActionsOption, data_explained
from qmt_trading.cli.history import symbols_of
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, fail
from qmt_trading.cli.sending import duplex_doors
from qmt_trading.cli.strategy_history import check_adjust, check_fit, history, told_of
from qmt_trading.cli.strategy_options import (
    DataOption,
    SetOption,
    StartOption,
    StrategyArgument,
    class_of,
    parameters_of,
    strategy_told,
)
from qmt_trading.cli.words import Command, Group
from qmt_trading.client import Receipt, send
from qmt_trading.codec import control as wire
from qmt_trading.codec.malformed import MalformedError, malformed
from qmt_trading.codec.names import is_name
from qmt_trading.codec.price_text import parse_price
from qmt_trading.codec.view_json import MODE_TEXT
from qmt_trading.feeds.source_files import needs_polars
from qmt_trading.link.dial import DialError, dial
from qmt_trading.market.instruments import kind_of
from qmt_trading.model.instant import to_clock_text
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import View
from qmt_trading.model.words import Mode
from qmt_trading.panel.engine_line import EngineLine
from qmt_trading.run.actions_file import read_actions
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
FREQUENCIES: Final = ("1d", "1m", "tick")
FIRST_QUOTES_S: Final = 5.0
"""How long the start waits for a quote of every symbol."""
QUOTES_AT_ONCE: Final = 500
_HOLDER: Final = ("另一个 qmt strategy run 进程", "another qmt strategy run")

FrequencyOption = Annotated[
    str,
    typer.Option("--frequency", "-f", help="1d 日线 | 1m 分钟 | tick 每次报价；不写：策略里写的，没有就是 1m"),
]
app = typer.Typer(help="策略接到模拟盘和实盘 strategies, live", no_args_is_help=True, cls=Group)


@app.command(cls=Command)
def run(
    strategy: StrategyArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    symbols: Annotated[str, typer.Option("--symbols", "-s", help="代码，逗号分开 symbols")],
    account: Annotated[str, typer.Option("--account", "-a", help="账号或名称 account")],
    door: Annotated[str, typer.Option("--door", help="走哪个通道；只有一个时可不写 door")] = "",
    frequency: FrequencyOption = "",
    parameters: SetOption = None,
    data: DataOption = STORE,
    start: StartOption = "",
    adjust: Annotated[str, typer.Option("--adjust", help="历史：none 不复权 | forward 前复权 of history")] = "none",
    actions: ActionsOption = None,
    no_history: Annotated[bool, typer.Option("--no-history", help="不用历史数据 begin without history")] = False,
    accept_history: Annotated[
        bool, typer.Option("--accept-history", help="历史接不上今天的行情也照用 use history that does not fit")
    ] = False,
    name: Annotated[str, typer.Option("--name", help="策略名，记在委托上；不写：类名 name on its orders")] = "",
    price: Annotated[str, typer.Option("--price", help="没写限价时用什么价 price of orders without a limit")] = PRICE,
    live: Annotated[bool, typer.Option("--live", help="引擎是实盘时必须写 needed where the engine is live")] = False,
) -> None:
    """在运行中的引擎上运行一个策略，Ctrl-C 退出 run a strategy on a running engine."""
    with data_explained(), strategy_told():
        needs_polars()
        given = parameters_of(parameters or [])
        if frequency not in ("", *FREQUENCIES):
            fail(exit_codes.USAGE, f"✗ -f 只有 {' '.join(FREQUENCIES)}，不是 {frequency} / no such frequency")
        _check_price(price)
        check_adjust(adjust, actions)
        wanted = _symbols(symbols)
        configuration = load(config)
        # Imported here: columns are few commands' business, and take a quarter of a second.
        from qmt_trading.research.called import check_frequency, engine_frequency_of
        from qmt_trading.research.live import LiveRun
        from qmt_trading.run.strategies.bar_log import BarLog
        from qmt_trading.run.strategies.bar_maker import BarMaker
        from qmt_trading.run.strategies.fit import carried, missed
        from qmt_trading.run.strategies.keeper import Keeper
        from qmt_trading.run.strategies.seat import Seat

        kind = class_of(strategy)
        made = kind(**given)
        frequency = frequency or engine_frequency_of(kind)
        check_frequency(made, frequency)
        called = name or made.name
        if not is_name(called):
            fail(exit_codes.USAGE, f"✗ --name {called} 不能用：字母、数字、. _ - 和汉字，最多 64 个 / no name")
        number = _account(configuration, account)
        chosen = _door(configuration, door)
        ways = Ways(configuration, chosen, wanted, called)
        mode = _check_mode(ways, live=live)
        _check_door(chosen)
        has_history = not no_history and frequency != "tick"
        bars = history(data, wanted, start, frequency, adjust, actions, mode) if has_history else {}
        folder = configuration.folder / "strategies"
        what = f"策略 {called}（一个名字只运行一个，换名字用 --name）"
        held = Lock(folder / f"{called}.lock", what, holder=_HOLDER, remove=True)
        session = configuration.session()
        log_path = folder / f"{called}.{frequency}.jsonl"
        log = BarLog(log_path)
        try:
            quotes = _first_quotes(ways, wanted)
            if adjust != "none":
                bars = carried(bars, quotes, session, read_actions(actions) if actions is not None else ())
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
            live_run = LiveRun(made, wanted, frequency, seat, bars)
            keeper = Keeper(
                live_run,
                seat,
                BarMaker(frequency, session),
                log,
                ways,
                now_ns=time.time_ns,
                say=_say,
                timers=made.timers,
            )
            again = keeper.remember()
            for told in told_of(bars.values()):
                _say(told)
            check_fit(live_run.growing, quotes, session, time.time_ns(), log_path, _say, accepted=accept_history)
            late = missed(live_run.growing, session, time.time_ns()) if frequency == "1m" else []
            if late:
                _say(
                    f"! {'、'.join(late)}：今天到现在的分钟线没有，指标从历史的最后一根接着算 / "
                    "today's minutes up to now are missing"
                )
            _keep(keeper, f"{called}：{number} {'、'.join(wanted)} {frequency}，通道 {chosen.name}", bars, again)
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
            rows = [
                row
                for first in range(0, len(self._symbols), QUOTES_AT_ONCE)
                for row in self._line.ask(wire.Quotes(self._symbols[first : first + QUOTES_AT_ONCE]))
            ]
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


def _symbols(written: str) -> list[Symbol]:
    """Return the symbols; one that no market has ends the command: it would have no quote for ever, without a word."""
    found = symbols_of([written])
    unknown = "、".join(symbol for symbol in found if kind_of(symbol) is None)
    if unknown:
        fail(exit_codes.USAGE, f"✗ -s {unknown}：没有这样的代码，市场写对了吗 / no such symbol: is its market right?")
    return found


def _check_price(written: str) -> None:
    """Leave with a sentence unless orders can be priced so: each of them would be refused as malformed."""
    try:
        parse_price(written)
    except MalformedError as error:
        told = malformed(error.code, error.figures, position=0)
        fail(
            exit_codes.USAGE,
            f"✗ --price {written}：{told.chinese}；可写 对手、最新、本方、卖一、最新+2跳 / {told.english}",
        )


def _check_door(door: Door) -> None:
    """Leave with a sentence unless somebody listens at ``door``: the engine opens its doors as it starts."""
    try:
        dial(door.address).close()
    except DialError as error:
        fail(
            exit_codes.NOT_RUNNING,
            f"✗ 通道 {door.name} 没有打开（{error}）：引擎启动之后才写进 qmt.toml 的通道，要重启引擎（qmt stop，再 "
            "qmt run）才有 / the door is not open: one that was added while the engine runs needs a restart of it",
        )


def _first_quotes(ways: Ways, wanted: Sequence[Symbol]) -> dict[Symbol, Quote]:
    """Return a quote of each symbol; those that none comes of in a while are named and left out."""
    found: dict[Symbol, Quote] = {}
    until = time.monotonic() + FIRST_QUOTES_S
    while len(found) < len(wanted):
        try:
            found |= {quote.symbol: quote for quote in ways.quotes()}
        except OSError as error:
            fail(exit_codes.NOT_RUNNING, f"✗ {error}")
        if time.monotonic() >= until:
            break
        time.sleep(STEP_S)
    missing = "、".join(symbol for symbol in wanted if symbol not in found)
    if missing:
        _say(
            f"! 还没有行情：{missing}。没有行情就没有 K 线，策略不会为它被叫到；代码和市场写对了吗 / "
            "no quote of these yet, and without one no bar: is the symbol right?"
        )
    return found


def _check_mode(ways: Ways, *, live: bool) -> Mode:
    try:
        mode = ways.mode()
    except DialError as error:
        fail(exit_codes.NOT_RUNNING, f"✗ {error}")
    if mode is Mode.LIVE and not live:
        fail(exit_codes.USAGE, "✗ 引擎是实盘，策略会真的下单：确认后加 --live / the engine is live: say --live")
    _say(f"引擎：{MODE_TEXT[mode]}")
    return mode


def _names() -> Iterator[str]:
    """Yield ids that no process before this one has used: each start has a prefix of its own."""
    begun, number = f"{time.time_ns():x}", 0
    while True:
        number += 1
        yield f"strategy/{begun}/{number}"


def _keep(keeper: Keeper, what: str, history: Mapping[str, Bars], again: int) -> None:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    told = "、".join(f"{symbol} 到 {bars.last.isoformat()}" for symbol, bars in history.items()) or "没有"
    _say(f"策略 {what}；历史 {told}，上次运行记下的 {again} 根")
    while not stopping.wait(STEP_S):
        keeper.look()
    _say("策略已停止；它的委托还在，要撤：qmt cancel / stopped; its orders stay")


def _say(text: str) -> None:
    print(f"{to_clock_text(time.time_ns())[:8]} {text}", flush=True)
