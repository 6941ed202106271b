"""The routes of an operator's desk: people, sessions, keys, and who did what."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query

from qmt_trading.model.instant import to_iso_text
from qmt_trading.panel.bodies import (
    Done,
    KeyAnswer,
    KeyBody,
    LinkAnswer,
    Table,
    UserBody,
    UserChangeAnswer,
    UserChangeBody,
    UserRemovedAnswer,
)
from qmt_trading.panel.callers import Caller, Role, Scope
from qmt_trading.panel.entrance import Entrance, entrance_of
from qmt_trading.panel.guard import operator, signed_in
from qmt_trading.panel.links import link_text
from qmt_trading.panel.refusals import RefusedError

router: Final = APIRouter(tags=["people"])
The = Annotated[Entrance, Depends(entrance_of)]
Person = Annotated[Caller, Depends(signed_in)]
Operator = Annotated[Caller, Depends(operator)]
UserInPath = Annotated[str, Path(max_length=64)]
IdInPath = Annotated[str, Path(max_length=64)]


@router.get("/api/v1/users")
def users(caller: Operator, entrance: The) -> Table:
    """Tell who may sign in."""
    rows = [
        {
            "user": user.name,
            "role": user.role.value,
            "totp": bool(user.totp_secret),
            "ready": user.is_ready,
            "made_at": to_iso_text(user.made_ns),
        }
        for user in entrance.users.all()
    ]
    return _table(entrance, rows)


@router.post("/api/v1/users", status_code=201)
def add_user(body: UserBody, caller: Operator, entrance: The) -> LinkAnswer:
    """Add a person; the answer holds a one-time link with which that person sets a password."""
    now_ns = entrance.now_ns()
    entrance.users.add(body.user, Role(body.role), now_ns=now_ns)
    entrance.audit.note(caller, "user_add", "ok", user=body.user, role=body.role)
    token = entrance.links.make(now_ns=now_ns, user=body.user)
    return LinkAnswer(link=link_text(entrance.reach.base, token, body.user))


@router.patch("/api/v1/users/{name}")
def change_user(name: UserInPath, body: UserChangeBody, caller: Operator, entrance: The) -> UserChangeAnswer:
    """Change a person's role at once, or make a new link for a lost password or telephone.

    The keys of somebody who may act no more are revoked.
    """
    user = entrance.users.find(name)
    if user is None:
        raise RefusedError("not_found", f"没有用户 {name}", f"there is no user {name}")
    if body.role is not None and Role(body.role) is not user.role:
        revoked = entrance.users.set_role(user.name, Role(body.role), now_ns=entrance.now_ns())
        entrance.sessions.revision += 1
        told = {"revoked_keys": str(revoked)} if revoked else {}
        entrance.audit.note(caller, "user_role", "ok", user=user.name, role=body.role, **told)
    if not body.new_link:
        return UserChangeAnswer()
    entrance.audit.note(caller, "user_link", "ok", user=user.name)
    token = entrance.links.make(now_ns=entrance.now_ns(), user=user.name)
    return UserChangeAnswer(link=link_text(entrance.reach.base, token, user.name))


@router.delete("/api/v1/users/{name}")
def remove_user(name: UserInPath, caller: Operator, entrance: The) -> UserRemovedAnswer:
    """Remove a person with all sessions, and revoke the keys that this person made."""
    user = entrance.users.find(name)
    if user is None:
        raise RefusedError("not_found", f"没有用户 {name}", f"there is no user {name}")
    if user.name == caller.name:
        raise RefusedError("conflict", "不能删除自己", "nobody removes themselves")
    revoked = entrance.users.remove(user.name, now_ns=entrance.now_ns())
    entrance.sessions.revision += 1
    entrance.audit.note(caller, "user_remove", "ok", user=user.name, revoked_keys=str(revoked))
    return UserRemovedAnswer(revoked_keys=revoked)


@router.get("/api/v1/sessions")
def sessions(caller: Person, entrance: The) -> Table:
    """Tell which sessions are alive: the own ones, and an operator sees everybody's."""
    whose = None if caller.role is Role.OPERATOR else caller.name
    rows = [
        {
            "id": session.id,
            "user": session.user,
            "address": session.address,
            "agent": session.agent,
            "made_at": to_iso_text(session.made_ns),
            "used_at": to_iso_text(session.used_ns),
            "this": session.id == caller.session,
        }
        for session in entrance.sessions.all(now_ns=entrance.now_ns(), user=whose)
    ]
    return _table(entrance, rows)


@router.delete("/api/v1/sessions/{id}")
def end_session(id: IdInPath, caller: Person, entrance: The) -> Done:  # noqa: A002 - as the address is written
    """End a session: an own one, and an operator anybody's."""
    whose = None if caller.role is Role.OPERATOR else caller.name
    if not entrance.sessions.end(id, user=whose):
        raise RefusedError("not_found", "没有这个会话", "there is no such session")
    entrance.audit.note(caller, "session_end", "ok", session=id)
    return Done()


@router.get("/api/v1/keys")
def keys(caller: Operator, entrance: The) -> Table:
    """Tell which keys there are; never what they are."""
    rows = [
        {
            "id": key.id,
            "name": key.name,
            "prefix": key.prefix,
            "scopes": sorted(scope.value for scope in key.scopes),
            "doors": list(key.doors),
            "accounts": list(key.accounts),
            "made_by": key.made_by,
            "made_at": to_iso_text(key.made_ns),
            "used_at": to_iso_text(key.used_ns) if key.used_ns else None,
            "revoked_at": to_iso_text(key.revoked_ns) if key.revoked_ns else None,
        }
        for key in entrance.keys.all()
    ]
    return _table(entrance, rows)


@router.post("/api/v1/keys", status_code=201)
def add_key(body: KeyBody, caller: Operator, entrance: The) -> KeyAnswer:
    """Make a key; the answer holds it, this once."""
    key, text = entrance.keys.make(
        body.name,
        frozenset(Scope(word) for word in body.scopes),
        doors=tuple(body.doors),
        accounts=tuple(body.accounts),
        made_by=caller.name,
        now_ns=entrance.now_ns(),
    )
    limits = {"doors": ",".join(body.doors), "accounts": ",".join(body.accounts)}
    scopes = ",".join(sorted(body.scopes))
    entrance.audit.note(caller, "key_add", "ok", key=key.id, name=body.name, scopes=scopes, **limits)
    return KeyAnswer(id=key.id, key=text)


@router.delete("/api/v1/keys/{id}")
def revoke_key(id: IdInPath, caller: Operator, entrance: The) -> Done:  # noqa: A002 - as the address is written
    """Revoke a key, at once and for good."""
    if not entrance.keys.revoke(id, now_ns=entrance.now_ns()):
        raise RefusedError("not_found", "没有这个密钥，或已吊销", "there is no such key, or it was revoked before")
    entrance.audit.note(caller, "key_revoke", "ok", key=id)
    return Done()


@router.get("/api/v1/audit")
def audit(
    caller: Operator,
    entrance: The,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Table:
    """Tell who did what, the newest first."""
    deeds, total = entrance.audit.newest(offset=offset, limit=limit)
    rows: list[dict[str, Any]] = [
        {
            "id": deed.id,
            "at": to_iso_text(deed.at_ns),
            "who": deed.who,
            "address": deed.address,
            "action": deed.action,
            "about": deed.about,
            "outcome": deed.outcome,
        }
        for deed in deeds
    ]
    return _table(entrance, rows, total)


def _table(entrance: Entrance, rows: list[dict[str, Any]], total: int | None = None) -> Table:
    return Table(rows=rows, total=len(rows) if total is None else total, at=to_iso_text(entrance.now_ns()))
