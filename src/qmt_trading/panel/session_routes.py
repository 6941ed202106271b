"""The routes of one's own access: setting up, signing in and out, password, second factor."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from qmt_trading.panel.bodies import (
    Done,
    LinkBody,
    LoginBody,
    OpenedAnswer,
    PasswordBody,
    SessionAnswer,
    SetupBody,
    TotpAnswer,
    TotpBeginBody,
    TotpConfirmBody,
    TotpRemoveBody,
)
from qmt_trading.panel.callers import Caller
from qmt_trading.panel.entrance import Entrance, entrance_of
from qmt_trading.panel.guard import caller_of
from qmt_trading.panel.passwords import check_password
from qmt_trading.panel.refusals import RefusedError
from qmt_trading.panel.requests import cookie_of
from qmt_trading.panel.sessions import DEVICE_NS, csrf_of
from qmt_trading.panel.signing_in import sign_in
from qmt_trading.panel.totp import new_totp_secret, qr_svg, step_of, uri_of
from qmt_trading.panel.users import User

router: Final = APIRouter(tags=["session"])
The = Annotated[Entrance, Depends(entrance_of)]


async def anyone_in(connection: HTTPConnection) -> Caller:
    """Return the person who asks, also one who must still set up a second factor."""
    caller = caller_of(connection)
    if caller is None or caller.role is None:
        raise RefusedError("not_signed_in")
    return caller


Person = Annotated[Caller, Depends(anyone_in)]


@router.get("/api/v1/session")
def session(request: Request, entrance: The) -> SessionAnswer:
    """Tell who is signed in here; the one question that strangers may ask."""
    caller = caller_of(request)
    if caller is None or caller.role is None:
        return SessionAnswer(state="login" if entrance.users.operators() else "setup")
    user = entrance.users.find(caller.name)
    return SessionAnswer(
        state="in",
        user=caller.name,
        role=caller.role.value,
        csrf=csrf_of(cookie_of(request.headers, entrance.reach.session_cookie)),
        totp=user is not None and bool(user.totp_secret),
        totp_needed=caller.needs_totp,
    )


@router.post("/api/v1/setup")
def setup(body: SetupBody, request: Request, response: Response, entrance: The) -> SessionAnswer:
    """Set the password that a one-time link is for, and sign in."""
    now_ns, address = entrance.now_ns(), _address_of(request)
    whose = entrance.links.user_of(body.token, now_ns=now_ns)
    if whose is None:
        raise RefusedError("bad_link")
    check_password(body.password, body.user)
    entrance.links.spend(body.token, body.user, entrance.passwords.hash(body.password), now_ns=entrance.now_ns())
    entrance.audit.note_by(f"panel:{body.user}", address, "setup", "ok")
    user = entrance.users.find(body.user)
    if user is None:
        raise RefusedError("bad_link")
    return _open(entrance, request, response, user)


@router.post("/api/v1/setup/link")
def setup_link(body: LinkBody, entrance: The) -> OpenedAnswer:
    """Tell whether a one-time link is still good, before anybody fills in a form in vain; it is not spent by that."""
    whose = entrance.links.user_of(body.token, now_ns=entrance.now_ns())
    if whose is None:
        return OpenedAnswer(is_good=False)
    return OpenedAnswer(is_good=True, user=whose, is_first=not entrance.users.operators())


@router.post("/api/v1/login")
def login(body: LoginBody, request: Request, response: Response, entrance: The) -> SessionAnswer:
    """Sign in with name, password and, where there is a second factor, a code."""
    device = cookie_of(request.headers, entrance.reach.device_cookie)
    user = sign_in(entrance, body.user, body.password, body.code or "", address=_address_of(request), device=device)
    return _open(entrance, request, response, user)


@router.post("/api/v1/logout")
def logout(caller: Person, response: Response, entrance: The) -> Done:
    """End this session."""
    entrance.sessions.end(caller.session)
    entrance.audit.note(caller, "logout", "ok")
    _set_cookie(response, entrance, entrance.reach.session_cookie, "", age_s=0)
    return Done()


@router.post("/api/v1/password")
def password(body: PasswordBody, caller: Person, entrance: The) -> Done:
    """Change the own password; every other session of this person ends."""
    _prove_again(entrance, caller, body.old, "password")
    check_password(body.new, caller.name)
    entrance.users.set_password(caller.name, entrance.passwords.hash(body.new), keep_session=caller.session)
    entrance.sessions.revision += 1
    entrance.audit.note(caller, "password", "ok")
    return Done()


@router.post("/api/v1/totp/begin")
def totp_begin(body: TotpBeginBody, caller: Person, entrance: The) -> TotpAnswer:
    """Offer a secret for a second factor; it counts once a code has confirmed it."""
    user = _prove_again(entrance, caller, body.password, "totp_begin")
    if user.totp_secret:
        raise RefusedError("conflict", "已启用两步验证：先移除旧的", "there is a second factor: remove it first")
    secret = new_totp_secret()
    entrance.users.offer_totp(user.name, secret)
    uri = uri_of(secret, user.name)
    return TotpAnswer(secret=secret, uri=uri, svg=qr_svg(uri))


@router.post("/api/v1/totp/confirm")
def totp_confirm(body: TotpConfirmBody, caller: Person, entrance: The) -> Done:
    """Make the offered secret the second factor; every other session of this person ends."""
    user = entrance.users.find(caller.name)
    if user is None or not user.totp_offered or user.totp_secret:
        raise RefusedError("conflict", "先开始设置两步验证", "begin to set up the second factor first")
    _pace(entrance, caller)
    step = step_of(user.totp_offered, body.code, now_ns=entrance.now_ns())
    if step is None:
        entrance.audit.note(caller, "totp_confirm", "bad_code")
        raise RefusedError("bad_code", status=422)
    if not entrance.users.take_totp(user.name, user.totp_offered, step, keep_session=caller.session):
        raise RefusedError("conflict", "密钥已换过：请重新扫码", "another secret was shown since: begin again")
    entrance.sessions.revision += 1
    entrance.delays.forget([_again(caller)])
    entrance.audit.note(caller, "totp_confirm", "ok")
    return Done()


@router.post("/api/v1/totp/remove")
def totp_remove(body: TotpRemoveBody, caller: Person, entrance: The) -> Done:
    """Take the own second factor away; refused where others than this machine reach the panel."""
    if not entrance.reach.is_loopback:
        raise RefusedError(
            "conflict", "别的机器能打开面板时，两步验证不能移除", "the panel is reached by others: it must stay"
        )
    user = _prove_again(entrance, caller, body.password, "totp_remove")
    if not user.totp_secret:
        raise RefusedError("conflict", "未启用两步验证", "there is no second factor")
    _pace(entrance, caller)
    step = step_of(user.totp_secret, body.code, now_ns=entrance.now_ns())
    if step is None or not entrance.users.spend_step(user.name, step):
        entrance.audit.note(caller, "totp_remove", "bad_code")
        raise RefusedError("bad_code", status=422)
    entrance.delays.forget([_again(caller)])
    entrance.users.remove_totp(user.name)
    entrance.audit.note(caller, "totp_remove", "ok")
    return Done()


def _open(entrance: Entrance, request: Request, response: Response, user: User) -> SessionAnswer:
    """Open a session under a name that nobody could know before, and give it to the browser."""
    now_ns, reach = entrance.now_ns(), entrance.reach
    token = entrance.sessions.open(
        user.name,
        address=_address_of(request),
        agent=request.headers.get("user-agent", ""),
        now_ns=now_ns,
        replaces=cookie_of(request.headers, reach.session_cookie),
    )
    _set_cookie(response, entrance, reach.session_cookie, token, age_s=None)
    known = cookie_of(request.headers, reach.device_cookie)
    if not entrance.sessions.knows_device(known, user.name, now_ns=now_ns):
        known = entrance.sessions.remember_device(user.name, now_ns=now_ns)
        _set_cookie(response, entrance, reach.device_cookie, known, age_s=DEVICE_NS // 1_000_000_000)
    return SessionAnswer(
        state="in",
        user=user.name,
        role=user.role.value,
        csrf=csrf_of(token),
        totp=bool(user.totp_secret),
        totp_needed=not reach.is_loopback and not user.totp_secret,
    )


def _set_cookie(response: Response, entrance: Entrance, name: str, value: str, *, age_s: int | None) -> None:
    response.set_cookie(
        name, value, max_age=age_s, path="/", secure=entrance.reach.is_secure, httponly=True, samesite="strict"
    )


def _prove_again(entrance: Entrance, caller: Caller, password: str, action: str) -> User:
    """Return the user whose session asks, after the password was told again."""
    _pace(entrance, caller)
    user = entrance.users.find(caller.name)
    if user is None or not entrance.passwords.is_right(user.password, password):
        entrance.audit.note(caller, action, "bad_login")
        raise RefusedError("bad_password", "当前密码不对", "this is not the present password", status=422)
    entrance.delays.forget([_again(caller)])
    return user


def _pace(entrance: Entrance, caller: Caller) -> None:
    """Let one attempt pass, slower after failures: a stolen session must not find out the password."""
    wait_s = entrance.delays.attempt([_again(caller)], now_s=entrance.now_ns() / 1e9)
    if wait_s:
        raise RefusedError("wait", wait_s=wait_s)


def _again(caller: Caller) -> tuple[str, str]:
    return "again", caller.name


def _address_of(request: Request) -> str:
    return request.client.host if request.client is not None else ""
