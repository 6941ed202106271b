"""``qmt``: the command line."""

from __future__ import annotations

import sys

import typer

from qmt_trading import __version__
from qmt_trading.cli import acting, demo, doctor, init, journal, reading, running

app = typer.Typer(
    name="qmt",
    help="QMT 量化交易系统：上游程序发一句话，多个账户一起下单或撤单。Signals in, orders out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(show: bool) -> None:
    if show:
        print(__version__)
        raise typer.Exit


@app.callback()
def options(
    *,
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="版本 version"),
) -> None:
    """Take the options that stand before a command."""


app.command()(init.init)
app.command()(running.run)
app.command()(demo.demo)
app.command()(doctor.doctor)
app.command()(acting.send)
for read in (
    reading.status,
    reading.accounts,
    reading.positions,
    reading.orders,
    reading.fills,
    reading.signals,
    reading.alerts,
    reading.timeline,
):
    app.command()(read)
for act in (acting.cancel, acting.halt, acting.resume, acting.resolve, acting.stop):
    app.command()(act)
app.add_typer(journal.app, name="journal")


def main() -> None:
    """Run the command line; the entry of the ``qmt`` script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # A console that cannot show Chinese still shows the rest.
    app()


if __name__ == "__main__":
    main()
