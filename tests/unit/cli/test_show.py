"""Tables: what does not fit is left out whole and named, and nothing is cut."""

from __future__ import annotations

import io
import json

import pytest
from rich.cells import cell_len
from rich.console import Console

from qmt_trading.cli import show

ORDER: dict[str, object] = {
    "created_at": "2026-11-24T09:30:00.123+08:00",
    "account": "11031122",
    "symbol": "600000.SH",
    "side": "buy",
    "side_text": "买入",
    "quantity": 1000,
    "price": "10.47",
    "status": "PENDING_CANCEL",
    "status_text": "已报待撤",
    "filled_quantity": 0,
    "leaves_quantity": 1000,
    "average_price": None,
    "venue_order_id": "A000000001",
    "client_order_id": "Z9EED00000001",
}


def drawn(rows: show.Rows, columns: tuple[show.Column, ...], width: int) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False, markup=False)
    console.print(show.table_of(rows, columns, width=width))
    text = stream.getvalue()
    assert all(cell_len(line) <= width for line in text.splitlines())
    return text


@pytest.mark.parametrize("width", [64, 80, 100, 120, 140])
def test_account_code_side_price_and_state_are_whole_at_any_width(width: int) -> None:
    text = drawn([ORDER], show.ORDERS, width)
    for value in ("11031122", "600000.SH", "买入", "1000", "10.47", "已报待撤"):
        assert value in text
    assert "…" not in text


def test_columns_give_way_in_their_order_and_are_named() -> None:
    wide = drawn([ORDER], show.ORDERS, 140)
    assert "未显示" not in wide
    assert "09:30:00.123" in wide
    narrow = drawn([ORDER], show.ORDERS, 80)
    assert "窄屏未显示：成交均价、合同编号、未成交（" in narrow
    assert "Z9EED00000001" in narrow
    assert "09:30:00 " in narrow
    assert "09:30:00.123" not in narrow
    assert "未成交、本地编号（" in drawn([ORDER], show.ORDERS, 72)


def test_milliseconds_go_after_the_first_columns_and_before_the_last() -> None:
    text = drawn([ORDER], show.ORDERS, 88)
    assert "窄屏未显示：成交均价、合同编号" in text
    assert "09:30:00.123" not in text
    assert "Z9EED00000001" in text


def test_a_long_text_goes_on_in_further_lines() -> None:
    row: dict[str, object] = {
        "seq": 1,
        "received_at": ORDER["created_at"],
        "door": "signals",
        "status": "denied",
        "status_text": "已拦截",
        "text": "buy 600000.SH 150@10.00:11031122,11031123,11031124 #ladder/17",
        "reasons": [{"text": "数量不合规：主板 委托 150，买入至少 100、每 100 递增；卖出零股须一次卖完"}],
    }
    text = drawn([row], show.SIGNALS, 80)
    joined = "".join(line[24:].strip() for line in text.splitlines())
    assert "11031124" in joined.replace(" ", "")
    assert "须一次卖完" in joined.replace(" ", "")
    assert "…" not in text


def test_brackets_in_a_text_stay(capsys: pytest.CaptureFixture[str]) -> None:
    show.console().print("请设 [signals.bare] action")
    assert "[signals.bare]" in capsys.readouterr().out


def test_values_stand_in_one_column_whatever_the_names_are_made_of() -> None:
    lines = show.aligned([("模式", "x"), ("交易日", "y"), ("id", "z")])
    assert [cell_len(line[:-1]) for line in lines] == [8, 8, 8]


def test_a_sentence_that_goes_on_hangs_below_its_beginning_and_loses_nothing() -> None:
    text = "✗ 11031199 600000.SH 买入：账号未配置：11031199 / account not configured: 11031199"
    found = show.hung(text, Console(width=40), indent=2, hanging=2)
    assert len(found) > 1
    assert found[0].startswith("  ✗")
    assert all(line.startswith("    ") for line in found[1:])
    assert all(cell_len(line) <= 40 for line in found)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert show.hung("短", Console(width=40), indent=2, hanging=2) == ["  短"]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("available_cash", "1000000", "1,000,000.00"),
        ("realised", "-12345.6", "-12,345.60"),
        ("fee", "5", "5.00"),
        ("cost_price", "10.4733", "10.473"),
        ("average_price", "10.5", "10.500"),
        ("price", "10.47", "10.47"),
    ],
)
def test_money_has_separators_and_two_decimals_and_computed_prices_three(key: str, value: str, expected: str) -> None:
    assert show.cell({key: value}, key).plain == expected


def test_a_row_that_goes_into_a_file_is_one_line_without_blanks_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    text = "buy " + "600000.SH 100:11031122;" * 12
    row: dict[str, object] = {"seq": 1, "received_at": ORDER["created_at"], "status_text": "已受理", "text": text}
    to = show.console()
    show.print_table(show.table_of([row, {**row, "text": "x"}], show.SIGNALS, width=to.width), to=to)
    head, first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(text)
    assert second.endswith(" x")
    assert head == head.rstrip()


EVIL = "错误\x1b]0;x\x07\x9b2J\u202e\n✓ 已恢复"
SHOWN = r"错误\u001b]0;x\u0007\u009b2J\u202e\n✓ 已恢复"


def test_what_a_counter_or_a_person_wrote_commands_no_terminal_and_forges_no_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show.say(EVIL)
    row: dict[str, object] = {"id": 1, "text": EVIL, "reasons": [{"text": EVIL}], "side_text": EVIL, "side": "buy"}
    for columns in ((show.Column("text", "内容"),), (show.Column("content", "内容"),), (show.Column("side", "方向"),)):
        show.print_table(show.table_of([row], columns, width=200), to=show.console())
    show.console().print("\n".join(show.aligned([("原因", EVIL)])))
    out = capsys.readouterr().out
    assert out.count(SHOWN) == 6
    assert not set(out) & set("\x1b\x07\x9b\u202e")
    assert not any(line.startswith("✓") for line in out.splitlines())


def test_whatever_is_printed_on_the_console_commands_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    show.console().print("a\x1b[2Jb", style="bold red")
    show.console().print("one\ntwo")
    out = capsys.readouterr().out
    assert r"a\u001b[2Jb" in out
    assert out.count("\x1b") == 2  # The console's own: red begins and ends.
    assert out.endswith("one\ntwo\n")


def test_json_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_json({"text": EVIL})
    assert json.loads(capsys.readouterr().out) == {"text": EVIL}
