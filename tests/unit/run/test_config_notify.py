"""``[[notify]]`` in the configuration; no mistake in it shows an address."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.notify_bench import TOKEN
from tests.unit.run.config_parts import GOOD, written

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Importance
from qmt_trading.notify.channel import Channel, Quiet, Secret
from qmt_trading.run.config import Configuration, load

ADDRESS = f"json://host/{TOKEN}"
HOUR_NS = 3600 * SECOND_NS


def read(folder: Path, text: str) -> Configuration:
    return load(written(folder, GOOD + text))


def test_without_it_nobody_is_told(tmp_path: Path) -> None:
    assert read(tmp_path, "").notify == ()


def test_a_name_and_an_address_are_enough(tmp_path: Path) -> None:
    (channel,) = read(tmp_path, f'[[notify]]\nname = "群"\nurl = "{ADDRESS}"\n').notify
    assert channel == Channel(name="群", url=Secret(ADDRESS), importance=Importance.WARNING)


def test_what_is_written_holds(tmp_path: Path) -> None:
    (channel,) = read(
        tmp_path,
        '[[notify]]\nname = "群"\nurl_env = "QMT_GROUP"\nimportance = "critical"\naccounts = ["一号"]\n'
        'quiet = "22:00 - 08:00"\nlanguage = "en"\ndaily = true\nnoon = true\nrepeat = true\n',
    ).notify
    assert (channel.url, channel.url_env, channel.importance) == (None, "QMT_GROUP", Importance.CRITICAL)
    assert (channel.accounts, channel.language) == (("11031122",), "en")
    assert channel.quiet == Quiet(22 * HOUR_NS, 8 * HOUR_NS)
    assert (channel.daily, channel.noon, channel.repeat) == (True, True, True)


@pytest.mark.parametrize(
    "lines",
    [
        f"url = {ADDRESS}",
        f'url = "{ADDRESS}',
        f"url = “{ADDRESS}”",
        f'url: "{ADDRESS}"',
        f'url = "{ADDRESS}"\nurl = "{ADDRESS}"',
        f'url = "{TOKEN}"',
        f'url = "{ADDRESS} x"',
        f'url = ["{ADDRESS}"]',
        f'url_env = "{ADDRESS}"',
        f'url = "{ADDRESS}"\nurl_env = "X"',
        f'urls = "{ADDRESS}"',
        f'url = "{ADDRESS}"\nimportance = "loud"',
        f'url = "{ADDRESS}"\naccounts = []',
        f'url = "{ADDRESS}"\naccounts = ["nobody"]',
        f'url = "{ADDRESS}"\nquiet = "22:00"',
        f'url = "{ADDRESS}"\nquiet = "08:00-08:00"',
        f'url = "{ADDRESS}"\nlanguage = "de"',
        f'url = "{ADDRESS}"\ndaily = "yes"',
        f'url = "{ADDRESS}"\nevery = true',
        "",
    ],
)
def test_mistakes_are_told_without_the_address(tmp_path: Path, lines: str) -> None:
    with pytest.raises(ConfigurationError, match=r"qmt\.toml 第 \d+ 行") as caught:
        read(tmp_path, f'[[notify]]\nname = "群"\n{lines}\n')
    assert TOKEN not in str(caught.value)


def test_two_channels_have_two_names(tmp_path: Path) -> None:
    one = f'[[notify]]\nname = "群"\nurl = "{ADDRESS}"\n'
    with pytest.raises(ConfigurationError, match="渠道重名"):
        read(tmp_path, one + one)


def test_no_dump_of_a_configuration_holds_the_address(tmp_path: Path) -> None:
    assert TOKEN not in repr(read(tmp_path, f'[[notify]]\nname = "群"\nurl = "{ADDRESS}"\n'))
