"""The way from a command to the engine: through the control door, or, for reading, from the journal of a dead one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from qmt_trading.codec import control as wire
from qmt_trading.codec import timeline_json
from qmt_trading.link.dial import DialError, dial
from qmt_trading.run.control_door import control_address
from qmt_trading.run.reading import journal_path, read_view
from qmt_trading.run.view_rows import rows_of

Rows = list[dict[str, object]]
ANSWER_S: Final = 10.0
_LOOK_S: Final = 3.0
"""How long a reading command waits for an engine before it reads the journal instead."""


class NotRunningError(DialError):
    """No engine runs over this folder."""


class NeverRunError(DialError):
    """No engine has ever run over this folder."""


def ask(folder: Path, request: wire.ControlRequest, *, wait_s: float = ANSWER_S) -> Rows:
    """Return the running engine's answer.

    Raises:
        NotRunningError: no engine runs over ``folder``.
        DialError: it runs and does not answer.
        ControlError: it refuses, and says why.
    """
    try:
        line = dial(control_address(folder), timeout_s=2.0)
    except DialError as error:
        raise NotRunningError(
            f"引擎未运行（{folder}）：先 qmt run / no engine is running: start it with `qmt run`"
        ) from error
    with line:
        line.send(wire.encode_request(request))
        return wire.decode_answer(line.receive_line(wait_s))


def read(folder: Path, table: str, *, limit: int = 1000) -> tuple[Rows, str]:
    """Return the rows of ``table``, and why they come from the journal; empty: a running engine told them.

    Raises:
        NeverRunError: there is neither an engine nor a journal.
        JournalError: no engine runs, and the journal cannot be read.
    """
    try:
        return ask(folder, wire.Read(table, limit), wait_s=_LOOK_S), ""
    except DialError as error:
        why = _why(folder, error)
        return rows_of(read_view(folder), table, limit, now_ns=time.time_ns(), running=False), why


def timeline(folder: Path, seq: int) -> tuple[Rows, str]:
    """Return the hops of one signal, and why they come from the journal, as ``read`` does."""
    try:
        return ask(folder, wire.Timeline(seq), wait_s=_LOOK_S), ""
    except DialError as error:
        why = _why(folder, error)
        return timeline_json.timeline(read_view(folder), seq), why


def _why(folder: Path, error: DialError) -> str:
    if not isinstance(error, NotRunningError):
        return "引擎没有应答，以下来自日志 / the engine does not answer; read from the journal"
    if not journal_path(folder).exists():
        raise NeverRunError(
            f"还没有运行过（{folder} 里没有日志）：先 qmt run / it has never run: start it with `qmt run`"
        ) from error
    return "引擎未运行，以下来自日志 / no engine runs; read from the journal"
