"""钉钉 and 企业微信 answer a refusal with HTTP 200 and a number: here that number is read, which apprise does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Final

import msgspec
import requests
from apprise.plugins.base import NotifyBase
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.wecombot import NotifyWeComBot

_OK: Final = 200

Post = Callable[[str, str], str]
"""Sends title and text; returns why they were not taken, empty where they were."""


def post_of(plugin: NotifyBase) -> Post | None:
    """Return what sends in place of ``plugin`` and reads the answer; None: the plugin reads it itself.

    Source: open.dingtalk.com, custom robots, and developer.work.weixin.qq.com, 群机器人: ``errcode`` 0 is success, all
    else (keyword, signature, address, too many a minute) a refusal. Seen in apprise 2.3: it looks at the status alone.
    """
    if isinstance(plugin, NotifyDingTalk):
        return lambda title, text: _to_dingtalk(plugin, f"{title}\n{text}")
    if isinstance(plugin, NotifyWeComBot):
        return lambda title, text: _to_wecom(plugin, f"{title}\n{text}")
    return None


def _to_dingtalk(plugin: NotifyDingTalk, content: str) -> str:
    at = {"atMobiles": list(plugin.targets), "isAtAll": False}
    parameters = signed(str(plugin.secret), time.time_ns() // 1_000_000) if plugin.secret else {}
    url = plugin.notify_url.format(token=plugin.token)
    return _taken(plugin, url, {"msgtype": "text", "at": at, "text": {"content": content}}, parameters)


def _to_wecom(plugin: NotifyWeComBot, content: str) -> str:
    return _taken(plugin, plugin.api_url, {"msgtype": "text", "text": {"content": content}}, {})


def signed(secret: str, now_ms: int) -> dict[str, str]:
    """Return what a 钉钉 robot with 加签 wants beside the message."""
    digest = hmac.new(secret.encode("utf-8"), f"{now_ms}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": str(now_ms), "sign": base64.b64encode(digest).decode("ascii")}


def _taken(plugin: NotifyBase, url: str, payload: object, parameters: dict[str, str]) -> str:
    try:
        answer = requests.post(
            url,
            data=msgspec.json.encode(payload),
            headers={"Content-Type": "application/json"},
            params=parameters,
            timeout=plugin.request_timeout,
            verify=bool(plugin.verify_certificate),
            allow_redirects=False,
        )
        if answer.status_code != _OK:
            return f"对方答 HTTP {answer.status_code}"
        told = answer.json()
    except requests.JSONDecodeError:
        return "对方的应答看不懂（也许被代理或登录页截住了）"
    except requests.RequestException as error:
        return f"连不上，或对方没有应答（{type(error).__name__}）"  # Its text holds the address.
    code = told.get("errcode") if isinstance(told, dict) else None
    if code == 0 and not isinstance(code, bool):
        return ""
    text = told.get("errmsg") if isinstance(told, dict) else None
    return f"对方拒收：{code} {text}"
