"""The phases of a day by venue, kind, board and date, and that what cancels wait for is read from them."""

from __future__ import annotations

import datetime as dt
import timeit
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.market import no_cancel
from qmt_trading.market.instruments import rule_for
from qmt_trading.market.phases import DAY_NS, Phase, Span, phase_at, phases_of, span_at
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import NoCancelPhase
from qmt_trading.model.words import InstrumentKind

TODAY = dt.date(2026, 11, 24)
SH, SZ, BJ = Symbol("600000.SH"), Symbol("000001.SZ"), Symbol("920001.BJ")
STAR, CHINEXT = Symbol("688001.SH"), Symbol("300001.SZ")
SH_FUND, SZ_FUND, SH_REIT = Symbol("510300.SH"), Symbol("159915.SZ"), Symbol("508000.SH")
SH_CONVERTIBLE, SZ_CONVERTIBLE, SH_BOND = Symbol("113050.SH"), Symbol("123153.SZ"), Symbol("019547.SH")
SH_REPO, SZ_REPO = Symbol("204001.SH"), Symbol("131810.SZ")
BONDS = (SH_CONVERTIBLE, SZ_CONVERTIBLE, SH_BOND, SH_REPO, SZ_REPO)
EVERY = (SH, SZ, BJ, STAR, CHINEXT, SH_FUND, SZ_FUND, SH_REIT, *BONDS)


def time_of(text: str) -> int:
    hour, minute, second = (int(part) for part in (text + ":00").split(":")[:3])
    return ((hour * 60 + minute) * 60 + second) * SECOND_NS


def span(symbol: Symbol, text: str, day: dt.date = TODAY) -> Span:
    rule = rule_for(symbol)
    assert rule is not None
    return span_at(symbol, rule.kind, rule.board, day, time_of(text))


def spans(symbol: Symbol, day: dt.date) -> tuple[Span, ...]:
    rule = rule_for(symbol)
    assert rule is not None
    return phases_of(symbol, rule.kind, rule.board, day)


@given(symbol=st.sampled_from(EVERY), day=st.dates(dt.date(1990, 12, 19), dt.date(2027, 12, 31)))
def test_a_day_has_no_gap_and_no_phase_twice_in_a_row(symbol: Symbol, day: dt.date) -> None:
    found = spans(symbol, day)
    assert (found[0].begins_ns, found[-1].ends_ns) == (0, DAY_NS)
    assert all(one.ends_ns == two.begins_ns and one.begins_ns < one.ends_ns for one, two in pairwise(found))
    assert all(one != two for one, two in pairwise(found))
    assert all(each.certainty in ("high", "medium", "low") and each.source for each in found)


@given(symbol=st.sampled_from(EVERY), day=st.dates(dt.date(2005, 1, 1)), time_ns=st.integers(0, DAY_NS - 1))
def test_the_phase_is_that_of_the_span_around_the_instant(symbol: Symbol, day: dt.date, time_ns: int) -> None:
    (around,) = [each for each in spans(symbol, day) if each.begins_ns <= time_ns < each.ends_ns]
    rule = rule_for(symbol)
    assert rule is not None
    assert phase_at(symbol, rule.kind, rule.board, day, time_ns) is around.phase
    assert span_at(symbol, rule.kind, rule.board, day, time_ns) == around


@pytest.mark.parametrize(
    ("symbol", "first"),
    [
        (SZ, dt.date(2006, 7, 1)),
        (SZ_FUND, dt.date(2006, 7, 1)),
        (SZ_CONVERTIBLE, dt.date(2006, 7, 1)),
        (SH, dt.date(2018, 8, 20)),
        (STAR, dt.date(2018, 8, 20)),
        (SH_FUND, dt.date(2026, 7, 6)),
        (BJ, dt.date(2018, 8, 20)),
        (SH_CONVERTIBLE, None),
        (SH_BOND, None),
        (SH_REPO, None),
    ],
)
def test_the_closing_auction_begins_on_its_day(symbol: Symbol, first: dt.date | None) -> None:
    day_before = TODAY if first is None else first - dt.timedelta(days=1)
    assert span(symbol, "14:57", day_before).phase is Phase.CONTINUOUS
    assert span(symbol, "14:57", day_before).takes_cancels
    if first is not None:
        assert span(symbol, "14:56:59", first).phase is Phase.CONTINUOUS
        assert span(symbol, "14:57", first).phase is Phase.CLOSING_AUCTION
        assert span(symbol, "14:59:59", first).takes_orders
        assert not span(symbol, "14:59:59", first).takes_cancels
        assert span(symbol, "15:00", first).phase is Phase.CLOSED


@pytest.mark.parametrize(
    ("symbol", "first"),
    [
        (STAR, dt.date(2019, 7, 22)),
        (CHINEXT, dt.date(2020, 8, 24)),
        (SH, dt.date(2026, 7, 6)),
        (SZ, dt.date(2026, 7, 6)),
        (SH_FUND, dt.date(2026, 7, 6)),
        (SZ_FUND, dt.date(2026, 7, 6)),
        (BJ, None),
        (SH_REIT, None),
        (SH_CONVERTIBLE, None),
        (SH_REPO, None),
    ],
)
def test_trading_at_the_closing_price_is_known_and_not_offered(symbol: Symbol, first: dt.date | None) -> None:
    day_before = TODAY if first is None else first - dt.timedelta(days=1)
    assert span(symbol, "15:05", day_before).phase is not Phase.AFTER_HOURS
    if first is not None:
        found = span(symbol, "15:29:59", first)
        assert found.phase is Phase.AFTER_HOURS
        assert not found.takes_orders
        assert found.takes_cancels
        assert " / orders at the closing price are off" in found.note
        assert span(symbol, "15:04:59", first).phase is Phase.CLOSED
        assert span(symbol, "15:30", first).phase is Phase.CLOSED


@pytest.mark.parametrize(("symbol", "takes_cancels"), [(SH, False), (BJ, False), (SZ, True), (SH_CONVERTIBLE, False)])
def test_the_pause_takes_orders_and_cancels_where_that_is_held_to_be_so(symbol: Symbol, takes_cancels: bool) -> None:
    found = span(symbol, "9:25")
    assert found.phase is Phase.PAUSE
    assert found.takes_orders
    assert found.takes_cancels is takes_cancels
    assert found.certainty != "high"
    assert span(symbol, "9:30").phase is Phase.CONTINUOUS


@pytest.mark.parametrize("symbol", EVERY)
def test_from_9_20_on_no_cancel_is_taken(symbol: Symbol) -> None:
    assert span(symbol, "9:19:59").takes_cancels
    assert span(symbol, "9:20").phase is Phase.OPENING_AUCTION_FIXED
    assert not span(symbol, "9:20").takes_cancels
    assert span(symbol, "9:20").takes_orders


def test_a_reverse_repo_takes_orders_until_half_past_three() -> None:
    for symbol in (SH_REPO, SZ_REPO):
        assert span(symbol, "15:00").takes_orders
        assert span(symbol, "15:29:59").phase is Phase.CONTINUOUS
        assert not span(symbol, "15:30").takes_orders
        assert not span(symbol, "15:00", dt.date(2019, 1, 20)).takes_orders


def test_a_convertible_of_shanghai_takes_no_orders_after_three_while_cancels_still_leave() -> None:
    found = span(SH_CONVERTIBLE, "15:10")
    assert (found.phase, found.takes_orders, found.takes_cancels, found.certainty) == (Phase.CLOSED, False, True, "low")
    assert not span(SZ_CONVERTIBLE, "15:10").takes_cancels


def test_a_venue_that_nobody_knows_has_the_general_hours() -> None:
    found = phases_of(Symbol("000001.XX"), InstrumentKind.UNKNOWN, "", TODAY)
    assert [each.phase for each in found if each.takes_cancels] == [
        Phase.OPENING_AUCTION,
        Phase.CONTINUOUS,
        Phase.LUNCH,
        Phase.CONTINUOUS,
    ]


def test_one_symbol_may_be_asked_about_under_several_kinds_and_days_in_turn() -> None:
    for _ in range(2):
        assert phase_at(SH, InstrumentKind.STOCK, "main", TODAY, time_of("15:05")) is Phase.AFTER_HOURS
        assert phase_at(SH, InstrumentKind.STOCK, "main", dt.date(2020, 1, 2), time_of("15:05")) is Phase.CLOSED
        assert phase_at(SH, InstrumentKind.REPO, "main", TODAY, time_of("15:05")) is Phase.CONTINUOUS
        assert phase_at(SH, InstrumentKind.FUND, "reit", TODAY, time_of("15:05")) is Phase.CLOSED
        assert phase_at(SH, InstrumentKind.FUND, "fund", TODAY, time_of("15:05")) is Phase.AFTER_HOURS


def test_what_cancels_wait_for_is_read_from_the_same_rows() -> None:
    nine_20, nine_25, nine_30 = time_of("9:20"), time_of("9:25"), time_of("9:30")
    close = (time_of("14:57"), time_of("15:00"))
    assert (
        NoCancelPhase(("SH", "BJ"), nine_20, nine_30),
        NoCancelPhase(("SZ",), nine_20, nine_25),
        NoCancelPhase(("SZ",), *close, (), dt.date(2006, 7, 1)),
        NoCancelPhase(("SH", "BJ"), *close, (InstrumentKind.STOCK,), dt.date(2018, 8, 20)),
        NoCancelPhase(("SH",), *close, (InstrumentKind.FUND,), dt.date(2026, 7, 6)),
    ) == no_cancel.STANDARD


@given(symbol=st.sampled_from(EVERY), day=st.dates(dt.date(2005, 1, 1)), time_ns=st.integers(0, DAY_NS - 1))
def test_a_cancel_is_held_back_exactly_where_orders_are_taken_and_cancels_are_not(
    symbol: Symbol, day: dt.date, time_ns: int
) -> None:
    found = spans(symbol, day)
    around = next(each for each in found if each.begins_ns <= time_ns < each.ends_ns)
    held = no_cancel.phase_of(no_cancel.STANDARD, symbol, day, at_time(day, time_ns))
    assert (held is not None) is (around.takes_orders and not around.takes_cancels)


@pytest.mark.measures
def test_a_repeated_look_costs_less_than_four_tenths_of_a_microsecond() -> None:
    asked = (SH, InstrumentKind.STOCK, "main", TODAY, time_of("10:00"))
    count = 2_000  # So short that the best of many is one that nothing interrupted.
    taken = timeit.repeat("phase_at(*asked)", globals={"phase_at": phase_at, "asked": asked}, number=count, repeat=200)
    assert min(taken) / count < 0.4e-6


def test_a_note_on_bonds_stands_with_bonds_only() -> None:
    def notes(symbol: str, kind: InstrumentKind, board: str) -> list[str]:
        found = phases_of(Symbol(symbol), kind, board, TODAY)
        return [each.note for each in found if each.phase is Phase.CLOSING_AUCTION]

    assert notes("300750.SZ", InstrumentKind.STOCK, "chinext") == [""]
    assert "债券、逆回购" in notes("123153.SZ", InstrumentKind.CONVERTIBLE, "convertible")[0]
