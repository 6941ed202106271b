import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, nextTick, type App } from 'vue'
import { noted } from '../../noted'
import { store } from '../../store'
import type { Account } from '../../types'

const post = vi.fn()
const table = vi.fn()
vi.mock('../../api', async (original) => ({
  ...(await original<typeof import('../../api')>()),
  post: (...words: unknown[]): unknown => post(...words),
  table: (...words: unknown[]): unknown => table(...words),
}))
const { default: Keys } = await import('./Keys.vue')
let app: App | undefined
HTMLDialogElement.prototype.showModal ??= () => undefined
HTMLDialogElement.prototype.close ??= () => undefined
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) await nextTick()
}

async function opened(): Promise<void> {
  document.body.innerHTML = '<div id="app"></div>'
  app = createApp(Keys)
  app.mount('#app')
  await settled()
  document.querySelector<HTMLButtonElement>('button')?.click()
  await settled()
  const name = document.querySelector<HTMLInputElement>('dialog input[maxlength="64"]')
  if (!name) throw new Error('no name')
  name.value = 'gm'
  name.dispatchEvent(new Event('input'))
}
async function make(): Promise<void> {
  document.querySelector('dialog form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await settled()
}
const choose = (value: string): void => document.querySelector<HTMLInputElement>(`input[value="${value}"]`)?.click()

beforeEach(() => {
  post.mockReset().mockResolvedValue({ key: 'qmt_1' })
  table.mockReset().mockResolvedValue({ rows: [] })
  store.accounts = [{ account: '77', name: 'a' } as Account, { account: '88', name: '' } as Account]
  store.doors = [{ door: 'pipe', condition: '', condition_en: '' }, { door: 'web', condition: '', condition_en: '', takes_keys: true }]
})
afterEach(() => app?.unmount())

test('a key is for all doors and accounts where none is chosen', async () => {
  const before = noted.value
  await opened()
  await make()
  expect(post).toHaveBeenCalledExactlyOnceWith('keys', { name: 'gm', scopes: ['signals'], doors: [], accounts: [] })
  expect(noted.value).toBe(before + 1)
})

test('a key is limited to the doors and accounts that are chosen; only doors that take keys are offered', async () => {
  await opened()
  expect(document.querySelector('input[value="pipe"]')).toBeNull()
  choose('web')
  choose('88')
  await make()
  expect(post).toHaveBeenCalledExactlyOnceWith('keys', { name: 'gm', scopes: ['signals'], doors: ['web'], accounts: ['88'] })
})

test('the list says what a key is limited to, and its id', async () => {
  table.mockResolvedValue({ rows: [{ id: 'k1', name: 'gm', prefix: 'qmt_k1', scopes: ['signals'], doors: ['web'], accounts: ['77'], made_by: 'boss', made_at: '', used_at: null, revoked_at: null }] })
  document.body.innerHTML = '<div id="app"></div>'
  app = createApp(Keys)
  app.mount('#app')
  await settled()
  for (const word of ['web', 'a 77', 'k1']) expect(document.querySelector('.list')?.textContent).toContain(word)
})
