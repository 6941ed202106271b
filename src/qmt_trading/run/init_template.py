"""The configuration that ``qmt init`` writes: commented, on paper or watching a terminal, ready to run."""

from __future__ import annotations

import re
import sys
from typing import Final

from msgspec import Struct

from qmt_trading.model.limits import Limits
from qmt_trading.run.config_limits import DEFAULTS
from qmt_trading.run.limit_lines import lines_of
from qmt_trading.run.profiles import VERB_WORDS

ACCOUNTS: Final = ("11031122", "11031123", "11031124")
"""Of the example message."""
BARE_WORDS: Final = {"buy": "买入", "sell": "卖出", "cancel": "撤单", "deny": "拒绝"}
PRICE_WORDS: Final = {"latest": "最新", "opposite": "对手", "limit_up": "涨停价"}
FULL: Final = "full"
"""What stands for a full QMT client, which has no folder of ours to know."""
PIPE_NAME: Final = r"\\.\pipe\to_python_pipe"
_EVERYBODY: Final = "全部"
_COMMENT_COLUMN: Final = 36
_PLACE: Final = re.compile(r"\{[a-z_]+\}")
_CONTROL_NOTE: Final = "qmt send、qmt cancel 是你自己在本机敲的命令，不受 allow 限制。"

_HEAD = """\
# QMT 量化交易系统 配置。改完后运行 qmt doctor 检查，再 qmt run；引擎运行时改的内容，重启后才生效。
# 路径请用单引号：'D:\\国金QMT\\userdata_mini'。金额单位：元。上限的百分数写 "2%"，费率写数字：0.025 即 0.025%。
{notes}
{mode}
[data]
{folder}

[session]
{hours}

[log]
days = 5 # 运行记录保留天数
size_mb = 500 # 总大小上限

[signals]
default_price = "{default_price}" # 没写价格时：latest 最新、opposite 对手、limit_up 涨停 …
ttl = "{ttl}" # 信号有效期，过期不执行
submits_per_minute_max = 600 # 一分钟内委托达到这个数，自动停止（防上游死循环）

# 裸信号：只有代码和账号，没有动作，例如 600000.SH:11031122。
# 原版程序收到它是「撤单」；从原版迁来请写 cancel，不要让撤单变成买入。
[signals.bare]
action = "{bare}" # cancel 撤单 | buy 买入 | sell 卖出 | deny 拒绝
{size_line}
# 上限：每个账户都按这里；某个账户要不同，写在它自己的 [[terminals.accounts]] 里。等于上限放行，超过才拦；
# 不要其中一条写 "none"。撤单不受任何上限约束。用了多少看 qmt risk；怎么算、为什么、怎么改：docs/risk.md
{limit_advice}[limits]
{limits}
bare_per_day_max = 1 # 裸信号买卖：每账户每股每天次数
self_cross = "deny" # 会和自己的委托成交：deny 拦，pass 不拦
quote_age_max = "{quote_age}" # 行情旧于此，按「最新」「对手」等写的价格暂停
settle = "{settle}" # 待核实：两次完整委托列表至少相隔这么久都没有，才算未发出

# 还能这样限（去掉行首的 # 就生效）：
# windows = ["09:30-11:30", "13:00-14:57"]   # 只在这些时段下单
# symbols_allowed = ["600000.SH", "600036.SH", "601318.SH", "000001.SZ", "000333.SZ"]   # 白名单：只做这几只
# symbols_denied = ["600519.SH"]             # 黑名单：不做这几只
#
# [limits.total]                             # 所有账户合在一起
# buy_value_per_day_max = 200000             # 当日买入额（元）
# loss_halting = "4%"                        # 合计亏损达到，全部停止
#
# [[strategies]]                             # 信号里写 strategy=网格 的委托
# name = "网格"
# position_value_max = 50000                 # 单票市值（元），只数这个策略自己的
#
# 通道也可以：在 [[doors]] 下写同样的键，只管从那里进来的。

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

_PAPER_MODE = """\
mode = "paper" # paper 模拟 | shadow 观察（真实终端，只看不下） | live 实盘；后两种要 kind = "qmt"、"fullqmt" 的终端
"""
_SHADOW_MODE = """\
mode = "shadow" # 观察：真实终端、真实持仓，决定都写下来，什么都不发出（docs/shadow.md）
# 走完上线八步（qmt ladder）再改成 live 实盘；改之前先想好 [limits] 和每条通道的 allow。
"""
_PAPER_FOLDER = 'folder = "data" # 日志、快照、运行记录都在这里；一个文件夹只属于一个引擎'
_OWN_FOLDER = """\
# 日志、快照、运行记录的文件夹，不写就是：模拟 data、观察 data-shadow、实盘 data-live，各记各的账。
# folder = 'D:\\qmt-data'"""
_PAPER_HOURS = "always_open = true # true：全天可成交，便于试跑；false：按 A 股交易时段"
_REAL_HOURS = "always_open = false # 按 A 股交易时段；true（全天）只给试跑用"

_QMT_TERMINAL = """\
[[terminals]]
name = "qmt"
kind = "qmt" # QMT 客户端：先登录，勾选「极简模式」；一个 userdata_mini 一段 [[terminals]]
path = '{terminal}'
# python = 'D:\\Python38\\python.exe'          # 跑宿主的 Python；不写用本程序的
# xtquant = 'D:\\…\\Lib\\site-packages'      # xtquant 包所在的文件夹；不写用上面 Python 里装的
# sessions = "100-119"                    # 会话号范围；和同一客户端上的其他程序错开
{terminal_notes}
"""

_FULL_TERMINAL = """\
[[terminals]]
name = "full" # 要粘贴的文件叫 fullqmt-full.py；可以改成券商的名字
kind = "fullqmt" # 大 QMT：qmt fullqmt file 写出策略文件，粘贴进「模型交易」（docs/full-qmt.md）
# address = "tcp:127.0.0.1:58651"      # 每个大 QMT 用一个端口；终端里的 Python 没有套接字时
#                                      # 写 "pipe:qmt" 或 'files:D:\\qmt-link'
{terminal_notes}
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
    limits: Limits = DEFAULTS
    """Of each account."""
    limit_advice: tuple[str, ...] = ()
    """Lines of comment above the limits."""
    allow: tuple[str, ...] = ()
    """Verbs of the doors; without any the file says nothing of them, and all are."""
    door_ttl: str = ""
    door_price: str = ""
    notes: tuple[str, ...] = ()
    """Lines of comment at the head of the file."""
    terminal_notes: tuple[str, ...] = ()
    terminal: str = ""
    """The ``userdata_mini`` of a QMT client that is watched, or ``FULL``; else: on paper. With it accounts are real."""


def template(choice: Choice | None = None) -> str:
    """Return the text of a new configuration."""
    choice = choice or Choice()
    assert choice.bare in BARE_WORDS, choice.bare
    assert not choice.terminal or choice.accounts
    trades = choice.bare in ("buy", "sell")
    values = {
        "{notes}": _comments(choice.notes),
        "{mode}": _SHADOW_MODE if choice.terminal else _PAPER_MODE,
        "{folder}": _OWN_FOLDER if choice.terminal else _PAPER_FOLDER,
        "{hours}": _REAL_HOURS if choice.terminal else _PAPER_HOURS,
        "{terminal}": choice.terminal,
        "{default_price}": choice.default_price,
        "{ttl}": choice.ttl,
        "{bare}": choice.bare,
        "{size_line}": f'size = "{choice.size}" # 裸信号买卖的数量\n' if trades else "",
        "{limit_advice}": _comments(choice.limit_advice),
        "{limits}": lines_of(choice.limits),
        "{settle}": choice.settle,
        "{quote_age}": "6s" if choice.terminal else "3s",
        "{door_notes}": _comments((_CONTROL_NOTE,) if choice.allow else ()),
        "{permissions}": _permissions(choice),
        "{pipe_mode}": choice.pipe_mode,
        "{pipe}": choice.pipe,
        "{terminal_notes}": _comments(choice.terminal_notes),
    }
    text = _HEAD + (_WINDOWS_DOORS if sys.platform == "win32" else _POSIX_DOORS)
    text += _FULL_TERMINAL if choice.terminal == FULL else _QMT_TERMINAL if choice.terminal else _TERMINAL
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
    if choice.door_price:
        word = PRICE_WORDS[choice.door_price]
        lines += f'default_price = "{choice.door_price}" # 这条通道的信号没写价格时：{word}\n'
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
    if not choice.terminal:
        lines.append(f"cash = {choice.cash}")
    if not choice.accounts:
        lines.append('positions = { "600000.SH" = 2000, "600036.SH" = 1000 }')
    return "\n".join(lines) + "\n\n"
