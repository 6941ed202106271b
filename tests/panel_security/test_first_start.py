"""Accident A28: a panel shipped with a default secret, or served to a network without authentication."""

from __future__ import annotations

import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.panel.links import LINK_NS, new_link
from qmt_trading.panel.parts import PanelSettings
from qmt_trading.panel.serve import frame_alone, make_server
from qmt_trading.panel.totp import step_of
from tests.panel_security.served import PASSWORD, SECOND_NS, SaidParts, Served

HERE = Path(__file__).resolve().parent
CERTIFICATE, KEY = HERE / "certificate.pem", HERE / "certificate_key.pem"
USUAL = ("admin", "root", "user", "qmt", "vnpy", "operator", "viewer", "administrator", "test", "guest")


def test_a28_no_default_name_password_or_secret_opens(fresh: Served) -> None:
    assert fresh.get("/api/v1/session").json["state"] == "setup"
    for user in USUAL:
        for password in ("", "admin", "123456", "password", "vnpy", "qmt", "demo-pass", "changeme"):
            answer = fresh.login(user, password)
            assert answer.status in {401, 422, 429}
            fresh.clock.forward(31)
    for token in ("", "test", "secret", "a" * 43):
        answer = fresh.post("/api/v1/setup", {"token": token, "user": "boss", "password": PASSWORD})
        assert answer.status in {401, 422}
    assert fresh.entrance.users.all() == []


def test_a28_two_panels_share_no_secret(tmp_path: Path) -> None:
    first, second = Served(tmp_path / "a"), Served(tmp_path / "b")
    try:
        assert first.link_token != second.link_token
        assert len(first.link_token) >= 43
        answer = second.post("/api/v1/setup", {"token": first.link_token, "user": "boss", "password": PASSWORD})
        assert answer.code == "bad_link"
        boss = first.person("boss")
        assert second.get("/api/v1/users", boss).status == 401
    finally:
        first.stop()
        second.stop()


def test_the_first_link_works_once(fresh: Served) -> None:
    body = {"token": fresh.link_token, "user": "boss", "password": PASSWORD}
    assert fresh.post("/api/v1/setup", {**body, "password": "short"}).code == "weak_password"
    answer = fresh.post("/api/v1/setup", body)
    assert answer.json["role"] == "operator"
    assert fresh.get("/api/v1/session").json["state"] == "login"
    assert fresh.post("/api/v1/setup", body).code == "bad_link"
    assert fresh.post("/api/v1/setup", {**body, "user": "intruder"}).code == "bad_link"


def test_the_first_link_stands_once_and_on_a_line_of_its_own(fresh: Served) -> None:
    (told,) = (line for line in fresh.parts.said if "token=" in line)
    words, link = told.split("\n")
    assert "30 分钟" in words
    assert "30 minutes" in words
    assert link == f"{fresh.origin}/#/setup?token={fresh.link_token}"


def test_an_opened_link_is_told_to_be_good_until_it_is_spent(fresh: Served) -> None:
    link = {"token": fresh.link_token}
    for _ in range(2):
        assert fresh.post("/api/v1/setup/link", link).json == {"is_good": True, "user": "", "is_first": True}
    spent = {"is_good": False, "user": "", "is_first": False}
    assert fresh.post("/api/v1/setup/link", {"token": "x" * 43}).json == spent
    assert fresh.post("/api/v1/setup", {**link, "user": "boss", "password": PASSWORD}).status == 200
    assert fresh.post("/api/v1/setup/link", link).json == spent
    boss = fresh.person("boss")
    assert fresh.post("/api/v1/users", {"user": "eve", "role": "viewer"}, boss).status == 201
    told = fresh.post("/api/v1/users/eve", {"new_link": True}, boss, method="PATCH").json["link"]
    token = str(told).partition("token=")[2].partition("&")[0]
    assert fresh.post("/api/v1/setup/link", {"token": token}).json == {
        "is_good": True,
        "user": "eve",
        "is_first": False,
    }


def test_the_first_link_ends_after_half_an_hour(fresh: Served) -> None:
    fresh.clock.forward(LINK_NS // SECOND_NS + 1)
    body = {"token": fresh.link_token, "user": "boss", "password": PASSWORD}
    assert fresh.post("/api/v1/setup", body).code == "bad_link"
    fresh.clock.forward(-(LINK_NS // SECOND_NS) - 1)


def test_a_new_link_comes_from_the_machine_and_resets_what_was_lost(fresh: Served) -> None:
    boss = fresh.person("boss")
    secret = fresh.post("/api/v1/totp/begin", {"password": PASSWORD}, boss).json["secret"]
    assert fresh.post("/api/v1/totp/confirm", {"code": fresh.code(secret)}, boss).status == 200
    link = new_link(fresh.entrance.database.path.parent, "http://127.0.0.1:8800")
    assert link.startswith(f"{fresh.origin}/#/setup?token=")
    body = {"token": link.partition("token=")[2], "user": "boss", "password": "a-new-horse-5"}
    answer = fresh.post("/api/v1/setup", body)
    assert answer.status == 200
    assert answer.json["totp"] is False
    assert fresh.get("/api/v1/users", boss).status == 401, "every earlier session has ended"
    assert fresh.login("boss", "a-new-horse-5").status == 200


def test_a_started_panel_that_has_an_operator_tells_no_link(tmp_path: Path) -> None:
    first = Served(tmp_path)
    first.person("boss")
    first.stop()
    second = Served(tmp_path)
    second.stop()
    assert not any("token=" in line for line in second.parts.said)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX rights; on Windows the folder's own rights hold")
def test_the_file_is_for_its_owner_alone(fresh: Served) -> None:
    fresh.person("boss")
    paths = list(fresh.entrance.database.path.parent.glob("panel.sqlite*"))
    assert paths
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def refused(settings: PanelSettings) -> str:
    said = SaidParts()
    with pytest.raises(ConfigurationError) as error:
        make_server(said, settings, frame_alone)
    assert said.said == []
    return str(error.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "2001:db8::1", "example.com", ""])
def test_a28_another_host_than_loopback_is_refused_without_a_certificate(tmp_path: Path, host: str) -> None:
    told = refused(PanelSettings(folder=tmp_path, host=host, port=0))
    assert "证书" in told
    assert "127.0.0.1" in told


def test_a28_every_name_must_be_told(tmp_path: Path) -> None:
    told = refused(PanelSettings(folder=tmp_path, host="0.0.0.0", port=0, certificate=CERTIFICATE, key=KEY))
    assert "names" in told


def test_a28_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    assert "key" in refused(PanelSettings(folder=tmp_path, port=0, certificate=CERTIFICATE))
    assert "PEM" in refused(PanelSettings(folder=tmp_path, port=0, certificate=CERTIFICATE, key=CERTIFICATE))
    assert "PEM" in refused(PanelSettings(folder=tmp_path, port=0, certificate=tmp_path / "none", key=KEY))


def test_a28_operators_without_a_second_factor_are_refused_beyond_loopback(tmp_path: Path) -> None:
    beyond = PanelSettings(
        folder=tmp_path, host="0.0.0.0", port=0, names=("panel.lan",), certificate=CERTIFICATE, key=KEY
    )
    assert "操作员" in refused(beyond)
    home = Served(tmp_path)
    boss = home.person("boss")
    home.stop()
    told = refused(beyond)
    assert "两步验证" in told
    assert "boss" in told
    home = Served(tmp_path)
    begun = home.post("/api/v1/totp/begin", {"password": PASSWORD}, boss := home.of(home.login("boss")))
    secret = begun.json["secret"]
    assert home.post("/api/v1/totp/confirm", {"code": home.code(secret)}, boss).status == 200
    home.stop()
    server, listener = make_server(said := SaidParts(), beyond, frame_alone)
    listener.close()
    server.config.app.state.entrance.close()  # type: ignore[union-attr]
    assert said.said[0].startswith("面板：https://panel.lan:")
    assert step_of(secret, home.code(secret), now_ns=home.clock()) is not None


def test_a_port_that_is_taken_is_passed_over_and_said(fresh: Served, tmp_path: Path) -> None:
    if fresh.port > 65_500:
        pytest.skip("needs POSIX or any other system that gave a lower port")
    second = Served(tmp_path / "second", settings=PanelSettings(folder=tmp_path / "second", port=fresh.port))
    second.stop()
    assert second.port > fresh.port
    assert str(fresh.port) in second.parts.said[0]
    assert second.entrance.reach.hosts == {f"{name}:{second.port}" for name in ("127.0.0.1", "localhost", "[::1]")}


def test_a_broken_file_of_users_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "panel.sqlite").write_bytes(b"this is no database at all" * 100)
    assert "panel.sqlite" in refused(PanelSettings(folder=tmp_path, port=0))


def test_a_file_of_another_release_is_told_so(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "panel.sqlite")
    connection.execute("pragma user_version = 99")
    connection.close()
    assert "99" in refused(PanelSettings(folder=tmp_path, port=0))
