"""Replays: nothing is filled that history did not offer, and every rule of the engine holds as it does live."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from qmt_trading.codec.journal_record import Record
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import UNIT, Money, Quantity
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.research.columns import Bars, ColumnsError
from qmt_trading.research.costs import FillModel
from qmt_trading.run.actions_file import read_actions
from qmt_trading.run.replay.messages import read_lines
from qmt_trading.run.replay.replay import replay
from qmt_trading.run.replay.results import result_of, together
from tests.replay.parts import DAY, fills, minutes, reasons, replayed, setup_for, snapshots, states
from tests.research.days import daily

FLAT = [
    ("09:31:00", 10.00, 10.02, 9.98, 10.00),
    ("09:32:00", 10.01, 10.05, 9.97, 10.03),
    ("09:33:00", 10.04, 10.06, 9.95, 9.96),
    ("09:34:00", 9.97, 10.00, 9.94, 9.99),
]
NEXT = dt.date(2024, 1, 4)


def buy(clock: str, rest: str = "100@10.10", more: str = "") -> str:
    return f"2024-01-03 {clock} buy 600000.SH {rest}:a{more}\n"


def test_an_order_before_the_open_gets_the_opening_price_at_the_opening() -> None:
    assert fills(replayed(buy("09:20:00"), minutes(FLAT))) == [("09:30:00", "buy", 100, 10.00)]


def test_an_order_between_bars_gets_the_next_opening_price() -> None:
    assert fills(replayed(buy("09:32:00"), minutes(FLAT))) == [("09:32:00", "buy", 100, 10.04)]


def test_an_order_within_a_bar_gets_its_close_and_never_what_was_before() -> None:
    assert fills(replayed(buy("09:31:30", "100@10.02"), minutes(FLAT))) == [("09:33:00", "buy", 100, 10.02)]
    assert fills(replayed(buy("09:31:30"), minutes(FLAT))) == [("09:32:00", "buy", 100, 10.03)]


def test_in_the_closing_auction_there_is_one_price() -> None:
    late = [
        ("14:57:00", 10.00, 10.02, 9.98, 10.00),
        ("14:58:00", 10.00, 10.00, 9.90, 9.90),
        ("14:59:00", 9.90, 9.90, 9.80, 9.80),
        ("15:00:00", 9.70, 10.10, 9.70, 10.06),
    ]
    text = buy("14:56:00", "100@9.95") + buy("14:57:30", "100@10.08") + buy("14:59:30", "100@10.05")
    found = replayed(text, minutes(late))
    assert fills(found) == [("15:00:00", "buy", 100, 10.06)]
    assert states(found)[0] == ("EXPIRED", 0, "NOT_REACHED")


def test_a_limit_has_to_be_traded_through() -> None:
    assert fills(replayed(buy("09:32:00", "100@9.95"), minutes(FLAT))) == [("09:34:00", "buy", 100, 9.95)]
    untouched = replayed(buy("09:32:00", "100@9.94"), minutes(FLAT))
    assert states(untouched) == [("EXPIRED", 0, "NOT_REACHED")]
    touched = replayed(buy("09:32:00", "100@9.94"), minutes(FLAT), FillModel(touch=True))
    assert fills(touched) == [("09:34:00", "buy", 100, 9.94)]


def test_a_sealed_limit_up_fills_nobody_and_one_that_opens_does() -> None:
    sealed = [("09:31:00", 11.0, 11.0, 11.0, 11.0), ("09:32:00", 11.0, 11.0, 11.0, 11.0)]
    assert states(replayed(buy("09:20:00", "100@涨停"), minutes(sealed))) == [("EXPIRED", 0, "LIMIT_UP_MISSED")]
    opened = [*sealed, ("09:33:00", 11.0, 11.0, 10.9, 11.0)]
    assert fills(replayed(buy("09:20:00", "100@涨停"), minutes(opened))) == [("09:32:00", "buy", 100, 11.0)]


def test_an_empty_side_is_denied_and_never_a_price_of_nothing() -> None:
    sealed = [("09:31:00", 11.0, 11.0, 11.0, 11.0), ("09:32:00", 11.0, 11.0, 11.0, 11.0)]
    assert reasons(replayed(buy("09:31:00", "100@对手"), minutes(sealed))) == [["PRICE_MISSING"]]


def test_no_more_than_a_quarter_of_the_volume_is_taken_by_all_accounts_together() -> None:
    thin = [("09:31:00", 10.0, 10.0, 10.0, 10.0, 2000), ("09:32:00", 10.1, 10.1, 10.1, 10.1, 2000)]
    text = "2024-01-03 09:20:00 buy 600000.SH 400@10.50:a,b\n"
    found = replayed(text, minutes(thin))
    assert fills(found) == [
        ("09:30:00", "buy", 400, 10.0),
        ("09:30:00", "buy", 100, 10.0),
        ("09:31:00", "buy", 300, 10.1),
    ]


def test_of_the_bar_it_came_in_an_order_takes_a_part_of_what_was_still_to_come() -> None:
    thin = [("09:31:00", 10.0, 10.0, 10.0, 10.0, 8000), ("09:32:00", 10.0, 10.0, 10.0, 10.0, 8000)]
    assert fills(replayed(buy("09:31:45", "2000@10.10"), minutes(thin))) == [("09:32:00", "buy", 500, 10.0)]


def test_slippage_goes_against_the_order_and_never_beyond_its_limit() -> None:
    slips = FillModel(slippage_ticks=3)
    assert fills(replayed(buy("09:20:00"), minutes(FLAT), slips)) == [("09:30:00", "buy", 100, 10.03)]
    assert fills(replayed(buy("09:20:00", "100@10.01"), minutes(FLAT), slips)) == [("09:30:00", "buy", 100, 10.01)]


def two_days() -> Bars:
    first, second = minutes(FLAT), minutes(FLAT, day=NEXT, before=9.99)
    columns = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("at_ns", "open", "high", "low", "close", "quantity")
    }
    closes = np.concatenate([first.previous_close, second.previous_close])
    return Bars.of("600000.SH", previous_close=closes, frequency="1m", **columns)


def test_what_was_bought_today_is_sold_tomorrow() -> None:
    text = (
        buy("09:20:00")
        + "2024-01-03 09:33:00 sell 600000.SH 100@9.90:a\n"
        + "2024-01-04 09:20:00 sell 600000.SH 100@9.90:a\n"
    )
    found = replayed(text, two_days())
    assert reasons(found) == [[], ["SELLABLE_EXCEEDED"], []]
    assert [each[1:] for each in fills(found)] == [("buy", 100, 10.0), ("sell", 100, 10.0)]


def test_a_bare_message_cancels_what_stood_when_it_came_and_nothing_later() -> None:
    text = (
        buy("09:30:10", "100@9.50")
        + "2024-01-03 09:31:10 600000.SH:a\n"
        + "2024-01-03 09:31:11 buy 600000.SH 200@9.94:a\n"
    )
    found = replayed(text, minutes(FLAT))
    assert [state[0] for state in states(found)] == ["CANCELED", "EXPIRED"]


def test_a_cancel_in_the_opening_auction_waits_until_cancels_are_taken_again() -> None:
    text = buy("09:16:00", "100@9.50") + "2024-01-03 09:21:00 撤 600000.SH:a\n"
    found = replayed(text, minutes(FLAT))
    assert reasons(found) == [[], ["NO_CANCEL_PHASE"]]
    assert states(found)[0][0] == "CANCELED"


def test_of_two_messages_of_one_instant_the_first_has_met_the_market() -> None:
    text = buy("09:32:00") + "2024-01-03 09:32:00 撤 600000.SH:a\n"
    found = replayed(text, minutes(FLAT))
    assert fills(found) == [("09:32:00", "buy", 100, 10.04)]
    assert reasons(found)[1] == ["NOTHING_TO_CANCEL"]


def test_what_traded_before_a_cancel_of_the_same_instant_has_traded() -> None:
    text = buy("09:32:00", "100@9.96") + "2024-01-03 09:33:00 撤 600000.SH:a\n"
    assert fills(replayed(text, minutes(FLAT))) == [("09:33:00", "buy", 100, 9.96)]
    early = buy("09:32:00", "100@9.96") + "2024-01-03 09:32:59.999 撤 600000.SH:a\n"
    assert states(replayed(early, minutes(FLAT))) == [("CANCELED", 0, "")]


def test_cancel_after_and_chase_are_carried_out_at_their_instants() -> None:
    text = buy("09:31:00", "100@9.90 ", "").replace(":a\n", ":a cancel_after=90s\n")
    found = replayed(text, minutes(FLAT))
    (order,) = found.fates.orders.values()
    assert order.status.value == "CANCELED"
    assert order.ended_ns - order.made_ns == 90 * 10**9


def test_a_timed_instruction_is_decided_when_its_time_has_come() -> None:
    text = "2024-01-03 09:00:00 buy 600000.SH 100@10.10:a at=09:32:00\n"
    found = replayed(text, minutes(FLAT))
    assert reasons(found) == [["WAITS"]]
    assert fills(found) == [("09:32:00", "buy", 100, 10.04)]


def test_a_repeated_id_is_told_its_first_receipt_and_orders_nothing() -> None:
    text = buy("09:31:00", more=" #m/1") + buy("09:32:00", more=" #m/1")
    found = replayed(text, minutes(FLAT))
    assert [fate.answers[0].status for fate in found.fates.messages] == ["accepted", "duplicate"]
    assert len(found.fates.orders) == 1


def test_an_instruction_is_never_executed_late() -> None:
    (sent,) = found = replayed(
        '2024-01-03 09:32:00 {"action":"buy","symbol":"600000.SH","accounts":["a"],"quantity":100,'
        '"sent_at":"2024-01-03T09:31:00+08:00"}\n',
        minutes(FLAT),
    ).fates.messages
    assert found
    assert [line.denial.reason.value for line in sent.orders if line.denial] == ["SIGNAL_STALE"]


def test_a_target_and_a_json_message_go_the_same_way() -> None:
    text = (
        '2024-01-03 09:20:00 {"action":"buy","symbol":"600000.SH","accounts":["a"],"quantity":300,"price":10.1}\n'
        "2024-01-04 09:20:00 调到 600000.SH 100@9.90:a\n"
    )
    assert [each[1:3] for each in fills(replayed(text, two_days()))] == [("buy", 300), ("sell", 200)]


def test_a_malformed_line_is_answered_as_a_door_answers_it_and_the_rest_goes_on() -> None:
    text = "2024-01-03 09:31:00 buy 600000.SH 100\n" + buy("09:32:00") + "2024-01-03 09:32:01 <HeartBeat>\n"
    found = replayed(text, minutes(FLAT))
    assert [[answer.status for answer in fate.answers] for fate in found.fates.messages] == [
        ["malformed"],
        ["accepted"],
        [],
    ]
    assert found.fates.messages[0].answers[0].text


def test_messages_of_days_without_history_are_left_out() -> None:
    text = buy("09:31:00") + "2024-03-01 09:31:00 buy 600000.SH 100@10:a\n"
    found = replayed(text, minutes(FLAT))
    assert [fate.was_replayed for fate in found.fates.messages] == [True, False]


def test_a_symbol_without_history_is_denied() -> None:
    found = replayed("2024-01-03 09:31:00 buy 600036.SH 100@10:a\n", minutes(FLAT))
    assert reasons(found) == [["SYMBOL_UNKNOWN"]]


def test_history_of_a_closed_day_and_adjusted_history_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="2024-01-06"):
        replayed("2024-01-05 09:31:00 buy 600000.SH 100@10:a\n", minutes(FLAT, day=dt.date(2024, 1, 6)))
    with pytest.raises(ColumnsError):
        replayed(buy("09:31:00"), minutes(FLAT, adjusted="forward"))


def test_daily_bars_give_the_open_to_what_came_before_it_and_the_close_to_what_came_later() -> None:
    bars = daily([(10, 10.5, 9.8, 10.2), (10.3, 10.6, 10.1, 10.4)], first="2024-01-03")
    text = buy("09:20:00", "100@10.90") + buy("13:30:00", "200@10.90") + buy("14:00:00", "300@10.10")
    assert fills(replayed(text, bars)) == [("09:30:00", "buy", 100, 10.0), ("15:00:00", "buy", 200, 10.2)]


LEVELS = [
    ("09:30:00", 10.00, [(9.99, 500)], [(10.00, 300), (10.01, 400)], 1000),
    ("09:30:03", 10.01, [(10.00, 500)], [(10.01, 200), (10.02, 900)], 1000),
    ("09:30:06", 9.98, [(9.97, 500)], [(9.98, 800), (9.99, 900)], 2000),
    ("15:00:02", 9.96, [(9.96, 100)], [(9.97, 100)], 4000),
]


def test_snapshots_fill_at_the_levels_of_the_next_one_and_what_is_taken_is_gone() -> None:
    text = "2024-01-03 09:30:01 buy 600000.SH 300@10.02:a,b\n"
    assert fills(replayed(text, snapshots(LEVELS))) == [
        ("09:30:03", "buy", 200, 10.01),
        ("09:30:03", "buy", 100, 10.02),
        ("09:30:03", "buy", 300, 10.02),
    ]


def test_a_resting_order_fills_when_a_snapshot_has_traded_through_it() -> None:
    found = replayed(buy("09:30:01", "1000@9.97"), snapshots(LEVELS))
    assert fills(found) == [("15:00:02", "buy", 1000, 9.96)]  # In the closing auction: 9.98 was not through it.
    resting = [*LEVELS[:2], ("09:30:06", 9.98, [(9.97, 500)], [(10.02, 100)], 2000)]
    assert fills(replayed(buy("09:30:01", "1000@9.99"), snapshots(resting))) == [("09:30:06", "buy", 500, 9.99)]


def test_a_snapshot_that_is_old_is_no_price_to_order_by() -> None:
    assert reasons(replayed(buy("09:31:00", "100"), snapshots(LEVELS))) == [["QUOTE_STALE"]]


def test_a_result_is_what_the_counter_says_and_fills_lead_to_it() -> None:
    text = buy("09:20:00", "1000@10.10") + "2024-01-04 09:20:00 sell 600000.SH 400@9.90:a\n"
    found = replayed(text, two_days())
    result = result_of(found, found.setup.openings[0].account, name="x", parameters={}, gate="legal")
    fees = result.fills.commission + result.fills.stamp_tax + result.fills.transfer_fee
    assert fees.tolist() == result.fills.fee.tolist()
    moved = -result.fills.side.astype(np.int64) * result.fills.quantity * result.fills.price - result.fills.fee
    assert result.cash.tolist() == [result.initial_cash + moved[0], result.initial_cash + moved.sum()]
    assert result.market_value.tolist() == [1000 * 99_900, 600 * 99_900]
    assert (result.cash + result.market_value).tolist() == result.equity.tolist()
    cost = 1000 * 100_000 + int(result.fills.fee[0])
    assert result.fills.profit.tolist()[1] == 400 * 100_000 - int(result.fills.fee[1]) - cost * 400 // 1000
    assert result.fills.day.tolist() == [0, 1]


def test_each_account_has_books_of_its_own_and_together_they_are_the_sum() -> None:
    text = "2024-01-03 09:20:00 buy 600000.SH 1000@10.10:a;600000.SH 200@10.10:b\n".replace(";600", ";buy 600")
    found = replayed(text, two_days())
    one, two = (result_of(found, each.account, name="x", parameters={}, gate="legal") for each in found.setup.openings)
    assert (one.fills.quantity.tolist(), two.fills.quantity.tolist()) == ([1000], [200])
    whole = together([one, two], [], {})
    assert whole.equity.tolist() == (one.equity + two.equity).tolist()
    assert whole.fills.quantity.tolist() == [1000, 200]
    assert whole.fills.order.tolist() == [0, 1]


def test_fees_are_the_accounts_own() -> None:
    text = buy("09:20:00", "1000@10.10")
    setup = setup_for(text)
    dear = FeeSchedule(commission_millionths=1000, commission_minimum=Money(0))
    (opening,) = setup.openings
    accounts = tuple(replace(each, fees=dear) for each in setup.settings.accounts)
    found = replayed(
        text,
        minutes(FLAT),
        settings=replace(setup.settings, accounts=accounts),
        openings=(replace(opening, fees=dear),),
    )
    result = result_of(found, opening.account, name="x", parameters={}, gate="legal")
    assert result.fills.commission.tolist() == [10 * UNIT]
    assert DAY.isoformat() == str(result.days[0])


def test_an_ex_day_changes_what_is_held_and_pays(tmp_path: Path) -> None:
    path = tmp_path / "actions.csv"
    path.write_text("代码,除权除息日,每10股派息（税前）,每10股送股\n600000.SH,2024-01-04,5,10\n", encoding="utf-8")
    bars = daily([(10, 10.2, 9.8, 10), (4.75, 5, 4.7, 4.8)], first="2024-01-03")
    bars = dataclasses.replace(bars, previous_close=np.asarray([100_000, 47_500]))
    text = buy("09:20:00", "1000@10.10") + "2024-01-04 09:20:00 sell 600000.SH 全部@4.70:a\n"
    found = replayed(text, bars, actions=tuple(read_actions(path)))
    assert [each[1:] for each in fills(found)] == [("buy", 1000, 10.0), ("sell", 2000, 4.75)]
    result = result_of(found, found.setup.openings[0].account, name="x", parameters={}, gate="legal")
    assert result.entries is not None
    assert (result.entries.quantity.tolist(), result.entries.cash.tolist()) == ([1000], [500 * UNIT])
    fees = int(result.fills.fee.sum())
    assert int(result.equity[-1]) == result.initial_cash - 10_000 * UNIT + 500 * UNIT + 9_500 * UNIT - fees


def test_what_goes_ex_while_it_does_not_trade_is_worth_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "actions.csv"
    path.write_text("代码,除权除息日,每10股转增\n600000.SH,2024-01-04,10\n", encoding="utf-8")
    bars = daily([(10, 10.2, 9.8, 10), (10, 10, 10, 10), (5, 5.1, 4.9, 5)], first="2024-01-03")
    bars = dataclasses.replace(
        bars, quantity=np.asarray([10_000_000, 0, 10_000_000]), suspended=np.asarray([False, True, False])
    )
    found = replayed(buy("09:20:00", "1000@10.10"), bars, actions=tuple(read_actions(path)))
    result = result_of(found, found.setup.openings[0].account, name="x", parameters={}, gate="legal")
    assert result.market_value.tolist() == [10_000 * UNIT] * 3


def test_what_one_order_has_taken_of_the_levels_is_not_there_again_for_any_account() -> None:
    bid = [(9.99, 1000)]
    rows = [
        ("09:30:00", 10.02, bid, [(10.01, 300)], 100),
        ("09:30:03", 10.02, bid, [(10.01, 300)], 100),
        ("09:30:06", 10.02, bid, [(10.01, 300), (10.02, 200)], 100),
        ("09:30:09", 10.02, bid, [(10.01, 500), (10.02, 200)], 100),
        ("09:30:12", 10.02, bid, [(10.02, 200)], 100),
        ("09:30:15", 10.02, bid, [(10.01, 100)], 100),
    ]
    found = replayed(buy("09:30:01", "700@10.01") + "2024-01-03 09:30:07 buy 600000.SH 100@10.01:b\n", snapshots(rows))
    assert fills(found) == [
        ("09:30:03", "buy", 300, 10.01),
        ("09:30:09", "buy", 200, 10.01),
        ("09:30:15", "buy", 100, 10.01),
    ]


def test_an_ex_day_without_a_reference_price_is_traded_around_its_ex_right_price(tmp_path: Path) -> None:
    path = tmp_path / "actions.csv"
    path.write_text("代码,除权除息日,每10股转增\n600000.SH,2024-01-04,10\n", encoding="utf-8")
    bars = daily([(10, 10.2, 9.8, 10), (5, 5.1, 4.9, 5)], first="2024-01-03")
    text = buy("09:20:00", "1000@10.10") + "2024-01-04 09:20:00 sell 600000.SH 全部@4.90:a\n"
    found = replayed(text, bars, actions=tuple(read_actions(path)))
    assert [each[1:] for each in fills(found)] == [("buy", 1000, 10.0), ("sell", 2000, 5.0)]


def test_what_is_held_at_the_beginning_counts_and_may_be_sold_at_once() -> None:
    text = "2024-01-03 09:20:00 sell 600000.SH 300@9.90:a\n"
    setup = setup_for(text)
    (opening,) = setup.openings
    held = ((Symbol("600000.SH"), Quantity(1000)),)
    found = replayed(text, minutes(FLAT), openings=(replace(opening, holdings=held),))
    result = result_of(found, opening.account, name="x", parameters={}, gate="legal")
    assert result.initial_equity == result.initial_cash + 1000 * 100_000
    assert result.market_value.tolist() == [700 * 99_900]
    assert result.fills.profit.tolist() == [-int(result.fills.fee[0])]


def test_a_suspended_day_is_told_and_what_is_held_keeps_its_price() -> None:
    bars = daily(
        [(10, 10.2, 9.8, 10), (10, 10, 10, 10)],
        first="2024-01-03",
        quantity=[10_000_000, 0],
        suspended=np.asarray([False, True]),
    )
    text = buy("09:20:00", "1000@10.10") + "2024-01-04 09:20:00 sell 600000.SH 全部@9.90:a\n"
    found = replayed(text, bars)
    assert reasons(found) == [[], ["SUSPENDED"]]
    result = result_of(found, found.setup.openings[0].account, name="x", parameters={}, gate="legal")
    assert result.market_value.tolist() == [10_000 * UNIT, 10_000 * UNIT]


def test_a_repo_is_denied() -> None:
    bars = daily([(2, 2.2, 1.8, 2)], symbol="204001.SH", first="2024-01-03")
    found = replayed("2024-01-03 10:00:00 sell 204001.SH 100@2:a\n", bars)
    assert not found.fates.orders
    assert reasons(found)[0]


def test_a_replay_tells_the_records_of_its_turns() -> None:
    turns: list[Sequence[Record]] = []
    text = buy("09:20:00")
    replay(read_lines(text.encode()).messages, {"600000.SH": minutes(FLAT)}, setup_for(text), turns.append)
    kinds = {type(record).__name__ for records in turns for record in records}
    assert kinds >= {"EngineStarted", "DayBegan", "SignalReceived", "SubmitOrder", "FillReported", "SignalAnswered"}
