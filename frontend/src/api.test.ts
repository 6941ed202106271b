import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { act, ApiError, DEED_MS, get } from './api'

/** What a server that hangs does: it takes the request, and in the end the browser gives up. */
const hangs = (_: unknown, how?: RequestInit): Promise<Response> =>
  new Promise((_resolve, reject) => how?.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function refused(asked: Promise<unknown>): Promise<ApiError> {
  const found = await asked.catch((error: unknown) => error)
  if (!(found instanceof ApiError)) throw new Error('it was not refused')
  return found
}

test('a deed that a hanging panel does not answer ends, and says that it may have been carried out', async () => {
  vi.stubGlobal('fetch', vi.fn(hangs))
  const asked = refused(act('halt', { why: '' }))
  let over = false
  void asked.then(() => (over = true))
  await vi.advanceTimersByTimeAsync(DEED_MS - 1)
  expect(over).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  const error = await asked
  expect([error.code, error.chinese]).toEqual(['too_late', '面板 15 秒没有应答，可能已经执行：先看状态，再决定要不要再做'])
  expect(error.english).toContain('may have been carried out')
})

test('an answer that breaks off within its body is none', async () => {
  const body = (how?: RequestInit): Promise<string> => hangs(null, how).then(() => '')
  vi.stubGlobal('fetch', (_: unknown, how?: RequestInit) => Promise.resolve({ ok: true, status: 200, text: () => body(how) }))
  const asked = refused(act('cancel', {}))
  await vi.advanceTimersByTimeAsync(DEED_MS)
  expect((await asked).code).toBe('too_late')
})

test('what only reads may be asked again: nothing was carried out', async () => {
  vi.stubGlobal('fetch', vi.fn(hangs))
  const asked = refused(get('orders', {}, { limit: 1000 }))
  await vi.advanceTimersByTimeAsync(1000)
  const error = await asked
  expect([error.code, error.chinese, error.english]).toEqual(['too_late', '面板 1 秒没有应答', 'The panel has not answered for 1 s'])
})

test('an answer in time is the answer, and no timer is left', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"rows":[{"done":"state"}]}')))
  expect(await act('halt', {})).toEqual({ rows: [{ done: 'state' }] })
  expect(vi.getTimerCount()).toBe(0)
})

test('a line that breaks says of a deed that it may have been carried out', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')))
  expect((await refused(get('orders'))).code).toBe('unreachable')
  expect((await refused(act('halt', {}))).code).toBe('no_answer')
})
