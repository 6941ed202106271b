"""The demo as it is seen: a live screen in a terminal, plain lines everywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from qmt_trading.cli import show
from qmt_trading.cli.demo_engine import DemoEngine, Rows
from qmt_trading.cli.demo_script import STEPS, Stage
from qmt_trading.cli.sending import Receipt, details, headline
from qmt_trading.codec import control as wire
from qmt_trading.link.dial import DialError

LOOK_S: Final = 0.1
PAUSE_S: Final = 2.0
LONG_PAUSE_S: Final = 5.0
_ORDERS_MIN: Final = 2
_RECEIPT_LINES: Final = 3
_TABLES: Final = ("status", "orders", "accounts", "signals")

Lines = list[Text]


def told_lines(text: str, meaning: str, receipt: Receipt) -> Lines:
    """Return a message, what it is for, and its receipt, as short as it can be without losing a refusal."""
    good = receipt.get("status") in ("accepted", "duplicate")
    lines = [
        Text.assemble(("→ ", "bold cyan"), (text, "cyan"), f"  {meaning}"),
        Text(f"  {headline(receipt)}", style="green" if good else "bold red"),
    ]
    told = details(receipt, english=False)
    lines += [Text(f"    {line}", style="dim" if good else "red") for line in told[:_RECEIPT_LINES]]
    if len(told) > _RECEIPT_LINES:
        lines.append(Text(f"    … 共 {len(told)} 行", style="dim"))
    return lines


class LineStage(Stage):
    """Prints one line after another and waits for nothing that need not be waited for."""

    def __init__(self, engine: DemoEngine, console: Console) -> None:
        super().__init__(engine)
        self._console = console

    def step(self, title: str) -> None:
        super().step(title)
        self._console.print(f"\n{self.number}/{STEPS} {title}", style="bold")

    def say(self, text: str, style: str = "") -> None:
        self._console.print(text, style=style)

    def told(self, text: str, meaning: str, receipt: Receipt) -> None:
        for line in told_lines(text, meaning, receipt):
            self._console.print(line)

    def timeline(self, rows: Rows) -> None:
        self._console.print(show.table_of(rows, show.TIMELINE, width=self._console.width))


class LiveStage(Stage):
    """A screen of its own that is drawn ten times a second; it goes when the demo ends."""

    def __init__(self, engine: DemoEngine, console: Console, live: Live) -> None:
        super().__init__(engine)
        self._console = console
        self._live = live
        self._title = ""
        self._pinned: Lines = []
        self._said: Lines = []
        self._timeline: Rows = []
        self._tables: dict[str, Rows] = {table: [] for table in _TABLES}
        self._alive = True
        self._waits = False

    def step(self, title: str) -> None:
        super().step(title)
        self._title = f"{self.number}/{STEPS} {title}"
        self._said = []
        self._timeline = []
        self._draw()

    def say(self, text: str, style: str = "") -> None:
        self._said.append(Text(text, style=style))
        self._draw()

    def told(self, text: str, meaning: str, receipt: Receipt) -> None:
        self._said += told_lines(text, meaning, receipt)
        self._draw()

    def timeline(self, rows: Rows) -> None:
        self._timeline = rows
        self._draw()

    def pause(self, *, long: bool = False) -> None:
        end = time.monotonic() + (LONG_PAUSE_S if long else PAUSE_S)
        while time.monotonic() < end:
            self.look()

    def look(self) -> None:
        self._draw()
        time.sleep(LOOK_S)

    def wait(self, hints: Lines, stopped: Callable[[], bool]) -> None:
        """Show what comes in until the person has had enough."""
        self._title = "自己发一条试试：另开一个窗口（Ctrl-C 结束）"
        self._timeline = []
        self._pinned = [*hints, Text(), Text("收到的信号", style="bold")]
        self._waits = True
        while not stopped():
            self.look()

    # Drawing

    def _draw(self) -> None:
        self._read()
        if self._waits:
            self._said = self._received()
        self._live.update(self.picture(), refresh=True)

    def _read(self) -> None:
        """Take the newest rows; those of a dead engine stay as they were."""
        try:
            self._tables = {table: self.engine.rows(table, 60) for table in _TABLES}
            self._alive = True
        except (DialError, wire.ControlError):
            self._alive = False

    def picture(self) -> RenderableType:
        """Return the whole screen, never higher than the terminal."""
        width, height = self._console.width, self._console.height
        head = [self._head(), Text(), Text(self._title, style="bold yellow")]
        if self._timeline:
            return Group(*head, show.table_of(self._timeline[: height - 5], show.TIMELINE, width=width))
        accounts = [self._account(row) for row in self._tables["accounts"]]
        accounts_height = len(accounts) + 2
        head += self._wrapped(self._pinned)
        space = height - len(head) - accounts_height - 1
        said = self._wrapped(self._said)[-max(space - _ORDERS_MIN - 2, 4) :]
        orders = self._tables["orders"][: max(space - len(said) - 2, 1)]
        parts: list[RenderableType] = [*head, *said, Text()]
        if orders:
            total = self._tables["status"][0].get("orders") if self._tables["status"] else 0
            parts += [show.table_of(orders, show.ORDERS, width=width, tells=False), _others(total, len(orders))]
        # The same columns at every moment: a table that changes its shape cannot be followed.
        columns = [column for column in show.ACCOUNTS if width > 100 or not 0 < column.drop <= 2]
        parts.append(show.table_of(accounts, columns, width=width, tells=False))
        return Group(*parts)

    def _wrapped(self, lines: Lines) -> Lines:
        """Return ``lines`` as they are broken on this terminal, one for each row of it."""
        return [row for line in lines for row in (line.wrap(self._console, self._console.width) or [Text()])]

    def _account(self, row: dict[str, object]) -> dict[str, object]:
        """Return an account in short words; nobody is connected to a dead engine."""
        state = "已停止" if row.get("state") == "HALTED" else row.get("state_text")
        return row | {"state_text": state} | ({} if self._alive else {"link": None, "link_text": "–"})

    def _head(self) -> Text:
        (status,) = self._tables["status"] or [{}]
        if self._alive:
            state = (str(status.get("state_text", "")), show.STATE_STYLE.get(str(status.get("state")), ""))
        else:
            state = ("引擎已死", "bold red")
        counts = f"  信号 {status.get('signals', 0)}  委托 {status.get('orders', 0)}  成交 {status.get('fills', 0)}"
        return Text.assemble(
            (" 模拟 ", "bold white on blue"), f" {status.get('day', '')}  ", state, counts, ("   Ctrl-C 结束", "dim")
        )

    def _received(self) -> Lines:
        """Return the newest messages with their answers, malformed ones too, the newest last."""
        rows = [*self._tables["signals"], *self.engine.malformed()]
        rows.sort(key=lambda row: str(row["received_at"]))
        lines: Lines = []
        for row in rows[-8:]:
            at = str(row["received_at"])[11:19]
            if row.get("status") == "malformed":
                lines.append(Text(f"{at} ✗ {row['excerpt']} 格式错误：{row['text']}", style="red"))
                continue
            reasons = row.get("reasons")
            why = "；".join(str(each["text"]) for each in reasons) if isinstance(reasons, list) else ""
            style = show.STATUS_STYLE.get(str(row.get("status")), "")
            answer = f"{row['status_text']}{f'：{why}' if why else ''}"
            lines.append(Text.assemble(f"{at} {row['seq']:>3} {row['text']} ", (answer, style)))
        return lines


def _others(total: object, shown: int) -> Text:
    """Return how many orders are not shown; a blank line where all are."""
    more = total - shown if isinstance(total, int) else 0
    return Text(f"另有 {more} 笔" if more > 0 else "", style="dim")


def summary(stage: Stage, console: Console) -> None:
    """Print what has happened, for the terminal that stays."""
    for line in stage.results:
        console.print(line, style="green" if line.startswith("✓") else "bold yellow")
    try:
        orders, accounts = stage.engine.rows("orders", 4), stage.engine.rows("accounts")
        total = stage.engine.rows("status")[0].get("orders")
    except (DialError, wire.ControlError):
        return
    console.print()
    console.print(show.table_of(orders, show.ORDERS, width=console.width, tells=False))
    console.print(_others(total, len(orders)))
    console.print(show.table_of(accounts, show.ACCOUNTS, width=console.width, tells=False))
