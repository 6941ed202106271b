"""The page of a sweep: what was tried at its head, how much luck explains, the map of parameters, the best trials."""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from qmt_trading import __version__
from qmt_trading.research.report import charts, plot, sheet, sweep_charts
from qmt_trading.research.report.page import halves
from qmt_trading.research.report.sheet import card, pair
from qmt_trading.research.report.sweep_charts import shown, value_text, words_of
from qmt_trading.research.report.tables import table
from qmt_trading.research.report.texts import Pair, both, escaped, number, percent, tone, yuan
from qmt_trading.research.report.words import ADJUSTED, FREQUENCIES, GATES
from qmt_trading.research.sweep_ranking import SURE, Luck
from qmt_trading.research.sweep_space import Space
from qmt_trading.research.sweep_store import Head
from qmt_trading.research.sweep_trial import Outcome
from qmt_trading.research.walk_forward import Step, WalkForward

BEST_SHOWN: Final = 20
TRIPS_FEW: Final = 10
REASONS_SHOWN: Final = 10
SHOWN: Final = ("sharpe", "annual_return", "max_drawdown", "calmar", "win_rate", "trips", "turnover_annual")


class Swept(Struct, frozen=True, kw_only=True):
    """A finished sweep as reports tell it."""

    head: Head
    space: Space
    metric: str
    ranked: tuple[Outcome, ...]
    """Best first; of a walk forward the trials of the train windows, in their order."""
    luck: Luck | None
    walk: WalkForward | None
    symbols: tuple[str, ...]
    frequency: str
    adjusted: str
    source: str
    first: dt.date
    last: dt.date
    days: int
    warnings: tuple[Pair, ...] = ()
    """Of the history and the fill model, which all trials share."""

    @property
    def best(self) -> Outcome | None:
        """The first that has the figure; None: none has, or this is a walk forward, which has one for each window."""
        found = self.ranked[0] if self.ranked and self.walk is None else None
        return found if found is not None and found.figures.get(self.metric) is not None else None

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Those that came to nothing."""
        return tuple(each for each in self.ranked if each.status == "failed")


def page_of(swept: Swept) -> str:
    """Return the whole page."""
    found = [_head(swept), sheet.warnings(warnings_of(swept))]
    if swept.walk is not None:
        found += _walked(swept, swept.walk)
    else:
        found += [_hero(swept), *_maps(swept), _table(swept)]
    found += [_failures(swept), _foot(swept)]
    return sheet.document(f"{swept.head.strategy} · 参数扫描", "".join(found), _columns(swept.walk))


def warnings_of(swept: Swept) -> list[Pair]:
    """Return what is to be known before the best is believed, in Chinese and in English."""
    count = swept.head.trials
    if swept.ranked and len(swept.failed) == len(swept.ranked):
        none = (f"{count:,} 组全都没有算成，原因在最后。", f"All {count:,} trials failed: the reasons are at the end.")
        return [*swept.warnings, none]
    found: list[Pair] = [
        *swept.warnings,
        (
            f"试了 {count:,} 组参数。挑出来的最好一组，一部分是运气：试得越多，最好的那个越好看，将来多半做不到。",
            (
                f"{count:,} trials were made. The best of them is partly luck: the more are tried, the better the best "
                "looks, and the less of it comes back."
            ),
        ),
    ]
    luck = swept.luck
    if luck is not None:
        expected, shown_best = number(luck.expected_max), number(luck.best)
        found.append(
            (
                (
                    f"{f'其中 {luck.trials:,} 组有夏普（其余没有成交，或没有算成）：' if luck.trials < count else ''}"
                    f"{luck.trials:,} 组都没有本事时，最好的夏普预计也有 {expected}；实际最好的是 {shown_best}。"
                ),
                (
                    f"{f'{luck.trials:,} of them have a Sharpe ratio. ' if luck.trials < count else ''}"
                    f"Without any skill, the best of {luck.trials:,} is expected to show a Sharpe ratio of {expected}; "
                    f"the one chosen has {shown_best}."
                ),
            )
        )
        if luck.deflated is not None:
            chance = percent(luck.deflated, 1)
            short = luck.deflated < SURE
            found.append(
                (
                    (
                        f"去膨胀夏普（Bailey、López de Prado 2014）：真实夏普大于 0 的把握 {chance}"
                        f"{'，不到 95%，不能当真' if short else ''}。"
                    ),
                    (
                        f"Deflated Sharpe ratio (Bailey, López de Prado 2014): its true Sharpe ratio is above 0 with a "
                        f"probability of {chance}{', below 95 %: no proof' if short else ''}."
                    ),
                )
            )
    best = swept.best
    if best is not None and (trips := int(best.figures["trips"] or 0)) < TRIPS_FEW:
        found.append(
            (
                f"最好的一组只有 {trips} 个买卖回合，说明不了什么。",
                f"The best made only {trips} round trips, which say little.",
            )
        )
    if swept.walk is None:
        found.append(
            (
                "这里的好坏都是在同一段数据里挑、同一段数据里看的；用 --walk-forward 在没挑过的日子上检验。",
                "All of this was chosen and judged on the same days: --walk-forward judges on days not chosen on.",
            )
        )
    lost = len(swept.failed)
    if lost:
        found.append((f"{lost:,} 组没有算成，原因在最后。", f"{lost:,} trials failed: the reasons are at the end."))
    return found


def _head(swept: Swept) -> str:
    head = swept.head
    chips = "".join(f'<span class="chip">{escaped(each)}</span>' for each in head.space)
    span = f"{swept.first} – {swept.last}"
    shown_symbols = ", ".join(swept.symbols[:6]) + (" …" if len(swept.symbols) > 6 else "")
    frequency = FREQUENCIES.get(swept.frequency, (swept.frequency, swept.frequency))
    adjusted = ADJUSTED.get(swept.adjusted, (swept.adjusted, swept.adjusted))
    facts: list[tuple[Pair, str]] = [
        (("试验", "Trials"), f"{head.trials:,}"),
        (("排序的指标", "Ranked by"), both(words_of(swept.metric))),
        (("区间", "Span"), f"{span} {both((f'（{swept.days:,} 个交易日）', f'({swept.days:,} trading days)'))}"),
        (
            ("标的", "Symbols"),
            both((f"{len(swept.symbols)} 个：{shown_symbols}", f"{len(swept.symbols)}: {shown_symbols}")),
        ),
        (("初始资金", "Cash at the start"), f"{yuan(head.cash, 2)} {both(('元', 'yuan'))}"),
        (("成本", "Costs"), halves(head.costs)),
        (("成交模型", "Fill model"), halves(head.fill_model)),
        (("规则", "Rules"), both(GATES.get(head.gate, (head.gate, head.gate)))),
        (("数据", "Data"), f"{escaped(swept.source)}<br>{both(frequency)}, {both(adjusted)}"),
        (("数据指纹", "Data hash"), f"<code>sha256 {escaped(head.data_sha256)}</code>"),
        (("策略指纹", "Strategy hash"), f"<code>sha256 {escaped(head.source_sha256)}</code>"),
    ]
    if head.walk_forward:
        train, test = head.walk_forward.split("/")
        words = (
            f"训练 {train} 个交易日，检验其后 {test} 个",
            f"{train} trading days to train, the next {test} to test",
        )
        facts.insert(2, (("滚动检验", "Walk forward"), both(words)))
    rows = "".join(f"<div><dt>{both(words)}</dt><dd>{text}</dd></div>" for words, text in facts)
    kind = ("滚动检验", "walk forward") if head.walk_forward else ("全段", "whole span")
    return (
        f"<header>{sheet.switches()}"
        f'<p class="over"><b>{both(("参数扫描", "Parameter sweep"))}</b> <span class="mode">{both(kind)}</span></p>'
        f'<h1>{escaped(head.strategy)}</h1><p class="chips">{chips}</p><dl class="facts">{rows}</dl></header>'
    )


def _hero(swept: Swept) -> str:
    best = swept.best
    if best is None:
        return card(
            ("最好的一组", "The best"),
            f'<p class="none">{both(("没有一组有这个指标", "No trial has this figure"))}</p>',
        )
    chosen = ", ".join(f"{escaped(axis.name)} {value_text(best.parameters[axis.name])}" for axis in swept.space.axes)
    names = [name for name in (*SHOWN, "total_return") if name != swept.metric][:6]
    tiles = "".join(
        f"<div><dt>{both(words_of(name))}</dt>"
        f'<dd class="{tone(best.figures.get(name)) if name.endswith("return") else ""}">'
        f"{shown(name, best.figures.get(name))}</dd></div>"
        for name in names
    )
    title = (f"最好的一组（{swept.head.trials:,} 组里）", f"The best of {swept.head.trials:,}")
    return (
        f'<section class="card hero"><div class="total"><p>{both(title)} · {both(words_of(swept.metric))}</p>'
        f"<strong>{shown(swept.metric, best.figures[swept.metric])}</strong>"
        f'<p class="chosen">{chosen}</p></div><dl>{tiles}</dl></section>'
    )


def _maps(swept: Swept) -> list[str]:
    varied, metric = swept.space.varied, swept.metric
    made = []
    if len(varied) >= 2:
        down, across = varied[0], varied[1]
        over = [axis.name for axis in varied[2:]]
        note = ("颜色越深越好，框出的是最好的一组。", "The deeper the better; the best trial's cell is framed.")
        if over or any(sweep_charts.Scale(axis).is_gathered for axis in (down, across)):
            others = (f"（{'、'.join(over)} 取各种值）", f" (over {', '.join(over)})") if over else ("", "")
            note = (
                f"每格是落在其中的各次试验的中位数{others[0]}。{note[0]}",
                f"A cell is the median of the trials in it{others[1]}. {note[1]}",
            )
        alone = ("孤零零的一格好，多半是运气；好的一片才靠得住。", "One good cell alone is luck; seek a good region.")
        chinese, english = words_of(metric)
        axes = f"{down.name} × {across.name}"
        body = sweep_charts.heat_map(swept.ranked, metric, down, across, swept.best)
        words = (f"{chinese}：{axes}", f"{english}: {axes}")
        made.append(card(words, f'<p class="note">{both(note)} {both(alone)}</p>{body}'))
    lines = [
        card(
            (f"{words_of(metric)[0]} · {axis.name}（中位数）", f"{words_of(metric)[1]} by {axis.name}, median"),
            sweep_charts.line_map(swept.ranked, metric, axis),
        )
        for axis in varied
    ]
    values = [value for each in swept.ranked if (value := each.figures.get(metric)) is not None]
    if values:
        middle = float(np.median(values))
        best = swept.best
        assert best is not None
        marks: list[tuple[float, Pair]] = [(middle, ("中位数", "median")), (values[0], ("最好", "best"))]
        if metric == "sharpe" and swept.luck is not None:
            marks.append((swept.luck.expected_max, ("无本事时的最好", "best without skill")))
        lines.append(card(("各次试验的分布", "Spread of the trials"), sweep_charts.spread(values, metric, marks)))
    made += [pair(*lines[place : place + 2]) for place in range(0, len(lines) - 1, 2)]
    if len(lines) % 2:
        made.append(lines[-1])
    return made


def _columns_of(metric: str) -> list[str]:
    return [metric, *(name for name in SHOWN if name != metric)]


def _table(swept: Swept) -> str:
    names, axes = _columns_of(swept.metric), swept.space.axes
    head = ["=#", *(f"={escaped(axis.name)}" for axis in axes), *(both(words_of(name)) for name in names)]
    rows = []
    for place, each in enumerate(swept.ranked[:BEST_SHOWN], 1):
        if each.status == "failed":
            break
        given = "".join(f'<td class="left">{value_text(each.parameters[axis.name])}</td>' for axis in axes)
        told = "".join(f"<td>{shown(name, each.figures.get(name))}</td>" for name in names)
        rows.append(f'<tr><td class="left quiet">{place}</td>{given}{told}</tr>')
    if not rows:
        return ""
    note = (f"全部 {swept.head.trials:,} 组在 trials.csv。", f"All {swept.head.trials:,} trials are in trials.csv.")
    words = (f"最好的 {len(rows)} 组", f"The best {len(rows)}")
    return card(words, f'{table(head, rows)}<p class="note">{both(note)}</p>', "long")


def _walked(swept: Swept, walk: WalkForward) -> list[str]:
    figures = walk.figures
    tiles = "".join(
        f"<div><dt>{both(words_of(name))}</dt><dd>{shown(name, figures.get(name))}</dd></div>"
        for name in ("annual_return", "sharpe", "max_drawdown", "days")
    )
    total = figures["total_return"]
    hero = (
        f'<section class="card hero"><div class="total"><p>{both(("检验期总收益", "Return on test days"))}</p>'
        f'<strong class="{tone(total)}">{percent(total, signed=True)}</strong>'
        f"<p>{both(('没挑过的日子，首尾相接', 'days not chosen on, joined'))}</p></div><dl>{tiles}</dl></section>"
    )
    curve = np.asarray(walk.curve)
    scale, steps = plot.scale_of(curve, count=6)
    drawn = plot.plot(
        [
            ("fill own", plot.area(curve, scale, max(scale.bottom, min(scale.top, 1.0)))),
            ("line own", plot.line(curve, scale)),
        ],
        ticks=[(scale.share(each), percent(each - 1, 1, signed=True)) for each in steps],
        across=plot.year_ticks(np.asarray(walk.days, "datetime64[D]")),
        zero=scale.share(1.0),
        more=_edges(walk),
        kind="tall",
    )
    note = (
        "每个检验窗口都从空仓和初始资金开始，指标用训练期的数据预热；各窗口的日收益首尾相乘。竖线是换窗口的日子。",
        (
            "Each test window begins with cash alone, indicators warmed on the train days; daily returns are chained. "
            "Upright lines are where windows change."
        ),
    )
    body = f'<p class="note">{both(note)}</p>{charts.figure(drawn, hover="equity")}'
    return [hero, card(("检验期权益", "Equity on test days"), body), _steps(swept, walk)]


def _edges(walk: WalkForward) -> str:
    size = max(len(walk.days) - 1, 1)
    begins = [walk.days.index(str(step.split.test.live)) for step in walk.steps[1:]]
    return "".join(f'<span class="upright" style="left:{each / size * 100:.2f}%"></span>' for each in begins)


def _steps(swept: Swept, walk: WalkForward) -> str:
    metric, axes = swept.metric, swept.space.axes
    name = words_of(metric)
    head = [
        "=#",
        f"={both(('训练', 'Train'))}",
        f"={both(('检验', 'Test'))}",
        *(f"={escaped(axis.name)}" for axis in axes),
        both((f"{name[0]}：训练", f"{name[1]}: train")),
        both((f"{name[0]}：检验", f"{name[1]}: test")),
        both(("检验期收益", "Test return")),
    ]
    rows = [_step(step, place, metric, [axis.name for axis in axes]) for place, step in enumerate(walk.steps, 1)]
    tried = walk.steps[0].tried
    note = (
        f"每个训练窗口试 {tried:,} 组，一共 {tried * len(walk.steps):,} 次；训练期的好看，检验期常常剩不下多少。",
        (
            f"{tried:,} trials on each train window, {tried * len(walk.steps):,} in all; little of a good one is "
            "often left on the test days."
        ),
    )
    return card(("各窗口", "Windows"), f'{table(head, rows)}<p class="note">{both(note)}</p>', "long")


def _step(step: Step, place: int, metric: str, names: list[str]) -> str:
    train, test = step.split.train, step.split.test
    pick, judge = step.picked, step.judged
    if pick is None:
        none = both(("没有可选的，空仓", "none to pick: cash"))
        given = f'<td class="left quiet" colspan="{len(names)}">{none}</td>'
    else:
        given = "".join(f'<td class="left">{value_text(pick.parameters[name])}</td>' for name in names)
    figures = judge.figures if judge is not None else {}
    gained = figures.get("total_return")
    return (
        f'<tr><td class="left quiet">{place}</td><td class="left">{train.first} – {train.last}</td>'
        f'<td class="left">{test.live} – {test.last}</td>{given}'
        f"<td>{shown(metric, pick.figures.get(metric) if pick is not None else None)}</td>"
        f"<td>{shown(metric, figures.get(metric))}</td>"
        f'<td class="{tone(gained)}">{percent(gained, signed=True)}</td></tr>'
    )


def _failures(swept: Swept) -> str:
    if not swept.failed:
        return ""
    counts: dict[str, list[Outcome]] = {}
    for each in swept.failed:
        counts.setdefault(each.reason.strip().splitlines()[0], []).append(each)
    most = sorted(counts.items(), key=lambda item: (-len(item[1]), item[0]))[:REASONS_SHOWN]
    rows = []
    for reason, outcomes in most:
        given = ", ".join(f"{escaped(name)} {value_text(value)}" for name, value in outcomes[0].parameters.items())
        told = both(_halved(reason))
        rows.append(f'<tr><td>{len(outcomes):,}</td><td class="left">{given}</td><td class="left say">{told}</td></tr>')
    head = [both(("组数", "Trials")), f"={both(('例如', 'For example'))}", f"={both(('原因', 'Reason'))}"]
    return card(("没有算成的", "Failed trials"), table(head, rows))


def _halved(reason: str) -> Pair:
    """Return a reason of ours, which says itself twice, in each language; a strategy's own as it is."""
    chinese, slash, english = reason.rpartition(" / ")
    return (chinese, english) if slash and english.isascii() else (reason, reason)


def _foot(swept: Swept) -> str:
    chinese = f"qmt-trading-system {__version__} 生成。回测是历史上的假设，不代表将来；挑出来的更是。"
    english = (
        f"Made by qmt-trading-system {__version__}. A backtest is a supposition about the past and promises nothing; "
        "one that was picked from many, even less."
    )
    return f"<footer>{both((chinese, english))}</footer>"


def _columns(walk: WalkForward | None) -> str:
    """Return the columns that the pointer tells, as the page of a run has them."""
    if walk is None:
        return '{"days":[],"columns":{}}'
    days = np.asarray(walk.days, "datetime64[D]").astype(np.int64)
    parts = np.rint((np.asarray(walk.curve) - 1.0) * 10_000).astype(np.int64)
    told = {"days": np.diff(days, prepend=0).tolist(), "columns": {"equity": parts.tolist()}}
    return msgspec.json.encode(told).decode("utf-8")
