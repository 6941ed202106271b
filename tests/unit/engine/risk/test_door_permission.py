"""Rule: a door does what it was opened for: its verbs, its accounts, its largest order."""

from __future__ import annotations

from qmt_trading.engine.risk.door_permission import check_door_account, check_door_verb
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import DoorSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Verb
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.parts import reason

DOOR = DoorSettings(name="d", allow=(Verb.CANCEL,), accounts=(ACCOUNT,))


def test_a_door_that_may_only_cancel_does_nothing_else() -> None:
    assert check_door_verb(DOOR, Verb.CANCEL) is None
    for verb in Verb:
        if verb is not Verb.CANCEL:
            assert check_door_verb(DOOR, verb) == Denial(Reason.DOOR_FORBIDS, ("d", "cancel")), verb


def test_a_door_for_one_account_serves_no_other_and_a_door_without_a_list_serves_all() -> None:
    assert check_door_account(DOOR, ACCOUNT) is None
    assert check_door_account(DOOR, OTHER) == Denial(Reason.DOOR_ACCOUNT_FORBIDDEN, ("d", OTHER))
    assert check_door_account(DoorSettings(name="free"), AccountId("any")) is None


def test_a_message_through_a_door_that_is_not_configured_does_nothing() -> None:
    bench = Bench()
    assert reason(bench.signal(f"buy {STOCK} 100:{ACCOUNT}", door="nowhere").orders[0].denial) is Reason.DOOR_FORBIDS
    assert reason(bench.signal(f"cancel {STOCK}:{ACCOUNT}", door="nowhere").cancels[0].denial) is Reason.DOOR_FORBIDS
    assert reason(bench.signal(f"{STOCK}:{ACCOUNT}", door="nowhere").orders[0].denial) is Reason.BARE_UNSET
