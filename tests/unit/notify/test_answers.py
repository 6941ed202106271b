"""A robot that refuses with HTTP 200 has refused: its number is read."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from apprise import Apprise
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.wecombot import NotifyWeComBot

from qmt_trading.notify.answers import Post, post_of, signed
from tests.notify_bench import FarEnd

SECRET = "SEC0123456789abcdef"


def robot(url: str, far_end: FarEnd) -> Post:
    plugin = Apprise.instantiate(url)
    if isinstance(plugin, NotifyDingTalk):
        plugin.notify_url = far_end.address + "?access_token={token}"
    else:
        assert isinstance(plugin, NotifyWeComBot)
        plugin.api_url = far_end.address
    post = post_of(plugin)
    assert post is not None
    return post


@pytest.mark.parametrize("url", [f"dingtalk://{SECRET}@abc123/13800000000", "wecombot://693a91f6-7aaa"])
def test_number_zero_alone_is_success(url: str, far_end: FarEnd) -> None:
    post = robot(url, far_end)
    far_end.answer = b'{"errcode":0,"errmsg":"ok"}'
    assert post("QMT 标题", "内容") == ""
    assert far_end.taken[0]["text"] == {"content": "QMT 标题\n内容"}
    far_end.answer = '{"errcode":310000,"errmsg":"关键词不匹配"}'.encode()
    assert post("t", "x") == "对方拒收：310000 关键词不匹配"
    for answer in (b"{}", b"[]", b'{"errcode":"0"}', b'{"errcode":false}', b"null"):
        far_end.answer = answer
        assert post("t", "x").startswith("对方拒收")
    far_end.answer = b"<html>please log in</html>"
    assert post("t", "x").startswith("对方的应答看不懂")
    far_end.status = 502
    assert post("t", "x") == "对方答 HTTP 502"
    far_end.close()
    assert post("t", "x").startswith("连不上")


def test_a_signed_robot_is_given_time_and_signature(far_end: FarEnd) -> None:
    far_end.answer = b'{"errcode":0}'
    assert robot(f"dingtalk://{SECRET}@abc123", far_end)("t", "x") == ""
    assert "access_token=abc123&timestamp=" in far_end.paths[0]
    made = signed(SECRET, 1_700_000_000_000)
    digest = hmac.new(SECRET.encode(), f"1700000000000\n{SECRET}".encode(), hashlib.sha256).digest()
    assert made == {"timestamp": "1700000000000", "sign": base64.b64encode(digest).decode()}
    assert robot("dingtalk://abc123", far_end)("t", "x") == ""
    assert "sign" not in far_end.paths[1]


def test_whoever_reads_answers_itself_is_left_alone() -> None:
    for url in ("feishu://12345678-abcd", "json://127.0.0.1/x"):
        plugin = Apprise.instantiate(url)
        assert plugin is not None
        assert post_of(plugin) is None
