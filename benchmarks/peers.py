"""Peers behind one Unix socket: ``python peers.py KIND ADDRESS ACCOUNTS``; lines in, a line back for each.

``queue`` is the design this system replaces: a reader, a queue, a worker, a broker call, nothing kept. ``sqlite``
commits each message on its own before the call. ``vnpy`` sends each signal through vnpy's event engine to its main
engine and a stub gateway; nothing kept. Each answer carries the instants of the first and last broker call.
"""

# vnpy has a virtual environment of its own and no types here.
# mypy: ignore-errors

from __future__ import annotations

import queue
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable

Handler = Callable[[bytes], tuple[int, int]]


def serve(address: str, handle: Handler) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(4)
    while True:
        line, _ = listener.accept()
        rest = b""
        while received := line.recv(65_536):
            *messages, rest = (rest + received).split(b"\n")
            answers = []
            for message in messages:
                first, last = handle(message)
                answers.append(b"%d %d\n" % (first, last))
            line.sendall(b"".join(answers))


def queue_worker(accounts: int) -> Handler:
    asked: queue.Queue[bytes] = queue.Queue()
    done: queue.Queue[tuple[int, int]] = queue.Queue()

    def work() -> None:
        while True:
            message = asked.get()
            message.split(b" ")
            first = last = 0
            for _ in range(accounts):
                last = time.time_ns()
                first = first or last
            done.put((first, last))

    threading.Thread(target=work, daemon=True).start()

    def handle(message: bytes) -> tuple[int, int]:
        asked.put(message)
        return done.get()

    return handle


def sqlite_each(accounts: int, path: str) -> Handler:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("create table message(number integer primary key, body blob)")

    def handle(message: bytes) -> tuple[int, int]:
        connection.execute("insert into message(body) values (?)", (message,))
        first = last = 0
        for _ in range(accounts):
            last = time.time_ns()
            first = first or last
        return first, last

    return handle


def vnpy_events(accounts: int) -> Handler:
    from vnpy.event import Event, EventEngine
    from vnpy.trader.constant import Direction, Exchange, Offset, OrderType, Status
    from vnpy.trader.engine import MainEngine
    from vnpy.trader.gateway import BaseGateway
    from vnpy.trader.object import OrderRequest
    from vnpy.trader.setting import SETTINGS

    SETTINGS["log.active"] = False
    calls: list[int] = []

    class Stub(BaseGateway):
        default_name = "STUB"
        exchanges = [Exchange.SSE]  # noqa: RUF012 - vnpy wants a list.
        number = 0

        def send_order(self, request):
            calls.append(time.time_ns())
            self.number += 1
            order = request.create_order_data(str(self.number), self.gateway_name)
            order.status = Status.SUBMITTING
            self.on_order(order)
            return order.vt_orderid

        def connect(self, setting): ...
        def close(self): ...
        def subscribe(self, request): ...
        def cancel_order(self, request): ...
        def query_account(self): ...
        def query_position(self): ...

    events = EventEngine()
    engine = MainEngine(events)
    names = [f"A{number}" for number in range(accounts)]
    for name in names:
        engine.add_gateway(Stub, name)
    done: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()

    def on_signal(event) -> None:
        words = event.data.decode().split()
        quantity, _, price = words[2].partition("@")
        request = OrderRequest(
            symbol=words[1][:6],
            exchange=Exchange.SSE,
            direction=Direction.LONG,
            type=OrderType.LIMIT,
            volume=int(quantity),
            price=float(price.partition(":")[0]),
            offset=Offset.NONE,
            reference=words[-1],
        )
        calls.clear()
        for name in names:
            engine.send_order(request, name)
        done.put((calls[0], calls[-1]))

    events.register("eSignal", on_signal)

    def handle(message: bytes) -> tuple[int, int]:
        events.put(Event("eSignal", message))
        return done.get()

    return handle


if __name__ == "__main__":
    kind, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    handlers = {
        "queue": lambda: queue_worker(count),
        "sqlite": lambda: sqlite_each(count, address + ".db"),
        "vnpy": lambda: vnpy_events(count),
    }
    serve(address, handlers[kind]())
