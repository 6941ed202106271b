"""The panel over a data folder, for measuring: ``python -m benchmarks.panel_server FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from qmt_trading.codec.control import ControlRequest
from qmt_trading.codec.view_json import Plain
from qmt_trading.market.sessions import ALWAYS_OPEN
from qmt_trading.panel.data_sections import data_sections
from qmt_trading.panel.engine_line import EngineLine
from qmt_trading.panel.parts import PanelSettings
from qmt_trading.panel.serve import serve
from qmt_trading.run.control_door import control_address
from qmt_trading.run.following import Follower


class Ways:
    """What the panel is handed; nothing but reading leads anywhere."""

    session = ALWAYS_OPEN

    def __init__(self, folder: Path) -> None:
        self.follower = Follower(folder)
        self._line = EngineLine(control_address(folder))

    def announce(self, text: str, text_en: str, link: str = "") -> None:
        print(text, link, flush=True)

    def ask(self, request: ControlRequest) -> list[Plain]:
        return self._line.ask(request)

    def preview(self, text: str) -> list[Plain]:
        return [{"text": text}]

    def deliver(self, door: str, body: bytes, brought_ns: int) -> list[Plain]:
        return [{"status": "busy", "door": door, "bytes": len(body)}]

    def notifications(self) -> list[Plain]:
        return []

    def try_notification(self, name: str) -> str | None:
        return None

    def put_up_halt_flag(self, why: str) -> None:
        raise OSError(why)


def main(folder: Path) -> None:
    """Serve until somebody ends the process."""
    ways = Ways(folder)
    serve(ways, PanelSettings(folder=folder, port=0), lambda _parts, found: data_sections(ways, found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
