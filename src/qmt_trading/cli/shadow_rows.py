"""The rows of ``qmt shadow``: decisions and comparisons in a trader's words."""

from __future__ import annotations

from typing import Final

from qmt_trading.cli.show import Column
from qmt_trading.codec.view_json import SIDE_TEXT
from qmt_trading.market.instruments import kind_of
from qmt_trading.model.instant import to_clock_text, to_iso_text
from qmt_trading.model.instrument import EVERY_SYMBOL
from qmt_trading.model.numbers import to_text
from qmt_trading.model.words import UNIT_TEXT
from qmt_trading.run.shadow_compare import Compared, Comparison, Deed, Outcome, What
from qmt_trading.run.shadow_day import ShadowDay

Row = dict[str, object]

OUTCOME_TEXT: Final = {
    Outcome.MATCHED: "对上",
    Outcome.DIFFERENT: "价量不同",
    Outcome.ONLY_OURS: "只有我们",
    Outcome.ONLY_THEIRS: "只有对方",
    Outcome.DENIED: "我们会拦下",
    Outcome.OVERTAKEN: "先成交，看不出",
}
COLUMNS: Final = (
    Column("time", "时间"),
    Column("account", "账户"),
    Column("symbol", "代码"),
    Column("deed_text", "动作"),
    Column("outcome_text", "结果"),
    Column("ours_text", "本应"),
    Column("theirs_text", "实际"),
    Column("late_text", "晚（秒）", right=True),
    Column("number", "委托编号", drop=1),
    Column("seq", "信号", right=True, drop=2),
    Column("why", "说明", flexible=True),
)


def decisions(day: ShadowDay) -> list[Row]:
    """Return what would have been done, and what was refused, in the order of time."""
    return [
        {
            "at": to_iso_text(deed.at_ns),
            "time": to_clock_text(deed.at_ns),
            "what": deed.what.value,
            "account": deed.account,
            "symbol": deed.symbol,
            "side": deed.side.value if deed.side is not None else None,
            "quantity": deed.quantity or None,
            "price": to_text(deed.price) if deed.price else None,
            "client_order_id": deed.order or None,
            "number": deed.number or None,
            "seq": deed.seq or None,
            "refused": deed.refused or None,
            "told": _told(deed),
        }
        for deed in day.ours
    ]


def _told(deed: Deed) -> str:
    by = f"信号 {deed.seq}" if deed.seq > 0 else "人工"
    what = f"{deed.account} {_symbol(deed)} "
    if deed.refused:
        return f"{what}{_deed(deed)}：已拦截，{deed.refused}（{by}）"
    if deed.what is What.CANCEL:
        return f"{what}本应撤单，委托 {deed.number or deed.order}（{_figures(deed)}，{by}）"
    return f"{what}本应{_deed(deed)} {_figures(deed)}（{by}）"


def _symbol(deed: Deed) -> str:
    return "所有股票" if deed.symbol == EVERY_SYMBOL else deed.symbol


def _deed(deed: Deed) -> str:
    if deed.what is What.CANCEL:
        return "撤单"
    return SIDE_TEXT[deed.side] if deed.side is not None else "委托"


def _figures(deed: Deed | None) -> str:
    """Return quantity and price; nothing of what was refused before they were known."""
    if deed is None or not deed.quantity:
        return ""
    kind = kind_of(deed.symbol)
    unit = UNIT_TEXT.get(kind, "股") if kind is not None else "股"
    return f"{deed.quantity} {unit} @ {to_text(deed.price)}"


def rows_of(found: Comparison) -> list[Row]:
    return [_row(each) for each in found.rows]


def _row(each: Compared) -> Row:
    deed, ours, theirs, late_ns = each.deed, each.ours, each.theirs, each.late_ns
    return {
        "at": to_iso_text(each.at_ns),
        "time": to_clock_text(each.at_ns),
        "account": deed.account,
        "symbol": deed.symbol,
        "what": deed.what.value,
        "side": deed.side.value if deed.side is not None else None,
        "deed_text": _deed(deed),
        "outcome": each.outcome.value,
        "outcome_text": OUTCOME_TEXT[each.outcome],
        "ours_at": to_iso_text(ours.at_ns) if ours is not None else None,
        "theirs_at": to_iso_text(theirs.at_ns) if theirs is not None else None,
        "late_ms": round(late_ns / 1e6, 3) if late_ns is not None else None,
        "late_text": f"{late_ns / 1e9:+.3f}" if late_ns is not None else "",
        "ours_text": _side_of(ours),
        "theirs_text": _side_of(theirs),
        "ours_quantity": ours.quantity or None if ours is not None else None,
        "theirs_quantity": theirs.quantity if theirs is not None else None,
        "ours_price": to_text(ours.price) if ours is not None and ours.price else None,
        "theirs_price": to_text(theirs.price) if theirs is not None else None,
        "number": deed.number,
        "seq": ours.seq or None if ours is not None else None,
        "why": _why(each),
    }


def _side_of(deed: Deed | None) -> str:
    """Return what one side did, or would have; a dash where it did nothing."""
    if deed is None or deed.refused:
        return "–"
    return "撤" if deed.what is What.CANCEL else _figures(deed)


def _why(each: Compared) -> str:
    ours, theirs = each.ours, each.theirs
    match each.outcome:
        case Outcome.DENIED:
            return ours.refused if ours is not None else ""
        case Outcome.DIFFERENT if ours is not None and theirs is not None:
            quantity, price = theirs.quantity - ours.quantity, theirs.price - ours.price
            told = [f"数量差 {quantity:+}"] if quantity else []
            told += [f"价格差 {'+' if price > 0 else ''}{to_text(price)}"] if price else []
            return "，".join(told)
        case Outcome.ONLY_THEIRS:
            return "没有让我们这样做的信号，或相差超过 --window"
        case Outcome.ONLY_OURS:
            return "账户里没有发生，或相差超过 --window"
        case Outcome.OVERTAKEN:
            return "委托先成交或作废"
        case _:
            return ""


def heading(day: ShadowDay) -> str:
    """Return of which day, and from when on, the accounts were watched."""
    watched = [f"{account} {to_clock_text(at_ns)[:8]} 起" for account, at_ns in day.watched]
    return f"观察模式对照 {day.day}（{'，'.join(watched) or '没有看到柜台'}，至 {to_clock_text(day.until_ns)[:8]}）"


def remarks(day: ShadowDay, found: Comparison) -> list[str]:
    """Return what makes the comparison say less than it seems to."""
    told: list[str] = []
    if day.before:
        told.append(f"开始观察之前已有 {day.before} 笔委托或撤单，不在对照之内")
    if day.starts > 1:
        told.append(f"当天启动了 {day.starts} 次，中间的信号没有人判断")
    if not day.closed:
        told.append("当天还没有收盘，或没有观察到收盘")
    if not found.count(Outcome.MATCHED):
        told.append("没有一笔对上：这一天没有证明什么")
    return told


def totals(found: Comparison) -> str:
    return "，".join(f"{text} {found.count(outcome)}" for outcome, text in OUTCOME_TEXT.items())


def summary(day: ShadowDay, found: Comparison) -> Row:
    """Return the first row of the JSON: totals, and what they rest on."""
    return {
        "day": day.day.isoformat(),
        "differences": found.differences,
        **{outcome.value: found.count(outcome) for outcome in Outcome},
        "watched": {account: to_iso_text(at_ns) for account, at_ns in day.watched},
        "until": to_iso_text(day.until_ns),
        "before": day.before,
        "starts": day.starts,
        "closed": day.closed,
    }
