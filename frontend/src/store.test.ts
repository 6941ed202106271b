import { beforeEach, expect, test } from 'vitest'
import { apply, store } from './store'
import type { Account, Alert, Fill, Order } from './types'

const order = (id: string, status: Order['status'], created = '2026-11-26T10:00:00.000+08:00'): Order =>
  ({ client_order_id: id, status, created_at: created, account: 'A', symbol: '600000.SH', side: 'buy', quantity: 100, filled_quantity: 0 }) as Order
const delta = { k: 'delta' as const, frame: 1, at: 0 }

beforeEach(() => {
  Object.assign(store, { working: [], unknown: [], fills: [], alerts: [], accounts: [] })
})

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
