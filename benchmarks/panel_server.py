"""The panel over a data folder, for measuring: ``python -m benchmarks.panel_server FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from qmt_trading.codec.journal_record import decode_turn
from qmt_trading.engine.engine import Engine
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.model.view import View
from qmt_trading.panel.asking import Asking
from qmt_trading.panel.board import Board, EquityPoint
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.data_sections import sections_of
from qmt_trading.panel.engine_line import EngineLine
from qmt_trading.panel.hub import Hub
from qmt_trading.panel.parts import PanelSettings
from qmt_trading.panel.serve import serve
from qmt_trading.run import recovery
from qmt_trading.run.control_door import control_address


class Follower:
    """Folds what is committed, as plainly as can be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: SqliteReader | None = None
        self._engine = Engine()
        self._number = 0
        self.view: View | None = None

    def advance(self) -> bool:
        if self._reader is None:
            self._reader = SqliteReader(self._path)
            recovered = recovery.recover(self._reader)
            self._engine, self._number = recovered.engine, recovered.number
            self.view = self._engine.view()
            return True
        before = self._number
        for turn in self._reader.turns(self._number + 1):
            for record in decode_turn(turn.payload):
                self._engine.fold(record)
            self._number = turn.number
        if self._number == before:
            return False
        self.view = self._engine.view()
        return True

    def take_equity(self) -> Sequence[EquityPoint]:
        return ()

    def equity(self, account: str) -> Sequence[tuple[int, str]]:
        return ()


class Parts:
    def announce(self, text: str, text_en: str) -> None:
        print(text, flush=True)


def main(folder: Path) -> None:
    """Serve until somebody ends the process."""
    line, hub = EngineLine(control_address(folder)), Hub()
    board = Board(Follower(folder / "journal.sqlite"), Asking(line.ask), hub, version="bench")
    parts = DataParts(
        board=board,
        hub=hub,
        ask=line.ask,
        preview=lambda _: [],
        deliver=lambda _door, _body: [],
        put_up_halt_flag=lambda _: None,
        folder=folder,
        version="bench",
    )
    serve(Parts(), PanelSettings(folder=folder, port=0), lambda _parts, _settings: sections_of(parts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
