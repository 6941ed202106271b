"""``qmt fullqmt``: the strategy file for a full QMT client, the file that only looks, and what that one has seen."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from qmt_trading import hosts
from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail
from qmt_trading.cli.words import Command, Group
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import day_of
from qmt_trading.model.words import Mode
from qmt_trading.run import fullqmt_card
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.config_terminals import Terminal
from qmt_trading.run.fullqmt_card import Mark
from qmt_trading.run.pasted import prepare

PROBE_TEXT: Final = Path(hosts.__file__).with_name("fullqmt_probe.py")
MARKS: Final = {Mark.GOOD: "✓", Mark.DOUBT: "!", Mark.BAD: "✗", Mark.UNSEEN: "?"}

TerminalOption = Annotated[
    str, typer.Option("--terminal", "-t", help="终端的名称，只有一个大 QMT 时可省 the terminal's name")
]

app = typer.Typer(help="大 QMT：要粘贴的策略文件、探测、能力卡 full QMT", no_args_is_help=True, cls=Group)


@app.command(cls=Command)
def file(
    terminal: TerminalOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    printed: Annotated[
        bool, typer.Option("--print", help="全文写到标准输出，含密钥：别让别人看到 print it, secret and all")
    ] = False,
) -> None:
    """写出要粘贴进大 QMT 的策略文件，端口、密钥、观察与否都填好 write the text to paste."""
    with explained():
        configuration = load(config)
        chosen = choose(configuration, terminal)
        pasted = prepare(configuration.folder, chosen, observe=observes(configuration))
        if printed:
            print(pasted.path.read_text(encoding="ascii"), end="")
            return
    if pasted.is_new:
        show.say(f"✓ 已写出 {pasted.path}：以前粘贴过的要换成它 / written: paste it anew")
    else:
        show.say(f"✓ {pasted.path} 没有变，粘贴过的不用换 / it has not changed")
    show.say(
        "观察模式：永远不下单；改成实盘后要重新写出、重新粘贴 / it observes and never sends"
        if observes(configuration)
        else "! 实盘：引擎授权之后它会真的报单 / live: once armed it sends orders",
        hanging=2,
    )
    show.say("里面有密钥，不要发给别人 / it holds a secret")
    show.say("粘贴的步骤：docs/full-qmt.md 第二节；粘贴以后：qmt doctor --fullqmt")


@app.command(cls=Command)
def probe(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """写出只看不下的探测文件：里面没有下单的字样 write the file that only looks."""
    with explained():
        folder = load(config).folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "fullqmt-probe.py"
        path.write_bytes(PROBE_TEXT.read_bytes())
    show.say(f"✓ 已写出 {path} / written")
    show.say(
        "粘贴成一个策略，「模型交易」里选账号、日线、实盘运行；里面没有下单函数，也没有密钥",
        hanging=2,
    )
    show.say(
        "一分钟后策略的输出里有报告的路径（写不了文件时是 QMTPROBE 开头的一整行，存成文件）；最好运行到收盘后",
        hanging=2,
    )
    show.say("然后：qmt fullqmt card 报告的路径")


@app.command(cls=Command)
def card(
    report: Annotated[Path | None, typer.Argument(help="探测的报告；省略时显示已存的 the probe's report")] = None,
    terminal: TerminalOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    as_json: JsonOption = False,
) -> None:
    """收下探测的报告作为能力卡，或显示它；有 ✗ 时退出码是 1 keep or show what a probe has seen."""
    with explained():
        configuration = load(config)
        chosen = choose(configuration, terminal)
        if report is not None:
            if report.stat().st_size > fullqmt_card.BYTES_MAX:
                raise ConfigurationError(f"{report} 太大，不是探测报告 / too large for a report")
            path, found = fullqmt_card.write(configuration.folder, chosen, report.read_bytes())
        else:
            path = fullqmt_card.path_of(configuration.folder, chosen)
            kept = fullqmt_card.read(configuration.folder, chosen)
            if kept is None:
                fail(exit_codes.REFUSED, f"✗ {chosen.name} 还没有能力卡：先 qmt fullqmt probe / no card yet")
            found = kept
    lines = list(fullqmt_card.lines(found))
    if as_json:
        show.print_json([{"name": line.name, "mark": line.mark.value, "text": line.text} for line in lines])
    else:
        if report is not None:
            show.say(f"已存为 {path} / kept")
        for line in lines:
            show.say(f"{MARKS[line.mark]} {line.name}：{line.text}", hanging=2)
        if fullqmt_card.is_old(found, day_of(time.time_ns())):
            show.say(f"! 报告已超过 {fullqmt_card.DAYS_MAX} 天，请重做 / the card is old")
    if any(line.mark is Mark.BAD for line in lines):
        raise typer.Exit(exit_codes.REFUSED)


def observes(configuration: Configuration) -> bool:
    """Tell whether the pasted strategy is never to send anything."""
    return configuration.engine.mode is not Mode.LIVE


def choose(configuration: Configuration, name: str) -> Terminal:
    """Return the full client that a person means.

    Raises:
        ConfigurationError: there is none, or it must be named.
    """
    full = [each for each in configuration.terminals if each.fullqmt is not None]
    found = [each for each in full if name in ("", each.name)]
    if len(found) == 1:
        return found[0]
    if not full:
        raise ConfigurationError(
            '配置里没有大 QMT：写一段 [[terminals]]，kind = "fullqmt"（docs/full-qmt.md）/ no full client is configured'
        )
    names = "、".join(each.name for each in full)
    raise ConfigurationError(f"请写 --terminal 名称，大 QMT 有：{names} / name one of the full clients")
