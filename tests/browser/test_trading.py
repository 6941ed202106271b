"""What an operator does: orders, cancels, stops, limits, closes, questions to the broker."""

from __future__ import annotations

import pytest

from tests.browser.desk import Desk
from tests.browser.stage import BOARD, GRID, MAIN, until

pytestmark = pytest.mark.browser
RESTING = f"buy 600000.SH 100@跌停:{MAIN}"


def test_a_signal_by_hand_is_tried_then_sent_then_cancelled(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    desk.go("send")
    browser.write("textarea", f"buy 600036.SH 300@跌停:{MAIN} #hand/1")
    assert not browser.see("button", "发送").is_enabled()
    browser.button("试")
    browser.see(".results li", "600036.SH")
    before = stage.names()
    browser.press("#content .button.primary")
    browser.see("dialog pre", "hand/1")
    assert stage.names() == before, "nothing leaves before the confirmation"
    browser.press("dialog button[type=submit]")
    browser.see(".results li .tag", "已受理")
    (name,) = until(lambda: stage.names() - before)
    until(lambda: stage.status_of(name) == "NEW")

    desk.go("orders")
    browser.press(f".ag-row[row-id='{name}'] button")
    browser.see("dialog", "600036.SH")
    browser.write("dialog input", "手工试单")
    browser.press("dialog button[type=submit]")
    browser.see(".toast", "已发出撤单 1 笔")
    until(lambda: stage.status_of(name) == "CANCELED")
    browser.see(f".ag-row[row-id='{name}'] .tag", "已撤")


def test_what_a_limit_refuses_is_said_before_it_is_sent(desk: Desk) -> None:
    browser = desk.browser
    desk.go("send")
    browser.write("textarea", f"sell 300750.SZ 5000@对手:{BOARD}")
    browser.button("试")
    browser.see(".results .reason", "可卖不足")


def test_selected_orders_then_buys_then_sells_then_all_are_cancelled(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    stage.clear()
    buys = [stage.order(f"buy 600000.SH {quantity}@跌停:{MAIN}") for quantity in (100, 200, 300)]
    sells = [stage.order(f"sell 510300.SH {quantity}@涨停:{MAIN}") for quantity in (1000, 2000)]
    other = stage.order(f"buy 000001.SZ 100@跌停:{BOARD}")
    desk.go("orders")

    for name in buys[:2]:
        browser.press(f".ag-row[row-id='{name}'] .ag-selection-checkbox")
    browser.button("撤选中 2")
    browser.press("dialog button[type=submit]")
    until(lambda: all(stage.status_of(name) == "CANCELED" for name in buys[:2]))
    assert stage.status_of(buys[2]) == "NEW"

    browser.choose("header.top select", "主账户")
    browser.button("撤买")
    browser.press("dialog button[type=submit]")
    until(lambda: stage.status_of(buys[2]) == "CANCELED")
    assert stage.status_of(other) == "NEW", "another account"
    browser.button("撤卖")
    browser.press("dialog button[type=submit]")
    until(lambda: all(stage.status_of(name) == "CANCELED" for name in sells))
    assert stage.status_of(other) == "NEW"

    browser.choose("header.top select", "全部账户")
    browser.button("全撤")
    browser.press("dialog button[type=submit]")
    until(lambda: stage.status_of(other) == "CANCELED")
    browser.until(lambda: not browser.see("#content button", "全撤").is_enabled())


def test_the_emergency_stop_is_one_press_and_one_confirm_and_release_wants_a_word_and_a_reason(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    stage.clear()
    name = stage.order(RESTING)
    browser.press("button.stop")
    browser.see("dialog", "立即不再下任何新单")
    browser.keys("\n")  # The confirming button has the focus: nothing to look for, nothing to type.
    until(lambda: stage.rows("status")[0]["state"] == "HALTED")
    browser.see("dialog li.done", "停新单")
    browser.see("dialog li.done", "已撤 1 笔")
    browser.see("dialog li.done", "已停")
    assert stage.status_of(name) == "CANCELED"
    (receipt,) = stage.send(f"{RESTING} #stopped/1")
    assert receipt["status"] == "denied"
    browser.press("dialog button.large", "关闭")
    assert "boss" in browser.see(".banner.HALTED").text

    browser.button("恢复交易", ".banner")
    assert not browser.see("dialog button[type=submit]").is_enabled()
    browser.write("dialog input[data-first]", "恢复")
    assert not browser.see("dialog button[type=submit]").is_enabled(), "without a reason"
    browser.write("dialog label:has(input[required]) input", "演练结束")
    browser.press("dialog button[type=submit]")
    until(lambda: stage.rows("status")[0]["state"] == "ACTIVE")
    browser.gone(".banner.HALTED")


def test_one_account_is_paused_and_goes_on(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    desk.go("risk")
    browser.press(".states li:nth-child(3) button", "停止此账户")
    title = browser.see("dialog h2").text
    browser.press("dialog button[type=submit]")
    (row,) = until(lambda: [row for row in stage.rows("accounts") if row["own_state"] == "HALTED"])
    assert str(row["account"]) in title
    browser.see(".banner.part", str(row["account"]))
    browser.button("恢复交易", ".banner")
    browser.write("dialog input[data-first]", "恢复")
    browser.write("dialog input[required]", "好了")
    browser.press("dialog button[type=submit]")
    until(lambda: all(row["own_state"] == "ACTIVE" for row in stage.rows("accounts")))
    browser.gone(".banner.part")


def test_a_limit_is_changed_for_today_and_shown_as_changed(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    desk.go("risk")
    browser.press(".choose label", "主账户")
    browser.press("button[aria-label='改 单笔金额']")
    assert not browser.see("dialog button[type=submit]").is_enabled(), "nothing is changed"
    browser.write("dialog input[data-first]", "90000")
    browser.press("dialog button[type=submit]")
    browser.see(".limits li:has(button[aria-label='改 单笔金额'])", "90,000")
    browser.see(".lines li", "90,000")
    (receipt,) = stage.send(f"buy 600519.SH 3000@对手+1%:{MAIN} #limit/1")
    assert receipt["status"] == "denied"

    browser.press("button[aria-label='改 单笔金额']")
    browser.write("dialog input[data-first]", "120000")
    browser.press("dialog button[type=submit]")
    browser.see("dialog .problem", "原因")
    browser.write("dialog label:last-of-type input", "今天行情好")
    browser.press("dialog button[type=submit]")
    browser.gone("dialog")
    browser.see(".limits li:has(button[aria-label='改 单笔金额'])", "120,000")
    browser.complaints()  # The refusal without a reason.


def test_a_position_is_closed_only_with_its_code_typed(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    stage.clear()
    desk.go("positions")
    row = f".ag-row[row-id='{GRID} 159915.SZ']"
    browser.press(f"{row} button")
    browser.press("dialog label", "一半")
    browser.press("dialog label", "跌停")
    line = browser.see("dialog code").text
    assert not browser.see("dialog button[type=submit]").is_enabled()
    browser.write("dialog input[data-first]", "159916")
    assert not browser.see("dialog button[type=submit]").is_enabled()
    browser.write("dialog input[data-first]", "159915")
    before = stage.names()
    browser.press("dialog button[type=submit]")
    browser.gone("dialog")
    (name,) = until(lambda: stage.names() - before)
    order = next(row for row in stage.rows("orders") if row["client_order_id"] == name)
    assert (order["symbol"], order["side"], order["account"]) == ("159915.SZ", "sell", GRID)
    assert f" {order['quantity']}@" in line


def test_the_broker_is_asked_about_an_unknown_order_and_tells(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    name = stage.lose_an_answer(f"sell 600036.SH 100@涨停:{MAIN}")
    desk.go("orders")
    row = ".card.amber li:has(code)"
    browser.see(row, name)
    stage.be_honest()
    browser.until(lambda: any(name in each.text for each in browser.all(row)))
    for each in browser.all(row):
        if name in each.text:
            each.find_element("css selector", "button.primary").click()
    browser.see(".toast", "已向柜台询问")
    until(lambda: stage.status_of(name) == "NEW")
    browser.gone(row, name)
    browser.see(f".ag-row[row-id='{name}'] .tag", "已报")
    stage.clear()


def test_a_proven_difference_is_left_with_a_reason_and_then_taken_over(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    stage.clear()  # While something works, nobody knows whether the broker's list is only late.
    if not stage.difference(MAIN):
        stage.differ(MAIN, "600000.SH", -300)
    desk.go("reconcile")
    card = ".card:has(.differences)"
    browser.see(card, MAIN)
    until(lambda: stage.difference(MAIN) == "proven")
    browser.see(f"{card} .differences .tag", "已证实")
    assert "600000.SH" in browser.see(f"{card} .differences").text

    browser.press(f"{card} button", "先不管")
    assert not browser.see("dialog button[type=submit]").is_enabled()
    browser.write("dialog input[required]", "等券商更正")
    browser.press("dialog button[type=submit]")
    until(lambda: stage.difference(MAIN) == "ignored")
    browser.see(f"{card} .differences .tag", "已忽略")
    assert "等券商更正" in browser.see(f"{card} .differences").text

    stage.differ(MAIN, "600000.SH", -100)
    until(lambda: stage.difference(MAIN) == "proven", "other figures are no new difference")
    browser.see(f"{card} .differences .tag", "已证实")
    browser.press(f"{card} .acts button", "以柜台为准")
    assert not browser.see("dialog button[type=submit]").is_enabled()
    browser.write("dialog input[required]", "转托管")
    browser.press("dialog button[type=submit]")
    until(lambda: stage.difference(MAIN) == "")
    browser.gone(card)


def test_alerts_that_matter_are_acknowledged(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    stage.lose_an_answer(f"sell 159915.SZ 100@涨停:{GRID}")
    stage.settle()
    stage.clear()
    browser.press("button.bell")
    browser.see("dialog li.open", "待核实")
    browser.button("全部确认", "dialog")
    browser.see("dialog", "没有提醒")
    browser.gone("button.bell b")
    browser.press("dialog label", "全部")
    browser.see("dialog li", "boss 已确认")
    until(lambda: stage.rows("status")[0]["unacknowledged"] == 0)
