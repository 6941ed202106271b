"""The results file: what is written stays, half a line is cut off, and another sweep's file is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from qmt_trading.research.sweep_store import FILE, ResultsFile
from qmt_trading.research.sweep_trial import Outcome, SweepError
from tests.research.sweeps import head_of, results_in, setup_of, trials_of, written

TRIALS = trials_of((2, 3), (5, 8))
FIRST = Outcome(number=0, parameters={"fast": 2, "slow": 5}, status="ok", figures={"sharpe": 0.1 + 0.2, "calmar": None})
SECOND = Outcome(number=3, parameters={"fast": 3, "slow": 8}, status="failed", reason="因为 why\nline")


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """Return a folder with a results file of two finished trials."""
    setup = setup_of(written(tmp_path))
    results = results_in(tmp_path, setup, TRIALS)
    results.add([FIRST])
    results.add([SECOND])
    results.close()
    return tmp_path


def again(folder: Path, *, resume: bool = True) -> ResultsFile:
    results = results_in(folder, setup_of(written(folder)), TRIALS, resume=resume)
    results.close()
    return results


def test_what_was_finished_is_read_back_as_it_was(begun: Path) -> None:
    found = again(begun)
    assert found.finished == {0: FIRST, 3: SECOND}
    assert found.dropped_bytes == 0


def test_a_file_that_is_there_is_not_written_over(begun: Path) -> None:
    body = (begun / FILE).read_bytes()
    with pytest.raises(SweepError, match="--resume"):
        again(begun, resume=False)
    assert (begun / FILE).read_bytes() == body


def test_a_file_without_a_finished_trial_is_begun_anew(tmp_path: Path) -> None:
    setup = setup_of(written(tmp_path))
    results_in(tmp_path, setup, TRIALS[:2]).close()
    results = results_in(tmp_path, setup, TRIALS, resume=False)
    results.add([FIRST])
    results.close()
    assert again(tmp_path).finished == {0: FIRST}
    (tmp_path / FILE).write_text("mine\n", encoding="utf-8")
    with pytest.raises(SweepError, match="--resume"):
        again(tmp_path, resume=False)


@pytest.mark.parametrize("kept", range(1, 60, 7))
def test_a_torn_last_line_is_cut_off_and_the_file_goes_on(begun: Path, kept: int) -> None:
    path = begun / FILE
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole[: len(whole) - len(last) + kept])
    found = again(begun)
    assert found.finished == {0: FIRST}
    assert found.dropped_bytes == kept
    results = results_in(begun, setup_of(written(begun)), TRIALS, resume=True)
    results.add([SECOND])
    results.close()
    assert path.read_bytes() == whole


def test_a_last_line_whose_bytes_never_came_to_the_disk_is_torn(begun: Path) -> None:
    path = begun / FILE
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole[: -len(last)] + b"\0" * (len(last) - 1) + b"\n")
    assert again(begun).finished == {0: FIRST}


def test_a_torn_head_is_no_sweep(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'{"form":"qmt-sw')
    assert again(tmp_path, resume=False).finished == {}


def test_a_damaged_line_in_the_midst_is_told_by_its_number(begun: Path) -> None:
    path = begun / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b'{"number":0}\n', *lines[2:]]))
    with pytest.raises(SweepError, match="第 2 行读不懂"):
        again(begun)


def test_something_else_is_no_results_file(begun: Path) -> None:
    (begun / FILE).write_text("hello\nworld\n", encoding="utf-8")
    with pytest.raises(SweepError, match="第 1 行不是参数扫描的文件头"):
        again(begun)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"source_sha256": "0" * 64}, "策略文件的内容变了"),
        ({"data_sha256": "0" * 64}, "历史数据变了"),
        ({"cash": 1}, "起始资金变了"),
        ({"costs": "more"}, "费用变了"),
        ({"fill_model": "close"}, "成交模型变了"),
        ({"gate": "full"}, "风控变了"),
        ({"trials_sha256": "0" * 64, "trials": 5}, "要算的组合变了"),
        ({"walk_forward": "100/20"}, "滚动检验的窗口变了"),
        ({"program": "9.9.9"}, "程序变了"),
        ({"version": 2}, "第 1 版"),
    ],
)
def test_another_sweeps_file_is_refused_in_words(begun: Path, changed: dict[str, object], told: str) -> None:
    body = (begun / FILE).read_bytes()
    head = replace(head_of(setup_of(written(begun)), TRIALS), **changed)
    if "version" in changed:
        path = begun / FILE
        path.write_bytes(body.replace(b'"version":1', b'"version":7'))
        body = path.read_bytes()
    with pytest.raises(SweepError) as caught:
        ResultsFile(begun / FILE, head, resume=True)
    assert told in str(caught.value)
    assert (begun / FILE).read_bytes() == body


def test_every_number_of_the_history_is_in_its_hash(tmp_path: Path) -> None:
    setup = setup_of(written(tmp_path))
    bars = setup.bars["600000.SH"]
    before = setup.data_sha256
    for name in ("close", "previous_close", "quantity", "at_ns", "days"):
        column = getattr(bars, name)
        kept = column[-1]
        column[-1] += 1
        assert setup.data_sha256 != before, name
        column[-1] = kept
    assert setup.data_sha256 == before
