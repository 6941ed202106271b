"""What the panel is handed: the followed journal, the control door, and the ways that reach past an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import Plain
from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.panel.data_sections import data_sections
from qmt_trading.panel.engine_line import EngineLine
from qmt_trading.panel.parts import PanelParts, PanelSettings
from qmt_trading.panel.sections import Section
from qmt_trading.run.config_doors import CONTROL_DOOR
from qmt_trading.run.control_door import control_address
from qmt_trading.run.following import Follower
from qmt_trading.run.halt_flag import HaltFlag
from qmt_trading.run.notify_rows import rows_of
from qmt_trading.run.notify_trial import Trial
from qmt_trading.run.place import Place

NOTIFY_S: Final = 20.0
"""How long somebody at the page waits for a test message."""


class Ways:
    """The ways to the outside of one panel. Each blocks, and is for threads of the pool."""

    def __init__(self, place: Place, say: Callable[[str, str, str], None]) -> None:
        self._place = place
        self._say = say
        self._follower = Follower(place.folder)
        self._line = EngineLine(control_address(place.folder))

    def announce(self, text: str, text_en: str, link: str = "") -> None:
        """Tell the person at the console."""
        self._say(text, text_en, link)

    def sections(self, parts: PanelParts, settings: PanelSettings) -> Sequence[Section]:
        """Return the routes of data and deeds over this folder."""
        return data_sections(self, settings)

    @property
    def follower(self) -> Follower:
        return self._follower

    @property
    def session(self) -> Session:
        configuration = self._place.configuration
        return configuration.session() if configuration is not None else ALWAYS_OPEN

    def ask(self, request: wire.ControlRequest) -> list[Plain]:
        """Return the engine's answer.

        Raises:
            EngineDownError: no engine runs.
            DialError: it runs and does not answer.
            ControlError: it refuses, and says why.
        """
        return self._line.ask(request)

    def preview(self, text: str) -> list[Plain]:
        """Judge the lines of ``text`` as the engine would now; nothing is sent.

        Raises:
            ControlError: the configuration cannot be used, and so nothing can be judged.
        """
        # Imported here: it needs much that a panel does not, until somebody tries a signal out.
        from qmt_trading.cli import dry_runs

        configuration = self._place.configuration
        if configuration is None:
            raise wire.ControlError(f"配置不能用，无法试算：{self._place.trouble}")
        try:
            return dry_runs.try_out(configuration, CONTROL_DOOR, [(0, line) for line in text.splitlines()]).rows
        except ConfigurationError as error:
            raise wire.ControlError(str(error)) from error

    def deliver(self, door: str, body: bytes, brought_ns: int) -> list[Plain]:
        """Bring messages through a door of kind ``http``, empty: the only one; return the receipts, as ``ask``.

        Args:
            body: UTF-8, one message a line, or one of JSON.
            brought_ns: when they came here, by the machine's steady clock.
        """
        text = body.decode("utf-8")
        return self.ask(wire.Deliver(door=door, text=text, who="http", brought_ns=brought_ns))

    def notifications(self) -> list[Plain]:
        """Return the channels to people, a row each, and no address of any."""
        configuration = self._place.configuration
        return [] if configuration is None else rows_of(configuration.notify, self._folder)

    def try_notification(self, name: str) -> str | None:
        """Send a test message; return why it has not arrived, empty: it has, None: there is no such channel."""
        configuration = self._place.configuration
        for channel in () if configuration is None else configuration.notify:
            if channel.name == name:
                trial = Trial(channel)
                return "" if trial.wait(NOTIFY_S) else trial.trouble
        return None

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
