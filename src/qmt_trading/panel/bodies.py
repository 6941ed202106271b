"""What the requests about people and keys carry, and what their answers hold; strict, bounded, nothing beside."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
UserName = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_.\-\u4e00-\u9fff]+$")]
PasswordText = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Code = Annotated[str, StringConstraints(max_length=32)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
RoleWord = Literal["viewer", "operator"]
ScopeWord = Literal["signals", "read"]


class Body(BaseModel):
    """What a request carries: each field as it is named, of its own type, and no other."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class SetupBody(Body):
    """The password that a one-time link is for."""

    token: Token
    user: UserName
    password: PasswordText


class LinkBody(Body):
    """A one-time link that somebody has opened."""

    token: Token


class LoginBody(Body):
    """Who signs in."""

    user: Name
    password: PasswordText
    code: Code | None = None


class PasswordBody(Body):
    """A new password for the old."""

    old: PasswordText
    new: PasswordText


class TotpBeginBody(Body):
    """The own password, again."""

    password: PasswordText


class TotpConfirmBody(Body):
    """The first code."""

    code: Code


class TotpRemoveBody(Body):
    """The own password, again, and a code."""

    password: PasswordText
    code: Code


class UserBody(Body):
    """A new person."""

    user: UserName
    role: RoleWord


class UserChangeBody(Body):
    """What is changed about a person."""

    role: RoleWord | None = None
    new_link: bool = False
    """Make a new one-time link: for a password, or a telephone, that was lost."""


class KeyBody(Body):
    """A new key."""

    name: Label
    scopes: Annotated[list[ScopeWord], Field(min_length=1, max_length=2)]
    doors: Annotated[list[Label], Field(max_length=50)] = []
    accounts: Annotated[list[Label], Field(max_length=50)] = []


class SessionAnswer(BaseModel):
    """Who is signed in here, and what the page needs to write."""

    state: Literal["setup", "login", "in"]
    user: str | None = None
    role: RoleWord | None = None
    csrf: str | None = None
    totp: bool = False
    totp_needed: bool = False
    """A second factor must be set up before anything else."""
    language: Literal["zh", "en"] | None = None


class OpenedAnswer(BaseModel):
    """What a one-time link is good for."""

    is_good: bool
    """False: it is unknown, used or expired; what follows says nothing then."""
    user: str = ""
    """Whose password it sets; empty: any operator's, new or known."""
    is_first: bool = False
    """There is no operator yet."""


class TotpAnswer(BaseModel):
    """A secret to take into a telephone, shown once."""

    secret: str
    uri: str
    svg: str


class Done(BaseModel):
    """It is done."""

    ok: Literal[True] = True


class LinkAnswer(BaseModel):
    """A one-time link for somebody else, shown once."""

    link: str


class UserChangeAnswer(BaseModel):
    """It is done; with the link where one was asked for."""

    ok: Literal[True] = True
    link: str | None = None


class UserRemovedAnswer(BaseModel):
    """It is done."""

    ok: Literal[True] = True
    revoked_keys: int


class KeyAnswer(BaseModel):
    """The key itself, shown once."""

    id: str
    key: str


class Table(BaseModel):
    """Rows as every table tells them."""

    rows: list[dict[str, Any]]
    total: int
    at: str
    source: Literal["panel"] = "panel"
    age_s: float = 0.0


class ErrorFacts(BaseModel):
    """Why not."""

    model_config = ConfigDict(extra="allow")

    code: str
    text: str
    text_en: str


class ErrorAnswer(BaseModel):
    """The one form of every error."""

    error: ErrorFacts


_MEANINGS: Final = {
    400: "malformed", 401: "not signed in", 403: "not allowed", 404: "not there", 409: "in conflict with what stands",
    413: "too large", 415: "not JSON", 422: "not as it must be", 429: "wait", 503: "the engine is not running",
}  # fmt: skip
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": ErrorAnswer, "description": meaning} for status, meaning in _MEANINGS.items()
}
"""What any route may answer besides what it is for."""
