"""``qmt alerts``: which alerts a person has named."""

from __future__ import annotations

import pytest

from qmt_trading.cli.alerting import numbers_of


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("all", ()),
        (" ALL ", ()),
        ("7", (7,)),
        ("7,9,7", (7, 9)),
        ("7，9、11", (7, 9, 11)),
        ("0", None),
        ("-1", None),
        ("7,", None),
        ("七", None),
        ("٧", None),
        ("", None),
    ],
)
def test_alerts_are_named_by_numbers_or_all_together(written: str, numbers: tuple[int, ...] | None) -> None:
    assert numbers_of(written) == numbers
