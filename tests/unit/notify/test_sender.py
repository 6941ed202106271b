"""Messages really reach a far end; where they do not, the reason is told and nothing of the address is."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.model.words import Importance
from qmt_trading.notify.channel import Secret
from qmt_trading.notify.sender import AppriseSender, UndeliveredError, UrlError, scheme_of
from qmt_trading.notify.words import Written
from tests.notify_bench import TOKEN, FarEnd

WRITTEN = Written("QMT 模拟 紧急", "第一行\n<b>第二行</b> *x*")
DOCS = Path(__file__).resolve().parents[3] / "docs" / "notify.md"


class Overheard(logging.Handler):
    """Keeps all that reaches the root of the logs, where consoles and files listen."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += self.format(record)


@pytest.fixture
def overheard() -> Iterator[Overheard]:
    handler, root = Overheard(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.NOTSET)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)


def why(sender: AppriseSender) -> str:
    with pytest.raises(UndeliveredError) as caught:
        sender.send(WRITTEN, Importance.CRITICAL)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_title_text_and_importance_arrive_as_they_are(far_end: FarEnd) -> None:
    AppriseSender(far_end.secret).send(WRITTEN, Importance.CRITICAL)
    (taken,) = far_end.taken
    assert (taken["title"], taken["message"], taken["type"]) == (*WRITTEN, "failure")


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_refusal_is_told_by_its_number(
    status: int, far_end: FarEnd, capfd: pytest.CaptureFixture[str], overheard: Overheard
) -> None:
    far_end.status = status
    reason = why(AppriseSender(far_end.secret))
    assert str(status) in reason
    assert TOKEN not in reason + overheard.text + "".join(capfd.readouterr())


def test_nobody_there_and_a_silent_one_are_told_apart_from_a_refusal(far_end: FarEnd) -> None:
    silent = AppriseSender(Secret(f"{far_end.url}?rto=0.2"))
    silent._plugin.socket_read_timeout = 0.2
    far_end.may_answer.clear()
    assert why(silent).startswith("连不上，或对方没有应答")
    gone = AppriseSender(far_end.secret)
    far_end.close()
    reason = why(gone)
    assert reason.startswith("连不上，或对方没有应答")
    assert TOKEN not in reason


def test_a_plugin_that_raises_its_address_tells_nothing_of_it(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = AppriseSender(far_end.secret)

    def raises(**_: object) -> bool:
        raise RuntimeError(f"no way to {far_end.url} nor {far_end.address} nor {TOKEN.swapcase()}")

    monkeypatch.setattr(sender._plugin, "notify", raises)
    reason = why(sender)
    assert reason.startswith("RuntimeError")
    assert TOKEN.lower() not in reason.lower()


@pytest.mark.parametrize("url", [f"nonsense://{TOKEN}", f"dingtalk://{TOKEN}", f"tgram://{TOKEN}", f"{TOKEN}", "://"])
def test_an_address_that_is_none_is_refused_and_not_shown(
    url: str, capfd: pytest.CaptureFixture[str], overheard: Overheard
) -> None:
    with pytest.raises(UrlError) as caught:
        AppriseSender(Secret(url))
    assert TOKEN not in str(caught.value) + overheard.text + "".join(capfd.readouterr())
    assert scheme_of(Secret(url)) in str(caught.value)


def test_every_address_in_the_documentation_is_one() -> None:
    urls = re.findall(r'^\s*url = "([^"]+)"', DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    services = [AppriseSender(Secret(url)).service for url in urls]
    assert {"DingTalk", "WeCom Bot", "Feishu", "Telegram"} <= set(services)
    assert any("mail" in service.lower() for service in services)
