import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, nextTick, type App } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { lang } from '../i18n'
import { session } from '../store'

const post = vi.fn()
vi.mock('../api', async (original) => ({
  ...(await original<typeof import('../api')>()),
  post: (...words: unknown[]): unknown => post(...words),
}))
const { default: DoorPage } = await import('./DoorPage.vue')
let app: App | undefined

async function opened(path: string): Promise<void> {
  document.body.innerHTML = '<div id="app"></div>'
  const nothing = { render: () => null }
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/setup', component: nothing }, { path: '/overview', component: nothing }] })
  await router.push(path)
  app = createApp(DoorPage)
  app.use(router).mount('#app')
  for (let turn = 0; turn < 8; turn += 1) await nextTick()
}
const text = (): string => document.body.textContent ?? ''
const spent = { is_good: false, user: '', is_first: false }

beforeEach(() => {
  lang.value = 'zh'
  post.mockReset()
  session.value = { state: 'login' }
})
afterEach(() => app?.unmount())

test('a link that is spent shows no form', async () => {
  post.mockResolvedValue(spent)
  await opened('/setup?token=x')
  expect(post).toHaveBeenCalledExactlyOnceWith('setup/link', { token: 'x' })
  expect(document.querySelector('form')).toBeNull()
  expect(text()).toContain('不能再用')
  expect(text()).toContain('qmt panel --new-link')
})

test('whoever is signed in and opens a spent link is led back and not asked to be the first', async () => {
  session.value = { state: 'in', user: 'boss' }
  post.mockResolvedValue(spent)
  await opened('/setup?token=x')
  expect(text()).toContain('回到面板')
  expect(text()).not.toContain('第一个用户')
})

test.each([
  [true, '', '设置第一个用户'],
  [false, 'eve', '设置密码'],
])('a good link says what it sets', async (is_first, user, title) => {
  post.mockResolvedValue({ is_good: true, user, is_first })
  await opened('/setup?token=x')
  expect(document.querySelector('h1')?.textContent).toBe(title)
  expect(document.querySelector<HTMLInputElement>('input[name=username]')?.value).toBe(user)
})

test('this machine is named in the language of the page', async () => {
  await opened('/overview')
  expect(text()).toContain(location.hostname === 'localhost' ? '本机' : location.hostname)
  lang.value = 'en'
  await nextTick()
  expect(document.querySelector('.lead')?.textContent).toBe('this machine')
})
