"""The product as a benchmark sees it: a real engine in paper mode, its counter in a process of its own as in live."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from qmt_trading.link.dial import DialError, dial
from qmt_trading.model.order import ClientOrderId
from qmt_trading.run.reading import read_view

HERE = Path(__file__).resolve().parent

CONFIG = """\
# Every limit is on and none is reached, but for the rates, which would hold the measurement back.
mode = "paper"
[session]
always_open = true
[log]
days = 1
[signals]
ttl = "60s"
submits_per_minute_max = 100000000
[signals.bare]
action = "{bare}"
[limits]
order_value_max = 100000000000
order_quantity_max = 1000000000
deviation_max = "90%"
position_value_max = 99999999999
position_share_max = "100%"
buy_value_per_day_max = 99999999999
turnover_per_day_max = 99999999999
recent_value_share_max = "100%"
cash_reserve = 1
orders_per_signal_max = 1000
orders_per_day_max = 10000000
messages_per_day_max = 10000000
working_orders_max = 1000000
unknown_orders_max = 1000000
orders_per_second_max = "none"
messages_per_second_max = "none"
windows = ["00:00-23:59:59"]
[limits.total]
order_value_max = 100000000000
orders_per_signal_max = 1000
orders_per_day_max = 10000000
working_orders_max = 1000000
[[doors]]
kind = "unix_socket"
path = "s.sock"
[[terminals]]
name = "bench"
kind = "simulated"
{address}
{accounts}
"""


class Product:
    """Both processes; ``close`` ends them, ``calls`` then reads the instants of the broker calls from the journal."""

    def __init__(self, folder: Path, accounts: int, *, counter: str = "stub", bare: str = "deny") -> None:
        """Start both; ``counter`` is ``stub`` or ``exchange``, the simulated one that fills orders."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.door = str(folder / "s.sock")
        self.names = [f"a{number:02d}" for number in range(1, accounts + 1)]
        tables = "".join(f'[[terminals.accounts]]\naccount = "{name}"\ncash = 100000000000\n' for name in self.names)
        address = str(folder / "x.sock")
        (folder / "qmt.toml").write_text(
            CONFIG.format(bare=bare, address=f"address = '{address}'", accounts=tables),
            encoding="utf-8",
        )
        if counter == "stub":
            serving = [sys.executable, str(HERE / "stub_counter.py"), address, str(folder / "cancels")]
        else:
            module = "qmt_trading.brokers.simulated.service"
            serving = [sys.executable, "-m", module, "--folder", str(folder / "exchange"), "--address", address]
        self._exchange = subprocess.Popen(serving, stdout=subprocess.PIPE, encoding="utf-8")
        assert self._exchange.stdout is not None
        self._exchange.stdout.readline()
        program = ["qmt_trading.cli.main"] if bare != "cancel" else ["benchmarks.noting", str(folder / "calls")]
        command = [sys.executable, "-m", *program, "run", "--quiet", "--config", str(folder / "qmt.toml")]
        self.engine = subprocess.Popen(command)
        until = time.monotonic() + 20
        while True:
            try:
                dial(self.door, timeout_s=0.5).close()
                return
            except DialError:
                assert time.monotonic() < until, "the engine did not open its door"
                time.sleep(0.02)

    def message(self, number: int) -> bytes:
        """Return one signal for all accounts; ``number`` is its id."""
        return f"buy 600000.SH 100@10.50:{','.join(self.names)} #bench/{number:019d}\n".encode()

    def close(self) -> None:
        """Stop the engine in order and end the exchange."""
        self.engine.terminate()
        assert self.engine.wait(60) == 0
        self._exchange.kill()
        self._exchange.wait()
        if self._exchange.stdout is not None:
            self._exchange.stdout.close()

    def calls(self) -> dict[int, tuple[int, int]]:
        """Return the wall-clock instants of the first and last broker call by message number."""
        view = read_view(self.folder / "data")
        handed = {order.client_order_id: order.handed_over_ns for order in view.orders}
        found: dict[int, tuple[int, int]] = {}
        for row in view.signals:
            instants = [
                handed[ClientOrderId(line.client_order_id)] for line in row.receipt.orders if line.client_order_id
            ]
            assert len(instants) == len(self.names), row.receipt
            assert all(instants), "an order without the instant of its broker call"
            found[int(row.id.rpartition("/")[2])] = (min(instants), max(instants))
        return found

    def cancels(self) -> list[int]:
        """Return the wall-clock instants at which the stub counter received a cancel so far."""
        return _instants(self.folder / "cancels")

    def cancel_calls(self) -> list[int]:
        """Return the instants of the broker calls that cancel, of an engine that has ended."""
        return _instants(self.folder / "calls")

    def cpu_ns(self) -> int:
        """Return the CPU time of the engine's process so far, all threads."""
        words = Path(f"/proc/{self.engine.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) * 10_000_000


def _instants(path: Path) -> list[int]:
    return [int(line) for line in path.read_text(encoding="ascii").split()]
