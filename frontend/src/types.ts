/** The rows that the panel's server tells, as codec/view_json.py and its neighbours write them. */

export type Mode = 'live' | 'paper' | 'shadow' | 'replay'
export type Role = 'viewer' | 'operator'
export type Side = 'buy' | 'sell'
export type TradingState = 'ACTIVE' | 'REDUCING' | 'HALTED'
export type OrderStatus =
  | 'PENDING_NEW'
  | 'NEW'
  | 'PARTIALLY_FILLED'
  | 'FILLED'
  | 'PENDING_CANCEL'
  | 'CANCELED'
  | 'REJECTED'
  | 'EXPIRED'
  | 'UNKNOWN'
  | 'NOT_SENT'
  | 'EXPIRED_UNRESOLVED'
export type SignalStatus = 'accepted' | 'denied' | 'duplicate' | 'malformed' | 'busy'
export type Importance = 'information' | 'warning' | 'critical'

/** A decimal number as text: prices and money never pass through a float. */
export type Decimal = string
/** ISO 8601 with +08:00. */
export type Instant = string

export interface Table<T> {
  rows: T[]
  total: number
  at: Instant | null
  source: 'journal' | 'engine'
  age_s: number
}

export interface Session {
  state: 'setup' | 'login' | 'in'
  user?: string | null
  role?: Role | null
  csrf?: string | null
  totp?: boolean
  /** Nothing else is answered until a second factor is set. */
  totp_needed?: boolean
  language?: 'zh' | 'en' | null
}

export interface Phase {
  code: string
  text: string
  text_en: string
  until: Instant | null
}

export interface StateTold {
  state_who?: string | null
  state_why?: string | null
  state_cause_text?: string
  state_since?: Instant
}

export interface Status extends StateTold {
  mode: Mode
  mode_text: string
  day: string | null
  at: Instant | null
  state: TradingState
  state_text: string
  accounts_halted: string[]
  accounts_halted_text: string[]
  submits_closed: string | null
  accounts: number
  accounts_ready: number
  signals: number
  orders: number
  working_orders: number
  unknown_orders: number
  differences: number
  differences_text: string[]
  waiting_instructions: number
  fills: number
  malformed: number
  limits_near?: (Limit & { scope: string })[]
  brakes_tripped?: string[]
  journal_closed?: string | null
  turns?: number
  running?: boolean
  /** What the panel adds. */
  engine?: { running: boolean; age_s: number | null; trouble?: string | null }
  version?: string
  phase?: Phase | null
  clock_offset_ms?: number | null
  quote_age_s?: number | null
  counts?: Counts
  unacknowledged?: number
}

export interface Counts {
  orders?: number
  working?: number
  unknown?: number
  fills?: number
  signals?: number
  malformed?: number
  alerts?: number
  waiting?: number
  differences?: number
}

export interface Difference {
  key: string
  what: 'cash' | 'position' | 'sellable'
  symbol: string | null
  ours: number | Decimal
  broker: number | Decimal
  text: string
  text_en: string
  since: Instant
  state: 'proven' | 'seen' | 'moving' | 'ignored'
  state_text: string
  state_text_en: string
  ignored_at?: Instant | null
  ignored_by?: string | null
  ignored_why?: string | null
  age_s?: number
  age_text?: string
}

export interface Account extends StateTold {
  account: string
  name: string
  terminal: string
  state: TradingState
  state_text: string
  own_state: TradingState
  own_state_since: Instant | null
  link: 'connected' | 'down' | null
  link_text: string
  ready: boolean
  available_cash: Decimal
  frozen_cash: Decimal
  market_value: Decimal
  total_assets: Decimal
  working_orders: number
  unknown_orders: number
  reconciled_at: Instant | null
  differences: Difference[]
  differences_text: string | null
  day_profit: Decimal | null
  floating_profit: Decimal | null
  condition?: string
  condition_text?: string
  condition_told?: string
  condition_told_en?: string
  morning_red?: string[]
  morning_closed?: string[]
  morning_accepted?: string[]
}

export interface Position {
  account: string
  symbol: string
  symbol_name?: string
  quantity: number
  sellable_quantity: number
  frozen_quantity: number
  cost: Decimal
  cost_price: Decimal | null
  realised: Decimal
  last_price: Decimal | null
  previous_close: Decimal | null
  day_profit: Decimal | null
  floating_profit: Decimal | null
}

export interface Order {
  client_order_id: string
  account: string
  symbol: string
  symbol_name?: string
  side: Side
  side_text: string
  quantity: number
  price: Decimal
  status: OrderStatus
  status_text: string
  filled_quantity: number
  leaves_quantity: number
  average_price: Decimal | null
  broker_order_id: string
  venue_order_id: string
  foreign: boolean
  observed: boolean
  strategy: string
  seq: number | null
  created_at: Instant
  updated_at: Instant
  text: string
}

export interface Fill {
  fill_id: string
  account: string
  symbol: string
  symbol_name?: string
  side: Side
  side_text: string
  price: Decimal
  quantity: number
  fee: Decimal
  client_order_id: string
  venue_order_id: string
  filled_at: Instant
  strategy?: string
  /** The last price when the order was decided. */
  decision_price?: Decimal | null
  /** What was paid more, or got less, than that, in yuan per share, and in parts of 10,000. */
  slippage?: Decimal | null
  slippage_bp?: number | null
}

export interface Reason {
  reason: string
  text: string
  text_en: string
}

export interface Signal {
  seq: number
  id: string
  door: string
  sender: string
  status: SignalStatus
  status_text: string
  received_at: Instant
  text: string
  orders: string[]
  cancels: string[]
  reasons: Reason[]
}

export interface Hop {
  seq: number
  at: Instant | null
  milliseconds: number | null
  hop: string
  hop_text: string
  detail: string
  account: string | null
}

export interface SignalLife {
  signal: Signal
  timeline: Hop[]
}

export interface Timed {
  name: string
  signal: number
  state: 'waiting' | 'dropped' | 'done' | 'denied'
  state_text: string
  due_at: Instant
  due_text: string
  at: Instant
  accounts: string[]
  accounts_text: string
  symbol: string
  verb: string
  instruction: string
}

export interface Alert {
  /** 1, 2, 3, … over the journal's life. */
  id: number
  at: Instant
  importance: Importance
  importance_text: string
  code: string
  text: string
  text_en: string
  account: string | null
  symbol: string | null
  client_order_id: string | null
  acknowledged_by?: string | null
  acknowledged_at?: Instant | null
}

export interface Limit {
  limit: string
  limit_text: string
  limit_text_en: string
  value: number | Decimal | null
  value_text: string
  used: number | Decimal | null
  used_text: string | null
  symbol: string | null
  fullness_percent: number | null
  written: number | Decimal | null
  source: 'file' | 'set' | 'tighter'
  source_text: string
  asked_who?: string
  asked_why?: string
  asked_at?: Instant | null
  asked_text?: string
}

export interface Scope {
  scope: 'total' | 'account' | 'door' | 'strategy'
  name: string
  title: string
  scope_text: string
  scope_kind_text: string
  orders: number
  cancels: number
  canceled_orders: number
  bought: Decimal
  sold: Decimal
  working_orders: number
  unknown_orders: number
  day_profit: Decimal | null
  day_profit_share: string | null
  brakes_tripped: string[]
  limits: Limit[]
}

export interface LimitChange {
  scope: Scope['scope']
  name: string
  scope_text: string
  limit: string
  limit_text: string
  limit_text_en: string
  before: number | Decimal | null
  before_text: string
  asked: number | Decimal | null
  asked_who: string
  asked_why: string
  asked_at: Instant
  asked_text: string
}

/** Stands in a delta for a row that is no more. */
export interface Gone {
  gone?: boolean
}

export interface Door {
  door: string
  condition: string
  condition_en: string
  /** Programs bring messages to it by the panel, with a key. */
  takes_keys?: boolean
}

export interface Quote {
  symbol: string
  name?: string
  last: Decimal | null
  previous_close: Decimal | null
  bid1?: Decimal | null
  ask1?: Decimal | null
  limit_up?: Decimal | null
  limit_down?: Decimal | null
  age_s: number | null
  suspended?: boolean
}

export interface MorningItem {
  item: string
  mark: string
  text: string
  text_en: string
  todo: string | null
}

export interface Morning extends Account {
  green: boolean
  items: MorningItem[]
  positions: Position[]
}

/** [milliseconds since 1970, total assets]. */
export type EquityPoint = [number, Decimal]

export interface Equity {
  points: EquityPoint[]
  morning: Decimal | null
}

export type Frame =
  | { k: 'hello'; frame: number; version: string }
  | { k: 'beat'; at: number }
  | { k: 'gap' }
  | { k: 'unfollowed'; symbols: string[] }
  | Delta

export interface Delta {
  k: 'delta'
  frame: number
  at: number
  status?: Status | Partial<Status>
  accounts?: (Account & Gone)[]
  positions?: (Position & Gone)[]
  orders?: Order[]
  fills?: Fill[]
  signals?: Signal[]
  alerts?: Alert[]
  timed?: Timed[]
  risk?: Scope[]
  doors?: Door[]
  prices?: Record<string, Decimal>
  equity?: EquityPoint[]
  counts?: Counts
}

/** What followed from an action, in the control door's words. */
export interface Outcome {
  done?: string | boolean
  status?: string
  account?: string | null
  symbol?: string
  client_order_id?: string
  text?: string
  text_en?: string
  durable?: boolean
  [more: string]: unknown
}

export interface Reconciled {
  account: string
  name: string
  connected: boolean
  on_difference: string
  on_difference_text: string
  foreign: string
  foreign_text: string
  orders: number
  broker_orders: number
  fills: number
  broker_fills: number
  positions: number
  broker_positions: number
  cash: Decimal
  broker_cash: Decimal
  foreign_orders: number
  unknown_orders: string[]
  unmatched_rows: number
  absent_orders: string[]
  absent_fills: number
  reconciled_at: Instant | null
  differences: Difference[]
  /** Differences that a person has judged. */
  ignored: number
  agrees: boolean
}

/** A line of a trial: what would become of it. */
export interface Tried {
  status: string
  status_text: string
  account?: string
  symbol?: string
  side?: string
  quantity?: number | ''
  price?: Decimal | ''
  text?: string
  text_en?: string
}

interface Told {
  text?: string
  text_en?: string
  reason_text?: string
}

export interface Receipt extends Told {
  seq?: number
  id?: string
  status: string
  orders?: (Told & { account: string; symbol: string; client_order_id?: string; side?: Side; quantity?: number; price?: Decimal })[]
  cancels?: (Told & { account: string; symbol: string; client_order_id?: string })[]
}

export interface Backtest {
  name: string
  at: Instant
  has_page: boolean
  head: Record<string, unknown> | null
}
