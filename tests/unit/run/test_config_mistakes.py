"""What a person gets wrong in a configuration and would pay for stops the start, with the place and what is right."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.run.config_parts import DOOR, GOOD, KIND, WHERE, WINDOWS, refusal, with_lines, written

from qmt_trading.model.words import BareAction
from qmt_trading.run.config import load

BUY = with_lines({5: 'action = "buy"\nsize = "1手"'})


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("all", "只能用于卖出"),
        ("全部", "只能用于卖出"),
        ("半仓", "只能用于卖出"),
        ("1/3", "只能用于卖出"),
        ("0", "大于 0"),
        ("0手", "大于 0"),
        ("0%", "大于 0"),
        ("5万", "股还是元"),
        ("1.5手", "整数"),
    ],
)
def test_what_bare_signals_buy_is_a_size_for_buying(tmp_path: Path, size: str, expected: str) -> None:
    text = refusal(tmp_path, with_lines({5: f'action = "buy"\nsize = "{size}"'}))
    assert "第 6 行 signals.bare.size" in text
    assert expected in text
    text = refusal(tmp_path, GOOD + DOOR + f'bare = "buy"\ndefault_size = "{size}"\n')
    assert "第 22 行 doors.default_size" in text
    assert expected in text


@pytest.mark.parametrize("size", ["all", "半仓", "1/3", "10%", "100", "1手", "5万元"])
def test_what_bare_signals_sell_may_be_a_part_of_a_position(tmp_path: Path, size: str) -> None:
    configuration = load(written(tmp_path, with_lines({5: f'action = "sell"\nsize = "{size}"'})))
    assert {door.bare for door in configuration.engine.doors} == {BareAction.SELL}
    load(written(tmp_path, GOOD + DOOR + f'default_size = "{size}"\n'))


def test_a_door_that_buys_does_not_inherit_a_size_for_selling(tmp_path: Path) -> None:
    text = with_lines({5: 'action = "sell"\nsize = "全部"'})
    assert "第 19 行 doors.default_size" in refusal(tmp_path, text + DOOR + 'bare = "buy"\n')
    load(written(tmp_path, text + DOOR + 'bare = "buy"\ndefault_size = "1手"\n'))


def test_a_door_that_sells_nothing_has_no_size_for_selling(tmp_path: Path) -> None:
    assert "第 22 行 doors.default_size" in refusal(tmp_path, GOOD + DOOR + 'allow = ["buy"]\ndefault_size = "全部"\n')
    assert "大于 0" in refusal(tmp_path, GOOD + DOOR + "default_size = 0\n")


def test_an_empty_list_of_accounts_is_not_every_account(tmp_path: Path) -> None:
    text = refusal(tmp_path, with_lines({9: "accounts = []"}))
    assert "第 9 行 doors.accounts" in text
    assert "去掉这个设置" in text
    door, _ = load(written(tmp_path, with_lines({9: "accounts = ['一号', 11031122]"}))).engine.doors
    assert door.accounts == ("11031122",)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (with_lines({9: "order_value_max = 0"}), "第 9 行 doors.order_value_max"),
        (with_lines({9: "order_value_max = 0.00"}), "第 9 行 doors.order_value_max"),
        (GOOD + "[limits]\norder_value_max = 0\n", "第 19 行 limits.order_value_max"),
        (with_lines({16: "order_value_max = 0"}), "第 16 行 terminals.accounts.order_value_max"),
    ],
)
def test_a_limit_of_nothing_is_refused_everywhere(tmp_path: Path, text: str, place: str) -> None:
    told = refusal(tmp_path, text)
    assert place in told
    assert "大于 0" in told


def test_a_limit_that_is_left_out_is_told_with_what_holds_then(tmp_path: Path) -> None:
    assert "即为 100,000.00" in refusal(tmp_path, GOOD + "[limits]\norder_value_max = 0\n")
    limits = "\n[limits]\norder_value_max = 5000\n"
    assert "即为 5,000.00" in refusal(tmp_path, with_lines({16: "order_value_max = 0"}) + limits)


def test_without_a_limit_of_its_own_a_door_takes_what_the_account_may(tmp_path: Path) -> None:
    told = refusal(tmp_path, with_lines({9: "order_value_max = 0"}))
    assert "去掉这个设置即为 none" in told
    assert load(written(tmp_path, GOOD)).engine.doors[0].limits.order_value_max == 0


@pytest.mark.parametrize("span", ["9999999h", "25h", "86401s", "1441m", "86400001ms", "0s", "3", "3 s", "-3s", "1.5s"])
@pytest.mark.parametrize("key", ["signals.ttl", "limits.settle", "limits.quote_age_max", "doors.ttl"])
def test_a_span_is_more_than_nothing_and_at_most_a_day(tmp_path: Path, key: str, span: str) -> None:
    table, name = key.split(".")
    line = f'{name} = "{span}"'
    text = with_lines({9: line}) if table == "doors" else GOOD + f"[{table}]\n{line}\n"
    told = refusal(tmp_path, text)
    assert f"第 {9 if table == 'doors' else 19} 行 {key}" in told
    assert "一天" in told


@pytest.mark.parametrize("span", ['"24h"', '"86400s"', '"1ms"', "86400", "1"])
def test_a_day_is_still_a_span(tmp_path: Path, span: str) -> None:
    load(written(tmp_path, with_lines({9: f"ttl = {span}"})))


@pytest.mark.parametrize("span", ["86401", "0", "-1", "true", "1.5", "[3]"])
def test_a_span_without_quotes_counts_whole_seconds_of_a_day(tmp_path: Path, span: str) -> None:
    assert "第 9 行 doors.ttl" in refusal(tmp_path, with_lines({9: f"ttl = {span}"}))


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        ('{ "600000.SH" = 100, "sh600000" = 200 }', "写了两次"),
        ('{ "000001.SH" = 100 }', "000001.SH"),
        ('{ "399001.SZ" = 100 }', "399001.SZ"),
        ('{ "999999.SH" = 100 }', "999999.SH"),
        ('{ "204001.SH" = 10 }', "204001.SH"),
        ('{ "600000" = 100 }', "600000.SH？"),
        ('{ "x" = 100 }', "请写成 600000.SH"),
        ("{ 600000.SH = 100 }", "引号"),
        ('{ "600000.SH" = 99999999999999999999 }', "9999999999"),
        ('{ "600000.SH" = 10000000000 }', "9999999999"),
        ('{ "600000.SH" = 0 }', "正整数"),
        ('{ "600000.SH" = 100.0 }', "正整数"),
        ('{ "600000.SH" = "100" }', "正整数"),
        ('{ "600000.SH" = true }', "正整数"),
        ("[]", "600000.SH"),
    ],
)
def test_a_holding_is_a_symbol_that_is_traded_and_a_number_of_shares(
    tmp_path: Path, positions: str, expected: str
) -> None:
    told = refusal(tmp_path, with_lines({17: f"positions = {positions}"}))
    assert "第 17 行 terminals.accounts.positions" in told
    assert expected in told


@pytest.mark.parametrize("symbol", ["600000.SH", "688001.SH", "300750.SZ", "510300.SH", "113001.SH", "830799.BJ"])
def test_stocks_funds_and_convertibles_can_be_held(tmp_path: Path, symbol: str) -> None:
    text = with_lines({17: f'positions = {{ "{symbol}" = 9999999999 }}'})
    assert load(written(tmp_path, text)).terminals[0].accounts[0].holdings == ((symbol, 9_999_999_999),)


@pytest.mark.parametrize("key", ["commission_percent", "stamp_duty_percent", "transfer_percent"])
@pytest.mark.parametrize("value", ["100000", "1.0001", "2.5", "-0.1", "0.00025", '"x"', "true"])
def test_a_rate_is_at_most_one_per_cent(tmp_path: Path, key: str, value: str) -> None:
    told = refusal(tmp_path, GOOD + f"[fees]\n{key} = {value}\n")
    assert f"第 19 行 fees.{key}" in told
    assert "百分数" in told
    told = refusal(tmp_path, GOOD + f"[terminals.accounts.fees]\n{key} = {value}\n")
    assert f"第 19 行 terminals.accounts.fees.{key}" in told


def test_a_rate_is_read_in_per_cent(tmp_path: Path) -> None:
    text = GOOD + "[terminals.accounts.fees]\ncommission_percent = 1\nstamp_duty_percent = 0.05\ntransfer_percent = 0\n"
    fees = load(written(tmp_path, text)).engine.accounts[0].fees
    assert (fees.commission_millionths, fees.stamp_duty_millionths, fees.transfer_millionths) == (10_000, 500, 0)


@pytest.mark.parametrize(
    "address",
    [
        "garbage",
        "x.sock",
        "tcp:",
        "tcp:9999",
        "tcp:127.0.0.1",
        "tcp:127.0.0.1:0",
        "tcp:127.0.0.1:65536",
        "tcp:127.0.0.1:²",
        "tcp:10.0.0.1:9999",
        "tcp:localhost:9999",
        " tcp:127.0.0.1:9999",
        "/x\\u0000y",
        "/" + "x" * 100,
    ],
)
def test_an_address_that_cannot_be_dialled_stops_the_start(tmp_path: Path, address: str) -> None:
    told = refusal(tmp_path, with_lines({12: f'kind = "simulated"\naddress = "{address}"\nexchange_folder = "e"'}))
    assert "第 13 行 terminals.address" in told


def test_the_folder_of_an_exchange_stands_beside_its_address(tmp_path: Path) -> None:
    told = refusal(tmp_path, with_lines({12: 'kind = "simulated"\naddress = "tcp:127.0.0.1:9999"'}))
    assert "terminals.exchange_folder" in told
    told = refusal(tmp_path, with_lines({12: 'kind = "simulated"\nexchange_folder = "e"'}))
    assert "第 13 行 terminals.exchange_folder" in told
    assert "address" in told
    text = with_lines({12: 'kind = "simulated"\naddress = "tcp:127.0.0.1:9999"\nexchange_folder = "e"'})
    (terminal,) = load(written(tmp_path, text)).terminals
    assert terminal.address == "tcp:127.0.0.1:9999"
    assert Path(terminal.exchange_folder) == (tmp_path / "e").resolve()


@pytest.mark.skipif(WINDOWS, reason="needs POSIX")
def test_the_socket_of_an_exchange_is_an_absolute_path(tmp_path: Path) -> None:
    (terminal,) = load(written(tmp_path, with_lines({12: "kind = 'simulated'\naddress = '/tmp/x.sock'"}))).terminals
    assert (terminal.address, terminal.exchange_folder) == ("/tmp/x.sock", "")


def test_a_configuration_without_a_door_is_none(tmp_path: Path) -> None:
    text = GOOD.replace(f'[[doors]]\nkind = "{KIND}"\n{WHERE}\nallow = ["cancel"]\n', "")
    assert "doors：至少要有一个通道" in refusal(tmp_path, text)
    assert "doors：应写作 [[doors]]" in refusal(tmp_path, "doors = 3\n" + text)


def test_a_label_is_never_changed_silently(tmp_path: Path) -> None:
    first = with_lines({9: 'label = "a"'})
    assert "第 22 行 doors.label：通道重名" in refusal(tmp_path, first + DOOR + 'allow = ["buy"]\nlabel = "a"\n')
    assert "第 9 行 doors.label" in refusal(tmp_path, with_lines({9: 'label = "control"'}))
    second = load(written(tmp_path, first + DOOR + 'label = "b"\n'))
    assert [door.name for door in second.doors] == ["a", "b"]


def test_a_label_that_a_derived_name_has_already_is_refused(tmp_path: Path) -> None:
    name = "x" if WINDOWS else "f"
    assert "doors.label：通道重名" in refusal(tmp_path, GOOD + DOOR + f'label = "{name}"\n')


@pytest.mark.parametrize("label", ["a\\nb", "a\\u001b[31m", "", " ", "a b", "a/b", "@a", "a" * 65])
def test_a_label_is_a_word(tmp_path: Path, label: str) -> None:
    assert "第 9 行 doors.label" in refusal(tmp_path, with_lines({9: f'label = "{label}"'}))


def test_a_door_whose_path_gives_no_word_is_asked_for_a_label(tmp_path: Path) -> None:
    where = "name = '\\\\.\\pipe\\my pipe'" if WINDOWS else "path = 'my pipe.fifo'"
    told = refusal(tmp_path, with_lines({8: where}))
    assert "label" in told
    load(written(tmp_path, with_lines({8: where, 9: 'label = "mine"'})))


@pytest.mark.skipif(WINDOWS, reason="needs POSIX")
@pytest.mark.parametrize("kind", ["fifo", "unix_socket"])
def test_a_heartbeat_belongs_to_a_pipe_that_is_dialled(tmp_path: Path, kind: str) -> None:
    told = refusal(tmp_path, with_lines({7: f'kind = "{kind}"', 9: 'heartbeat = "5s"'}))
    assert "第 9 行 doors.heartbeat" in told
    assert "connect" in told


@pytest.mark.skipif(not WINDOWS, reason="needs Windows")
def test_a_heartbeat_belongs_to_a_pipe_that_we_dial(tmp_path: Path) -> None:
    assert "第 9 行 doors.heartbeat" in refusal(tmp_path, with_lines({9: 'heartbeat = "5s"'}))
    (door,) = load(written(tmp_path, with_lines({9: 'mode = "connect"\nheartbeat = "5s"'}))).doors
    assert door.heartbeat_ns == 5_000_000_000


@pytest.mark.parametrize("path", ["a\\u0000b", "D:\\new\\table", " a", "a ", "", "a\\u2028b"])
def test_a_path_holds_no_control_characters_and_no_blanks_at_its_ends(tmp_path: Path, path: str) -> None:
    told = refusal(tmp_path, GOOD + f'[data]\nfolder = "{path}"\n')
    assert "第 19 行 data.folder" in told
    if not WINDOWS:
        assert "第 8 行 doors.path" in refusal(tmp_path, with_lines({8: f'path = "{path}"'}))


@pytest.mark.skipif(WINDOWS, reason="needs POSIX")
def test_a_path_that_leads_to_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert "第 19 行 data.folder" in refusal(tmp_path, GOOD + "[data]\nfolder = 'loop'\n")


def test_bare_buys_of_a_lot_are_still_right(tmp_path: Path) -> None:
    assert {door.bare for door in load(written(tmp_path, BUY)).engine.doors} == {BareAction.BUY}
