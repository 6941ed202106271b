"""Whatever stands in the file, it becomes settings that the grammar can address, or a sentence; nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.run.config_parts import GOOD, KIND, WINDOWS

from qmt_trading.codec.names import is_name
from qmt_trading.codec.signal_checks import check_size
from qmt_trading.engine.state import State
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import BareAction, Verb
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.init_template import template

DAY_NS: Final = 86_400 * SECOND_NS
WORDS: Final = ("a", "b", "一号", "组", "11031122", "-a-", "@组", "*", "1103 1122 ", "a, b:c", "../../x", "control", "")
SIZES: Final = ("1手", "100", "5万元", "10%", "all", "0", "全部", "半仓", "1/3", "5万", "0%")
SPANS: Final = ("3s", "500ms", "9999999h", "24h", "0s")
BARE: Final = ("cancel", "deny", "buy", "sell", "买入", "撤单", "hold")
SYMBOLS: Final = ("600000.SH", "sz.000001", "510300.SH", "sh600000", "000001.SH", "999999.SH", "600000")
ADDRESSES: Final = ("tcp:127.0.0.1:9999", "/tmp/x.sock", "garbage", "tcp:")


def quoted(text: str) -> str:
    """Return ``text`` as a basic string."""
    letters = (each if each.isprintable() and each not in '"\\' else f"\\U{ord(each):08x}" for each in text)
    return f'"{"".join(letters)}"'


def of(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values).map(quoted)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(quoted)
NUMBERS = st.sampled_from(
    ("0", "1", "5", "100", "31", "0x1F", "-5", "+5", "1.5", "1e3", "1_000", "99999999999999999999", "inf", "nan")
)
SCALAR = (
    TEXT
    | NUMBERS
    | of(*WORDS, *SIZES, *SPANS, *BARE, *SYMBOLS, *ADDRESSES)
    | st.sampled_from(("true", "false", "1979-05-27", "07:32:00"))
)
LIST = st.lists(SCALAR, max_size=3).map(lambda each: f"[{', '.join(each)}]")
ANY = SCALAR | LIST | st.sampled_from(("{}", "{ a = 1 }", "[[]]", "[{}]"))
WORD = st.sampled_from(
    [f'"{letter}{digit}"' for letter in ("a", "户", "-", "3") for digit in range(9)] * 4
    + [quoted(word) for word in WORDS]
    + ["5", "31", "0x1F"]
)
NAMES = st.lists(WORD, min_size=1, max_size=2, unique=True).map(lambda each: f"[{', '.join(each)}]")
MONEY = st.sampled_from(("1", "100000", "1.2345", "999999999999"))
SPAN = of(*SPANS[:2], SPANS[3])
COUNT = st.sampled_from(("1", "50", "1000"))
RATE = st.sampled_from(("0", "0.025", "1"))
FLAG = st.sampled_from(("true", "false"))
POSITIONS = st.dictionaries(of(*SYMBOLS[:4]), st.sampled_from(("100", "9999999999")), max_size=2).map(
    lambda each: "{ " + ", ".join(f"{key} = {value}" for key, value in each.items()) + " }"
)
FEES = {"commission_percent": RATE, "commission_minimum": MONEY, "stamp_duty_percent": RATE, "transfer_percent": RATE}
TABLES: Final[dict[str, dict[str, st.SearchStrategy[str]]]] = {
    "": {"mode": of("paper")},
    "[data]": {"folder": of("data", "/tmp/x")},
    "[session]": {"always_open": FLAG},
    "[log]": {"days": COUNT, "size_mb": COUNT},
    "[signals]": {
        "default_price": of("latest", "对手", "10.50"),
        "ttl": SPAN,
        "orders_per_signal_max": COUNT,
        "submits_per_minute_max": COUNT,
    },
    "[signals.bare]": {"action": of(*BARE[:6]), "size": of(*SIZES[:5])},
    "[limits]": {
        "order_value_max": MONEY,
        "orders_per_signal_max": COUNT,
        "bare_per_day_max": COUNT,
        "settle": SPAN,
        "quote_age_max": SPAN,
    },
    "[reconcile]": {"every": SPAN, "cash_tolerance": MONEY},
    "[fees]": FEES,
    "[compliance]": {
        "registered": st.just("2026-05-20"),
        "software": of("自编软件"),
        "strategy": of("打板"),
        "declared_per_second": COUNT,
        "declared_per_day": COUNT,
    },
}
DOOR: Final = {
    "kind": of(KIND),
    ("name" if WINDOWS else "path"): of(r"\\.\pipe\x", r"\\.\pipe\y") if WINDOWS else of("x.fifo", "y.fifo", "../z"),
    "label": WORD,
    "mode": of("connect").map(lambda each: f'{each}\nheartbeat = "3s"') if WINDOWS else of("listen"),
    "allow": st.sampled_from(('["buy"]', '["sell", "cancel"]')),
    "accounts": NAMES,
    "order_value_max": MONEY,
    "bare": of(*BARE),
    "default_size": of(*SIZES[:5]),
    "default_price": of("latest", "涨停"),
    "cancel_side": of("all", "buy"),
    "ttl": SPAN,
    "infer_market": FLAG,
}
TERMINAL: Final = {
    "name": WORD,
    "kind": of("simulated"),
    "seed": COUNT,
    "address": of(*ADDRESSES[:2]).map(lambda each: f'{each}\nexchange_folder = "e"'),
}
ACCOUNT: Final = {
    "account": WORD,
    "name": WORD,
    "groups": NAMES,
    "cash": MONEY,
    "positions": POSITIONS,
    "order_value_max": MONEY,
    "orders_per_signal_max": COUNT,
    "bare_per_day_max": COUNT,
    "fees": RATE.map(lambda each: f"{{ commission_percent = {each} }}"),
}
SLIPS: Final = ("", '"', "'", "\\", "[", "=", "#", "\n", "0", "-", " ", "@", "账")
NEEDED: Final = frozenset(("mode", "kind", "path", "account", "registered"))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Draw a document of the known keys: most of their values right, some of any kind at all."""

    def table(header: str, keys: dict[str, st.SearchStrategy[str]], *, needed: frozenset[str] = NEEDED) -> str:
        lines = [header]
        for key, right in keys.items():
            if key in needed or draw(st.integers(0, 4)) == 0:
                lines.append(f"{key} = {draw(ANY if draw(spoiling) == 0 else right)}")
        return "\n".join(lines) + "\n"

    spoiling = st.sampled_from([1] * draw(st.sampled_from((9, 99, 999))) + [0])
    text = "".join(table(header, keys) for header, keys in TABLES.items())
    for _ in range(draw(st.integers(1, 2))):
        text += table("[[doors]]", DOOR, needed=NEEDED | {"name"})
    for _ in range(draw(st.integers(1, 2))):
        text += table("[[terminals]]", TERMINAL, needed=NEEDED | {"name"})
        for _ in range(draw(st.integers(1, 2))):
            text += table("[[terminals.accounts]]", ACCOUNT)
    return text


def loaded(folder: Path, content: bytes) -> Configuration | None:
    """Return the configuration, None where it is refused with a sentence; nothing else may happen."""
    path = folder / "qmt.toml"
    path.write_bytes(content)
    try:
        return load(path)
    except ConfigurationError as error:
        told = str(error)
        assert " / " in told
        assert told.isprintable()
        assert told.startswith("qmt.toml 第 ") or "GBK" in told
        return None


def check(configuration: Configuration) -> None:
    """Assert what must hold of every configuration that loads."""
    engine = configuration.engine
    for account in engine.accounts:
        assert all(map(is_name, (account.account, account.name or "a", account.terminal, *account.groups)))
        assert account.limits.order_value_max > 0
    assert all(is_name(door.name) for door in engine.doors)
    assert len({door.name for door in engine.doors}) == len(engine.doors) == len(configuration.doors) + 1 > 1
    state = State()
    state.configure(engine)
    for word, accounts in state.names.items():
        assert word == "*" or word[0] == "@" or len(accounts) == 1, word
    plain = {word for word in state.names if word[0] not in "@*"}
    assert plain.isdisjoint(word[1:] for word in state.names if word[0] == "@")
    for door in engine.doors:
        if door.default_size is not None:
            check_size(Verb.BUY if door.bare is BareAction.BUY else Verb.SELL, door.default_size)
        assert 0 < door.ttl_ns <= DAY_NS
        assert set(door.accounts) <= {account.account for account in engine.accounts}
    for terminal in configuration.terminals:
        assert is_name(terminal.name)
        assert not terminal.address or terminal.address.startswith(("tcp:127.0.0.1:", "/"))
        for opening in terminal.accounts:
            assert len(dict(opening.holdings)) == len(opening.holdings)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("configurations")


@settings(max_examples=400, deadline=None)
@given(text=documents())
def test_any_document_of_the_known_keys_is_loaded_or_refused(folder: Path, text: str) -> None:
    configuration = loaded(folder, text.encode())
    if configuration is not None:
        check(configuration)


@settings(max_examples=300, deadline=None)
@given(text=st.sampled_from((GOOD, template())), data=st.data())
def test_a_good_file_with_a_few_slips_is_loaded_or_refused(folder: Path, text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        end = at + data.draw(st.integers(0, 3))
        text = text[:at] + data.draw(st.sampled_from(SLIPS)) + text[end:]
    configuration = loaded(folder, text.encode(data.draw(st.sampled_from(("utf-8", "gb18030")))))
    if configuration is not None:
        check(configuration)


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=40))
def test_any_bytes_are_refused(folder: Path, content: bytes) -> None:
    assert loaded(folder, content) is None


def test_a_good_file_is_among_those_that_load(folder: Path) -> None:
    for text in (GOOD, template()):
        configuration = loaded(folder, text.encode())
        assert configuration is not None
        check(configuration)
