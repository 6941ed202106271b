"""Rule: a door does what it was opened for: its verbs and its accounts."""

from __future__ import annotations

from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import DoorSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Verb


def check_door_verb(door: DoorSettings, verb: Verb) -> Denial | None:
    """Return a denial when the door does not allow ``verb`` (bare items are judged by what they mean here)."""
    if verb in door.allow:
        return None
    return Denial(Reason.DOOR_FORBIDS, (door.name, ",".join(allowed.value for allowed in door.allow)))


def check_door_account(door: DoorSettings, account: AccountId) -> Denial | None:
    """Return a denial when the door is limited to other accounts; a door without a list serves every account."""
    if not door.accounts or account in door.accounts:
        return None
    return Denial(Reason.DOOR_ACCOUNT_FORBIDDEN, (door.name, account))
