"""``[[terminals]]`` of kind ``fullqmt``: a client in which our strategy runs and dials us."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.run.config_parts import GOOD, QMT_GOOD, refusal, written

from qmt_trading.cli.doctor_live import of_terminals
from qmt_trading.run.config import load
from qmt_trading.run.config_terminals import DEFAULT_FULL_QMT_ADDRESS

FULL = QMT_GOOD.replace("kind = \"qmt\"\npath = 'D:\\国金QMT\\userdata_mini'", 'kind = "fullqmt"')


def test_it_needs_nothing_but_its_accounts(tmp_path: Path) -> None:
    configuration = load(written(tmp_path, FULL))
    (terminal,) = configuration.terminals
    assert terminal.qmt is None
    assert terminal.is_client
    assert terminal.fullqmt is not None
    found = (terminal.fullqmt.address, terminal.fullqmt.simulation, terminal.fullqmt.needs_callback)
    assert found == (DEFAULT_FULL_QMT_ADDRESS, False, True)
    assert not configuration.engine.accounts[0].settles_alone
    assert configuration.engine.quote_age_max_ns == 6_000_000_000


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('address = "tcp:0.0.0.0:58651"', "tcp:127.0.0.1:端口"),
        ('address = "tcp:127.0.0.1:70000"', "tcp:127.0.0.1:端口"),
        ('address = "files:link"', "files:绝对路径"),
        ('address = "pipe:a b"', "pipe:名字"),
        ("path = 'D:\\QMT\\userdata_mini'", "没有这个设置"),
        ("needs_callback = 1", "true 或 false"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, keys: str, words: str) -> None:
    assert words in refusal(tmp_path, FULL.replace('kind = "fullqmt"', f'kind = "fullqmt"\n{keys}'))


def test_two_clients_need_two_ports(tmp_path: Path) -> None:
    second = '[[terminals]]\nname = "另一个"\nkind = "fullqmt"\n[[terminals.accounts]]\naccount = "11031123"\n'
    assert "每个大 QMT 用自己的端口、管道或文件夹" in refusal(tmp_path, FULL + second)
    port = second.replace('"fullqmt"\n', '"fullqmt"\naddress = "tcp:127.0.0.1:58652"\n')
    assert len(load(written(tmp_path, FULL + port)).terminals) == 2


def test_paper_has_no_client(tmp_path: Path) -> None:
    text = FULL.replace('mode = "shadow"', 'mode = "paper"')
    assert "模拟（paper）" in refusal(tmp_path, text)
    assert '"fullqmt"（大 QMT）' in refusal(tmp_path, GOOD.replace('mode = "paper"', 'mode = "shadow"'))


def test_the_doctor_writes_what_is_to_be_pasted_and_says_where_it_is(tmp_path: Path) -> None:
    configuration = load(written(tmp_path, FULL))
    first, again = (next(iter(of_terminals(configuration))) for _ in range(2))
    path = configuration.folder / "fullqmt-国金.py"
    assert first.good
    assert str(path) in first.text
    assert "以前粘贴的要换" in first.text
    assert "以前粘贴的要换" not in again.text
    assert b"\nOBSERVE = True\n" in path.read_bytes()
