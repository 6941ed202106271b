"""The way from a command to the engine: through the control door, or, for reading, from the journal of a dead one."""

from __future__ import annotations

from qmt_trading.codec import control as wire
from qmt_trading.codec import view_json
from qmt_trading.link.dial import DialError, dial
from qmt_trading.run.config import Configuration
from qmt_trading.run.control_door import control_address
from qmt_trading.run.reading import read_view

Rows = list[dict[str, object]]
ANSWER_S = 10.0


def ask(configuration: Configuration, request: wire.ControlRequest) -> Rows:
    """Return the running engine's answer.

    Raises:
        DialError: no engine runs over this folder.
        ControlError: it refuses, and says why.
    """
    with dial(control_address(configuration.folder), timeout_s=2.0) as line:
        line.send(wire.encode_request(request))
        return wire.decode_answer(line.receive_line(ANSWER_S))


def read(configuration: Configuration, table: str, *, limit: int = 1000) -> tuple[Rows, bool]:
    """Return the rows of ``table`` and whether they come from a running engine.

    Raises:
        JournalError: no engine runs, and the journal cannot be read.
    """
    try:
        return ask(configuration, wire.Read(table, limit)), True
    except DialError:
        return view_json.rows_of(read_view(configuration.folder), table, limit), False


def timeline(configuration: Configuration, seq: int) -> tuple[Rows, bool]:
    """Return the hops of one signal and whether they come from a running engine."""
    try:
        return ask(configuration, wire.Timeline(seq)), True
    except DialError:
        return view_json.timeline(read_view(configuration.folder), seq), False
