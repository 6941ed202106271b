"""Reading: the tables of what is shown, filtered and paged beside the event loop, never on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import FileResponse, Response, StreamingResponse

from qmt_trading.codec import control as wire
from qmt_trading.codec import view_json
from qmt_trading.codec.timeline_json import timeline
from qmt_trading.codec.view_json import Plain
from qmt_trading.model.numbers import to_text
from qmt_trading.model.view import Rows
from qmt_trading.panel import answers, backtests, csv_rows, logs, shown
from qmt_trading.panel.asking import quotes_of
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.guard import reader
from qmt_trading.panel.orders_index import ALERTS, FILLS, ORDERS, SIGNALS, Index, Kind
from qmt_trading.panel.queries import AccountQuery, LogQuery, NoQuery, SymbolsQuery, TableQuery, checked
from qmt_trading.panel.refusals import RefusedError

QUOTES_MAX: Final = 200
_EMPTY: Final[Rows[Any]] = Rows()

Seq = Annotated[int, Path(ge=0, le=1 << 53)]
Name = Annotated[str, Path(max_length=128)]


class Reading:
    """The routes that read; each runs on a thread of the pool."""

    def __init__(self, parts: DataParts) -> None:
        self._parts = parts
        self._orders = Index(ORDERS)
        self._fills = Index(FILLS)
        self._signals = Index(SIGNALS)
        self._alerts = Index(ALERTS)
        self._alert_rows: tuple[object, Rows[Any]] = ((), _EMPTY)

    def router(self) -> APIRouter:
        """Return the routes, all open to people and to keys that may read."""
        router = APIRouter(prefix="/api/v1", dependencies=[Depends(reader)], tags=["reading"])
        for path, endpoint in (
            ("status", self.status),
            ("accounts", self.accounts),
            ("positions", self.positions),
            ("timed", self.timed),
            ("risk", self.risk),
            ("doors", self.doors),
            ("morning", self.morning),
            ("differences", self.differences),
            ("orders", self.orders),
            ("orders.csv", self.orders_csv),
            ("fills", self.fills),
            ("fills.csv", self.fills_csv),
            ("signals", self.signals),
            ("signals/{seq}", self.signal),
            ("alerts", self.alerts),
            ("equity", self.equity),
            ("quotes", self.quotes),
            ("logs", self.log_lines),
            ("limits/history", self.limit_history),
            ("backtests", self.backtests),
            ("backtests/{name}", self.backtest),
            ("backtests/{name}/report.html", self.report),
        ):
            router.add_api_route(f"/{path}", endpoint, methods=["GET"], response_class=Response)
        return router

    def status(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return how things stand: one row, also without an engine or a journal."""
        now = self._parts.board.shown
        return answers.table(now, [shown.status_row(now)], source=answers.source_of(now))

    def accounts(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return the accounts with their money, links and conditions."""
        return self._whole(shown.account_rows)

    def positions(self, query: Annotated[AccountQuery, Query()]) -> Response:
        """Return what is held."""
        return self._whole(lambda now: shown.position_rows(now, query.account))

    def timed(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return the instructions that wait for their time, and what became of today's others."""
        return self._whole(lambda now: view_json.timed_rows(now.view) if now.view is not None else [])

    def risk(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return each scope's limits beside what it has used of them."""
        return self._whole(shown.risk_rows)

    def differences(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return our books beside the broker's, a row for each account."""
        return self._whole(shown.difference_rows)

    def limit_history(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return who has set which limit today, and why."""
        return self._whole(shown.limit_history)

    def doors(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return the doors for signals as the engine told of them last."""
        now = self._parts.board.shown
        return answers.table(now, list(now.engine.doors), source=answers.ENGINE)

    def morning(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return the checklist of each account as of now; without an engine, what is on record of it."""
        try:
            rows = self._parts.ask(wire.Read("morning"))
        except (wire.ControlError, OSError):
            return self._whole(shown.account_rows)
        return answers.table(self._parts.board.shown, rows, source=answers.ENGINE)

    def orders(self, query: Annotated[TableQuery, Query()]) -> Response:
        """Return a page of the orders."""
        return self._page(self._orders, ORDERS, query, lambda view: view.orders)

    def fills(self, query: Annotated[TableQuery, Query()]) -> Response:
        """Return a page of the fills."""
        return self._page(self._fills, FILLS, query, lambda view: view.fills)

    def signals(self, query: Annotated[TableQuery, Query()]) -> Response:
        """Return a page of the signals."""
        return self._page(self._signals, SIGNALS, query, lambda view: view.signals)

    def alerts(self, query: Annotated[TableQuery, Query()]) -> Response:
        """Return a page of the alerts that are still remembered."""
        return self._page(self._alerts, ALERTS, query, self._rows_of_alerts)

    def orders_csv(self, query: Annotated[TableQuery, Query()]) -> Response:
        """Return all orders that the filters let through, as CSV."""
        return self._csv(self._orders, ORDERS, query, lambda view: view.orders, csv_rows.ORDERS, "orders")

    def fills_csv(self, query: Annotated[TableQuery, Query()]) -> Response:
        """Return all fills that the filters let through, as CSV."""
        return self._csv(self._fills, FILLS, query, lambda view: view.fills, csv_rows.FILLS, "fills")

    def signal(self, seq: Seq, query: Annotated[NoQuery, Query()]) -> Response:
        """Return one signal and its life, hop by hop."""
        view = self._parts.board.shown.view
        found = next((row for row in view.signals if row.seq == seq), None) if view is not None else None
        if view is None or found is None:
            raise RefusedError("not_found", f"没有信号 {seq}", f"there is no signal {seq}")
        return answers.answer({"signal": view_json.signal(found), "timeline": timeline(view, seq)})

    def equity(self, query: Annotated[AccountQuery, Query()]) -> Response:
        """Return today's curve of one account, or of all together."""
        view = self._parts.board.shown.view
        morning = 0
        for row in view.accounts if view is not None else ():
            if query.account in ("", row.account):
                morning += row.morning_assets
        points = self._parts.board.equity(query.account)
        return answers.answer({"points": points, "morning": to_text(morning) if morning else None})

    def quotes(self, query: Annotated[SymbolsQuery, Query()]) -> Response:
        """Return the engine's quotes of some symbols, each with its age."""
        symbols = query.listed()
        if len(symbols) > QUOTES_MAX:
            raise RefusedError("invalid", f"一次最多 {QUOTES_MAX} 个代码", f"at most {QUOTES_MAX} symbols at once")
        now = self._parts.board.shown
        known = now.engine.quotes
        if now.engine.runs and not all(symbol in known for symbol in symbols):
            with contextlib.suppress(wire.ControlError, OSError):  # Those told before are told with their age.
                known = {**known, **quotes_of(self._parts.ask(wire.Quotes(tuple(symbols))))}
        rows = [
            {**known[symbol], "age_s": shown.quote_age_s(known[symbol], now.now_ns)}
            for symbol in symbols
            if symbol in known
        ]
        return answers.table(now, rows, source=answers.ENGINE)

    def log_lines(self, query: Annotated[LogQuery, Query()]) -> Response:
        """Return lines of the log: the newest, or those written since a place that an earlier answer named."""
        folder = self._parts.logs_folder
        try:
            if query.after:
                found = logs.after(folder, query.after, level=query.level, q=query.q, limit=query.limit)
            else:
                found = logs.newest(folder, level=query.level, q=query.q, limit=query.limit)
        except logs.PlaceError as error:
            raise RefusedError("invalid", "after 不是本接口给出的位置", "after is no place of this log") from error
        except OSError as error:
            raise RefusedError("log_unreadable", f"日志读不出来：{error}", f"{error}", status=503) from error
        return answers.answer(found)

    def backtests(self, query: Annotated[NoQuery, Query()]) -> Response:
        """Return the reports of backtests, the newest first."""
        return self._whole(lambda now: backtests.rows(self._parts.reports_folder))

    def backtest(self, name: Name, query: Annotated[NoQuery, Query()]) -> Response:
        """Return the figures of one report."""
        found = backtests.figures(self._parts.reports_folder, name)
        if found is None:
            raise RefusedError("not_found", "没有这份回测报告", "there is no such report")
        return answers.answer(found)

    def report(self, name: Name, query: Annotated[NoQuery, Query()]) -> Response:
        """Return the page of one report, shut into a sandbox of its own."""
        path = backtests.page(self._parts.reports_folder, name)
        if path is None:
            raise RefusedError("not_found", "没有这份回测报告", "there is no such report")
        headers = {"Content-Security-Policy": backtests.PAGE_POLICY, "X-Frame-Options": "SAMEORIGIN"}
        return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)

    def _whole(self, rows: Callable[[shown.Shown], list[Plain]]) -> Response:
        now = self._parts.board.shown
        return answers.table(now, rows(now))

    def _page(
        self, index: Index[Any], kind: Kind[Any], query: TableQuery, rows_of: Callable[[Any], Rows[Any]]
    ) -> Response:
        wish = checked(kind, query)
        now = self._parts.board.shown
        rows = rows_of(now.view) if now.view is not None else _EMPTY
        page, total = index.page(rows, wish, query.offset, query.limit)
        return answers.table(now, page, total=total)

    def _csv(
        self,
        index: Index[Any],
        kind: Kind[Any],
        query: TableQuery,
        rows_of: Callable[[Any], Rows[Any]],
        columns: dict[str, str],
        name: str,
    ) -> Response:
        wish = checked(kind, query)
        view = self._parts.board.shown.view
        found = index.find(rows_of(view), wish) if view is not None else ()
        day = view.day.isoformat() if view is not None and view.day is not None else "none"
        pieces: Iterable[bytes] = csv_rows.lines(columns, found, kind.plain)
        headers = {"Content-Disposition": f'attachment; filename="qmt-{name}-{day}.csv"'}
        return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)

    def _rows_of_alerts(self, view: Any) -> Rows[Any]:
        """Return the alerts as a table, the same one for as long as they are the same."""
        if self._alert_rows[0] is not view.alerts:
            self._alert_rows = (view.alerts, Rows.of(view.alerts))
        return self._alert_rows[1]
