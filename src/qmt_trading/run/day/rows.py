"""What the control door tells of the day: conditions beside accounts, and the checklist of each."""

from __future__ import annotations

from collections.abc import Iterator

from qmt_trading.codec.sentences import sentence
from qmt_trading.codec.view_json import Plain, account, positions
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.view import AccountRow, View
from qmt_trading.run.day.checklist import Mark
from qmt_trading.run.day.condition import CONDITION_TEXT, Condition
from qmt_trading.run.day.watch import DayWatch


def with_conditions(rows: list[Plain], view: View, watch: DayWatch) -> None:
    """Put the condition of each account into its row of the table of accounts."""
    by_account = {row.account: row for row in view.accounts}
    for row in rows:
        found = by_account.get(row["account"])  # type: ignore[call-overload]
        if found is not None:
            row.update(condition_fields(found, watch))


def condition_fields(row: AccountRow, watch: DayWatch) -> Plain:
    standing = watch.condition(row)
    return {
        "condition": standing.condition.value,
        "condition_text": CONDITION_TEXT[standing.condition],
        "condition_told": standing.chinese,
        "condition_told_en": standing.english,
        "link_text": CONDITION_TEXT[standing.condition],
        "morning_red": list(row.morning.red),
        "morning_closed": list(row.morning.closed),
        "morning_accepted": list(row.morning.accepted),
        "morning_at": to_iso_text(row.morning.checked_ns) if row.morning.checked_ns else None,
    }


def summary(view: View, watch: DayWatch) -> Plain:
    """Return what the status says of all accounts: those that are not well, and those that buy nothing."""
    standings = [(row, watch.condition(row)) for row in view.accounts]
    fine = (Condition.READY, Condition.NIGHT)
    return {
        "conditions": {row.account: standing.condition.value for row, standing in standings},
        "conditions_text": [
            f"{row.account} {CONDITION_TEXT[standing.condition]}：{standing.chinese}"
            for row, standing in standings
            if standing.condition not in fine
        ],
        "resting": sum(standing.condition is Condition.NIGHT for _, standing in standings),
        "morning_closed_text": [
            f"{row.account} {sentence(Denial(Reason.MORNING_RED, (','.join(row.morning.closed),)))[0]}"
            for row, _ in standings
            if row.morning.closed
        ],
    }


def morning_rows(view: View, watch: DayWatch) -> list[Plain]:
    """Return the checklist of each account as of now, with its cash and its positions to compare with the client's."""
    return list(_morning(view, watch))


def _morning(view: View, watch: DayWatch) -> Iterator[Plain]:
    held = [each for each in positions(view) if each["quantity"]]
    for row in view.accounts:
        items = watch.items(row)
        yield {
            **account(row, view),
            **condition_fields(row, watch),
            "green": not any(each.mark is Mark.BAD for each in items),
            "items": [
                {
                    "item": each.item.value,
                    "mark": each.mark.value,
                    "text": each.chinese,
                    "text_en": each.english,
                    "todo": each.todo or None,
                }
                for each in items
            ],
            "positions": [each for each in held if each["account"] == row.account],
        }
