"""The channels as the panel shows them: how each fares, and no address of any."""

from __future__ import annotations

import json
from pathlib import Path

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Importance, Mode
from qmt_trading.notify.channel import Channel, Quiet, Secret
from qmt_trading.notify.message import Kind, Message
from qmt_trading.notify.outbox import Outbox
from qmt_trading.run.notify_rows import rows_of

HOUR_NS = 3600 * SECOND_NS
PHONE = Channel(
    name="手机", url=Secret("dingtalk://token-that-nobody-sees/13800000000"), quiet=Quiet(22 * HOUR_NS, 8 * HOUR_NS)
)
MAIL = Channel(name="邮件", url_env="QMT_MAIL", importance=Importance.CRITICAL, daily=True, repeat=True)


def message(key: str) -> Message:
    return Message(
        key=key, at_ns=1, kind=Kind.ALERT, importance=Importance.WARNING, mode=Mode.PAPER, about="", account="",
        chinese="断线", english="link lost", mark=key,
    )  # fmt: skip


def test_without_an_outbox_nothing_was_told_and_no_address_is_shown(tmp_path: Path) -> None:
    rows = rows_of((PHONE, MAIL), tmp_path)
    assert [(row["name"], row["kind"], row["variable"], row["quiet"]) for row in rows] == [
        ("手机", "dingtalk", "", "22:00-08:00"),
        ("邮件", "", "QMT_MAIL", ""),
    ]
    assert [(row["importance"], row["daily"], row["repeat"]) for row in rows] == [
        ("warning", False, False),
        ("critical", True, True),
    ]
    assert "token" not in json.dumps(rows)
    assert list(tmp_path.iterdir()) == []


def test_what_waits_was_told_or_given_up_is_counted(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.take_in([(PHONE, message("a")), (PHONE, message("b"))])
    outbox.told("手机", ["a"], 1_795_485_600 * SECOND_NS)
    outbox.failed("手机", ["b"], 1_795_485_601 * SECOND_NS)
    (row, other) = rows_of((PHONE, MAIL), tmp_path)
    assert (row["waiting"], row["delivered"], row["given_up"], row["tries"]) == (1, 1, 0, 1)
    assert row["delivered_at"] == "2026-11-24T10:00:00.000+08:00"
    assert (other["waiting"], other["delivered_at"]) == (0, None)
    outbox.close()


def test_an_outbox_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "notify.sqlite").write_bytes(b"no database" * 100)
    assert [row["delivered"] for row in rows_of((PHONE,), tmp_path)] == [0]
