"""Messages: frozen all the way down, told apart by tags and words that the journal keeps for ever."""

from __future__ import annotations

from enum import StrEnum
from typing import get_args

import msgspec
import pytest

from qmt_trading.model import (
    events,
    instrument,
    order,
    outputs,
    reasons,
    receipt,
    settings,
    signal,
    snapshot,
    view,
    words,
)
from qmt_trading.model.events import Event, KnownSignal
from qmt_trading.model.outputs import Output

MODULES = (events, instrument, order, outputs, reasons, receipt, settings, signal, snapshot, view, words)
STRUCTS = sorted(
    {
        value
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value is not msgspec.Struct
    },
    key=lambda struct: struct.__name__,
)
TAGS = {
    "Alert": "alert",
    "BrokerListed": "listed",
    "CancelMarked": "mark",
    "CancelOrder": "cancel",
    "CancelRefused": "norevoke",
    "CancelRequested": "cancel-request",
    "ClockStepped": "clock",
    "CorporateActionsTold": "actions",
    "DayBegan": "day",
    "DayOpened": "opened",
    "DeadlineReached": "deadline",
    "EngineStarted": "start",
    "FillReported": "fill",
    "HaltRequested": "halt",
    "JournalBound": "bound",
    "JournalFailed": "journal-failed",
    "LinkChanged": "link",
    "MalformedReceived": "malformed",
    "SignalsDropped": "dropped",
    "DoorComplained": "door",
    "OrderEnded": "ended",
    "OrderReported": "order",
    "QueryBroker": "query",
    "ResolveRequested": "resolve",
    "ResumeRequested": "resume",
    "SignalAnswered": "answer",
    "SignalReceived": "signal",
    "SubmitOrder": "submit",
    "SubmitRefused": "refused",
    "SubmitUncertain": "uncertain",
    "SubmitsHandedOver": "handed",
    "SubmitsWithheld": "withheld",
    "TradingStateChanged": "state",
    "ChaseEnded": "chased",
    "InstructionDone": "fired",
    "InstructionDropped": "untimed",
    "InstructionDue": "due",
    "InstructionQueued": "timed",
    "BrakeTripped": "brake",
    "LimitRequested": "limit-request",
    "LimitSet": "limit",
    "LimitsConfirmed": "limits-confirmed",
    "TerminalComplained": "terminal",
    "MorningChecked": "morning",
    "MorningAccepted": "morning-accepted",
    "CancelsEnding": "cancels-ending",
    "PositionsMarked": "marked",
    "DifferenceAbsorbed": "absorbed",
    "DifferencesTold": "differ",
    "ReconcileRequested": "reconcile",
    "IgnoreDifferenceRequested": "ignore-difference",
    "DifferenceIgnored": "ignored",
    "AcknowledgeRequested": "acknowledge",
    "AlertsAcknowledged": "acknowledged",
}
"""Every one stands in somebody's journal: a line here may be added, and none changed."""


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_message_is_frozen(struct: type[msgspec.Struct]) -> None:
    assert struct.__struct_config__.frozen


def test_the_tags_of_the_journal_are_what_they_were() -> None:
    tagged = {each.__name__: each.__struct_config__.tag for each in (*get_args(Event), *get_args(Output))}
    assert tagged == TAGS
    assert events.At.__struct_config__.tag == "at"
    assert len(set(TAGS.values()) | {"at"}) == len(TAGS) + 1


@pytest.mark.parametrize("struct", [*get_args(Event), *get_args(Output), KnownSignal], ids=lambda each: each.__name__)
def test_records_are_arrays_so_that_a_field_may_be_added_at_the_end(struct: type[msgspec.Struct]) -> None:
    assert struct.__struct_config__.array_like


def test_the_words_of_the_journal_are_spelt_one_way() -> None:
    shouted = ("OrderStatus", "TradingState", "Reason")
    for module in (words, reasons):
        for name, kind in vars(module).items():
            if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum:
                for member in kind:
                    wanted = member.name if name in shouted else member.name.lower()
                    assert member.value == wanted, member


def test_every_order_state_ends_or_does_not() -> None:
    ended = {"FILLED", "CANCELED", "REJECTED", "EXPIRED", "NOT_SENT"}
    assert {status.value for status in words.TERMINAL} == ended


def test_settings_of_nobodys_choosing_are_careful() -> None:
    account = settings.AccountSettings(account=signal.AccountId("1"))
    door = settings.DoorSettings(name="d")
    assert account.bare_per_day_max == 1
    assert account.limits.order_value_max == 100_000 * 10_000
    assert door.bare is words.BareAction.UNSET
    assert door.default_size is None
    assert door.ttl_ns == 10_000_000_000
