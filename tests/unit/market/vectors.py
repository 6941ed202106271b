"""Judges of the test vectors taken from real data: one function for each topic, from a question to its answer."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec.structs import replace

from qmt_trading.market.cage import cage_bound
from qmt_trading.market.corporate_actions import reference_price
from qmt_trading.market.dividend_tax import tax_millionths
from qmt_trading.market.fees import fee
from qmt_trading.market.limits import part_of, price_band, price_limits
from qmt_trading.market.lots import check_buy, check_sell
from qmt_trading.market.names import listing_of
from qmt_trading.market.phases import Phase, Span, phases_of
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity, from_decimal, notional, to_text
from qmt_trading.model.rule_row import RuleName
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import Side
from tests.actions import action

SAMPLES: Final = {"main": "600000.SH", "bse": "830799.BJ"}
"""A symbol for the vectors that name only a market; Beijing's still had their old codes in 2024."""
NO_COMMISSION: Final = FeeSchedule(commission_millionths=0, commission_minimum=Money(0))


class Vector(NamedTuple):
    """One row of the file."""

    id: str
    topic: str
    market: str
    symbol: Symbol
    day: dt.date
    question: str
    inputs: dict[str, object]
    expected: str

    @staticmethod
    def of(row: dict[str, str]) -> Vector:
        day = dt.date.fromisoformat(row["date"])
        sample = "920222.BJ" if row["market"] == "bse" and day > dt.date(2025, 10, 8) else SAMPLES.get(row["market"])
        return Vector(
            row["id"],
            row["topic"],
            row["market"],
            Symbol(row["symbol"] or sample or ""),
            day,
            row["question"],
            json.loads(row["inputs"]),
            row["expected"],
        )

    def price(self, name: str) -> Price:
        return Price(from_decimal(str(self.inputs.get(name, 0))))

    def listing(self) -> Listing:
        named = listing_of(str(self.inputs.get("name", "")))
        return replace(named, risk_warning=True) if self.inputs.get("is_st") else named

    def rule(self, listing: Listing | None = None) -> TradingRule:
        found = STANDARD.rule(self.symbol, self.day, listing)
        assert found is not None, self.id
        return found

    def figures(self) -> list[int]:
        """Return the whole numbers that the question names."""
        return [int(each.replace(",", "")) for each in re.findall(r"(?<![\d.])\d[\d,]*(?![\d.])", self.question)]


Judge = Callable[[Vector], str]


def limits(vector: Vector) -> str:
    rule = vector.rule(vector.listing())
    if "tick" in vector.inputs:
        assert rule.tick == vector.price("tick"), vector.id
    reference = vector.price("reference_price")
    if not reference:
        reference = Price(from_decimal(re.findall(r"[\d.]+", vector.question)[-1]))
    return told(*price_limits(rule, reference), like=vector.expected)


def percent_of_a_starred_share(vector: Vector) -> str:
    return f"{vector.rule(Listing(risk_warning=True)).limit_millionths / 10_000:g}"


def percent_of_an_s_share(vector: Vector) -> str:
    return f"{vector.rule(Listing(share_reform=True)).limit_millionths / 10_000:g}"


def listing_day_band(vector: Vector) -> str:
    listing = Listing(listed=vector.day, issue_price=vector.price("issue_price"))
    rule = vector.rule(listing)
    assert price_limits(rule, listing.issue_price) == (0, 0)
    high, low = price_band(rule, listing.issue_price)
    rows = STANDARD.explain(vector.symbol, vector.day, listing)
    (opening,) = [each.row.values for each in rows if each.row.name is RuleName.OPENING_BAND]
    return told(high, low, part_of(rule, listing.issue_price, opening[0]), like=vector.expected)


def limit_on_the_listing_day(vector: Vector) -> str:
    rule = vector.rule(Listing(listed=vector.day, issue_price=vector.price("issue_price")))
    return "yes" if rule.limit_millionths else "no"


def limit_on_the_sixth_day(vector: Vector) -> str:
    days = tuple(vector.day - dt.timedelta(days=number) for number in (9, 8, 7, 2, 1, 0))
    free = STANDARD.rule(vector.symbol, days[4], Listing(trading_days=days))
    assert free is not None
    assert free.limit_millionths == 0, "the fifth day has none"
    rule = vector.rule(Listing(trading_days=days))
    return told(*price_limits(rule, vector.price("reference_price")), like=vector.expected)


def limit_on_the_relisting_day(vector: Vector) -> str:
    return "yes" if vector.rule(Listing(relisted=vector.day)).limit_millionths else "no"


def band_of_a_share_swap(vector: Vector) -> str:
    rule = vector.rule(Listing(listed=vector.day, by_swap=True, issue_price=vector.price("reference_price")))
    return "yes" if rule.band_up_millionths or rule.limit_millionths else "no"


def stamp_duty(vector: Vector) -> str:
    worth, shares = worth_of(vector)
    charges = replace(STANDARD.fees(vector.symbol, vector.day), transfer_millionths=0, transfer_par_millionths=0)
    paid = [fee(charges, side, worth, shares, NO_COMMISSION) for side in (Side.BUY, Side.SELL)]
    return told(*paid, like=vector.expected)


def transfer_fee(vector: Vector) -> str:
    worth, shares = worth_of(vector)
    charges = replace(STANDARD.fees(vector.symbol, vector.day), duty_buy_millionths=0, duty_sell_millionths=0)
    (paid,) = {fee(charges, side, worth, shares, NO_COMMISSION) for side in (Side.BUY, Side.SELL)}
    return told(paid, like=vector.expected)


def worth_of(vector: Vector) -> tuple[Money, Quantity]:
    shares = vector.inputs["shares"]
    assert isinstance(shares, int)
    return notional(vector.price("price"), Quantity(shares)), Quantity(shares)


def a_buy(vector: Vector) -> str:
    (quantity,) = vector.figures()
    return yes(check_buy(vector.rule(), Quantity(quantity)))


def some_sells(vector: Vector) -> str:
    held, *sold = vector.figures()
    return ";".join(yes(check_sell(vector.rule(), Quantity(each), Quantity(held))) for each in sold)


def an_order_of_a_size(vector: Vector) -> str:
    (quantity,) = vector.figures()
    caps = {"limit": vector.rule().quantity_max, "market": vector.rule().market_quantity_max}
    kinds = re.findall(r"(limit|market) order", vector.question)
    return ";".join(yes(quantity <= caps[kind]) for kind in kinds)


def highest_buy(vector: Vector) -> str:
    given = dict(re.findall(r"(best ask|limit-up) ([\d.]+)", vector.question))
    bought = re.search(r"buy at ([\d.]+)", vector.question)
    rule, none = vector.rule(), Price(0)
    ask = Price(from_decimal(given["best ask"]))
    bound = cage_bound(rule, Side.BUY, best_bid=none, best_ask=ask, last=none, previous_close=none)
    if bought is not None:
        rows = STANDARD.explain(vector.symbol, vector.day)
        assert any(each.row.name is RuleName.PARKING for each in rows), "it says so"
        return yes(bool(bound) and from_decimal(bought[1]) > bound)
    up = Price(from_decimal(given["limit-up"])) if "limit-up" in given else bound
    return told(min(bound or up, up), like=vector.expected)


def resale(vector: Vector) -> str:
    return yes(vector.rule().same_day_sell)


def board(vector: Vector) -> str:
    return vector.rule().board


def spans(vector: Vector) -> tuple[Span, ...]:
    rule = vector.rule()
    return phases_of(vector.symbol, rule.kind, rule.board, vector.day)


def has_phase(phase: Phase) -> Judge:
    return lambda vector: yes(any(span.phase is phase for span in spans(vector)))


def takes_a_cancel(vector: Vector) -> str:
    clock = dt.time.fromisoformat(re.findall(r"\d\d:\d\d:\d\d", vector.question)[0])
    time_ns = ((clock.hour * 60 + clock.minute) * 60 + clock.second) * SECOND_NS
    (span,) = [span for span in spans(vector) if span.begins_ns <= time_ns < span.ends_ns]
    return yes(span.takes_cancels)


def ex_right_price(vector: Vector) -> str:
    given = {name: str(value) for name, value in vector.inputs.items()}
    taken = action(
        vector.symbol,
        bonus=given.get("bonus_per10", "0"),
        transfer=given.get("transfer_per10", "0"),
        rights=given.get("rights_per10", "0"),
        rights_price=given.get("rights_price", "0"),
        cash=given["cash_per10_pretax"],
    )
    return told(reference_price(vector.price("prev_close"), taken, vector.rule().tick), like=vector.expected)


def tax_on_dividends(vector: Vector) -> str:
    held = [int(days) for days in re.findall(r"(\d+) days", vector.question)]
    rates = [tax_millionths(vector.day, vector.day - dt.timedelta(days=each), vector.day) for each in held]
    return ";".join(f"{rate // 10_000}%" for rate in rates)


def yes(holds: bool) -> str:
    return "yes" if holds else "no"


def told(*prices: int, like: str) -> str:
    """Return ``prices`` with as many decimals as the expected answer has."""
    decimals = len(like.split(";", maxsplit=1)[0].partition(".")[2])
    texts = []
    for price in prices:
        whole, _, rest = to_text(price).partition(".")
        texts.append(f"{whole}.{rest.ljust(decimals, '0')}")
    return ";".join(texts)


JUDGES: Final[dict[str, Judge]] = {
    "limit.main10.halfcent": limits,
    "limit.main10.exday": limits,
    "limit.main_st5": limits,
    "limit.chinext.before": limits,
    "limit.chinext.after": limits,
    "limit.chinext.firstday": limits,
    "limit.chinext.lastday": limits,
    "limit.star20": limits,
    "limit.st_change_day": limits,
    "limit.convertible20": limits,
    "limit.exchange_snapshot": limits,
    "limit.etf10": limits,
    "limit.bse_rounding": limits,
    "limit.st_main_switch": percent_of_a_starred_share,
    "limit.s_share_after": percent_of_an_s_share,
    "ipo.firstday44": listing_day_band,
    "ipo.nolimit": limit_on_the_listing_day,
    "ipo.day6": limit_on_the_sixth_day,
    "relist.nolimit": limit_on_the_relisting_day,
    "listing.swap_merger": band_of_a_share_swap,
    "xt.main10": limits,
    "xt.S5": limits,
    "xt.etf10": limits,
    "xt.etf_star20": limits,
    "xt.etf_chinext20": limits,
    "xt.st_main": limits,
    "xt.st_cyb": limits,
    "xt.st_star": limits,
    "xt.st_B": limits,
    "xt.ipo_nolimit": limit_on_the_listing_day,
    "fee.stamp": stamp_duty,
    "fee.transfer": transfer_fee,
    "lot.buy": a_buy,
    "lot.sell": some_sells,
    "cap.order": an_order_of_a_size,
    "cage.buy": highest_buy,
    "t0": resale,
    "code.board": board,
    "session.close_auction": has_phase(Phase.CLOSING_AUCTION),
    "session.afterhours": has_phase(Phase.AFTER_HOURS),
    "session.cancel": takes_a_cancel,
    "exright.reference": ex_right_price,
    "tax.dividend": tax_on_dividends,
}

ELSEWHERE: Final = frozenset(
    {
        "session.circuit_breaker",
        "session.suspended",
    }
)
"""Facts of a day that a feed or a recording tells, and no rule: a suspension, and the two days of the breaker."""
