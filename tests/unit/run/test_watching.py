"""Which quotes a running engine needs."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.loop_bench import SETTINGS
from tests.unit.engine.limited import limited, with_limits
from tests.unit.engine.parts import position

from qmt_trading.feeds.wanted import PACEMAKERS
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.view import View
from qmt_trading.model.words import BareAction, Verb
from qmt_trading.run.watching import Watching, buys_anything

CANCELS = replace(SETTINGS, doors=tuple(replace(each, allow=(Verb.SELL, Verb.CANCEL)) for each in SETTINGS.doors))
LISTED = Limits(symbols_allowed=(STOCK,))


@pytest.mark.parametrize(
    ("settings", "anything"),
    [
        (SETTINGS, True),
        (CANCELS, False),
        (replace(CANCELS, doors=tuple(replace(each, bare=BareAction.BUY) for each in CANCELS.doors)), True),
        (with_limits(SETTINGS, total=LISTED), False),
        (with_limits(SETTINGS, LISTED), False),
        (with_limits(SETTINGS, door=LISTED), False),
        (with_limits(SETTINGS, strategy=LISTED), True),
    ],
    ids=["buys", "cancels", "bare", "total", "accounts", "door", "strategy"],
)
def test_only_who_may_buy_without_a_list_needs_a_quote_of_everything(settings: object, anything: bool) -> None:
    assert buys_anything(settings) is anything  # type: ignore[arg-type]


def bench() -> tuple[Bench, Watching]:
    """Return an engine that buys nothing but what its list names."""
    made = limited(Bench(), LISTED)
    return made, Watching(made.settings)


def hold(made: Bench, **quantities: int) -> View:
    made.engine.state.accounts[ACCOUNT].positions = {
        Symbol(f"{code[1:]}.SZ"): replace(position(quantity), symbol=Symbol(f"{code[1:]}.SZ"))
        for code, quantity in quantities.items()
    }
    return made.engine.view()


def test_what_is_held_is_bought_or_allowed_is_watched() -> None:
    made, watching = bench()
    got = watching.take(hold(made, s000001=100, s000002=0), 0)
    assert got is not None
    assert got.symbols == tuple(sorted(["000001.SZ", STOCK, *PACEMAKERS]))
    anything = Bench()
    selling = Watching(CANCELS)
    anything.connect()
    assert selling.take(anything.engine.view(), 0) == (tuple(sorted({*PACEMAKERS, STOCK})), ())
    fresh = Watching(CANCELS)
    anything.buy()
    bought = fresh.take(anything.engine.view(), 0)
    assert bought is not None
    assert STOCK in bought.symbols


def test_a_set_is_told_once_and_again_when_it_grows_but_not_when_it_shrinks() -> None:
    made, watching = bench()
    assert watching.take(made.engine.view(), 0) is not None
    assert watching.take(made.engine.view(), 2 * SECOND_NS) is None
    view = hold(made, s000001=100)
    assert watching.take(view, 2 * SECOND_NS + 1) is None, "less than a second later"
    grown = watching.take(view, 4 * SECOND_NS)
    assert grown is not None
    assert "000001.SZ" in grown.symbols
    assert watching.take(hold(made), 6 * SECOND_NS) is None
    made.engine.state.day = dt.date(2026, 11, 25)
    morning = watching.take(made.engine.view(), 8 * SECOND_NS)
    assert morning is not None
    assert "000001.SZ" not in morning.symbols


def test_what_was_asked_for_in_vain_is_watched_from_the_next_second_on() -> None:
    made, watching = bench()
    watching.take(made.engine.view(), 0)
    assert watching.take(made.engine.view(), 1, [Symbol("000002.SZ")]) is None
    got = watching.take(made.engine.view(), 2 * SECOND_NS)
    assert got is not None
    assert "000002.SZ" in got.symbols


def test_more_than_fifty_become_whole_markets() -> None:
    made, watching = bench()
    many = [Symbol(f"{600_000 + number}.SH") for number in range(60)]
    assert watching.take(made.engine.view(), 0, many) == ((), ("SH", "SZ"))


def test_who_buys_anything_is_given_whole_markets() -> None:
    made = Bench()
    watching = Watching(SETTINGS)
    assert watching.take(made.engine.view(), 0) == ((), ("SH", "SZ"))
    assert watching.take(made.engine.view(), 2 * SECOND_NS, [Symbol("920001.BJ")]) == ((), ("SH", "SZ", "BJ"))
