/** What a list shows of each backtest: the head that the report's own file tells, or nothing where it is another's. */
import { NOTHING } from './format'
import type { Backtest } from './types'

export type Figure = 'total' | 'annual' | 'drawdown' | 'sharpe' | 'calmar' | 'excess' | 'won' | 'trips'
export const FIGURES: readonly Figure[] = ['total', 'annual', 'drawdown', 'sharpe', 'calmar', 'excess', 'won', 'trips']
export type Order = Figure | 'at' | 'name'

export interface Run {
  row: Backtest
  strategy: string
  /** 'bars', 'dates' …, as the report names it. */
  mode: string
  span: string
  warnings: number
  figures: Record<Figure, number | null>
  curve: number[]
  benchmark: (number | null)[]
}

const FORM = 'qmt-backtest-report'
type Bag = Record<string, unknown>

const bag = (value: unknown): Bag => (value && typeof value === 'object' && !Array.isArray(value) ? (value as Bag) : {})
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const figure = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

export function runOf(row: Backtest): Run {
  const head = bag(row.head)
  const ours = head['form'] === FORM
  const metrics = bag(ours ? head['metrics'] : null)
  const own = bag(metrics['performance'])
  const trades = bag(metrics['trades'])
  const first = text(head['first'])
  return {
    row,
    strategy: ours ? text(head['strategy']) : '',
    mode: ours ? text(head['mode']) : '',
    span: ours && first ? `${first} – ${text(head['last'])}` : '',
    warnings: ours ? list(head['warnings']).length : 0,
    figures: {
      total: figure(own['total_return']),
      annual: figure(own['annual_return']),
      drawdown: figure(own['max_drawdown']),
      sharpe: figure(own['sharpe']),
      calmar: figure(own['calmar']),
      excess: figure(bag(metrics['relative'])['excess_annual']),
      won: figure(trades['win_rate']),
      trips: figure(trades['count']),
    },
    curve: ours ? list(head['curve']).map((each) => figure(each) ?? 1) : [],
    benchmark: ours ? list(head['benchmark_curve']).map(figure) : [],
  }
}

const COUNTED: readonly Figure[] = ['trips']
const PLAIN: readonly Figure[] = ['sharpe', 'calmar']
const SIGNED: readonly Figure[] = ['total', 'annual', 'excess']

export const isToned = (name: Figure): boolean => SIGNED.includes(name)

export function shown(name: Figure, value: number | null): string {
  if (value === null) return NOTHING
  if (COUNTED.includes(name)) return value.toLocaleString('en-US')
  const digits = PLAIN.includes(name) ? value.toFixed(2) : `${(value * 100).toFixed(2)}%`
  const bare = /[1-9]/.test(digits) ? digits : digits.replace('-', '')
  return (SIGNED.includes(name) && value > 0 && bare === digits && /[1-9]/.test(bare) ? '+' : '') + bare.replace('-', '−')
}

/** In the order of a figure, the greatest first; what has none stands last whichever way. */
export function ordered(runs: readonly Run[], by: Order, rising: boolean): Run[] {
  const way = rising ? 1 : -1
  return [...runs].sort((a, b) => {
    if (by === 'at' || by === 'name') return way * a.row[by].localeCompare(b.row[by], 'zh-CN')
    const [left, right] = [a.figures[by], b.figures[by]]
    if (left === null || right === null) return Number(left === null) - Number(right === null)
    return way * (left - right)
  })
}

/** The path of a small curve in a box of `width` by `height`, both curves on one scale; '' where there is none. */
export function sparkline(values: readonly (number | null)[], beside: readonly (number | null)[], width: number, height: number): string {
  const known = [...values, ...beside].filter((each): each is number => each !== null)
  if (values.length < 2 || !known.length) return ''
  const [low, high] = [Math.min(...known), Math.max(...known)]
  let path = ''
  let drawing = false
  values.forEach((value, place) => {
    if (value === null) {
      drawing = false
      return
    }
    const x = (place / (values.length - 1)) * width
    const y = high > low ? ((high - value) / (high - low)) * height : height / 2
    path += `${drawing ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
    drawing = true
  })
  return path
}
