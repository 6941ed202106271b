"""``qmt notify``: tells people what the journal holds, alone or beside an engine; ``qmt run`` starts it by itself."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qmt_trading.cli import exit_codes
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, config_at, explained, fail
from qmt_trading.cli.words import Command, Group
from qmt_trading.codec.printable import in_line, in_lines
from qmt_trading.model.errors import LockedError
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.locks import Lock
from qmt_trading.run.notify_trial import Trial, sender_of

if TYPE_CHECKING:
    pass

LOOK_S: Final = 1.0

app = typer.Typer(
    help="通知：提醒发到钉钉、企业微信、飞书、邮件等 messages",
    invoke_without_command=True,
    cls=Group,
)


@app.callback()
def notify(
    context: typer.Context,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    leashed: Annotated[bool, typer.Option("--leashed", hidden=True, help="stop when standard input ends")] = False,
) -> None:
    """前台运行通知；qmt run 会自动启动它 run the notifier in the foreground."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    if leashed:
        threading.Thread(target=_stop_with_parent, args=(stopping,), name="leash", daemon=True).start()
    with explained():
        configuration = _configuration(config)
        held = _lock(configuration.folder, stopping, waits=leashed)
        if held is not None:
            try:
                _run(configuration, stopping)
            finally:
                held.release()


@app.command(cls=Command, name="test")
def try_out(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="只试这个渠道 only this channel")] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="配置文件或其文件夹 configuration file",
            callback=lambda path: None if path is None else config_at(path),
        ),
    ] = None,
) -> None:
    """向每个渠道发一条测试消息，逐个说收没收到 send a test message through each channel."""
    with explained():
        channels = _configuration(config or context.obj).notify
    chosen = [channel for channel in channels if name in (None, channel.name)]
    if not chosen:
        names = "、".join(channel.name for channel in channels)
        fail(exit_codes.USAGE, f"✗ 没有渠道「{name}」；有：{names} / no such channel")
    trials = [Trial(channel) for channel in chosen]
    for trial in trials:
        trial.wait()
        print(in_lines(_told(trial)))
    if not all(trial.is_good for trial in trials):
        raise typer.Exit(exit_codes.REFUSED)


def _told(trial: Trial) -> str:
    if trial.is_good:
        return f"✓ {trial.channel.name}：已送到，请看一下是不是真的收到了 / delivered"
    return f"✗ {trial.channel.name}：{trial.trouble}"


def _configuration(config: Path) -> Configuration:
    configuration = load(config)
    if not configuration.notify:
        fail(exit_codes.USAGE, f"✗ {config} 里没有 [[notify]]：写法见 docs/notify.md / no channel is configured")
    return configuration


def _lock(folder: Path, stopping: threading.Event, *, waits: bool) -> Lock | None:
    """Take the lock; one that an engine has started waits for it, None: until it was told to end."""
    from qmt_trading.run.notifying import lock

    is_told = False
    while not stopping.is_set():
        try:
            return lock(folder)
        except LockedError:
            if not waits:
                fail(exit_codes.LOCKED, f"✗ {folder} 已有一个 qmt notify 在运行 / another one runs over this folder")
            if not is_told:
                is_told = True
                _say("已有一个 qmt notify 在运行，由它来发；它退出后这里接着发", "another one runs; this one waits")
        stopping.wait(LOOK_S)
    return None


def _run(configuration: Configuration, stopping: threading.Event) -> None:
    from qmt_trading.notify.office import Office
    from qmt_trading.notify.outbox import Outbox
    from qmt_trading.run.notifying import Notifying

    ways = []
    for channel in configuration.notify:
        sender, trouble = sender_of(channel)
        if sender is None:
            _say(f"渠道「{channel.name}」不能用：{trouble}", "this channel cannot be used")
        else:
            ways.append((channel, sender))
    if not ways:
        fail(exit_codes.USAGE, "✗ 没有一个通知渠道能用 / no channel can be used")
    office = Office(Outbox(configuration.folder), ways, _say)
    notifying = Notifying(
        configuration.folder,
        office,
        session=configuration.session(),
        names={each.account: each.name for each in configuration.engine.accounts},
        say=_say,
    )
    _say(f"发到 {'、'.join(channel.name for channel, _ in ways)}", "the notifier runs")
    office.start()
    try:
        while not stopping.is_set() and not office.failure:
            notifying.step()
            stopping.wait(LOOK_S)
    finally:
        notifying.close()
        office.stop()
    if office.failure:
        fail(exit_codes.FAILED, f"✗ 通知因错误退出 / the notifier ended: {office.failure}")


def _say(text: str, text_en: str) -> None:
    sys.stderr.write(in_line(f"  通知 {text} / {text_en}") + "\n")
    sys.stderr.flush()


def _stop_with_parent(stopping: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stopping.set()


def is_wanted(configuration: Configuration, *, quiet: bool) -> bool:
    """Tell whether ``qmt run`` starts a notifier: a quiet engine is one that programs run."""
    return bool(configuration.notify) and not quiet
