"""What a person may ask the engine to do, as the bodies of requests: strict, and with the reason beside it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MANY_MAX: Final = 500
WORDS: Final = ("恢复", "RESUME")
"""One of these is typed by whoever releases trading."""
TEXT_MAX: Final = 65_536

_Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
_Why = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
_Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX)]
_Number = Annotated[int, Field(strict=True, ge=1, le=2**53)]


class _Deed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    why: _Why = ""

    def about(self) -> dict[str, str]:
        """Return what the audit is told of it: plain words, each cut to what a line holds."""
        told = self.model_dump(exclude_none=True, exclude_defaults=True)
        return {key: str(value)[:500] for key, value in told.items() if key != "word"}


class CancelDeed(_Deed):
    order_id: _Word | None = None
    account: _Word | None = None
    symbol: _Word | None = None
    side: Literal["buy", "sell", "all"] = "all"
    all: bool = False


class CancelManyDeed(_Deed):
    order_ids: Annotated[list[_Word], Field(min_length=1, max_length=MANY_MAX)]


class HaltDeed(_Deed):
    account: _Word | None = None
    reduce: bool = False
    cancel_open: bool = False


class ResumeDeed(_Deed):
    account: _Word | None = None
    word: Annotated[str, StringConstraints(strip_whitespace=True, max_length=16)]
    why: _Said
    seen: Annotated[str, StringConstraints(max_length=40)] = ""
    """``state_since`` of the state that the person has seen: what was stopped later is not released."""


class ResolveDeed(_Deed):
    client_order_id: _Word
    status: Literal["UNKNOWN", "NOT_SENT", "CANCELED", "REJECTED"]


class ReconcileDeed(_Deed):
    account: _Word | None = None
    accept: bool = False


class LimitDeed(_Deed):
    scope: Literal["total", "account", "door", "strategy"]
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] = ""
    limit: _Word
    value: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)]


class ConfirmLimitsDeed(_Deed):
    why: _Said


class AcceptMorningDeed(_Deed):
    account: _Word
    why: _Said


class AcknowledgeDeed(_Deed):
    alerts: Annotated[list[_Number], Field(min_length=1, max_length=MANY_MAX)] | Literal["all"]


class IgnoreDifferenceDeed(_Deed):
    account: _Word
    key: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
    why: _Said


class NotifyTestDeed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Word


class PreviewDeed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: _Text


class SignalDeed(_Deed):
    text: _Text
