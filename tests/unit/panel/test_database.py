"""The panel's own file: the audit only grows, a change is whole or not at all, and other processes may share it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from qmt_trading.panel.audit import ABOUT_MAX, Audit
from qmt_trading.panel.callers import Caller, Role, Scope
from qmt_trading.panel.database import Database, UnwritableError
from qmt_trading.panel.keys import KEYS_MAX, Keys
from qmt_trading.panel.links import LINK_NS, LINKS_MAX, Links, new_link
from qmt_trading.panel.refusals import RefusedError
from qmt_trading.panel.sessions import DEVICES_MAX, PER_USER_MAX, Sessions, csrf_of
from qmt_trading.panel.totp import new_totp_secret, qr_svg, step_of, uri_of
from qmt_trading.panel.users import Users

NOW = 1_790_000_000_000_000_000
BOSS = Caller(name="boss", address="127.0.0.1", role=Role.OPERATOR, session="s")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()


def change(database: Database, *statements: str) -> None:
    with database.change() as connection:
        for statement in statements:
            connection.execute(statement)


def fill(database: Database) -> None:
    """Let the file grow no more, as on a full disk."""
    (pages,) = database._writing.execute("pragma page_count").fetchone()
    database._writing.execute(f"pragma max_page_count = {pages}")


def add_many(users: Users) -> None:
    for number in range(2_000):
        users.add(f"user{number}", Role.VIEWER, now_ns=NOW)


def with_boss(database: Database) -> Users:
    users = Users(database)
    users.add("boss", Role.OPERATOR, now_ns=NOW)
    users.set_password("boss", "stored", keep_session="")
    return users


@pytest.mark.parametrize(
    "sql", ["update audit set who = 'x'", "delete from audit", "replace into audit select * from audit"]
)
def test_the_audit_only_grows(database: Database, sql: str) -> None:
    audit = Audit(database, lambda: NOW)
    audit.note(BOSS, "halt", "ok", why="test")
    with pytest.raises(sqlite3.DatabaseError):
        change(database, sql)
    assert [deed.who for deed in audit.newest(offset=0, limit=10)[0]] == ["panel:boss"]


def test_a_fact_is_cut_and_an_empty_one_is_not_told(database: Database) -> None:
    audit = Audit(database, lambda: NOW)
    audit.note(BOSS, "halt", "ok", why="a" * 5_000, account="", broken="\ud800")
    (deed,), total = audit.newest(offset=0, limit=10)
    assert total == 1
    assert deed.about == {"why": "a" * ABOUT_MAX, "broken": "?"}


def test_a_change_that_fails_is_undone(database: Database) -> None:
    users = with_boss(database)
    with pytest.raises(sqlite3.DatabaseError):
        change(database, "delete from users", "insert into users (name) values (null)")
    assert [user.name for user in users.all()] == ["boss"]


def test_a_full_disk_is_told_so_and_leaves_nothing_half_done(database: Database) -> None:
    users = with_boss(database)
    fill(database)
    with pytest.raises(UnwritableError) as error:
        add_many(users)
    assert error.value.status == 503
    assert users.find("boss") is not None
    assert not database._writing.in_transaction
    with pytest.raises(UnwritableError), database.change() as connection:
        connection.execute("select from nothing")


def test_another_process_sees_what_was_changed_at_once(database: Database) -> None:
    with_boss(database)
    other = Database(database.path.parent)
    assert [user.name for user in Users(other).all()] == ["boss"]
    assert other.rows("pragma user_version") == [(1,)]
    other.close()
    link = new_link(database.path.parent, "http://127.0.0.1:8800")
    assert database.row("select count(*) from links") == (1,)
    assert "token=" in link


def test_the_threads_of_one_process_do_not_disturb_each_other(database: Database) -> None:
    audit = Audit(database, lambda: NOW)

    def note_ten() -> None:
        for _ in range(10):
            audit.note(BOSS, "halt", "ok")

    threads = [threading.Thread(target=note_ten) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        audit.newest(offset=0, limit=100)
        thread.join(60)
    assert audit.newest(offset=0, limit=1)[1] == 60


def test_a_link_is_spent_once_even_by_two_at_once(database: Database) -> None:
    links = Links(database)
    token = links.make(now_ns=NOW)
    links.spend(token, "boss", "stored", now_ns=NOW)
    with pytest.raises(RefusedError, match="bad_link"):
        links.spend(token, "intruder", "stored", now_ns=NOW)
    assert [user.name for user in Users(database).all()] == ["boss"]


def test_a_link_lives_half_an_hour_to_the_nanosecond(database: Database) -> None:
    links = Links(database)
    token = links.make(now_ns=NOW)
    assert links.user_of(token, now_ns=NOW + LINK_NS - 1) == ""
    assert links.user_of(token, now_ns=NOW + LINK_NS) is None
    with pytest.raises(RefusedError):
        links.spend(token, "boss", "stored", now_ns=NOW + LINK_NS)


def test_links_are_bounded(database: Database) -> None:
    links = Links(database)
    tokens = [links.make(now_ns=NOW + number) for number in range(LINKS_MAX + 5)]
    assert database.row("select count(*) from links") == (LINKS_MAX,)
    assert links.user_of(tokens[-1], now_ns=NOW + 100) == ""
    assert links.user_of(tokens[0], now_ns=NOW + 100) is None


def test_a_link_for_a_person_who_is_gone_is_worth_nothing(database: Database) -> None:
    users, links = with_boss(database), Links(database)
    users.add("guest", Role.VIEWER, now_ns=NOW)
    token = links.make(now_ns=NOW, user="guest")
    users.remove("guest", now_ns=NOW)
    with pytest.raises(RefusedError):
        links.spend(token, "guest", "stored", now_ns=NOW)


def test_sessions_and_browsers_of_one_person_are_bounded(database: Database) -> None:
    with_boss(database)
    sessions = Sessions(database)
    tokens = [sessions.open("boss", address="", agent="a" * 900, now_ns=NOW + n) for n in range(PER_USER_MAX + 3)]
    assert len(sessions.all(now_ns=NOW + 100)) == PER_USER_MAX
    assert sessions.find(tokens[-1], now_ns=NOW + 100) is not None
    assert sessions.find(tokens[0], now_ns=NOW + 100) is None
    devices = [sessions.remember_device("boss", now_ns=NOW + number) for number in range(DEVICES_MAX + 3)]
    assert sessions.knows_device(devices[-1], "boss", now_ns=NOW + 100)
    assert not sessions.knows_device(devices[0], "boss", now_ns=NOW + 100)
    assert not sessions.knows_device(devices[-1], "other", now_ns=NOW + 100)


def test_the_pages_token_follows_from_the_session_and_does_not_tell_it() -> None:
    assert csrf_of("a") == csrf_of("a") != csrf_of("b")
    assert len(csrf_of("a")) == 43


def test_keys_are_bounded(database: Database) -> None:
    keys = Keys(database)
    scopes = frozenset({Scope.READ})
    made = [keys.make(f"k{n}", scopes, doors=(), accounts=(), made_by="boss", now_ns=NOW) for n in range(KEYS_MAX)]
    with pytest.raises(RefusedError):
        keys.make("one more", scopes, doors=(), accounts=(), made_by="boss", now_ns=NOW)
    assert keys.revoke(made[0][0].id, now_ns=NOW)
    _, text = keys.make("one more", scopes, doors=("a",), accounts=("1",), made_by="boss", now_ns=NOW)
    found = keys.find(text)
    assert found is not None
    assert (found.doors, found.accounts, found.scopes) == (("a",), ("1",), scopes)


def test_a_step_is_spent_once_and_never_backwards(database: Database) -> None:
    users = with_boss(database)
    assert users.spend_step("boss", 5)
    assert not users.spend_step("boss", 5)
    assert not users.spend_step("boss", 4)
    assert users.spend_step("boss", 6)


def test_a_code_is_good_in_its_step_and_one_beside() -> None:
    secret = new_totp_secret()
    step = NOW // 30_000_000_000
    assert len(secret) == 32
    for other, expected in (
        (step - 2, None),
        (step - 1, step - 1),
        (step, step),
        (step + 1, step + 1),
        (step + 2, None),
    ):
        assert step_of(secret, pyotp.TOTP(secret).generate_otp(other), now_ns=NOW) == expected
    digits = pyotp.TOTP(secret).generate_otp(step)
    assert step_of(secret, f" {digits[:3]} {digits[3:]}", now_ns=NOW) == step


def test_the_picture_is_plain_svg() -> None:
    svg = qr_svg(uri_of("A" * 32, "老板<script>"))
    assert svg.startswith("<svg")
    assert "<script" not in svg
