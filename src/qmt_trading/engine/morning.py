"""The morning check, folded into its account: red items close it for buys until a later check or a person opens it."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model.morning import CheckItem, Morning
from qmt_trading.model.settings import AccountSettings


def unchecked(settings: AccountSettings, accepted: tuple[str, ...] = ()) -> Morning:
    """Return what holds before the first check: closed where checks are made, unless a person has opened it."""
    red = (CheckItem.UNCHECKED.value,) if settings.morning_check else ()
    return Morning(_without(red, accepted), accepted)


def checked(before: Morning, record: ev.MorningChecked, now_ns: int) -> Morning:
    """Return what holds after a check; what a person has accepted today stays accepted."""
    return Morning(_without(record.red, before.accepted), before.accepted, now_ns, record.red)


def accepted(before: Morning) -> Morning:
    """Return what holds once a person has accepted what closes the account now."""
    return replace(before, closed=(), accepted=tuple(dict.fromkeys(before.accepted + before.closed)))


def _without(red: tuple[str, ...], taken: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item for item in red if item not in taken)
