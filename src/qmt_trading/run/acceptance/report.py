"""The report of an acceptance: what was asked, what was seen, and the lines that prove it; accounts masked."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.capabilities import Finding
from qmt_trading.run.host_talk import Said

VERSION: Final = 1
FILE: Final = "report.json"
PAGE: Final = "report.md"
LINES_MAX: Final = 400
"""Of the conversation, kept with one check: its last ones."""
PRIVATE: Final = ("secu_account", "account_id", "m_strAccountID", "accountID", "m_strStockHolder")
_IDS: Final = ("order_remark", "order_id", "order_sysid", "m_strRemark", "m_strOrderSysID")
SEEN, UNSEEN, SKIPPED, STOPPED = "seen", "unseen", "skipped", "stopped"
WORDS: Final[Mapping[str, str]] = {SEEN: "已见", UNSEEN: "未见", SKIPPED: "跳过", STOPPED: "中止"}


class Note(Struct, frozen=True):
    """One thing that happened."""

    at: str
    text: str


class Result(Struct, frozen=True, kw_only=True):
    """One check."""

    number: int
    name: str
    outcome: str
    """``seen``: its question was answered; ``unseen``, ``skipped``, ``stopped``: it was not, and that is no answer."""
    told: str
    """The answer in one sentence."""
    began: str
    ended: str
    notes: tuple[Note, ...] = ()
    findings: dict[str, Finding] = {}
    lines: tuple[dict[str, object], ...] = ()
    """Of the conversation with the host: ``ms``, ``by``, and the line itself."""


class Report(Struct, frozen=True, kw_only=True):
    """All checks that were done so far, the newest of each."""

    version: int = VERSION
    program: str
    account: str
    """Masked."""
    terminal: str
    simulation: bool
    client: str
    xtquant: str
    began: str
    facts: dict[str, object] = {}
    results: tuple[Result, ...] = ()

    def with_result(self, result: Result) -> Report:
        """Return the report with ``result`` in the place of an older one of the same check."""
        kept = [each for each in self.results if each.number != result.number]
        return replace(self, results=tuple(sorted([*kept, result], key=lambda each: each.number)))

    def complete(self, numbers: frozenset[int]) -> bool:
        """Tell whether every one of the checks ``numbers`` has its answer."""
        return numbers <= {each.number for each in self.results if each.outcome == SEEN}


def masked(account: str) -> str:
    """Return an account number as it may be shown to anybody."""
    return f"…{account[-4:]}"


def masked_line(said: Said, account: str, is_ours: frozenset[str]) -> dict[str, object]:
    """Return a line of the conversation without what is nobody's business: numbers, money, holdings, others' orders.

    ``is_ours`` are remarks and numbers of the orders that the check itself is about.
    """
    line = dict(said.line)
    if line.get("t") == "rows":
        rows = line.get("rows")
        rows = rows if isinstance(rows, list) else []
        shown = [each for each in rows if isinstance(each, dict) and _is_of(each, is_ours)]
        line["rows"] = shown if line.get("kind") == "order" else []
        line["x_left_out"] = len(rows) - len(shown if line.get("kind") == "order" else [])
    if line.get("t") == "row" and isinstance(row := line.get("row"), dict) and not _is_of(row, is_ours):
        line["row"] = {"x_left_out": True}
    facts = line.get("facts")
    if isinstance(facts, dict) and "terminal" in facts:
        line["facts"] = {**facts, "terminal": Path(str(facts["terminal"]).replace("\\", "/")).name}
    if isinstance(facts := line.get("facts"), dict) and facts.get("bound"):  # It may be another account than ours.
        line["facts"] = {**facts, "bound": masked(str(facts["bound"]))}
    return {"ms": said.ms, "by": "us" if said.by_us else "host", **_without(line, account)}


def _is_of(row: dict[str, object], is_ours: frozenset[str]) -> bool:
    return any(str(row.get(key) or "") in is_ours for key in _IDS)


def _without(value: dict[str, object], account: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, each in value.items():
        found[key] = masked(str(each)) if key in PRIVATE and each else _masked_value(each, account)
    return found


def _masked_value(value: object, account: str) -> object:
    if isinstance(value, str):
        return value.replace(account, masked(account)) if account else value
    if isinstance(value, list):
        return [_masked_value(each, account) for each in value]
    return _without(value, account) if isinstance(value, dict) else value


def write(folder: Path, report: Report) -> None:
    """Write both files of the report; each is there whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    _put(folder / FILE, msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    _put(folder / PAGE, page_of(report).encode("utf-8"))


def read(path: Path) -> Report:
    """Return the report at ``path``, its file or its folder.

    Raises:
        ConfigurationError: it is not there, damaged, or another version's.
    """
    path = path / FILE if path.is_dir() else path
    try:
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    except OSError as error:
        raise ConfigurationError(f"找不到验收报告 {path} / there is no such report") from error
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"验收报告损坏：{path} / the report is damaged: {error}") from error
    if report.version != VERSION:
        raise ConfigurationError(f"验收报告是另一个版本的：{path} / the report is another version's")
    return report


def page_of(report: Report) -> str:
    """Return the report as a page for people."""
    kind = "券商模拟终端" if report.simulation else "实盘终端"
    builds = f"客户端 {report.client or '版本不明'}；xtquant {report.xtquant or '版本不明'}；本程序 {report.program}"
    lines = [
        f"# 验收报告 {report.terminal} 账户 {report.account}",
        "",
        f"{kind}；{builds}；始于 {report.began}。",
        "",
        "「已见」：问题得到了回答。「未见」：没有看到，不当作任何结论。账号、股东号、资金、持仓和别的委托都已隐去，可以发给我们。",
        "",
        "| # | 检查 | 结果 | 看到了什么 |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {each.number} | {each.name} | {WORDS[each.outcome]} | {_cell(each.told)} |" for each in report.results
    ]
    for each in report.results:
        lines += ["", f"## {each.number} {each.name}：{WORDS[each.outcome]}", "", f"{each.told}", ""]
        lines += [f"- {note.at} {_cell(note.text)}" for note in each.notes]
        lines += [
            f"- **{name}** = `{finding.value or '未见'}`：{_cell(finding.how)}"
            for name, finding in each.findings.items()
        ]
    return "\n".join(lines) + "\n"


def folder_of(data: Path, day: dt.date, account: str) -> Path:
    """Return where the report of ``day`` lies."""
    return data / "acceptance" / f"{day.isoformat()}-{account[-4:]}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _put(path: Path, content: bytes) -> None:
    beside = path.with_suffix(path.suffix + ".new")
    beside.write_bytes(content)
    os.replace(beside, path)
