"""Signing in: one road for right and wrong, known and unknown names, that takes as long for each."""

from __future__ import annotations

from collections.abc import Hashable

from qmt_trading.panel.delays import origin_of
from qmt_trading.panel.entrance import Entrance
from qmt_trading.panel.refusals import RefusedError
from qmt_trading.panel.totp import step_of
from qmt_trading.panel.users import User


def sign_in(entrance: Entrance, name: str, password: str, code: str, *, address: str, device: str) -> User:
    """Return the user whose ``password``, and code where there is a second factor, are right.

    Attempts of a browser from which this user has signed in before are counted by themselves: what strangers try
    elsewhere does not delay the owner.

    Args:
        device: what that browser's cookie says.

    Raises:
        RefusedError: 401 ``bad_login``, ``code_needed`` or ``bad_code``; 429 ``wait``.
    """
    now_ns = entrance.now_ns()
    counted = _counted(entrance, name, address, device)
    wait_s = entrance.delays.attempt(counted, now_s=now_ns / 1e9)
    if wait_s:
        raise RefusedError("wait", wait_s=wait_s)
    user = entrance.users.find(name)
    try:
        is_right = entrance.passwords.is_right(user.password if user is not None else "", password)
    except RefusedError:
        entrance.delays.undo(counted)
        raise
    if user is None or not is_right:
        _note(entrance, user, address, "bad_login")
        raise RefusedError("bad_login")
    if user.totp_secret:
        _check_code(entrance, user, code, address, counted)
    entrance.delays.forget(counted)
    if user.password and entrance.passwords.is_outdated(user.password):
        entrance.users.rehash(user.name, user.password, entrance.passwords.hash(password))
    _note(entrance, user, address, "ok")
    return user


def _check_code(entrance: Entrance, user: User, code: str, address: str, counted: list[Hashable]) -> None:
    if not code.strip():
        entrance.delays.undo(counted)
        raise RefusedError("code_needed")
    step = step_of(user.totp_secret, code, now_ns=entrance.now_ns())
    if step is None or not entrance.users.spend_step(user.name, step):
        _note(entrance, user, address, "bad_code")
        raise RefusedError("bad_code")


def _counted(entrance: Entrance, name: str, address: str, device: str) -> list[Hashable]:
    if device and entrance.sessions.knows_device(device, name, now_ns=entrance.now_ns()):
        return [("device", device)]
    return [("user", name.casefold()[:64]), ("address", origin_of(address))]


def _note(entrance: Entrance, user: User | None, address: str, outcome: str) -> None:
    """Write it down; an unknown name is not told, since people type passwords there by mistake."""
    entrance.audit.note_by(f"panel:{user.name}" if user is not None else "?", address, "login", outcome)
