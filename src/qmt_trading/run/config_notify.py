"""``[[notify]]``: the ways to people, and what each is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Importance
from qmt_trading.notify.channel import CHINESE, ENGLISH, Channel, Quiet, Secret
from qmt_trading.run.config_doors import accounts_of
from qmt_trading.run.config_reader import Table
from qmt_trading.run.config_session import hours_of

_LANGUAGES: Final = {CHINESE: CHINESE, ENGLISH: ENGLISH}
_IMPORTANCES: Final = {each.value: each for each in Importance}
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+]{1,15}://\S+")


def read_notify(tables: Sequence[Table], known: Mapping[str, AccountId]) -> tuple[Channel, ...]:
    """Return the channels; no error shows anything of an address.

    Raises:
        ConfigurationError: with file, line and what would be right.
    """
    channels: list[Channel] = []
    for table in tables:
        name = table.name("name")
        if any(each.name == name for each in channels):
            table.wrong("name", f"渠道重名：{name}，请换一个", f"there is a channel named {name} already")
        url, url_env = _address(table)
        channels.append(
            Channel(
                name=name,
                url=url,
                url_env=url_env,
                importance=table.word("importance", _IMPORTANCES, Importance.WARNING),
                accounts=accounts_of(table, known),
                quiet=_quiet(table),
                language=table.word("language", _LANGUAGES, CHINESE),
                daily=table.flag("daily", False),
                noon=table.flag("noon", False),
                repeat=table.flag("repeat", False),
            )
        )
        table.close()
    return tuple(channels)


def _address(table: Table) -> tuple[Secret | None, str]:
    if table.has("url") == table.has("url_env"):
        table.wrong(
            "url",
            'url 和 url_env 写一个：url = "apprise 地址"，或 url_env = "环境变量名"',
            "write one of url, an address of apprise, and url_env, the variable that holds it",
        )
    if table.has("url_env"):
        table.know("url")
        variable = table.text("url_env")
        if _VARIABLE.fullmatch(variable) is None:
            table.wrong(
                "url_env",
                '这里写环境变量的名字，例如 "QMT_DINGTALK"，不写地址',
                "this is the name of an environment variable, not an address",
            )
        return None, variable
    table.know("url_env")
    url = table.text("url")
    if _URL.fullmatch(url) is None:
        table.wrong(
            "url",
            "地址写作 类型://令牌，不带空格，例如 dingtalk://…；各家的写法见 docs/notify.md",
            "an address is scheme://…, without blanks; see docs/notify.md",
        )
    return Secret(url), ""


def _quiet(table: Table) -> Quiet | None:
    if not table.has("quiet"):
        table.know("quiet")
        return None
    hours = hours_of(table.text("quiet"))
    if hours is None:
        table.wrong("quiet", '写作 "22:00-08:00"', 'is written "22:00-08:00"')
    return Quiet(*hours)
