"""Cases on lines and sessions: hello, bad frames, numbers, beats, arming."""

from __future__ import annotations

import json
import time
from typing import Final

from tests.link.cases import Scene, case
from tests.link.engine import LOSSY, check

BAD_LINES: Final = {
    "no JSON": b"submit\n",
    "half an object": b'{"t":"arm","level":"trade"\n',
    "no object": b"[1]\n",
    "no t": b'{"level":"trade"}\n',
    "not ASCII": '{"t":"arm","level":"trade","x_note":"柜"}\n'.encode(),
    "a key twice": b'{"t":"arm","level":"none","level":"trade"}\n',
    "NaN": b'{"t":"arm","level":"trade","x_a":NaN}\n',
    "beyond 2^53": b'{"t":"arm","level":"trade","x_a":9007199254740993}\n',
    "too deep": b'{"t":"arm","level":"trade","x_a":[[[[[[1]]]]]]}\n',
    "too long": b'{"t":"arm","level":"trade","x_a":"' + b"a" * 16_384 + b'"}\n',
    "too long without an end": b"a" * 40_000,
}


@case()
def the_hello_says_who_it_is(scene: Scene) -> None:
    hello = scene.connect().hello()
    for key, kind in (("link", list), ("kind", str), ("dialect", str), ("boot", str), ("hm", int), ("caps", list)):
        check(type(hello.get(key)) is kind, f"hello has no {key}: {hello}")
    check(hello["observe"] is False, "observe is not false")
    check(hello.get("resume") is None, "the first connection of a boot resumes nothing")
    versions = hello["link"]
    assert isinstance(versions, list)
    check(versions[0] <= 1 <= versions[1], f"version 1 is not spoken: {versions}")


@case("stdio")
def every_life_has_a_boot_of_its_own(scene: Scene) -> None:
    running = scene.run()
    first = scene.connect(running).hello()
    running.close()
    second = scene.connect().hello()
    check(first["boot"] != second["boot"], "two lives with one boot")


@case("stdio")
def a_host_ends_with_its_input_and_with_a_goodbye(scene: Scene) -> None:
    for goodbye in (False, True):
        running = scene.run()
        engine = scene.connect(running)
        engine.welcome(scene.stand)
        if goodbye:
            engine.send(t="bye", why="stop")
        else:
            engine.close()
        check(running.has_ended(), "the host lives on")


@case("stdio")
def a_version_that_is_not_spoken_ends_the_connection(scene: Scene) -> None:
    engine = scene.connect()
    engine.hello()
    engine.send(t="welcome", link=9, sid="s", ep=1, replay_from=1, accounts=[])
    engine.wait("bye", why="version")
    engine.wait_end()


@case("stdio")
def nothing_is_done_before_the_welcome(scene: Scene) -> None:
    running = scene.run()
    engine = scene.connect(running)
    engine.hello()
    engine.send(t="arm", level="trade")
    engine.submit(scene.stand, "A1")
    engine.wait_where(lambda line: line["t"] in ("bye", "nak"), "a bye or a nak")
    engine.never(0.3, "stage", st="dispatched")
    running.close()
    _, rows = scene.ready().list_of(scene.stand)
    check(not rows["order"], "an order was executed before the welcome")


@case("stdio")
def a_bad_line_ends_the_session_and_with_it_the_host(scene: Scene) -> None:
    running = scene.run()
    engine = scene.connect(running)
    engine.welcome(scene.stand)
    engine.send_bytes(BAD_LINES["half an object"])
    engine.wait("bye", why="bad_frame")
    check(running.has_ended(), "the host lives on")


@case("tcp")
def no_line_after_a_bad_one_has_an_effect(scene: Scene) -> None:
    running = scene.run()
    for number, (name, line) in enumerate(BAD_LINES.items()):
        engine = scene.connect(running)
        engine.welcome(scene.stand, replay_from=0)
        engine.arm("trade")
        engine.send_bytes(line + json.dumps(engine.submit_line(scene.stand, f"A{number}")).encode("ascii") + b"\n")
        bye = engine.wait("bye")
        check(bye.get("why") == "bad_frame", f"{name}: {bye}")
        engine.wait_end()
        check(len(engine.all("armed")) == 1, f"{name}: it had an effect")
    check(not scene.stand.executed(), f"executed: {scene.stand.executed()}")


@case()
def what_is_not_known_is_refused_by_name_and_has_no_effect(scene: Scene) -> None:
    engine = scene.ready()
    engine.send(t="dance", x=1)
    engine.wait("nak", of="dance")
    engine.submit(scene.stand, "A1", iceberg=True)
    engine.wait("nak", of="submit")
    engine.submit(scene.stand, "A2", x_iceberg=True)
    engine.wait("stage", coid="A2", st="dispatched")
    check(scene.stand.executed() == {"A2": 1}, f"executed: {scene.stand.executed()}")


@case()
def a_line_may_come_byte_by_byte_and_many_at_once(scene: Scene) -> None:
    engine = scene.ready()
    for byte in json.dumps(engine.submit_line(scene.stand, "A1")).encode("ascii") + b"\n":
        engine.send_bytes(bytes([byte]))
    engine.wait("stage", coid="A1", st="dispatched")
    lines = [json.dumps(engine.submit_line(scene.stand, f"B{number}")).encode("ascii") for number in range(5)]
    engine.send_bytes(b"\n".join(lines) + b"\n")
    for number in range(5):
        engine.wait("stage", coid=f"B{number}", st="dispatched")


@case()
def every_line_that_must_not_be_lost_has_the_next_number(scene: Scene) -> None:
    engine = scene.ready()
    for number in range(5):
        engine.submit(scene.stand, f"A{number}")
    engine.list_of(scene.stand)
    numbers = [line["n"] for line in engine.lines if "n" in line]
    check(numbers == list(range(1, len(numbers) + 1)), f"numbers: {numbers}")
    session_lines = ("hello", "proof", "nak", "bye")
    bare = {line["t"] for line in engine.lines if "n" not in line and line["t"] not in session_lines}
    check(bare <= LOSSY, f"without a number: {bare - LOSSY}")
    check(all(len(raw) < 65_536 and raw.isascii() for raw in engine.raw), "a line that is too long, or not ASCII")


@case()
def it_beats_every_second_also_while_a_call_hangs(scene: Scene) -> None:
    engine = scene.ready()
    scene.stand.hang(3.0)
    engine.submit(scene.stand, "A1")
    began, count = time.monotonic(), len(engine.all("beat"))
    busy = engine.wait_where(lambda line: line["t"] == "beat" and int(str(line["busy"])) > 500_000, "a busy beat")
    if not engine.hears_while_calling:
        engine.wait("beat", after=engine.index(busy) + 1)
        check(int(str(busy["busy"])) > 2_000_000, f"the call took longer than it says afterwards: {busy}")
        return
    check(time.monotonic() - began < 5, "no beat said in time that a call takes long")
    engine.wait_where(
        lambda line: line["t"] == "beat" and int(str(line["busy"])) > int(str(busy["busy"])) + 400_000, "a busier beat"
    )
    stamps = [int(str(line["hm"])) for line in engine.all("beat")]
    check(stamps == sorted(stamps), "its clock runs back")
    check(len(stamps) - count >= 2, "too few beats")
    scene.stand.hang(0)


@case()
def the_pong_comes_from_the_thread_that_makes_the_calls(scene: Scene) -> None:
    engine = scene.ready()
    engine.send(t="ping", x="one")
    engine.wait("pong", x="one")
    scene.stand.hang(1.0)
    engine.submit(scene.stand, "A1")
    engine.send(t="ping", x="two")
    engine.never(0.3, "pong", x="two")
    scene.stand.hang(0)
    engine.wait("pong", x="two")


@case()
def a_connection_begins_with_nothing_allowed(scene: Scene) -> None:
    engine = scene.ready(level="none")
    engine.submit(scene.stand, "A1")
    engine.wait("stage", coid="A1", st="refused", why="disarmed")
    check(engine.arm("cancel")["level"] == "cancel", "not armed to cancel")
    engine.submit(scene.stand, "A2")
    engine.wait("stage", coid="A2", st="refused", why="disarmed")
    check(engine.arm("trade")["level"] == "trade", "not armed to trade")
    engine.submit(scene.stand, "A3")
    engine.wait("stage", coid="A3", st="dispatched")
    engine.arm("none")
    engine.submit(scene.stand, "A4")
    engine.wait("stage", coid="A4", st="refused", why="disarmed")
    check(scene.stand.executed() == {"A3": 1}, f"executed: {scene.stand.executed()}")


@case()
def a_host_that_observes_sends_neither_orders_nor_cancels(scene: Scene) -> None:
    engine = scene.ready(level="none", observe=True)
    check(engine.hello()["observe"] is True, "hello does not say that it observes")
    for level in ("trade", "cancel"):
        check(engine.arm(level)["level"] == "none", f"armed to {level}")
    engine.submit(scene.stand, "A1")
    engine.wait("stage", coid="A1", st="refused", why="disarmed")
    scene.stand.foreign(scene.stand.market.resting)
    row = engine.wait("row", kind="order")["row"]
    assert isinstance(row, dict)
    engine.cancel(scene.stand, "c1", broker_id=scene.stand.ids(row).broker)
    engine.wait("cstage", cid="c1", st="refused")
    listed, rows = engine.list_of(scene.stand)
    check(listed["complete"] is True, f"not complete: {listed}")
    check(len(rows["order"]) == 1, f"rows: {rows['order']}")
    check(not any(name for name in scene.stand.executed() if name), "an order was executed")
