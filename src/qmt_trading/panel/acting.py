"""Acting: every deed goes through the control door, is answered in the engine's own words, and is noted."""

from __future__ import annotations

import functools
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends
from starlette.requests import HTTPConnection
from starlette.responses import Response

from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import Plain
from qmt_trading.link.dial import DialError
from qmt_trading.model.errors import QmtError
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.limits import ScopeKind
from qmt_trading.model.words import SideScope
from qmt_trading.panel import answers, deeds
from qmt_trading.panel.asking import EngineDownError
from qmt_trading.panel.audit import Audit
from qmt_trading.panel.callers import Caller
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.guard import audit_of, operator
from qmt_trading.panel.refusals import RefusedError

Who = Annotated[Caller, Depends(operator)]


async def noted(connection: HTTPConnection) -> Audit:
    """Return where deeds are noted; needs no thread of the pool, which may be busy with tables."""
    return audit_of(connection)


async def came() -> int:
    """Return when a request came, by the machine's steady clock; needs no thread that it could wait for."""
    return time.perf_counter_ns()


Noted = Annotated[Audit, Depends(noted)]
Came = Annotated[int, Depends(came)]
DEEDS_AT_ONCE: Final = 16
"""Threads for deeds alone: a thousand browsers that fetch tables keep none waiting."""
CANCELS_AT_ONCE: Final = 8
HALTS_AT_ONCE: Final = 4
"""Threads for nothing but stops: other deeds that wait for an engine that hangs keep none waiting."""

_log: Final = logging.getLogger("qmt_trading.panel")
_DOWN: Final = (
    "引擎未运行，没有执行：先运行 qmt run；要停新单请点紧急停止（会放置 HALT 文件）",
    "the engine is not running and nothing was done: start it with `qmt run`",
)
_SILENT: Final = (
    "引擎没有及时应答，可能已执行：请先看状态，不要重复操作",
    "the engine has not answered in time; it may have been carried out: look before you repeat it",
)
_FLAG: Final = (
    "引擎没有应答（也可能已经停了），已放置 HALT 文件：运行中的引擎看到它就停新单，未运行的引擎启动后保持停止",
    "no answer from the engine, which may have halted: the HALT file is up, and whatever engine sees it halts",
)


class Acting:
    """The routes that act; each waits for the engine on a thread of its own."""

    def __init__(self, parts: DataParts) -> None:
        self._parts = parts

    def router(self) -> APIRouter:
        """Return the routes, open to operators alone."""
        router = APIRouter(prefix="/api/v1/actions", tags=["acting"])
        places = CapacityLimiter(DEEDS_AT_ONCE)
        own = {"halt": CapacityLimiter(HALTS_AT_ONCE), "cancel": CapacityLimiter(CANCELS_AT_ONCE)}
        for path, endpoint in (
            ("cancel", self.cancel),
            ("cancel-many", self.cancel_many),
            ("halt", self.halt),
            ("resume", self.resume),
            ("resolve", self.resolve),
            ("reconcile", self.reconcile),
            ("limit", self.limit),
            ("confirm-limits", self.confirm_limits),
            ("accept-morning", self.accept_morning),
            ("acknowledge", self.acknowledge),
            ("ignore-difference", self.ignore_difference),
            ("preview", self.preview),
            ("signal", self.signal),
            ("notify-test", self.notify_test),
        ):
            router.add_api_route(
                f"/{path}", _aside(endpoint, own.get(path, places)), methods=["POST"], response_class=Response
            )
        return router

    def cancel(self, deed: deeds.CancelDeed, who: Who, audit: Noted) -> Response:
        """Cancel one order, or what an account or a symbol has working, or everything."""
        asked = self._cancel(who, deed)
        return self._do("cancel", who, audit, deed.about(), lambda: self._ask(asked))

    def cancel_many(self, deed: deeds.CancelManyDeed, who: Who, audit: Noted) -> Response:
        """Cancel the orders that are named; one that cannot be cancelled keeps none of the others.

        Where the engine does not answer for one, the others are not tried: each would wait as long.
        """

        def each() -> list[Plain]:
            rows: list[Plain] = []
            named = list(dict.fromkeys(deed.order_ids))
            for place, order_id in enumerate(named):
                try:
                    rows += self._ask(wire.Cancel(who=who.who, why=deed.why, order_id=order_id))
                except (wire.ControlError, OSError) as error:
                    if isinstance(error, EngineDownError) and not rows:
                        raise
                    if is_silence(error):
                        left = {"done": "no_answer", "text": _SILENT[0], "text_en": _SILENT[1]}
                        return rows + [{**left, "order_id": each} for each in named[place:]]
                    chinese, english = both(str(error))
                    rows.append({"done": "refused", "order_id": order_id, "text": chinese, "text_en": english})
            return rows

        about = {"orders": str(len(deed.order_ids)), "why": deed.why}
        return self._do("cancel-many", who, audit, about, each)

    def halt(self, deed: deeds.HaltDeed, who: Who, audit: Noted) -> Response:
        """Stop trading, or buying; where no engine answers, or not in time, put up the file that halts it.

        One that hangs may have halted already, in memory alone: the file makes it last.
        """
        asked = wire.Halt(
            who=who.who, why=deed.why, account=deed.account, cancel_open=deed.cancel_open, reduce=deed.reduce
        )

        def halted() -> list[Plain]:
            try:
                return self._ask(asked)
            except (DialError, OSError):
                return self._flag(who, deed)
            except wire.ControlError as error:
                if not is_silence(error):
                    raise
                return self._flag(who, deed)

        return self._do("halt", who, audit, deed.about(), halted)

    def _flag(self, who: Caller, deed: deeds.HaltDeed) -> list[Plain]:
        """Put up the flag: it halts everything, which is more than one account or fewer buys, and never less."""
        try:
            self._parts.put_up_halt_flag(f"{who.who}: {deed.why}")
        except OSError as error:
            text = f"引擎没有应答，HALT 文件也放不上（{error}）：请在本机运行 qmt halt，或关闭程序"
            raise RefusedError("engine_down", text, f"no engine answers and HALT cannot be made: {error}") from error
        return [{"done": "flag", "text": _FLAG[0], "text_en": _FLAG[1], "durable": True}]

    def resume(self, deed: deeds.ResumeDeed, who: Who, audit: Noted) -> Response:
        """Release what was halted or reduced; the word must have been typed.

        Who does not say since when what he has seen holds has seen what the panel knows, and nothing later.
        """
        if deed.word not in deeds.WORDS:
            raise RefusedError("word", "请输入 恢复", "type RESUME", status=422)
        asked = wire.Resume(
            who=who.who, why=deed.why, account=deed.account, seen=deed.seen or self._since(deed.account)
        )
        return self._do("resume", who, audit, deed.about(), lambda: self._ask(asked))

    def _since(self, account: str | None) -> str:
        """Return since when the state of ``account``, or the one of all, holds as far as the panel knows.

        Now, where it knows of nothing that anybody did: without an instant the engine would release what is stopped
        between this word and its coming there, which can be long where an engine stands still.
        """
        shown = self._parts.board.shown
        if shown.view is None:
            return to_iso_text(shown.now_ns)
        own = next((row.told for row in shown.view.accounts if row.account == account), None)
        told = own if account is not None else shown.view.told
        return to_iso_text(told.at_ns if told is not None and told.at_ns else shown.now_ns)

    def resolve(self, deed: deeds.ResolveDeed, who: Who, audit: Noted) -> Response:
        """Ask the broker about an unknown order again, or end it by what a person has seen there."""
        asked = wire.Resolve(who=who.who, why=deed.why, client_order_id=deed.client_order_id, status=deed.status)
        return self._do("resolve", who, audit, deed.about(), lambda: self._ask(asked))

    def reconcile(self, deed: deeds.ReconcileDeed, who: Who, audit: Noted) -> Response:
        """Ask the broker for its lists; with accept take its figures where they are proven."""
        asked = wire.Reconcile(who=who.who, why=deed.why, account=deed.account, accept=deed.accept)
        return self._do("reconcile", who, audit, deed.about(), lambda: self._ask(asked))

    def limit(self, deed: deeds.LimitDeed, who: Who, audit: Noted) -> Response:
        """Set one limit of one scope until the day ends."""
        asked = wire.SetLimit(
            who=who.who, why=deed.why, scope=ScopeKind(deed.scope), name=deed.name, limit=deed.limit, value=deed.value
        )
        return self._do("limit", who, audit, deed.about(), lambda: self._ask(asked))

    def confirm_limits(self, deed: deeds.ConfirmLimitsDeed, who: Who, audit: Noted) -> Response:
        """Let limits hold that were set before the last start."""
        asked = wire.ConfirmLimits(who=who.who, why=deed.why)
        return self._do("confirm-limits", who, audit, deed.about(), lambda: self._ask(asked))

    def accept_morning(self, deed: deeds.AcceptMorningDeed, who: Who, audit: Noted) -> Response:
        """Let an account buy although its morning check is red."""
        asked = wire.AcceptMorning(who=who.who, why=deed.why, account=deed.account)
        return self._do("accept-morning", who, audit, deed.about(), lambda: self._ask(asked))

    def acknowledge(self, deed: deeds.AcknowledgeDeed, who: Who, audit: Noted) -> Response:
        """Take note of alerts, by their numbers or all of them."""
        named = () if deed.alerts == "all" else tuple(dict.fromkeys(deed.alerts))
        asked = wire.Acknowledge(who=who.who, why=deed.why, alerts=named, everything=deed.alerts == "all")
        return self._do("acknowledge", who, audit, deed.about(), lambda: self._ask(asked))

    def ignore_difference(self, deed: deeds.IgnoreDifferenceDeed, who: Who, audit: Noted) -> Response:
        """Leave a proven difference as it is until its figures change."""
        asked = wire.IgnoreDifference(who=who.who, why=deed.why, account=deed.account, key=deed.key)
        return self._do("ignore-difference", who, audit, deed.about(), lambda: self._ask(asked))

    def preview(self, deed: deeds.PreviewDeed, who: Who) -> Response:
        """Judge a text as the engine would now; nothing is sent and nothing noted."""
        try:
            return answers.answer({"rows": self._parts.preview(deed.text)})
        except (wire.ControlError, QmtError, OSError, sqlite3.Error) as error:
            raise refused(error) from error

    def signal(self, deed: deeds.SignalDeed, who: Who, audit: Noted, came_ns: Came) -> Response:
        """Send signals by hand, one a line; answered with their receipts."""
        asked = wire.Send(text=deed.text, who=who.who, brought_ns=came_ns)
        return self._do("signal", who, audit, deed.about(), lambda: self._ask(asked), answered)

    def notify_test(self, deed: deeds.NotifyTestDeed, who: Who, audit: Noted) -> Response:
        """Send a test message through one channel to people; 200 also where it has not arrived, with the reason."""
        trouble = self._parts.try_notification(deed.name)
        if trouble is None:
            raise RefusedError("not_found", f"没有通知渠道 {deed.name}", f"there is no channel {deed.name}")
        _note(audit, who, "notify-test", "undelivered" if trouble else "ok", {"name": deed.name})
        chinese, english = both(trouble)
        return answers.answer({"rows": [{"done": not trouble, "text": chinese, "text_en": english}]})

    def _cancel(self, who: Caller, deed: deeds.CancelDeed) -> wire.Cancel:
        return wire.Cancel(
            who=who.who,
            why=deed.why,
            account=deed.account,
            symbol=deed.symbol,
            side=SideScope(deed.side),
            order_id=deed.order_id or "",
            everything=deed.all,
        )

    def _ask(self, asked: wire.ControlRequest) -> list[Plain]:
        """Return what followed; what cannot be read there is refused here, with nothing sent."""
        try:
            wire.decode_request(wire.encode_request(asked).rstrip(b"\n"))
        except wire.ControlError as error:
            chinese, english = both(str(error))
            raise RefusedError("invalid", chinese, english) from error
        return self._parts.ask(asked)

    def _do(
        self,
        action: str,
        who: Caller,
        audit: Audit,
        about: dict[str, str],
        do: Callable[[], list[Plain]],
        ended: Callable[[list[Plain]], str] = lambda _rows: "ok",
    ) -> Response:
        """Do it, note how it ended, and answer with what followed.

        Args:
            ended: what the audit is told of rows that the engine answered with.
        """
        try:
            rows = do()
        except RefusedError as error:
            _note(audit, who, action, error.code, about)
            raise
        except (wire.ControlError, DialError, OSError) as error:
            refusal = refused(error)
            _note(audit, who, action, refusal.code, about)
            raise refusal from error
        silent = any(row.get("done") == "no_answer" for row in rows)
        _note(audit, who, action, "no_answer" if silent else ended(rows), about)
        return answers.answer({"rows": rows})


def answered(receipts: list[Plain]) -> str:
    """Return what the audit is told of signals: the status that all have, else that they differ."""
    found = {str(each.get("status") or "ok") for each in receipts}
    return found.pop() if len(found) == 1 else "mixed"


def _aside(endpoint: Callable[..., Response], places: CapacityLimiter) -> Callable[..., Awaitable[Response]]:
    """Return ``endpoint``, run on a thread of ``places``."""

    @functools.wraps(endpoint)
    async def run(**given: object) -> Response:
        return await to_thread.run_sync(functools.partial(endpoint, **given), limiter=places)

    return run


def _note(audit: Audit, who: Caller, action: str, outcome: str, about: dict[str, str]) -> None:
    """Note a deed that is done already; a disk that takes no more lines undoes none, and the log says so."""
    try:
        audit.note(who, action, outcome, **about)
    except (OSError, sqlite3.Error, QmtError) as error:
        _log.error("操作记录写不进去 / the audit takes no line: %s %s %s: %s", who.who, action, outcome, error)


def refused(error: Exception) -> RefusedError:
    """Return the refusal that tells ``error`` of the control door."""
    if isinstance(error, EngineDownError):
        return RefusedError("engine_down", *_DOWN)
    if isinstance(error, OSError):
        return RefusedError("no_answer", *_SILENT, status=504)
    if is_silence(error):
        return RefusedError("no_answer", *_SILENT, status=504)
    chinese, english = both(str(error))
    return RefusedError("refused", chinese, english, status=409)


def is_silence(error: Exception) -> bool:
    """Tell whether nobody knows what became of what was asked: no answer, or not in time."""
    if isinstance(error, OSError):  # A line that broke, or that nothing came over.
        return True
    return isinstance(error, wire.ControlError) and "in time" in both(str(error))[1]


def both(text: str) -> tuple[str, str]:
    """Return the two halves of a text in both languages; one that has no halves stands for both."""
    chinese, slash, english = text.rpartition(" / ")
    return (chinese, english) if slash else (text, text)
