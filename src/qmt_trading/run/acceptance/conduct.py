"""Leads a person through the checks, and keeps what was seen after each of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from qmt_trading import __version__
from qmt_trading.model.instant import to_clock_text, to_iso_text
from qmt_trading.run.acceptance.check import Answer, Check
from qmt_trading.run.acceptance.report import SKIPPED, STOPPED, UNSEEN, Report, Result, masked
from qmt_trading.run.acceptance.visit import CannotError, StopError, Visit
from qmt_trading.run.capabilities import Capabilities, why_absent

ASK: Final = "  做这一项？回车 做，s 跳过，q 到此为止："


def new_report(*, terminal: str, account: str, simulation: bool, client: str, now_ns: int) -> Report:
    """Return a report without any check."""
    return Report(
        program=__version__,
        account=masked(account),
        terminal=terminal,
        simulation=simulation,
        client=client,
        xtquant="",
        began=to_iso_text(now_ns),
    )


def conduct(visit: Visit, checks: Sequence[Check], report: Report, save: Callable[[Report, Result], None]) -> Report:
    """Do ``checks`` one after another as far as the person wants, and return the report; ``save`` sees it after each.

    Nothing of the visit is left at the counter when this returns, or ``StopError`` says what is.

    Raises:
        StopError: an order could not be cleared away; the report says so, too.
    """
    stop: StopError | None = None
    try:
        for check in checks:
            result, stop, goes_on = _one(visit, check)
            if result is not None:
                report = replace(report.with_result(result), xtquant=visit.xtquant or report.xtquant, facts=visit.facts)
                save(report, result)
                visit.person.say(f"  → {'已见' if result.outcome == 'seen' else '未见'}：{result.told}")
            if not goes_on:
                break
    finally:
        visit.disconnect()
    if stop is not None:
        raise stop
    return report


def _one(visit: Visit, check: Check) -> tuple[Result | None, StopError | None, bool]:
    """Do one check; return its result, what could not be cleared away, and whether to go on."""
    person = visit.person
    person.say("")
    person.say(f"【{check.number}】{check.name}：{check.asks}")
    person.say(f"  要做的：{check.cost}{f'；时间：{check.when}' if check.when else ''}。看它为了：{check.tells}")
    began = to_clock_text(visit.now_ns())
    stop: StopError | None = None
    goes_on = True
    try:
        wish = person.ask(ASK).casefold()
        if wish == "q":
            return None, None, False
        answer = Answer(outcome=SKIPPED, told="没有做") if wish == "s" else check.run(visit)
    except CannotError as error:
        answer = Answer(outcome=UNSEEN, told=str(error))
    except StopError as error:
        answer, stop, goes_on = Answer(outcome=STOPPED, told=str(error)), error, False
    except (KeyboardInterrupt, EOFError):
        answer, goes_on = Answer(outcome=STOPPED, told="被人中止；该项的委托都已撤掉并确认"), False
    notes, lines = visit.take_notes()
    result = Result(
        number=check.number,
        name=check.name,
        outcome=answer.outcome,
        told=answer.told,
        began=began,
        ended=to_clock_text(visit.now_ns()),
        notes=notes,
        findings=answer.findings,
        lines=lines,
    )
    return result, stop, goes_on


def card_with(card: Capabilities | None, report: Report, result: Result, today: dt.date) -> Capabilities:
    """Return the card of the report's terminal with the findings of ``result``.

    A card that no longer counts is not added to: it is begun anew. Its age is that of its oldest finding.
    """
    known = {name: each for name, each in result.findings.items() if name in Capabilities.__struct_fields__}
    fresh = Capabilities(
        terminal=report.terminal,
        since=today,
        client=report.client,
        xtquant=report.xtquant,
        simulation=report.simulation,
    )
    if card is None or why_absent(card, today=today, client=report.client) or card.xtquant != report.xtquant:
        card = fresh
    return replace(card, simulation=card.simulation and report.simulation, **known)
