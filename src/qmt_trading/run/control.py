"""What the control door answers: reading from the view, acting through the inbox."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, assert_never

import msgspec

from qmt_trading import __version__
from qmt_trading.codec import control as wire
from qmt_trading.codec import reconcile_json, view_json
from qmt_trading.codec.malformed import MalformedError, malformed
from qmt_trading.codec.signal import parse
from qmt_trading.codec.symbols import normalise
from qmt_trading.codec.timeline_json import timeline
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.order import ClientOrderId, Order
from qmt_trading.model.signal import AccountId, Heartbeat
from qmt_trading.model.words import TERMINAL, Mode, OrderStatus, TradingState
from qmt_trading.ports import Clock, MarketFeed, SignalSource
from qmt_trading.run import limit_control
from qmt_trading.run.config_doors import CONTROL_DOOR
from qmt_trading.run.day import rows as day_rows
from qmt_trading.run.day.watch import DayWatch
from qmt_trading.run.doors import BroughtDoor
from qmt_trading.run.figures import Figures
from qmt_trading.run.inbox import Inbox
from qmt_trading.run.loop import Loop
from qmt_trading.run.reconcile_control import answered_rows, why_not_ignored
from qmt_trading.run.view_rows import rows_of

WAIT_S: Final = 5.0
QUOTES_MAX: Final = 1000
_ENDS: Final = {
    status.value: status
    for status in (OrderStatus.NOT_SENT, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.UNKNOWN)
}
_WAITED_NS_MAX: Final = 24 * 3600 * SECOND_NS
"""What says to have waited longer goes by another clock than this machine's."""
_DONE: Final = (out.CancelOrder, out.InstructionDropped, out.TradingStateChanged)


class _Waiting:
    """Waits for ``count`` receipts, which come in any order: cancels overtake, what finds no room is told at once."""

    def __init__(self, count: int) -> None:
        self._came = threading.Event()
        self._count = count
        self._lines: dict[int, bytes] = {}

    def places(self) -> Iterator[_Place]:
        """Yield the way back for the receipt of each signal in turn."""
        return (_Place(self, number) for number in itertools.count())

    def take(self, number: int, line: bytes) -> None:
        self._lines[number] = line
        if len(self._lines) == self._count:
            self._came.set()

    def lines(self) -> list[bytes]:
        """Return what came, in the order of the signals.

        Raises:
            ControlError: not all of it came in time; what is missing may still be carried out.
        """
        if self._count and not self._came.wait(WAIT_S):
            raise wire.ControlError("没有等到回执 / no answer in time")
        return [line for _, line in sorted(self._lines.items())]


class _Place:
    """A Reply for one receipt."""

    def __init__(self, waiting: _Waiting, number: int) -> None:
        self._waiting = waiting
        self._number = number

    def __call__(self, line: bytes) -> None:
        self._waiting.take(self._number, line)

    def flush(self) -> None:
        """Do nothing: the line is there already."""


class Control:
    """Answers one line at a time, from any number of threads."""

    def __init__(
        self,
        loop: Loop,
        inbox: Inbox,
        clock: Clock,
        *,
        stop: Callable[[], None],
        config: str = "",
        feed: MarketFeed | None = None,
        chaos: Sequence[str] = (),
    ) -> None:
        """Answer for ``loop``; ``config`` is the digest of the configuration that it was started with.

        Args:
            chaos: what the simulated counter lies about, on purpose; every status says so.
        """
        self._chaos = chaos
        self._loop = loop
        self._inbox = inbox
        self._clock = clock
        self._stop = stop
        self._config = config
        self._feed = feed
        self.doors: Sequence[SignalSource] = ()
        self.day: DayWatch | None = None
        self.figures: Figures | None = None

    def answer(self, line: bytes) -> bytes:
        """Return the answer to one request line; never raises for what the line holds."""
        try:
            request = wire.decode_request(line)
            return wire.encode_answer(self._rows(request))
        except wire.ControlError as error:
            return wire.encode_failure(str(error))

    def _rows(self, request: wire.ControlRequest) -> list[view_json.Plain]:
        match request:
            case wire.Hello():
                return [self._hello()]
            case wire.Read():
                return self._read(request)
            case wire.Timeline():
                return timeline(self._loop.view, request.seq)
            case wire.Quotes():
                quotes = self._quotes(request.symbols[:QUOTES_MAX])
                return [{"quote": msgspec.to_builtins(quote)} for quote in quotes]
            case wire.Send():
                return self._send(request)
            case wire.Deliver():
                return self._deliver(request)
            case wire.Cancel():
                return self._cancel(request)
            case wire.Halt():
                account = None if request.account is None else self._account(request.account)
                return self._halt(request, account)
            case wire.Resume():
                account = None if request.account is None else self._account(request.account)
                return self._resume(request, account)
            case wire.Resolve():
                return self._resolve(request)
            case wire.Reconcile():
                return self._reconcile(request)
            case wire.SetLimit():
                return self._set_limit(request)
            case wire.ConfirmLimits():
                return self._confirm(request)
            case wire.AcceptMorning():
                return self._accept(request)
            case wire.IgnoreDifference():
                return self._ignore(request)
            case wire.Acknowledge():
                return self._acknowledge(request)
            case wire.Stop():
                self._stop()
                return [{"stopping": True}]
            case _:
                assert_never(request)

    def _halt(self, request: wire.Halt, account: AccountId | None) -> list[view_json.Plain]:
        state = TradingState.REDUCING if request.reduce else TradingState.HALTED
        event = ev.HaltRequested(request.who, request.why, account, state, cancel_open=request.cancel_open)
        rows = self._ask(event)
        if any(row["done"] == "state" for row in rows):
            return rows
        told: view_json.Plain = {
            "done": "nothing",
            "text": "已停止，比只卖不买更严：要放宽请先 qmt resume --why 原因",
            "text_en": "it is halted, which is stricter: `qmt resume` first",
            "durable": rows[0]["durable"],
        }
        return [row for row in rows if row["done"] != "nothing"] + [told]

    def _resume(self, request: wire.Resume, account: AccountId | None) -> list[view_json.Plain]:
        rows = self._ask(ev.ResumeRequested(request.who, request.why, account, wire.seen_ns(request.seen)))
        if rows[0]["done"] == "nothing":
            raise wire.ControlError(
                "没有恢复：您看到之后，交易又被停止或收紧过；请先看是谁、为什么，再恢复 / "
                "not released: somebody has halted or reduced it since; look who and why, and release it then"
            )
        return rows

    def _set_limit(self, request: wire.SetLimit) -> list[view_json.Plain]:
        view = self._loop.view
        event = limit_control.limit_event(view, request)
        done = self._ask(event, (out.LimitSet,))
        return [limit_control.set_row(view, event, durable=bool(done[0]["durable"]))]

    def _confirm(self, request: wire.ConfirmLimits) -> list[view_json.Plain]:
        waiting = limit_control.waiting(self._loop.view)
        if not waiting:
            return [{"done": "nothing", "text": "没有待确认的限额", "text_en": "no limit waits", "durable": True}]
        done = self._ask(ev.LimitsConfirmed(request.who, request.why))
        return [limit_control.confirmed_row(each, durable=bool(done[0]["durable"])) for each in waiting]

    def _accept(self, request: wire.AcceptMorning) -> list[view_json.Plain]:
        account = self._account(request.account)
        row = next(each for each in self._loop.view.accounts if each.account == account)
        if not row.morning.closed:
            text, english = "该账户没有被检查拦住，不用确认", "nothing of this account's check closes it"
            return [{"done": "nothing", "account": account, "text": text, "text_en": english, "durable": True}]
        return self._ask(ev.MorningAccepted(request.who, request.why, account), (out.Alert,))

    def _acknowledge(self, request: wire.Acknowledge) -> list[view_json.Plain]:
        event = ev.AcknowledgeRequested(request.who, request.why, request.alerts, request.everything)
        rows = self._ask(event, (out.AlertsAcknowledged,))
        if rows[0]["done"] == "nothing":
            known = {row.id for row in self._loop.view.alerts}
            strange = [str(number) for number in request.alerts if number not in known]
            if strange:
                raise wire.ControlError(
                    f"没有编号 {'、'.join(strange)} 的提醒（或已太久），一条也没有确认；编号见 qmt alerts / "
                    f"no alert has number {', '.join(strange)}, or it is too old; none was acknowledged"
                )
            rows[0] |= {"text": "没有待确认的提醒", "text_en": "all of it is acknowledged already"}
        return rows

    def _quotes(self, symbols: Sequence[str]) -> list[Quote]:
        now_ns = self._clock.now_ns()
        found = [self._feed.quote(Symbol(symbol), now_ns) for symbol in symbols] if self._feed is not None else []
        return [quote for quote in found if quote is not None]

    def _hello(self) -> view_json.Plain:
        view = self._loop.view
        day = view.day.isoformat() if view.day is not None else None
        return {
            "program": "qmt-trading-system",
            "version": __version__,
            "mode": view.mode.value,
            "day": day,
            "config": self._config or None,
        }

    def _cancel(self, request: wire.Cancel) -> list[view_json.Plain]:
        """Cancel first, and look for the reason only when nothing was there: the view may lag behind."""
        event = ev.CancelRequested(
            request.who,
            request.why,
            None if request.account is None else self._account(request.account),
            None if request.symbol is None else _symbol(request.symbol),
            request.side,
            request.order_id,
        )
        rows = self._ask(event)
        if rows[0]["done"] == "nothing":
            if request.order_id:
                found = self._find(request.order_id)
                if found is None:
                    raise wire.ControlError(f"没有编号 {request.order_id} 的委托 / no order has this id")
                self._check_one(request, event.account)
                state = view_json.order_text(found)
                raise wire.ControlError(f"该委托{state}，没有可撤的 / nothing of it is left to cancel")
            rows[0] |= {"text": "没有符合条件的未成交委托", "text_en": "no working order matches"}
        return rows

    def _check_one(self, request: wire.Cancel, account: AccountId | None) -> None:
        """Refuse a number that several working orders bear: nothing was cancelled."""
        bearing = [
            row
            for row in self._loop.view.orders
            if row.status not in TERMINAL
            and account in (None, row.account)
            and request.order_id in (row.broker_order_id, row.venue_order_id)
        ]
        if len(bearing) > 1:
            told = "；".join(f"{row.client_order_id}（{row.account} {row.symbol}）" for row in bearing[:5])
            raise wire.ControlError(
                f"{len(bearing)} 笔委托都是编号 {request.order_id}，一笔都没有撤：请写本地编号：{told}"
                f" / {len(bearing)} orders bear this number and none was cancelled: say its local id"
            )

    def _resolve(self, request: wire.Resolve) -> list[view_json.Plain]:
        status = _ENDS.get(request.status)
        if status is None:
            raise wire.ControlError(f"状态应是其中之一 / one of: {', '.join(_ENDS)}")
        name = ClientOrderId(request.client_order_id)
        event = ev.ResolveRequested(request.who, request.why, name, status)
        rows = self._ask(event, (out.OrderEnded, out.QueryBroker))
        if rows[0]["done"] == "nothing":
            found = self._find(request.client_order_id)
            if found is None:
                raise wire.ControlError(f"没有编号 {request.client_order_id} 的委托 / no order has this id")
            if found.client_order_id != name:
                raise wire.ControlError(f"请用本地编号 {found.client_order_id} / name it by our own id")
            state = view_json.order_text(found)
            raise wire.ControlError(f"该委托{state}，不是待核实 / its outcome is known")
        return rows

    def _reconcile(self, request: wire.Reconcile) -> list[view_json.Plain]:
        account = None if request.account is None else self._account(request.account)
        asked_ns = self._clock.now_ns()
        self._ask(ev.ReconcileRequested(request.who, request.why, account, request.accept))
        accounts = [row.account for row in self._loop.view.accounts if account in (None, row.account)]
        return answered_rows(lambda: self._loop.view, accounts, asked_ns, self._clock.now_ns)

    def _ignore(self, request: wire.IgnoreDifference) -> list[view_json.Plain]:
        account = self._account(request.account)
        event = ev.IgnoreDifferenceRequested(request.who, request.why, account, request.key)
        rows = self._ask(event, (out.DifferenceIgnored, out.TradingStateChanged))
        if rows[0]["done"] == "nothing":
            raise wire.ControlError(why_not_ignored(self._loop.view, account, request.key))
        return rows

    def _find(self, number: str) -> Order | None:
        """Return the order that has ``number`` as one of its ids."""
        for row in self._loop.view.orders:
            if number in (row.client_order_id, row.broker_order_id, row.venue_order_id):
                return row
        return None

    def _read(self, request: wire.Read) -> list[view_json.Plain]:
        if request.table == "doors":
            return [
                {
                    "door": door.name,
                    "condition": door.condition()[0],
                    "condition_en": door.condition()[1],
                    "takes_keys": isinstance(door, BroughtDoor),
                }
                for door in self.doors
            ]
        if request.table == "morning" and self.day is not None:
            return day_rows.morning_rows(self._loop.view, self.day)
        try:
            rows = rows_of(self._loop.view, request.table, max(1, request.limit), now_ns=self._clock.now_ns())
        except KeyError as error:
            raise wire.ControlError(f"没有这张表 / no such table: {request.table}") from error
        if request.table == "status":
            rows[0]["journal_closed"] = self._loop.closed or None
            rows[0]["chaos"] = list(self._chaos) or None
            rows[0]["turns"] = self._loop.head[0]
            rows[0] |= self.figures.row() if self.figures is not None else {}
            rows[0] |= day_rows.summary(self._loop.view, self.day) if self.day is not None else {}
        elif request.table == "accounts" and self.day is not None:
            day_rows.with_conditions(rows, self._loop.view, self.day)
        return rows

    def _account(self, word: str) -> AccountId:
        for row in self._loop.view.accounts:
            if word in (row.account, row.name):
                return row.account
        known = "、".join(f"{row.account} {row.name}".rstrip() for row in self._loop.view.accounts)
        raise wire.ControlError(f"账号未配置：{word}；已有：{known} / account not configured")

    def _send(self, request: wire.Send) -> list[view_json.Plain]:
        lines = [line.encode("utf-8") for line in request.text.splitlines()]
        return self._take(lines, CONTROL_DOOR, request.brought_ns)

    def _deliver(self, request: wire.Deliver) -> list[view_json.Plain]:
        brought = [door.name for door in self.doors if isinstance(door, BroughtDoor)]
        if request.door and request.door not in brought:
            raise wire.ControlError(f"没有这个 http 通道：{request.door} / there is no such door of kind http")
        if not request.door and len(brought) != 1:
            told = "、".join(brought) or '没有：先在配置里加 [[doors]] kind = "http"'
            raise wire.ControlError(f"请写明通道，有：{told} / say which door of kind http")
        text = request.text.strip()
        lines = [" ".join(text.splitlines())] if text[:1] in ("{", "[") else text.splitlines()
        return self._take([line.encode("utf-8") for line in lines], request.door or brought[0], request.brought_ns)

    def _take(self, messages: list[bytes], door: str, brought_ns: int) -> list[view_json.Plain]:
        """Put messages into the inbox as those of ``door``, and return their receipts, in the messages' order."""
        parsed = [each for message in messages for each in parse(message)]
        waiting = _Waiting(sum(not isinstance(each, Heartbeat) for each in parsed))
        waited_ns = self._clock.steady_ns() - brought_ns if brought_ns else 0
        if not 0 <= waited_ns < _WAITED_NS_MAX:
            waited_ns = 0
        places = waiting.places()
        for message in messages:
            self._inbox.message_in_parts(door, message, self._clock.now_ns() - waited_ns, places)
        return [msgspec.json.decode(line) for line in waiting.lines()]

    def _ask(self, request: ev.Request, shown: tuple[type[out.Output], ...] = _DONE) -> list[view_json.Plain]:
        """Return what followed from ``request``, of the kinds that a person asked for."""
        done = threading.Event()
        rows: list[view_json.Plain] = []

        def answered(outputs: list[out.Output], durable: bool) -> None:
            rows.extend(_told(output, durable=durable) for output in outputs if isinstance(output, shown))
            if self._loop.view.mode is Mode.SHADOW:
                rows[:] = [{**row, "observed": True} if row["done"] == "cancel" else row for row in rows]
            if not rows:
                rows.append({"done": "nothing", "durable": durable})
            done.set()

        self._inbox.ask(request, answered)
        if not done.wait(WAIT_S):
            raise wire.ControlError("引擎没有及时应答 / the engine has not answered in time")
        return rows


def _symbol(written: str) -> Symbol:
    try:
        return normalise(written)
    except MalformedError as error:
        told = malformed(error.code, error.figures, position=0)
        raise wire.ControlError(f"{told.chinese} / {told.english}") from error


def _told(output: out.Output, *, durable: bool) -> view_json.Plain:
    match output:
        case out.CancelOrder():
            return {
                "done": "cancel",
                "account": output.account,
                "symbol": output.symbol,
                "client_order_id": output.client_order_id,
                "broker_order_id": output.broker_order_id,
                "not_before": to_iso_text(output.not_before_ns) if output.not_before_ns else None,
                "durable": durable,
            }
        case out.InstructionDropped():
            return {
                "done": "dropped",
                "instruction": f"{output.seq}.{output.number}",
                "account": output.account,
                "durable": durable,
            }
        case out.TradingStateChanged():
            return {
                "done": "state",
                "account": output.account,
                "state": output.state.value,
                "state_text": view_json.STATE_TEXT[output.state],
                "durable": durable,
            }
        case out.OrderEnded():
            return {
                "done": "ended",
                "client_order_id": output.client_order_id,
                "status": output.status.value,
                "status_text": view_json.STATUS_TEXT[output.status],
                "durable": durable,
            }
        case out.Alert():
            return {
                "done": "alert",
                "account": output.account,
                "text": output.chinese,
                "text_en": output.english,
                "durable": durable,
            }
        case out.DifferenceIgnored():
            return {
                "done": "ignored",
                "account": output.account,
                **reconcile_json.difference(output.difference),
                "durable": durable,
            }
        case out.AlertsAcknowledged():
            return {"done": "acknowledged", "alerts": list(output.alerts), "durable": durable}
        case out.QueryBroker():
            return {"done": "query", "account": output.account, "durable": durable}
        case _:
            return {"done": type(output).__name__, "durable": durable}
