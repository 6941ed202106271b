"""Cases on lost connections: reports come again, commands never do. Over a carrier that can be dialled again."""

from __future__ import annotations

import time

from tests.link.cases import Scene, case
from tests.link.engine import Engine, Running, check


def _ready(scene: Scene, running: Running, *, epoch: int = 44) -> Engine:
    engine = scene.connect(running)
    engine.welcome(scene.stand, epoch=epoch)
    engine.arm()
    return engine


def _again(scene: Scene, running: Running, *, replay_from: int, epoch: int = 44) -> Engine:
    """Return the next connection, welcomed as far as the host's account is ready anew."""
    engine = scene.connect(running)
    engine.welcome(scene.stand, replay_from=replay_from, epoch=epoch, sid="s2")
    return engine


@case("tcp")
def a_listener_without_the_secret_gets_nothing(scene: Scene) -> None:
    engine = scene.connect(scene.run())
    engine.prove(secret="another secret of the same length")
    engine.wait_end()
    check(not engine.all("proof"), "it proved itself to somebody who could not")


@case("tcp")
def reports_come_again_with_their_numbers(scene: Scene) -> None:
    running = scene.run()
    engine = _ready(scene, running)
    for number in range(3):
        engine.submit(scene.stand, f"A{number}")
    engine.list_of(scene.stand)
    told = {int(str(line["n"])): line for line in engine.lines if "n" in line}
    boot, last = engine.hello()["boot"], max(told)
    engine.close()
    scene.stand.foreign(scene.stand.market.resting)
    engine = _again(scene, running, replay_from=2)
    hello = engine.hello()
    check(hello["boot"] == boot, "another boot")
    check(isinstance(hello["resume"], dict), f"no resume: {hello}")
    again = {int(str(line["n"])): line for line in engine.lines if "n" in line}
    check(min(again) == 2, f"it begins at {min(again)}")
    for number in range(2, last + 1):
        check(again.get(number) == told[number], f"{number}: {again.get(number)} was {told[number]}")
    by_hand = [line for number, line in again.items() if number > last and line["t"] == "row"]
    check(bool(by_hand), "what happened meanwhile is not told")
    sessions = [line["session"] for line in engine.all("account", account=scene.stand.market.accounts[0])]
    check(sessions[-1] > max(sessions[:-1], default=0), f"sessions: {sessions}")  # type: ignore[operator,type-var]


@case("tcp")
def what_was_acknowledged_is_gone_and_a_gap_says_so(scene: Scene) -> None:
    running = scene.run()
    engine = _ready(scene, running)
    engine.list_of(scene.stand)
    known = max(int(str(line["n"])) for line in engine.lines if "n" in line)
    engine.send(t="ack", k=known)
    engine.send(t="ping", x=1)
    engine.wait("pong")
    engine.close()
    engine = _again(scene, running, replay_from=1)
    resume = engine.hello()["resume"]
    assert isinstance(resume, dict)
    check(resume["got"] == known, f"got: {resume}, {known} was acknowledged")
    gap = engine.wait("gap")
    check(gap["from"] == 1 and int(str(gap["to"])) >= known, f"gap: {gap}")


@case("tcp")
def an_engine_that_wants_nothing_of_before_gets_nothing(scene: Scene) -> None:
    running = scene.run()
    engine = _ready(scene, running)
    engine.submit(scene.stand, "A1")
    last = int(str(engine.wait("stage", coid="A1")["n"]))
    engine.list_of(scene.stand)
    engine.close()
    engine = _again(scene, running, replay_from=0)
    numbers = [int(str(line["n"])) for line in engine.lines if "n" in line]
    check(min(numbers) > last, f"numbers: {numbers}")
    check(not engine.all("stage"), "something of before")


@case("tcp")
def commands_are_never_done_again(scene: Scene) -> None:
    running = scene.run()
    engine = _ready(scene, running)
    engine.submit(scene.stand, "A1")
    engine.wait("stage", coid="A1", st="dispatched")
    scene.stand.hang(0.8)
    engine.submit(scene.stand, "A2")
    engine.submit(scene.stand, "A3")
    time.sleep(0.2)
    engine.close()
    engine = _again(scene, running, replay_from=1)
    engine.submit(scene.stand, "A4")
    engine.wait("stage", coid="A4", st="refused", why="disarmed")
    engine.send(t="outcome", q="q", coid="A1", fence=True)
    engine.wait("outcome", q="q")
    engine.list_of(scene.stand)
    executed = scene.stand.executed()
    check(executed["A1"] == 1 and max(executed.values()) == 1, f"executed: {executed}")
    check("A3" not in executed, "an order left under no arms")


@case("tcp")
def an_engine_of_before_is_turned_away(scene: Scene) -> None:
    running = scene.run()
    _ready(scene, running, epoch=44).close()
    engine = scene.connect(running)
    engine.prove()
    accounts = [{"account": account, "type": "STOCK"} for account in scene.stand.market.accounts]
    engine.send(t="welcome", link=1, sid="s0", ep=43, replay_from=0, accounts=accounts)
    engine.wait("bye", why="old_engine")
    engine.wait_end()
