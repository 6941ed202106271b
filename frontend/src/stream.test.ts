import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Frame } from './types'

const asked: string[] = []
let answers: (() => void)[] = []
let holds = false
vi.mock('./api', async () => {
  const { ref } = await import('vue')
  const answer = (name: string): Promise<unknown> => {
    asked.push(name)
    const found = { rows: name === 'fills' ? [{ account: 'A', fill_id: 'old' }] : [], points: [], morning: null }
    return holds ? new Promise((resolve) => answers.push(() => resolve(found))) : Promise.resolve(found)
  }
  return { signedOut: ref(0), table: (name: string) => answer(name), equity: () => answer('equity') }
})

class Line {
  static last: Line
  static readonly OPEN = 1
  readyState = 1
  onmessage: (event: { data: string }) => void = () => undefined
  onclose: (event: { code: number }) => void = () => undefined
  constructor() {
    Line.last = this
  }
  send(): void {}
  close(): void {}
}

const tell = (frame: object): void => Line.last.onmessage({ data: JSON.stringify(frame as Frame) })
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve()
}
const times = (name: string): number => asked.filter((each) => each === name).length

const stream = await import('./stream')
const { store } = await import('./store')
beforeEach(async () => {
  vi.stubGlobal('WebSocket', Line)
  asked.length = 0
  answers = []
  holds = false
  Object.assign(store, { fills: [], prices: {}, loaded: false })
  stream.start()
  tell({ k: 'hello', frame: 0 })
  await settled()
})
afterEach(() => {
  stream.stop()
  vi.unstubAllGlobals()
})

test('what follows in order is taken, and nothing is asked for', async () => {
  expect(times('orders')).toBe(2)
  tell({ k: 'delta', frame: 1, at: 0, prices: { '600000.SH': '10.01' } })
  tell({ k: 'delta', frame: 2, at: 0, prices: { '600000.SH': '10.02' } })
  await settled()
  expect(store.prices['600000.SH']?.price).toBe('10.02')
  expect(times('orders')).toBe(2)
})

test('a frame that is missing has everything asked for afresh', async () => {
  tell({ k: 'delta', frame: 1, at: 0 })
  tell({ k: 'delta', frame: 3, at: 0, prices: { '600000.SH': '10.03' } })
  await settled()
  expect(times('orders')).toBe(4)
  expect(store.prices['600000.SH']?.price).toBe('10.03')
})

test('a gap that is told has everything asked for afresh', async () => {
  tell({ k: 'gap' })
  await settled()
  expect(times('orders')).toBe(4)
})

test('what comes while the tables are on their way is applied on top of them', async () => {
  holds = true
  tell({ k: 'gap' })
  tell({ k: 'delta', frame: 1, at: 0, fills: [{ account: 'A', fill_id: 'new' }] })
  expect(store.fills.map((row) => row.fill_id)).toEqual(['old'])
  holds = false
  answers.forEach((give) => give())
  await settled()
  expect(store.fills.map((row) => row.fill_id)).toEqual(['new', 'old'])
})

test('a gap that is told while the tables are on their way has them asked for once more', async () => {
  holds = true
  tell({ k: 'gap' })
  tell({ k: 'gap' })
  tell({ k: 'gap' })
  holds = false
  answers.forEach((give) => give())
  await settled()
  await settled()
  expect(times('fills')).toBe(3)
})
