/** What 对账, 日志, 运行状态, 设置 and 回测 ask of the mock: add readings and acts here. */

/** @param {{ market: object, reads: object, acts: object, whole: Function, tableOf: Function, refuse: Function }} mock */
export function more(mock) {
  mock.reads.backtests = () => mock.whole(REPORTS.map(report))
}

const REPORTS = [
  ['双均线 2010–2025', 'DualMovingAverage', 0.0898, -0.5074, 0.38, 1.4, 1],
  ['ETF 轮动', 'EtfRotation', 0.1712, -0.1833, 0.91, 3.1, 0],
  ['打板 2024', 'LimitUpQueue', -0.0721, -0.3011, -0.2, 0.9, 3],
]

function report([name, strategy, annual, drawdown, sharpe, ends, warnings], place) {
  const wave = (each, reach) => 1 + (ends - 1) * (each / 119) + reach * Math.sin(each / 7 + place)
  return {
    name,
    at: `2026-11-2${6 - place}T15:3${place}:00.000+08:00`,
    has_page: true,
    head: {
      form: 'qmt-backtest-report',
      version: 1,
      strategy,
      mode: 'dates',
      first: '2010-01-04',
      last: '2025-04-07',
      warnings: Array(warnings).fill(['没有滑点', 'no slippage']),
      metrics: {
        performance: { total_return: ends - 1, annual_return: annual, max_drawdown: drawdown, sharpe, calmar: annual / -drawdown },
        relative: { excess_annual: annual - 0.04 },
        trades: { win_rate: 0.5 + annual, count: 3312 - 900 * place },
      },
      curve: Array.from({ length: 120 }, (_, each) => wave(each, 0.12)),
      benchmark_curve: Array.from({ length: 120 }, (_, each) => 1 + each / 300 + 0.05 * Math.cos(each / 5)),
    },
  }
}
