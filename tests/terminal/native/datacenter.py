"""Stand-in for xtquant's native module ``datacenter``: what xtdata.py needs for quotes, details, history and bars."""

from __future__ import annotations

import array
import importlib
import itertools
import json
from collections.abc import Callable
from typing import Any

Wire: Any = importlib.import_module("xtquant.wire").Wire
BSON: Any = importlib.import_module("xtquant.xtbson").BSON


def rpc_init(folder: str) -> int:
    return 0


def register_create_nparray(function: Callable[..., Any]) -> None:
    return None


def get_local_server_port() -> int:
    return 0


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *arguments: None


class IPythonApiClient:
    """One connection to the quote service; a callback runs on the thread that hears, as in the real module."""

    def __init__(self) -> None:
        self._wire = Wire("quotes", self._hear)
        self._callbacks: dict[int, Callable[[Any], Any]] = {}
        self._numbers = itertools.count(1)
        self._address = ""

    def init(self) -> None:
        return None

    def load_config(self, file: str, section: str) -> int:
        return 0

    def set_config_addr(self, address: str) -> None:
        self._address = address

    def registerCommonControlCallback(self, name: str, function: Callable[..., Any]) -> None:
        return None

    def connect(self) -> tuple[int, str]:
        return int(self._wire.call("connect")), ""

    def is_connected(self) -> bool:
        return bool(self._wire.call("is_connected"))

    def shutdown(self) -> None:
        self._callbacks.clear()

    def get_data_dir(self) -> str:
        return "datadir"

    def get_app_dir(self) -> str:
        return "appdir"

    def get_peer_addr(self) -> str:
        return self._address

    def get_server_tag(self) -> bytes:
        return bytes(BSON.encode({"tag": "stand-in"}))

    def commonControl(self, function: str, payload: bytes) -> bytes:
        return bytes(BSON.encode({"downloadversion": 1}))

    def get_full_tick(self, codes: list[str]) -> str:
        return json.dumps(self._wire.call("get_full_tick", codes=codes))

    def subscribe_quote(self, meta: bytes, region: bytes, parameters: bytes, function: Callable[[Any], Any]) -> int:
        return self._subscribe([BSON.decode(meta)["stockCode"]], function, single=True)

    def subscribe_whole_quote(self, codes: list[str], parameters: bytes, function: Callable[[Any], Any]) -> int:
        return self._subscribe(codes, function, single=False)

    def _subscribe(self, codes: list[str], function: Callable[[Any], Any], *, single: bool) -> int:
        number = next(self._numbers)
        self._callbacks[number] = function
        return number if self._wire.call("subscribe", number=number, codes=codes, single=single) == 0 else -1

    def unsubscribe_quote(self, number: int) -> None:
        self._callbacks.pop(number, None)
        self._wire.call("unsubscribe", number=number)

    def get_instrument_detail(self, code: str) -> bytes:
        detail = self._wire.call("get_instrument_detail", code=code)
        return bytes(BSON.encode(detail)) if detail else b""

    def supply_history_data2(
        self, codes: list[str], period: str, begin: str, end: str, parameters: bytes, function: Callable[[Any], Any]
    ) -> int:
        self._callbacks[0] = function
        self._wire.call("download", codes=codes, period=period, begin=begin, end=end)
        return 0

    def get_market_data3(self, fields: list[str], codes: list[str], period: str, *rest: Any) -> Any:
        told = self._wire.call("bars", codes=codes, period=period)
        rows = [row if isinstance(row, dict) else {"time": row[0], "close": row[1], "volume": row[2]} for row in told]
        columns = []
        for name, sample in rows[0].items() if rows else ():
            kind = "d" if isinstance(sample, float) else "q"
            column = array.array(kind, [row[name] for row in rows]).tobytes()
            columns.append((name, "<f8" if kind == "d" else "<i8", column))
        return [(codes[0], [str(row["time"]) for row in rows], columns)]

    def _hear(self, told: dict[str, Any]) -> None:
        function = self._callbacks.get(told["number"])
        if function is not None:
            function(told["rows"])
