"""The charts of a run: equity, excess and depth, years, rolling figures, exposure, turnover, the spread of days."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.research import periods
from qmt_trading.research.activity import exposure, traded
from qmt_trading.research.conventions import Conventions
from qmt_trading.research.curves import Curves
from qmt_trading.research.report import plot
from qmt_trading.research.report.texts import Pair, both, number, percent, places_of, plain, tone
from qmt_trading.research.result import Result
from qmt_trading.research.returns import NO_SPREAD

Array = npt.NDArray[Any]
LOG_FROM: Final = 4.0
"""A curve that spans more than this many times its lowest is drawn on a scale of ratios."""
BINS: Final = 76
BINS_MIN: Final = 14


def figure(plots: str, *, caption: str = "", hover: str = "", kind: str = "") -> str:
    """Return plots that share their days; ``hover`` names the columns that the pointer tells."""
    told = f' data-hover="{hover}"' if hover else ""
    head = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure class="chart {kind}"{told}>{head}<div class="stack">{plots}</div></figure>'


def legend(rows: list[tuple[str, Pair, str]]) -> str:
    """Return what the colours mean: class, words, last value."""
    return "".join(
        f'<span class="key {kind}"><i></i>{both(words)}{f" <b>{value}</b>" if value else ""}</span>'
        for kind, words, value in rows
    )


def equity_figure(result: Result, curves: Curves) -> str:
    """Return equity against the benchmark, the excess below it, and the depth under water."""
    days, equity, benchmark = result.days, curves.equity, curves.benchmark
    columns = [equity] if benchmark is None else [equity, benchmark]
    low = min(float(np.nanmin(each)) for each in columns)
    high = max(float(np.nanmax(each)) for each in columns)
    is_log = low > 0 and high / low > LOG_FROM
    scale, steps = plot.log_scale_of(*columns) if is_log else plot.scale_of(*columns, count=6)
    shapes = [] if benchmark is None else [("line other", plot.line(benchmark, scale))]
    base = max(scale.bottom, min(scale.top, 1.0))
    shapes = [
        ("fill own", plot.area(equity, scale, base)),
        *shapes,
        ("line own", plot.line(equity, scale)),
    ]
    rows: list[tuple[str, Pair, str]] = [("own", ("策略", "Strategy"), percent(equity[-1] - 1, signed=True))]
    if benchmark is not None:
        name = result.benchmark_name or "–"
        rows.append(
            (
                "other",
                (f"基准 {name}", f"Benchmark {name}"),
                percent(benchmark[curves.benchmark_end - 1] - 1, signed=True),
            )
        )
    caption = legend(rows)
    if is_log:
        caption += (
            f'<span class="note">{both(("对数坐标：等高即等比", "log scale: equal heights are equal ratios"))}</span>'
        )
    ticks = [(scale.share(each), percent(each - 1, places_of(steps), signed=True)) for each in steps]
    across = plot.year_ticks(days)
    below = curves.excess is None
    plots = plot.plot(
        shapes,
        ticks=ticks,
        zero=scale.share(1.0),
        more=_last(scale.share(float(equity[-1])), _fine(float(equity[-1]) - 1, steps), "own"),
        says=plain(("累计收益", "Return so far")),
        kind="tall",
    )
    if not below and curves.excess is not None:
        excess = ("超额（策略 ÷ 基准 − 1）", "Excess (strategy ÷ benchmark − 1)")
        plots += _sub("more", excess, percent(curves.excess[curves.benchmark_end - 1], signed=True))
        scale, steps = plot.scale_of(curves.excess, count=3, zero=True)
        plots += plot.plot(
            [("line more", plot.line(curves.excess, scale))],
            ticks=[(scale.share(each), percent(each, places_of(steps), signed=True)) for each in steps],
            zero=scale.share(0.0),
            says=plain(("超额收益", "Excess")),
            kind="low",
        )
    plots += _sub("loss", ("回撤", "Drawdown"), percent(float(curves.depth.min())))
    plots += depth_plot(curves.depth, across)
    return figure(plots, caption=caption, hover="equity benchmark excess depth")


def _fine(value: float, steps: list[float]) -> str:
    """Return ``value`` as an axis of ``steps`` writes it, and what is small not rounded to nothing."""
    return percent(value, max(places_of(steps), 2 if abs(value) < 0.01 else 0), signed=True)


def _sub(kind: str, words: Pair, value: str) -> str:
    return f'<div class="sub">{legend([(kind, words, value)])}</div>'


def _last(share: float, word: str, kind: str) -> str:
    return f'<span class="last {kind}" style="top:{share:.2f}%">{word}</span>'


def depth_plot(depth: Array, across: list[tuple[float, str]]) -> str:
    """Return the depth under water, hanging from 0."""
    scale, steps = plot.scale_of(depth, count=3, zero=True)
    return plot.plot(
        [("fill loss", plot.area(depth, scale, 0.0)), ("line loss", plot.line(depth, scale))],
        ticks=[(scale.share(each), percent(each, places_of(steps))) for each in steps],
        across=across,
        says=plain(("回撤", "Drawdown")),
        kind="low",
    )


def years_figure(result: Result, curves: Curves) -> str:
    """Return each year's return as bars, the benchmark's as a mark across."""
    years, values = periods.returns_by(result.days, result.equity, result.initial_equity, "Y")
    other = None
    if curves.benchmark is not None:
        span = slice(curves.benchmark_first, curves.benchmark_end)
        level = curves.benchmark[span]
        names, found = periods.returns_by(result.days[span], level, float(level[0]), "Y")
        other = np.full(len(years), np.nan)
        other[np.searchsorted(years, names)] = found
    scale, steps = plot.scale_of(values, *(() if other is None else (other,)), count=5, zero=True, room=0.12)
    shapes = [
        ("bar up", plot.bars(values, scale, keep=lambda each: each > 0, fill=_fill(len(values)))),
        ("bar down", plot.bars(values, scale, keep=lambda each: each <= 0, fill=_fill(len(values)))),
    ]
    size = len(years)
    if other is not None:
        shapes.append(("mark other", _marks(other, scale)))
    above = "".join(
        f'<span class="{_beyond(value)}" style="left:{(place + 0.5) / size * 100:.2f}%;'
        f'top:{scale.share(value):.2f}%">{percent(value, places_of(steps), signed=True)}</span>'
        for place, value in enumerate(values.tolist())
    )
    every = math.ceil(size / 12)
    across = [
        ((place + 0.5) / size * 100, year)
        for place, year in enumerate(years.astype(str).tolist())
        if place % every == 0
    ]
    rows: list[tuple[str, Pair, str]] = [("bar", ("策略", "Strategy"), "")]
    if other is not None:
        rows.append(("crossbar", (f"基准 {result.benchmark_name}", f"Benchmark {result.benchmark_name}"), ""))
    return figure(
        plot.plot(
            shapes,
            ticks=[(scale.share(each), percent(each, places_of(steps), signed=True)) for each in steps],
            across=across,
            zero=scale.share(0.0),
            more=above if size <= 20 else "",
            says=plain(("年度收益", "Return by the year")),
            kind="middle many" if size > 10 else "middle",
        ),
        caption=legend(rows),
    )


def _beyond(value: float) -> str:
    """Return the class of a bar's word, which stands beyond its end."""
    return f"over {tone(value)}{' under' if value < 0 else ''}"


def _fill(size: int) -> float:
    """Return how much of its slot a bar takes: a few bars stay slender."""
    return min(0.14 * size, 0.62)


def _marks(values: Array, scale: plot.Scale) -> str:
    slot = plot.WIDE / max(len(values), 1)
    return "".join(
        f"M{round((place + 0.1) * slot)} {round(y)}h{round(0.8 * slot)}"
        for place, y in enumerate(scale.y(values).tolist())
        if math.isfinite(y)
    )


def rolling(values: Array, window: int) -> tuple[Array, Array]:
    """Return the mean and the sample deviation of the ``window`` days up to each day; NaN before there are as many."""
    size = len(values)
    mean, spread = np.full(size, np.nan), np.full(size, np.nan)
    if size >= window > 1:
        sums = np.concatenate(([0.0], np.cumsum(values)))
        squares = np.concatenate(([0.0], np.cumsum(values**2)))
        whole = sums[window:] - sums[:-window]
        mean[window - 1 :] = whole / window
        variance = (squares[window:] - squares[:-window] - whole**2 / window) / (window - 1)
        spread[window - 1 :] = np.sqrt(np.maximum(variance, 0.0))
    return mean, spread


def rolling_columns(curves: Curves, conventions: Conventions) -> dict[str, Array]:
    """Return a year's return, volatility and Sharpe ratio up to each day, and beta where there is a benchmark."""
    year = conventions.days_a_year
    window = year if len(curves.returns) >= 2 * year else max(year // 4, 2)
    mean, spread = rolling(curves.returns, window)
    root = math.sqrt(year)
    with np.errstate(divide="ignore", invalid="ignore"):
        over = np.where(spread > NO_SPREAD, (mean - conventions.daily_risk_free) / spread * root, np.nan)
    levels = np.concatenate(([1.0], curves.equity))
    gained = np.full(len(curves.returns), np.nan)
    if len(gained) >= window:
        gained[window - 1 :] = levels[window:] / levels[:-window] - 1.0
    found = {"gained": gained, "volatility": spread * root, "sharpe": over}
    if curves.pair is not None:
        own, other = curves.pair
        own_mean, _ = rolling(own, window)
        other_mean, other_spread = rolling(other, window)
        product, _ = rolling(own * other, window)
        variance = other_spread**2 * (window - 1) / window
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(variance > NO_SPREAD**2, (product - own_mean * other_mean) / variance, np.nan)
        after = len(curves.returns) - curves.benchmark_end
        found["beta"] = np.concatenate((np.full(curves.benchmark_first + 1, np.nan), slope, np.full(after, np.nan)))
    return found


_ROLLING: Final[dict[str, tuple[Pair, bool, float]]] = {
    "gained": (("滚动收益", "Rolling return"), True, 0.0),
    "volatility": (("滚动波动率（年化）", "Rolling volatility, annual"), True, 0.0),
    "sharpe": (("滚动夏普", "Rolling Sharpe"), False, 0.0),
    "beta": (("滚动贝塔", "Rolling beta"), False, 1.0),
}


def rolling_figures(days: Array, columns: dict[str, Array]) -> str:
    """Return a small chart for each of ``columns`` that has anything to show."""
    made = []
    for name, values in columns.items():
        words, is_share, base = _ROLLING[name]
        if not np.any(np.isfinite(values)):
            continue
        scale, steps = plot.scale_of(values, np.asarray([base]), count=4)
        last = values[np.isfinite(values)][-1]
        shown = percent(last, 1) if is_share else number(last)
        made.append(
            figure(
                plot.plot(
                    [("line own", plot.line(values, scale))],
                    ticks=[
                        (scale.share(each), percent(each, places_of(steps)) if is_share else number(each, 1))
                        for each in steps
                    ],
                    across=plot.year_ticks(days, 6),
                    zero=scale.share(base),
                    says=plain(words),
                    kind="small",
                ),
                caption=f'<span class="key"><b>{both(words)}</b></span><span class="key own"><i></i>{shown}</span>',
                hover=name,
            )
        )
    return "".join(made)


def exposure_figure(result: Result, held: Array) -> str:
    """Return the share of equity in the market by the day, and the number of symbols held."""
    exposed = exposure(result)
    scale, steps = plot.scale_of(exposed, np.asarray([1.0]), count=4, zero=True)
    return figure(
        plot.plot(
            [("fill own", plot.area(exposed, scale, 0.0)), ("line own", plot.line(exposed, scale))],
            ticks=[(scale.share(each), percent(each, places_of(steps))) for each in steps],
            across=plot.year_ticks(result.days, 8),
            says=plain(("仓位", "Exposure")),
            kind="middle",
        ),
        caption=legend(
            [
                ("own", ("仓位（市值 ÷ 权益）", "Exposure (market value ÷ equity)"), percent(float(exposed.mean()), 1)),
                ("", ("平均持股数", "Symbols held, mean"), number(float(held.mean()), 1)),
            ]
        ),
        hover="exposure holdings",
    )


def turnover_figure(result: Result) -> str:
    """Return what was traded by the month, over the month's mean equity; one side."""
    months, sums = periods.sums_by(result.days, traded(result), "M")
    _, equities = periods.sums_by(result.days, result.equity, "M")
    _, counts = periods.sums_by(result.days, np.ones(len(result.days)), "M")
    mean = equities / counts
    values = np.divide(sums, mean, out=np.zeros(len(sums)), where=mean > 0)
    scale, steps = plot.scale_of(values, count=4, zero=True)
    years = months.astype("datetime64[Y]")
    size = len(months)
    is_long = len(np.unique(years)) > 3
    starts = [
        place
        for place in range(size)
        if (years[place] != years[place - 1] if is_long and place else not is_long or place == 0)
    ]
    every = math.ceil(len(starts) / 8)
    across = [
        ((place + 0.5) / size * 100, str(years[place]) if is_long else str(months[place]))
        for number_, place in enumerate(starts)
        if number_ % every == 0
    ]
    return figure(
        plot.plot(
            [("bar quiet", plot.bars(values, scale, keep=lambda each: each > 0, fill=_fill(size)))],
            ticks=[(scale.share(each), percent(each, places_of(steps))) for each in steps],
            across=across,
            says=plain(("月换手率", "Turnover by the month")),
            kind="middle",
        ),
        caption=legend(
            [("quiet", ("月换手率（单边）", "Turnover by the month, one side"), percent(float(values.mean()), 1))]
        ),
    )


def spread_figure(returns: Array, value_at_risk: float | None) -> str:
    """Return how many days brought how much, the worst and best half per mille gathered at the ends.

    Days that brought nothing at all, mostly those without holdings, are no gains and are told beside the bars.
    """
    still, whole = int(np.count_nonzero(returns == 0)), returns
    returns = returns[returns != 0]
    if not len(returns):
        return f'<p class="none">{both(("没有一天有涨跌", "No day brought anything"))}</p>'
    low, high = (float(each) for each in np.quantile(returns, (0.0005, 0.9995)))
    reach = max(abs(low), abs(high), 1e-4)
    bins = min(max(3 * math.sqrt(len(returns)), BINS_MIN), BINS)
    width = _round_width(2 * reach / bins)
    half = math.ceil(reach / width)
    edges = np.arange(-half, half + 1) * width
    counts, _ = np.histogram(np.clip(returns, edges[0], edges[-1] - width * 1e-6), edges)
    centres = (edges[:-1] + edges[1:]) / 2
    scale, steps = plot.scale_of(counts.astype(np.float64), count=4, zero=True, room=0.12)
    rising = np.where(centres > 0, counts, 0).astype(np.float64)
    falling = np.where(centres < 0, counts, 0).astype(np.float64)

    def placed(value: float) -> float:
        return float((value - edges[0]) / (edges[-1] - edges[0])) * 100

    ticks_at = plot.steps_of(float(edges[0]), float(edges[-1]), 9)
    rest, rest_english = f"；另有 {still:,} 天没有涨跌", f"; {still:,} more brought nothing"
    words = (
        f"天数；每柱 {percent(width)}，两端含更远的日子{rest if still else ''}",
        f"days; a bar is {percent(width)}, the outermost hold what lies beyond{rest_english if still else ''}",
    )
    marks: list[str] = []
    for value, called in ((value_at_risk, ("VaR 95", "VaR 95")), (float(whole.mean()), ("均值", "mean"))):
        if value is not None and edges[0] <= value <= edges[-1]:
            side = "upright back" if value < 0 else "upright"
            told = f"<b>{both(called)} {percent(value)}</b>"
            marks.append(f'<span class="{side}" style="left:{placed(value):.2f}%;--n:{len(marks)}">{told}</span>')
    return figure(
        plot.plot(
            [
                ("bar up", plot.bars(rising, scale, keep=lambda each: each > 0, fill=0.86)),
                ("bar down", plot.bars(falling, scale, keep=lambda each: each > 0, fill=0.86)),
            ],
            ticks=[(scale.share(each), number(each, 0)) for each in steps],
            across=[(placed(each), percent(each, places_of(ticks_at), signed=True)) for each in ticks_at],
            more="".join(marks),
            says=plain(("日收益分布", "Spread of daily returns")),
            kind="middle marked",
        ),
        caption=f'<span class="note">{both(words)}</span>',
    )


def _round_width(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.999)
