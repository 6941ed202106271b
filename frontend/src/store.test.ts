import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { now } from './clock'
import { apply, heldAge, lastPrice, notePrices, noteStatus, priceAge, quoteAge, store } from './store'
import type { Account, Alert, Fill, Order, Position, Status } from './types'

const order = (id: string, status: Order['status'], created = '2026-11-26T10:00:00.000+08:00'): Order =>
  ({ client_order_id: id, status, created_at: created, account: 'A', symbol: '600000.SH', side: 'buy', quantity: 100, filled_quantity: 0 }) as Order
const delta = { k: 'delta' as const, frame: 1, at: 0 }

beforeEach(() => {
  Object.assign(store, { working: [], unknown: [], fills: [], alerts: [], accounts: [], positions: [], prices: {}, marks: {}, quotes: {}, quotedAt: 0, account: '' })
  vi.useFakeTimers({ now: 1_000_000 })
  now.value = Date.now()
})
afterEach(() => void vi.useRealTimers())

const later = (seconds: number): void => {
  vi.setSystemTime(Date.now() + seconds * 1000)
  now.value = Date.now()
}
const held = (symbol: string, last_price: string, account = 'A'): Position => ({ account, symbol, last_price, quantity: 100 }) as Position

test('an order moves from working to unknown to its end', () => {
  apply({ ...delta, orders: [order('1', 'NEW'), order('2', 'NEW', '2026-11-26T10:00:01.000+08:00')] })
  expect(store.working.map((row) => row.client_order_id)).toEqual(['2', '1'])
  apply({ ...delta, orders: [order('1', 'UNKNOWN')] })
  expect(store.working.map((row) => row.client_order_id)).toEqual(['2'])
  expect(store.unknown.map((row) => row.client_order_id)).toEqual(['1'])
  apply({ ...delta, orders: [order('1', 'CANCELED'), order('2', 'FILLED')] })
  expect([...store.working, ...store.unknown]).toEqual([])
})

test('a row that is told twice stands once', () => {
  const fill = { fill_id: 'F1', account: 'A' } as Fill
  apply({ ...delta, fills: [fill] })
  apply({ ...delta, fills: [fill, { fill_id: 'F2', account: 'A' } as Fill] })
  expect(store.fills.map((row) => row.fill_id)).toEqual(['F2', 'F1'])
})

test('an account that is gone is shown no more', () => {
  apply({ ...delta, accounts: [{ account: 'A' } as Account, { account: 'B' } as Account] })
  apply({ ...delta, accounts: [{ account: 'A', gone: true } as Account & { gone: boolean }] })
  expect(store.accounts.map((row) => row.account)).toEqual(['B'])
})

test('an acknowledged alert replaces the open one', () => {
  apply({ ...delta, alerts: [{ id: 1, text: 'a' } as Alert] })
  apply({ ...delta, alerts: [{ id: 1, text: 'a', acknowledged_by: 'x' } as Alert] })
  expect(store.alerts).toHaveLength(1)
  expect(store.alerts[0]?.acknowledged_by).toBe('x')
})

test('the curve stays in the order of time when the clock is set back', () => {
  store.equity = []
  apply({ ...delta, equity: [[3_600_000, '1.00'], [3_605_000, '2.00']] })
  apply({ ...delta, equity: [[3_610_000, '3.00'], [5_000, '4.00'], [10_000, '5.00']] })
  expect(store.equity).toEqual([[5_000, '4.00'], [10_000, '5.00']])
})

test('each price has its own age: a fresh one makes no other fresh', () => {
  apply({ ...delta, positions: [held('600000.SH', '10.00'), held('000001.SZ', '9.00')], prices: { '600000.SH': '10.01', '000001.SZ': '9.01' } })
  later(60)
  apply({ ...delta, prices: { '000001.SZ': '9.02' } })
  later(1)
  expect([priceAge('600000.SH'), priceAge('000001.SZ'), priceAge('600036.SH')]).toEqual([61, 1, null])
  expect([quoteAge.value, heldAge.value]).toEqual([1, 61])
})

test('an old price is not preferred to what a position has told since, and a fresh one is', () => {
  apply({ ...delta, positions: [held('600000.SH', '10.00')], prices: { '600000.SH': '10.01' } })
  later(5)
  apply({ ...delta, positions: [held('600000.SH', '10.05')] })
  expect(lastPrice('600000.SH')?.price).toBe('10.01')
  later(6)
  expect(lastPrice('600000.SH')?.price).toBe('10.05')
  expect(priceAge('600000.SH')).toBe(6)
  apply({ ...delta, prices: { '600000.SH': '10.02' } })
  expect(lastPrice('600000.SH')?.price).toBe('10.02')
})

test('a quote that comes with its age takes no newer price back', () => {
  apply({ ...delta, prices: { '600000.SH': '10.02' } })
  notePrices({ '600000.SH': '10.01' }, () => Date.now() - 2000)
  expect(lastPrice('600000.SH')?.price).toBe('10.02')
  later(8)
  notePrices({ '600000.SH': '10.02' }, () => Date.now() - 3000)
  expect(priceAge('600000.SH')).toBe(3)
})

test('the age of the quotes goes on from what the status tells', () => {
  expect(quoteAge.value).toBe(null)
  noteStatus({ quote_age_s: 2 } as Status)
  later(3)
  expect(quoteAge.value).toBe(5)
})
