/** What the page knows, as the stream keeps it; rows are replaced whole, never changed in place. */

import { computed, shallowReactive, shallowRef } from 'vue'
import { now } from './clock'
import { sum } from './format'
import type {
  Account,
  Alert,
  Counts,
  Decimal,
  Delta,
  Door,
  EquityPoint,
  Fill,
  Gone,
  Order,
  OrderStatus,
  Position,
  Quote,
  Scope,
  Session,
  Signal,
  Status,
  Timed,
} from './types'

/** A last price, and when it was known to be so, by this machine's clock. */
export interface LastPrice {
  price: Decimal
  at: number
}

/** A price that was known to be so longer ago is called old while there is trading. */
export const PRICE_OLD_S = 10
/** Kept of what only grows; older rows are asked of the server. */
const KEPT_MAX = 200
const EQUITY_MAX = 15_000

export type Connection = 'connecting' | 'open' | 'lost'

export const session = shallowRef<Session | null>(null)

export const store = shallowReactive({
  status: null as Status | null,
  accounts: [] as Account[],
  positions: [] as Position[],
  working: [] as Order[],
  unknown: [] as Order[],
  fills: [] as Fill[],
  signals: [] as Signal[],
  alerts: [] as Alert[],
  timed: [] as Timed[],
  risk: [] as Scope[],
  doors: [] as Door[],
  /** By symbol, as the engine quotes it. */
  prices: {} as Record<string, LastPrice>,
  /** By symbol, as the positions tell it: worked out with the profits, and now and then behind the quotes. */
  marks: {} as Record<string, LastPrice>,
  /** Symbols for which the server has no room among the quotes that it follows. */
  unfollowed: new Set() as ReadonlySet<string>,
  quotes: {} as Record<string, Quote>,
  counts: {} as Counts,
  equity: [] as EquityPoint[],
  morning: null as Decimal | null,
  names: {} as Record<string, string>,
  connection: 'connecting' as Connection,
  /** When the server last said anything, by this machine's clock. */
  heardAt: 0,
  /** When the newest quote came to the engine, as far as the status tells, by this machine's clock. */
  quotedAt: 0,
  /** When the engine last answered the server, by this machine's clock. */
  engineAt: 0,
  lostAt: 0,
  /** The account that is looked at; empty: all of them. */
  account: '',
  loaded: false,
})

const ENDED: ReadonlySet<OrderStatus> = new Set(['FILLED', 'CANCELED', 'REJECTED', 'EXPIRED', 'NOT_SENT'])
const UNRESOLVED: ReadonlySet<OrderStatus> = new Set(['UNKNOWN', 'EXPIRED_UNRESOLVED'])

export const alertKey = (row: Alert): number => row.id

export const hasEnded = (order: Order): boolean => ENDED.has(order.status)
export const isUnresolved = (order: Order): boolean => UNRESOLVED.has(order.status)
export const isWorking = (order: Order): boolean => !hasEnded(order) && !isUnresolved(order)

/** Who wants the rows themselves, as the tables do. */
type Listener = (delta: Delta) => void
const listeners = new Set<Listener>()
export function onDelta(listener: Listener): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Who must ask again once everything has been fetched afresh: after a gap nobody is told what was missed. */
const askers = new Set<() => void>()
export function onAfresh(asker: () => void): () => void {
  askers.add(asker)
  return () => void askers.delete(asker)
}
export const askAgain = (): void => askers.forEach((asker) => asker())

/** Newest first, each key once, at most KEPT_MAX. */
function merged<T>(kept: T[], news: T[], key: (row: T) => string | number): T[] {
  const seen = new Set(news.map(key))
  return [...[...news].reverse(), ...kept.filter((row) => !seen.has(key(row)))].slice(0, KEPT_MAX)
}

function keyed(kept: Order[], news: Order[], belongs: (row: Order) => boolean): Order[] {
  const seen = new Set(news.map((row) => row.client_order_id))
  const stay = kept.filter((row) => !seen.has(row.client_order_id))
  const found = [...news.filter(belongs), ...stay]
  return found.sort((a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0))
}

function replaced<T>(kept: T[], news: (T & Gone)[], key: (row: T) => string): T[] {
  const changed = new Map(news.map((row) => [key(row), row]))
  const stay = kept
    .filter((row) => !changed.get(key(row))?.gone)
    .map((row): T => {
      const found = changed.get(key(row))
      changed.delete(key(row))
      return found ?? row
    })
  return [...stay, ...[...changed.values()].filter((row) => !row.gone)]
}

/** The curve with its news: a point that claims to be later than those was told by a clock since set back. */
function continued(kept: EquityPoint[], news: EquityPoint[]): EquityPoint[] {
  const found = [...kept]
  for (const point of news) {
    while (found.length && found[found.length - 1]![0] >= point[0]) found.pop()
    found.push(point)
  }
  return found.slice(-EQUITY_MAX)
}

/** The server tells how old its own answer is; from then on this page counts itself. */
export function noteStatus(status: Status | null): void {
  store.status = status
  store.engineAt = status?.engine ? Date.now() - (status.engine.age_s ?? Number.POSITIVE_INFINITY) * 1000 : 0
  if (typeof status?.quote_age_s === 'number') store.quotedAt = Date.now() - status.quote_age_s * 1000
}

/** Takes prices that were so at `at`; what is known of a later moment stays. */
export function notePrices(news: Record<string, Decimal>, at: (symbol: string) => number = () => Date.now()): void {
  const prices = { ...store.prices }
  for (const [symbol, price] of Object.entries(news)) {
    const then = at(symbol)
    if (then >= (prices[symbol]?.at ?? 0)) prices[symbol] = { price, at: then }
  }
  store.prices = prices
}

/** Takes the prices that positions tell, where they are new. */
export function noteMarks(rows: { symbol: string; last_price?: Decimal | null }[]): void {
  const found = rows.filter((row) => row.last_price && store.marks[row.symbol]?.price !== row.last_price)
  if (!found.length) return
  const marks = { ...store.marks }
  for (const row of found) marks[row.symbol] = { price: row.last_price!, at: Date.now() }
  store.marks = marks
}

/** The last price of a symbol: as quoted, unless that is old and the positions have told another one since. */
export function lastPrice(symbol: string): LastPrice | null {
  const [quoted, mark] = [store.prices[symbol], store.marks[symbol]]
  if (!quoted || !mark) return quoted ?? mark ?? null
  return mark.at > quoted.at && now.value - quoted.at > PRICE_OLD_S * 1000 ? mark : quoted
}

/** Seconds since the last price of a symbol was known to be so; null: there is none. */
export function priceAge(symbol: string): number | null {
  const found = lastPrice(symbol)
  return found && Math.max(0, (now.value - found.at) / 1000)
}

export function apply(delta: Delta): void {
  if (delta.status) noteStatus({ ...(store.status ?? {}), ...delta.status } as Status)
  if (delta.counts) store.counts = { ...store.counts, ...delta.counts }
  if (delta.accounts) store.accounts = replaced(store.accounts, delta.accounts, (row) => row.account)
  if (delta.positions) noteMarks(delta.positions)
  if (delta.positions)
    store.positions = replaced(store.positions, delta.positions, (row) => `${row.account} ${row.symbol}`)
  if (delta.orders) {
    store.working = keyed(store.working, delta.orders, isWorking)
    store.unknown = keyed(store.unknown, delta.orders, isUnresolved)
  }
  if (delta.fills) store.fills = merged(store.fills, delta.fills, (row) => `${row.account} ${row.fill_id}`)
  if (delta.signals) store.signals = merged(store.signals, delta.signals, (row) => row.seq)
  if (delta.alerts) store.alerts = merged(store.alerts, delta.alerts, alertKey).sort((a, b) => b.id - a.id)
  if (delta.timed) store.timed = delta.timed
  if (delta.risk) store.risk = delta.risk
  if (delta.doors) store.doors = delta.doors
  if (delta.prices) notePrices(delta.prices)
  if (delta.equity?.length) store.equity = continued(store.equity, delta.equity)
  for (const listener of listeners) listener(delta)
}

export function noteNames(rows: { symbol: string; symbol_name?: string; name?: string }[]): void {
  const found = rows.filter((row) => (row.symbol_name ?? row.name) && !store.names[row.symbol])
  if (!found.length) return
  const names = { ...store.names }
  for (const row of found) names[row.symbol] = row.symbol_name ?? row.name ?? ''
  store.names = names
}

export const nameOf = (symbol: string, row?: { symbol_name?: string }): string =>
  row?.symbol_name ?? store.names[symbol] ?? ''

export const accountTitle = (number: string): string => {
  const found = store.accounts.find((row) => row.account === number)
  return found?.name ? `${found.name} ${number}` : number
}

/** Of the account that is looked at, or of all. */
export const ofAccount = <T extends { account: string | null }>(rows: T[]): T[] =>
  store.account ? rows.filter((row) => row.account === store.account) : rows

export const shownAccounts = computed(() => ofAccount(store.accounts))
export const isOperator = computed(() => session.value?.role === 'operator')
export const isRunning = computed(() => store.status?.engine?.running ?? store.status?.running ?? true)

/** Seconds since what is shown was certainly so; Infinity before anything came. */
export const engineAge = computed(() => {
  if (!store.heardAt) return Number.POSITIVE_INFINITY
  const silent = Math.max(0, (now.value - store.heardAt) / 1000)
  return isRunning.value ? silent : Math.max(silent, (now.value - store.engineAt) / 1000)
})

/** Seconds since the newest quote of all; null: there is none. */
export const quoteAge = computed(() => {
  const newest = Math.max(store.quotedAt, ...Object.values(store.prices).map((row) => row.at))
  return newest ? Math.max(0, (now.value - newest) / 1000) : null
})

/** Seconds since the oldest price of what is held and trades was known to be so: of what is worked out with all of them. */
export const heldAge = computed(() => {
  const held = ofAccount(store.positions).filter((row) => row.quantity && !store.quotes[row.symbol]?.suspended)
  const ages = held.map((row) => priceAge(row.symbol)).filter((age) => age !== null)
  return ages.length ? Math.max(...ages) : null
})

/** Whether prices move now. */
export const isTrading = computed(() => {
  const code = store.status?.phase?.code
  return !code || /auction|continuous/.test(code.toLowerCase())
})

export const totals = computed(() => {
  const rows = shownAccounts.value
  const known = rows.filter((row) => row.day_profit !== null)
  return {
    assets: sum(rows.map((row) => row.total_assets)),
    value: sum(rows.map((row) => row.market_value)),
    cash: sum(rows.map((row) => row.available_cash)),
    frozen: sum(rows.map((row) => row.frozen_cash)),
    profit: known.length ? sum(known.map((row) => row.day_profit)) : null,
    floating: known.length ? sum(known.map((row) => row.floating_profit)) : null,
  }
})

export const unacknowledged = computed(
  () => store.status?.unacknowledged ?? store.alerts.filter((row) => !row.acknowledged_at && row.importance !== 'information').length,
)
