"""The configuration that ``qmt init`` writes: commented, on paper, ready to run."""

from __future__ import annotations

import sys
from typing import Final

ACCOUNTS: Final = ("11031122", "11031123", "11031124")
"""Of the example message."""
BARE_WORDS: Final = {"buy": "买入", "sell": "卖出", "cancel": "撤单", "deny": "拒绝"}
PIPE_NAME: Final = r"\\.\pipe\to_python_pipe"
_COMMENT_COLUMN: Final = 34

_HEAD = """\
# QMT 量化交易系统 配置。改完后运行 qmt doctor 检查，再 qmt run；引擎运行时改的内容，重启后才生效。
# 路径请用单引号：'D:\\国金QMT\\userdata_mini'。金额单位：元；百分数写数字，例如 0.025 即 0.025%。

mode = "paper" # paper 模拟（live 实盘、shadow 观察 还没有做好）

[data]
folder = "data" # 日志、快照、运行记录都在这里；一个文件夹只属于一个引擎

[session]
always_open = true # true：全天可成交，便于试跑；false：按 A 股交易时段

[log]
days = 5 # 运行记录保留天数
size_mb = 500 # 总大小上限

[signals]
default_price = "latest" # 没写价格时：latest 最新、opposite 对手、limit_up 涨停 …
ttl = "{ttl}" # 信号有效期，过期不执行
submits_per_minute_max = 600 # 一分钟内委托超过这个数，自动停止（防上游死循环）

# 裸信号：只有代码和账号，没有动作，例如 600000.SH:11031122。
# 原版程序收到它是「撤单」；从原版迁来请写 cancel，不要让撤单变成买入。
[signals.bare]
action = "{bare}" # cancel 撤单 | buy 买入 | sell 卖出 | deny 拒绝
{size_line}
[limits] # 每个账户的上限，账户里可单独写
order_value_max = 100000 # 单笔金额
orders_per_signal_max = 50 # 每信号每账户委托数
bare_per_day_max = 1 # 裸信号买卖：每账户每股每天次数
settle = "{settle}" # 待核实：两次完整委托列表至少相隔这么久都没有，才算未发出

"""

_DOORS = """\
# 通道：上游从这里发信号。allow 只列出允许的动作，例如 allow = ["cancel"] 的通道永远不会买卖。
"""

_POSIX_DOORS = """\
[[doors]]
kind = "unix_socket" # 双向：每条信号都有回执，重要的信号走这里
path = "signals.sock"

[[doors]]
kind = "fifo" # 单向：echo '600000.SH:11031122' > signals.fifo，没有回执
path = "signals.fifo"

"""

_WINDOWS_DOORS = """\
[[doors]]
kind = "named_pipe"
mode = "listen" # listen：我们建管道；connect：上游建管道，我们去连
name = '{pipe}'

"""

_TERMINAL = """\
[[terminals]]
name = "paper"
kind = "simulated" # 模拟交易所
seed = 1 # 行情种子

"""


def template(
    *,
    bare: str = "buy",
    size: str = "1手",
    cash: str = "1000000",
    pipe: str = PIPE_NAME,
    default_price: str = "latest",
    ttl: str = "10s",
    settle: str = "60s",
) -> str:
    """Return the text of a new configuration.

    Args:
        bare: one of ``BARE_WORDS``.
        size: of bare buys and sells.
        cash: of each account, in yuan.
        pipe: name of the pipe on Windows.
        default_price: of signals that name none.
        ttl: how long a signal may wait.
        settle: how far two lists lie apart before an order's absence is believed.
    """
    assert bare in BARE_WORDS, bare
    size_line = f'size = "{size}" # 裸信号买卖的数量\n' if bare in ("buy", "sell") else ""
    head = _HEAD.replace("{bare}", bare).replace("{size_line}", size_line)
    head = head.replace('default_price = "latest"', f'default_price = "{default_price}"')
    head = head.replace("{ttl}", ttl).replace("{settle}", settle)
    doors = _DOORS + (_WINDOWS_DOORS.replace("{pipe}", pipe) if sys.platform == "win32" else _POSIX_DOORS)
    accounts = "".join(_account(number, index, cash) for index, number in enumerate(ACCOUNTS))
    return "".join(_aligned(line) for line in (head + doors + _TERMINAL + accounts).splitlines(keepends=True))


def _aligned(line: str) -> str:
    """Return ``line`` with its comment in the column of all comments; one that is a comment stays as it is."""
    code, mark, comment = line.partition(" # ")
    if not mark or line.startswith("#"):
        return line
    return f"{code}{' ' * max(2, _COMMENT_COLUMN - _cells(code))}# {comment}"


def _cells(text: str) -> int:
    """Return how many columns ``text`` takes where a Chinese character takes two."""
    return sum(1 if letter.isascii() else 2 for letter in text)


def _account(number: str, index: int, cash: str) -> str:
    names = ("一号", "二号", "三号")
    return f"""\
[[terminals.accounts]]
account = "{number}"
name = "{names[index]}"
groups = ["全部"]
cash = {cash}
positions = {{ "600000.SH" = 2000, "600036.SH" = 1000 }}

"""
