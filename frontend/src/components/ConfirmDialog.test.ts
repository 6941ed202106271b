import { afterEach, expect, test, vi } from 'vitest'
import { createApp, nextTick, type App } from 'vue'
import ConfirmDialog from './ConfirmDialog.vue'
import TypedWordDialog from './TypedWordDialog.vue'

let app: App | undefined
HTMLDialogElement.prototype.showModal ??= () => undefined

function shown(component: typeof ConfirmDialog | typeof TypedWordDialog, props: Record<string, unknown>): void {
  document.body.innerHTML = '<div id="app"></div>'
  app = createApp(component, { title: 'T', go: 'GO', ...props })
  app.mount('#app')
}
const button = (): HTMLButtonElement => document.querySelector('button[type=submit]') as HTMLButtonElement
const inputs = (): HTMLInputElement[] => [...document.querySelectorAll('input')]
async function type(input: HTMLInputElement | undefined, text: string): Promise<void> {
  if (!input) throw new Error('no such input')
  input.value = text
  input.dispatchEvent(new Event('input'))
  await nextTick()
}
const submit = async (): Promise<void> => {
  document.querySelector('form')?.dispatchEvent(new Event('submit'))
  await nextTick()
}
afterEach(() => app?.unmount())

test('a question that asks for nothing can be answered at once', async () => {
  const run = vi.fn(() => Promise.resolve())
  shown(ConfirmDialog, { run })
  expect(button().disabled).toBe(false)
  await submit()
  expect(run).toHaveBeenCalledWith('')
})

test('a reason that must be written holds the button until it is', async () => {
  const run = vi.fn(() => Promise.resolve())
  shown(ConfirmDialog, { run, why: 'must' })
  expect(button().disabled).toBe(true)
  await submit()
  expect(run).not.toHaveBeenCalled()
  await type(inputs()[0], ' drill over ')
  expect(button().disabled).toBe(false)
  await submit()
  expect(run).toHaveBeenCalledWith('drill over')
})

test('a word must be typed, in whatever case', async () => {
  const run = vi.fn(() => Promise.resolve())
  shown(TypedWordDialog, { run, word: 'RESUME', ask: 'type', why: 'must' })
  await type(inputs()[1], 'because')
  expect(button().disabled).toBe(true)
  await type(inputs()[0], 'resume')
  expect(button().disabled).toBe(false)
  await submit()
  expect(run).toHaveBeenCalledWith('because', 'resume')
})
