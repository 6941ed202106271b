"""The checks of an acceptance, in the order in which they are best done."""

from __future__ import annotations

from typing import Final

from qmt_trading.run.acceptance import checks_alone, checks_hands, native_timeout
from qmt_trading.run.acceptance.check import Check

ONE: Final = "1 笔 100 股跌停价买单，随即撤掉"
CHECKS: Final = (
    Check(
        number=7,
        name="远价限价单的一生",
        asks="报单、撤单各推送几次，状态怎么走，应答和委托行哪个先到",
        cost=ONE,
        tells="状态表对不对；撤单多快",
        run=checks_alone.far_order,
    ),
    Check(
        number=4,
        name="委托备注",
        asks="22 字节、30 字节、9 个汉字的备注，返回什么",
        cost="至多 3 笔，一笔一笔来",
        tells="靠备注认单靠不靠得住",
        run=checks_alone.remarks,
    ),
    Check(
        number=8,
        name="柜台怎么拒绝",
        asks="不是整手、不是最小价位、低于跌停：从哪条路拒绝，说什么",
        cost="3 笔不合规的买单，收下的随即撤掉",
        tells="拒绝原因能不能认得",
        run=checks_alone.refusals,
    ),
    Check(
        number=12,
        name="推送途中停下宿主",
        asks="回报还在路上时停止，进程怎么结束",
        cost=ONE,
        tells="重启宿主安不安全",
        run=checks_alone.stop_under_pushes,
    ),
    Check(
        number=1,
        name="会话号重用",
        asks="同一个会话号断开后立刻再连、3 秒后再连，返回什么",
        cost="不下单",
        tells="重连要等多久",
        run=checks_alone.sessions,
    ),
    Check(
        number=9,
        name="一秒 20 笔",
        asks="第几笔起被拒，第一句话是什么",
        cost=f"{checks_alone.BURST} 笔 100 股跌停价买单、再全部撤掉；另外确认一次",
        tells="每秒几笔不会被券商拒绝",
        run=checks_alone.burst,
        orders=checks_alone.BURST,
    ),
    Check(
        number=6,
        name="手机下的单",
        asks="别的终端下的单怎么推送，有没有委托编号、合同编号、备注",
        cost="你用手机下 1 笔 100 股跌停价买单，撤掉前再问",
        tells="手机单能不能认、能不能撤",
        run=checks_hands.phone,
    ),
    Check(
        number=5,
        name="客户端重启",
        asks="挂着的单，重启客户端后备注、委托编号、合同编号还在不在",
        cost=f"{ONE}；你重启一次客户端",
        tells="重启后按什么认单",
        run=checks_hands.restart,
    ),
    Check(
        number=2,
        name="查询途中结束客户端",
        asks="正在进行的查询返不返回，多久，返回什么",
        cost="不下单；你结束一次客户端再启动",
        tells="断线多久能知道",
        run=checks_hands.killed_query,
    ),
    Check(
        number=3,
        name="断线时下单",
        asks="客户端刚死时交出的委托有没有任何回答，后来有没有这一笔",
        cost="至多 1 笔 100 股跌停价买单；你结束一次客户端再启动",
        tells="断线时的委托会不会偷偷成交",
        run=checks_hands.dead_link,
    ),
    Check(
        number=14,
        name="冻结的终端",
        asks="客户端卡住时收进队列的委托，恢复后会不会再执行",
        cost=f"{checks_hands.ROUNDS} 笔 100 股跌停价买单；你挂起、恢复客户端 {checks_hands.ROUNDS} 次，每次约 3 分钟",
        tells="待核实的委托能不能凭两份清单自动了结",
        run=checks_hands.frozen_queue,
    ),
    Check(
        number=13,
        name="set_timeout(3)",
        asks="客户端卡住时的查询，设了 3 秒超时会不会返回",
        cost="不下单；你挂起、恢复一次客户端",
        tells="查询要不要靠我们自己的时限",
        run=native_timeout.run,
    ),
    Check(
        number=10,
        name="盘后定价",
        asks="15:05 以后的限价单收不收",
        cost=ONE,
        tells="盘后能不能用限价单",
        run=checks_alone.after_hours,
        when="15:05 到 15:29",
    ),
    Check(
        number=11,
        name="一夜",
        asks="夜里账户状态怎么变，几点换日，委托清单几点第一次为空",
        cost="不下单；从收盘后开到第二天早上，Ctrl-C 结束",
        tells="夜里断线是不是正常",
        run=checks_hands.night,
        when="收盘后到第二天 9:00",
    ),
)
NUMBERS: Final = frozenset(check.number for check in CHECKS)
FULL_NUMBERS: Final = frozenset({4, 5, 6, 7, 8, 9, 10, 11})
"""Those that a full client has an answer to: our host lives and freezes with it, and has no session number."""
