"""Taking note of alerts: each has one number for ever, and what matters is kept until somebody has seen it."""

from __future__ import annotations

import datetime as dt

from qmt_trading.codec import state_snapshot
from qmt_trading.engine.acknowledging import ALERTS_KEPT
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.view import AlertRow
from qmt_trading.model.words import LinkState
from tests.engine_bench import DAY, Bench


def told(bench: Bench, *texts: str) -> list[AlertRow]:
    """Tell something that matters once for each text; return the rows of all alerts."""
    for text in texts:
        bench.feed(ev.DoorComplained("door", text, text))
    return bench.engine.state.alerts


def numbers_before(bench: Bench) -> int:
    return bench.engine.state.alert_seq


def ask(bench: Bench, *numbers: int, everything: bool = False) -> list[out.Output]:
    return bench.feed(ev.AcknowledgeRequested("小王", "看过了", numbers, everything))


def open_texts(bench: Bench) -> list[str]:
    return [row.alert.english for row in bench.engine.state.alerts if row.is_open]


def test_alerts_are_numbered_in_the_order_in_which_they_were_decided() -> None:
    bench = Bench()
    before = numbers_before(bench)
    rows = told(bench, "a", "b")
    assert [row.id for row in rows[-2:]] == [before + 1, before + 2]


def test_an_acknowledged_alert_says_by_whom_when_and_why() -> None:
    bench = Bench()
    *_, first, second = told(bench, "a", "b")
    assert ask(bench, first.id) == [out.AlertsAcknowledged((first.id,), "小王", "看过了")]
    seen, unseen = bench.engine.state.alerts[-2:]
    assert (seen.id, seen.acknowledged_by, seen.acknowledged_why) == (first.id, "小王", "看过了")
    assert seen.acknowledged_ns == bench.engine.state.now_ns
    assert not seen.is_open
    assert unseen == second


def test_who_acknowledged_first_stays() -> None:
    bench = Bench()
    *_, row = told(bench, "a")
    ask(bench, row.id)
    assert bench.feed(ev.AcknowledgeRequested("小李", "", (row.id,))) == []
    assert bench.engine.state.alerts[-1].acknowledged_by == "小王"


def test_one_number_that_no_alert_has_spoils_the_request() -> None:
    bench = Bench()
    *_, row = told(bench, "a")
    assert ask(bench, row.id, row.id + 1) == []
    assert bench.engine.state.alerts[-1].is_open


def test_all_are_those_that_matter_and_that_nobody_has_seen() -> None:
    bench = Bench()
    bench.report(bench.row("", number="901"))
    *_, row = told(bench, "a")
    information = [each.id for each in bench.engine.state.alerts if not each.is_open]
    assert information  # A foreign order was taken in.
    (acknowledged,) = ask(bench, everything=True)
    assert isinstance(acknowledged, out.AlertsAcknowledged)
    assert row.id in acknowledged.alerts
    assert not set(information) & set(acknowledged.alerts)
    assert open_texts(bench) == []
    assert ask(bench, everything=True) == []


def test_of_too_many_those_that_nobody_need_see_any_more_go_first() -> None:
    bench = Bench()
    *_, first, second = told(bench, "first", "second")
    ask(bench, second.id)
    told(bench, *(f"n{number}" for number in range(ALERTS_KEPT - 1)))
    kept = [row.id for row in bench.engine.state.alerts]
    assert len(kept) == ALERTS_KEPT
    assert first.id in kept
    assert second.id not in kept
    told(bench, "one more")
    assert first.id not in [row.id for row in bench.engine.state.alerts]  # All of them are open: the oldest goes.


def test_a_snapshot_keeps_numbers_and_who_has_seen_them() -> None:
    bench = Bench()
    *_, first, _ = told(bench, "a", "b")
    ask(bench, first.id)
    payload = b"\n".join(state_snapshot.encode_parts(capture(bench.engine.state)))
    again = restore(state_snapshot.decode(payload))
    assert again.alerts == bench.engine.state.alerts
    assert again.alert_seq == bench.engine.state.alert_seq


def test_the_next_day_takes_over_what_nobody_has_seen_under_its_number() -> None:
    bench = Bench()
    *_, first, second = told(bench, "a", "b")
    ask(bench, first.id)
    bench.feed(ev.DayBegan(DAY + dt.timedelta(days=1)))
    rows = {row.id: row for row in bench.engine.state.alerts}
    assert first.id not in rows
    assert rows[second.id] == second
    (third,) = [row for row in told(bench, "c") if row.alert.chinese.endswith("c")]
    assert third.id > second.id
    assert isinstance(ask(bench, second.id)[0], out.AlertsAcknowledged)
    assert not next(row for row in bench.engine.state.alerts if row.id == second.id).is_open


def test_a_day_that_was_recorded_before_alerts_had_numbers_begins_at_one() -> None:
    bench = Bench()
    bench.engine.fold(out.DayOpened(**{**_fields(bench), "alert_seq": 0, "alerts": ()}))  # type: ignore[arg-type]
    *_, row = told(bench, "a")
    assert row.id == 1


def _fields(bench: Bench) -> dict[str, object]:
    bench.feed(ev.DayBegan(DAY + dt.timedelta(days=1)))
    (*_, opened) = bench.made(out.DayOpened)
    return {name: getattr(opened, name) for name in opened.__struct_fields__}


def test_a_link_that_rests_or_breaks_is_an_alert_with_a_number() -> None:
    bench = Bench()
    bench.connect()
    session = bench.engine.state.accounts[bench.settings.accounts[0].account].session
    before = numbers_before(bench)
    bench.feed(ev.LinkChanged(bench.settings.accounts[0].account, session, LinkState.DOWN, "x"))
    assert bench.engine.state.alerts[-1].id == before + 1
