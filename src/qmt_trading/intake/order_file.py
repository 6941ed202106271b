"""One file of orders, by the kind that its name says, to instructions or faults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from qmt_trading.intake.csv_table import read_csv
from qmt_trading.intake.instructions import Contents, Draft, Fault, FaultyError, UnreadableError, finish
from qmt_trading.intake.message_file import drafts_of_json, drafts_of_text
from qmt_trading.intake.rows import drafts_of
from qmt_trading.intake.xlsx_table import read_xlsx

KINDS: Final = (".csv", ".xlsx", ".json", ".txt")
OTHER_TABLES: Final = (".xls", ".xlsm", ".xlsb", ".et", ".ods")
"""Refused aloud: somebody expects them to be read."""
FILE_BYTES_MAX: Final = 4_000_000
_ARCHIVE: Final = b"PK\x03\x04"
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_file(name: str, data: bytes, *, accounts: Sequence[str] = (), infer_market: bool = False) -> Contents:
    """Return what ``data``, the content of the file ``name``, asks for; never raises for what it holds.

    Args:
        accounts: for plans, and for rows that name none.
        infer_market: a bare ``600000`` takes its only possible market.
    """
    try:
        return finish(_drafts(name, data, accounts, infer_market), infer_market=infer_market)
    except UnreadableError as error:
        return Contents(faults=(error.fault,))
    except FaultyError as error:
        return Contents(faults=error.faults)


def unreadable(chinese: str, english: str) -> Contents:
    """Return the refusal of a whole file."""
    return Contents(faults=(Fault(0, "", chinese, english),))


def _drafts(name: str, data: bytes, accounts: Sequence[str], infer_market: bool) -> list[Draft]:
    kind = PurePath(name).suffix.lower()
    if len(data) > FILE_BYTES_MAX:
        size = FILE_BYTES_MAX // 1_000_000
        raise UnreadableError(f"超过 {size} MB：只放要下的单", f"more than {size} MB: put in what is to be ordered")
    if kind not in KINDS:
        raise UnreadableError(
            f"不读 {kind or '没有扩展名的'} 文件：请在 Excel 或 WPS 里另存为 xlsx 或「CSV UTF-8」",
            f"{kind or 'files without a suffix'} cannot be read: save it as xlsx or CSV UTF-8",
        )
    if data.startswith(_OLD_OFFICE):
        raise UnreadableError(
            "是旧版 xls 或加了密码的文件：请去掉密码，另存为 xlsx 或「CSV UTF-8」",
            "an old xls, or encrypted: save it as xlsx or CSV UTF-8, without a password",
        )
    if kind != ".xlsx" and data.startswith(_ARCHIVE):
        raise UnreadableError(f"内容是 xlsx 或压缩包，扩展名却是 {kind}", f"an archive or xlsx that is called {kind}")
    match kind:
        case ".csv":
            return drafts_of(read_csv(data), accounts=accounts, infer_market=infer_market)
        case ".xlsx":
            return drafts_of(read_xlsx(data), accounts=accounts, infer_market=infer_market)
        case ".json":
            return drafts_of_json(data, accounts=accounts, infer_market=infer_market)
        case _:
            return drafts_of_text(data)
