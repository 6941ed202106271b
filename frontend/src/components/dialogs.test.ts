import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, nextTick, type App, type Component } from 'vue'
import { ApiError } from '../api'
import { lang } from '../i18n'
import { apply, store } from '../store'
import type { Account, Order, Position } from '../types'

const act = vi.fn()
const table = vi.fn()
vi.mock('../api', async (original) => ({
  ...(await original<typeof import('../api')>()),
  act: (...words: unknown[]): unknown => act(...words),
  table: (...words: unknown[]): unknown => table(...words),
}))
const { default: CancelDialog } = await import('./CancelDialog.vue')
const { default: CloseDialog } = await import('./CloseDialog.vue')
const { default: StopDialog } = await import('./StopDialog.vue')

const order = (id: string, status: Order['status'] = 'NEW', account = 'A', side: Order['side'] = 'buy'): Order =>
  ({ client_order_id: id, status, account, side, symbol: '600000.SH', quantity: 100, leaves_quantity: 100, price: '10.00', created_at: '2026-11-26T10:00:00.000+08:00', updated_at: '2026-11-26T10:00:00.000+08:00' }) as Order
const delta = { k: 'delta' as const, frame: 1, at: 0 }
let app: App | undefined
HTMLDialogElement.prototype.showModal ??= () => undefined
HTMLDialogElement.prototype.close ??= () => undefined

function shown(component: Component, props: Record<string, unknown> = {}): void {
  document.body.innerHTML = '<div id="app"></div>'
  app = createApp(component, props)
  app.mount('#app')
}
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) await nextTick()
}
const submit = async (): Promise<void> => {
  document.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await settled()
}
const text = (): string => document.body.textContent ?? ''
const type = async (place: number, word: string): Promise<void> => {
  const input = document.querySelectorAll<HTMLInputElement>('input.input')[place]
  if (!input) throw new Error('no such input')
  input.value = word
  input.dispatchEvent(new Event('input'))
  await settled()
}

beforeEach(() => {
  act.mockReset().mockResolvedValue({ rows: [] })
  table.mockReset().mockResolvedValue({ rows: [] })
  Object.assign(store, { working: [], unknown: [], account: '', accounts: [{ account: 'A', name: 'a' } as Account, { account: 'B', name: 'b' } as Account] })
})
afterEach(() => app?.unmount())

test('the stop stops every account, whichever is looked at, and cancels what works', async () => {
  store.account = 'B'
  store.working = [order('1'), order('2', 'NEW', 'B')]
  shown(StopDialog)
  await submit()
  expect(act).toHaveBeenCalledExactlyOnceWith('halt', { cancel_open: true, why: '' })
})

test('the stop counts as cancelled what was cancelled, and nothing else', async () => {
  store.working = [order('1'), order('2'), order('3')]
  shown(StopDialog)
  await submit()
  expect(text()).toMatch(/0 \D*3/)
  apply({ ...delta, orders: [order('1', 'CANCELED'), order('2', 'FILLED'), order('3', 'UNKNOWN')] })
  await settled()
  const line = document.querySelectorAll('.steps li')[1]?.textContent ?? ''
  expect(line.match(/\d+/g)).toEqual(['1', '1', '1'])
  const steps = [...document.querySelectorAll('.steps li')]
  expect(steps.map((step) => step.classList.contains('done'))).toEqual([true, false, false])
  apply({ ...delta, orders: [order('3', 'CANCELED')] })
  await settled()
  expect([...document.querySelectorAll('.steps li')].every((step) => step.classList.contains('done'))).toBe(true)
})

test('a stop that got no answer can be pressed again, and says so', async () => {
  act.mockRejectedValueOnce(new ApiError(0, 'no_answer', '没有等到回答', 'No answer came'))
  shown(StopDialog)
  await submit()
  expect(document.querySelector('[role=alert]')?.textContent).toMatch(/没有等到回答|No answer/)
  await submit()
  expect(act).toHaveBeenCalledTimes(2)
  expect(document.querySelector('.steps')).not.toBeNull()
})

test('a stop that is under way is not begun twice', async () => {
  let answer: (told: unknown) => void = () => undefined
  act.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)))
  shown(StopDialog)
  const form = document.querySelector('form')
  form?.dispatchEvent(new Event('submit'))
  form?.dispatchEvent(new Event('submit'))
  answer({ rows: [] })
  await settled()
  expect(act).toHaveBeenCalledTimes(1)
})

test('one order is cancelled by its own id, several by theirs', async () => {
  shown(CancelDialog, { orders: [order('1')] })
  await submit()
  expect(act).toHaveBeenLastCalledWith('cancel', { order_id: '1', why: '' })
  app?.unmount()
  shown(CancelDialog, { orders: [order('1'), order('2')] })
  await submit()
  expect(act).toHaveBeenLastCalledWith('cancel-many', { order_ids: ['1', '2'], why: '' })
})

test('a side is cancelled of the account that is looked at, of all only where none is', async () => {
  store.working = [order('1'), order('2', 'NEW', 'B'), order('3', 'NEW', 'A', 'sell')]
  store.account = 'A'
  shown(CancelDialog, { side: 'buy' })
  expect(document.querySelectorAll('.rows li')).toHaveLength(1)
  await submit()
  expect(act).toHaveBeenLastCalledWith('cancel', { account: 'A', side: 'buy', why: '' })
  app?.unmount()
  store.account = ''
  shown(CancelDialog, { side: 'buy' })
  expect(document.querySelectorAll('.rows li')).toHaveLength(2)
  await submit()
  expect(act).toHaveBeenLastCalledWith('cancel', { all: true, side: 'buy', why: '' })
})

const held = { account: 'A', symbol: '600000.SH', quantity: 500, sellable_quantity: 300 } as Position

test('closing sells no more than may be sold, under one id however often it is pressed', async () => {
  shown(CloseDialog, { position: held })
  await settled()
  expect(act).toHaveBeenLastCalledWith('preview', { text: 'sell 600000.SH 300@对手:A' })
  act.mockRejectedValueOnce(new ApiError(0, 'no_answer', '没有等到回答', 'No answer came'))
  await type(0, '600000')
  await submit()
  await submit()
  const sent = act.mock.calls.filter(([verb]) => verb === 'signal').map(([, body]) => (body as { text: string }).text)
  expect(sent).toHaveLength(2)
  expect(new Set(sent).size).toBe(1)
  expect(sent[0]).toMatch(/^sell 600000\.SH 300@对手:A #\S+$/)
})

test('closing waits for the code to be typed, and sells nothing that may not be sold', async () => {
  shown(CloseDialog, { position: held })
  await submit()
  expect(act.mock.calls.every(([verb]) => verb === 'preview')).toBe(true)
  app?.unmount()
  shown(CloseDialog, { position: { ...held, sellable_quantity: 0 } })
  await type(0, '600000')
  await submit()
  expect(act.mock.calls.every(([verb]) => verb === 'preview')).toBe(true)
})

test.each([
  ['live', false, '引擎未运行', 'qmt panic --account'],
  ['paper', false, '引擎未运行', '先 qmt run'],
  ['shadow', true, '引擎没有应答', '没有要撤的'],
])('a stop without an engine says that nothing was cancelled and how it can be: %s', async (mode, running, what, how) => {
  lang.value = 'zh'
  Object.assign(store, { status: { mode, engine: { running, age_s: 9 } } })
  store.working = [order('1'), order('2')]
  act.mockResolvedValue({ rows: [{ done: 'flag', text: '已放置 HALT 文件', text_en: 'HALT' }] })
  shown(StopDialog)
  await submit()
  expect(text()).toContain('2 笔')
  expect(text()).toContain(what)
  expect(text()).toContain(how)
  expect(text()).not.toContain('撤单中')
  expect(text()).not.toContain('已撤')
  Object.assign(store, { status: null })
  lang.value = 'en'
})
