"""Cash and shares are never promised twice, and what the broker tells may come in any order, any number of times."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.words import OrderStatus, Side
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.engine_life import Life


class Watched(Life):
    """A life in which every order is looked at as it is placed."""

    placed = 0
    denied = 0

    def feed(self, event: ev.Event) -> list[out.Output]:
        made = super().feed(event)
        for output in made:
            if isinstance(output, out.SubmitOrder):
                self.placed += 1
                account = self.engine.state.accounts[output.account]
                held = account.positions.get(output.symbol)
                if output.side is Side.BUY:
                    assert output.reserved > output.price * output.quantity
                    assert account.reserved <= account.cash, output
                else:
                    assert held is not None
                    assert held.frozen_quantity <= held.sellable_quantity <= held.quantity, output
            elif isinstance(output, out.SignalAnswered):
                self.denied += sum(line.denial is not None for line in output.receipt.orders)
        for account in self.engine.state.accounts.values():
            for held in account.positions.values():
                assert held.quantity >= 0, held
                assert held.sellable_quantity >= 0, held
        return made


@pytest.mark.parametrize("seed", range(100))
def test_no_course_of_events_promises_cash_or_shares_twice(seed: int) -> None:
    life = Watched(seed)
    for account in life.engine.state.accounts.values():
        account.cash = Money(3_000 * 10_000)  # Two or three orders and no more.
    for _ in range(100):
        life.step()


def test_the_lives_above_place_and_refuse_orders() -> None:
    lives = [Watched(seed) for seed in range(10)]
    for life in lives:
        for _ in range(100):
            life.step()
    assert all(life.placed for life in lives)
    assert all(life.denied for life in lives)


def told_of_a_day(bench: Bench, rng: Random) -> list[ev.Event]:
    """Place some orders and return everything that the broker will tell of them."""
    told: list[ev.Event] = []
    for index in range(5):
        side = rng.choice(list(Side))
        verb = side.value
        quantity = 100 * rng.randint(1, 4)
        receipt = bench.signal(f"{verb} {STOCK} {quantity}@10.50:{ACCOUNT} #d/{index}")
        assert receipt.orders[0].denial is None
        name = receipt.orders[0].client_order_id
        done = 0
        number = f"{index}"
        first = bench.row(name, number=number, side=side, quantity=Quantity(quantity))
        told.append(ev.OrderReported(ACCOUNT, 1, first))
        for fill in range(rng.randint(0, quantity // 100)):
            done += 100
            row = replace(
                bench.fill(name, 100, number=number, fill_id=f"{index}-{fill}"),
                side=side,
                price=Price(105_000 - 100 * fill),
            )
            told.append(ev.FillReported(ACCOUNT, 1, row))
        end = OrderStatus.FILLED if done == quantity else OrderStatus.CANCELED
        last = replace(first, status=end, filled_quantity=Quantity(done))
        told.append(ev.OrderReported(ACCOUNT, 1, last))
    return told


def books(bench: Bench) -> tuple[object, ...]:
    state = bench.engine.state
    account = state.accounts[ACCOUNT]
    orders = [(order.status, order.filled_quantity, order.filled_value, order.reserved) for order in state.orders]
    held = account.positions[STOCK]
    figures = held.quantity, held.sellable_quantity, held.frozen_quantity
    return orders, figures, account.cash, account.reserved, len(state.fills)


@pytest.mark.parametrize("seed", range(100))
def test_rows_and_fills_in_any_order_and_any_number_of_times_give_the_same_books(seed: int) -> None:
    rng = Random(seed)
    in_order, shuffled = Bench(), Bench()
    told = told_of_a_day(in_order, Random(seed))
    assert told_of_a_day(shuffled, Random(seed)) == told
    for event in told:
        in_order.feed(event)
    again = [*told, *rng.choices(told, k=rng.randint(0, len(told)))]
    rng.shuffle(again)
    for event in again:
        shuffled.feed(event)
    assert books(shuffled) == books(in_order)
    assert shuffled.engine.state.accounts[ACCOUNT].reserved == 0
    assert shuffled.alerts() == []
