import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, nextTick, type App } from 'vue'
import { lang } from '../i18n'
import { session, store } from '../store'
import type { Account } from '../types'

const act = vi.fn()
vi.mock('../api', async (original) => ({
  ...(await original<typeof import('../api')>()),
  act: (...words: unknown[]): unknown => act(...words),
}))
const { default: SendPage } = await import('./SendPage.vue')
let app: App | undefined
HTMLDialogElement.prototype.showModal ??= () => undefined
HTMLDialogElement.prototype.close ??= () => undefined

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) await nextTick()
}
const found = <T extends Element>(selector: string): T => {
  const element = document.querySelector<T>(selector)
  if (!element) throw new Error(`no ${selector}`)
  return element
}
const why = (): string => found('#shut').textContent ?? ''
const send = (): HTMLButtonElement => found<HTMLButtonElement>('.toolbar .primary')
async function write(text: string): Promise<void> {
  const area = found<HTMLTextAreaElement>('textarea')
  area.value = text
  area.dispatchEvent(new Event('input'))
  await settled()
}
async function tried(status: string): Promise<void> {
  act.mockResolvedValueOnce({ rows: [{ status, status_text: status }] })
  found('form.form').dispatchEvent(new Event('submit', { cancelable: true }))
  await settled()
}

beforeEach(() => {
  lang.value = 'zh'
  act.mockReset()
  session.value = { state: 'in', user: 'boss', role: 'operator' }
  store.accounts = [{ account: '77', name: 'a' } as Account, { account: '88', name: 'b' } as Account]
  document.body.innerHTML = '<div id="app"></div>'
  app = createApp(SendPage)
  app.mount('#app')
})
afterEach(() => {
  app?.unmount()
  lang.value = 'en'
})

test('while it cannot be sent the page says why', async () => {
  expect([send().disabled, why()]).toEqual([true, '先写一条信号，再试算。'])
  await write('600000.SH:77')
  expect([send().disabled, why(), send().title]).toEqual([true, why(), why()])
  expect(why()).toContain('先试算')
  await tried('accepted')
  expect([send().disabled, why()]).toEqual([false, ''])
  await write('600000.SH:88')
  expect([send().disabled, why().includes('改过了')]).toEqual([true, true])
})

test('what is malformed cannot be sent', async () => {
  await write('600000.SH')
  await tried('malformed')
  expect([send().disabled, why().includes('格式错误')]).toEqual([true, true])
})

test('the receipt tells side, quantity, price and the signal, and the next one must be tried anew', async () => {
  await write('buy 600000.SH 100@10.50:77')
  await tried('accepted')
  send().click()
  await settled()
  act.mockResolvedValueOnce({ rows: [{ seq: 12, status: 'accepted', orders: [{ account: '77', symbol: '600000.SH', client_order_id: '1B', side: 'buy', quantity: 100, price: '10.50' }] }] })
  found('dialog form').dispatchEvent(new Event('submit', { cancelable: true }))
  await settled()
  const told = found('.results').textContent ?? ''
  for (const word of ['已受理', '信号 12', '600000.SH', '买入', '100 @ 10.50', '77', '1B']) expect(told).toContain(word)
  expect([send().disabled, why().includes('再试算一次')]).toEqual([true, false])
  expect(why()).toContain('已发送')
})

test('the examples name the accounts that there are, in the words of the page', async () => {
  const shown = (): string => found('.examples').textContent ?? ''
  expect(shown()).toContain('买入 600000.SH 100@最新:77')
  expect(shown()).toContain('600000.SH:77,88')
  lang.value = 'en'
  await settled()
  expect(shown()).not.toMatch(/[\u4e00-\u9fff]/)
  expect(shown()).toContain('sell 600000.SH all@opposite:77')
})
