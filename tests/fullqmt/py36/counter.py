"""A broker's counter as the full terminal shows it: rows late, twice, without a number, with lies; for CPython 3.6."""

import collections
import heapq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

INT_MAX = 2147483647
FLOAT_MAX = 1.7976931348623157e308
SETTLED = (53, 54, 56, 57)


class Native:
    """One of the terminal's objects; read on another thread than the strategy's it is hollow."""

    def __init__(self, values: "Dict[str, Any]", is_home: "Callable[[], bool]") -> None:
        self.__dict__["_values"] = values
        self.__dict__["_is_home"] = is_home

    def __getattr__(self, name: str) -> "Any":
        values = self.__dict__["_values"]
        if name not in values:
            raise AttributeError(name)
        return values[name] if self.__dict__["_is_home"]() else None

    def __dir__(self) -> "List[str]":
        return list(self.__dict__["_values"])


class Dials:
    """How the counter behaves; each can be turned at any time."""

    def __init__(self) -> None:
        self.returns: "Any" = 0
        """What passorder returns."""
        self.raises = ""
        """"before" or "after" placing."""
        self.row_after = 0.0
        """Seconds until an order's row shows; negative: it never does."""
        self.sysid_after = 0.0
        """Seconds until the row has a number."""
        self.twice = False
        """The client's own row without a number stays beside the counter's."""
        self.refuses = ""
        """"row": a row in the state 57 and an error; "error": an error alone; "silent": nothing, ever."""
        self.places = 1
        """How many orders the counter makes of one."""
        self.error_remark = True
        self.cancel_answer: "Any" = None
        """None: whether the order lives."""
        self.cancel_works = True
        self.deal_remark = True
        self.callbacks = True
        self.calls_back_from = "main"
        """"main" or "foreign"."""
        self.fills_from = 10.5
        self.broker_type = 2
        self.hollow = False
        self.empty = False
        self.date = "20261126"
        self.simulated_signals = False
        self.quotes = True
        """Whether the terminal gives any."""


class Counter:
    """Orders, fills and money of some accounts. Times are seconds of the clock that is handed in."""

    def __init__(self, accounts: "List[str]", clock: "Callable[[], float]") -> None:
        self.dials = Dials()
        self.accounts = accounts
        self.orders: "List[Dict[str, Any]]" = []
        self.deals: "List[Dict[str, Any]]" = []
        self.executed: "collections.Counter[str]" = collections.Counter()
        """How often passorder reached the counter, by remark."""
        self.events: "List[Tuple[str, Dict[str, Any]]]" = []
        """Callbacks that are to be made."""
        self.cancels: "List[Tuple[str, str, float]]" = []
        """Number, account and time of every cancel that was asked for."""
        self.held: "Dict[Tuple[str, str, str], int]" = {}
        """What accounts began the day with, by account, code and market."""
        self.stamp: "Callable[[], Tuple[str, str]]" = lambda: (self.dials.date, "93005")
        """The date and the time that rows tell."""
        self._clock = clock
        self._later: "List[Tuple[float, int, Callable[[], None]]]" = []
        self._number = 0

    # What a strategy asks.

    def place(self, account: str, op: int, symbol: str, price: float, volume: int, remark: str, source: str) -> None:
        """Take an order."""
        dials = self.dials
        self.executed[remark] += 1
        if dials.simulated_signals or dials.refuses == "silent":
            return
        if dials.refuses == "error":
            self._error(account, op, symbol, price, volume, remark, "insufficient funds")
            return
        for _ in range(dials.places):
            self._take(self._row(account, op, symbol, price, volume, remark, source))

    def _take(self, row: "Dict[str, Any]") -> None:
        delay = self.dials.row_after
        self._at(delay, lambda: self._show(row))
        self._at(delay + self.dials.sysid_after, lambda: self._accept(row))

    def by_hand(self, account: str, symbol: str, price: float, op: int = 23, phone: bool = False) -> "Dict[str, Any]":
        """Take an order that a person places in the client, or elsewhere: without a remark, with a number at once."""
        row = self._row(account, op, symbol, price, 100, "", "")
        if phone:
            row["m_strOrderRef"] = ""
        self._show(row)
        self._accept(row)
        return row

    def cancel(self, sysid: str, account: str) -> bool:
        """Cancel an order; the answer proves nothing."""
        dials = self.dials
        self.cancels.append((sysid, account, self._clock()))
        found = [row for row in self.orders if row["m_strOrderSysID"] == sysid and row["m_strAccountID"] == account]
        lives = bool(found) and found[0]["m_nOrderStatus"] not in SETTLED
        if lives and dials.cancel_works:
            row = found[0]
            row["m_nOrderStatus"] = 53 if row["m_nVolumeTraded"] else 54
            row["m_dCancelAmount"] = float(row["m_nVolumeTotal"])
            row["m_nVolumeTotal"] = 0
            self._tell("order", row)
        return lives if dials.cancel_answer is None else bool(dials.cancel_answer)

    def rows(self, account: str, kind: str) -> "List[Dict[str, Any]]":
        """Return what the terminal's cache shows."""
        if self.dials.empty or account not in self.accounts:
            return []
        if kind == "ORDER":
            return [row for row in self.orders if row["m_strAccountID"] == account and row["shown"]]
        if kind == "DEAL":
            return [row for row in self.deals if row["m_strAccountID"] == account]
        if kind == "POSITION":
            return self._positions(account)
        return [self.asset(account)]

    def asset(self, account: str) -> "Dict[str, Any]":
        spent = sum(row["m_dTradeAmount"] for row in self.deals if row["m_strAccountID"] == account)
        return {
            "m_strAccountID": account,
            "m_nBrokerType": self.dials.broker_type,
            "m_dBalance": 100000000.0,
            "m_dAvailable": 100000000.0 - spent,
            "m_dFrozenCash": 0.0,
            "m_dInstrumentValue": spent,
            "m_dStockValue": FLOAT_MAX,
            "m_dFetchBalance": FLOAT_MAX,
            "m_strStatus": "",
            "m_strTradingDate": self.stamp()[0],
        }

    # Time.

    def run(self) -> None:
        """Let everything happen that is due."""
        while self._later and self._later[0][0] <= self._clock():
            heapq.heappop(self._later)[2]()

    def next_at(self) -> "Optional[float]":
        """Return when something happens next."""
        return self._later[0][0] if self._later else None

    def _at(self, seconds: float, function: "Callable[[], None]") -> None:
        self._number += 1
        heapq.heappush(self._later, (self._clock() + max(seconds, 0.0), self._number, function))

    # Orders.

    def _row(
        self, account: str, op: int, symbol: str, price: float, volume: int, remark: str, source: str
    ) -> "Dict[str, Any]":
        self._number += 1
        date, time = self.stamp()
        row = {
            "shown": False,
            "m_strAccountID": account,
            "m_nBrokerType": self.dials.broker_type,
            "m_strInstrumentID": symbol[:6],
            "m_strExchangeID": symbol[7:],
            "m_strInstrumentName": "\u6d66\u53d1\u94f6\u884c",
            "m_strOrderSysID": "",
            "m_strOrderRef": str(10**18 + self._number),
            "m_strRemark": remark,
            "m_strSource": source,
            "m_nOpType": op,
            "m_nOffsetFlag": 48 if op in (23, 33) else 49,
            "m_nDirection": 48,
            "m_nOrderStatus": 49,
            "m_nOrderSubmitStatus": 48,
            "m_nVolumeTotalOriginal": volume,
            "m_nVolumeTraded": 0,
            "m_nVolumeTotal": volume,
            "m_dLimitPrice": price,
            "m_dTradedPrice": 0.0,
            "m_dTradeAmount": 0.0,
            "m_dCancelAmount": 0.0,
            "m_nOrderPriceType": 50,
            "m_strInsertDate": date,
            "m_strInsertTime": time,
            "m_strCancelInfo": "",
            "m_strErrorMsg": "",
            "m_nErrorID": INT_MAX,
        }
        self.orders.append(row)
        return row

    def _show(self, row: "Dict[str, Any]") -> None:
        if self.dials.row_after < 0 and row["m_strRemark"]:
            return
        row["shown"] = True
        if self.dials.sysid_after > 0:
            self._tell("order", row)

    def _accept(self, row: "Dict[str, Any]") -> None:
        if self.dials.twice:
            self.orders.append(dict(row))
        self._number += 1
        if self.dials.refuses == "row":
            row.update(m_nOrderStatus=57, m_nOrderSubmitStatus=52, m_strCancelInfo="[251005] \u8d44\u91d1\u4e0d\u8db3")
            self._tell("order", row)
            self._error(
                row["m_strAccountID"],
                row["m_nOpType"],
                row["m_strInstrumentID"] + "." + row["m_strExchangeID"],
                row["m_dLimitPrice"],
                row["m_nVolumeTotalOriginal"],
                row["m_strRemark"],
                row["m_strCancelInfo"],
            )
            return
        row.update(m_strOrderSysID=str(12050000 + self._number), m_nOrderStatus=50, m_nOrderSubmitStatus=51)
        if row["shown"]:
            self._tell("order", row)
        if row["m_dLimitPrice"] >= self.dials.fills_from:
            self.fill(row)

    def fill(self, row: "Dict[str, Any]", volume: int = 0) -> None:
        """Fill some of an order, or all that is left of it."""
        volume = volume or row["m_nVolumeTotal"]
        row["m_nVolumeTraded"] += volume
        row["m_nVolumeTotal"] -= volume
        row.update(m_nOrderStatus=55 if row["m_nVolumeTotal"] else 56, m_dTradedPrice=row["m_dLimitPrice"])
        deal = {name: row[name] for name in row if name[:5] != "shown"}
        self._number += 1
        deal.update(
            m_strTradeID=str(700000 + self._number),
            m_strRemark=row["m_strRemark"] if self.dials.deal_remark else "",
            m_dPrice=row["m_dLimitPrice"],
            m_nVolume=volume,
            m_dTradeAmount=volume * row["m_dLimitPrice"],
            m_strTradeDate=row["m_strInsertDate"],
            m_strTradeTime="93006",
            m_dComssion=5.0,
        )
        del deal["m_nOpType"]
        self.deals.append(deal)
        self._tell("deal", deal)
        self._tell("order", row)

    def _error(self, account: str, op: int, symbol: str, price: float, volume: int, remark: str, words: str) -> None:
        told = {
            "accountID": account,
            "opType": op,
            "orderType": 1101,
            "orderCode": symbol,
            "prType": 11,
            "modelPrice": price,
            "modelVolume": volume,
            "strategyName": "qmt_&&&_" + remark if self.dials.error_remark else "qmt",
            "words": words,
        }
        self._tell("error", told)

    def _positions(self, account: str) -> "List[Dict[str, Any]]":
        held: "Dict[Tuple[str, str], List[Dict[str, Any]]]" = {
            (code, market): [] for owner, code, market in self.held if owner == account
        }
        for deal in self.deals:
            if deal["m_strAccountID"] == account:
                held.setdefault((deal["m_strInstrumentID"], deal["m_strExchangeID"]), []).append(deal)
        rows = []
        for (code, market), deals in held.items():
            begun = self.held.get((account, code, market), 0)
            bought = sum(deal["m_nVolume"] for deal in deals if deal["m_nOffsetFlag"] == 48)
            sold = sum(deal["m_nVolume"] for deal in deals) - bought
            price = deals[0]["m_dPrice"] if deals else 10.0
            volume = begun + bought - sold
            rows.append(
                {
                    "m_strAccountID": account,
                    "m_strInstrumentID": code,
                    "m_strExchangeID": market,
                    "m_nVolume": volume,
                    "m_nCanUseVolume": begun - sold,
                    "m_nFrozenVolume": 0,
                    "m_nOnRoadVolume": bought,
                    "m_nYesterdayVolume": begun,
                    "m_dOpenPrice": price,
                    "m_dInstrumentValue": volume * price,
                    "m_dLastPrice": price,
                }
            )
        return rows

    def _tell(self, kind: str, row: "Dict[str, Any]") -> None:
        if self.dials.callbacks and not self.dials.simulated_signals:
            self.events.append((kind, dict(row)))
