"""The counter behind the stand-in terminal: it lives in the test's process, survives the host, and lies when told to.

with Counter() as counter:                       # the terminal runs, account 11031122 is logged in
    environment = {"QMT_TEST_COUNTER": counter.address}
    counter.lies.minus_one = True                # set any field of Lies before the host asks
    order = counter.wait_order("coid-1")         # a row, as xtquant's attributes; counter.fill(order, 100)
    counter.hang("orderStock"); counter.release()
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from tests.terminal.native_line import NativeLine, Server

Row = dict[str, Any]
ACCOUNT = "11031122"
WORKING = {48, 49, 50, 55}


@dataclasses.dataclass
class Lies:
    """What the terminal does wrong. Every field may be changed at any time."""

    connect_code: int = 0
    subscribe_code: int = 0
    silent: set[str] = dataclasses.field(default_factory=set)
    """Names of native calls that are taken and never answered, such as ``queryStockAsset``; ``*`` is all of them."""
    minus_one: bool = False
    """An order is answered with -1 and no text, though it is live (A3)."""
    refuse: str = ""
    """The client refuses orders by itself: -1 with this text, no row."""
    reject: str = ""
    """The counter refuses: a row in state 57 and an order error with this text."""
    vanish: bool = False
    """An order is answered with success, and there is none (A4)."""
    pushes_first: bool = False
    """Rows come before the response."""
    overtake: bool = False
    """The response comes while the call that asked for it has not yet returned."""
    statuses: tuple[int, ...] = (50,)
    """The states that an accepted order goes through."""
    double: bool = False
    """Every push comes twice."""
    reorder: bool = False
    """Pushes are kept until ``let_go``, which sends them in the wrong order."""
    late_s: float = 0.0
    """Pushes come this much later."""
    remark: Callable[[str], str] = lambda remark: remark.encode()[:24].decode()
    """What the terminal makes of a remark (A6)."""
    cancel: str = ""
    """``refused_yet_cancelled`` or ``accepted_yet_not`` (A7)."""
    dead_link: bool = False
    """Lists are empty and the asset is None, as on a link that is down (A15)."""
    empty_is_none: bool = False
    """An empty list is answered with None, as the vendor's manual allows."""
    asset_none: bool = False
    no_status: bool = False
    """The terminal never tells an account's status."""
    forget: set[str] = dataclasses.field(default_factory=set)
    """Attributes that this version of the terminal does not have."""


class Counter:
    """A counter and its terminal. All methods may be called from any thread."""

    def __init__(self, accounts: tuple[str, ...] = (ACCOUNT,)) -> None:
        self.lies = Lies()
        self.accounts = dict.fromkeys(accounts, 0)
        self.cash = 1_000_000.0
        self.fills_from: float | None = None
        """An order to buy at this price or more fills at once; None: a test fills."""
        self.orders: list[Row] = []
        self.fills: list[Row] = []
        self.positions: list[Row] = []
        self.requests: list[tuple[str, Row]] = []
        self.sessions: list[int] = []
        self.ticks: dict[str, Row] = {}
        self.details: dict[str, Row] = {}
        self.bars: list[tuple[int, float, int] | Row] = []
        self.subscriptions: dict[tuple[NativeLine, int], tuple[list[str], bool]] = {}
        self.quotes_up = True
        self.running = True
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._hanging: set[str] = set()
        self._frozen: set[NativeLine] = set()
        self._traders: dict[NativeLine, bool] = {}
        self._kept: list[tuple[NativeLine, str, list[Any]]] = []
        self._order_ids, self._fill_ids = itertools.count(1082130433), itertools.count(1)
        self._server = Server(self._called)
        self.address = self._server.address

    def __enter__(self) -> Counter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        self._server.close()

    # What a test does.

    def hang(self, *names: str) -> None:
        """Let these native calls block the thread that makes them; ``*``: all."""
        with self._lock:
            self._hanging |= set(names)

    def freeze(self) -> None:
        """Let all further calls of the traders that stand now hang; those to come do not."""
        with self._lock:
            self._frozen = {line for line in self._traders if line.kind == "trader"}

    def release(self) -> None:
        """Let all blocked calls go on."""
        with self._changed:
            self._hanging.clear()
            self._frozen.clear()
            self._changed.notify_all()

    def wait(self, what: Callable[[], Any], seconds: float = 20.0) -> Any:
        """Return the first truthy value of ``what``; an AssertionError says that there was none."""
        until = time.monotonic() + seconds
        with self._changed:
            while not (found := what()):
                assert time.monotonic() < until, f"did not happen: {self.requests[-5:]}"
                self._changed.wait(0.05)
            return found

    def wait_order(self, remark: str) -> Row:
        """Return the row of the order with this remark once there is one."""
        found: Row = self.wait(lambda: next((row for row in self.orders if row["order_remark"] == remark), None))
        return found

    def asked(self, name: str) -> list[Row]:
        """Return the requests of this kind so far."""
        with self._lock:
            return [request for asked, request in self.requests if asked == name]

    def status(self, account: str, status: int) -> None:
        """Change an account's status and push it."""
        with self._lock:
            self.accounts[account] = status
            self._push("UpdateAccountStatus", {"m_strAccountID": account, "m_nAccountType": 2, "m_nStatus": status})

    def drop_link(self, *, tell: bool) -> None:
        """Let the terminal drop every trader; with ``tell`` it says so, else calls are never answered again."""
        with self._lock:
            for line, alive in self._traders.items():
                self._traders[line] = False
                if tell and alive:
                    line.tell("Disconnected", [])

    def restart(self, *, running: bool = True) -> None:
        """Start the terminal anew, or leave it stopped: what was connected gets -1 and None for ever, and no word."""
        with self._lock:
            self.drop_link(tell=False)
            self.lies.silent.clear()
            self.running = running

    def place_elsewhere(
        self,
        *,
        phone: bool,
        account: str = ACCOUNT,
        symbol: str = "000001.SZ",
        price: float = 10.0,
        quantity: int = 100,
    ) -> Row:
        """Place an order by hand: in this client without a remark, or by phone, without an order id, too."""
        request = {"m_strAccountID": account, "m_strStockCode": symbol, "m_nOrderType": 23, "m_dPrice": price}
        with self._lock:
            row = self._row({**request, "m_nOrderVolume": quantity, "m_strOrderRemark": "", "m_strStrategyName": ""})
            row["order_id"] = 0 if phone else row["order_id"]
            self.move(row, 50)
            return row

    def move(self, order: Row, status: int, text: str = "") -> None:
        """Bring an order into a state and push its row."""
        with self._lock:
            order["order_status"], order["status_msg"] = status, text or order["status_msg"]
            if status == 50 and not order["order_sysid"]:
                order["order_sysid"] = f"S{self._contracts(order)}"
            self._push("StockOrder", order)

    def _contracts(self, order: Row) -> int:
        """Return the next contract number of the order's market: each exchange counts by itself."""
        market = order["stock_code"][-2:]
        return 1 + len([1 for each in self.orders if each["order_sysid"] and each["stock_code"].endswith(market)])

    def fill(self, order: Row, quantity: int, price: float | None = None) -> Row:
        """Fill some of an order; the row comes first, then the fill."""
        with self._lock:
            fill = {
                **{
                    name: order[name] for name in ("account_type", "account_id", "stock_code", "order_type", "order_id")
                },
                **{name: order[name] for name in ("order_sysid", "order_remark", "strategy_name")},
                "traded_id": f"T{next(self._fill_ids)}",
                "traded_time": int(time.time()),
                "traded_price": order["price"] if price is None else price,
                "traded_volume": quantity,
            }
            fill["traded_amount"] = fill["traded_price"] * quantity
            self.fills.append(fill)
            order["traded_volume"] += quantity
            order["traded_price"] = fill["traded_price"]
            self.move(order, 56 if order["traded_volume"] >= order["order_volume"] else 55)
            self._push("StockTrade", fill)
            return fill

    def replay_day(self) -> None:
        """Push the whole day's orders and fills again, as after a counter's reconnect (A10)."""
        with self._lock:
            for order in self.orders:
                self._push("StockOrder", order)
            for fill in self.fills:
                self._push("StockTrade", fill)

    def push(self, callback: str, row: Row) -> None:
        """Push anything to every connected trader: StockOrder, StockTrade, OrderError, CancelError."""
        with self._lock:
            self._push(callback, row)

    def tell(self, callback: str, *arguments: Any, dead: bool = False) -> None:
        """Call any callback of xttrader's on every connected trader, or with ``dead`` on those that were dropped."""
        with self._lock:
            for line in [line for line, alive in self._traders.items() if alive is not dead and line.kind == "trader"]:
                line.tell(callback, list(arguments))

    def let_go(self) -> None:
        """Send the pushes that ``reorder`` has kept, last first."""
        with self._lock:
            kept, self._kept = self._kept[::-1], []
            for line, callback, arguments in kept:
                line.tell(callback, arguments)

    def tick(self, **ticks: Row) -> None:
        """Send quotes, by symbol such as ``SH600000``, to whom subscribed; a stopped feed sends nothing."""
        with self._lock:
            found = {f"{name[2:]}.{name[:2]}": tick for name, tick in ticks.items()}
            self.ticks.update(found)
            for (line, number), (codes, single) in self.subscriptions.items():
                wanted = {code: tick for code, tick in found.items() if code in codes or code[-2:] in codes}
                if wanted and self.quotes_up:
                    rows = {code: [tick] for code, tick in wanted.items()} if single else wanted
                    line.send({"number": number, "rows": rows})

    def drop_quotes(self) -> None:
        """Lose the quote service's connections and subscriptions."""
        with self._lock:
            self.subscriptions.clear()
            self._traders.update(dict.fromkeys((line for line in self._server.lines if line.kind == "quotes"), False))

    # What the native modules ask.

    def _called(self, line: NativeLine, message: Row) -> None:
        name = message["name"]
        with self._changed:
            if name not in {"start", "is_connected"}:
                self.requests.append((name, message.get("request", message)))
                self._changed.notify_all()
            while name in self._hanging or "*" in self._hanging or line in self._frozen:
                self._changed.wait()
            if line.kind == "quotes":
                line.answer(message, self._quoted(line, name, message))
            elif name == "connect":
                line.answer(message, self._connect(line, message["session"]))
            else:
                if name == "stop":
                    self._traders.pop(line, None)
                # A native sender returns at once; the answer comes on its own.
                if self.lies.overtake:
                    threading.Timer(0.2, line.answer, (message, 0)).start()
                else:
                    line.answer(message, 0)
                if self._traders.get(line) and not {name, "*"} & self.lies.silent:
                    self._answer(line, name, message["seq"], message["request"])
                elif name.startswith(("query", "subscribe")) and line in self._traders and not self.lies.silent:
                    line.tell(_BINDS[name], [message["seq"], -1 if name == "subscribe" else None])

    def _connect(self, line: NativeLine, session: int) -> int:
        code = self.lies.connect_code if self.running else -1
        self.sessions.append(session)
        if code == 0:
            self._traders[line] = True
        return code

    def _answer(self, line: NativeLine, name: str, seq: int, request: Row) -> None:
        account = request.get("m_strAccountID", "")
        mine = [row for row in self.orders if row["account_id"] == account]
        dead = self.lies.dead_link
        match name:
            case "orderStock":
                self._order(line, seq, request)
            case "cancelOrderStock":
                self._cancel(line, seq, request)
            case "subscribe":
                known = account in self.accounts
                line.tell("SubscribeResp", [seq, self.lies.subscribe_code if known else -1])
            case "unsubscribe":
                line.tell("UnsubscribeResp", [seq, 0])
            case "queryStockAsset":
                asset = {"account_type": 2, "account_id": account, "cash": self.cash, "frozen_cash": 0.0}
                asset |= {"market_value": 0.0, "total_asset": self.cash}
                line.tell("QueryStockAsset", [seq, None if dead or self.lies.asset_none else [asset]])
            case "queryStockOrders":
                line.tell("QueryStockOrders", [seq, self._listed([] if dead else self._shown(mine))])
            case "queryStockTrades":
                fills = [row for row in self.fills if row["account_id"] == account]
                line.tell("QueryStockTrades", [seq, self._listed([] if dead else self._shown(fills))])
            case "queryStockPositions":
                line.tell("QueryStockPositions", [seq, self._listed([] if dead else self.positions)])
            case "queryAccountStatus":
                states = {} if self.lies.no_status else self.accounts
                rows = [{"m_strAccountID": one, "m_nAccountType": 2, "m_nStatus": at} for one, at in states.items()]
                line.tell("QueryAccountStatus", [seq, rows])
            case _:
                raise AssertionError(f"the stand-in does not know {name}")

    def _row(self, request: Row) -> Row:
        row = {
            "account_type": 2,
            "account_id": request["m_strAccountID"],
            "stock_code": request["m_strStockCode"],
            "order_id": next(self._order_ids),
            "order_sysid": "",
            "order_time": int(time.time()),
            "order_type": request["m_nOrderType"],
            "order_volume": request["m_nOrderVolume"],
            "price_type": 50,
            "price": request["m_dPrice"],
            "traded_volume": 0,
            "traded_price": 0.0,
            "order_status": 48,
            "status_msg": "",
            "strategy_name": request["m_strStrategyName"],
            "order_remark": self.lies.remark(request["m_strOrderRemark"]),
            "direction": 48,
            "offset_flag": 48 if request["m_nOrderType"] == 23 else 49,
        }
        self.orders.append(row)
        return row

    def _order(self, line: NativeLine, seq: int, request: Row) -> None:
        lies = self.lies
        response = {
            "m_strAccountID": request["m_strAccountID"],
            "m_nOrderID": -1,
            "m_strStrategyName": request["m_strStrategyName"],
            "m_strOrderRemark": lies.remark(request["m_strOrderRemark"]),
            "m_strErrorMsg": lies.refuse,
        }
        if lies.refuse:
            line.tell("OrderStockResp", [seq, response])
            return
        row = None if lies.vanish else self._row(request)
        number = next(self._order_ids) if row is None else row["order_id"]
        response["m_nOrderID"] = -1 if lies.minus_one else number
        if not lies.pushes_first:
            line.tell("OrderStockResp", [seq, response])
        if row is not None and lies.reject:
            self.move(row, 57, lies.reject)
            error = {"account_id": row["account_id"], "order_id": number, "error_id": 260200, "error_msg": lies.reject}
            self._push("OrderError", {**error, "order_remark": row["order_remark"], "strategy_name": "", "seq": seq})
        elif row is not None:
            for status in lies.statuses:
                self.move(row, status, "废单" if status == 57 else "")
            if self.fills_from is not None and row["price"] >= self.fills_from:
                self.fill(row, row["order_volume"])
        if lies.pushes_first:
            line.tell("OrderStockResp", [seq, response])

    def _cancel(self, line: NativeLine, seq: int, request: Row) -> None:
        number, sysid = request["m_nOrderID"], request["m_strOrderSysID"]
        found = [row for row in self.orders if number and row["order_id"] == number]
        if not number:
            market = request["m_strMarket"]
            found = [row for row in self.orders if row["order_sysid"] == sysid and row["stock_code"].endswith(market)]
        possible = bool(found) and found[0]["order_status"] in WORKING
        accepted = possible
        if self.lies.cancel:
            accepted = self.lies.cancel == "accepted_yet_not"
        response = {"m_strAccountID": request["m_strAccountID"], "m_nCancelResult": 0 if accepted else -1}
        response |= {"m_nOrderID": number, "m_strOrderSysID": sysid, "m_strErrorMsg": "" if accepted else "撤单失败"}
        line.tell("CancelOrderStockResp", [seq, response])
        if possible and self.lies.cancel != "accepted_yet_not":
            part = found[0]["traded_volume"] > 0
            self.move(found[0], 52 if part else 51)
            self.move(found[0], 53 if part else 54)
        elif not accepted:
            error = {"account_id": request["m_strAccountID"], "order_id": number, "order_sysid": sysid, "error_id": -61}
            self._push("CancelError", {**error, "market": 0, "error_msg": "撤单失败"})

    def _push(self, callback: str, row: Row) -> None:
        (copy,) = self._shown([row])
        for line in [line for line, alive in self._traders.items() if alive and line.kind == "trader"]:
            for _ in range(2 if self.lies.double else 1):
                if self.lies.reorder:
                    self._kept.append((line, callback, [copy]))
                elif self.lies.late_s:
                    threading.Timer(self.lies.late_s, line.tell, (callback, [copy])).start()
                else:
                    line.tell(callback, [copy])
        self._changed.notify_all()

    def _listed(self, rows: list[Row]) -> list[Row] | None:
        return None if self.lies.empty_is_none and not rows else rows

    def _shown(self, rows: list[Row]) -> list[Row]:
        return [{name: value for name, value in row.items() if name not in self.lies.forget} for row in rows]

    def _quoted(self, line: NativeLine, name: str, message: Row) -> Any:
        match name:
            case "connect":
                self._traders[line] = self.quotes_up
                return 0 if self.quotes_up else -1
            case "is_connected":
                return bool(self._traders.get(line))
            case "get_full_tick":
                return {code: self.ticks[code] for code in message["codes"] if code in self.ticks}
            case "subscribe":
                self.subscriptions[line, message["number"]] = (message["codes"], message["single"])
                return self.lies.subscribe_code
            case "unsubscribe":
                self.subscriptions.pop((line, message["number"]), None)
                return 0
            case "get_instrument_detail":
                return self.details.get(message["code"])
            case "download":
                total = len(message["codes"])
                for done in range(1, total + 1):
                    line.send({"number": 0, "rows": {"finished": done, "total": total, "message": ""}})
                return 0
            case "bars":
                return self.bars
            case _:
                raise AssertionError(f"the stand-in does not know {name}")


_BINDS = {
    "subscribe": "SubscribeResp",
    "queryStockAsset": "QueryStockAsset",
    "queryStockOrders": "QueryStockOrders",
    "queryStockTrades": "QueryStockTrades",
    "queryStockPositions": "QueryStockPositions",
    "queryAccountStatus": "QueryAccountStatus",
}
