"""The receipt of a file: a table beside it that Excel opens."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from qmt_trading.codec.sheet_cells import harmless
from qmt_trading.intake.instructions import Contents, Instruction

SUFFIX: Final = ".回执.csv"
HEADER: Final = (
    "行",
    "结果",
    "账号",
    "代码",
    "方向",
    "数量",
    "价格",
    "信号",
    "编号",
    "本地编号",
    "原因",
    "reason",
)
_STATUS: Final = {
    "accepted": "已受理",
    "denied": "已拦截",
    "duplicate": "重复信号，未再下单",
    "malformed": "格式错误",
    "busy": "繁忙，未接收",
    "nothing": "无需动作",
    "registered": "撤单已登记",
    "queued": "已登记，到时执行",
    "dropped": "已撤下",
    "late": "已过时，未执行",
}
_SIDES: Final = {"buy": "买入", "sell": "卖出"}
REPEAT: Final = (
    "这份文件（或这个编号）以前执行过，这是那时的回执；要再执行一次，请改一下「编号」或「备注」",
    "this file, or this id, acted before and this is the receipt of then; to act again change an id or a note",
)
LATE: Final = (
    "文件放入时引擎没有运行，撤单、定时和裸信号不补做（停机前是否执行过，见 qmt signals）：请核对后另行撤单",
    "no engine ran when the file came: cancels, timed and bare signals are not made up for; look, and send anew",
)
UNDURABLE: Final = (
    "日志不可写，以下未落盘：请检查磁盘后重启",
    "the journal cannot be written, so this is not on record: check the disk and restart",
)
NOTHING: Final = ("文件里没有要下的单", "the file asks for nothing")
REFUSED: Final = (
    "整份文件没有执行：请改好后重新放入",
    "nothing of the file was carried out: correct it and drop it again",
)


class Outcome(NamedTuple):
    """What became of one instruction."""

    instruction: Instruction
    receipt: bytes | None
    """The line that its door would send; None: it was not handed over, because it came too late."""

    @property
    def status(self) -> str:
        """As the line says; ``late`` where there is none."""
        if self.receipt is None:
            return "late"
        return msgspec.json.decode(self.receipt, type=_Status).status


class _Status(msgspec.Struct):
    status: str


def receipt_of(contents: Contents, outcomes: Sequence[Outcome]) -> bytes:
    """Return the table in UTF-8 with a mark, which Excel and WPS show in Chinese on any machine."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for row in _rows(contents, outcomes):
        writer.writerow([harmless(str(row.get(name, ""))) for name in HEADER])
    return text.getvalue().encode("utf-8-sig", "replace")


def _rows(contents: Contents, outcomes: Iterable[Outcome]) -> Iterator[dict[str, object]]:
    for fault in contents.faults:
        place = f"{fault.place}：" if fault.place else ""
        row = {"行": fault.row or "", "结果": _STATUS["malformed"]}
        yield {**row, "原因": f"{place}{fault.chinese}", "reason": fault.english}
    if contents.faults:
        yield {"结果": _STATUS["denied"], "原因": REFUSED[0], "reason": REFUSED[1]}
    elif not contents.instructions:
        yield {"结果": "无", "原因": NOTHING[0], "reason": NOTHING[1]}
    for outcome in outcomes:
        yield from _rows_of(outcome)


def _rows_of(outcome: Outcome) -> Iterator[dict[str, object]]:
    place, number = outcome.instruction.row or "", outcome.instruction.number
    if outcome.receipt is None:
        yield {"行": place, "结果": _STATUS["late"], "编号": number, "原因": LATE[0], "reason": LATE[1]}
        return
    receipt = msgspec.json.decode(outcome.receipt)
    status = str(receipt.get("status", ""))
    whole: dict[str, object] = {"行": place, "信号": receipt.get("seq") or "", "编号": number}
    told = (receipt.get("text", ""), receipt.get("text_en", ""))
    if status == "duplicate":
        told = REPEAT
    if receipt.get("durable") is False:
        told = UNDURABLE
    lines = [*receipt.get("orders", ()), *receipt.get("cancels", ())]
    if told[0] or not lines:
        yield {**whole, "结果": _STATUS.get(status, status), "原因": told[0], "reason": told[1]}
    for line in lines:
        became = str(line.get("status", ""))
        word = _STATUS.get(became, became)
        side = str(line.get("side", ""))
        yield {
            **whole,
            "结果": f"（当时）{word}" if status == "duplicate" else word,
            "账号": line.get("account", ""),
            "代码": line.get("symbol", ""),
            "方向": _SIDES.get(side, side) if line in receipt.get("orders", ()) else "撤单",
            "数量": line.get("quantity", ""),
            "价格": line.get("price", ""),
            "本地编号": line.get("client_order_id", ""),
            "原因": line.get("text", ""),
            "reason": line.get("text_en", ""),
        }
