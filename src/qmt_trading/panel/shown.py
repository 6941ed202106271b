"""What the panel knows at one instant: the journal's view, what the engine told besides, and both as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from qmt_trading.codec import reconcile_json, risk_json, view_json
from qmt_trading.codec.view_json import Plain
from qmt_trading.engine.risk.standing import standings
from qmt_trading.market.phases import Phase
from qmt_trading.market.sessions import Session
from qmt_trading.model.instant import at_time, day_of, to_iso_text
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.view import View

PHASE_TEXT: Final = {
    Phase.BEFORE_OPEN: ("开盘前", "before the open"),
    Phase.OPENING_AUCTION: ("集合竞价", "opening auction"),
    Phase.OPENING_AUCTION_FIXED: ("集合竞价（不可撤单）", "opening auction, no cancels"),
    Phase.PAUSE: ("待开盘", "pause before the open"),
    Phase.CONTINUOUS: ("连续竞价", "continuous trading"),
    Phase.LUNCH: ("午休", "lunch"),
    Phase.CLOSING_AUCTION: ("收盘集合竞价（不可撤单）", "closing auction, no cancels"),
    Phase.AFTER_HOURS: ("盘后定价", "after-hours trading"),
    Phase.CLOSED: ("收盘", "closed"),
}
_FIGURES: Final = frozenset(
    {"latency", "queues", "clock_offset_source", "host_restarts", "journal_bytes", "disk_free_bytes"}
)
"""What changes with every look: told where somebody asks for it, and pushed to nobody."""
_CONDITION: Final = (
    "condition",
    "condition_text",
    "condition_told",
    "condition_told_en",
    "link_text",
    "morning_red",
    "morning_closed",
    "morning_accepted",
    "morning_at",
)
"""What no record tells of an account: it is the engine's own to say."""


class EngineTold(Struct, frozen=True, kw_only=True):
    """What the engine said when it was asked last. Ages are told by the steady clock."""

    runs: bool = False
    """It answered, or has been silent for no longer than a few seconds."""
    answered_ns: int = 0
    """When it answered last, by the steady clock; 0: never."""
    trouble: str = ""
    """Why it does not answer; Chinese / English."""
    status: Plain = {}
    accounts: Mapping[str, Plain] = {}
    """By account."""
    doors: Sequence[Plain] = ()
    quotes: Mapping[str, Plain] = {}
    """By symbol, with ``quoted_ns`` of the wall clock."""
    prices: Mapping[str, str] = {}


class Shown(Struct, frozen=True, kw_only=True):
    """One instant, for any thread."""

    view: View | None
    """None: there is no journal yet."""
    engine: EngineTold
    now_ns: int
    """Wall clock."""
    steady_ns: int
    version: str
    session: Session
    read_ns: int = 0
    """When the journal was last looked at with success, by the steady clock; 0: never."""
    trouble: str = ""
    """Why the journal cannot be read; Chinese / English."""


def phase_row(session: Session, now_ns: int) -> Plain:
    """Return the phase of Shanghai's main board with its texts and when it ends; without hours it never does."""
    if session.always_open:
        return {"code": Phase.CONTINUOUS.value, "text": "全天可成交", "text_en": "open all day", "until": None}
    span = session.span_at(_STOCK, now_ns)
    text, english = PHASE_TEXT[span.phase]
    until_ns = at_time(day_of(now_ns), 0) + span.ends_ns
    return {"code": span.phase.value, "text": text, "text_en": english, "until": to_iso_text(until_ns)}


_STOCK: Final = Symbol("600000.SH")


def age_s(shown: Shown) -> float | None:
    """Return for how long the engine has not answered; None: it never has."""
    told = shown.engine
    return round((shown.steady_ns - told.answered_ns) / 1e9, 1) if told.answered_ns else None


def status_row(shown: Shown) -> Plain:
    """Return the one row that says how things stand, also where there is no journal and no engine."""
    view, told = shown.view, shown.engine
    row: Plain = {} if view is None else view_json.status(view, running=told.runs)
    if view is not None:
        row |= risk_json.summary(standings(view, shown.now_ns))
    extra = {key: each for key, each in told.status.items() if key not in row and key not in _FIGURES}
    return {
        **row,
        **(extra if told.runs else {}),
        "engine": {"running": told.runs, "age_s": age_s(shown), "trouble": told.trouble or None},
        "quote_age_s": newest_quote_age_s(shown),
        "journal": {"read": view is not None, "trouble": shown.trouble or None},
        "version": shown.version,
        "phase": phase_row(shown.session, shown.now_ns),
        "counts": counts(view) if view is not None else {},
        "unacknowledged": row.get("unacknowledged", 0),
    }


def counts(view: View) -> Plain:
    """Return how many rows the tables have, and how many orders need somebody's eye."""
    return {
        "orders": len(view.orders),
        "working": sum(row.working_orders for row in view.accounts),
        "unknown": sum(row.unknown_orders for row in view.accounts),
        "fills": len(view.fills),
        "signals": len(view.signals),
        "malformed": view.malformed,
        "alerts": len(view.alerts),
        "waiting": len(view.timed),
        **reconcile_json.counted(view),
    }


def account_rows(shown: Shown, profits: view_json.Profits | None = None) -> list[Plain]:
    """Return the accounts, with what the engine says of their links while it runs."""
    if shown.view is None:
        return []
    rows = view_json.accounts(shown.view, running=shown.engine.runs, profits=profits)
    for row in rows if shown.engine.runs else ():
        told = shown.engine.accounts.get(str(row["account"]), {})
        row |= {key: told[key] for key in _CONDITION if key in told}
    return rows


def risk_rows(shown: Shown) -> list[Plain]:
    """Return every scope with its limits."""
    return risk_json.scope_rows(standings(shown.view, shown.now_ns)) if shown.view is not None else []


def difference_rows(shown: Shown) -> list[Plain]:
    """Return ours beside the broker's, a row for each account."""
    return reconcile_json.reconcile_rows(shown.view, shown.now_ns) if shown.view is not None else []


def limit_history(shown: Shown) -> list[Plain]:
    """Return each change of a limit today, from what to what, by whom and why, the newest first."""
    steps = shown.view.limit_steps if shown.view is not None else ()
    return [risk_json.step_row(step) for step in reversed(steps)]


def position_rows(shown: Shown, account: str = "") -> list[Plain]:
    """Return what is held, of one account if named, each with its quote's age in seconds; null: there is no quote."""
    if shown.view is None:
        return []
    quotes = shown.engine.quotes
    return [
        {**row, "quote_age_s": quote_age_s(quotes.get(str(row["symbol"])), shown.now_ns)}
        for row in view_json.positions(shown.view)
        if account in ("", row["account"])
    ]


def quote_age_s(quote: Plain | None, now_ns: int) -> float | None:
    """Return how old a quote is that the engine told of."""
    return None if quote is None else round((now_ns - int(str(quote["quoted_ns"]))) / 1e9, 1)


def newest_quote_age_s(shown: Shown) -> float | None:
    """Return the age of the newest quote that the engine told of; None: there is none."""
    ages = [quote_age_s(row, shown.now_ns) for row in shown.engine.quotes.values()]
    return min((age for age in ages if age is not None), default=None)
