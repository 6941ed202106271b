"""The configuration that ``qmt init`` writes: commented, on paper, ready to run."""

from __future__ import annotations

import re
import sys
from typing import Final

from msgspec import Struct

from qmt_trading.run.profiles import VERB_WORDS

ACCOUNTS: Final = ("11031122", "11031123", "11031124")
"""Of the example message."""
BARE_WORDS: Final = {"buy": "买入", "sell": "卖出", "cancel": "撤单", "deny": "拒绝"}
PIPE_NAME: Final = r"\\.\pipe\to_python_pipe"
_EVERYBODY: Final = "全部"
_COMMENT_COLUMN: Final = 34
_PLACE: Final = re.compile(r"\{[a-z_]+\}")
_CONTROL_NOTE: Final = "qmt send、qmt cancel 是你自己在本机敲的命令，不受 allow 限制。"

_HEAD = """\
# QMT 量化交易系统 配置。改完后运行 qmt doctor 检查，再 qmt run；引擎运行时改的内容，重启后才生效。
# 路径请用单引号：'D:\\国金QMT\\userdata_mini'。金额单位：元；百分数写数字，例如 0.025 即 0.025%。
{notes}
mode = "paper" # paper 模拟（live 实盘、shadow 观察 还没有做好）

[data]
folder = "data" # 日志、快照、运行记录都在这里；一个文件夹只属于一个引擎

[session]
always_open = true # true：全天可成交，便于试跑；false：按 A 股交易时段

[log]
days = 5 # 运行记录保留天数
size_mb = 500 # 总大小上限

[signals]
default_price = "{default_price}" # 没写价格时：latest 最新、opposite 对手、limit_up 涨停 …
ttl = "{ttl}" # 信号有效期，过期不执行
submits_per_minute_max = 600 # 一分钟内委托超过这个数，自动停止（防上游死循环）

# 裸信号：只有代码和账号，没有动作，例如 600000.SH:11031122。
# 原版程序收到它是「撤单」；从原版迁来请写 cancel，不要让撤单变成买入。
[signals.bare]
action = "{bare}" # cancel 撤单 | buy 买入 | sell 卖出 | deny 拒绝
{size_line}
[limits] # 每个账户的上限，账户里可单独写
order_value_max = {order_value_max} # 单笔金额
orders_per_signal_max = {orders_per_signal_max} # 每信号每账户委托数
bare_per_day_max = 1 # 裸信号买卖：每账户每股每天次数
settle = "{settle}" # 待核实：两次完整委托列表至少相隔这么久都没有，才算未发出

# 程序化交易报备：实盘必填，模拟不用填。首次程序化交易之前经券商报告，见 docs/compliance.md。
# [compliance]
# registered = 2026-05-20 # 经券商报告的日期
# strategy = "打板" # 策略类型；declared_per_second、declared_per_day：申报的每秒、每日最多（委托＋撤单）

# 通道：上游从这里发信号。allow 只列出允许的动作，例如 allow = ["cancel"] 的通道永远不会买卖。
{door_notes}"""

_POSIX_DOORS = """\
[[doors]]
kind = "unix_socket" # 双向：每条信号都有回执，重要的信号走这里
path = "signals.sock"
{permissions}
[[doors]]
kind = "fifo" # 单向：echo '600000.SH:11031122' > signals.fifo，没有回执
path = "signals.fifo"
{permissions}
"""

_WINDOWS_DOORS = """\
[[doors]]
kind = "named_pipe"
mode = "{pipe_mode}" # listen：我们建管道；connect：上游建管道，我们去连
name = '{pipe}'
{permissions}
"""

_TERMINAL = """\
[[terminals]]
name = "paper"
kind = "simulated" # 模拟交易所
seed = 1 # 行情种子
{terminal_notes}
"""


class Choice(Struct, frozen=True, kw_only=True):
    """What a new configuration says; without anything said it is one to play with."""

    bare: str = "buy"
    """One of ``BARE_WORDS``."""
    size: str = "1手"
    """Of bare buys and sells."""
    cash: str = "1000000"
    """Of each account, in yuan."""
    pipe: str = PIPE_NAME
    """Name of the pipe on Windows."""
    pipe_mode: str = "listen"
    default_price: str = "latest"
    ttl: str = "10s"
    """How long a signal may wait."""
    settle: str = "60s"
    """How far two lists lie apart before an order's absence is believed."""
    accounts: tuple[str, ...] = ()
    """Numbers; without any there are those of the example message, with holdings."""
    order_value_max: int = 100_000
    orders_per_signal_max: int = 50
    allow: tuple[str, ...] = ()
    """Verbs of the doors; without any the file says nothing of them, and all are."""
    door_ttl: str = ""
    notes: tuple[str, ...] = ()
    """Lines of comment at the head of the file."""
    terminal_notes: tuple[str, ...] = ()


def template(choice: Choice | None = None) -> str:
    """Return the text of a new configuration."""
    choice = choice or Choice()
    assert choice.bare in BARE_WORDS, choice.bare
    trades = choice.bare in ("buy", "sell")
    values = {
        "{notes}": _comments(choice.notes),
        "{default_price}": choice.default_price,
        "{ttl}": choice.ttl,
        "{bare}": choice.bare,
        "{size_line}": f'size = "{choice.size}" # 裸信号买卖的数量\n' if trades else "",
        "{order_value_max}": str(choice.order_value_max),
        "{orders_per_signal_max}": str(choice.orders_per_signal_max),
        "{settle}": choice.settle,
        "{door_notes}": _comments((_CONTROL_NOTE,) if choice.allow else ()),
        "{permissions}": _permissions(choice),
        "{pipe_mode}": choice.pipe_mode,
        "{pipe}": choice.pipe,
        "{terminal_notes}": _comments(choice.terminal_notes),
    }
    text = _HEAD + (_WINDOWS_DOORS if sys.platform == "win32" else _POSIX_DOORS) + _TERMINAL
    text = _PLACE.sub(lambda found: values[found[0]], text)
    if choice.accounts:
        text += "".join(_account(number, "", choice) for number in choice.accounts)
    else:
        names = ("一号", "二号", "三号")
        text += "".join(_account(number, name, choice) for number, name in zip(ACCOUNTS, names, strict=True))
    return "".join(_aligned(line) for line in text.splitlines(keepends=True))


def _comments(lines: tuple[str, ...]) -> str:
    """Return ``lines`` as comments; what could end a line is put out of them."""
    return "".join(f"# {''.join(each if each.isprintable() else '?' for each in line)}\n" for line in lines)


def _permissions(choice: Choice) -> str:
    lines = ""
    if choice.allow:
        words = ", ".join(f'"{verb}"' for verb in choice.allow)
        lines += f"allow = [{words}] # 这条通道只允许：{'、'.join(VERB_WORDS[verb] for verb in choice.allow)}\n"
    if choice.door_ttl:
        lines += f'ttl = "{choice.door_ttl}" # 这条通道的信号有效期\n'
    return lines


def _aligned(line: str) -> str:
    """Return ``line`` with its comment in the column of all comments; one that is a comment stays as it is."""
    code, mark, comment = line.partition(" # ")
    if not mark or line.startswith("#"):
        return line
    return f"{code}{' ' * max(2, _COMMENT_COLUMN - _cells(code))}# {comment}"


def _cells(text: str) -> int:
    """Return how many columns ``text`` takes where a Chinese character takes two."""
    return sum(1 if letter.isascii() else 2 for letter in text)


def _account(number: str, name: str, choice: Choice) -> str:
    lines = ["[[terminals.accounts]]", f'account = "{number}"']
    if name:
        lines.append(f'name = "{name}"')
    if _EVERYBODY not in choice.accounts:
        lines.append(f'groups = ["{_EVERYBODY}"]')
    lines.append(f"cash = {choice.cash}")
    if not choice.accounts:
        lines.append('positions = { "600000.SH" = 2000, "600036.SH" = 1000 }')
    return "\n".join(lines) + "\n\n"
