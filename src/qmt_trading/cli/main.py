"""``qmt``: the command line."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from qmt_trading import __version__
from qmt_trading.cli import (
    accepting,
    acting,
    actions,
    alerting,
    backtest,
    calendar,
    climbing,
    compliance,
    data,
    day_report,
    demo,
    doctor,
    fullqmt,
    history,
    init,
    journal,
    morning,
    notifying,
    panelling,
    panicking,
    reading,
    reconciling,
    rehearsing,
    risk,
    rules,
    running,
    sending,
    shadow,
    strategy,
    sweep,
    words,
)

words.speak_chinese()
app = typer.Typer(
    name="qmt",
    help="QMT 量化交易系统：上游发一句话，多个账户一起下单或撤单。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    cls=words.Group,
    context_settings=words.HELP_NAMES,
)


def _version(show: bool) -> None:
    if show:
        print(__version__)
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="版本 version")] = False,
) -> None:
    """Take the options that stand before a command."""


for command in (
    init.init,
    running.run,
    panelling.panel,
    demo.demo,
    rehearsing.rehearse,
    climbing.ladder,
    accepting.acceptance,
    doctor.doctor,
    sending.send,
    reading.status,
    reading.accounts,
    reading.positions,
    reading.orders,
    reading.fills,
    reading.signals,
    reading.timed,
    alerting.alerts,
    reading.timeline,
    morning.morning,
    day_report.report,
    actions.actions,
    rules.rules,
    acting.cancel,
    acting.halt,
    panicking.panic,
    acting.resume,
    acting.resolve,
    reconciling.reconcile,
    acting.stop,
    backtest.backtest,
    sweep.sweep,
):
    app.command(cls=words.Command)(command)
app.add_typer(journal.app, name="journal")
app.add_typer(calendar.app, name="calendar")
app.add_typer(compliance.app, name="compliance")
app.add_typer(risk.app, name="risk")
app.add_typer(data.app, name="data")
app.add_typer(history.app, name="history")
app.add_typer(shadow.app, name="shadow")
app.add_typer(fullqmt.app, name="fullqmt")
app.add_typer(notifying.app, name="notify")
app.add_typer(strategy.app, name="strategy")


def main() -> None:
    """Run the command line; the entry of the ``qmt`` script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # A console that cannot show Chinese still shows the rest.
    sys.exit(_outcome())


def _outcome() -> int:
    try:
        return words.run(app)
    except Exception as error:  # noqa: BLE001 - The top of the main thread: a person gets a sentence.
        return words.unexpected(error)


if __name__ == "__main__":
    main()
