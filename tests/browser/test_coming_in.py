"""Coming in and going out: the one-time link, the password, the second factor. First of all: nobody was here yet."""

from __future__ import annotations

import time

import pyotp
import pytest

from tests.browser.chromium import DESKTOP
from tests.browser.desk import PASSWORD, USER, Desk

pytestmark = pytest.mark.browser
STEP_S = 30


def test_the_one_time_link_lets_the_first_operator_in_once(door: Desk) -> None:
    browser = door.browser
    assert not door.known, "this test comes first"
    link = door.stage.panel.link()
    door.set_up()
    assert browser.path == "/overview"
    assert "token" not in str(browser.run("return location.href"))
    browser.forget()
    browser.open(link)
    browser.see(".door h1", "不能再用")
    assert not browser.sees("form")
    assert not browser.sees(".shell")
    browser.complaints()  # What was refused stands in the console, too.


def test_a_wrong_password_stays_outside_and_a_right_one_comes_in_and_goes_out(door: Desk) -> None:
    browser = door.browser
    browser.forget()
    browser.size(*DESKTOP)
    browser.open(f"{door.address}/#/orders")
    door.sign_in(password="wrong-horse-9")
    browser.see(".problem", "密码")
    assert not browser.sees(".shell")
    browser.complaints()
    door.sign_in()
    door.wait()
    browser.press("button[aria-label='显示']")
    assert USER in browser.see(".menu .sheet").text
    browser.button("退出登录")
    browser.see("form.door")
    browser.open(f"{door.address}/#/orders")
    browser.see("form.door")
    browser.complaints()  # What was under way when the session ended.


def test_a_viewer_comes_by_a_link_sets_a_second_factor_and_can_only_look(desk: Desk) -> None:
    browser = desk.browser
    desk.go("settings")
    browser.button("添加用户")
    browser.write("dialog input", "eve")
    browser.button("添加用户", "dialog")
    browser.gone("dialog")
    link = browser.see(".once code").text
    browser.forget()
    browser.open(link)
    _set_password(desk, "eve", PASSWORD)
    desk.wait()
    assert not browser.see("button.stop").is_enabled()
    desk.go("orders")
    assert not browser.sees("button", "全撤")

    desk.go("settings")
    browser.button("两步验证")
    browser.write("dialog input[type=password]", PASSWORD)
    browser.press("dialog button[type=submit]")
    secret = browser.see("dialog code").text.strip()
    assert browser.until(lambda: browser.run("return document.querySelector('dialog img').naturalWidth")) > 100
    clock, now = pyotp.TOTP(secret), int(time.time() / STEP_S)
    browser.write("dialog input[inputmode=numeric]", clock.generate_otp(now))
    browser.press("dialog button[type=submit]")
    browser.see(".facts .tag", "已开启")
    desk.wait()
    browser.gone("dialog")
    browser.check()

    browser.forget()
    browser.open(f"{desk.address}/#/overview")
    desk.sign_in("eve")
    browser.write("#code", "000000")
    browser.press("button[type=submit]")
    browser.see(".problem", "验证码")
    browser.write("#code", clock.generate_otp(now + 1))  # Each is good once; the next one already is.
    browser.press("button[type=submit]")
    desk.wait()
    assert "eve" in browser.run("return document.querySelector('header.top').textContent")
    browser.forget()
    browser.complaints()


def _set_password(desk: Desk, user: str, password: str) -> None:
    """Fill in what the page behind a one-time link asks for, and send it."""
    browser = desk.browser
    browser.see("form.door input[autocomplete=new-password]")
    browser.write("input[name=username]", user)
    for field in browser.all("input[autocomplete=new-password]"):
        field.send_keys(password)
    browser.press("button[type=submit]")
