"""Differences that a person has judged: shown, holding nothing up, and judged anew when their figures change."""

from __future__ import annotations

import pytest

from qmt_trading.codec import state_snapshot
from qmt_trading.codec.reconcile_json import account_summary, counted, reconcile_rows
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reconciliation import CASH, Difference, OnDifference
from qmt_trading.model.words import LinkState, TradingState
from tests.engine_bench import ACCOUNT, STOCK
from tests.unit.engine.reconciliation.parts import CASH_NS, Reconciled

MORE = ((STOCK, 2500, 2500),)
KEY = f"{STOCK}/2000/2500"


def proven(policy: OnDifference = OnDifference.PAUSE, *, cash: int = CASH_NS) -> Reconciled:
    """Return a bench whose broker has proven to hold 500 shares more."""
    bench = Reconciled(policy)
    for _ in range(2):
        bench.lists(held=MORE, cash=cash)
        bench.wait(6)
    bench.outputs.clear()
    return bench


def ignore(bench: Reconciled, key: str = KEY) -> list[out.Output]:
    return bench.feed(ev.IgnoreDifferenceRequested("小王", "新股中签", ACCOUNT, key))


def test_differences_are_named_by_what_differs_and_by_how_much() -> None:
    shares = Difference(symbol=STOCK, ours=2000, theirs=2500, since_ns=1)
    sellable = Difference(symbol=STOCK, ours=2000, theirs=1500, since_ns=1, is_sellable=True)
    cash = Difference(symbol=CASH, ours=980_000_000, theirs=1_080_000_000, since_ns=1)
    assert [each.key for each in (shares, sellable, cash)] == [
        KEY,
        f"{STOCK}/sellable/2000/1500",
        "cash/98000.00/108000.00",
    ]


def test_the_last_one_that_is_judged_lets_its_account_buy_again() -> None:
    bench = proven()
    assert bench.trading() is TradingState.REDUCING
    kinds = [type(output) for output in ignore(bench)]
    assert kinds == [out.DifferenceIgnored, out.Alert, out.TradingStateChanged]
    assert bench.trading() is TradingState.ACTIVE
    assert (bench.account.told.who, bench.account.told.why) == ("小王", "新股中签")


def test_nothing_is_changed_but_who_has_judged_it() -> None:
    bench = proven(OnDifference.IGNORE)
    positions, cash, orders = dict(bench.account.positions), bench.account.cash, list(bench.engine.state.orders)
    (made, _) = ignore(bench)
    assert isinstance(made, out.DifferenceIgnored)
    assert (bench.account.positions, bench.account.cash, list(bench.engine.state.orders)) == (positions, cash, orders)
    (found,) = bench.account.differences.values()
    assert (found.ignored_by, found.ignored_why, found.ignored_ns) == ("小王", "新股中签", bench.now_ns)


def test_another_difference_holds_the_account_until_it_is_judged_too() -> None:
    bench = proven(cash=CASH_NS - 10**8)
    ignore(bench)
    assert bench.trading() is TradingState.REDUCING
    ignore(bench, "cash/1000000.00/990000.00")
    assert bench.trading() is TradingState.ACTIVE


def test_what_a_person_or_a_loss_holds_is_not_released() -> None:
    bench = proven()
    bench.feed(ev.HaltRequested("me", "mine", ACCOUNT, TradingState.REDUCING))
    ignore(bench)
    assert bench.trading() is TradingState.REDUCING
    for step, state in ((0, TradingState.ACTIVE), (1, TradingState.REDUCING)):
        bench = proven()
        bench.engine.state.gauges.of_account(ACCOUNT).loss_step = step
        ignore(bench)
        assert bench.trading() is state


def test_it_is_neither_told_nor_absorbed_while_it_stays_as_it_is() -> None:
    bench = proven(OnDifference.PAUSE)
    ignore(bench)
    bench.outputs.clear()
    for _ in range(4):
        bench.wait(601)
        bench.lists(held=MORE)
    assert [type(output) for output in bench.outputs] == []
    assert bench.held() == 2000
    (found,) = bench.account.differences.values()
    assert found.ignored_by == "小王"


def test_other_figures_are_another_difference() -> None:
    bench = proven()
    ignore(bench)
    for _ in range(2):
        bench.lists(held=((STOCK, 2700, 2700),))
        bench.wait(6)
    (found,) = bench.account.differences.values()
    assert (found.theirs, found.is_open) == (2700, True)
    assert bench.trading() is TradingState.REDUCING


def test_one_that_went_and_came_back_is_judged_anew() -> None:
    bench = proven()
    ignore(bench)
    bench.lists()
    assert len(bench.told("RECONCILE_AGREED")) == 1
    for _ in range(2):
        bench.wait(6)
        bench.lists(held=MORE)
    assert bench.trading() is TradingState.REDUCING


def test_a_restart_forgets_the_proof_and_not_the_judgement() -> None:
    bench = proven()
    ignore(bench)
    payload = b"\n".join(state_snapshot.encode_parts(capture(bench.engine.state)))
    assert restore(state_snapshot.decode(payload)).account(ACCOUNT).differences == bench.account.differences
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.feed(ev.LinkChanged(ACCOUNT, bench.session, LinkState.CONNECTED))
    for _ in range(2):
        bench.wait(6)
        bench.lists(held=MORE)
    (found,) = bench.account.differences.values()
    assert (found.is_proven, found.is_open) == (True, False)
    assert bench.trading() is TradingState.ACTIVE


@pytest.mark.parametrize("key", [f"{STOCK}/2000/2600", STOCK, "", "cash/1.00/2.00"])
def test_a_name_that_no_difference_has_does_nothing(key: str) -> None:
    bench = proven()
    assert ignore(bench, key) == []
    assert bench.trading() is TradingState.REDUCING


def test_what_is_not_proven_is_not_ignored() -> None:
    bench = Reconciled(OnDifference.PAUSE)
    bench.lists(held=MORE)
    assert ignore(bench) == []


def test_nobody_judges_twice() -> None:
    bench = proven()
    ignore(bench)
    assert ignore(bench) == []


def unknown(bench: Reconciled) -> None:
    """Let an order of the stock go out, and nobody hear of it."""
    name = bench.signal(f"sell {STOCK} 100@10.50:{ACCOUNT}").orders[0].client_order_id
    bench.feed(ev.SubmitUncertain(ACCOUNT, name, "timeout"))  # type: ignore[arg-type]


@pytest.mark.parametrize("key", [KEY, "cash/1000000.00/990000.00"])
def test_what_an_unknown_order_may_explain_is_not_ignored(key: str) -> None:
    bench = proven(cash=CASH_NS - 10**8)
    unknown(bench)
    assert ignore(bench, key) == []
    assert bench.trading() is TradingState.REDUCING


def test_an_unknown_order_of_another_stock_explains_cash_alone() -> None:
    bench = Reconciled(OnDifference.PAUSE)
    for _ in range(2):
        bench.lists(held=((STOCK, 2000, 2000), ("600036.SH", 100, 100)), cash=CASH_NS - 10**8)  # type: ignore[arg-type]
        bench.wait(6)
    unknown(bench)
    assert ignore(bench, "cash/1000000.00/990000.00") == []
    assert isinstance(ignore(bench, "600036.SH/0/100")[0], out.DifferenceIgnored)


def test_a_target_is_measured_by_ours_once_a_person_has_judged_it() -> None:
    bench = proven(OnDifference.PAUSE)
    text = f"target {STOCK} 1500@10.50:{ACCOUNT}"
    (line,) = bench.signal(text).orders
    assert line.denial is not None
    ignore(bench)
    (line,) = bench.signal(text).orders
    assert (line.denial, line.quantity) == (None, 500)


def test_rows_show_it_as_ignored_with_who_when_and_why() -> None:
    bench = proven()
    row = reconcile_rows(bench.engine.view(), bench.now_ns)[0]
    assert (row["agrees"], row["ignored"]) == (False, 0)
    ignore(bench)
    view = bench.engine.view()
    row = reconcile_rows(view, bench.now_ns + SECOND_NS)[0]
    found = row["differences"]
    assert isinstance(found, list)
    (told,) = found
    assert (told["key"], told["state"], told["state_text_en"]) == (KEY, "ignored", "ignored")
    assert (told["ignored_by"], told["ignored_why"]) == ("小王", "新股中签")
    assert told["ignored_at"].startswith("2026-11-24T10:00:")
    assert (row["agrees"], row["ignored"]) == (True, 1)
    assert counted(view) == {"differences": 0, "differences_ignored": 1}
    assert "小王 已忽略" in str(account_summary(view.accounts[0])["differences_text"])
