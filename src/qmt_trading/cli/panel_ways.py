"""What the panel is handed: the followed journal, the control door, and the ways that reach past an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qmt_trading import __version__
from qmt_trading.cli import dry_runs, engine_access
from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import Plain
from qmt_trading.market.sessions import ALWAYS_OPEN
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.panel.asking import Asking, EngineDownError
from qmt_trading.panel.board import Board
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.data_sections import sections_of
from qmt_trading.panel.hub import Hub
from qmt_trading.panel.parts import PanelParts, PanelSettings
from qmt_trading.panel.sections import Section
from qmt_trading.run.config_doors import CONTROL_DOOR
from qmt_trading.run.following import Follower
from qmt_trading.run.halt_flag import HaltFlag
from qmt_trading.run.place import Place


class Ways:
    """The ways to the outside of one panel. Each blocks, and is for threads of the pool."""

    def __init__(self, place: Place, say: Callable[[str, str], None]) -> None:
        self._place = place
        self._say = say

    def announce(self, text: str, text_en: str) -> None:
        """Tell the person at the console."""
        self._say(text, text_en)

    def sections(self, parts: PanelParts, settings: PanelSettings) -> Sequence[Section]:
        """Return the routes of data and deeds over this folder."""
        configuration = self._place.configuration
        hub = Hub()
        held: list[Board] = []
        asking = Asking(self.ask, lambda: held[0].held_symbols() if held else set())
        board = Board(
            Follower(settings.folder),
            asking,
            hub,
            version=__version__,
            session=configuration.session() if configuration is not None else ALWAYS_OPEN,
        )
        held.append(board)
        return sections_of(
            DataParts(
                board=board,
                hub=hub,
                ask=self.ask,
                preview=self.preview,
                deliver=self.deliver,
                put_up_halt_flag=self.put_up_halt_flag,
                folder=settings.folder,
                version=__version__,
            )
        )

    def ask(self, request: wire.ControlRequest) -> list[Plain]:
        """Return the engine's answer.

        Raises:
            EngineDownError: no engine runs.
            DialError: it runs and does not answer.
            ControlError: it refuses, and says why.
        """
        try:
            return engine_access.ask(self._folder, request)
        except engine_access.NotRunningError as error:
            raise EngineDownError(str(error)) from error

    def preview(self, text: str) -> list[Plain]:
        """Judge the lines of ``text`` as the engine would now; nothing is sent.

        Raises:
            ControlError: the configuration cannot be used, and so nothing can be judged.
        """
        configuration = self._place.configuration
        if configuration is None:
            raise wire.ControlError(f"配置不能用，无法试算：{self._place.trouble}")
        try:
            return dry_runs.try_out(configuration, CONTROL_DOOR, [(0, line) for line in text.splitlines()]).rows
        except ConfigurationError as error:
            raise wire.ControlError(str(error)) from error

    def deliver(self, door: str, body: bytes) -> list[Plain]:
        """Bring a message through a door of kind ``http``, empty: the only one; return its receipts, as ``ask``."""
        text = body.decode("utf-8-sig")
        return self.ask(wire.Deliver(door=door, text=text, who="http"))

    def put_up_halt_flag(self, why: str) -> None:
        """Make the file that halts the engine.

        Raises:
            OSError: it cannot be made.
        """
        flag = HaltFlag(self._folder)
        flag.put_up(why)
        if not flag.is_up():
            raise OSError(f"cannot make {flag.path}")

    @property
    def _folder(self) -> Path:
        return self._place.folder
