"""A wrong line in the configuration keeps nobody from the engine that runs over its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.init_template import template
from qmt_trading.run.place import find

OTHER_FOLDER = template().replace('folder = "data"', "folder = 'elsewhere'")


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "qmt.toml"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_good_configuration_comes_along(tmp_path: Path) -> None:
    found = find(written(tmp_path, template()))
    assert found.configuration is not None
    assert (found.folder, found.trouble) == (found.configuration.folder, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('action = "buy"', 'action = "buuy"'),
        ('mode = "paper"', "mode = paper"),
        ("seed = 1", "seed = 1\nseed = 2"),
        ("[limits]", "[limits\n[[]"),
        ('name = "paper"', 'name = "D:\\qmt"'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_mistake_elsewhere_leaves_the_data_folder(tmp_path: Path, right: str, wrong: str, encoding: str) -> None:
    assert right in OTHER_FOLDER
    found = find(written(tmp_path, OTHER_FOLDER.replace(right, wrong), encoding))
    assert found.configuration is None
    assert found.folder == (tmp_path / "elsewhere").resolve()
    assert found.trouble != ""


@pytest.mark.parametrize("line", ["folder = 5", 'folder = ""', "folder = x", "fold = 'a'", ""])
def test_a_folder_that_cannot_be_read_is_the_default_beside_the_file(tmp_path: Path, line: str) -> None:
    found = find(written(tmp_path, template().replace('folder = "data"', line).replace("seed = 1", "seed = x")))
    assert found.folder == (tmp_path / "data").resolve()


@pytest.mark.parametrize(
    ("line", "used", "folder"),
    [
        ('mode = "shadow"', (), "data-shadow"),
        ('mode = "live" # 实盘', ("data",), "data-live"),
        ('mode = "paper"', ("data-live",), "data"),
        ("mode = shadow", ("data", "data-shadow"), "data-shadow"),
        ('mode = "sahdow"', ("data", "data-shadow", "data-live"), "data-live"),
        ("", (), "data"),
    ],
)
def test_a_folder_that_is_not_written_is_that_of_the_mode(
    tmp_path: Path, line: str, used: tuple[str, ...], folder: str
) -> None:
    for name in used:
        (tmp_path / name).mkdir()
    broken = template().replace('folder = "data"', "").replace("seed = 1", "seed = x")
    found = find(written(tmp_path, broken.replace('mode = "paper"', line)))
    assert found.folder == (tmp_path / folder).resolve()


def test_a_shadow_folder_without_its_file_is_still_found(tmp_path: Path) -> None:
    (tmp_path / "data-shadow").mkdir()
    assert find(tmp_path / "qmt.toml").folder == (tmp_path / "data-shadow").resolve()


def test_bytes_that_are_no_text_leave_the_default(tmp_path: Path) -> None:
    (tmp_path / "qmt.toml").write_bytes(b"\xff\xff\x00\xff")
    assert find(tmp_path / "qmt.toml").folder == (tmp_path / "data").resolve()


def test_without_a_file_the_folder_of_an_engine_is_still_found_and_nothing_is_invented(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="qmt init"):
        find(tmp_path / "qmt.toml")
    (tmp_path / "data").mkdir()
    assert find(tmp_path / "qmt.toml").folder == (tmp_path / "data").resolve()
