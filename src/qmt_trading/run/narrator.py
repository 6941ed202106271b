"""What happens, told to people: records become lines, with accounts by nickname or their last four digits."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Final, TextIO

from qmt_trading import __version__
from qmt_trading.brokers.qmt.refusals import ADVICE, Refusal, refusal
from qmt_trading.codec import signal
from qmt_trading.codec.decoding import narrow
from qmt_trading.codec.journal_record import Record
from qmt_trading.codec.malformed import general
from qmt_trading.codec.sentences import sentence
from qmt_trading.codec.truncated import TRUNCATED, truncated
from qmt_trading.codec.view_json import MODE_TEXT, NOT_SENT_TEXT, SIDE_TEXT, SIGNAL_TEXT, STATE_TEXT, STATUS_TEXT
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model import shadow
from qmt_trading.model.instant import to_clock_text, to_iso_text
from qmt_trading.model.limit_names import LIMIT_NAMES, SCOPE_NAMES, chinese_text_of, scope_chinese
from qmt_trading.model.limits import Scope, ScopeKind
from qmt_trading.model.numbers import SECOND_NS, to_text
from qmt_trading.model.signal import AccountId, Malformed
from qmt_trading.model.view import View
from qmt_trading.model.words import Importance, LinkState, Mode, SignalStatus, TradingState
from qmt_trading.ports import Clock, SignalSource
from qmt_trading.run.calendar_file import standing
from qmt_trading.run.config import Configuration
from qmt_trading.run.init_template import BARE_WORDS
from qmt_trading.run.logs import Line, Log

RECORDS_PER_SECOND: Final = 500
_MASKED_CHARACTERS_MAX: Final = 1_024
"""What of a text is looked through for account numbers before it is cut to what is shown."""
_NUMBER_CHARACTERS_MAX: Final = 64
_HIDDEN_FROM: Final = 5
"""Account numbers of that many characters are masked, and so is a piece of one that a cut left at the end."""
NUMBERS_SHOWN: Final = 5
_LEVELS: Final = {
    Importance.INFORMATION: "info",
    Importance.WARNING: "warning",
    Importance.CRITICAL: "critical",
}


def resumed_text(view: View) -> str:
    """Return what a start after a kill found again, and that nothing was sent a second time."""
    working = sum(row.working_orders for row in view.accounts)
    unknown = sum(row.unknown_orders for row in view.accounts)
    return f"上次未正常退出；接回 {working} 笔未成交委托，待核实 {unknown} 笔，没有重发"


class Narrator:
    """Feeds the log; every method may be called from any thread and waits for nothing."""

    def __init__(self, configuration: Configuration, clock: Clock, *, console: TextIO | None) -> None:
        self._configuration = configuration
        self._clock = clock
        observes = configuration.engine.mode is Mode.SHADOW
        self._would = f"{shadow.PREFIX}本应" if observes else ""
        self._unsent = NOT_SENT_TEXT if observes else ""
        self._second = 0
        self._told = 0
        self._skipped = 0
        self._names = {each.account: each.name for each in configuration.engine.accounts}
        self._infer_market = {each.name for each in configuration.engine.doors if each.infer_market}
        # The longest first: one number may be a part of another.
        numbers = sorted(self._names, key=len, reverse=True)
        self._long_numbers = [number for number in numbers if len(number) >= _HIDDEN_FROM]
        self._log = Log(
            configuration.folder / "logs",
            days=configuration.log_days,
            bytes_max=configuration.log_bytes_max,
            render=self._render,
            now_ns=clock.now_ns,
            console=console,
        )

    def records(self, records: Sequence[Record]) -> None:
        """Tell what one turn held; beyond so many records a second only their number, as the journal has them all."""
        second = self._clock.steady_ns() // SECOND_NS
        if second != self._second:
            if self._skipped:
                text = f"{self._skipped:,} 条记录太密，未逐条写出：见 qmt journal export"
                self.say("info", "skipped", text, records=self._skipped)
            self._second, self._told, self._skipped = second, 0, 0
        self._told += len(records)
        if self._told > RECORDS_PER_SECOND:
            self._skipped += len(records)
        else:
            self._log.put(records)

    def say(self, level: str, event: str, text: str, **fields: object) -> None:
        """Tell one thing."""
        self._log.put(Line(self._clock.now_ns(), level, event, text, fields))

    def folding(self, number: int) -> None:
        self.say("info", "folding", f"正在读取日志：第 {number:,} 轮", turn=number)

    def starting(self, *, safe: bool, chaos: Sequence[str] = ()) -> None:
        """Tell that the engine starts; why a start is a safe one is an alert of the engine's.

        Args:
            chaos: what the simulated counter lies about, on purpose.
        """
        configuration = self._configuration
        mode = configuration.engine.mode
        text = f"启动 {__version__}，模式：{MODE_TEXT[mode]}，{len(configuration.engine.accounts)} 个账户"
        if safe:
            text += "，安全启动"
        self.say("info", "starting", text, mode=mode.value, config=configuration.digest)
        if configuration.calendar_trouble:
            self.trouble(configuration.calendar_trouble)
        if not configuration.always_open:
            day = configuration.session().trading_day(self._clock.now_ns())
            self.say("info", "calendar", standing(configuration.calendar, day))
        if chaos:
            self.say("warning", "chaos", f"混乱模式：模拟柜台故意出错（{'、'.join(chaos)}），结果不作数")

    def started(self, doors: Sequence[SignalSource], view: View | None = None, *, unclean: bool = False) -> None:
        """Tell that the doors are open; after an unclean end also what was found again at the counter in ``view``."""
        for door in doors:
            self.say("info", "door", f"通道 {door.name}：{door.condition()[0]}", door=door.name)
        if view is None:
            return
        if doors:
            self.say("info", "ready", self._ready_text())
        if unclean:
            self.say("warning", "resumed", resumed_text(view))
        if view.trading_state is not TradingState.ACTIVE:
            state = STATE_TEXT[view.trading_state]
            self.say("warning", "halted", f"仍是 {state}：确认无误后用 qmt resume --why 原因 恢复")

    def _ready_text(self) -> str:
        """Return that signals are taken, what a bare one does, and what to type next."""
        meanings: dict[str, list[str]] = {}
        for door in self._configuration.engine.doors:
            meanings.setdefault(BARE_WORDS.get(door.bare.value, "未设动作"), []).append(door.name)
        told = [meaning if len(meanings) == 1 else f"{meaning}（{'、'.join(at)}）" for meaning, at in meanings.items()]
        return f"就绪：裸信号 = {'，'.join(told)}；另开窗口 qmt send '…'；Ctrl-C 退出"

    def head(self, number: int, seal: bytes) -> None:
        """Put the chain's head on the log, and before nobody's eyes, so that a cut tail can be found."""
        text = f"日志第 {number:,} 轮，封印 {seal.hex()[:16]}…"
        fields: dict[str, object] = {"turn": number, "seal": seal.hex()}
        self._log.put(Line(self._clock.now_ns(), "info", "head", text, fields, for_console=False))

    def trouble(self, text: str) -> None:
        self.say("warning", "trouble", text)

    def failure(self, thread: str, error: BaseException) -> None:
        trace = "".join(traceback.format_exception(error))
        self.say("critical", "failure", f"内部错误，引擎停止（{thread}）：{error!r}", trace=trace)

    def stopped(self, head: tuple[int, bytes], failure: str) -> None:
        number, seal = head
        text = "已退出" if not failure else f"因错误退出：{failure}"
        self.say("info" if not failure else "critical", "stopped", text, turn=number, seal=seal.hex())
        self._log.close()

    # On the log's own thread

    def _account(self, account: AccountId) -> str:
        return self._names.get(account) or f"…{account[-4:]}"

    def _scope(self, scope: Scope) -> str:
        if scope.kind is ScopeKind.ACCOUNT:
            return f"{SCOPE_NAMES[scope.kind]} {self._account(AccountId(scope.name))}"
        return scope_chinese(scope)

    def _masked(self, text: str, characters_max: int = _MASKED_CHARACTERS_MAX) -> str:
        """Return at most so much of ``text`` with known account numbers, full-width ones too, as people see them.

        Masked before it is cut, so that no part of a number is left; what an earlier cut left of one goes, too.
        """
        text = text[:_MASKED_CHARACTERS_MAX]
        for account in self._long_numbers:
            shown = self._account(account)
            at = narrow(text).find(account)
            while at >= 0:
                text = text[:at] + shown + text[at + len(account) :]
                at = narrow(text).find(account, at + len(shown))
        ending = narrow(text[-_NUMBER_CHARACTERS_MAX:])
        for account in self._long_numbers:
            for length in range(len(account) - 1, _HIDDEN_FROM - 1, -1):
                if ending.endswith(account[:length]):
                    return (text[:-length] + "…")[:characters_max]
        return text[:characters_max]

    def _excerpt(self, text: str, characters_max: int) -> str:
        """Return the beginning of ``text`` as people see it, with a mark where something is left out."""
        whole = self._masked(text)
        return whole if len(whole) <= characters_max else f"{whole[: characters_max - 1]}…"

    def _render(self, item: object) -> list[Line]:
        if isinstance(item, Line):
            return [item]
        lines: list[Line] = []
        at_ns = 0
        assert isinstance(item, list)
        for record in item:
            if isinstance(record, ev.At):
                at_ns = record.now_ns
                continue
            line = self._line(record, at_ns)
            if line is not None:
                lines.append(line)
        return lines

    def _line(self, record: Record, at_ns: int) -> Line | None:
        match record:
            case ev.SignalReceived():
                return Line(
                    at_ns,
                    "info",
                    "signal",
                    f"收到信号 {record.seq}（{record.door}）：{self._excerpt(record.text, 120)}",
                )
            case out.SignalAnswered():
                return self._answered(record, at_ns)
            case out.SubmitOrder():
                side = SIDE_TEXT[record.side]
                what = f"{record.symbol} {record.quantity}@{to_text(record.price)} [{record.client_order_id}]"
                return Line(at_ns, "info", "submit", f"{self._would}委托 {self._account(record.account)} {side} {what}")
            case out.CancelOrder() if record.not_before_ns:
                what = f"{record.symbol} 委托 {record.broker_order_id}，{to_clock_text(record.not_before_ns)} 发出"
                return Line(at_ns, "info", "cancel", f"撤单已登记 {self._account(record.account)} {what}")
            case out.CancelOrder() if record.attempt:
                number = f"委托 {record.broker_order_id}" if record.broker_order_id else f"合同 {record.venue_order_id}"
                what = f"{record.symbol} {number}（第 {record.attempt} 次）"
                return Line(at_ns, "info", "cancel", f"{self._would}撤单 {self._account(record.account)} {what}")
            case ev.OrderReported():
                row = record.row
                what = f"{row.symbol} {row.broker_order_id} {self._masked(row.text)}".rstrip()
                return Line(at_ns, "info", "order", f"{STATUS_TEXT[row.status]} {self._account(record.account)} {what}")
            case ev.FillReported():
                fill = record.row
                side = SIDE_TEXT[fill.side]
                text = (
                    f"成交 {self._account(record.account)} {side} {fill.symbol} {fill.quantity}@{to_text(fill.price)}"
                )
                return Line(at_ns, "info", "fill", text)
            case out.Alert():
                whom = "" if record.account is None else f"{self._account(record.account)} "
                said = whom + self._masked(record.chinese) + _advice(record)
                return Line(at_ns, _LEVELS[record.importance], record.code, said)
            case out.InstructionQueued():
                timed = record.timed
                what = f"{timed.item.symbol}，{to_clock_text(timed.due_ns)} 执行"
                return Line(at_ns, "info", "timed", f"定时指令 {timed.name} 已登记：{what}")
            case out.InstructionDone():
                return Line(at_ns, "info", "timed", f"定时指令 {record.seq}.{record.number} 到时，已处理")
            case out.InstructionDropped():
                name = f"{record.seq}.{record.number}"
                return Line(at_ns, "info", "timed", f"定时指令 {name} 已取消 {self._account(record.account)}")
            case out.TradingStateChanged():
                whom = "全局" if record.account is None else self._account(record.account)
                who_why = "：".join(filter(None, (record.who, self._masked(record.why))))
                return Line(at_ns, "warning", "state", f"{whom}：{STATE_TEXT[record.state]}（{who_why}）")
            case ev.ReconcileRequested():
                whom = "全部账户" if record.account is None else self._account(record.account)
                who_why = "：".join(filter(None, (record.who, self._masked(record.why))))
                what = "对账，已证实的差异以柜台为准" if record.accept else "对账"
                return Line(at_ns, "info", "reconcile", f"{what} {whom}（{who_why}）")
            case out.LimitSet():
                what = f"{self._scope(record.scope)} {LIMIT_NAMES[record.limit].chinese}"
                who_why = "：".join(filter(None, (record.who, self._masked(record.why))))
                value = chinese_text_of(record.limit, record.value)
                return Line(at_ns, "warning", "limit", f"限额 {what} 今日改为 {value}（{who_why}）")
            case out.DifferenceIgnored():
                who_why = "：".join(filter(None, (record.who, self._masked(record.why))))
                what = f"忽略差异 {self._account(record.account)} {record.difference.key}"
                return Line(at_ns, "warning", "reconcile", f"{what}（{who_why}）")
            case out.AlertsAcknowledged():
                who_why = "：".join(filter(None, (record.who, self._masked(record.why))))
                numbers = "、".join(map(str, record.alerts[:NUMBERS_SHOWN]))
                more = f" 等 {len(record.alerts)} 条" if len(record.alerts) > NUMBERS_SHOWN else ""
                return Line(at_ns, "info", "acknowledged", f"提醒 {numbers}{more} 已确认（{who_why}）")
            case ev.LimitsConfirmed():
                return Line(
                    at_ns, "warning", "limit", f"今天设的限额已确认（{record.who}：{self._masked(record.why)}）"
                )
            case ev.MalformedReceived():
                return self._malformed(record, at_ns)
            case ev.LinkChanged() if record.state is LinkState.CONNECTED:
                return Line(at_ns, "info", "link", f"{self._account(record.account)} 已连接，会话 {record.session}")
            case out.DayOpened():
                return Line(at_ns, "info", "day", f"交易日 {record.day.isoformat()}")
            case _:
                return None

    def _malformed(self, record: ev.MalformedReceived, at_ns: int) -> Line:
        why, why_en = (self._masked(text) for text in self._why_malformed(record))
        text = f"格式错误（{record.door}，第 {record.position} 字节）：{self._excerpt(record.excerpt, 80)}：{why}"
        fields: dict[str, object] = {
            "received_at": to_iso_text(record.received_ns),
            "door": record.door,
            "position": record.position,
            "excerpt": self._masked(record.excerpt),
            "code": record.code,
            "why": why,
            "why_en": why_en,
        }
        return Line(at_ns, "warning", "malformed", text, fields)

    def _why_malformed(self, record: ev.MalformedReceived) -> tuple[str, str]:
        """Return the sentences that the sender got, read again from the excerpt; else the general one of the code."""
        if record.code == TRUNCATED:
            cut = truncated(record.position)
            return cut.chinese, cut.english
        for told in signal.parse(record.excerpt.encode("utf-8"), infer_market=record.door in self._infer_market):
            if isinstance(told, Malformed) and told.code == record.code and told.item == record.item:
                return told.chinese, told.english
        return general(record.code), record.code

    def _answered(self, record: out.SignalAnswered, at_ns: int) -> Line:
        receipt = record.receipt
        reasons = [receipt.denial]
        reasons += [line.denial for line in receipt.orders]
        reasons += [line.denial for line in receipt.cancels]
        why = "；".join(dict.fromkeys(sentence(denial)[0] for denial in reasons if denial is not None))
        unsent = self._unsent if receipt.status is SignalStatus.ACCEPTED else ""
        text = f"{SIGNAL_TEXT[receipt.status]}{unsent} 信号 {record.seq}" + (f"：{self._masked(why)}" if why else "")
        return Line(at_ns, "info", "answer", text)


def _advice(alert: out.Alert) -> str:
    """Return what may be done about an order that a counter turned down, where its words tell why."""
    if alert.code != "ORDER_REJECTED":
        return ""
    meaning = refusal(alert.chinese.partition("柜台：")[2])
    return "" if meaning is Refusal.UNTOLD else f"（{ADVICE[meaning][0]}）"
