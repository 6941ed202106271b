import { describe, expect, test } from 'vitest'
import { ordered, runOf, shown, sparkline } from './backtests'
import type { Backtest } from './types'

const row = (name: string, head: Record<string, unknown> | null = null): Backtest => ({ name, at: '2026-11-26T10:00:00+08:00', has_page: true, head })
const head = (annual: number | null) => ({
  form: 'qmt-backtest-report',
  strategy: 'Cross',
  first: '2020-01-02',
  last: '2025-04-07',
  warnings: [['没有滑点', 'no slippage']],
  metrics: { performance: { annual_return: annual, max_drawdown: -0.25 }, relative: null, trades: { win_rate: 0.5, count: 1234 } },
  curve: [1, 1.2, 1.1],
})

describe('the head of a report', () => {
  test('is told in figures', () => {
    const run = runOf(row('a', head(0.1)))
    expect(run.strategy).toBe('Cross')
    expect(run.span).toBe('2020-01-02 – 2025-04-07')
    expect(run.figures.annual).toBe(0.1)
    expect(run.figures.excess).toBeNull()
    expect(run.warnings).toBe(1)
  })
  test('of another program, or none, has no figures and no failure', () => {
    for (const other of [null, { profit: '1.5' }, { form: 'qmt-backtest-report', metrics: 3, curve: 'x' }]) {
      const run = runOf(row('a', other as Record<string, unknown> | null))
      expect(Object.values(run.figures).every((each) => each === null)).toBe(true)
      expect(run.curve).toEqual([])
    }
  })
})

test('figures have a real minus, a sign where they are gains, and a dash where there are none', () => {
  expect(shown('annual', 0.1234)).toBe('+12.34%')
  expect(shown('drawdown', -0.25)).toBe('−25.00%')
  expect(shown('sharpe', 1.239)).toBe('1.24')
  expect(shown('trips', 1234)).toBe('1,234')
  expect(shown('total', -0.000001)).toBe('0.00%')
  expect(shown('total', null)).toBe('–')
})

test('runs without the figure stand last whichever way', () => {
  const runs = [row('none'), row('low', head(0.1)), row('high', head(0.3))].map(runOf)
  expect(ordered(runs, 'annual', false).map((run) => run.row.name)).toEqual(['high', 'low', 'none'])
  expect(ordered(runs, 'annual', true).map((run) => run.row.name)).toEqual(['low', 'high', 'none'])
})

test('a small curve breaks where there is no value', () => {
  expect(sparkline([1, 2, null, 1, 2], [], 40, 10)).toBe('M0.0 10.0L10.0 0.0M30.0 10.0L40.0 0.0')
  expect(sparkline([1], [], 40, 10)).toBe('')
})
