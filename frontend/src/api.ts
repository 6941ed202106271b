/** Speaks the panel's interface: JSON in and out, the CSRF token on every write, errors in both languages. */

import { ref } from 'vue'
import { lang } from './i18n'
import type { Equity, Outcome, Session, SignalLife, Table } from './types'

/** An answer that is no success; `text` is in the language of the page. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly chinese: string,
    readonly english: string,
    readonly figures: Record<string, unknown> = {},
  ) {
    super(english)
  }

  get text(): string {
    return lang.value === 'zh' ? this.chinese : this.english
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>

const BASE = '/api/v1/'
/** How long an answer may take: a panel that hangs must not leave a dialog waiting for ever. */
const ASKED_MS = 60_000
/** Of a deed: the engine answers within seconds, or the server says that it does not. */
export const DEED_MS = 15_000

/** Tables that follow by themselves are no use by a person either: only what comes soon after a hand does counts. */
const UNTOUCHED_MS = 20_000
let touchedAt = Date.now()
for (const event of ['pointerdown', 'keydown', 'wheel', 'touchmove']) {
  addEventListener(event, () => (touchedAt = Date.now()), { passive: true, capture: true })
}

/** Of the session that is signed in; the server checks it on every write. */
let csrf = ''

/** Grows whenever the server says that nobody is signed in any more. */
export const signedOut = ref(0)

export function useToken(session: Session): void {
  csrf = session.csrf ?? ''
}

export function query(values: Query): string {
  const found = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return found.length ? `?${new URLSearchParams(found.map(([key, value]) => [key, String(value)]))}` : ''
}

/** What the page asks by itself, by a timer or after a gap: it keeps nobody signed in. */
export interface How {
  background?: boolean
  /** Milliseconds to wait for the whole answer. */
  limit?: number
}

async function ask<T>(method: string, path: string, body?: unknown, how: How = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') {
    headers['X-CSRF'] = csrf
    headers['Content-Type'] = 'application/json'
  }
  if (how.background || Date.now() - touchedAt > UNTOUCHED_MS) headers['X-Background'] = '1'
  const limit = how.limit ?? ASKED_MS
  const waiting = new AbortController()
  const timer = setTimeout(() => waiting.abort(), limit)
  let answer: Response
  let text: string
  try {
    answer = await fetch(BASE + path, {
      method,
      headers,
      credentials: 'same-origin',
      body: method === 'GET' ? undefined : JSON.stringify(body ?? {}),
      signal: waiting.signal,
    })
    text = await answer.text()
  } catch {
    throw waiting.signal.aborted ? tooLate(method, limit / 1000) : unreachable()
  } finally {
    clearTimeout(timer)
  }
  const told = parsed(text)
  if (answer.ok) return told as T
  throw failure(answer.status, told)
}

const unreachable = (): ApiError =>
  new ApiError(0, 'unreachable', '面板没有应答：检查 qmt run 是否还在运行', 'The panel does not answer: is qmt run still there?')

function tooLate(method: string, seconds: number): ApiError {
  const [chinese, english] = method === 'GET' ? ['', ''] : ['，可能已经执行：先看状态，再决定要不要再做', '; it may have been carried out: look before you do it again']
  return new ApiError(0, 'too_late', `面板 ${seconds} 秒没有应答${chinese}`, `The panel has not answered for ${seconds} s${english}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function failure(status: number, told: unknown): ApiError {
  const { error = {}, ...figures } = (told ?? {}) as { error?: Record<string, unknown> }
  const code = String(error['code'] ?? `http_${status}`)
  const chinese = String(error['text'] ?? `没有完成（${status}）`)
  if (status === 401 && code !== 'bad_login' && code !== 'code_needed' && code !== 'bad_code') signedOut.value += 1
  return new ApiError(status, code, chinese, String(error['text_en'] ?? `Not done (${status})`), { ...error, ...figures })
}

export const get = <T>(path: string, values: Query = {}, how: How = {}): Promise<T> => ask<T>('GET', path + query(values), undefined, how)
export const post = <T>(path: string, body?: unknown, how: How = {}): Promise<T> => ask<T>('POST', path, body, how)
export const patch = <T>(path: string, body?: unknown): Promise<T> => ask<T>('PATCH', path, body)
export const remove = <T>(path: string, body?: unknown): Promise<T> => ask<T>('DELETE', path, body)

export const table = <T>(name: string, values: Query = {}, how: How = {}): Promise<Table<T>> => get<Table<T>>(name, values, how)
/** Asks for a deed; where no answer came it may have been carried out. */
export async function act(verb: string, body: object): Promise<{ rows: Outcome[] }> {
  try {
    return await post(`actions/${verb}`, body, { limit: DEED_MS })
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'unreachable') throw error
    throw new ApiError(
      0,
      'no_answer',
      '没有等到回答，可能已经执行：先看状态，再决定要不要再做',
      'No answer came; it may have been carried out: look before you do it again',
    )
  }
}
export const life = (seq: number): Promise<SignalLife> => get<SignalLife>(`signals/${seq}`)
export const equity = (account: string, how: How = {}): Promise<Equity> => get<Equity>('equity', { account }, how)

/** The address of a table as a file. */
export const csvAddress = (name: string, values: Query): string => `${BASE}${name}.csv${query(values)}`
