"""The program, noting the instant of each cancel call: ``python -m benchmarks.noting INSTANTS run …``.

Orders carry the instant of their broker call in the journal; cancels need none there, so a benchmark notes it itself.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from qmt_trading.brokers.simulated.remote import RemoteExchange
from qmt_trading.cli.main import main as program


def main() -> None:
    """Run the program with the other arguments, and write the instants down when it ends."""
    path = Path(sys.argv.pop(1))
    instants: list[int] = []
    cancel = RemoteExchange.cancel

    def noted(self: Any, order: Any) -> None:
        instants.append(time.time_ns())
        cancel(self, order)

    RemoteExchange.cancel = noted  # type: ignore[method-assign]
    try:
        program()
    finally:
        path.write_text("".join(f"{instant}\n" for instant in instants), encoding="ascii")


if __name__ == "__main__":
    main()
