"""``[panel]`` and doors of kind http in the configuration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.unit.run.config_parts import GOOD

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.config import load


def read(folder: Path, text: str) -> object:
    path = folder / "qmt.toml"
    path.write_text(GOOD + text, encoding="utf-8")
    return load(path)


def test_it_is_on_and_on_this_machine_alone_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "qmt.toml"
    path.write_text(GOOD, encoding="utf-8")
    panel = load(path).panel
    assert (panel.enabled, panel.host, panel.port, panel.certificate) == (True, "127.0.0.1", 8800, None)


def test_what_is_written_holds(tmp_path: Path) -> None:
    path = tmp_path / "qmt.toml"
    more = '\n[panel]\nenabled = false\nport = 9000\ncertificate = "c.pem"\nkey = "k.pem"\nnames = ["desk"]\n'
    path.write_text(GOOD + more, encoding="utf-8")
    panel = load(path).panel
    assert (panel.enabled, panel.port, panel.names) == (False, 9000, ("desk",))
    assert panel.certificate == tmp_path / "c.pem"


@pytest.mark.parametrize("line", ["port = 70000", "hosts = 1", 'enabled = "yes"', "port = -1"])
def test_mistakes_are_told_with_their_place(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigurationError, match=r"panel"):
        read(tmp_path, f"\n[panel]\n{line}\n")


def test_the_door_on_the_page_is_one_as_it_stands(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "http.md").read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "qmt.toml"
    path.write_text(f"{GOOD}\n{shown}", encoding="utf-8")
    assert [door.name for door in load(path).doors if door.kind == "http"] == ["web"]


def test_doors_of_kind_http_have_no_address_and_a_name_each(tmp_path: Path) -> None:
    path = tmp_path / "qmt.toml"
    two = '\n[[doors]]\nkind = "http"\nallow = ["cancel"]\n[[doors]]\nkind = "http"\nlabel = "joinquant"\n'
    path.write_text(GOOD + two, encoding="utf-8")
    doors = [door for door in load(path).doors if door.kind == "http"]
    assert [(door.name, door.address) for door in doors] == [("http", ""), ("joinquant", "")]
    with pytest.raises(ConfigurationError, match="没有这个设置"):
        read(tmp_path, '\n[[doors]]\nkind = "http"\npath = "x"\n')
