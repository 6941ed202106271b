"""Opening the doors that the configuration names."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from qmt_trading.intake.folder import FolderDoor
from qmt_trading.intake.tail import TailDoor
from qmt_trading.model.errors import DoorError
from qmt_trading.ports import SignalSink, SignalSource
from qmt_trading.run.config_doors import HTTP_KIND, Door
from qmt_trading.run.config_file_doors import FileDoor


class BroughtDoor:
    """A door without an ear of its own: the panel's process brings its messages through the control door."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def open(self, sink: SignalSink) -> None:
        """Do nothing: what is brought goes into the inbox by the control door."""

    def condition(self) -> tuple[str, str]:
        return "由面板的 POST /api/v1/signals 送入", "brought by the panel's POST /api/v1/signals"

    def close(self) -> None:
        """Do nothing."""


def make_door(door: Door, *, now_ns: Callable[[], int]) -> SignalSource:
    """Return the door, not yet open.

    Raises:
        DoorError: this system has no such door.
    """
    if door.kind == HTTP_KIND:
        return BroughtDoor(door.name)
    if door.file is not None:
        return _file_door(door, door.file, now_ns)
    if sys.platform == "win32":
        if door.kind == "named_pipe":
            if door.mode == "connect":
                from qmt_trading.intake.named_pipe_connect import NamedPipeConnectDoor

                return NamedPipeConnectDoor(door.name, door.address, now_ns=now_ns, heartbeat_ns=door.heartbeat_ns)
            from qmt_trading.intake.named_pipe_listen import NamedPipeListenDoor

            return NamedPipeListenDoor(door.name, door.address, now_ns=now_ns)
    else:
        if door.kind == "unix_socket":
            from qmt_trading.intake.unix_socket import UnixSocketDoor

            return UnixSocketDoor(door.name, Path(door.address), now_ns=now_ns)
        if door.kind == "fifo":
            from qmt_trading.intake.fifo import FifoDoor

            return FifoDoor(door.name, Path(door.address), now_ns=now_ns)
    raise DoorError(f"这台机器上没有 {door.kind} 通道 / there is no {door.kind} door on this system")


def _file_door(door: Door, file: FileDoor, now_ns: Callable[[], int]) -> SignalSource:
    if door.kind == "folder":
        return FolderDoor(
            door.name,
            Path(door.address),
            now_ns=now_ns,
            accounts=door.accounts,
            pattern=file.pattern,
            infer_market=door.infer_market,
            ttl_ns=door.ttl_ns,
        )
    return TailDoor(
        door.name,
        Path(door.address),
        now_ns=now_ns,
        actions=dict(file.actions),
        accounts=door.accounts,
        every_line=file.every_line,
        stocks_only=file.stocks_only,
        encoding=file.encoding,
        ttl_ns=door.ttl_ns,
    )
