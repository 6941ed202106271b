/** Follows the server: one WebSocket, everything fetched afresh after a gap, and a new try with growing pauses. */

import { watch } from 'vue'
import { equity, signedOut, table } from './api'
import { apply, askAgain, isWorking, noteMarks, noteNames, notePrices, noteStatus, store } from './store'
import type { Account, Alert, Delta, Door, Fill, Frame, Order, Position, Quote, Scope, Signal, Status, Timed } from './types'

const PAUSES_MS = [500, 1000, 2000, 4000, 8000]
/** The server beats each second: so much silence means that the line is dead, whatever the socket says. */
const SILENT_MS = 5000
const QUOTES_EVERY_MS = 3000
/** Of one question. */
const QUOTES_AT_ONCE = 100
const QUOTED_MAX = 400
const BACKGROUND = { background: true }
/** With this the server says that the session has ended. */
const SESSION_ENDED = 4401

let socket: WebSocket | null = null
let tries = 0
/** Whether something was missed while the tables were on their way. */
let again = false
let frame = 0
let wanted = false
let waiting: Delta[] | null = null
let timers: number[] = []

export function start(): void {
  if (wanted) return
  wanted = true
  open()
  timers = [window.setInterval(look, 1000), window.setInterval(() => void quotes(), QUOTES_EVERY_MS)]
}

export function stop(): void {
  wanted = false
  timers.forEach((timer) => clearInterval(timer))
  socket?.close()
  socket = null
}

function open(): void {
  if (!wanted) return
  const address = new URL('/api/v1/stream', location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  const mine = new WebSocket(address)
  socket = mine
  mine.onmessage = (event: MessageEvent<string>) => heard(JSON.parse(event.data) as Frame)
  mine.onclose = (event) => {
    if (event.code === SESSION_ENDED) signedOut.value += 1
    if (mine === socket) lost()
  }
}

function lost(): void {
  if (store.connection !== 'lost') store.lostAt = store.heardAt || Date.now()
  store.connection = 'lost'
  if (!wanted) return
  window.setTimeout(open, PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)])
  tries += 1
}

function look(): void {
  if (store.connection === 'open' && Date.now() - store.heardAt > SILENT_MS) {
    const dead = socket
    socket = null
    dead?.close()
    lost()
  }
}

function heard(told: Frame): void {
  store.heardAt = Date.now()
  switch (told.k) {
    case 'hello':
      tries = 0
      frame = told.frame
      store.connection = 'open'
      store.unfollowed = new Set()
      tell()
      void refresh()
      break
    case 'unfollowed':
      store.unfollowed = new Set(told.symbols)
      break
    case 'beat':
      break
    case 'gap':
      void refresh()
      break
    case 'delta': {
      const missed = told.frame !== frame + 1
      frame = told.frame
      // What comes while the tables are on their way is older or newer than they are: told again, it does no harm.
      if (waiting) waiting.push(told)
      else apply(told)
      if (missed) void refresh()
      break
    }
  }
}

/** Fetches every table; the deltas that come meanwhile are applied on top. */
export async function refresh(): Promise<void> {
  if (waiting) {
    again = true // A gap told while the tables are on their way: they may be older than it.
    return
  }
  again = false
  waiting = []
  const kept = waiting
  try {
    // In parts: a browser opens six lines to one server, and the table on the page wants one too.
    const [status, accounts, working, unknown] = await Promise.all([
      table<Status>('status', {}, BACKGROUND),
      table<Account>('accounts', {}, BACKGROUND),
      table<Order>('orders', { status: 'working', limit: 1000, sort: '-created_at' }, BACKGROUND),
      table<Order>('orders', { status: 'unknown', limit: 200, sort: '-created_at' }, BACKGROUND),
    ])
    const [positions, risk, signals, fills] = await Promise.all([
      table<Position>('positions', {}, BACKGROUND),
      table<Scope>('risk', {}, BACKGROUND),
      table<Signal>('signals', { limit: 60, sort: '-seq' }, BACKGROUND),
      table<Fill>('fills', { limit: 60, sort: '-filled_at' }, BACKGROUND),
    ])
    const [alerts, timed, doors] = await Promise.all([
      table<Alert>('alerts', { limit: 100, sort: '-at' }, BACKGROUND),
      table<Timed>('timed', {}, BACKGROUND),
      table<Door>('doors', {}, BACKGROUND),
    ])
    noteStatus(status.rows[0] ?? null)
    store.accounts = accounts.rows
    noteMarks(positions.rows)
    store.positions = positions.rows
    store.working = working.rows.filter(isWorking)
    store.unknown = unknown.rows
    store.fills = fills.rows
    store.signals = signals.rows
    store.alerts = alerts.rows
    store.timed = timed.rows
    store.risk = risk.rows
    store.doors = doors.rows
    store.counts = {}
    noteNames([...positions.rows, ...working.rows])
    if (store.loaded) askAgain()
    store.loaded = true
    await curve()
    await quotes()
  } catch {
    window.setTimeout(() => void refresh(), 2000)
  } finally {
    waiting = null
    kept.forEach(apply)
    if (again) void refresh()
  }
}

async function curve(): Promise<void> {
  const account = store.account
  const found = await equity(account, BACKGROUND)
  if (account !== store.account) return
  store.equity = found.points
  store.morning = found.morning
}

/** What is held and what is working, each once. */
const symbols = (): string[] => [...new Set([...store.positions, ...store.working].map((row) => row.symbol))]

/** Asks for the quotes of what is held and of what is working. */
async function quotes(): Promise<void> {
  if (store.connection !== 'open' || document.hidden) return
  const rows: Quote[] = []
  const wanted = symbols().slice(0, QUOTED_MAX)
  for (let first = 0; first < wanted.length; first += QUOTES_AT_ONCE) {
    const some = wanted.slice(first, first + QUOTES_AT_ONCE).join(',')
    const found = await table<Quote>('quotes', { symbols: some }, BACKGROUND).catch(() => null)
    if (!found) return
    const asked = Date.now()
    const ages = new Map(found.rows.map((row) => [row.symbol, row.age_s ?? Number.POSITIVE_INFINITY]))
    const news = found.rows.flatMap((row) => (row.last === null ? [] : [[row.symbol, row.last] as const]))
    notePrices(Object.fromEntries(news), (symbol) => asked - ages.get(symbol)! * 1000)
    rows.push(...found.rows)
  }
  if (!rows.length) return
  store.quotes = Object.fromEntries(rows.map((row) => [row.symbol, row]))
  noteNames(rows)
}

function tell(): void {
  if (socket?.readyState !== WebSocket.OPEN) return
  const watched = symbols().slice(0, QUOTES_AT_ONCE)
  socket.send(JSON.stringify({ k: 'watch', ...(store.account ? { account: store.account } : {}), symbols: watched }))
}

watch(
  () => store.account,
  () => {
    if (!store.loaded) return
    tell()
    void curve().catch(() => undefined)
  },
)
