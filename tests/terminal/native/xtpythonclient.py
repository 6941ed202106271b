"""Stand-in for xtquant's native module ``xtpythonclient``.

Answers come on a foreign thread. A request refuses unknown attributes and wrong types, as a pybind11 class does. All
names are those that the wheel's own xttrader.py touches.
"""

from __future__ import annotations

import importlib
import itertools
import operator
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

Wire: Any = importlib.import_module("xtquant.wire").Wire

_ACCOUNT = {"m_nAccountType": int, "m_strAccountID": str}
_FIELDS: dict[str, dict[str, type]] = {
    "SubscribeReq": {"m_nMetaType": int},
    "UnsubscribeReq": {},
    "OrderStockReq": {
        **dict.fromkeys(("m_strStockCode", "m_strStrategyName", "m_strOrderRemark", "m_strOrderRemarkNew"), str),
        **dict.fromkeys(("m_nOrderType", "m_nOrderVolume", "m_nPriceType"), int),
        **dict.fromkeys(("m_dPrice", "m_dOrderAmount"), float),
        **dict.fromkeys(("m_strStockCode1", "m_strAccountID1"), str),
    },
    "CancelOrderStockReq": {"m_nOrderID": int, "m_nMarket": int, "m_strOrderSysID": str, "m_strMarket": str},
    "QueryStockAssetReq": {},
    "QueryStockOrdersReq": {"m_nOrderID": int, "m_bCanCancel": bool},
    "QueryStockTradesReq": {},
    "QueryStockPositionsReq": {"m_strStockCode": str, "m_strStockCode1": str},
    "QueryAccountInfosReq": {},
    "QueryAccountStatusReq": {},
}


class Request:
    """A record with fixed fields; a wrong one raises before anything is sent."""

    fields: Mapping[str, type] = {}

    def __init__(self) -> None:
        self.__dict__.update({name: kind() for name, kind in self.fields.items()})

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self.fields.get(name)
        if kind is None:
            raise AttributeError(name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (isinstance(value, kind) or (kind is float and number)):
            raise TypeError("incompatible type for " + name)
        self.__dict__[name] = kind(value)


def __getattr__(name: str) -> Any:
    if not name.endswith(("Req", "Param")):
        raise AttributeError(name)
    return type(name, (Request,), {"fields": {**_ACCOUNT, **_FIELDS.get(name, {})}})


class Row:
    """What the terminal hands over: it has the attributes that it has, and no others."""


def row_of(value: Any) -> Any:
    if isinstance(value, list):
        return [row_of(one) for one in value]
    if not isinstance(value, dict):
        return value
    row = Row()
    row.__dict__.update(value)
    return row


class XtQuantAsyncClient:
    def __init__(self, path: bytes, name: str, session: int) -> None:
        self._path, self._session = bytes.decode(path, "gb18030"), operator.index(session)
        self._callbacks: dict[str, Callable[..., None]] = {}
        self._sequence = itertools.count(1)
        self._wire: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("bindOn") and name.endswith("Callback"):
            return lambda function: self._callbacks.__setitem__(name[6:-8], function)
        if name.endswith("WithSeq"):
            return lambda seq, *requests: self._send(name[:-7], seq, requests)
        raise AttributeError(name)

    def init(self) -> int:
        os.write(1, b"native: started\n")  # Code in C prints where it likes.
        return 0

    def start(self) -> int:
        self._wire = Wire("trader", self._hear)
        self._wire.call("start", session=self._session, path=self._path, process=os.getpid())
        return 0

    def connect(self) -> int:
        return int(self._wire.call("connect", session=self._session))

    def stop(self) -> None:
        self._wire.call("stop", session=self._session)

    def nextSeq(self) -> int:
        return next(self._sequence)

    def setTimeout(self, timeout: float) -> None:
        time.sleep(0)

    def _send(self, name: str, seq: int, requests: tuple[Any, ...]) -> None:
        fields = dict(requests[0].__dict__) if requests else {}
        self._wire.call(name, session=self._session, seq=seq, request=fields)

    def _hear(self, told: dict[str, Any]) -> None:
        function = self._callbacks.get(told["callback"])
        if function is not None:
            try:
                function(*[row_of(value) for value in told["arguments"]])
            except RuntimeError:  # A push after stop(): the native thread has nobody to raise to.
                return
