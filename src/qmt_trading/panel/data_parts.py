"""What the routes of data and deeds are made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from qmt_trading.codec.view_json import Plain
from qmt_trading.panel.asking import Ask
from qmt_trading.panel.board import Board
from qmt_trading.panel.hub import Hub


class DataParts(Struct, frozen=True, kw_only=True):
    """Handed to each group of routes."""

    board: Board
    hub: Hub
    ask: Ask
    """Blocks: for threads of the pool alone."""
    preview: Callable[[str], list[Plain]]
    """Judge the lines of a text as the engine would now, and send nothing; blocks."""
    deliver: Callable[[str, bytes, int], list[Plain]]
    """Bring messages in UTF-8, one of JSON or one a line, through an HTTP door of the engine (empty: its only one).

    The last argument is when they came here, by the machine's steady clock. Returns the receipts, and raises as ``ask``
    does.
    """
    put_up_halt_flag: Callable[[str], None]
    """Make the file that halts the engine, with a reason in it; blocks.

    Raises:
        OSError: it cannot be made.
    """
    notifications: Callable[[], list[Plain]]
    """The channels to people, a row each; blocks."""
    try_notification: Callable[[str], str | None]
    """Send a test message through the channel of that name; blocks for some seconds.

    Returns why it has not arrived; empty: it has; None: there is no such channel.
    """
    folder: Path
    """The data folder."""
    version: str

    @property
    def logs_folder(self) -> Path:
        return self.folder / "logs"

    @property
    def reports_folder(self) -> Path:
        return self.folder / "reports"
