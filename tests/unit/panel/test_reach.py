"""What the panel calls itself, and where it may be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmt_trading.panel.parts import PanelSettings
from qmt_trading.panel.reach import is_loopback, reach_of

FOLDER = Path("data")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1", "[::1]"])
def test_loopback_is_known_by_any_of_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "localhost.evil.com", "127.0.0.1.evil.com", "*"])
def test_all_else_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_on_loopback_three_names_are_ours_with_the_port_and_no_other() -> None:
    reach = reach_of(PanelSettings(folder=FOLDER, port=8801))
    assert reach.hosts == {"127.0.0.1:8801", "localhost:8801", "[::1]:8801"}
    assert reach.origins == {f"http://{host}" for host in reach.hosts}
    assert reach.base == "http://127.0.0.1:8801"
    assert (reach.is_loopback, reach.is_secure) == (True, False)
    assert reach.session_cookie == "qmt-8801"


def test_beyond_loopback_the_names_that_were_told_are_ours() -> None:
    settings = PanelSettings(
        folder=FOLDER, host="192.168.1.5", port=443, names=("Panel.Lan",), certificate=FOLDER, key=FOLDER
    )
    reach = reach_of(settings)
    assert reach.hosts == {"192.168.1.5:443", "192.168.1.5", "panel.lan:443", "panel.lan"}
    assert "https://panel.lan" in reach.origins
    assert not any(origin.startswith("http:") for origin in reach.origins)
    assert reach.base == "https://Panel.Lan"
    assert reach.session_cookie == "__Host-qmt-443"
    assert reach.device_cookie == "__Secure-qmt-known-443"


def test_an_address_of_the_new_kind_stands_in_brackets() -> None:
    reach = reach_of(PanelSettings(folder=FOLDER, host="2001:db8::1", port=8800, certificate=FOLDER, key=FOLDER))
    assert reach.hosts == {"[2001:db8::1]:8800"}
    assert reach.base == "https://[2001:db8::1]:8800"
